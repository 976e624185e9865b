/*
 * Source stat: /proc/stat, the CPU time of all cores together, in clock ticks, and what the
 * kernel counts of itself.
 *
 * The time of virtual machines is in user and nice already. The times of all possible cores are
 * in the first line, those that are switched off included; only cores that are on have a line of
 * their own. Idle and iowait may step back (proc(5)), when a core is switched off or wakes.
 */
#include <errno.h>
#include <string.h>

#include "fields.h"
#include "system.h"

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, GUEST, GUEST_NICE, TIMES };

/* Of "intr" and "softirq" the first number: all of them. */
static const struct field fields[] = {
	FIELD(machine_stat, "intr", interrupts),
	FIELD(machine_stat, "ctxt", switches),
	FIELD(machine_stat, "processes", started),
	FIELD(machine_stat, "procs_blocked", blocked),
	FIELD(machine_stat, "softirq", soft_interrupts),
};

/* Of the line "cpu". Kernels of old have fewer numbers. */
static int parse_times(struct scan line, struct linux_machine_stat *ret)
{
	uint64_t times[TIMES];
	int64_t number;
	int count = 0;

	for (; count < TIMES && scan_number(&line, &number); count++) {
		if (number < 0 || number >= NUMBER_LIMIT / TIMES)
			return -EBADMSG;
		times[count] = (uint64_t)number;
	}
	if (count <= SOFTIRQ)
		return -EBADMSG;
	for (; count < TIMES; count++)
		times[count] = ABSENT_U64(STATE_NONE);
	ret->user = times[USER];
	ret->nice = times[NICE];
	ret->system = times[SYSTEM];
	ret->idle = times[IDLE];
	ret->iowait = times[IOWAIT];
	ret->irq = times[IRQ];
	ret->softirq = times[SOFTIRQ];
	ret->steal = times[STEAL];
	ret->guest = number_plus(times[GUEST], times[GUEST_NICE]);
	ret->busy = ret->user + ret->nice + ret->system + ret->irq + ret->softirq;
	return 0;
}

static bool begins(const struct scan *line, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(line->end - line->at) >= length && memcmp(line->at, text, length) == 0;
}

int machine_stat_parse(const char *bytes, size_t length, struct linux_machine_stat *ret)
{
	struct scan scan = {bytes, bytes + length}, line;
	uint64_t cores = 0;

	device_fill(&ret->user, &ret->blocked, STATE_NONE);
	if (!scan_line(&scan, &line) || !begins(&line, "cpu "))
		return -EBADMSG;
	line.at += 4;
	if (parse_times(line, ret) < 0)
		return -EBADMSG;
	fields_fill(scan.at, (size_t)(scan.end - scan.at), fields,
		sizeof fields / sizeof *fields, ret);
	while (scan_line(&scan, &line) && begins(&line, "cpu"))
		cores++;
	if (cores)
		ret->cores = cores;
	return 0;
}

static uint64_t highest(uint64_t *ever, uint64_t now)
{
	if (now > *ever)
		*ever = now;
	return *ever;
}

static int machine_stat_read(struct devices *self, void *row, void *memory)
{
	struct system *system = (struct system *)(void *)self;
	struct linux_machine_stat *sample = memory;
	struct scan text;
	int result = system_file(self, PROC, "stat", &text);

	(void)row;
	if (result < 0)
		return (int)system_state(result);
	if (machine_stat_parse(text.at, (size_t)(text.end - text.at), sample) < 0)
		return STATE_FAILED;
	sample->idle = highest(&system->idle, sample->idle);
	sample->iowait = highest(&system->iowait, sample->iowait);
	/* So it never grows less than its parts, nor do their shares add up to more than 1. */
	sample->capacity = sample->busy + sample->idle + sample->iowait;
	if (!is_absent(sample->steal))
		sample->capacity += sample->steal;
	return STATE_OK;
}

static const char *machine_stat_unsupported(const struct host *host, enum cell_state *ret_state)
{
	return system_lacks(host, PROC, "stat", NO_FILE, ret_state);
}

const struct device_source machine_stat_source = {
	.source = {.name = "stat",
		.sample_size = sizeof(struct linux_machine_stat),
		.lane = LANE_FAST},
	.unsupported = machine_stat_unsupported,
	.read = machine_stat_read,
};

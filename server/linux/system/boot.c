/*
 * Source boot: when the machine was started, by the wall clock as it is set now.
 *
 * It is the difference of two clocks, not the kernel's btime, which has whole seconds: it moves
 * only when somebody sets the wall clock. Clocks are of this machine, so of a substitute tree it
 * is btime all the same.
 */
#include <errno.h>
#include <time.h>

#include "fields.h"
#include "system.h"

enum { GRAIN_NS = 1000000 };

static uint64_t now_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The two clocks cannot be read at once; of some tries the one that took least is taken. What is
 * left of it must not look like a change. */
static uint64_t difference_ns(void)
{
	uint64_t best_ns = 0, least_ns = UINT64_MAX;

	for (int i = 0; i < 3; i++) {
		uint64_t before_ns = now_ns(CLOCK_BOOTTIME);
		uint64_t wall_ns = now_ns(CLOCK_REALTIME);
		uint64_t took_ns = now_ns(CLOCK_BOOTTIME) - before_ns;
		if (took_ns >= least_ns)
			continue;
		least_ns = took_ns;
		best_ns = number_minus(wall_ns, before_ns + took_ns / 2);
	}
	return (best_ns + GRAIN_NS / 2) / GRAIN_NS * GRAIN_NS;
}

uint64_t boot_parse(const char *bytes, size_t length)
{
	static const struct field fields[] = {FIELD(boot, "btime", time_ns)};
	struct linux_boot boot = {ABSENT_U64(STATE_NONE)};

	fields_fill(bytes, length, fields, 1, &boot);
	return is_absent(boot.time_ns) ? 0 : boot.time_ns;
}

static int boot_read(struct devices *self, void *row, void *memory)
{
	struct linux_boot *sample = memory;
	struct scan text;
	int result;

	(void)row;
	if (self->host->real) {
		sample->time_ns = difference_ns();
		return STATE_OK;
	}
	result = system_file(self, PROC, "stat", &text);
	if (result < 0)
		return (int)system_state(result);
	sample->time_ns = saturating_multiply(
		boot_parse(text.at, (size_t)(text.end - text.at)), 1000000000);
	return sample->time_ns ? STATE_OK : STATE_NONE;
}

const struct device_source boot_source = {
	.source = {.name = "boot", .sample_size = sizeof(struct linux_boot), .lane = LANE_FAST},
	.read = boot_read,
};

/*
 * Source coalition_usage: what the kernel has counted of a coalition.
 *
 * It does not say how much it has filled in. So all words are marked before the call, and those that
 * still have the mark are not there. More words than are known: one stands somewhere that nobody
 * has told, and what comes behind the energy of the neural engine is taken only if it can be that.
 */
#include <errno.h>
#include <string.h>

#include "../energy.h"
#include "coalition.h"

enum { WORDS = sizeof(struct coalition_resource_usage) / sizeof(uint64_t), WORDS_MORE = 20 };
#define MARK UINT64_C(0xfedcba9876543210)

struct words {
	union {
		uint64_t all[WORDS + WORDS_MORE];
		struct coalition_resource_usage usage;
	} room;
	int count;
};

/* 0 or an errno. */
static int ask(uint64_t id, struct words *words)
{
	const int most = sizeof words->room.all / sizeof *words->room.all;

	for (int i = 0; i < most; i++)
		words->room.all[i] = MARK;
	if (coalition_info_resource_usage(id, &words->room.usage, sizeof words->room) != 0)
		return errno ? errno : EIO;
	words->count = most;
	while (words->count && words->room.all[words->count - 1] == MARK)
		words->count--;
	for (int i = words->count; i < most; i++)
		words->room.all[i] = ABSENT_U64(STATE_UNSUPPORTED);
	return 0;
}

static void fill_basic(
	const struct coalition_resource_usage *usage, struct darwin_coalition_usage *sample)
{
	sample->started = usage->tasks_started;
	sample->exited = usage->tasks_exited;
	sample->nonempty_ns = usage->time_nonempty;
	sample->cpu = usage->cpu_time;
	sample->wakeups_interrupt = usage->interrupt_wakeups;
	sample->wakeups_idle = usage->platform_idle_wakeups;
	sample->read = usage->bytesread;
	sample->written = usage->byteswritten;
	sample->instructions = usage->cpu_instructions;
	sample->cycles = usage->cpu_cycles;
	sample->performance = usage->cpu_ptime;
	sample->neural = usage->ane_mach_time;
	sample->neural_nj = usage->ane_energy_nj;
	sample->gpu_nj = usage->gpu_energy_nj;
}

static void fill_qos(
	const struct coalition_resource_usage *usage, struct darwin_coalition_usage *sample)
{
	uint64_t *const classes[ENERGY_CLASSES] = {&sample->qos_default,
		&sample->qos_maintenance, &sample->qos_background, &sample->qos_utility,
		&sample->qos_legacy, &sample->qos_user_initiated,
		&sample->qos_user_interactive};
	bool known = usage->cpu_time_eqos_len == ENERGY_CLASSES;

	for (int i = 0; i < ENERGY_CLASSES; i++)
		*classes[i] = known ? usage->cpu_time_eqos[i] : ABSENT_U64(STATE_UNSUPPORTED);
}

/* Pages, of processes that there are. */
static bool can_be_footprint(const struct host *host, uint64_t bytes, uint32_t processes)
{
	return bytes % host->page_size == 0 && (bytes != 0) == (processes != 0);
}

static void fill_newest(const struct host *host, const struct words *words,
	const struct coalition *row, struct darwin_coalition_usage *sample)
{
	sample->footprint = words->room.usage.phys_footprint;
	if (words->count <= WORDS)
		return;
	sample->gpu_nj = ABSENT_U64(STATE_NONE);
	if (!can_be_footprint(host, sample->footprint, row->processes))
		sample->footprint = ABSENT_U64(STATE_NONE);
}

/* The GPU's time is whole on Intel only: Apple's driver counts for whoever runs just then. Counters
 * of instructions, and the energy, are 0 for ever where there are none. */
static void fill_by_machine(const struct host *host,
	const struct coalition_resource_usage *usage, struct darwin_coalition_usage *sample)
{
	uint64_t none = ABSENT_U64(STATE_UNSUPPORTED);

	sample->gpu_ns = host->is_arm ? none : usage->gpu_time;
	sample->energy_nj = energy_is_measured(host) ? usage->energy : none;
	if (!host->is_arm)
		sample->neural = sample->neural_nj = sample->gpu_nj = none;
	if (host->core_kinds < 2)
		sample->performance = none;
	if (!sample->instructions && sample->cpu)
		sample->instructions = none;
	if (!sample->cycles && sample->cpu)
		sample->cycles = none;
}

static void fill_scores(const struct host *host, const struct coalition_resource_usage *usage,
	struct darwin_coalition_usage *sample)
{
	struct energy_use use = {.cpu = usage->cpu_time,
		.idle_wakeups = usage->platform_idle_wakeups,
		.read = usage->bytesread,
		.written = usage->byteswritten,
		.energy_nj = usage->energy};

	if (usage->cpu_time_eqos_len == ENERGY_CLASSES)
		memcpy(use.classes, usage->cpu_time_eqos, sizeof use.classes);
	sample->score = energy_score(host, &use);
	sample->top_score = energy_top_score(host, &use);
}

static int usage_read(struct devices *devices, void *memory, void *out)
{
	const struct coalition *row = memory;
	struct words words;
	int error = ask(row->id, &words);

	if (error)
		return error == EINVAL ? STATE_NONE
				       : host_state_of(error); /* that of corpses */
	if (words.count < 9)
		return STATE_FAILED;
	fill_basic(&words.room.usage, out);
	fill_qos(&words.room.usage, out);
	fill_newest(devices->host, &words, row, out);
	fill_by_machine(devices->host, &words.room.usage, out);
	fill_scores(devices->host, &words.room.usage, out);
	return STATE_OK;
}

const struct device_source coalition_usage_source = {
	.source = {.name = "coalition_usage",
		.sample_size = sizeof(struct darwin_coalition_usage),
		.lane = LANE_FAST},
	.read = usage_read,
};

/*
 * Sources idle, idle_counts and idle_states: how long a core slept in which of its idle states,
 * and how often (Documentation/admin-guide/pm/cpuidle.rst). The kernel counts it itself when it
 * leaves them: nothing is asked of the hardware, and sleeping cores sleep on. A sleep that has not
 * ended is not counted yet.
 */
#include <stdio.h>
#include <string.h>

#include "cpu.h"

enum { STATES_MAX = 16 }; /* CPUIDLE_STATE_MAX is 10 */

static uint64_t state_number(
	const struct cpus *self, const struct cpu *cpu, int state, const char *name)
{
	char file[48], path[CPU_PATH];

	snprintf(file, sizeof file, "cpuidle/state%d/%s", state, name);
	return sysfs_natural(self->directory, cpu_path(cpu, file, path));
}

static bool is_there(uint64_t value)
{
	return value <= ABSENT_U64(STATE_END);
}

/* A sum has a value only if all of its parts have. */
static void add(uint64_t *sum, uint64_t value)
{
	if (is_there(*sum))
		*sum = is_there(value) ? *sum + value : value;
}

static int idle_read(struct devices *devices, void *row, void *memory)
{
	struct cpus *self = cpus_of(devices);
	struct linux_cpu_idle *sample = memory;
	uint64_t *column = &sample->state0, time;
	int count = 0;

	device_fill(&sample->total, &sample->state7, STATE_NONE);
	for (; count < STATES_MAX; count++) {
		time = state_number(self, row, count, "time");
		if (time == ABSENT_U64(STATE_NONE))
			break;
		if (count == 0)
			sample->total = 0;
		if (count < IDLE_COLUMNS)
			column[count] = time;
		add(&sample->total, time);
		sample->deepest = time;
	}
	return count ? STATE_OK : STATE_NONE;
}

static int idle_counts_read(struct devices *devices, void *row, void *memory)
{
	struct cpus *self = cpus_of(devices);
	struct linux_cpu_idle_counts *sample = memory;
	int count = 0;

	*sample = (struct linux_cpu_idle_counts){0};
	for (; count < STATES_MAX; count++) {
		uint64_t usage = state_number(self, row, count, "usage");
		if (usage == ABSENT_U64(STATE_NONE))
			break;
		add(&sample->entries, usage);
		add(&sample->too_deep, state_number(self, row, count, "above"));
		add(&sample->too_shallow, state_number(self, row, count, "below"));
		add(&sample->rejected, state_number(self, row, count, "rejected"));
	}
	return count ? STATE_OK : STATE_NONE;
}

/* "POLL,C1,C6" */
static int idle_states_read(struct devices *devices, void *row, void *memory)
{
	struct cpus *self = cpus_of(devices);
	struct linux_cpu_idle_states *sample = memory;
	size_t length = 0;
	int count = 0;

	*self->state_names = '\0';
	for (; count < STATES_MAX; count++) {
		char file[48], path[CPU_PATH], name[sizeof self->deepest];
		snprintf(file, sizeof file, "cpuidle/state%d/name", count);
		if (sysfs_text(self->directory, cpu_path(row, file, path), name, sizeof name) <
			0)
			break;
		memcpy(self->deepest, name, sizeof name);
		length += (size_t)snprintf(self->state_names + length,
			sizeof self->state_names - length, "%s%s", count ? "," : "", name);
		if (length >= sizeof self->state_names)
			return STATE_FAILED;
	}
	if (!count)
		return STATE_NONE;
	sample->names = device_text(self->state_names);
	sample->deepest = device_text(self->deepest);
	return STATE_OK;
}

static const char *no_driver(const struct host *host, enum cell_state *ret_state)
{
	const char *why = cpus_hidden(host, ret_state);

	if (why || cpus_have(host, "cpuidle/state0"))
		return why;
	return "the kernel has no cpuidle driver for these cores, so that it does not know how "
	       "deep they sleep; most virtual machines have none";
}

const struct device_source cpu_idle_source = {
	.source = {.name = "idle",
		.sample_size = sizeof(struct linux_cpu_idle),
		.lane = LANE_FAST,
		.remedy = REMEDY_CPU},
	.unsupported = no_driver,
	.read = idle_read,
};

const struct device_source cpu_idle_counts_source = {
	.source = {.name = "idle_counts",
		.sample_size = sizeof(struct linux_cpu_idle_counts),
		.lane = LANE_FAST,
		.remedy = REMEDY_CPU},
	.unsupported = no_driver,
	.read = idle_counts_read,
};

const struct device_source cpu_idle_states_source = {
	.source = {.name = "idle_states",
		.sample_size = sizeof(struct linux_cpu_idle_states),
		.lane = LANE_FAST,
		.period_ns = UINT64_C(60000000000),
		.remedy = REMEDY_CPU},
	.unsupported = no_driver,
	.read = idle_states_read,
};

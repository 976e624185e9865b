/*
 * Source limits: what was allowed to it, which changes when somebody says so. Eight files are
 * many, so they are read less often than what is measured.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "coalition.h"

static uint64_t older_number(struct coalitions *table, const struct coalition *row,
	enum controller controller, const char *file)
{
	return coalition_number(table, coalition_read_older(table, row, controller, file));
}

static double older_cores(struct coalitions *table, const struct coalition *row)
{
	ssize_t length = coalition_read_older(table, row, CONTROLLER_CPU, "cpu.cfs_quota_us");
	uint64_t quota, period;

	if (length < 0)
		return NAN;
	quota = flat_number(table->buffer, (size_t)length); /* -1: there is no limit */
	period = older_number(table, row, CONTROLLER_CPU, "cpu.cfs_period_us");
	if (quota > NUMBER_LIMIT || period > NUMBER_LIMIT || !period)
		return NAN;
	return (double)quota / (double)period;
}

static double unified_cores(struct coalitions *table, const struct coalition *row)
{
	ssize_t length = coalition_read(table, row, "cpu.max");

	return length < 0 ? NAN : flat_cores(table->buffer, (size_t)length);
}

static uint64_t unified_number(
	struct coalitions *table, const struct coalition *row, const char *file)
{
	return coalition_number(table, coalition_read(table, row, file));
}

static int limits_read(struct devices *devices, void *memory, void *result)
{
	struct coalitions *table = coalitions_of(devices);
	struct linux_coalition_limits *sample = result;

	sample->cores = coalition_has_older(table, CONTROLLER_CPU)
				? older_cores(table, memory)
				: unified_cores(table, memory);
	sample->weight = unified_number(table, memory, "cpu.weight");
	sample->tasks = coalition_number(table,
		coalition_read_either(table, memory, "pids.max", CONTROLLER_PIDS, "pids.max"));
	sample->memory =
		coalition_number(table, coalition_read_either(table, memory, "memory.max",
						CONTROLLER_MEMORY, "memory.limit_in_bytes"));
	sample->high = unified_number(table, memory, "memory.high");
	sample->low = unified_number(table, memory, "memory.low");
	sample->min = unified_number(table, memory, "memory.min");
	sample->swap = unified_number(table, memory, "memory.swap.max");
	return STATE_OK;
}

const struct device_source coalition_limits_source = {
	.source = {.name = "coalition_limits",
		.sample_size = sizeof(struct linux_coalition_limits),
		.lane = LANE_FAST,
		.period_ns = UINT64_C(5000000000),
		.remedy = REMEDY_CGROUP},
	.unsupported = coalition_unsupported,
	.read = limits_read,
};

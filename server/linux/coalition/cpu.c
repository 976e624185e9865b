/*
 * Source cpu: cpu.stat, which has the times of all that ran in it and below it, of the ended
 * too, whether or not the controller is enabled; periods and throttling only where it is. The
 * root's is made from /proc/stat by the kernel.
 *
 * In the older hierarchies the times are those of cpuacct, and throttling is in ns.
 */
#include <errno.h>
#include <string.h>

#include "coalition.h"

enum { TOTAL, USER, SYSTEM, PERIODS, THROTTLED_PERIODS, THROTTLED, VALUES };

static void in_nanoseconds(uint64_t *value, uint64_t unit_ns)
{
	if (*value <= NUMBER_LIMIT)
		*value = saturating_multiply(*value, unit_ns);
}

static void clear(uint64_t *values, ssize_t length)
{
	enum cell_state state = length < 0 ? coalition_state_of(length) : STATE_NONE;

	device_fill(values, values + VALUES - 1, state);
}

static int read_unified(struct coalitions *table, const struct coalition *row, uint64_t *values)
{
	static const char *const keys[VALUES] = {"usage_usec", "user_usec", "system_usec",
		"nr_periods", "nr_throttled", "throttled_usec"};
	ssize_t length = coalition_read(table, row, "cpu.stat");

	clear(values, length);
	if (length < 0)
		return (int)length;
	flat_read(table->buffer, (size_t)length, keys, VALUES, values);
	in_nanoseconds(&values[TOTAL], 1000);
	in_nanoseconds(&values[USER], 1000);
	in_nanoseconds(&values[SYSTEM], 1000);
	in_nanoseconds(&values[THROTTLED], 1000);
	return 0;
}

/* cpuacct.stat is in ticks, and adds up to the total. */
static void read_account(
	struct coalitions *table, const struct coalition *row, uint64_t *values)
{
	static const char *const keys[] = {"user", "system"};
	ssize_t length;

	clear(values, 0);
	values[TOTAL] = coalition_number(
		table, coalition_read_older(table, row, CONTROLLER_CPUACCT, "cpuacct.usage"));
	length = coalition_read_older(table, row, CONTROLLER_CPUACCT, "cpuacct.stat");
	if (length < 0)
		return;
	flat_read(table->buffer, (size_t)length, keys, 2, &values[USER]);
	in_nanoseconds(&values[USER], table->devices.host->tick_ns);
	in_nanoseconds(&values[SYSTEM], table->devices.host->tick_ns);
}

static void read_throttling(
	struct coalitions *table, const struct coalition *row, uint64_t *values)
{
	static const char *const keys[] = {"nr_periods", "nr_throttled", "throttled_time"};
	ssize_t length = coalition_read_older(table, row, CONTROLLER_CPU, "cpu.stat");

	if (length >= 0)
		flat_read(table->buffer, (size_t)length, keys, 3, &values[PERIODS]);
}

static int cpu_read(struct devices *devices, void *memory, void *result)
{
	struct coalitions *table = coalitions_of(devices);
	struct linux_coalition_cpu *sample = result;
	uint64_t values[VALUES];
	int error = -ENOENT;

	if (hierarchies_unified(&table->hierarchies))
		error = read_unified(table, memory, values);
	if (error && error != -ENOENT)
		return coalition_state_of(error);
	/* The root of the unified one has it since Linux 5.8 only. */
	if (error)
		read_account(table, memory, values);
	if (coalition_has_older(table, CONTROLLER_CPU))
		read_throttling(table, memory, values);
	*sample = (struct linux_coalition_cpu){.total = values[TOTAL],
		.user = values[USER],
		.system = values[SYSTEM],
		.periods = values[PERIODS],
		.throttled_periods = values[THROTTLED_PERIODS],
		.throttled = values[THROTTLED]};
	return STATE_OK;
}

const struct device_source coalition_cpu_source = {
	.source = {.name = "coalition_cpu",
		.sample_size = sizeof(struct linux_coalition_cpu),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = coalition_unsupported,
	.read = cpu_read,
};

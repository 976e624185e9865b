/*
 * Source throttle: how often and how long a core was slowed down because it was too hot. Intel's
 * processors interrupt when that begins and ends, and the kernel counts (Documentation/ABI/
 * testing/sysfs-devices-system-cpu: thermal_throttle).
 */
#include "cpu.h"

static uint64_t number(const struct cpus *self, const struct cpu *cpu, const char *name)
{
	char path[CPU_PATH];

	return sysfs_natural(self->directory, cpu_path(cpu, name, path));
}

static int throttle_read(struct devices *devices, void *row, void *memory)
{
	struct cpus *self = cpus_of(devices);
	struct linux_cpu_throttle *sample = memory;

	sample->count = number(self, row, "thermal_throttle/core_throttle_count");
	sample->time = number(self, row, "thermal_throttle/core_throttle_total_time_ms");
	sample->socket_count = number(self, row, "thermal_throttle/package_throttle_count");
	sample->socket_time =
		number(self, row, "thermal_throttle/package_throttle_total_time_ms");
	return STATE_OK;
}

static const char *not_counted(const struct host *host, enum cell_state *ret_state)
{
	const char *why = cpus_hidden(host, ret_state);

	if (why || cpus_have(host, "thermal_throttle"))
		return why;
	return "the kernel counts it only for processors of Intel, and not in virtual machines";
}

const struct device_source cpu_throttle_source = {
	.source = {.name = "throttle",
		.sample_size = sizeof(struct linux_cpu_throttle),
		.lane = LANE_FAST,
		.remedy = REMEDY_CPU},
	.unsupported = not_counted,
	.read = throttle_read,
};

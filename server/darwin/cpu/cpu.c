#include "cpu.h"

#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------------------------- rows */

static void want_reports(struct cpus *self)
{
	uint32_t of_reports = UINT32_C(1) << SOURCE_cpu_residency | UINT32_C(1)
									    << SOURCE_cpu_steps;

	reports_want(self->devices.host->reports, REPORTS_OF_CPU,
		self->devices.wanted & of_reports ? REPORT_CORES : 0);
}

static int find(struct devices *devices)
{
	struct cpus *self = cpus_of(devices);
	int error = cpus_read_ticks(self);

	want_reports(self);
	for (uint32_t number = 0; !error && number < self->count; number++) {
		bool is_new;
		struct cpu *cpu =
			devices_found_number(devices, (uint64_t)number + 1, 0, &is_new);
		if (cpu)
			cpu->number = number;
	}
	return error;
}

static int open_table(struct devices *devices, const struct target *target)
{
	struct cpus *self = cpus_of(devices);
	uint64_t packages = 1, logical = 0, physical = 0;

	(void)target;
	host_sysctl("hw.packages", &packages);
	self->socket = packages == 1 ? 0 : ABSENT_U64(STATE_NONE);
	self->threaded = host_sysctl("hw.logicalcpu", &logical) &&
			 host_sysctl("hw.physicalcpu", &physical) && logical != physical;
	cpus_find_kinds(self);
	return 0;
}

static void close_table(struct devices *devices)
{
	struct cpus *self = cpus_of(devices);

	reports_want(devices->host->reports, REPORTS_OF_CPU, 0);
	free(self->kinds);
	free(self->ticks);
}

/* ------------------------------------------------------------------------ source name */

static int name_read(struct devices *devices, void *row, void *memory)
{
	struct cpus *self = cpus_of(devices);
	const struct cpu *cpu = row;
	struct darwin_cpu_name *sample = memory;

	snprintf(self->name, sizeof self->name, "cpu%u", (unsigned)cpu->number);
	sample->name = device_text(self->name);
	sample->number = cpu->number;
	return STATE_OK;
}

static const struct device_source cpu_name_source = {
	.source = {.name = "cpu_name",
		.sample_size = sizeof(struct darwin_cpu_name),
		.lane = LANE_FAST},
	.read = name_read,
};

/* -------------------------------------------------------------------- source topology */

static int topology_read(struct devices *devices, void *row, void *memory)
{
	const struct cpus *self = cpus_of(devices);
	const struct cpu *cpu = row;
	const struct cpu_kind *kind = cpu_kind_of(self, cpu);
	struct darwin_cpu_topology *sample = memory;

	sample->socket = self->socket;
	/* Which two of Intel's logical cores share a physical one is not told. */
	sample->core = self->threaded ? ABSENT_U64(STATE_NONE) : cpu->number;
	sample->cluster = kind ? kind->cluster : ABSENT_U64(STATE_NONE);
	sample->type = device_text(kind ? kind->type : NULL);
	return STATE_OK;
}

static const struct device_source cpu_topology_source = {
	.source = {.name = "cpu_topology",
		.sample_size = sizeof(struct darwin_cpu_topology),
		.lane = LANE_FAST},
	.read = topology_read,
};

/* ---------------------------------------------------------------------------- the table */

static const struct device_source *const sources[CPU_SOURCE_COUNT] = {
	[SOURCE_cpu_name] = &cpu_name_source,
	[SOURCE_cpu_topology] = &cpu_topology_source,
	[SOURCE_cpu_model] = &cpu_model_source,
	[SOURCE_cpu_times] = &cpu_times_source,
	[SOURCE_cpu_residency] = &cpu_residency_source,
	[SOURCE_cpu_steps] = &cpu_steps_source,
};

const struct device_table cpu_table = {
	.id = TABLE_CPU,
	.sources = sources,
	.source_count = CPU_SOURCE_COUNT,
	.size = sizeof(struct cpus),
	.row_size = sizeof(struct cpu),
	.open = open_table,
	.close = close_table,
	.find = find,
};

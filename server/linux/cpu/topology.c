/*
 * Source topology: where a core is, and of what kind (Documentation/admin-guide/cputopology.rst,
 * Documentation/ABI/stable/sysfs-devices-system-cpu). None of it changes but by hotplug and by
 * the first words of a driver, so that it is read once a minute.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cpu.h"

/* What the kernel says of a place that it does not know: -1, also cut to 16 or 32 bits. */
static uint64_t place(const struct cpus *self, const struct cpu *cpu, const char *name)
{
	char path[CPU_PATH];
	int64_t number;
	int result = sysfs_number(self->directory, cpu_path(cpu, name, path), &number);

	if (result < 0)
		return ABSENT_U64(sysfs_state(result));
	if (number < 0 || number == UINT16_MAX || number == INT32_MAX || number >= UINT32_MAX)
		return ABSENT_U64(STATE_NONE);
	return (uint64_t)number;
}

/* The link nodeN says which memory is the core's own. */
static uint64_t node_of(const struct cpus *self, const struct cpu *cpu)
{
	char path[CPU_PATH];
	int fd = openat(
		self->directory, cpu_path(cpu, ".", path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t node = ABSENT_U64(STATE_NONE);
	unsigned number;
	int length;

	if (!stream) {
		node = ABSENT_U64(sysfs_state(-errno));
		if (fd >= 0)
			close(fd);
		return node;
	}
	while ((entry = readdir(stream))) {
		length = 0;
		if (sscanf(entry->d_name, "node%9u%n", &number, &length) == 1 &&
			!entry->d_name[length])
			node = number;
	}
	closedir(stream);
	return node;
}

static struct sample_text siblings_of(struct cpus *self, const struct cpu *cpu)
{
	char path[CPU_PATH];
	ssize_t length = sysfs_text(self->directory,
		cpu_path(cpu, "topology/thread_siblings_list", path), self->siblings,
		sizeof self->siblings);

	if (length < 0)
		return (struct sample_text){.state = (uint32_t)sysfs_state((int)length)};
	return device_text(self->siblings);
}

/* ----------------------------------------------------------------------- type of core */

/* Intel's hybrid processors have a unit of counters for each type (Documentation/admin-guide/
 * perf/...: the list of its cores is called cpus). */
static const char *type_by_list(const struct cpus *self, const struct cpu *cpu)
{
	static const char *const types[][2] = {{"cpu_core", "performance"},
		{"cpu_atom", "efficiency"}, {"cpu_lowpower", "low-power"}};
	char path[4096], list[1024];

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		snprintf(path, sizeof path, "%s/devices/%s/cpus", self->devices.host->sysfs,
			types[i][0]);
		if (sysfs_text(AT_FDCWD, path, list, sizeof list) > 0 &&
			cpu_list_has(list, cpu->number))
			return types[i][1];
	}
	return NULL;
}

static void compare_capacities(struct cpus *self)
{
	const struct cpu *cpu;
	uint32_t slot = 0;

	if (self->capacities_round == self->devices.round)
		return;
	self->capacities_round = self->devices.round;
	self->capacity_max = 0;
	self->capacity_min = UINT64_MAX;
	while ((cpu = devices_next(&self->devices, &slot))) {
		uint64_t capacity = place(self, cpu, "cpu_capacity");
		if (capacity > UINT32_MAX)
			continue;
		if (capacity > self->capacity_max)
			self->capacity_max = capacity;
		if (capacity < self->capacity_min)
			self->capacity_min = capacity;
	}
}

/* Cores whose capacity differs by less than a tenth are of one type: some of a kind are picked
 * to run a little faster. */
static const char *type_by_capacity(struct cpus *self, uint64_t capacity)
{
	if (capacity > UINT32_MAX)
		return NULL;
	compare_capacities(self);
	if (self->capacity_min > self->capacity_max * 9 / 10)
		return NULL;
	if (capacity > self->capacity_max * 9 / 10)
		return "performance";
	return capacity * 9 / 10 < self->capacity_min ? "efficiency" : "middle";
}

static int topology_read(struct devices *devices, void *row, void *memory)
{
	struct cpus *self = cpus_of(devices);
	const struct cpu *cpu = row;
	struct linux_cpu_topology *sample = memory;
	const char *type;

	sample->socket = place(self, cpu, "topology/physical_package_id");
	sample->die = place(self, cpu, "topology/die_id");
	sample->cluster = place(self, cpu, "topology/cluster_id");
	sample->core = place(self, cpu, "topology/core_id");
	sample->node = node_of(self, cpu);
	sample->capacity = place(self, cpu, "cpu_capacity");
	sample->siblings = siblings_of(self, cpu);
	type = type_by_list(self, cpu);
	sample->type = device_text(type ? type : type_by_capacity(self, sample->capacity));
	return STATE_OK;
}

const struct device_source cpu_topology_source = {
	.source = {.name = "topology",
		.sample_size = sizeof(struct linux_cpu_topology),
		.lane = LANE_FAST,
		.period_ns = UINT64_C(60000000000),
		.remedy = REMEDY_CPU},
	.unsupported = cpus_hidden,
	.read = topology_read,
};

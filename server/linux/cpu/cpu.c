#include "cpu.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"

enum { NUMBER_MAX = 65535, LIST_SIZE = 4096 };

/* ------------------------------------------------------------------------------ paths */

const char *cpu_path(const struct cpu *cpu, const char *name, char path[CPU_PATH])
{
	snprintf(path, CPU_PATH, "cpu%u/%s", (unsigned)cpu->number, name);
	return path;
}

/*
 * A container may have a /proc/stat made up for it (lxcfs), whose cores are numbered in their own
 * way. Then nobody knows which of the sysfs are meant.
 */
static bool is_made_up(const struct host *host)
{
	struct statfs filesystem;
	char path[4096];

	snprintf(path, sizeof path, "%s/stat", host->procfs);
	return host->real && statfs(path, &filesystem) == 0 &&
	       filesystem.f_type != PROC_SUPER_MAGIC;
}

/* The directory of all cores; or a negative number and errno. */
static int open_cores(const struct host *host, int flags)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/devices/system/cpu", host->sysfs);
	return open(path, flags | O_DIRECTORY | O_CLOEXEC);
}

const char *cpus_hidden(const struct host *host, enum cell_state *ret_state)
{
	int directory = open_cores(host, O_PATH);

	*ret_state = STATE_UNSUPPORTED;
	if (directory < 0)
		return "the sysfs has nothing about processors here, as in many containers";
	close(directory);
	return is_made_up(host) ? "this container numbers cores in its own way, so that "
				  "nobody knows which ones they are"
				: NULL;
}

bool cpus_have(const struct host *host, const char *name)
{
	int fd = open_cores(host, O_RDONLY);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char path[512];
	bool found = false;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && (entry = readdir(stream))) {
		if (strncmp(entry->d_name, "cpu", 3) != 0 || entry->d_name[3] < '0' ||
			entry->d_name[3] > '9')
			continue;
		snprintf(path, sizeof path, "%s/%s", entry->d_name, name);
		found = faccessat(fd, path, F_OK, 0) == 0;
	}
	closedir(stream);
	return found;
}

/* ------------------------------------------------------------------------------- rows */

bool cpu_list_next(struct scan *scan, uint32_t *ret_first, uint32_t *ret_last)
{
	int64_t first, last;

	if (!scan_number(scan, &first) || first < 0 || first > NUMBER_MAX)
		return false;
	last = first;
	if (scan->at < scan->end && *scan->at == '-') {
		scan->at++;
		if (!scan_number(scan, &last) || last < first || last > NUMBER_MAX)
			return false;
	}
	if (scan->at < scan->end && *scan->at == ',')
		scan->at++;
	*ret_first = (uint32_t)first;
	*ret_last = (uint32_t)last;
	return true;
}

bool cpu_list_has(const char *text, uint32_t number)
{
	struct scan scan = {text, text + strlen(text)};
	uint32_t first, last;

	while (cpu_list_next(&scan, &first, &last))
		if (number >= first && number <= last)
			return true;
	return false;
}

static void found(struct cpus *self, uint32_t number)
{
	bool is_new;
	struct cpu *cpu =
		devices_found_number(&self->devices, (uint64_t)number + 1, 0, &is_new);

	if (cpu)
		cpu->number = number;
}

/* False: there is no such list. */
static bool find_by_list(struct cpus *self)
{
	char text[LIST_SIZE];
	struct scan scan = {text, text};
	uint32_t first, last;
	bool any = false;

	if (self->directory < 0 || sysfs_text(self->directory, "online", text, sizeof text) < 0)
		return false;
	scan.end += strlen(text);
	while (cpu_list_next(&scan, &first, &last)) {
		for (uint32_t number = first; number <= last; number++)
			found(self, number);
		any = true;
	}
	return any;
}

static int find(struct devices *devices)
{
	struct cpus *self = cpus_of(devices);
	int error;

	cpus_forget_model(self);
	if (find_by_list(self))
		return 0;
	error = cpus_read_lines(self);
	for (uint32_t i = 0; !error && i < self->line_count; i++)
		found(self, self->lines[i].number);
	return error;
}

static int open_table(struct devices *devices, const struct target *target)
{
	struct cpus *self = cpus_of(devices);

	(void)target;
	self->directory = is_made_up(devices->host) ? -1 : open_cores(devices->host, O_PATH);
	return 0;
}

static void close_table(struct devices *devices)
{
	struct cpus *self = cpus_of(devices);

	if (self->directory >= 0)
		close(self->directory);
	cpus_forget_model(self);
	cpus_forget_sensors(self);
	free(self->lines);
	free(self->buffer);
}

/* ------------------------------------------------------------------------ source name */

static int name_read(struct devices *devices, void *row, void *memory)
{
	struct cpus *self = cpus_of(devices);
	const struct cpu *cpu = row;
	struct linux_cpu_name *sample = memory;

	snprintf(self->name, sizeof self->name, "cpu%u", (unsigned)cpu->number);
	sample->name = device_text(self->name);
	sample->number = cpu->number;
	return STATE_OK;
}

static const struct device_source cpu_name_source = {
	.source = {.name = "cpu_name",
		.sample_size = sizeof(struct linux_cpu_name),
		.lane = LANE_FAST},
	.read = name_read,
};

static const struct device_source *const sources[CPU_SOURCE_COUNT] = {
	[SOURCE_cpu_name] = &cpu_name_source,
	[SOURCE_cpu_topology] = &cpu_topology_source,
	[SOURCE_cpu_model] = &cpu_model_source,
	[SOURCE_cpu_times] = &cpu_times_source,
	[SOURCE_cpu_frequency] = &cpu_frequency_source,
	[SOURCE_cpu_policy] = &cpu_policy_source,
	[SOURCE_cpu_idle] = &cpu_idle_source,
	[SOURCE_cpu_idle_counts] = &cpu_idle_counts_source,
	[SOURCE_cpu_idle_states] = &cpu_idle_states_source,
	[SOURCE_cpu_throttle] = &cpu_throttle_source,
	[SOURCE_cpu_temperature] = &cpu_temperature_source,
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

/*
 * Source temperature: that of a physical core, where a sensor is known to be its own. The driver
 * coretemp has a device for each socket, whose labels say "Package id 0", "Core 0", "Core 4" ...
 * by the numbers of the topology (Documentation/hwmon/coretemp.rst).
 *
 * Sensors of other drivers are of a whole package, or nothing says which core they belong to:
 * these are in table SENSOR only. Which sensor is whose is found out in the fast lane, for names
 * and labels are in memory; the value comes from the core, and is for workers.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "cpu.h"

#define ANY          UINT64_MAX
#define LOOK_AGAIN   UINT64_C(60000000000)
#define PLAUSIBLE_MC 200000 /* either side of 0 */

struct core_sensor {
	uint64_t socket; /* ANY: the device does not say */
	uint64_t core;
	uint32_t device;
	char *path; /* of its value */
};

/* ---------------------------------------------------------------------------- sensors */

void cpus_forget_sensors(struct cpus *self)
{
	for (uint32_t i = 0; i < self->sensor_count; i++)
		free(self->sensors[i].path);
	free(self->sensors);
	self->sensors = NULL;
	self->sensor_count = 0;
}

static int open_sensors(const struct host *host, int flags)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/class/hwmon", host->sysfs);
	return open(path, flags | O_DIRECTORY | O_CLOEXEC);
}

static bool is_coretemp(int sensors, const char *device)
{
	char path[512], name[32];

	snprintf(path, sizeof path, "%s/name", device);
	return sysfs_text(sensors, path, name, sizeof name) > 0 &&
	       strcmp(name, "coretemp") == 0;
}

static void add_sensor(struct cpus *self, int sensors, const char *device, const char *file)
{
	char path[1024], label[64];
	unsigned number;
	int length = 0;
	struct core_sensor *new;

	snprintf(path, sizeof path, "%s/%s", device, file);
	if (sysfs_text(sensors, path, label, sizeof label) <= 0)
		return;
	if (sscanf(label, "Core %9u%n", &number, &length) != 1 || label[length])
		return;
	self->sensors =
		xreallocarray(self->sensors, self->sensor_count + 1, sizeof *self->sensors);
	new = &self->sensors[self->sensor_count++];
	*new = (struct core_sensor){.socket = ANY, .core = number};
	/* tempN_label, tempN_input */
	new->path = xasprintf("%s/class/hwmon/%s/%.*sinput", self->devices.host->sysfs, device,
		(int)(strlen(file) - strlen("label")), file);
}

static bool is_package(int sensors, const char *device, const char *file, unsigned *ret_socket)
{
	char path[1024], label[64];
	int length = 0;

	snprintf(path, sizeof path, "%s/%s", device, file);
	return sysfs_text(sensors, path, label, sizeof label) > 0 &&
	       (sscanf(label, "Package id %9u%n", ret_socket, &length) == 1 ||
		       sscanf(label, "Physical id %9u%n", ret_socket, &length) == 1) &&
	       !label[length];
}

static void add_device(struct cpus *self, int sensors, const char *device, uint32_t index)
{
	int fd = openat(sensors, device, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint32_t first = self->sensor_count;
	uint64_t socket = ANY;
	unsigned number;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(stream))) {
		size_t length = strlen(entry->d_name);
		if (strncmp(entry->d_name, "temp", 4) != 0 || length < sizeof "temp_label" ||
			strcmp(entry->d_name + length - 6, "_label") != 0)
			continue;
		if (is_package(sensors, device, entry->d_name, &number))
			socket = number;
		else
			add_sensor(self, sensors, device, entry->d_name);
	}
	closedir(stream);
	for (uint32_t i = first; i < self->sensor_count; i++) {
		self->sensors[i].socket = socket;
		self->sensors[i].device = index;
	}
}

static void look_for_sensors(struct cpus *self)
{
	int fd = open_sensors(self->devices.host, O_RDONLY);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint32_t index = 0;

	cpus_forget_sensors(self);
	self->sensors_ns = self->devices.now_ns;
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(stream)))
		if (entry->d_name[0] != '.' && is_coretemp(fd, entry->d_name))
			add_device(self, fd, entry->d_name, index++);
	closedir(stream);
}

/* The one sensor of a core. NULL: there is none, or several claim it (dies of one socket may
 * number their cores alike). A device that does not name its socket has to be the only one. */
static const struct core_sensor *sensor_of(
	const struct cpus *self, uint64_t socket, uint64_t core)
{
	const struct core_sensor *found = NULL;

	for (uint32_t i = 0; i < self->sensor_count; i++) {
		const struct core_sensor *sensor = &self->sensors[i];
		if (sensor->socket == ANY && sensor->device != self->sensors[0].device)
			return NULL;
		if (sensor->core != core || (sensor->socket != socket && sensor->socket != ANY))
			continue;
		if (found)
			return NULL;
		found = sensor;
	}
	return found;
}

/* --------------------------------------------------------------------------- the jobs */

static int temperature_prepare(struct devices *devices, void *row, void **ret_data)
{
	struct cpus *self = cpus_of(devices);
	const struct core_sensor *sensor;
	char path[CPU_PATH];
	uint64_t socket = sysfs_natural(
		self->directory, cpu_path(row, "topology/physical_package_id", path));
	uint64_t core = sysfs_natural(self->directory, cpu_path(row, "topology/core_id", path));

	if (!self->sensors_ns || devices->now_ns - self->sensors_ns > LOOK_AGAIN)
		look_for_sensors(self);
	sensor = sensor_of(self, socket, core);
	if (!sensor)
		return STATE_NONE;
	*ret_data = xstrdup(sensor->path);
	return STATE_OK;
}

static int temperature_run(void *data, struct job *job)
{
	struct linux_cpu_temperature *sample = job->sample;
	int result = sysfs_number(AT_FDCWD, data, &sample->now);

	if (result < 0)
		return (int)sysfs_state(result);
	return sample->now > -PLAUSIBLE_MC && sample->now < PLAUSIBLE_MC ? STATE_OK
									 : STATE_FAILED;
}

static const char *no_sensors(const struct host *host, enum cell_state *ret_state)
{
	const char *why = cpus_hidden(host, ret_state);
	int fd = why ? -1 : open_sensors(host, O_RDONLY);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool found = false;

	while (stream && !found && (entry = readdir(stream)))
		found = entry->d_name[0] != '.' && is_coretemp(fd, entry->d_name);
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	if (why || found)
		return why;
	return "no sensor here is known to be that of a single core (driver coretemp, for "
	       "processors of Intel); for those of whole packages see table sensor";
}

const struct device_source cpu_temperature_source = {
	.source = {.name = "temperature",
		.sample_size = sizeof(struct linux_cpu_temperature),
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(2000000000),
		.remedy = REMEDY_CPU},
	.unsupported = no_sensors,
	.prepare = temperature_prepare,
	.run = temperature_run,
};

#include "gpu_device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../parse.h"
#include "../../read.h"
#include "alloc.h"

/* Folders of /dev, and the classes of sysfs that have their files. */
static const struct {
	const char *folder, *class;
} classes[] = {{"/dev/dri/", "drm"}, {"/dev/accel/", "accel"}};

void gpu_devices_init(struct gpu_devices *self, const char *sysfs)
{
	memset(self, 0, sizeof *self);
	self->sysfs = sysfs;
}

void gpu_devices_finish(struct gpu_devices *self)
{
	free(self->list);
	memset(self, 0, sizeof *self);
}

/* --------------------------------------------------------------------------- identity */

/* "/dev/dri/renderD128 (deleted)" is "drm/renderD128". */
static bool name_node(const char *path, char node[GPU_NAME_SIZE])
{
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		size_t length = strlen(classes[i].folder), name;
		if (strncmp(path, classes[i].folder, length) != 0)
			continue;
		path += length;
		name = strcspn(path, " /");
		/* A device file of a subfolder, such as by-path, is never the target of a link. */
		if (!name || path[name] == '/' || path[0] == '.')
			return false;
		return snprintf(node, GPU_NAME_SIZE, "%s/%.*s", classes[i].class, (int)name,
			       path) < GPU_NAME_SIZE;
	}
	return false;
}

bool gpu_node_is(const char *node, const char *path)
{
	char other[GPU_NAME_SIZE];

	return name_node(path, other) && strcmp(node, other) == 0;
}

static void copy_value(const struct scan *line, const char *key, char value[GPU_NAME_SIZE])
{
	size_t length = strlen(key), rest;

	if ((size_t)(line->end - line->at) < length || memcmp(line->at, key, length) != 0)
		return;
	rest = (size_t)(line->end - line->at) - length;
	if (rest >= GPU_NAME_SIZE)
		rest = GPU_NAME_SIZE - 1;
	memcpy(value, line->at + length, rest);
	value[rest] = '\0';
}

static void identify(const struct gpu_devices *self, struct gpu_device *device)
{
	char path[GPU_PATH_SIZE], text[4096];
	struct scan scan, line;
	ssize_t length;

	device->driver[0] = device->address[0] = '\0';
	snprintf(path, sizeof path, "%s/class/%s/device/uevent", self->sysfs, device->node);
	length = read_file(AT_FDCWD, path, text, sizeof text);
	scan = (struct scan){text, text + (length > 0 ? length : 0)};
	while (scan_line(&scan, &line)) {
		copy_value(&line, "DRIVER=", device->driver);
		copy_value(&line, "PCI_SLOT_NAME=", device->address);
	}
}

/* Nodes of one GPU have the same PCI address; elsewhere each node has a state of its own. */
static uint32_t first_of(const struct gpu_devices *self, const struct gpu_device *device)
{
	uint32_t i = 0;

	while (i < self->count &&
		!(device->address[0] && strcmp(self->list[i].address, device->address) == 0))
		i++;
	return i;
}

uint32_t gpu_devices_find(struct gpu_devices *self, const char *path)
{
	struct gpu_device device = {0};

	if (!name_node(path, device.node))
		return GPU_NO_DEVICE;
	for (uint32_t i = 0; i < self->count; i++)
		if (strcmp(self->list[i].node, device.node) == 0)
			return i;
	identify(self, &device);
	device.first = first_of(self, &device);
	self->list = xreallocarray(self->list, self->count + 1, sizeof *self->list);
	self->list[self->count] = device;
	return self->count++;
}

const char *gpu_device_label(const struct gpu_devices *self, uint32_t index)
{
	const struct gpu_device *device = &self->list[index];

	if (device->address[0])
		return device->address;
	return device->driver[0] ? device->driver : strchr(device->node, '/') + 1;
}

/* ------------------------------------------------------------------------------ power */

void gpu_device_status_path(
	const struct gpu_devices *self, uint32_t device, char path[GPU_PATH_SIZE])
{
	snprintf(path, GPU_PATH_SIZE, "%s/class/%s/device/power/runtime_status", self->sysfs,
		self->list[device].node);
}

/*
 * "active"; "unsupported": it has no runtime power management. A device on its way between the
 * states counts as asleep: a read would wait for it. A kernel without power management has no
 * such file, but the device's directory is there.
 */
bool gpu_status_awake(const char *path)
{
	char text[32], *slash;
	char directory[GPU_PATH_SIZE];
	ssize_t length = read_file_line(AT_FDCWD, path, text, sizeof text);

	if (length >= 0)
		return strncmp(text, "active", 6) == 0 || strncmp(text, "unsupported", 11) == 0;
	if (length != -ENOENT)
		return false;
	snprintf(directory, sizeof directory, "%s", path);
	slash = strstr(directory, "/power/");
	if (!slash)
		return false;
	*slash = '\0';
	return access(directory, F_OK) == 0;
}

bool gpu_device_awake(struct gpu_devices *self, uint32_t index, uint64_t now_ns)
{
	struct gpu_device *device = &self->list[self->list[index].first];
	char path[GPU_PATH_SIZE];

	if (device->looked_ns != now_ns) {
		gpu_device_status_path(self, self->list[index].first, path);
		device->awake = gpu_status_awake(path);
		device->looked_ns = now_ns;
		/* What was plugged in later under the same name may be something else. */
		if (!device->driver[0])
			identify(self, device);
	}
	return device->awake;
}

void gpu_device_note_asleep(struct gpu_devices *self, uint32_t device)
{
	self->list[self->list[device].first].awake = false;
}

static bool has_entry(const char *sysfs, const char *class, const char *prefix)
{
	char path[GPU_PATH_SIZE];
	const struct dirent *entry;
	bool found = false;
	DIR *stream;

	snprintf(path, sizeof path, "%s/class/%s", sysfs, class);
	stream = opendir(path);
	if (!stream)
		return false;
	while (!found && (entry = readdir(stream)))
		found = strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(stream);
	return found;
}

/* A card without renderer is a mere screen. */
bool gpu_devices_any(const char *sysfs)
{
	return has_entry(sysfs, "drm", "renderD") || has_entry(sysfs, "accel", "accel");
}

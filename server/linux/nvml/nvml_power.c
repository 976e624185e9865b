#include "nvml_power.h"
#include "../read.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void read_attribute(const struct nvml_power *self, const char *address,
	const char *attribute, char line[32])
{
	char path[4096];

	snprintf(
		path, sizeof path, "%s/bus/pci/devices/%s/%s", self->sysfs, address, attribute);
	read_file_line(AT_FDCWD, path, line, 32);
}

/* Class 03xxxx; data center GPUs are 0302xx. */
static bool is_nvidia_gpu(const struct nvml_power *self, const char *address)
{
	char line[32];

	read_attribute(self, address, "vendor", line);
	if (strcmp(line, "0x10de") != 0)
		return false;
	read_attribute(self, address, "class", line);
	return strncmp(line, "0x03", 4) == 0;
}

static int compare_addresses(const void *a, const void *b)
{
	return strcmp(a, b);
}

void nvml_power_find(struct nvml_power *self)
{
	char path[4096];
	const struct dirent *entry;

	self->count = 0;
	snprintf(path, sizeof path, "%s/bus/pci/devices", self->sysfs);
	DIR *stream = opendir(path);
	if (!stream)
		return;
	while (self->count < NVML_DEVICES_MAX && (entry = readdir(stream))) {
		size_t length = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || length >= sizeof self->addresses[0] ||
			!is_nvidia_gpu(self, entry->d_name))
			continue;
		memcpy(self->addresses[self->count++], entry->d_name, length + 1);
	}
	closedir(stream);
	qsort(self->addresses, self->count, sizeof self->addresses[0], compare_addresses);
}

/* "unsupported" (no power management) and "error" (it has failed) mean that it stays on. */
bool nvml_power_asleep(const struct nvml_power *self)
{
	char line[32];

	for (uint32_t i = 0; i < self->count; i++) {
		read_attribute(self, self->addresses[i], "power/runtime_status", line);
		if (strcmp(line, "suspended") == 0 || strcmp(line, "suspending") == 0 ||
			strcmp(line, "resuming") == 0)
			return true;
	}
	return false;
}

bool nvml_power_managed(const struct nvml_power *self)
{
	char line[32];

	for (uint32_t i = 0; i < self->count; i++) {
		read_attribute(self, self->addresses[i], "power/control", line);
		if (strcmp(line, "auto") == 0)
			return true;
	}
	return false;
}

uint64_t nvml_power_users(const struct nvml_power *self)
{
	char path[4096], line[32];

	snprintf(path, sizeof path, "%s/module/nvidia/refcnt", self->sysfs);
	read_file_line(AT_FDCWD, path, line, sizeof line);
	return line[0] ? strtoull(line, NULL, 10) : UINT64_MAX;
}

void nvml_power_driver(const struct nvml_power *self, uint32_t index, char driver[32])
{
	char path[4096], target[4096];
	ssize_t length;

	snprintf(path, sizeof path, "%s/bus/pci/devices/%s/driver", self->sysfs,
		self->addresses[index]);
	length = readlink(path, target, sizeof target - 1);
	target[length > 0 ? length : 0] = '\0';
	const char *slash = strrchr(target, '/');
	snprintf(driver, 32, "%.31s", slash ? slash + 1 : target);
}

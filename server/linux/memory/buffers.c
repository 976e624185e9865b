#include "buffers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../process/gpu/gpu.h"
#include "alloc.h"
#include "clock.h"

/* One client of a driver may be behind several descriptors. */
struct known {
	uint32_t device;
	uint64_t id;
};

struct buffers {
	int directory;
	struct gpu_devices devices;
	uint64_t now_ns;
	struct known *known;
	uint32_t count;
	bool told, asleep, failed;
	uint64_t bytes;
};

static bool is_known(struct buffers *self, uint32_t device, uint64_t id)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (self->known[i].device == device && self->known[i].id == id)
			return true;
	self->known = xreallocarray(self->known, self->count + 1, sizeof *self->known);
	self->known[self->count++] = (struct known){device, id};
	return false;
}

static void add_client(struct buffers *self, uint32_t device, const struct drm_client *client)
{
	const struct drm_memory *memory = &client->memory;

	if (is_known(self, self->devices.list[device].first, client->id) || !memory->known)
		return;
	self->told = true;
	self->bytes += memory->device + memory->system - memory->shared;
	if (self->bytes > NUMBER_LIMIT)
		self->bytes = NUMBER_LIMIT;
}

static void add_file(struct buffers *self, uint32_t fd, const char *path)
{
	uint32_t device = gpu_devices_find(&self->devices, path);
	struct drm_client client;
	int result;

	if (device == GPU_NO_DEVICE)
		return;
	if (!gpu_device_awake(&self->devices, device, self->now_ns)) {
		/* One that sysfs does not know is none that could be woken. */
		self->asleep |= self->devices.list[device].driver[0] != '\0';
		return;
	}
	result = gpu_fdinfo_read(self->directory, fd, self->devices.list[device].node, &client);
	if (result == 0)
		add_client(self, device, &client);
	else
		self->failed |= result != -ESTALE && result != -ENODATA;
}

static void add_files(struct buffers *self, DIR *stream)
{
	const struct dirent *entry;
	char path[64];

	while ((entry = readdir(stream))) {
		ssize_t length;
		if (entry->d_name[0] == '.')
			continue;
		length = readlinkat(dirfd(stream), entry->d_name, path, sizeof path - 1);
		if (length < 0)
			continue;
		path[length] = '\0';
		add_file(self, (uint32_t)strtoul(entry->d_name, NULL, 10), path);
	}
}

static uint64_t amount_of(const struct buffers *self)
{
	if (self->asleep)
		return ABSENT_U64(STATE_ASLEEP);
	if (self->failed)
		return ABSENT_U64(STATE_FAILED);
	return self->told ? self->bytes : ABSENT_U64(STATE_NONE);
}

uint64_t gpu_buffers_read(int directory, const char *sysfs)
{
	struct buffers self = {.directory = directory, .now_ns = clock_now_ns()};
	int files = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = files < 0 ? NULL : fdopendir(files);

	if (!stream) {
		if (files >= 0)
			close(files);
		return ABSENT_U64(STATE_NONE);
	}
	gpu_devices_init(&self.devices, sysfs);
	add_files(&self, stream);
	closedir(stream);
	gpu_devices_finish(&self.devices);
	free(self.known);
	return amount_of(&self);
}

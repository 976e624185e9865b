#include "nvml_devices.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../process/samples.h"
#include "../read.h"
#include "alloc.h"

enum {
	SAMPLES_FIRST = 128,
	SAMPLES_MAX = 1 << 16,
};

/* ---------------------------------------------------------------------------- which ones */

static struct nvml_device *device_of(struct nvml_session *self, const char *address)
{
	for (uint32_t i = 0; i < self->device_count; i++)
		if (strcmp(self->devices[i].address, address) == 0)
			return &self->devices[i];
	if (self->device_count == NVML_DEVICES_MAX)
		return NULL;
	struct nvml_device *device = &self->devices[self->device_count++];
	memset(device, 0, sizeof *device);
	snprintf(device->address, sizeof device->address, "%s", address);
	memcpy(device->gpu.address, device->address, sizeof device->address);
	return device;
}

static void forget_absent(struct nvml_session *self)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < self->device_count; i++) {
		if (self->devices[i].handle)
			self->devices[kept++] = self->devices[i];
		else
			nvml_accounts_finish(&self->devices[i].accounts);
	}
	self->device_count = kept;
}

void nvml_devices_forget(struct nvml_session *self)
{
	for (uint32_t i = 0; i < self->device_count; i++)
		self->devices[i].handle = NULL;
	forget_absent(self);
}

void nvml_devices_forget_processes(struct nvml_session *self)
{
	for (uint32_t i = 0; i < self->device_count; i++)
		nvml_accounts_finish(&self->devices[i].accounts);
}

/* In the form that sysfs has. */
static int read_address(const struct nvml_library *library, void *handle, char address[16])
{
	struct nvml_pci pci = {.domain = 0};
	int code = library->device_pci(handle, &pci);

	snprintf(
		address, 16, "%04x:%02x:%02x.0", pci.domain, pci.bus & 0xFF, pci.device & 0x1F);
	return code;
}

static void read_memory(const struct nvml_library *library, struct nvml_device *device)
{
	struct nvml_memory memory = {.total = 0};

	device->total = 0; /* not known where GPU and CPU share theirs */
	if (library->device_memory &&
		library->device_memory(device->handle, &memory) == NVML_SUCCESS)
		device->total = memory.total;
}

int nvml_devices_find(struct nvml_session *self)
{
	const struct nvml_library *library = &self->library;
	unsigned count = 0;
	int code = library->device_count(&count);

	for (uint32_t i = 0; i < self->device_count; i++)
		self->devices[i].handle = NULL;
	for (unsigned i = 0; i < count && code == NVML_SUCCESS; i++) {
		char address[16];
		void *handle;
		code = library->device_handle(i, &handle);
		if (code == NVML_UNINITIALIZED || code == NVML_DRIVER_NOT_LOADED)
			break;
		if (code != NVML_SUCCESS) { /* lost, or not ours: that hides no other */
			code = NVML_SUCCESS;
			continue;
		}
		code = read_address(library, handle, address);
		struct nvml_device *device =
			code == NVML_SUCCESS ? device_of(self, address) : NULL;
		if (device) {
			device->handle = handle;
			read_memory(library, device);
		}
	}
	forget_absent(self);
	return code;
}

/* ----------------------------------------------------------------------------- processes */

/* When the process with that pid started; 0: there is none. */
static uint64_t start_of(void *context, uint32_t pid)
{
	const struct nvml_session *self = context;
	char path[4096], text[1024];
	struct stat_line line;

	snprintf(path, sizeof path, "%s/%u/stat", self->procfs, pid);
	ssize_t length = read_file(AT_FDCWD, path, text, sizeof text);
	if (length <= 0 || stat_parse(text, (size_t)length, &line) < 0)
		return 0;
	return 1 + (uint64_t)line.field[22];
}

/* A partitioned GPU has no list that an ordinary user may read: its instances have. */
static int list_instances(struct nvml_session *self, struct nvml_device *device)
{
	const struct nvml_library *library = &self->library;

	for (unsigned i = 0; i < device->instances; i++) {
		void *instance;
		int code = library->mig_handle(device->handle, i, &instance);
		if (code == NVML_SUCCESS)
			code = nvml_listing_add(
				&self->listing, library, instance, device->total);
		else if (code == NVML_NOT_FOUND) /* the place is empty */
			code = NVML_SUCCESS;
		if (code != NVML_SUCCESS && code != NVML_NOT_SUPPORTED)
			return code;
	}
	return NVML_SUCCESS;
}

/* It can be partitioned, and put together again, at any time. */
void nvml_devices_partition(const struct nvml_library *library, struct nvml_device *device)
{
	unsigned current = 0, pending, count = 0;

	device->instances = 0;
	if (!library->mig_mode || !library->mig_count || !library->mig_handle)
		return;
	if (library->mig_mode(device->handle, &current, &pending) == NVML_SUCCESS && current &&
		library->mig_count(device->handle, &count) == NVML_SUCCESS)
		device->instances = count;
}

static int list_processes(struct nvml_session *self, struct nvml_device *device)
{
	int code;

	nvml_listing_clear(&self->listing);
	nvml_devices_partition(&self->library, device);
	if (device->instances)
		code = list_instances(self, device);
	else
		code = nvml_listing_add(
			&self->listing, &self->library, device->handle, device->total);
	if (code != NVML_SUCCESS && code != NVML_NOT_SUPPORTED)
		return code;
	nvml_accounts_list(&device->accounts, &self->listing, start_of, self);
	return NVML_SUCCESS;
}

/* --------------------------------------------------------------------------- utilisation */

static int read_samples(
	struct nvml_session *self, struct nvml_device *device, uint32_t *ret_count)
{
	uint32_t room = self->sample_room ? self->sample_room : SAMPLES_FIRST;

	for (;;) {
		unsigned count = room;
		if (room > self->sample_room) {
			self->samples =
				xreallocarray(self->samples, room, sizeof *self->samples);
			self->sample_room = room;
		}
		int code = self->library.utilization(
			device->handle, self->samples, &count, device->accounts.last_us);
		*ret_count = count <= room ? count : room;
		if (code != NVML_INSUFFICIENT_SIZE)
			return code;
		if (room == SAMPLES_MAX)
			return NVML_UNKNOWN;
		room *= 2;
		if (count > room && count <= SAMPLES_MAX)
			room = count;
	}
}

static int sample_times(
	struct nvml_session *self, struct nvml_device *device, const struct nvml_now *now)
{
	uint32_t count = 0;
	int code = NVML_NOT_SUPPORTED;

	if (self->library.utilization && !device->instances)
		code = read_samples(self, device, &count);
	device->time_state = STATE_OK;
	switch (code) {
	case NVML_NOT_FOUND: /* all idle */
	case NVML_NO_DATA:
		count = 0;
		break;
	case NVML_NOT_SUPPORTED:
	case NVML_FUNCTION_NOT_FOUND:
		device->time_state = STATE_UNSUPPORTED;
		return NVML_SUCCESS;
	case NVML_NO_PERMISSION:
		device->time_state = STATE_DENIED;
		return NVML_SUCCESS;
	case NVML_SUCCESS:
		break;
	default:
		return code;
	}
	nvml_accounts_add(&device->accounts, self->samples, count, now);
	return NVML_SUCCESS;
}

int nvml_devices_sample(struct nvml_session *self, const struct nvml_now *now)
{
	int code = NVML_SUCCESS;

	for (uint32_t i = 0; i < self->device_count && code == NVML_SUCCESS; i++) {
		code = list_processes(self, &self->devices[i]);
		if (code == NVML_SUCCESS)
			code = sample_times(self, &self->devices[i], now);
	}
	return code;
}

bool nvml_devices_changed(const struct nvml_session *self)
{
	for (uint32_t i = 0; i < self->device_count; i++)
		if (self->devices[i].accounts.changed)
			return true;
	return false;
}

#include "driver.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef DRIVER_VERSION
#define DRIVER_VERSION 3
#endif

enum {
	OK = 0,
	UNINITIALIZED = 1,
	INVALID_ARGUMENT = 2,
	NOT_SUPPORTED = 3,
	NOT_FOUND = 6,
	INSUFFICIENT_SIZE = 7,
};

static struct driver *driver;

/* A handle: a device, or an instance of one. */
struct handle {
	struct driver_device *device;
	uint32_t instance; /* plus 1 */
};

static struct handle handles[DRIVER_DEVICES][8];

__attribute__((constructor)) static void load(void)
{
	const char *path = getenv("NVML_SCRIPT");
	int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = mmap(NULL, sizeof *driver, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (file < 0 || map == MAP_FAILED)
		abort();
	close(file);
	driver = map;
	driver->loads++;
}

__attribute__((destructor)) static void unload(void)
{
	driver->unloads++;
	munmap(driver, sizeof *driver);
}

static int enter(void)
{
	driver->calls++;
	while (driver->hangs)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	if (driver->inits > driver->shutdowns)
		return OK;
	driver->bad_calls++;
	return UNINITIALIZED;
}

/* Without -Wmissing-prototypes these need no declarations: nobody here calls them. */
#define EXPORT __attribute__((visibility("default")))

EXPORT int nvmlInit_v2(void)
{
	driver->calls++;
	while (driver->hangs)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	if (driver->init_code == OK)
		driver->inits++;
	return driver->init_code;
}

EXPORT int nvmlShutdown(void)
{
	int code = enter();

	driver->shutdowns++;
	return code;
}

EXPORT const char *nvmlErrorString(int code)
{
	return code == 18 ? "Driver/library version mismatch" : "Some error";
}

EXPORT int nvmlDeviceGetCount_v2(unsigned *count)
{
	int code = enter();

	*count = driver->device_count;
	return code;
}

EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, struct handle **ret_handle)
{
	int code = enter();

	if (code != OK || index >= driver->device_count)
		return code == OK ? INVALID_ARGUMENT : code;
	handles[index][0] = (struct handle){&driver->devices[index], 0};
	*ret_handle = &handles[index][0];
	return driver->devices[index].handle_code;
}

EXPORT int nvmlDeviceGetMemoryInfo(struct handle *handle, uint64_t memory[3])
{
	int code = enter();

	memory[0] = handle->device->total;
	memory[1] = memory[2] = memory[0] / 2;
	return code == OK ? handle->device->memory_code : code;
}

static int get_pci(struct handle *handle, void *pci, size_t size)
{
	int code = enter();
	uint32_t numbers[3] = {handle->device->domain, handle->device->bus, 0};

	memset(pci, 0, size);
	memcpy((char *)pci + 16, numbers, sizeof numbers);
	return code;
}

static void put_record(unsigned char *buffer, uint32_t index, uint32_t stride,
	const struct driver_process *process)
{
	unsigned char record[32] = {0};

	memcpy(record, &process->pid, 4);
	memcpy(record + 8, &process->memory, 8);
	if (stride > 16)
		memset(record + 16, 0xFF, 8); /* no instance of a partitioned GPU */
	memcpy(buffer + (size_t)index * stride, record, stride);
}

static int get_processes(struct handle *handle, uint32_t list, unsigned *count,
	unsigned char *buffer, uint32_t stride)
{
	const struct driver_device *device = handle->device;
	unsigned room = *count, found = 0;
	int code = enter();

	if (code != OK || device->list_code != OK)
		return code != OK ? code : device->list_code;
	if (device->instances && !handle->instance)
		return NOT_SUPPORTED;
	if (driver->stride)
		stride = driver->stride;
	if (driver->clears)
		memset(buffer, 0, (size_t)room * stride);
	for (uint32_t i = 0; i < device->process_count; i++) {
		const struct driver_process *process = &device->processes[i];
		if (!(process->lists & list) ||
			(handle->instance && process->instance != handle->instance - 1))
			continue;
		if (found < room)
			put_record(buffer, found, stride, process);
		found++;
	}
	*count = found;
	return found > room ? INSUFFICIENT_SIZE : OK;
}

#define LISTS(suffix, stride)                                                                  \
	EXPORT int nvmlDeviceGetGraphicsRunningProcesses##suffix(                              \
		struct handle *handle, unsigned *count, void *records)                         \
	{                                                                                      \
		return get_processes(handle, DRIVER_GRAPHICS, count, records, stride);         \
	}                                                                                      \
	EXPORT int nvmlDeviceGetComputeRunningProcesses##suffix(                               \
		struct handle *handle, unsigned *count, void *records)                         \
	{                                                                                      \
		return get_processes(handle, DRIVER_COMPUTE, count, records, stride);          \
	}

LISTS(, 16)

#if DRIVER_VERSION == 1

EXPORT int nvmlDeviceGetPciInfo_v2(struct handle *handle, void *pci)
{
	return get_pci(handle, pci, 52);
}

#else

LISTS(_v2, 24)

EXPORT int nvmlDeviceGetPciInfo_v3(struct handle *handle, void *pci)
{
	return get_pci(handle, pci, 68);
}

EXPORT int nvmlDeviceGetProcessUtilization(struct handle *handle, struct driver_sample *samples,
	unsigned *count, unsigned long long last_us)
{
	struct driver_device *device = handle->device;
	unsigned room = *count;
	int code = enter();

	if (code != OK || device->utilization_code != OK)
		return code != OK ? code : device->utilization_code;
	if (device->instances || handle->instance)
		return NOT_SUPPORTED;
	device->last_us = last_us;
	*count = device->sample_count;
	if (device->sample_count == 0)
		return NOT_FOUND;
	if (device->sample_count > room)
		return INSUFFICIENT_SIZE;
	memcpy(samples, device->samples, device->sample_count * sizeof *samples);
	return OK;
}

EXPORT int nvmlDeviceGetMigMode(struct handle *handle, unsigned *current, unsigned *pending)
{
	*current = *pending = handle->device->instances != 0;
	return enter();
}

EXPORT int nvmlDeviceGetMaxMigDeviceCount(struct handle *handle, unsigned *count)
{
	*count = handle->device->instances ? 7 : 0;
	return enter();
}

EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(
	struct handle *handle, unsigned index, struct handle **ret_handle)
{
	uint32_t number = (uint32_t)(handle->device - driver->devices);
	int code = enter();

	if (code != OK || index >= handle->device->instances)
		return code == OK ? NOT_FOUND : code;
	handles[number][index + 1] = (struct handle){handle->device, index + 1};
	*ret_handle = &handles[number][index + 1];
	return OK;
}

#endif

#if DRIVER_VERSION == 3

LISTS(_v3, 24)

EXPORT int nvmlDeviceGetMPSComputeRunningProcesses_v3(
	struct handle *handle, unsigned *count, void *records)
{
	return get_processes(handle, DRIVER_MPS, count, records, 24);
}

#endif

#include "driver.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
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
	VERSION_MISMATCH = 25,
};

static struct driver *driver;

/* A handle: a device, or an instance of one. */
struct handle {
	struct driver_device *device;
	uint32_t instance; /* plus 1 */
};

static struct handle handles[DRIVER_DEVICES][8];

static struct driver made_up;

/* Two GPUs: a whole one, and one that is partitioned into one instance. */
static struct driver *make_up(void)
{
	made_up.device_count = 2;
	made_up.devices[0] = (struct driver_device){.bus = 0x18,
		.total = UINT64_C(85520809984),
		.used = UINT64_C(31000000000),
		.reserved = UINT64_C(470000000),
		.values = {.name = "NVIDIA H100 80GB HBM3",
			.uuid = "GPU-11111111-2222-3333-4444-555555555555",
			.gpu = 37,
			.memory = 21,
			.encoder = 3,
			.decoder = 5,
			.clock = {1755, 1755, 2619, 1545},
			.clock_max = {1980, 1980, 2623, 1545},
			.performance = 2,
			.fan = 43,
			.power = 312456,
			.power_limit = 700000,
			.energy = 123456789,
			.temperature = 51,
			.memory_temperature = 62}};
	made_up.devices[1] = (struct driver_device){.bus = 0x3b,
		.total = UINT64_C(42949672960),
		.used = UINT64_C(9000000000),
		.reserved = UINT64_C(610000000),
		.instances = 1,
		.values = {.name = "NVIDIA A100-PCIE-40GB",
			.uuid = "GPU-66666666-7777-8888-9999-aaaaaaaaaaaa",
			.power = 61000,
			.energy = 98765,
			.temperature = 34},
		.instance_values = {{.name = "NVIDIA A100-PCIE-40GB MIG 3g.20gb",
			.uuid = "MIG-bbbbbbbb-cccc-dddd-eeee-ffffffffffff",
			.total = UINT64_C(20937965568),
			.used = UINT64_C(7000000000),
			.reserved = UINT64_C(13000000)}}};
	return &made_up;
}

__attribute__((constructor)) static void load(void)
{
	const char *path = getenv("NVML_SCRIPT");

	if (!path) {
		driver = make_up();
		return;
	}
	int file = open(path, O_RDWR | O_CLOEXEC);
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
	if (driver != &made_up)
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

static void get_amounts(
	const struct handle *handle, uint64_t *total, uint64_t *used, uint64_t *reserved)
{
	const struct driver_device *device = handle->device;
	const struct driver_values *part =
		handle->instance ? &device->instance_values[handle->instance - 1] : NULL;

	*total = handle->instance ? part->total : device->total;
	*used = handle->instance ? part->used : device->used;
	*reserved = handle->instance ? part->reserved : device->reserved;
	if (!handle->instance && !device->used)
		*used = *total / 2;
}

EXPORT int nvmlDeviceGetMemoryInfo(struct handle *handle, uint64_t memory[3])
{
	int code = enter();

	uint64_t total, used, reserved;

	get_amounts(handle, &total, &used, &reserved);
	memory[0] = total;
	memory[2] = used + reserved;
	memory[1] = total - memory[2];
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

/* ------------------------------------------------------------------- what a device tells */

static int enter_value(struct handle *handle)
{
	int code = enter();

	handle->device->value_calls++;
	return code == OK ? handle->device->value_code : code;
}

static const struct driver_values *values_of(const struct handle *handle)
{
	return handle->instance ? &handle->device->instance_values[handle->instance - 1]
				: &handle->device->values;
}

static int get_text(struct handle *handle, const char *text, char *copy, unsigned size)
{
	int code = enter_value(handle);

	if (code == OK)
		snprintf(copy, size, "%s", text);
	return code;
}

EXPORT int nvmlDeviceGetName(struct handle *handle, char *name, unsigned size)
{
	return get_text(handle, values_of(handle)->name, name, size);
}

EXPORT int nvmlDeviceGetUUID(struct handle *handle, char *uuid, unsigned size)
{
	return get_text(handle, values_of(handle)->uuid, uuid, size);
}

EXPORT int nvmlDeviceGetUtilizationRates(struct handle *handle, unsigned rates[2])
{
	rates[0] = handle->device->values.gpu;
	rates[1] = handle->device->values.memory;
	int code = enter_value(handle);
	return code == OK && handle->device->instances ? NOT_SUPPORTED : code;
}

#define VALUE(name, field)                                                                     \
	EXPORT int nvmlDeviceGet##name(struct handle *handle, unsigned *value)                 \
	{                                                                                      \
		*value = handle->device->values.field;                                         \
		return handle->instance ? NOT_SUPPORTED : enter_value(handle);                 \
	}
#define VIDEO(name, field)                                                                     \
	EXPORT int nvmlDeviceGet##name(                                                        \
		struct handle *handle, unsigned *percent, unsigned *period_us)                 \
	{                                                                                      \
		*percent = handle->device->values.field;                                       \
		*period_us = 167000;                                                           \
		return handle->instance ? NOT_SUPPORTED : enter_value(handle);                 \
	}
#define CLOCK(name, field)                                                                     \
	EXPORT int nvmlDeviceGet##name(struct handle *handle, unsigned which, unsigned *mhz)   \
	{                                                                                      \
		*mhz = which < 4 ? handle->device->values.field[which] : 0;                    \
		return which < 4 ? enter_value(handle) : INVALID_ARGUMENT;                     \
	}

VALUE(PerformanceState, performance)
VALUE(PowerUsage, power)
VALUE(EnforcedPowerLimit, power_limit)
VALUE(FanSpeed, fan)
VIDEO(EncoderUtilization, encoder)
VIDEO(DecoderUtilization, decoder)
CLOCK(ClockInfo, clock)
CLOCK(MaxClockInfo, clock_max)

EXPORT int nvmlDeviceGetTemperature(struct handle *handle, unsigned sensor, unsigned *celsius)
{
	*celsius = handle->device->values.temperature;
	return sensor == 0 ? enter_value(handle) : INVALID_ARGUMENT;
}

#if DRIVER_VERSION > 1

EXPORT int nvmlDeviceGetTotalEnergyConsumption(struct handle *handle, unsigned long long *mj)
{
	*mj = handle->device->values.energy;
	return enter_value(handle);
}

struct field {
	uint32_t field, scope;
	int64_t time_us, latency_us;
	int type, code;
	uint64_t value;
};

EXPORT int nvmlDeviceGetFieldValues(struct handle *handle, int count, struct field *fields)
{
	for (int i = 0; i < count; i++) {
		fields[i].code = fields[i].field == 82 ? OK : NOT_SUPPORTED;
		fields[i].type = 1;
		memcpy(&fields[i].value, &handle->device->values.memory_temperature, 4);
	}
	return enter_value(handle);
}

#endif

#if DRIVER_VERSION == 3

struct memory_v2 {
	uint32_t version;
	uint64_t total, reserved, free, used;
};

EXPORT int nvmlDeviceGetMemoryInfo_v2(struct handle *handle, struct memory_v2 *memory)
{
	int code = enter();

	if (memory->version != 0x2000028)
		return VERSION_MISMATCH;
	get_amounts(handle, &memory->total, &memory->used, &memory->reserved);
	memory->free = memory->total - memory->used - memory->reserved;
	return code == OK ? handle->device->memory_code : code;
}

struct temperature {
	uint32_t version;
	int sensor, celsius;
};

EXPORT int nvmlDeviceGetTemperatureV(struct handle *handle, struct temperature *temperature)
{
	if (temperature->version != 0x100000c)
		return VERSION_MISMATCH;
	temperature->celsius = (int)handle->device->values.temperature;
	return enter_value(handle);
}

#endif

/* ----------------------------------------------------------------------------- processes */

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

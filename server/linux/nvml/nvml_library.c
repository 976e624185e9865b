#include "nvml_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A function pointer and an object pointer are alike in POSIX, but not in C. */
static bool find(const struct nvml_library *self, const char *name, void *ret_function)
{
	void *symbol = dlsym(self->handle, name);

	memcpy(ret_function, &symbol, sizeof symbol);
	return symbol != NULL;
}

/* Of a function that has grown versions, the newest one that there is. */
static void find_newest(
	const struct nvml_library *self, const char *name, int newest, void *ret_function)
{
	char versioned[64];

	for (int version = newest; version > 1; version--) {
		snprintf(versioned, sizeof versioned, "%s_v%d", name, version);
		if (find(self, versioned, ret_function))
			return;
	}
	find(self, name, ret_function);
}

/* The first version has {pid, memory}; _v2 and _v3 add the numbers of the MIG instance. */
static void find_list(struct nvml_library *self, enum nvml_list list, const char *name)
{
	find_newest(self, name, 3, &self->processes[list]);
	self->record_size[list] = 24;
	int (*first)(void *, unsigned *, void *);
	if (find(self, name, &first) && first == self->processes[list])
		self->record_size[list] = 16;
}

static void find_of_device(struct nvml_library *self)
{
	find(self, "nvmlDeviceGetName", &self->name);
	find(self, "nvmlDeviceGetUUID", &self->uuid);
	find(self, "nvmlDeviceGetUtilizationRates", &self->rates);
	find(self, "nvmlDeviceGetEncoderUtilization", &self->encoder);
	find(self, "nvmlDeviceGetDecoderUtilization", &self->decoder);
	find(self, "nvmlDeviceGetPerformanceState", &self->performance);
	find(self, "nvmlDeviceGetMemoryInfo_v2", &self->memory_v2);
	find(self, "nvmlDeviceGetClockInfo", &self->clock);
	find(self, "nvmlDeviceGetMaxClockInfo", &self->clock_max);
	find(self, "nvmlDeviceGetPowerUsage", &self->power);
	find(self, "nvmlDeviceGetEnforcedPowerLimit", &self->power_limit);
	find(self, "nvmlDeviceGetTotalEnergyConsumption", &self->energy);
	find(self, "nvmlDeviceGetTemperature", &self->temperature);
	find(self, "nvmlDeviceGetTemperatureV", &self->temperature_v);
	find(self, "nvmlDeviceGetFanSpeed", &self->fan);
	find(self, "nvmlDeviceGetFieldValues", &self->fields);
}

static void find_all(struct nvml_library *self)
{
	find_newest(self, "nvmlInit", 2, &self->init);
	find(self, "nvmlShutdown", &self->shutdown);
	find(self, "nvmlErrorString", &self->error_string);
	find_newest(self, "nvmlDeviceGetCount", 2, &self->device_count);
	find_newest(self, "nvmlDeviceGetHandleByIndex", 2, &self->device_handle);
	find_newest(self, "nvmlDeviceGetPciInfo", 3, &self->device_pci);
	find(self, "nvmlDeviceGetMemoryInfo", &self->device_memory);
	find_list(self, NVML_GRAPHICS, "nvmlDeviceGetGraphicsRunningProcesses");
	find_list(self, NVML_COMPUTE, "nvmlDeviceGetComputeRunningProcesses");
	find_list(self, NVML_MPS, "nvmlDeviceGetMPSComputeRunningProcesses");
	find(self, "nvmlDeviceGetProcessUtilization", &self->utilization);
	find(self, "nvmlDeviceGetMigMode", &self->mig_mode);
	find(self, "nvmlDeviceGetMaxMigDeviceCount", &self->mig_count);
	find(self, "nvmlDeviceGetMigDeviceHandleByIndex", &self->mig_handle);
	find_of_device(self);
}

int nvml_library_load(
	struct nvml_library *self, const char *path, char *error, size_t error_size)
{
	memset(self, 0, sizeof *self);
	self->handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (!self->handle) {
		const char *reason = dlerror();
		snprintf(error, error_size, "%s", reason ? reason : path);
		return -ENOENT;
	}
	find_all(self);
	if (self->init && self->shutdown && self->device_count && self->device_handle &&
		self->device_pci)
		return 0;
	snprintf(error, error_size, "%s is not NVIDIA's library", path);
	nvml_library_unload(self);
	return -ENOSYS;
}

void nvml_library_unload(struct nvml_library *self)
{
	if (self->handle)
		dlclose(self->handle);
	memset(self, 0, sizeof *self);
}

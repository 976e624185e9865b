/*
 * Nvml library: NVIDIA's libnvidia-ml.so.1, loaded at run time, and our own declarations of
 * the little of it that is used. The layouts are those of all drivers since 2016; where they
 * changed, the name of the function did too (_v2, _v3), with the exception that
 * nvml_records.h tells about.
 */
#ifndef LINUX_NVML_LIBRARY_H
#define LINUX_NVML_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the functions return. */
enum nvml_code {
	NVML_SUCCESS = 0,
	NVML_UNINITIALIZED = 1,
	NVML_NOT_SUPPORTED = 3,
	NVML_NO_PERMISSION = 4,
	NVML_NOT_FOUND = 6,
	NVML_INSUFFICIENT_SIZE = 7,
	NVML_DRIVER_NOT_LOADED = 9,
	NVML_FUNCTION_NOT_FOUND = 13,
	NVML_GPU_IS_LOST = 15,
	NVML_LIB_RM_VERSION_MISMATCH = 18,
	NVML_NO_DATA = 21,
	NVML_UNKNOWN = 999,
};

/* Of _v3; earlier versions end sooner, but begin the same. */
struct nvml_pci {
	char legacy_id[16];
	uint32_t domain, bus, device;
	uint32_t ids, subsystem_ids;
	char id[32];
};

/* Bytes. */
struct nvml_memory {
	uint64_t total, free, used;
};

/* Percentages. */
struct nvml_sample {
	uint32_t pid;
	uint64_t time_us; /* since 1970 */
	uint32_t sm, memory, encoder, decoder;
};

_Static_assert(sizeof(struct nvml_pci) == 68 && offsetof(struct nvml_pci, domain) == 16 &&
		       sizeof(struct nvml_memory) == 24 && sizeof(struct nvml_sample) == 32 &&
		       offsetof(struct nvml_sample, time_us) == 8,
	"what the driver writes");

/* The lists of processes of a device. */
enum nvml_list {
	NVML_GRAPHICS,
	NVML_COMPUTE,
	NVML_MPS, /* compute, through NVIDIA's multi-process service */
	NVML_LISTS,
};

/* A device is an opaque pointer. A function that the driver does not have is NULL. */
struct nvml_library {
	void *handle;
	int (*init)(void);
	int (*shutdown)(void);
	const char *(*error_string)(int code);
	int (*device_count)(unsigned *count);
	int (*device_handle)(unsigned index, void **device);
	int (*device_pci)(void *device, struct nvml_pci *pci);
	int (*device_memory)(void *device, struct nvml_memory *memory);
	int (*processes[NVML_LISTS])(void *device, unsigned *count, void *records);
	uint32_t record_size[NVML_LISTS]; /* as the function's name promises */
	int (*utilization)(void *device, struct nvml_sample *samples, unsigned *count,
		unsigned long long last_us);
	int (*mig_mode)(void *device, unsigned *current, unsigned *pending);
	int (*mig_count)(void *device, unsigned *count);
	int (*mig_handle)(void *device, unsigned index, void **instance);
};

/*
 * Returns 0; or -ENOENT (it cannot be loaded) or -ENOSYS (it is not NVIDIA's), and why in
 * `error`. Calls nothing: only init wakes a GPU.
 */
int nvml_library_load(
	struct nvml_library *self, const char *path, char *error, size_t error_size);
/* After shutdown, or instead of init. */
void nvml_library_unload(struct nvml_library *self);

#endif

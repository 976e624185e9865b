/*
 * Nvml library: NVIDIA's libnvidia-ml.so.1, loaded at run time, and our own declarations of
 * the little of it that is used. The layouts are those of all drivers since 2016; where they
 * changed, the name of the function did too (_v2, _v3) or the struct begins with its version,
 * with the exception that nvml_records.h tells about.
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
	NVML_INVALID_ARGUMENT = 2,
	NVML_NOT_SUPPORTED = 3,
	NVML_NO_PERMISSION = 4,
	NVML_NOT_FOUND = 6,
	NVML_INSUFFICIENT_SIZE = 7,
	NVML_DRIVER_NOT_LOADED = 9,
	NVML_FUNCTION_NOT_FOUND = 13,
	NVML_GPU_IS_LOST = 15,
	NVML_LIB_RM_VERSION_MISMATCH = 18,
	NVML_NO_DATA = 21,
	NVML_ARGUMENT_VERSION_MISMATCH = 25,
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

/* The same, with what the driver keeps for itself apart. */
struct nvml_memory_v2 {
	uint32_t version; /* NVML_MEMORY_V2 */
	uint64_t total, reserved, free, used;
};

/* Percentages of the latest period, of 1/6 s to 1 s. */
struct nvml_rates {
	unsigned gpu, memory;
};

struct nvml_temperature {
	uint32_t version; /* NVML_TEMPERATURE_V1 */
	int sensor;
	int celsius;
};

/* One of many values that have a number instead of a function. */
struct nvml_field {
	uint32_t field, scope;
	int64_t time_us, latency_us;
	int type, code;
	union {
		double number;
		unsigned bits32;
		unsigned long long bits64;
	} value;
};

enum {
	NVML_MEMORY_V2 = sizeof(struct nvml_memory_v2) | 2 << 24,
	NVML_TEMPERATURE_V1 = sizeof(struct nvml_temperature) | 1 << 24,
	NVML_SENSOR_GPU = 0,
	NVML_FIELD_MEMORY_TEMPERATURE = 82,
	NVML_NAME_SIZE = 96, /* of names and UUIDs */
};

enum nvml_clock { NVML_CLOCK_GRAPHICS, NVML_CLOCK_SM, NVML_CLOCK_MEMORY, NVML_CLOCK_VIDEO };

/* Percentages. */
struct nvml_sample {
	uint32_t pid;
	uint64_t time_us; /* since 1970 */
	uint32_t sm, memory, encoder, decoder;
};

_Static_assert(sizeof(struct nvml_pci) == 68 && offsetof(struct nvml_pci, domain) == 16 &&
		       sizeof(struct nvml_memory) == 24 && sizeof(struct nvml_sample) == 32 &&
		       offsetof(struct nvml_sample, time_us) == 8 &&
		       sizeof(struct nvml_memory_v2) == 40 && sizeof(struct nvml_rates) == 8 &&
		       sizeof(struct nvml_temperature) == 12 && sizeof(struct nvml_field) == 40,
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
	/* Of a device itself: MHz, mW, mJ, degrees Celsius, percent. */
	int (*name)(void *device, char *name, unsigned size);
	int (*uuid)(void *device, char *uuid, unsigned size);
	int (*rates)(void *device, struct nvml_rates *rates);
	int (*encoder)(void *device, unsigned *percent, unsigned *period_us);
	int (*decoder)(void *device, unsigned *percent, unsigned *period_us);
	int (*performance)(void *device, unsigned *state);
	int (*memory_v2)(void *device, struct nvml_memory_v2 *memory);
	int (*clock)(void *device, unsigned clock, unsigned *mhz);
	int (*clock_max)(void *device, unsigned clock, unsigned *mhz);
	int (*power)(void *device, unsigned *mw);
	int (*power_limit)(void *device, unsigned *mw);
	int (*energy)(void *device, unsigned long long *mj);
	int (*temperature)(void *device, unsigned sensor, unsigned *celsius);
	int (*temperature_v)(void *device, struct nvml_temperature *temperature);
	int (*fan)(void *device, unsigned *percent);
	int (*fields)(void *device, int count, struct nvml_field *fields);
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

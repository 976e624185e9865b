/*
 * Nvml power: what sysfs says about NVIDIA's GPUs without their driver being asked. Nothing
 * that is read here wakes a GPU.
 */
#ifndef LINUX_NVML_POWER_H
#define LINUX_NVML_POWER_H

#include <stdbool.h>
#include <stdint.h>

enum { NVML_DEVICES_MAX = 32 };

struct nvml_power {
	const char *sysfs;
	uint32_t count;
	char addresses[NVML_DEVICES_MAX][16]; /* "0000:01:00.0" */
};

/* Finds NVIDIA's display devices (so they are called, also where they have no display). */
void nvml_power_find(struct nvml_power *self);

/* Is any of them suspended, or on its way there or back? */
bool nvml_power_asleep(const struct nvml_power *self);
/* May any of them be suspended by the kernel when nobody uses it? */
bool nvml_power_managed(const struct nvml_power *self);

/*
 * How many descriptors of the driver are open on the whole host, with a constant added: the
 * count of references to its module. UINT64_MAX: not known.
 */
uint64_t nvml_power_users(const struct nvml_power *self);

/* The driver of a device: "nvidia", "nouveau"; "" when it has none. */
void nvml_power_driver(const struct nvml_power *self, uint32_t index, char driver[32]);

#endif

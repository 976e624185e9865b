/* Nvml devices: what a session asks of each GPU. */
#ifndef LINUX_NVML_DEVICES_H
#define LINUX_NVML_DEVICES_H

#include "nvml_session.h"

/* After the library was initialised. Returns an enum nvml_code. */
int nvml_devices_find(struct nvml_session *self);
/* Is it partitioned, and into how many instances at most? */
void nvml_devices_partition(const struct nvml_library *library, struct nvml_device *device);
/* Brings the accounts of all devices up to date. Returns an enum nvml_code. */
int nvml_devices_sample(struct nvml_session *self, const struct nvml_now *now);
/* Did a process come, go, work or change its memory in the latest sampling? */
bool nvml_devices_changed(const struct nvml_session *self);
void nvml_devices_forget(struct nvml_session *self);
/* Only what is known of processes. */
void nvml_devices_forget_processes(struct nvml_session *self);

#endif

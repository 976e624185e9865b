/*
 * GPU devices: which device is behind a device file, and does it sleep?
 *
 * The promise: a suspended GPU is never woken. So nothing of a device is opened here but its
 * power/runtime_status, which the kernel answers from memory, and its uevent, which tells
 * driver and PCI address and is constant; never a file below /dev. Whoever wants to read
 * anything else of a device asks gpu_device_awake() first.
 */
#ifndef LINUX_GPU_DEVICE_H
#define LINUX_GPU_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

enum { GPU_NAME_SIZE = 32, GPU_PATH_SIZE = 512 };

#define GPU_NO_DEVICE UINT32_MAX

/* A device file: several, card0 and renderD128, may be of one GPU. */
struct gpu_device {
	char node[GPU_NAME_SIZE];    /* below /sys/class: "drm/renderD128", "accel/accel0" */
	char driver[GPU_NAME_SIZE];  /* "": sysfs knows no such device */
	char address[GPU_NAME_SIZE]; /* of PCI: "0000:03:00.0"; else "" */
	uint32_t first;              /* the first one of the same GPU: its own index, mostly */
	uint64_t looked_ns;          /* when its power state was looked at; of the first one */
	bool awake;
};

struct gpu_devices {
	const char *sysfs;
	struct gpu_device *list;
	uint32_t count;
};

void gpu_devices_init(struct gpu_devices *self, const char *sysfs);
void gpu_devices_finish(struct gpu_devices *self);

/* The device of a file as a link of /proc/PID/fd names it: "/dev/dri/renderD128". GPU_NO_DEVICE
 * when that is no name of a GPU. */
uint32_t gpu_devices_find(struct gpu_devices *self, const char *path);

/* Any thread: is that the path of this device file? */
bool gpu_node_is(const char *node, const char *path);

/* Can it be read without waking it up? Looked at once a tick. False also when nobody knows. */
bool gpu_device_awake(struct gpu_devices *self, uint32_t index, uint64_t now_ns);

/* Somebody has seen it asleep in this tick. */
void gpu_device_note_asleep(struct gpu_devices *self, uint32_t device);

/* Its name for people: PCI address, else driver, else the device file's. */
const char *gpu_device_label(const struct gpu_devices *self, uint32_t index);

/* The path of its power state, for workers. */
void gpu_device_status_path(
	const struct gpu_devices *self, uint32_t device, char path[GPU_PATH_SIZE]);
/* Any thread: does this power state allow to read the device? */
bool gpu_status_awake(const char *path);

/* Is there any GPU that has a file below /dev/dri or /dev/accel? */
bool gpu_devices_any(const char *sysfs);

#endif

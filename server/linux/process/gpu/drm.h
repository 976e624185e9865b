/*
 * Drm: what the kernel tells of one client of a GPU driver, the text of /proc/PID/fdinfo/N
 * (Documentation/gpu/drm-usage-stats.rst), and the time that follows from one text after the
 * other. Pure: it looks at bytes and numbers and nothing else, and accepts any garbage.
 */
#ifndef LINUX_DRM_H
#define LINUX_DRM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gpu_class {
	GPU_RENDER,
	GPU_COMPUTE,
	GPU_COPY,
	GPU_VIDEO,
	GPU_ENHANCE,
	GPU_OTHER,
	GPU_CLASSES
};

enum {
	DRM_NAME_SIZE = 24,
	DRM_ENGINES = 16, /* more than any driver has classes of engines */
	DRM_REGIONS = 16,
};

/* What is peculiar to a driver. */
struct drm_driver {
	const char *name;
	/* A read waits for the device or wakes it up: only workers may do it. */
	bool slow;
	/* Engines that never worked are not listed; elsewhere that means "not known". */
	bool idle_unlisted;
	/* So many engines may hide behind one name for which no capacity is told. */
	uint8_t capacity;
};

enum drm_engine_key {
	DRM_BUSY = 1,
	DRM_CYCLES = 2,
	DRM_TOTAL_CYCLES = 4,
	DRM_MAX_FREQUENCY = 8
};

/* A number of identical engines. */
struct drm_engine {
	char name[DRM_NAME_SIZE];
	uint32_t keys; /* enum drm_engine_key: which of these there were */
	uint64_t busy_ns, cycles, total_cycles, max_frequency_hz;
	uint64_t capacity; /* 0: not told */
};

/* Bytes. */
struct drm_memory {
	bool known;
	uint64_t device, system; /* on the board, in main memory */
	uint64_t shared;         /* the part of both that has other holders */
};

struct drm_client {
	char driver[DRM_NAME_SIZE];
	char address[DRM_NAME_SIZE]; /* "0000:03:00.0"; "": it is no PCI device */
	bool has_id;
	uint64_t id; /* of the open file in the kernel, unique for its device */
	uint32_t engine_count;
	struct drm_engine engines[DRM_ENGINES];
	struct drm_memory memory;
};

/* False: the file behind the text is none of a GPU, or its driver tells nothing. */
bool drm_parse(const char *bytes, size_t length, struct drm_client *ret_client);

/* Never NULL: an unknown driver is slow. */
const struct drm_driver *drm_driver_find(const char *name);

enum gpu_class drm_engine_class(const char *name);

/* ------------------------------------------------------------------------- drm_meter.c */

/* One engine's counter as last read. */
struct drm_gauge {
	char name[DRM_NAME_SIZE];
	uint64_t value, total; /* ns or cycles, total cycles */
	uint64_t allowance_ns; /* what it may have worked without having told yet */
	uint64_t before;       /* the value before an impossible jump; see `doubtful` */
	bool doubtful;
};

/* What a client's engines worked, added up from its readings. */
struct drm_meter {
	uint64_t read_ns; /* when; 0: never */
	bool known;       /* its driver tells times */
	uint64_t time_ns[GPU_CLASSES];
	uint64_t garbage; /* values that could not be true */
	uint32_t gauge_count;
	struct drm_gauge gauges[DRM_ENGINES];
};

/* Takes a reading of the time `now_ns` (monotonic, ascending). The first one brings all that
 * the client did before, if its driver counts in ns. */
void drm_meter_add(struct drm_meter *self, const struct drm_client *client, uint64_t now_ns);

#endif

/*
 * Nvml records: the driver's lists of processes.
 *
 * A record is {u32 pid, u64 memory, ...}. Its size is said by the name of the function, but
 * drivers 535.43 to 535.86 wrote 32 bytes under the name of 24, and it may happen again. So
 * the buffer is filled with a pattern first, and what was overwritten tells the size.
 */
#ifndef LINUX_NVML_RECORDS_H
#define LINUX_NVML_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nvml_library.h"

enum {
	NVML_RECORD_MAX = 32, /* bytes of the largest record known */
	NVML_PATTERN = 0xAA,
};

/* A process on a device, or on an instance of one. */
struct nvml_listed {
	uint32_t pid;
	uint32_t kinds;  /* bit mask by enum nvml_list */
	uint64_t memory; /* bytes; UINT64_MAX: not available */
};

struct nvml_listing {
	struct nvml_listed *items;
	uint32_t count, capacity;
	uint32_t garbage;      /* records that could not be true */
	unsigned char *buffer; /* of the driver's records */
	uint32_t room;         /* records that fit */
};

/*
 * The size of a record, after the driver wrote `count` of them into a buffer full of the
 * pattern; `promised` when that cannot be told. `total`: the device's memory, 0: unknown.
 */
uint32_t nvml_records_stride(const unsigned char *buffer, size_t size, uint32_t count,
	uint32_t promised, uint64_t total);

/* Can it be true? */
bool nvml_record_plausible(const unsigned char *record, uint64_t total);

/*
 * Adds the processes of one handle from all its lists: who is in several of them holds his
 * memory once. Returns an enum nvml_code; NVML_NOT_SUPPORTED: no list can be had.
 */
int nvml_listing_add(struct nvml_listing *self, const struct nvml_library *library,
	void *device, uint64_t total);

void nvml_listing_clear(struct nvml_listing *self);
void nvml_listing_finish(struct nvml_listing *self);

#endif

/*
 * Nvml account: what each process has used of one device. The driver gives percentages of
 * the time between its samples; here they become sums of nanoseconds.
 */
#ifndef LINUX_NVML_ACCOUNT_H
#define LINUX_NVML_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "nvml_records.h"

/* The driver's periods are 1/6 s to 1 s. */
#define NVML_PERIOD_US UINT64_C(1000000)

struct nvml_now {
	uint64_t mono_ns; /* CLOCK_MONOTONIC */
	uint64_t real_us; /* CLOCK_REALTIME: what the driver's samples are stamped with */
};

struct nvml_account {
	uint32_t pid;
	uint32_t kinds;       /* bit mask by enum nvml_list */
	uint64_t start_ticks; /* which process of that pid */
	uint64_t memory;      /* UINT64_MAX: not available */
	uint64_t memory_before;
	uint64_t render_ns, compute_ns, other_ns, video_ns;
	uint64_t garbage;
	struct nvml_sample sample;  /* in the latest sampling; time 0: none */
	bool listed, listed_before; /* on the device now; at the sampling before */
};

/* Of one device; survives that the library is unloaded for a while. */
struct nvml_accounts {
	struct nvml_account *items;
	uint32_t count, capacity;
	uint64_t last_us;    /* samples up to then are accounted for */
	uint64_t sampled_ns; /* when; 0: never */
	uint64_t strays;     /* records and samples of no process that there is */
	bool changed;        /* something happened in the latest sampling */
};

/*
 * The processes that are on the device now. Who is not any more keeps his account for as long
 * as he lives, so that sums never step back; another process of the same pid does not inherit.
 * start_of: 0 when there is no such process.
 */
void nvml_accounts_list(struct nvml_accounts *self, const struct nvml_listing *listing,
	uint64_t (*start_of)(void *context, uint32_t pid), void *context);

/* Adds what the driver has sampled; nothing: the device was idle. */
void nvml_accounts_add(struct nvml_accounts *self, const struct nvml_sample *samples,
	uint32_t count, const struct nvml_now *now);

void nvml_accounts_finish(struct nvml_accounts *self);

#endif

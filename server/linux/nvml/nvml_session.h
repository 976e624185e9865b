/*
 * Nvml session: what the thread of nvml.c works with. It decides when the library is
 * initialised, asks for all devices, and makes a snapshot of the answers. All times are given,
 * nothing here knows of threads.
 */
#ifndef LINUX_NVML_SESSION_H
#define LINUX_NVML_SESSION_H

#include "nvml.h"
#include "nvml_account.h"
#include "nvml_power.h"

enum { NVML_INSTANCES_MAX = 16 };

/* One GPU. */
struct nvml_device {
	char address[16];
	void *handle;       /* NULL: not there since the library was initialised last */
	uint64_t total;     /* bytes of memory; 0: unknown */
	uint32_t instances; /* of a GPU that is partitioned (MIG): at most that many */
	int time_state;     /* enum cell_state of the times of its processes */
	struct nvml_accounts accounts;
	struct nvml_gpu gpu; /* its name is "" until somebody wanted to know it */
	struct nvml_gpu parts[NVML_INSTANCES_MAX];
	uint32_t part_count;
	uint64_t used_before; /* memory, when it was looked at whether it is used */
};

struct nvml_process {
	uint32_t pid;
	struct nvml_use use;
};

/* What the rest of the server gets to see. */
struct nvml_snapshot {
	int state; /* STATE_OK, STATE_ASLEEP, STATE_FAILED */
	uint32_t gpu_count;
	const struct nvml_gpu *gpus; /* behind the processes */
	uint32_t count;
	struct nvml_process processes[]; /* by pid */
};

struct nvml_session {
	char *procfs, *sysfs, *path;
	struct nvml_library library;
	bool initialised;
	struct nvml_power power;
	uint64_t found_ns; /* when power was; 0: never */
	struct nvml_device devices[NVML_DEVICES_MAX];
	uint32_t device_count;

	uint64_t failed_ns,
		retry_ns;   /* after an error: since when, and for how long; 0: none */
	char reported[256]; /* the error that was logged last */

	uint64_t active_ns;      /* when something happened on a GPU last */
	uint64_t rest_ns;        /* resting since; 0: not */
	uint64_t rest_length_ns; /* for how long, or the last time */
	uint64_t rest_users;     /* nvml_power_users() then */
	bool slept;              /* a GPU was seen asleep since the last sampling */

	uint32_t parts; /* bit mask by enum nvml_part: what a sampling asks for */
	struct nvml_listing listing;
	struct nvml_sample *samples;
	uint32_t sample_room;
};

void nvml_session_open(
	struct nvml_session *self, const char *procfs, const char *sysfs, const char *path);
void nvml_session_close(struct nvml_session *self);

/* What the accounts of all devices say now; nvml_snapshot.c. The caller frees it. */
struct nvml_snapshot *nvml_snapshot_create(const struct nvml_session *self);

/* One sampling. The caller frees the snapshot. */
struct nvml_snapshot *nvml_session_sample(
	struct nvml_session *self, const struct nvml_now *now);

/* Nobody has asked for a while: lets the GPUs go, but remembers the sums. */
void nvml_session_shut_down(struct nvml_session *self);

#endif

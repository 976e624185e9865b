/*
 * Nvml: which process uses NVIDIA's GPUs, and how much, by the driver's own library. That is
 * loaded when somebody wants it and unloaded when nobody does: as long as it is
 * initialised no GPU can fall asleep.
 *
 *	nvml.c          the thread that makes all calls, and the snapshot that others read
 *	nvml_session.c  when the library is initialised, and when it lets the GPUs go again
 *	nvml_devices.c  one sampling of all devices
 *	nvml_snapshot.c the sums over all devices, by process
 *	nvml_account.c  percentages to nanoseconds
 *	nvml_records.c  the driver's lists of processes, in all their forms
 *	nvml_library.c  loading, and what the functions look like
 *	nvml_power.c    does a GPU sleep?
 *	nvml_presence.c is there one at all?
 *
 * A call of the driver may take seconds or for ever. That hangs the one thread and nobody
 * else: what it works on is an allocation of its own, which the last one to leave frees.
 */
#ifndef LINUX_NVML_H
#define LINUX_NVML_H

#include "source.h"

struct nvml;

enum {
	NVML_WAIT_MS = 200, /* from nvml_begin() to the end of all waiting for it */
	NVML_LOOK_MS =
		100, /* what nvml_unsupported() found holds: it is asked many times in a row */
	NVML_DEVICES_TEXT = 256,
};

/*
 * What a process uses of all NVIDIA GPUs together. Times are the driver's percentages,
 * integrated since the process was first seen: estimates. Without a value (ABSENT_U64) they are
 * STATE_UNSUPPORTED where the driver has none for one of its devices (MIG, old GPUs), or
 * STATE_DENIED. They begin anew after an error of the driver.
 */
struct nvml_use {
	uint64_t time_ns; /* the sum of the following */
	/*
	 * The percentage is that of the multiprocessors, which draw and compute. It goes to the
	 * one when the process has only that kind of context; with both kinds nobody can tell,
	 * and it goes to other.
	 */
	uint64_t time_render_ns, time_compute_ns, time_other_ns;
	uint64_t time_video_ns; /* encoder and decoder */
	uint64_t memory;        /* bytes on the boards */
	uint64_t garbage;       /* samples of it that could not be true */
	uint64_t start_ticks; /* 1 + field 22 of stat: which process of that pid it is about */
	char devices[NVML_DEVICES_TEXT]; /* "0000:01:00.0,0000:02:00.0" */
};

/* Makes no thread, opens nothing, loads nothing. */
struct nvml *nvml_create(const char *procfs, const char *sysfs);
/* After how long without nvml_begin() the library is shut down; 10 s. For tests. */
void nvml_set_unused(struct nvml *self, uint64_t unused_ns);
/* Bounded: a thread that hangs in the driver is left behind. */
void nvml_destroy(struct nvml *self);
/* For jobs, which may live longer than the platform; any thread. */
struct nvml *nvml_hold(struct nvml *self);
void nvml_release(struct nvml *self);

/* ------------------------------------------------------------------- the loop's thread */

/* Why it cannot be used on this host, and what to do; NULL: there is an NVIDIA driver. */
const char *nvml_unsupported(struct nvml *self);
/* With false the thread ends, the library is unloaded, and all that was summed is forgotten. */
void nvml_want(struct nvml *self, bool wanted);
/* Once a tick, while it is wanted: asks for a new sampling. Never blocks. */
void nvml_begin(struct nvml *self);
/*
 * What nvml_wait() would answer for a process that uses a GPU, without waiting: STATE_OK;
 * STATE_PENDING: the first sampling has not ended yet; STATE_ASLEEP; STATE_FAILED.
 */
int nvml_state(struct nvml *self);
/* Was the process in the latest sampling that there is? Cheap. */
bool nvml_knows(struct nvml *self, uint32_t pid);

/* ---------------------------------------------------------------------- any thread */

/*
 * Waits until the sampling that was begun last has ended. Returns STATE_OK; STATE_NONE: the
 * process uses no NVIDIA GPU; STATE_ASLEEP: a GPU is suspended, or was let go so that it can
 * be; STATE_FAILED: an error, or the driver has not answered in time.
 */
int nvml_wait(struct nvml *self, uint32_t pid, struct nvml_use *ret_use);

#endif

/*
 * Nvml: what NVIDIA's GPUs do, and for which process, by the driver's own library. That is
 * loaded when somebody wants it and unloaded when nobody does: as long as it is
 * initialised no GPU can fall asleep.
 *
 *	nvml.c          the thread that makes all calls, and the snapshot that others read
 *	nvml_session.c  when the library is initialised, and when it lets the GPUs go again
 *	nvml_devices.c  one sampling of all devices: their processes
 *	nvml_gpus.c     and what they do themselves
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
	NVML_TEXT = 96, /* of names and UUIDs */
};

/* What is asked for by itself: table PROCESS wants the first, table GPU the others. */
enum nvml_part {
	NVML_PROCESSES,
	NVML_NAMES,
	NVML_LOAD,
	NVML_MEMORY,
	NVML_POWER,
	NVML_LIMITS,
	NVML_PARTS
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

/*
 * A GPU, or an instance of one that is partitioned (MIG), which has a name, an UUID and memory,
 * and nothing else of its own. Numbers are in the driver's units, or ABSENT_U64 (ABSENT_I64 for
 * temperatures): STATE_UNSUPPORTED where the driver does not tell, STATE_FAILED for what cannot be true.
 */
struct nvml_gpu {
	char address[16]; /* "0000:01:00.0"; of an instance: of the GPU that it is part of */
	bool instance;
	char name[NVML_TEXT], uuid[NVML_TEXT];
	uint64_t busy, busy_memory, busy_encoder, busy_decoder; /* percent */
	uint64_t clock, clock_memory, clock_video;              /* MHz */
	uint64_t performance;                                   /* 0, the highest, to 15 */
	uint64_t memory_total, memory_used, memory_reserved;    /* bytes */
	uint64_t power, energy;                  /* mW; mJ since the driver was loaded */
	int64_t temperature, temperature_memory; /* degrees Celsius */
	uint64_t fan;                            /* percent, which may be more than 100 */
	uint64_t clock_max, clock_memory_max, power_limit; /* MHz, mW */
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
/*
 * Processes are wanted, or not any more: then all that was summed is forgotten. When nothing is
 * wanted at all the thread ends, and the library is unloaded.
 */
void nvml_want(struct nvml *self, bool wanted);
/* The same of the GPUs themselves. */
void nvml_want_gpus(struct nvml *self, bool wanted);
/* Once a tick, while they are wanted: asks for a new sampling of processes. Never blocks. */
void nvml_begin(struct nvml *self);
/* The same of another part. What is asked for at the same time is sampled together, mostly. */
void nvml_begin_part(struct nvml *self, enum nvml_part part);
/*
 * What nvml_wait() would answer for a process that uses a GPU, without waiting: STATE_OK;
 * STATE_PENDING: the first sampling has not ended yet; STATE_ASLEEP; STATE_FAILED.
 */
int nvml_state(struct nvml *self);
/* Was the process in the latest sampling that there is? Cheap. */
bool nvml_knows(struct nvml *self, uint32_t pid);
/*
 * The GPUs and instances of GPUs in the latest sampling, at most `room`. -EAGAIN: it was none
 * that could tell.
 */
int nvml_gpus(struct nvml *self, struct nvml_gpu *gpus, uint32_t room);

/* ---------------------------------------------------------------------- any thread */

/*
 * Waits until the sampling that was begun last has ended. Returns STATE_OK; STATE_NONE: the
 * process uses no NVIDIA GPU; STATE_ASLEEP: a GPU is suspended, or was let go so that it can
 * be; STATE_FAILED: an error, or the driver has not answered in time.
 */
int nvml_wait(struct nvml *self, uint32_t pid, struct nvml_use *ret_use);
/*
 * The same of a part of a GPU, or of an instance of one, whose UUID is not "". STATE_NONE: the
 * driver has no such GPU, or does not let us have it.
 */
int nvml_wait_gpu(struct nvml *self, enum nvml_part part, const char *address, const char *uuid,
	struct nvml_gpu *ret_gpu);

#endif

/*
 * Thread: table THREAD, which has a row for each thread of one process. One file a source.
 *
 * All is read through a directory of that process, opened once: it never means another one,
 * however fast pids are used again. A thread is known by its number and by the time of its start.
 */
#ifndef LINUX_THREAD_H
#define LINUX_THREAD_H

#include "../host.h"
#include "../process/samples.h"
#include "devices.h"

/* In the order in which the table has them. */
enum thread_source_index {
	SOURCE_thread_stat,
	SOURCE_thread_clock,
	SOURCE_thread_schedule,
	SOURCE_thread_status,
	SOURCE_thread_delays,
	SOURCE_thread_wait,
	SOURCE_thread_io,
	THREAD_SOURCE_COUNT,
};

struct linux_thread_stat {
	struct sample_text name, state;
	uint64_t tid;
	uint64_t user, system; /* clock ticks */
	uint64_t faults, faults_major;
	int64_t priority, nice;
	uint64_t realtime_priority, policy, last_cpu;
	uint64_t start_boottime_ns, start_realtime_ns;
};

struct linux_thread_clock {
	uint64_t total_ns;
};

struct linux_thread_schedule {
	uint64_t run_delay_ns, slices;
};

struct linux_thread_status {
	struct linux_switches switches;
	struct linux_control control;
};

struct linux_thread_delays {
	uint64_t io_delay; /* clock ticks */
};

struct linux_thread_wait {
	struct sample_text channel;
};

struct linux_thread_io {
	struct linux_io io;
};

/* ----------------------------------------------------------------------- the table */

struct threads {
	struct devices devices;
	uint32_t pid;
	int directory;         /* of the process, O_PATH */
	uint64_t delays_since; /* of source delays; 0: not known yet */
	char *buffer;          /* of source status */
	size_t buffer_size;
	/* Texts of samples, each until its source is read again. */
	char state[1], channel[128];
};

/* The file schedstat of a thread. */
struct schedule {
	uint64_t ran_ns, run_delay_ns, slices;
};

enum { THREAD_NAME_SIZE = 64 }; /* of a thread of the kernel; the others have 15 bytes */

/* What is read of each thread at each list, for it also tells one from the next of that number. */
struct thread {
	uint32_t tid;
	uint32_t name_length;
	char name[THREAD_NAME_SIZE];
	char state;
	bool is_kernel, is_hidden; /* hidden: we may not see what is its process' own affair */
	uint64_t user, system, faults, faults_major;
	int64_t priority, nice;
	uint64_t realtime_priority, policy, last_cpu;
	uint64_t start, io_delay; /* clock ticks */
	uint64_t start_realtime_ns;
	/* schedstat of the latest round in which it was read. */
	uint64_t schedule_round;
	struct schedule schedule;
	int schedule_error;
};

static inline struct threads *threads_of(struct devices *devices)
{
	return (struct threads *)(void *)devices;
}

extern const struct device_table thread_table;
extern const struct device_source thread_clock_source, thread_schedule_source;
extern const struct device_source thread_status_source, thread_delays_source;
extern const struct device_source thread_wait_source, thread_io_source;

enum { THREAD_PATH = 64 };
/* "task/TID/NAME" into `path`, which is below threads.directory. */
const char *thread_path(const struct thread *thread, const char *name, char path[THREAD_PATH]);
/* What a failed read of a file of a thread means: -ENOENT is that it has ended since it was
 * listed, or a kernel that was built without that file. */
int thread_state(const struct threads *self, const struct thread *thread, int error);

/* ------------------------------------------------------------------------- parsers */

/* 0 or -EBADMSG. */
int thread_schedule_parse(const char *bytes, size_t length, struct schedule *ret_schedule);
/* What a thread waits in; NULL with a state: nothing, or it may not be known. */
struct sample_text thread_wait_parse(
	const char *bytes, size_t length, const struct thread *thread);

#endif

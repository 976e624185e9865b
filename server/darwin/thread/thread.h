/*
 * Thread: table THREAD, which has a row for each thread of one process. A thread is known by an id
 * that no other one gets while the host is up; the process by its unique id, which every call
 * carries.
 */
#ifndef DARWIN_THREAD_H
#define DARWIN_THREAD_H

#include "../host.h"
#include "devices.h"

enum thread_source_index {
	SOURCE_thread,
	THREAD_SOURCE_COUNT,
};

/* PROC_PIDTHREADID64INFO. */
struct darwin_thread {
	struct sample_text name, state;
	uint64_t tid;
	uint64_t total_ns, user_ns, system_ns;
	int64_t priority;
	uint64_t policy;
};

extern const struct device_table thread_table;

#endif

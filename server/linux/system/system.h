/*
 * System: table SYSTEM, which has one row, the machine. One file a source.
 */
#ifndef LINUX_SYSTEM_H
#define LINUX_SYSTEM_H

#include "../devices.h"

/* In the order in which the table has them. */
enum system_source_index {
	SOURCE_ended,
	SYSTEM_SOURCE_COUNT,
};

struct linux_ended {
	uint64_t cpu_ns;
};

extern const struct device_source ended_source;
extern const struct device_table system_table;

/* ------------------------------------------------------------------- parsers */

/* The time in ns that tasks ran, of all lines cpuN of /proc/schedstat; -EBADMSG. */
int schedstat_sum(const char *bytes, size_t length, uint64_t *ret_ns);

#endif

/*
 * System: the inside of the provider of table SYSTEM, which has one row, the machine.
 *
 *	system.c    the provider: opens and closes, dispatches reads to sources
 *	ended.c ..  one file a source
 */
#ifndef LINUX_SYSTEM_H
#define LINUX_SYSTEM_H

#include <stddef.h>

#include "../host.h"
#include "platform.h"

/* In the order in which provider.sources has them. */
enum system_source_index {
	SOURCE_ended,
	SYSTEM_SOURCE_COUNT,
};

struct linux_ended {
	uint64_t cpu_ns;
};

/* What an open table holds. */
struct system {
	const struct linux_host *host;
	uint32_t slot; /* of the row */
	bool listed;
};

/* A source of this table: what the core knows of it, and what it does. */
struct system_source {
	struct source source;
	/* Why not on this host; NULL: it can be read. */
	const char *(*unsupported)(const struct linux_host *host, enum cell_state *ret_state);
	int (*read)(struct system *self, void *sample);
};

extern const struct system_source ended_source;

/* The provider, less its sources, which platform.c fills in. */
extern const struct provider system_provider;
extern const struct system_source *const system_sources[SYSTEM_SOURCE_COUNT];

/* ------------------------------------------------------------------- parsers */

/* The time in ns that tasks ran, of all lines cpuN of /proc/schedstat; -EBADMSG. */
int schedstat_sum(const char *bytes, size_t length, uint64_t *ret_ns);

#endif

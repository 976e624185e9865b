/*
 * Coalition: table COALITION, a row for each coalition of resources: a job of launchd, such as an
 * application with its services, and all that it has started. What the kernel counts of one has in
 * it those that have ended, and it tells everybody.
 */
#ifndef DARWIN_COALITION_H
#define DARWIN_COALITION_H

#include "../host.h"
#include "../private/coalition.h"
#include "devices.h"

/* In the order in which the table has them. */
enum coalition_source_index {
	SOURCE_coalition_members,
	SOURCE_coalition_identity,
	SOURCE_coalition_usage,
	COALITION_SOURCE_COUNT,
};

/* ------------------------------------------------------------------- samples */

/* proc_listcoalitions(), read by the list. */
struct darwin_coalition_members {
	uint64_t id, processes, populated;
};

struct darwin_coalition_identity {
	struct sample_text name, bundle;
};

/* coalition_info_resource_usage(). Numbers only. */
struct darwin_coalition_usage {
	uint64_t started, exited, nonempty_ns, cpu, wakeups_interrupt, wakeups_idle;
	uint64_t read, written, gpu_ns, energy_nj;
	uint64_t performance, instructions, cycles;
	uint64_t qos_default, qos_maintenance, qos_background, qos_utility, qos_legacy;
	uint64_t qos_user_initiated, qos_user_interactive;
	uint64_t neural, neural_nj, footprint, gpu_nj;
	uint64_t score, top_score;
};

/* --------------------------------------------------------------------- the table */

enum { COALITION_NAME = 256 };

struct coalition {
	uint64_t id;
	uint32_t processes;
	bool asked; /* launchd was, for its name */
	uint64_t named_ns;
	char name[COALITION_NAME], bundle[COALITION_NAME];
};

struct coalitions {
	struct devices devices; /* first */
	struct procinfo_coalinfo *list;
	int room;                        /* entries */
	struct coalition_oldest *oldest; /* of identity.c: by coalition, its oldest process */
	uint32_t oldest_count, oldest_room;
	uint64_t oldest_round;
};

extern const struct device_source coalition_members_source, coalition_identity_source,
	coalition_usage_source;
extern const struct device_table coalition_table;

#endif

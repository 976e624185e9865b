/*
 * Power: table POWER: rails of the chip, rails of the board, batteries and adapters. One file a
 * source.
 *
 *	power.c     the table, what a row is, and what a worker gets of it
 *	rail.c      rails of Apple's chips, by IOReport
 *
 * Which rows there are comes from what is in memory: the registry, and names that were read
 * once. All that asks a driver is left to workers.
 */
#ifndef DARWIN_POWER_H
#define DARWIN_POWER_H

#include "../host.h"
#include "../ioreport.h"
#include "devices.h"

/* In the order in which the table has them. */
enum power_source_index {
	SOURCE_power_meter,
	SOURCE_power_energy,
	SOURCE_power_draw,
	POWER_SOURCE_COUNT,
};

struct darwin_power_meter {
	struct sample_text name, kind, part_of;
	uint64_t in_total;
};

/* nJ */
struct darwin_power_energy {
	uint64_t total;
};

/* µW */
struct darwin_power_draw {
	uint64_t now;
};

/* ---------------------------------------------------------------------------- rows */

enum power_kind {
	POWER_RAIL, /* of the chip, by IOReport */
	POWER_KINDS,
};

#define POWER_IS(kind) (UINT32_C(1) << POWER_##kind)

enum { POWER_NAME_SIZE = 64 };

/* What a scan found. The name is the key among those of its kind. */
struct power_finding {
	enum power_kind kind;
	const char *name, *part_of; /* "": of none */
	uint64_t in_total;          /* 1, 0 or ABSENT_U64(STATE_NONE) */
	uint64_t number; /* what the kind needs: a key of the SMC, an id of the registry */
};

struct power_row {
	enum power_kind kind;
	char name[POWER_NAME_SIZE], part_of[POWER_NAME_SIZE];
	uint64_t in_total, number;
	/* Of rails: what finish() has seen of it, by source. */
	uint64_t seen[POWER_SOURCE_COUNT];
};

struct powers {
	struct devices devices;
	struct rails rails; /* found when the table was opened: chips do not change */
	bool has_rails;
};

typedef void power_visit(void *context, const struct power_finding *finding);

/* Each calls visit() for all that it finds. */
void power_find_rails(struct powers *self, power_visit *visit, void *context);

/* What a worker has of a row. */
struct power_job {
	enum power_kind kind;
	char name[POWER_NAME_SIZE];
	uint64_t number;
	struct reports *reports; /* its own */
	uint64_t asked_ns;
	uint64_t change; /* of a rail: what run() met */
	bool stalled;
};

/* prepare() and release() of the slow sources: the first says STATE_NONE of rows of other kinds
 * (bit mask). */
int power_job_prepare(
	struct devices *self, const struct power_row *row, uint32_t kinds, void **ret_data);
void power_job_release(void *data);

/* What each kind does for source power_draw: run() of a job. Returns a state. */
typedef int power_draw(struct power_job *job, struct darwin_power_draw *sample);
power_draw power_draw_rail;

/* finish() of a rail's source. */
int power_rail_finish(
	struct power_row *row, uint32_t source, const struct power_job *job, int result);

extern const struct device_source power_meter_source, power_energy_source, power_draw_source;
extern const struct device_table power_table;

#endif

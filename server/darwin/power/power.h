/*
 * Power: table POWER: rails of the chip, rails of the board, batteries and adapters. One file a
 * source.
 *
 *	power.c     the table, what a row is, and what a worker gets of it
 *	rail.c      rails of Apple's chips, by IOReport
 *	board.c     rails of the board, by the SMC
 *	battery.c   the battery
 *	adapter.c   the adapter
 *
 * Which rows there are comes from what is in memory: the registry, and names that were read
 * once. All that asks a driver is left to workers.
 */
#ifndef DARWIN_POWER_H
#define DARWIN_POWER_H

#include "../host.h"
#include "../report/ioreport.h"
#include "board.h"
#include "devices.h"

/* In the order in which the table has them. */
enum power_source_index {
	SOURCE_power_meter,
	SOURCE_power_energy,
	SOURCE_power_draw,
	SOURCE_battery_charge,
	SOURCE_battery_details,
	SOURCE_battery_gauge,
	SOURCE_adapter_state,
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

struct darwin_battery_charge {
	double level;
	struct sample_text status;
	uint64_t until_empty, until_full; /* ns */
	uint64_t energy, full, design;    /* nJ */
};

struct darwin_battery_details {
	uint64_t cycles;
	struct sample_text manufacturer, model;
};

struct darwin_battery_gauge {
	int64_t millivolts, milliamperes, millicelsius;
};

struct darwin_adapter_state {
	uint64_t online;
	uint64_t rating; /* µW */
	struct sample_text model;
};

/* ---------------------------------------------------------------------------- rows */

enum power_kind {
	POWER_RAIL,    /* of the chip, by IOReport */
	POWER_BOARD,   /* a rail of the board, by the SMC; its number is the key */
	POWER_BATTERY, /* its number, and that of the next, is the registry's */
	POWER_ADAPTER,
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
	struct board *board; /* likewise; NULL: none */
};

typedef void power_visit(void *context, const struct power_finding *finding);

/* Each calls visit() for all that it finds. */
void power_find_rails(struct powers *self, power_visit *visit, void *context);
void power_find_board(struct powers *self, power_visit *visit, void *context);
void power_find_battery(struct powers *self, power_visit *visit, void *context);

/* What a worker has of a row. */
struct power_job {
	enum power_kind kind;
	char name[POWER_NAME_SIZE];
	uint64_t number;
	struct reports *reports; /* its own, as the board */
	struct board *board;
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
power_draw power_draw_rail, power_draw_board, power_draw_battery, power_draw_adapter;

/* finish() of a rail's source. */
int power_rail_finish(
	struct power_row *row, uint32_t source, const struct power_job *job, int result);

extern const struct device_source power_meter_source, power_energy_source, power_draw_source,
	battery_charge_source, battery_details_source, battery_gauge_source,
	adapter_state_source;
extern const struct device_table power_table;

#endif

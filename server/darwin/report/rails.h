/*
 * Rails: which channels of energy belong together, and what became of them from one sample to the
 * next. Pure arithmetic.
 *
 * A rail is one or more channels of IOReport's "Energy Model", or the sum of other rails:
 *
 *	package    CPU + GPU + ANE, what powermetrics calls combined power
 *	CPU        "CPU Energy" (of all dies), else its clusters
 *	clusters   "PACC0_CPU", "ECPU".., else the sums of their cores
 *	GPU        "GPU Energy", else "GPU0": both measure the same
 *	...
 *
 * Names are taken as a whole, behind one token that names the die at most: to look for a part of a name
 * counts things twice.
 *
 * Most channels are published by the power manager all together, in batches up to 2.2 s apart
 * since macOS 27, at every sampling before; each publisher has a unit of its own. Between two
 * batches nothing is known. A rail whose publisher has said nothing for RAIL_STALL_NS has no
 * value: that it takes no power is not what that means.
 */
#ifndef DARWIN_RAILS_H
#define DARWIN_RAILS_H

#include <stdbool.h>
#include <stdint.h>

#include "source.h"

enum { RAILS_MAX = 64, RAIL_NAME = 48, RAIL_NONE = 255, PUBLISHERS_MAX = 8, UNIT_NAME = 16 };

#define RAIL_STALL_NS UINT64_C(5000000000)

enum rail_kind {
	RAIL_PACKAGE,
	RAIL_CPU,
	RAIL_CLUSTER,
	RAIL_GPU,
	RAIL_GPU_SRAM,
	RAIL_ANE,
	RAIL_DRAM,
	RAIL_OTHER,
};

struct rail {
	char name[RAIL_NAME];
	enum rail_kind kind;
	bool composed;     /* the sum of those that are part of it; else of channels */
	uint8_t part_of;   /* the rail that it is a part of, or RAIL_NONE */
	uint8_t publisher; /* of its channels */
	uint64_t in_total; /* 1, 0 or ABSENT_U64(STATE_NONE) */
	/* In the running step. */
	uint64_t step_nj;
	bool heard;
	/* The account. */
	uint64_t total_nj, power_uw; /* power_uw of the time between the latest two changes */
	uint64_t since_ns;        /* up to when the total counts; 0: it has no beginning yet */
	uint64_t silent_since_ns; /* when it was heard last, or began */
	uint64_t change;          /* the step in which that was; 0: never */
	enum cell_state total_state, power_state;
};

struct rail_publisher {
	char unit[UNIT_NAME];
	bool spare, moved;
};

struct rails {
	struct rail items[RAILS_MAX];
	uint32_t count;
	struct rail_publisher publishers[PUBLISHERS_MAX];
	uint32_t publisher_count;
	uint64_t step; /* counts them */
};

/* A channel as it is told. */
struct rail_input {
	const char *name, *unit;
	bool spare; /* of a group that is for what the Energy Model does not have */
};

/* What becomes of it. */
struct rail_channel {
	uint8_t rail; /* or RAIL_NONE */
	uint8_t publisher;
	struct scale to_nj;
};

/*
 * Finds the rails of these channels; ret_channels has `count` entries, or is NULL. Rails that there were keep
 * their account; those that are no more go.
 */
void rails_plan(struct rails *self, const struct rail_input *inputs, uint32_t count,
	struct rail_channel *ret_channels);

/* One step: begin, the growth of each channel, end. INT64_MIN: it told nothing. */
void rails_begin(struct rails *self);
void rails_add(struct rails *self, const struct rail_channel *channel, int64_t growth);
/* gpu_slept: it was switched off since the step before, so that its energy may stand still. */
void rails_end(struct rails *self, uint64_t now_ns, bool gpu_slept);

/* NULL: there is none. */
const struct rail *rails_find(const struct rails *self, const char *name);

/* ---------------------------------------------------------------------------- parsers */

/* "mJ", with blanks around it, becomes 1000000/1. False: nobody knows that unit. */
bool rail_unit(const char *label, struct scale *ret_to_nj);
/*
 * Is `name` that of the pattern, in which # stands for digits? A die may stand before it
 * ("DIE_0_", or one token and a blank), and behind it where the pattern ends in ~ ("ANE0_1").
 * *ret_begin: where it begins behind the first of these.
 */
bool rail_name_is(const char *name, const char *pattern, const char **ret_begin);

#endif

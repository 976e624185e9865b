/*
 * Residency: the time that a core or a GPU spent in each of its states, as IOReport tells it, and the
 * frequency that comes of it. And DVFS tables: which frequencies those states are. Pure
 * arithmetic.
 */
#ifndef DARWIN_RESIDENCY_H
#define DARWIN_RESIDENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

enum { STATES_MAX = 64 };

/* What a state is, by its name. */
enum state_role {
	ROLE_ACTIVE, /* it ran: V0P5, P3 .., one for each step of its DVFS table, in the same order */
	ROLE_IDLE, /* "IDLE" */
	ROLE_OFF,  /* "DOWN" and "OFF": without power */
};
enum state_role state_role(const char *name);
/* "24Mticks" is 24000000 a second. 0: nobody knows that unit. */
uint64_t residency_unit(const char *label);

/* Steps of frequency in Hz, ascending. */
struct dvfs {
	uint64_t hz[STATES_MAX];
	uint32_t count; /* 0: there is no such table */
};

/*
 * A property of pmgr: pairs of 32 bits, frequency and voltage, little-endian, in Hz or in kHz. Without
 * those that are 0. What cannot be frequencies (reciprocals, zeros, a descending list) is no table.
 */
void dvfs_decode(struct dvfs *self, const uint8_t *bytes, size_t length);

struct residency {
	uint64_t active, idle, off; /* ticks */
	uint64_t per_second;
	/* Of the latest step. */
	uint64_t frequency_hz; /* or ABSENT_U64(..) */
	double active_share;   /* or absent */
	bool stepped;
};

void residency_init(struct residency *self, uint64_t ticks_per_second);
/*
 * One step: what each state grew by. INT64_MIN or less than 0: that state told nothing, and the
 * whole step is of no use. The frequency needs a table of as many steps as there are active states.
 */
void residency_step(struct residency *self, const uint8_t *roles, const int64_t *growth,
	uint32_t count, const struct dvfs *dvfs);
/* Ticks in ns. */
uint64_t residency_ns(const struct residency *self, uint64_t ticks);

#endif

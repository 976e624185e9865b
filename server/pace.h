/*
 * Pace: when a source of a row may be read again.
 *
 * A source may have a period: it is read no more often, however often it is asked for. And
 * one that failed for a row rests, longer each time, so that what is broken or hangs costs
 * less and less and others nothing; the first failure of a source is told in the log.
 */
#ifndef SERVER_PACE_H
#define SERVER_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct instance;

/* By slot and source; the arrays are made when the first one has to rest. */
struct pace {
	uint64_t *rest_until_ns;
	uint8_t *failures; /* in a row */
	uint32_t cells;
};

void pace_finish(struct pace *self);

/* Is it to be left alone for now? */
bool pace_rests(
	const struct instance *instance, uint32_t index, uint32_t slot, uint64_t now_ns);
/* Has it failed when it was read last? */
bool pace_has_failed(const struct instance *instance, uint32_t index, uint32_t slot);
/* It is being read, or handed to a worker. */
void pace_begin(struct instance *instance, uint32_t index, uint32_t slot, uint64_t now_ns);
/* What came of that. A row that is gone has not failed. */
void pace_end(
	struct instance *instance, uint32_t index, uint32_t slot, bool failed, uint64_t now_ns);
/* Something of its sample has no value because of an error: told once. */
void pace_report(struct instance *instance, uint32_t index);

void pace_forget_row(struct instance *instance, uint32_t slot);
/* Somebody wants more of the source: only who failed goes on resting. */
void pace_forget_source(struct instance *instance, uint32_t index);

#endif

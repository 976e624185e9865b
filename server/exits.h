/*
 * Exits: the rows of processes that have ended, while there are readers who have yet to be
 * shown them. An ended row is not sampled any more; its cells keep what was known last.
 *
 * Such rows exist only while a view wants them (view.exits). There is a limit to how many
 * wait for slow readers; beyond it the oldest go first, and are counted.
 */
#ifndef SERVER_EXITS_H
#define SERVER_EXITS_H

#include <stdbool.h>
#include <stdint.h>

#include "limit.h"

struct instance;
struct exit_entry;

struct exits {
	struct exit_entry *entries; /* a ring of EXITS_MAX, oldest first; NULL: never needed */
	uint32_t first, count;
	uint64_t dropped; /* went before everybody had been shown them */
};

void exits_finish(struct exits *self);

/* The process of the row has ended: reads it for the last time. The slot is then no longer
 * the provider's. */
void exits_add(struct instance *instance, uint32_t slot, uint64_t now_ns);

/* Takes out the rows for which nobody waits any more. */
void exits_retire(struct instance *instance, uint64_t now_ns,
	bool (*awaited)(void *context, uint32_t slot, bool patient), void *context);

/* The i-th ended row, oldest first; i < count. */
uint32_t exits_get_slot(const struct exits *self, uint32_t i);

#endif

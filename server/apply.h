/*
 * Apply: from a source's sample into the table's cells: the bound fields are scaled,
 * compared, stored and stamped.
 */
#ifndef SERVER_APPLY_H
#define SERVER_APPLY_H

#include "instance.h"

/* A whole sample; or, if state is not STATE_OK, the state that all its cells get. */
void apply_sample(struct instance *self, uint32_t index, uint32_t slot, const void *sample,
	enum cell_state state, uint64_t sampled_ns);
/* Its cells that have never been set get this state. */
void apply_to_pending(struct instance *self, uint32_t index, uint32_t slot,
	enum cell_state state, uint64_t sampled_ns);
/* Likewise of a row that has ended: what the provider leaves as apply_clear() made it stays as
 * it is in the table. */
void apply_clear(const struct instance *self, uint32_t index, void *sample);
void apply_last(struct instance *self, uint32_t index, uint32_t slot, const void *sample,
	uint64_t sampled_ns);

#endif

/* Source identity: what the row is known by. Nothing is read. */
#include "process.h"

static int identity_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_identity *sample = memory;

	sample->pid = self->pids[slot];
	sample->unique_id = self->rows[slot].identity;
	return STATE_OK;
}

const struct process_source identity_source = {
	.source = {.name = "identity",
		.sample_size = sizeof(struct linux_identity),
		.lane = LANE_FAST,
		.gated = true,
		.last = true},
	.read = identity_read,
};

/* Source coalition: PROC_PIDCOALITIONINFO. A process is in the one that it was started in, for life. */
#include "process.h"

static int coalition_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_coalition *sample = memory;
	struct row *row = &self->rows[slot];
	struct proc_pidcoalitioninfo info;
	int result = STATE_OK;

	if (!row->coalition) {
		result = row_info(self, slot, PROC_PIDCOALITIONINFO, 0, &info, sizeof info);
		if (result != STATE_OK)
			return result;
		row->coalition = info.coalition_id[0];
	}
	sample->id = row->coalition ? row->coalition : ABSENT_U64(STATE_NONE);
	return result;
}

const struct process_source coalition_source = {
	.source = {.name = "coalition",
		.sample_size = sizeof(struct darwin_coalition),
		.lane = LANE_FAST,
		.gated = true},
	.read = coalition_read,
};

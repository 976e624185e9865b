/* Source start: when a process was started, which does not change: it is asked once. */
#include "process.h"

static int find_start(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];
	int result = row_is_denied(self, slot) ? STATE_DENIED : row_bsd(self, slot, true);

	if (result == STATE_OK)
		row->start_ns = row->bsd.pbi_start_tvsec * PROCESS_SECOND_NS +
				row->bsd.pbi_start_tvusec * 1000;
	if (result == STATE_DENIED)
		row_kinfo(self, slot, &result);
	return result;
}

static int start_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_start *sample = memory;
	int result = self->rows[slot].start_ns ? STATE_OK : find_start(self, slot);

	sample->time_ns = self->rows[slot].start_ns;
	return result;
}

const struct process_source start_source = {
	.source = {.name = "start",
		.sample_size = sizeof(struct darwin_start),
		.lane = LANE_FAST,
		.gated = true},
	.read = start_read,
};

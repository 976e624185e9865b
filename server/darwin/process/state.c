/*
 * Source state: one letter. For BSD each process runs that does not stop and has not ended; whether
 * one of its threads does, the task knows: of other users' processes that is not told.
 */
#include <sys/proc.h>

#include "process.h"

static int letter_of(struct processes *self, uint32_t slot, char *ret_letter)
{
	int result = row_bsd(self, slot, false);

	if (result != STATE_OK)
		return result;
	switch (self->rows[slot].bsd.pbi_status) {
	case SIDL:
		*ret_letter = 'I';
		return STATE_OK;
	case SSTOP:
		*ret_letter = self->rows[slot].bsd.pbi_flags & PROC_FLAG_TRACED ? 't' : 'T';
		return STATE_OK;
	case SZOMB:
		*ret_letter = 'Z';
		return STATE_OK;
	default:
		break;
	}
	result = row_task(self, slot);
	*ret_letter = self->rows[slot].task.pti_numrunning > 0 ? 'R' : 'S';
	return result;
}

static int state_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_state *sample = memory;
	int result = letter_of(self, slot, &self->state[0]);

	sample->letter = (struct sample_text){self->state, 1, STATE_OK};
	return result;
}

const struct process_source state_source = {
	.source = {.name = "state",
		.sample_size = sizeof(struct darwin_state),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = state_read,
};

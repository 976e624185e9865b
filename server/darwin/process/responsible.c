/*
 * Source responsible: the application that a process works for, a terminal for what was started in
 * it. It goes by the pid, and says nothing of other users' processes. It is settled when a process
 * starts or its application ends, so that it is asked again only when the process has run.
 */
#include "process.h"

static int responsible_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_responsible *sample = memory;
	int pid = (int)self->rows[slot].pid, responsible;
	uint64_t unique_id;

	if (row_is_denied(self, slot))
		return STATE_DENIED;
	responsible = responsibility_get_pid_responsible_for_pid(pid);
	unique_id = responsibility_get_uniqueid_responsible_for_pid(pid);
	if (!row_is_there(self, slot))
		return SAMPLE_GONE;
	if (responsible < 0 && unique_id == 0)
		return STATE_DENIED;
	sample->pid = responsible < 0 ? ABSENT_U64(STATE_NONE) : (uint64_t)responsible;
	sample->unique_id = unique_id ? unique_id : ABSENT_U64(STATE_NONE);
	return STATE_OK;
}

const struct process_source responsible_source = {
	.source = {.name = "responsible",
		.sample_size = sizeof(struct darwin_responsible),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = responsible_read,
};

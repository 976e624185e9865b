/* Source session: getsid(2), which goes by the pid and tells it of any process. */
#include <errno.h>
#include <unistd.h>

#include "process.h"

static int session_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_session *sample = memory;
	uint32_t pid = self->rows[slot].pid;
	pid_t session;

	/* 0 would mean ourselves. */
	if (!pid)
		return STATE_NONE;
	session = getsid((pid_t)pid);
	if (session < 0)
		return row_state_of(self, slot, errno);
	if (!row_is_there(self, slot))
		return SAMPLE_GONE;
	sample->id = session ? (uint64_t)session : ABSENT_U64(STATE_NONE);
	return STATE_OK;
}

const struct process_source session_source = {
	.source = {.name = "session",
		.sample_size = sizeof(struct darwin_session),
		.lane = LANE_FAST,
		.gated = true},
	.read = session_read,
};

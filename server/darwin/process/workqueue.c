/* Source workqueue: PROC_PIDWORKQUEUEINFO. The kernel says that a process has none by ESRCH or, of its
 * own process, EINVAL; ESRCH too while it holds the lock of one, which passes. */
#include <errno.h>

#include "process.h"

static int workqueue_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_workqueue *sample = memory;
	struct proc_workqueueinfo info;
	int result = row_info(self, slot, PROC_PIDWORKQUEUEINFO, 0, &info, sizeof info);

	if (result == STATE_FAILED && errno == EINVAL)
		return STATE_NONE;
	if (result != STATE_OK)
		return result;
	sample->threads = info.pwq_nthreads;
	sample->running = info.pwq_runthreads;
	sample->blocked = info.pwq_blockedthreads;
	sample->state = info.pwq_state;
	return STATE_OK;
}

const struct process_source workqueue_source = {
	.source = {.name = "workqueue",
		.sample_size = sizeof(struct darwin_workqueue),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = workqueue_read,
};

/* Source task_purgeable: TASK_VM_INFO_PURGEABLE by a name port. The kernel walks the map of the target
 * for it, under its lock: always for a worker. */
#include <errno.h>

#include "process.h"

static int task_purgeable_run(struct job *job)
{
	const struct process_job *own = process_job(job);
	struct darwin_task_purgeable *sample = job->sample;
	struct proc_taskinfo info;
	int error = task_read_purgeable(own->pid, &sample->purgeable), result;

	switch (error) {
	case 0:
		return job_is_there(own) ? STATE_OK : SAMPLE_GONE;
	case -EPERM: /* or a zombie */
		result = job_info(own, PROC_PIDTASKINFO, 0, &info, sizeof info, NULL);
		return result == STATE_OK ? STATE_DENIED : result;
	case -EINVAL:
		return STATE_UNSUPPORTED;
	default:
		return job_state_of(own, -error);
	}
}

static int task_purgeable_read(struct processes *self, uint32_t slot, void *sample)
{
	(void)sample;
	return row_leave_to_worker(self, slot);
}

/* Whose effective user is ours and the real one is not is no other user's for other sources. */
const struct process_source task_purgeable_source = {
	.source = {.name = "task_purgeable",
		.sample_size = sizeof(struct darwin_task_purgeable),
		.lane = LANE_EITHER, /* as on Linux, where it is fast */
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = task_purgeable_read,
	.run = task_purgeable_run,
	.prepare = job_prepare_own,
};

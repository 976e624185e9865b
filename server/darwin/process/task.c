/*
 * Source task: PROC_PIDTASKINFO. The kernel cuts its counters of 32 bits at the largest number that
 * they hold (xnu: osfmk/kern/bsd_kern.c): there they stand still, and so are not known any more.
 */
#include "process.h"

int row_task(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	if (row->task_round != self->round) {
		row->task_result =
			row_info(self, slot, PROC_PIDTASKINFO, 0, &row->task, sizeof row->task);
		row->task_round = self->round;
	}
	return row->task_result;
}

static uint64_t count(int32_t value)
{
	return value >= 0 && value < INT32_MAX ? (uint64_t)value
					       : ABSENT_U64(STATE_UNSUPPORTED);
}

static int task_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_task *sample = memory;
	const struct proc_taskinfo *task = &self->rows[slot].task;
	int result = row_task(self, slot);

	if (result != STATE_OK)
		return result;
	sample->virtual = task->pti_virtual_size;
	sample->threads_user = task->pti_threads_user;
	sample->threads_system = task->pti_threads_system;
	sample->threads = count(task->pti_threadnum);
	sample->running = count(task->pti_numrunning);
	sample->policy = count(task->pti_policy);
	sample->priority = task->pti_priority;
	sample->faults = count(task->pti_faults);
	sample->copies = count(task->pti_cow_faults);
	sample->switches = count(task->pti_csw);
	sample->messages_sent = count(task->pti_messages_sent);
	sample->messages_received = count(task->pti_messages_received);
	sample->calls_mach = count(task->pti_syscalls_mach);
	sample->calls_unix = count(task->pti_syscalls_unix);
	return STATE_OK;
}

const struct process_source task_source = {
	.source = {.name = "task",
		.sample_size = sizeof(struct darwin_task),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = task_read,
};

/*
 * Source threads: CPU time of the living threads, and how many of them run.
 * /proc/PID/task/TID/stat has them, while /proc/PID/stat counts ended threads too, and shows the
 * state of the first one only.
 */
#include "process.h"

static void add_thread(void *context, const struct task_stat *stat)
{
	struct linux_threads *sample = context;

	sample->user += stat->user;
	sample->system += stat->system;
	sample->running += stat->running;
}

static int threads_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_threads *sample = memory;

	*sample = (struct linux_threads){0};
	return row_add_tasks(self, slot, add_thread, sample);
}

const struct process_source threads_source = {
	.source = {.name = "threads",
		.sample_size = sizeof(struct linux_threads),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.read = threads_read,
};

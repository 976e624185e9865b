#include "thread.h"

#include <errno.h>
#include <mach/thread_info.h>
#include <stdlib.h>
#include <string.h>

#include "../process/process.h"
#include "alloc.h"

struct threads {
	struct devices devices;
	struct process_job target;
	uint64_t *ids; /* room for the list */
	int size;      /* bytes */
	/* Texts of the sample. */
	char name[MAXTHREADNAMESIZE], state[1];
};

struct thread {
	uint64_t id;
};

static struct threads *threads_of(struct devices *devices)
{
	return (struct threads *)(void *)devices;
}

/* ------------------------------------------------------------------------------- rows */

static int error_of(int state)
{
	switch (state) {
	case STATE_OK:
		return 0;
	case STATE_DENIED:
		return -EACCES;
	case STATE_NONE: /* a zombie */
	case SAMPLE_GONE:
		return -ESRCH;
	default:
		return -EIO;
	}
}

/* The kernel lists as many as fit, and 10 more than there were when it began. */
static int list(struct threads *self, int *ret_count)
{
	int used, result;

	for (;;) {
		if (self->size) {
			result = job_info(&self->target, PROC_PIDLISTTHREADIDS, 0, self->ids,
				self->size, &used);
			if (result != STATE_OK || used < self->size)
				break;
		}
		self->size = self->size ? self->size * 2 : 64 * (int)sizeof *self->ids;
		self->ids = xreallocarray(self->ids, (size_t)self->size, 1);
	}
	if (result == STATE_OK)
		*ret_count = used / (int)sizeof *self->ids;
	return error_of(result);
}

static int find(struct devices *devices)
{
	struct threads *self = threads_of(devices);
	int count = 0, error = list(self, &count);

	for (int i = 0; i < count; i++) {
		bool is_new;
		struct thread *thread =
			devices_found_number(devices, self->ids[i], self->target.pid, &is_new);
		if (thread)
			thread->id = self->ids[i];
	}
	return error;
}

static void close_table(struct devices *devices)
{
	free(threads_of(devices)->ids);
}

static int open_table(struct devices *devices, const struct target *target)
{
	struct threads *self = threads_of(devices);
	struct proc_uniqidentifierinfo info;
	int count, error;

	if (target->pid > INT32_MAX)
		return -ESRCH;
	if (proc_pidinfo((int)target->pid, PROC_PIDUNIQIDENTIFIERINFO, 0, &info, sizeof info) !=
		(int)sizeof info)
		return errno == ESRCH ? -ESRCH : -EIO;
	self->target =
		(struct process_job){.pid = (uint32_t)target->pid, .identity = info.p_uniqueid};
	error = list(self, &count);
	if (error)
		close_table(devices);
	return error;
}

static bool has_target(struct devices *devices)
{
	return job_is_there(&threads_of(devices)->target);
}

/* ---------------------------------------------------------------------- source thread */

static char letter_of(const struct proc_threadinfo *info)
{
	if (info->pth_flags & TH_FLAGS_IDLE)
		return 'I';
	switch (info->pth_run_state) {
	case TH_STATE_RUNNING:
		return 'R';
	case TH_STATE_UNINTERRUPTIBLE:
		return 'D';
	case TH_STATE_STOPPED:
	case TH_STATE_HALTED:
		return 'T';
	default:
		return 'S';
	}
}

static void fill(
	struct threads *self, const struct proc_threadinfo *info, struct darwin_thread *sample)
{
	size_t length = strnlen(info->pth_name, sizeof info->pth_name);

	memcpy(self->name, info->pth_name, length);
	sample->name = (struct sample_text){self->name, (uint32_t)length, STATE_OK};
	if (!length)
		sample->name = (struct sample_text){.state = STATE_NONE};
	self->state[0] = letter_of(info);
	sample->state = (struct sample_text){self->state, 1, STATE_OK};
	/* Nanoseconds, unlike those of processes. xnu: fill_taskthreadinfo(), osfmk/kern/bsd_kern.c. */
	sample->user_ns = info->pth_user_time;
	sample->system_ns = info->pth_system_time;
	sample->total_ns = info->pth_user_time + info->pth_system_time;
	sample->priority = info->pth_curpri;
	sample->policy = (uint64_t)(uint32_t)info->pth_policy;
}

static int thread_read(struct devices *devices, void *row, void *memory)
{
	struct threads *self = threads_of(devices);
	const struct thread *thread = row;
	struct darwin_thread *sample = memory;
	struct proc_threadinfo info;
	int result = job_info(
		&self->target, PROC_PIDTHREADID64INFO, thread->id, &info, sizeof info, NULL);

	/* The process is there, or a zombie, and has no such thread. */
	if (result == STATE_NONE)
		return SAMPLE_GONE;
	if (result != STATE_OK)
		return result;
	sample->tid = thread->id;
	fill(self, &info, sample);
	return STATE_OK;
}

static const struct device_source thread_source = {
	.source = {.name = "thread",
		.sample_size = sizeof(struct darwin_thread),
		.lane = LANE_FAST,
		.remedy = REMEDY_OTHERS},
	.read = thread_read,
};

static const struct device_source *const sources[THREAD_SOURCE_COUNT] = {
	[SOURCE_thread] = &thread_source,
};

const struct device_table thread_table = {
	.id = TABLE_THREAD,
	.sources = sources,
	.source_count = THREAD_SOURCE_COUNT,
	.size = sizeof(struct threads),
	.row_size = sizeof(struct thread),
	.targeted = true,
	.open = open_table,
	.close = close_table,
	.has_target = has_target,
	.find = find,
};

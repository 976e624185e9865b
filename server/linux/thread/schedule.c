/*
 * Sources clock and schedule: how long a thread ran and waited for a core, by the scheduler's own
 * account in nanoseconds, /proc/PID/task/TID/schedstat. It is read once for both.
 *
 * Where the kernel does not keep that account, it says 0 (and a thread that never ran has used
 * nothing): the CPU time then is that of stat, in clock ticks.
 */
#include <errno.h>

#include "../process/process.h"
#include "thread.h"

int thread_schedule_parse(const char *bytes, size_t length, struct schedule *ret_schedule)
{
	struct scan scan = {bytes, bytes + length};
	int64_t number[3];

	for (int i = 0; i < 3; i++)
		if (!scan_number(&scan, &number[i]) || number[i] < 0)
			return -EBADMSG;
	*ret_schedule = (struct schedule){
		(uint64_t)number[0], (uint64_t)number[1], (uint64_t)number[2]};
	return 0;
}

/* 0 or a negative errno. */
static int read_schedule(struct threads *self, struct thread *thread)
{
	char path[THREAD_PATH], bytes[128];
	ssize_t length;

	if (thread->schedule_round == self->devices.round)
		return thread->schedule_error;
	thread->schedule_round = self->devices.round;
	length = read_file(
		self->directory, thread_path(thread, "schedstat", path), bytes, sizeof bytes);
	thread->schedule_error =
		length < 0 ? (int)length
			   : thread_schedule_parse(bytes, (size_t)length, &thread->schedule);
	return thread->schedule_error;
}

static int clock_read(struct devices *devices, void *row, void *memory)
{
	struct threads *self = threads_of(devices);
	struct thread *thread = row;
	struct linux_thread_clock *sample = memory;
	int error = read_schedule(self, thread);
	int state = error ? thread_state(self, thread, error) : STATE_OK;

	sample->total_ns = thread->schedule.ran_ns;
	if (state == STATE_UNSUPPORTED || (state == STATE_OK && !sample->total_ns)) {
		sample->total_ns = saturating_multiply(
			thread->user + thread->system, devices->host->tick_ns);
		return STATE_OK;
	}
	return state;
}

static int schedule_read(struct devices *devices, void *row, void *memory)
{
	struct threads *self = threads_of(devices);
	struct thread *thread = row;
	struct linux_thread_schedule *sample = memory;
	int error = read_schedule(self, thread);

	if (error)
		return thread_state(self, thread, error);
	sample->run_delay_ns = thread->schedule.run_delay_ns;
	sample->slices = thread->schedule.slices;
	return STATE_OK;
}

const struct device_source thread_clock_source = {
	.source = {.name = "clock",
		.sample_size = sizeof(struct linux_thread_clock),
		.lane = LANE_FAST,
		.remedy = REMEDY_HIDDEN},
	.read = clock_read,
};

const struct device_source thread_schedule_source = {
	.source = {.name = "schedule",
		.sample_size = sizeof(struct linux_thread_schedule),
		.lane = LANE_FAST,
		.remedy = REMEDY_HIDDEN},
	.unsupported = schedstat_unsupported,
	.read = schedule_read,
};

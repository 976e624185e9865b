/*
 * Source regions: the lines of /proc/PID/maps, one a mapping. (One of them, [vsyscall], is a page
 * of the kernel's that all processes see.) The kernel takes the memory lock of the process: slow
 * lane.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "process.h"

/* Adds the lines of a file, and closes it. Returns 0 or a negative errno. */
static int count_lines(int file, uint64_t *lines)
{
	char bytes[16384];
	ssize_t length;

	if (file < 0)
		return file;
	while ((length = read_fully(file, bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < length; i++)
			*lines += bytes[i] == '\n';
	close(file);
	return (int)length;
}

static bool count_thread(void *context, int tasks, uint32_t tid)
{
	uint64_t *lines = context;

	return count_lines(task_open(tasks, tid, "maps"), lines) < 0 || !*lines;
}

static int regions_run(struct job *job)
{
	const struct process_job *own = (const struct process_job *)(const void *)job->context;
	struct linux_regions *sample = job->sample;
	int file = openat(own->directory, "maps", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int result = count_lines(file < 0 ? -errno : file, &sample->count);

	if (result < 0 && result != -ESRCH)
		return job_state_of(own, -result);
	/* No memory: a kernel thread, a zombie, or a process whose first thread has ended. */
	if (!sample->count)
		tasks_each(own->directory, count_thread, &sample->count);
	if (!sample->count)
		return job_state_of(own, ESRCH) == SAMPLE_GONE ? SAMPLE_GONE : STATE_NONE;
	return STATE_OK;
}

const struct process_source regions_source = {
	.source = {.name = "regions",
		.sample_size = sizeof(struct linux_regions),
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_MAPPED},
	.run = regions_run,
};

/*
 * Source regions: the lines of /proc/PID/maps, one a mapping. (One of them, [vsyscall], is a page
 * of the kernel's that all processes see.) The kernel takes the memory lock of the process: slow
 * lane.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "process.h"

/* None: a kernel thread, a zombie, or a process whose first thread has ended. */
static int count_regions(void *context, int directory)
{
	struct linux_regions *sample = context;
	int file = openat(directory, "maps", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char bytes[16384];
	ssize_t length;

	if (file < 0)
		return -errno;
	sample->count = 0;
	while ((length = read_fully(file, bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < length; i++)
			sample->count += bytes[i] == '\n';
	close(file);
	return length == 0 && !sample->count ? -ESRCH : (int)length;
}

static int regions_run(struct job *job)
{
	return job_read_shared((const struct process_job *)(const void *)job->context,
		count_regions, job->sample);
}

const struct process_source regions_source = {
	.source = {.name = "regions",
		.sample_size = sizeof(struct linux_regions),
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_MAPPED},
	.run = regions_run,
};

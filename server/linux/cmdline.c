/*
 * Source cmdline: /proc/PID/cmdline. The kernel takes it from the memory of the process,
 * which may have to wait for the process or for a page: slow lane.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "process.h"

enum { CMDLINE_MAX = 4096 };

/* A process may have written its own text there, with or without NULs at the end. */
size_t cmdline_parse(char *bytes, size_t length)
{
	while (length && bytes[length - 1] == '\0')
		length--;
	for (size_t i = 0; i < length; i++)
		if (bytes[i] == '\0')
			bytes[i] = ' ';
	return length;
}

/* The length or a negative errno. */
static ssize_t read_arguments(int directory, char *bytes)
{
	int file = openat(directory, "cmdline", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t length;

	if (file < 0)
		return -errno;
	length = read_fully(file, bytes, CMDLINE_MAX);
	close(file);
	return length;
}

static int cmdline_run(struct job *job)
{
	const struct process_job *own = (const struct process_job *)(const void *)job->context;
	struct linux_cmdline *sample = job->sample;
	ssize_t length = read_arguments(own->directory, job->text);
	int living;

	if (length == 0 && (living = tasks_open_living(own->directory)) >= 0) {
		length = read_arguments(living, job->text);
		close(living);
	}
	if (length < 0)
		return job_state_of(own, (int)-length);
	length = (ssize_t)cmdline_parse(job->text, (size_t)length);
	if (length == 0)
		return STATE_NONE; /* kernel threads and zombies */
	sample->text = (struct sample_text){.bytes = job->text, .length = (uint32_t)length};
	return STATE_OK;
}

const struct process_source cmdline_source = {
	.source = {.name = "cmdline",
		.sample_size = sizeof(struct linux_cmdline),
		.text_size = CMDLINE_MAX,
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.run = cmdline_run,
};

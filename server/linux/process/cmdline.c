/*
 * Source cmdline: /proc/PID/cmdline. The kernel takes it from the memory of the process,
 * which may have to wait for the process or for a page: slow lane.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "limit.h"
#include "process.h"

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

struct arguments {
	char *bytes;
	size_t size, length;
};

static int read_arguments(void *context, int directory)
{
	struct arguments *arguments = context;
	int file = openat(directory, "cmdline", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t length =
		file < 0 ? -errno : read_fully(file, arguments->bytes, arguments->size);

	if (file >= 0)
		close(file);
	if (length <= 0) /* kernel threads and zombies have none */
		return length < 0 ? (int)length : -ESRCH;
	arguments->length = (size_t)length;
	return 0;
}

int job_read_arguments(
	const struct process_job *job, char *bytes, size_t size, size_t *ret_length)
{
	struct arguments arguments = {.bytes = bytes, .size = size};
	int result = job_read_shared(job, read_arguments, &arguments);

	*ret_length = arguments.length;
	return result;
}

static int cmdline_run(struct job *job)
{
	const struct process_job *own = (const struct process_job *)(const void *)job->context;
	struct linux_cmdline *sample = job->sample;
	size_t length;
	int result = job_read_arguments(own, job->text, CELL_TEXT_MAX, &length);

	if (result != STATE_OK)
		return result;
	length = cmdline_parse(job->text, length);
	if (length == 0)
		return STATE_NONE;
	sample->text = (struct sample_text){.bytes = job->text, .length = (uint32_t)length};
	return STATE_OK;
}

const struct process_source cmdline_source = {
	.source = {.name = "cmdline",
		.sample_size = sizeof(struct linux_cmdline),
		.text_size = CELL_TEXT_MAX,
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.run = cmdline_run,
};

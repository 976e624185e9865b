/*
 * Source cmdline: sysctl KERN_PROCARGS2, which copies the memory of the process where its arguments
 * are: slow lane. The environment is in the same place, behind them; it is nobody's business.
 *
 * The kernel writes the number of arguments, in 4 bytes; the path of the executable and zeros up to
 * the next 8 bytes; the arguments; the environment (xnu: exec_extract_strings() in
 * bsd/kern/kern_exec.c, sysctl_procargsx() in bsd/kern/kern_sysctl.c). So the first argument is
 * found by that rule: behind all zeros would be too far when it is empty, and what is then taken for
 * the last argument is of the environment. With too little room it gives the end, not the beginning:
 * what fills all the room may be that, and is not used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syslimits.h>

#include "limit.h"
#include "process.h"

enum { ROOM = ARG_MAX };

struct area {
	const char *at, *end;
};

/* The string at the beginning, which is taken off with its zero. */
static const char *take_string(struct area *area, size_t *ret_length)
{
	const char *begin = area->at;
	const char *zero = memchr(begin, '\0', (size_t)(area->end - begin));

	*ret_length = (size_t)((zero ? zero : area->end) - begin);
	area->at = zero ? zero + 1 : area->end;
	return begin;
}

static int take_path(struct area *area)
{
	const char *begin = area->at;
	size_t length;

	take_string(area, &length);
	for (; (area->at - begin) % 8 && area->at < area->end; area->at++)
		if (*area->at)
			return -EBADMSG;
	return 0;
}

/* Without the blanks of empty arguments at the end. */
static int64_t join(struct area *area, int32_t count, char *line, size_t size)
{
	size_t used = 0, kept = 0;

	for (int32_t i = 0; i < count && area->at < area->end && used < size; i++) {
		size_t length;
		const char *argument = take_string(area, &length);
		if (i)
			line[used++] = ' ';
		if (length > size - used)
			length = size - used;
		memcpy(line + used, argument, length);
		used += length;
		if (length)
			kept = used;
	}
	return (int64_t)kept;
}

int64_t cmdline_parse(const char *bytes, size_t length, char *line, size_t size)
{
	struct area area = {bytes + sizeof(int32_t), bytes + length};
	int32_t count;

	if (length < sizeof count)
		return -EBADMSG;
	memcpy(&count, bytes, sizeof count);
	if (count < 0 || take_path(&area) < 0)
		return -EBADMSG;
	return join(&area, count, line, size);
}

/* ----------------------------------------------------------------------------- the call */

/* 0 or an errno. While a process is started or ends it may be EIO, or none (psutil#2708). */
static int call(uint32_t pid, char *bytes, size_t *ret_length)
{
	int name[] = {CTL_KERN, KERN_PROCARGS2, (int)pid};
	int error = 0;

	for (int attempt = 0; attempt < 2; attempt++) {
		*ret_length = ROOM;
		errno = 0;
		if (sysctl(name, 3, bytes, ret_length, NULL, 0) == 0)
			return 0;
		error = errno ? errno : EIO;
		if (error != EIO)
			break;
	}
	return error;
}

/* EINVAL is said of other users' processes, of zombies, of the kernel's own and of none. */
static int state_of_refusal(const struct process_job *job, int error)
{
	struct proc_bsdinfo info;
	int result = job_info(job, PROC_PIDTBSDINFO, 1, &info, sizeof info, NULL);

	if (result != STATE_OK)
		return result;
	return error == EINVAL ? STATE_NONE : STATE_FAILED;
}

static int read_area(struct job *job, char *bytes)
{
	const struct process_job *own = process_job(job);
	struct darwin_cmdline *sample = job->sample;
	size_t length;
	int64_t used;
	int error = call(own->pid, bytes, &length);

	if (error)
		return state_of_refusal(own, error);
	if (!job_is_there(own))
		return SAMPLE_GONE;
	if (length >= ROOM)
		return STATE_UNSUPPORTED;
	used = cmdline_parse(bytes, length, job->text, CELL_TEXT_MAX);
	if (used < 0)
		return STATE_FAILED;
	if (!used)
		return STATE_NONE;
	sample->text = (struct sample_text){job->text, (uint32_t)used, STATE_OK};
	return STATE_OK;
}

static int cmdline_run(struct job *job)
{
	char *bytes = malloc(ROOM);
	int result = bytes ? read_area(job, bytes) : STATE_FAILED;

	free(bytes);
	return result;
}

const struct process_source cmdline_source = {
	.source = {.name = "cmdline",
		.sample_size = sizeof(struct darwin_cmdline),
		.text_size = CELL_TEXT_MAX,
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.run = cmdline_run,
	.prepare = job_prepare_own,
	.finish = job_finish_own,
};

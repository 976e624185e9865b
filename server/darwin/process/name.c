/*
 * Source name: what people call a process: the last part of the path of its executable. Where there
 * is none, the kernel has a name of up to 31 bytes for the same user, and of 15 for all.
 */
#include <string.h>

#include "path.h"

struct sample_text name_of_path(const char *path, uint32_t length)
{
	uint32_t begin = length;

	while (begin && path[begin - 1] != '/')
		begin--;
	return (struct sample_text){path + begin, length - begin, STATE_OK};
}

static int name_read(struct processes *self, uint32_t slot, void *memory)
{
	(void)self, (void)slot, (void)memory;
	return SAMPLE_LATER;
}

static void keep(struct job *job, const char *name, size_t size)
{
	struct darwin_name *sample = job->sample;
	size_t length = strnlen(name, size);

	memcpy(job->text, name, length);
	sample->text = (struct sample_text){job->text, (uint32_t)length, STATE_OK};
	if (!length)
		sample->text = (struct sample_text){.state = STATE_NONE};
}

static int kernel_name(struct job *job)
{
	const struct process_job *own = process_job(job);
	struct proc_bsdinfo whole;
	struct proc_bsdshortinfo brief;
	int result = job_info(own, PROC_PIDTBSDINFO, 1, &whole, sizeof whole, NULL);

	if (result == STATE_OK && whole.pbi_name[0]) {
		keep(job, whole.pbi_name, sizeof whole.pbi_name);
		return STATE_OK;
	}
	result = job_info(own, PROC_PIDT_SHORTBSDINFO, 1, &brief, sizeof brief, NULL);
	if (result == STATE_OK)
		keep(job, brief.pbsi_comm, sizeof brief.pbsi_comm);
	return result;
}

static int name_run(struct job *job)
{
	struct darwin_name *sample = job->sample;
	uint32_t length;
	int result = job_path(process_job(job), job->text, &length);

	if (result == SAMPLE_GONE)
		return result;
	if (result != STATE_OK)
		return kernel_name(job);
	sample->text = name_of_path(job->text, length);
	return STATE_OK;
}

const struct process_source name_source = {
	.source = {.name = "name",
		.sample_size = sizeof(struct darwin_name),
		.text_size = PROCESS_PATH_SIZE,
		.lane = LANE_EITHER,
		.gated = true},
	.read = name_read,
	.run = name_run,
};

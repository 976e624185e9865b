/*
 * Source directories: PROC_PIDVNODEPATHINFO. The kernel asks the file system of each about it, which
 * may be on a server that does not answer: workers do it. It has no root directory of its own unless
 * it was given one.
 */
#include <string.h>
#include <sys/param.h>

#include "process.h"

static int directories_read(struct processes *self, uint32_t slot, void *memory)
{
	(void)memory;
	return row_leave_to_worker(self, slot);
}

static struct sample_text keep(char *to, const char path[MAXPATHLEN], const char *otherwise)
{
	size_t length = strnlen(path, MAXPATHLEN);

	if (!length && !otherwise)
		return (struct sample_text){.state = STATE_NONE};
	if (!length) {
		path = otherwise;
		length = strlen(otherwise);
	}
	memcpy(to, path, length);
	return (struct sample_text){to, (uint32_t)length, STATE_OK};
}

static int directories_run(struct job *job)
{
	struct darwin_directories *sample = job->sample;
	struct proc_vnodepathinfo info;
	int result =
		job_info(process_job(job), PROC_PIDVNODEPATHINFO, 0, &info, sizeof info, NULL);

	if (result != STATE_OK)
		return result;
	sample->current = keep(job->text, info.pvi_cdir.vip_path, NULL);
	sample->root = keep(job->text + MAXPATHLEN, info.pvi_rdir.vip_path, "/");
	return STATE_OK;
}

const struct process_source directories_source = {
	.source = {.name = "directories",
		.sample_size = sizeof(struct darwin_directories),
		.text_size = 2 * MAXPATHLEN,
		.lane = LANE_EITHER,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = directories_read,
	.run = directories_run,
	.prepare = job_prepare_own,
	.finish = job_finish_own,
};

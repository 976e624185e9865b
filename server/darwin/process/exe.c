/*
 * Source exe: the path of the executable, of any process (PROC_PIDPATHINFO). The kernel looks the path
 * up again to see whether it still leads there, which may wait for a file server: workers do it. It
 * has no path of a file that was deleted (ENOENT), nor of its own process (ESRCH).
 */
#include <string.h>

#include "path.h"

int job_path(const struct process_job *job, char path[PROCESS_PATH_SIZE], uint32_t *ret_length)
{
	int used, result;

	memset(path, 0, PROCESS_PATH_SIZE);
	result = job_info(job, PROC_PIDPATHINFO, 0, path, PROCESS_PATH_SIZE, &used);
	*ret_length = (uint32_t)strnlen(path, PROCESS_PATH_SIZE);
	return result == STATE_OK && *ret_length == 0 ? STATE_NONE : result;
}

static int exe_read(struct processes *self, uint32_t slot, void *memory)
{
	(void)memory;
	return self->rows[slot].flags & ROW_ZOMBIE ? STATE_NONE : SAMPLE_LATER;
}

static int exe_run(struct job *job)
{
	struct darwin_exe *sample = job->sample;
	uint32_t length;
	int result = job_path(process_job(job), job->text, &length);

	sample->path = (struct sample_text){job->text, length, STATE_OK};
	return result;
}

const struct process_source exe_source = {
	.source = {.name = "exe",
		.sample_size = sizeof(struct darwin_exe),
		.text_size = PROCESS_PATH_SIZE,
		.lane = LANE_EITHER,
		.gated = true},
	.read = exe_read,
	.run = exe_run,
};

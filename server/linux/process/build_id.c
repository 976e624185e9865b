/*
 * Source build_id: that of the program. Its file may be on a file system that does not answer: slow lane.
 */
#include "build_id.h"

#include <errno.h>
#include <unistd.h>

#include "process.h"

struct identity {
	char id[BUILD_ID_MAX];
	uint32_t length;
};

static int identify(void *context, int directory)
{
	struct identity *identity = context;
	int result, file = build_id_open(directory, "exe");

	if (file < 0)
		return file == -ENOENT ? -ESRCH : file;
	result = build_id_read(file, identity->id);
	close(file);
	if (result >= 0)
		identity->length = (uint32_t)result;
	return result < 0 ? result : 0;
}

static int build_id_run(struct job *job)
{
	const struct process_job *own = (const struct process_job *)(const void *)job->context;
	struct linux_build_id *sample = job->sample;
	struct identity identity = {.length = 0};
	int result = job_read_shared(own, identify, &identity);

	if (result != STATE_OK)
		return result;
	if (!identity.length)
		return STATE_NONE;
	sample->text = (struct sample_text){.bytes = job->text,
		.length = build_id_write(identity.id, identity.length, job->text)};
	return STATE_OK;
}

const struct process_source build_id_source = {
	.source = {.name = "build_id",
		.sample_size = sizeof(struct linux_build_id),
		.text_size = BUILD_ID_TEXT_MAX,
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_TRACED},
	.run = build_id_run,
};

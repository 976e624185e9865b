/* Source regions: the map of a process, summed up. The kernel looks at all of its pages: slow lane. */
#include "../memory/walk.h"

#include "process.h"

static int regions_run(struct job *job)
{
	const struct process_job *own = process_job(job);
	struct darwin_regions *sample = job->sample;
	struct walk walk = {0};
	struct walk_sums sums;
	int error = walk_begin(&walk, own->data, (int)own->pid, false);

	if (!error)
		error = walk_sum(&walk, &sums);
	if (error)
		return job_state_of(own, -error);
	if (!job_is_there(own))
		return SAMPLE_GONE;
	sample->resident_private = sums.resident_private;
	sample->resident_shared = sums.resident_shared;
	sample->count = sums.regions;
	sample->virtual_private = sums.private_size;
	return STATE_OK;
}

/* That of the kernel is closed to root, too, and who asks for it is written into the log. */
static int regions_prepare(struct processes *self, struct job *job)
{
	((struct process_job *)(void *)job->context)->data = (void *)(uintptr_t)self->host;
	if (process_job(job)->pid == 0)
		return STATE_DENIED;
	return job_prepare_own(self, job);
}

const struct process_source regions_source = {
	.source = {.name = "regions",
		.sample_size = sizeof(struct darwin_regions),
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.run = regions_run,
	.prepare = regions_prepare,
	.finish = job_finish_own,
};

/* Listed: what the tests of tables of a simulated Mac share whose rows are found by workers. */
#ifndef TESTS_UNIT_DARWIN_LISTED_H
#define TESTS_UNIT_DARWIN_LISTED_H

#include "sim.h"
#include "watch.h"

/* As the core does: a worker looks, for these sources (bit mask), and what it finds is listed. */
static inline int listed_look(struct watch *watch, uint32_t sources)
{
	struct job job = {.slot = UINT32_MAX,
		.source = SOURCE_LISTING,
		.sources = sources,
		.provider = watch->provider};
	int result = watch->provider->job_prepare(watch->handle, &job);

	if (result != STATE_OK)
		return result;
	result = watch->provider->job_run(&job);
	result = watch->provider->job_finish(watch->handle, &job, result);
	watch->provider->job_release(&job);
	if (result == STATE_OK || result == STATE_NONE)
		watch_list(watch);
	return result;
}

static inline uint32_t listed_rows(const struct watch *watch)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < watch->count; i++)
		count += watch->rows[i].alive;
	return count;
}

#endif

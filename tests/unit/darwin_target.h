/* Target: what the tests of tables share that are about one process of a simulated Mac, and that
 * workers find. */
#ifndef TESTS_UNIT_DARWIN_TARGET_H
#define TESTS_UNIT_DARWIN_TARGET_H

#include "sim.h"
#include "watch.h"

/* The provider of the table; nothing of it is open. */
static inline struct watch *target_begin(enum table_id table)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_choose(watch, table);
	CHECK(watch->provider->targeted);
	return watch;
}

static inline int target_try(struct watch *watch, uint32_t pid)
{
	struct target target = {pid};

	return watch->provider->open(watch->provider->context, &target, &watch->handle);
}

static inline void target_end(struct watch *watch)
{
	platform_destroy(watch->platform);
	free(watch);
}

static inline struct watch *target_watch(enum table_id table, uint32_t pid)
{
	struct watch *watch = target_begin(table);

	CHECK_INT(target_try(watch, pid), 0);
	return watch;
}

/* As the core does: a worker looks, for these sources (bit mask), and what it finds is listed. A
 * state or SAMPLE_GONE. */
static inline int target_look(struct watch *watch, uint32_t sources)
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

static inline void target_read(
	struct watch *watch, uint32_t slot, uint32_t source, void *sample)
{
	memset(sample, 0, watch->provider->sources[source].sample_size);
	CHECK_INT(watch->provider->read(watch->handle, slot, source, sample), STATE_OK);
}

static inline uint32_t target_rows(const struct watch *watch)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < watch->count; i++)
		count += watch->rows[i].alive;
	return count;
}

#endif

/* Table: what the tests of a table of devices share: it, and no other one, is open. */
#ifndef TESTS_UNIT_LINUX_TABLE_H
#define TESTS_UNIT_LINUX_TABLE_H

#include "linux_watch.h"

static inline struct watch *table_open(
	enum table_id table, const char *procfs, const char *sysfs)
{
	struct watch *watch = watch_open(NULL, procfs, sysfs);
	struct target target = {0};

	watch->provider->close(watch->handle);
	watch->provider = NULL;
	for (uint32_t i = 0; i < watch->platform->provider_count; i++)
		if (watch->platform->providers[i]->table == table)
			watch->provider = watch->platform->providers[i];
	CHECK(watch->provider != NULL);
	CHECK_INT(watch->provider->open(watch->provider->context, &target, &watch->handle), 0);
	watch_list(watch);
	return watch;
}

/* Reads a source of a row; of a slow one the text stays until the next one. */
static inline int table_read(struct watch *watch, uint32_t slot, uint32_t source, void *sample)
{
	static char text[8192];
	struct job job = {.slot = slot,
		.source = source,
		.provider = watch->provider,
		.sample = sample,
		.text = text};
	int result;

	memset(sample, 0, watch->provider->sources[source].sample_size);
	if (watch->provider->sources[source].lane != LANE_SLOW)
		return watch->provider->read(watch->handle, slot, source, sample);
	CHECK(watch->provider->sources[source].text_size <= sizeof text);
	result = watch->provider->job_prepare(watch->handle, &job);
	if (result != STATE_OK)
		return result;
	result = watch->provider->job_run(&job);
	watch->provider->job_release(&job);
	return result;
}

static inline uint32_t table_rows(const struct watch *watch)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < watch->count; i++)
		count += watch->rows[i].alive;
	return count;
}

#endif

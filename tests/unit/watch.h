/*
 * Watch: what the tests of a real platform share: the platform with a table open, and a roster that
 * remembers what it was told.
 */
#ifndef TESTS_UNIT_WATCH_H
#define TESTS_UNIT_WATCH_H

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "platform.h"
#include "test.h"

enum { WATCH_ROWS = 65536, NO_ROW = UINT32_MAX };

struct watch_row {
	uint64_t identity, pid, activity;
	bool alive, touched; /* touched by the latest list() */
};

struct watch {
	struct roster roster; /* first */
	struct platform *platform;
	const struct provider *provider;
	void *handle;
	struct watch_row rows[WATCH_ROWS];
	uint32_t count;
	uint32_t released[WATCH_ROWS], released_count; /* not usable before the next list */
	uint32_t usable[WATCH_ROWS], usable_count;
	uint32_t births, deaths;   /* in the latest list() */
	uint32_t full_at, refused; /* so many rows are the most; 0: as many as there are */
	enum exits_wanted exits;   /* likewise: if any, what is gone stays until the next one */
};

/* ------------------------------------------------------------------------------ roster */

static inline uint32_t watch_born(struct roster *roster, uint64_t identity, uint64_t pid)
{
	struct watch *self = (struct watch *)roster;
	uint32_t slot;

	if (self->full_at && !self->usable_count && self->count == self->full_at) {
		self->refused++;
		return UINT32_MAX;
	}
	slot = self->usable_count ? self->usable[--self->usable_count] : self->count++;
	CHECK(slot < WATCH_ROWS);
	for (uint32_t i = 0; i < self->count; i++)
		CHECK(!self->rows[i].alive || self->rows[i].identity != identity);
	self->rows[slot] = (struct watch_row){.identity = identity, .pid = pid, .alive = true};
	self->births++;
	return slot;
}

static inline void watch_remove(struct watch *self, uint32_t slot)
{
	CHECK(slot < self->count && self->rows[slot].alive);
	self->rows[slot].alive = false;
	self->released[self->released_count++] = slot;
	self->deaths++;
}

static inline void watch_died(struct roster *roster, uint32_t slot)
{
	watch_remove((struct watch *)roster, slot);
}

static inline void watch_touched(struct roster *roster, uint32_t slot)
{
	struct watch *self = (struct watch *)roster;

	CHECK(slot < self->count && self->rows[slot].alive);
	self->rows[slot].touched = true;
}

/* --------------------------------------------------------------------------- the table */

/* NULL: the defaults. */
static inline struct watch *watch_open(
	const char *without, const char *procfs, const char *sysfs)
{
	static const struct roster_ops ops = {.born = watch_born,
		.died = watch_died,
		.ended = watch_died,
		.touched = watch_touched};
	struct platform_config config = {
		procfs ? procfs : "/proc", sysfs ? sysfs : "/sys", without};
	struct watch *self = calloc(1, sizeof *self);
	struct target target = {0};
	const char *error = "";

	CHECK(self);
	self->roster.ops = &ops;
	if (platform_create(&config, &self->platform, &error) < 0)
		test_fail(__FILE__, __LINE__, "%s", error);
	self->provider = self->platform->providers[0];
	CHECK_INT(self->provider->open(self->provider->context, &target, &self->handle), 0);
	return self;
}

/* Another table of the platform instead, without opening it. */
static inline void watch_choose(struct watch *self, enum table_id table)
{
	self->provider->close(self->handle);
	self->provider = NULL;
	for (uint32_t i = 0; i < self->platform->provider_count; i++)
		if (self->platform->providers[i]->table == table)
			self->provider = self->platform->providers[i];
	CHECK(self->provider);
}

/* A platform with that table open, which has no target. */
static inline struct watch *watch_open_table(
	enum table_id table, const char *procfs, const char *sysfs)
{
	struct watch *self = watch_open(NULL, procfs, sysfs);
	struct target target = {0};

	watch_choose(self, table);
	CHECK_INT(self->provider->open(self->provider->context, &target, &self->handle), 0);
	return self;
}

static inline void watch_close(struct watch *self)
{
	self->provider->close(self->handle);
	platform_destroy(self->platform);
	free(self);
}

static inline void watch_list_scope(struct watch *self, const struct row_scope *scope)
{
	while (self->released_count)
		self->usable[self->usable_count++] = self->released[--self->released_count];
	self->births = self->deaths = self->refused = 0;
	self->exits = scope->exits;
	for (uint32_t i = 0; i < self->count; i++)
		self->rows[i].touched = false;
	CHECK_INT(self->provider->list(self->handle, &self->roster, scope), 0);
}

static inline void watch_list(struct watch *self)
{
	watch_list_scope(self, &(struct row_scope){.all = true});
}

/* Only these pids, ascending. */
static inline void watch_list_pids(struct watch *self, const uint64_t *pids, uint32_t count)
{
	watch_list_scope(self, &(struct row_scope){.pids = pids, .pid_count = count});
}

static inline void watch_gate(struct watch *self)
{
	uint32_t *slots = calloc(self->count + 1, sizeof *slots), count = 0;
	uint64_t *activity = calloc(self->count + 1, sizeof *activity);

	CHECK(slots && activity);
	for (uint32_t i = 0; i < self->count; i++)
		if (self->rows[i].alive)
			slots[count++] = i;
	self->provider->gate(self->handle, slots, count, activity);
	for (uint32_t i = 0; i < count; i++) {
		self->rows[slots[i]].activity = activity[i];
		if (activity[i] == ACTIVITY_GONE && self->exits == EXITS_NONE)
			watch_remove(self, slots[i]);
	}
	free(slots);
	free(activity);
}

static inline void watch_tick(struct watch *self)
{
	watch_list(self);
	watch_gate(self);
}

/* The row of a pid, or NO_ROW. */
static inline uint32_t watch_find(const struct watch *self, pid_t pid)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (self->rows[i].alive && self->rows[i].pid == (uint64_t)pid)
			return i;
	return NO_ROW;
}

static inline int watch_run_job(struct watch *self, struct job *job)
{
	int result = self->provider->job_prepare(self->handle, job);

	if (result != STATE_OK)
		return result;
	result = self->provider->job_run(job);
	if (self->provider->job_finish)
		result = self->provider->job_finish(self->handle, job, result);
	self->provider->job_release(job);
	return result;
}

/* Reads a source of a row as the core would: what is left to a worker as a job, whose text stays
 * until the next one. */
static inline int watch_read_slot(
	struct watch *self, uint32_t slot, uint32_t source, void *sample)
{
	static char text[8192];
	struct job job = {.slot = slot,
		.source = source,
		.provider = self->provider,
		.sample = sample,
		.text = text};

	memset(sample, 0, self->provider->sources[source].sample_size);
	if (self->provider->sources[source].lane != LANE_SLOW) {
		int result = self->provider->read(self->handle, slot, source, sample);
		if (result != SAMPLE_LATER)
			return result;
	}
	CHECK(self->provider->sources[source].text_size <= sizeof text);
	return watch_run_job(self, &job);
}

/* Reads a source of the row of a pid: a state, or SAMPLE_GONE. A slow one as a job, whose
 * text stays until the next one. */
static inline int watch_read(struct watch *self, pid_t pid, uint32_t source, void *sample)
{
	static char text[8192];
	uint32_t slot = watch_find(self, pid);
	struct job job = {.slot = slot, .source = source, .provider = self->provider};
	int result;

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "pid %d has no row", (int)pid);
	memset(sample, 0, self->provider->sources[source].sample_size);
	result = SAMPLE_LATER;
	if (self->provider->sources[source].lane != LANE_SLOW)
		result = self->provider->read(self->handle, slot, source, sample);
	if (result == SAMPLE_GONE && self->exits == EXITS_NONE)
		watch_remove(self, slot);
	if (result != SAMPLE_LATER)
		return result;
	CHECK(self->provider->sources[source].text_size <= sizeof text);
	job.sample = sample;
	job.text = text;
	return watch_run_job(self, &job);
}

/* Must succeed. */
static inline void watch_sample(struct watch *self, pid_t pid, uint32_t source, void *sample)
{
	int result = watch_read(self, pid, source, sample);

	if (result != STATE_OK)
		test_fail(__FILE__, __LINE__, "source %s of pid %d: %d",
			self->provider->sources[source].name, (int)pid, result);
}

/* A text of a sample, as a string of its own; "" when it is absent. */
static inline const char *watch_text(const struct sample_text *text)
{
	static char copy[8][8192];
	static int next;
	char *out = copy[next++ % 8];

	CHECK(text->length < sizeof *copy);
	if (text->bytes)
		memcpy(out, text->bytes, text->length);
	out[text->bytes ? text->length : 0] = '\0';
	return out;
}

#endif

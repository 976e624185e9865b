/* Target: what the tests of tables share that are about one process and that workers find. */
#ifndef TESTS_UNIT_LINUX_TARGET_H
#define TESTS_UNIT_LINUX_TARGET_H

#include "linux_tree.h"

static inline int target_try(struct watch *watch, uint32_t pid)
{
	struct target target = {pid};

	return watch->provider->open(watch->provider->context, &target, &watch->handle);
}

/* The provider of the table; nothing of it is open. */
static inline struct watch *target_begin(
	enum table_id table, const char *procfs, const char *sysfs)
{
	struct watch *watch = watch_open(NULL, procfs, sysfs);

	watch_choose(watch, table);
	CHECK(watch->provider->targeted);
	return watch;
}

static inline void target_end(struct watch *watch)
{
	platform_destroy(watch->platform);
	free(watch);
}

static inline struct watch *target_watch(
	enum table_id table, const char *procfs, const char *sysfs, uint32_t pid)
{
	struct watch *watch = target_begin(table, procfs, sysfs);

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

/* A child of ours, looked at by a user who may not; to be closed with watch_close. */
static inline struct watch *target_of_another_user(enum table_id table)
{
	struct watch *watch;
	pid_t child;

	if (geteuid() != 0)
		test_skip("it takes root to become another user");
	child = child_start(NULL);
	wait_for_state(child, 'S');
	CHECK_INT(setresuid(65534, 65534, 65534), 0);
	watch = target_begin(table, NULL, NULL);
	if (target_try(watch, (uint32_t)child) == -EACCES)
		test_skip("/proc is mounted with hidepid");
	return watch;
}

/* A process that is not waited for yet has ended, as one that was. */
static inline void target_check_end(enum table_id table, uint32_t sources)
{
	pid_t child = child_start(NULL);
	struct watch *watch = target_watch(table, NULL, NULL, (uint32_t)child);

	CHECK_INT(target_look(watch, sources), STATE_OK);
	kill(child, SIGKILL);
	wait_for_state(child, 'Z');
	CHECK_INT(target_look(watch, sources), SAMPLE_GONE);
	CHECK(!watch->provider->has_target(watch->handle));
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(target_look(watch, sources), SAMPLE_GONE);
	watch_close(watch);
}

static inline void target_read(
	struct watch *watch, uint32_t slot, uint32_t source, void *sample)
{
	memset(sample, 0, watch->provider->sources[source].sample_size);
	CHECK_INT(watch->provider->read(watch->handle, slot, source, sample), STATE_OK);
}

/* The stat of a thread of process 7: whether it lives, how many there are, and where its code
 * and its stack begin. */
static inline void target_put_stat(const char *path, const char *state, int threads, int code)
{
	char text[512];

	snprintf(text, sizeof text,
		"7 (x) %s 1 7 7 0 -1 0 10 0 1 0 300 100 0 0 20 0 %d 0 7 1000 10 0 %d 0 1000 0 "
		"0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		state, threads, code);
	tree_put(path, text);
}

#endif

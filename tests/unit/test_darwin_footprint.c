/* Table FOOTPRINT of a simulated Mac. */
#include "darwin_map.h"

enum { WANTED = 1 << SOURCE_footprint };

static struct darwin_footprint find_category(struct watch *watch, const char *name)
{
	struct darwin_footprint sample;

	for (uint32_t slot = 0; slot < watch->count; slot++) {
		if (!watch->rows[slot].alive)
			continue;
		target_read(watch, slot, SOURCE_footprint, &sample);
		if (strcmp(watch_text(&sample.category), name) == 0)
			return sample;
	}
	test_fail(__FILE__, __LINE__, "no category %s", name);
}

static void check(struct watch *watch, const char *name, uint64_t regions, uint64_t size,
	uint64_t resident, uint64_t dirty, uint64_t swap)
{
	struct darwin_footprint sample = find_category(watch, name);

	CHECK_INT(sample.regions, regions);
	CHECK_INT(sample.size, size);
	CHECK_INT(sample.pages.resident, resident * PAGE);
	CHECK_INT(sample.pages.dirty, dirty * PAGE);
	CHECK_INT(sample.pages.swap, swap * PAGE);
}

TEST(sums_by_category)
{
	struct watch *watch;
	struct darwin_footprint sample;

	map_begin();
	sim_set("regions", "501", "0x128000000", "size=0x4000 tag=2 internal=1");
	watch = target_watch(TABLE_FOOTPRINT, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 13); /* 11 of regions, owned, the rest */
	check(watch, "malloc heap", 2, 0x104000, 11, 15, 4);
	check(watch, "program data", 1, 0x8000, 1, 2, 1);
	check(watch, "mapped files", 1, 0x10000, 3, 0, 0);
	/* what is told of the shared cache is the piece in it */
	check(watch, "shared cache", 3, 0x180000000, 1, 1, 0);
	sample = find_category(watch, "owned, not mapped");
	CHECK_INT(sample.pages.dirty, 3 * PAGE);
	CHECK(sample.regions == ABSENT_U64(STATE_NONE) &&
		sample.pages.resident == ABSENT_U64(STATE_NONE));
	/* 1 + 2 + 15 + 1 + 1 + 3 pages are 376832 of 400000 */
	CHECK_INT(find_category(watch, "page tables and drivers").pages.dirty, 23168);
	watch_close(watch);
}

/* What is in motion may make more of the regions than of the whole: then there is no rest. */
TEST(no_rest)
{
	struct watch *watch;

	map_begin();
	sim_set("process", "501", "phys_footprint", "100000");
	sim_set("regions", "501", "owned", NULL);
	watch = target_watch(TABLE_FOOTPRINT, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 11);
	sim_set("process", "501", "phys_footprint", "100000000");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 1);
	watch_close(watch);
}

TEST(a_kernel_without_footprints)
{
	struct watch *watch;
	struct darwin_footprint sample;

	map_begin();
	sim_set("caller", "", "region_footprint", "missing");
	watch = target_watch(TABLE_FOOTPRINT, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 11);
	sample = find_category(watch, "malloc heap");
	CHECK_INT(sample.pages.resident, 10 * PAGE);
	CHECK_INT(sample.pages.swap, 4 * PAGE);
	CHECK(sample.pages.dirty == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(sim_calls("proc_pid_rusage", -1), 0);
	watch_close(watch);
}

TEST(the_number_of_calls)
{
	struct watch *watch;

	map_begin();
	watch = target_watch(TABLE_FOOTPRINT, SAFARI);
	sim_forget_calls();
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(sim_calls("proc_pidinfo", 8), 13 + 2);
	CHECK_INT(sim_all_calls(), 15 + 4); /* flags, footprint, whose it is */
	CHECK_INT(sim_held(), 0);
	watch_close(watch);
}

/* Every tag of vm_statistics.h and one that there is not: all in words, none lost. */
TEST(all_tags)
{
	struct watch *watch;
	uint64_t regions = 0;

	map_begin();
	for (int tag = 0; tag < 256; tag++) {
		char address[32], words[64];
		snprintf(address, sizeof address, "0x%x0000000", 0x80 + tag);
		snprintf(words, sizeof words, "size=0x4000 internal=1 tag=%d", tag);
		sim_set("regions", "501", address, words);
	}
	watch = target_watch(TABLE_FOOTPRINT, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	for (uint32_t slot = 0; slot < watch->count; slot++) {
		struct darwin_footprint sample;
		target_read(watch, slot, SOURCE_footprint, &sample);
		regions += sample.regions < 1000 ? sample.regions : 0;
	}
	CHECK_INT(regions, 13 + 256);
	watch_close(watch);
}

TEST(failures)
{
	struct watch *watch;

	map_begin();
	watch = target_watch(TABLE_FOOTPRINT, DAEMON);
	CHECK_INT(target_look(watch, WANTED), STATE_DENIED);
	watch_close(watch);
	watch = target_watch(TABLE_FOOTPRINT, SAFARI);
	sim_fail("proc_pid_rusage", -1, SAFARI, 3, 1);
	CHECK_INT(target_look(watch, WANTED), SAMPLE_GONE);
	sim_fail("proc_pidinfo", 8, SAFARI, 3, 1);
	CHECK_INT(target_look(watch, WANTED), SAMPLE_GONE);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(target_try(watch, 4711), -3);
	watch_close(watch);
}

TESTS(CASE(sums_by_category), CASE(no_rest), CASE(a_kernel_without_footprints),
	CASE(the_number_of_calls), CASE(all_tags), CASE(failures))

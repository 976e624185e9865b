/* Table REGION of a simulated Mac. */
#include "darwin/memory/tags.h"
#include "darwin_map.h"

enum {
	MAP = 1 << SOURCE_region_map,
	PAGES = 1 << SOURCE_region_pages,
	REGIONS = 13, /* of map_text, without what is not mapped */
};

/* Of our own process: from 0x180010000 on. */
static const char cache_text[] = "[shared_cache]\n"
				 "base = 0x180010000\n"
				 "size = 0x20000000\n"
				 "0x8000 = 0x10000 /usr/lib/system/libsystem_c.dylib\n"
				 "0x0 = 0x8000 /usr/lib/libobjc.A.dylib\n"
				 "0x11000000 = 0x4000 /usr/lib/late.dylib\n"; /* 0x191010000 */

static uint32_t find_start(
	struct watch *watch, uint64_t start, struct darwin_region_map *ret_map)
{
	for (uint32_t slot = 0; slot < watch->count; slot++) {
		if (!watch->rows[slot].alive)
			continue;
		target_read(watch, slot, SOURCE_region_map, ret_map);
		if (ret_map->start == start)
			return slot;
	}
	return NO_ROW;
}

static struct darwin_region_map map_at(struct watch *watch, uint64_t start)
{
	struct darwin_region_map map;

	if (find_start(watch, start, &map) == NO_ROW)
		test_fail(__FILE__, __LINE__, "nothing begins at %llx",
			(unsigned long long)start);
	return map;
}

static struct walk_pages pages_at(struct watch *watch, uint64_t start)
{
	struct darwin_region_map map;
	struct darwin_region_pages pages;

	target_read(watch, find_start(watch, start, &map), SOURCE_region_pages, &pages);
	return pages.pages;
}

static void check(struct watch *watch, uint64_t start, const char *protection,
	const char *share_mode, const char *category, const char *name)
{
	struct darwin_region_map map = map_at(watch, start);

	CHECK_TEXT(watch_text(&map.protection), protection);
	CHECK_TEXT(watch_text(&map.share_mode), share_mode);
	CHECK_TEXT(watch_text(&map.category), category);
	CHECK_TEXT(watch_text(&map.name), name);
}

static void check_pages(struct watch *watch, uint64_t start, uint64_t resident, uint64_t dirty,
	uint64_t swap, uint64_t clean, uint64_t anonymous, uint64_t shared)
{
	struct walk_pages pages = pages_at(watch, start);

	CHECK_INT(pages.resident, resident * PAGE);
	CHECK_INT(pages.dirty, dirty * PAGE);
	CHECK_INT(pages.swap, swap * PAGE);
	CHECK_INT(pages.clean, clean * PAGE);
	CHECK_INT(pages.anonymous, anonymous * PAGE);
	CHECK_INT(pages.shared, shared * PAGE);
}

/* ------------------------------------------------------------------------------- a map */

TEST(what_each_region_is)
{
	struct watch *watch;
	struct darwin_region_map map;

	map_begin();
	watch = target_watch(TABLE_REGION, SAFARI);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK_INT(watch->births, REGIONS);
	CHECK_INT(watch->rows[0].pid, SAFARI);
	check(watch, 0x100000000, "r-x", "cow", "program text", "Safari");
	check(watch, 0x100008000, "r--", "cow", "program constants", "Safari");
	check(watch, 0x10000c000, "rw-", "cow", "program data", "Safari");
	check(watch, 0x120000000, "rw-", "private", "malloc heap", "MALLOC_TINY");
	check(watch, 0x130000000, "---", "empty", "stack", "STACK");
	check(watch, 0x140000000, "rw-", "shared", "shared memory", "");
	check(watch, 0x150000000, "r--", "private", "mapped files", "data.db");
	check(watch, 0x160000000, "rwx", "private", "JIT code", "");
	check(watch, 0x170000000, "---", "empty", "reserved", "");
	check(watch, 0x180000000, "r--", "empty", "shared cache", "");
	check(watch, 0x190000000, "rw-", "cow", "shared cache", "dyld_shared_cache_arm64e.01");
	check(watch, 0x600000000, "rw-", "private", "other tags", "");
	map = map_at(watch, 0x100000000);
	CHECK_INT(map.end, 0x100008000);
	CHECK_INT(map.size, 0x8000);
	CHECK_TEXT(watch_text(&map.path), SAFARI_PATH);
	CHECK_TEXT(watch_text(&map.protection_max), "r-x");
	CHECK_INT(map.offset, 0x10000);
	CHECK_INT(map.inode, 77);
	CHECK_TEXT(watch_text(&map.device), "1:4");
	CHECK_INT(map.deleted, 0);
	CHECK_INT(map.page_size, PAGE);
	/* A copy has an object of its own, and the offset is in there. */
	CHECK(map_at(watch, 0x100008000).offset == ABSENT_U64(STATE_NONE));
	map = map_at(watch, 0x150000000);
	CHECK_INT(map.deleted, 1);
	CHECK_INT(map.offset, 0x4000);
	map = map_at(watch, 0x120000000);
	CHECK_INT(map.path.state, STATE_NONE);
	CHECK_INT(map.device.state, STATE_NONE);
	CHECK(map.inode == ABSENT_U64(STATE_NONE) && map.offset == ABSENT_U64(STATE_NONE) &&
		map.deleted == ABSENT_U64(STATE_NONE));
	watch_close(watch);
}

/* By footprint: what counts for nobody (at 0x600000000) is left out. */
TEST(what_is_in_memory)
{
	struct watch *watch;

	map_begin();
	watch = target_watch(TABLE_REGION, SAFARI);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	check_pages(watch, 0x100000000, 2, 0, 0, 2, 0, 0);
	check_pages(watch, 0x100008000, 1, 1, 0, 0, 1, 0);
	check_pages(watch, 0x10000c000, 1, 2, 1, 0, 1, 0);
	check_pages(watch, 0x120000000, 10, 14, 4, 0, 10, 0);
	check_pages(watch, 0x130000000, 0, 0, 0, 0, 0, 0);
	check_pages(watch, 0x140000000, 1, 1, 0, 0, 1, 1);
	check_pages(watch, 0x150000000, 3, 0, 0, 3, 0, 0);
	check_pages(watch, 0x600000000, 0, 0, 0, 0, 0, 0);
	CHECK_INT(pages_at(watch, 0x120000000).resident_private, 10 * PAGE);
	CHECK_INT(pages_at(watch, 0x140000000).resident_shared, PAGE);
	CHECK(pages_at(watch, 0x180000000).resident == ABSENT_U64(STATE_NONE));
	CHECK(pages_at(watch, 0x180000000).dirty == ABSENT_U64(STATE_NONE));
	watch_close(watch);
}

/* A kernel that cannot count so tells what was written, which is no footprint. */
TEST(a_kernel_without_footprints)
{
	struct watch *watch;
	struct walk_pages pages;

	map_begin();
	sim_set("caller", "", "region_footprint", "missing");
	watch = target_watch(TABLE_REGION, SAFARI);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	pages = pages_at(watch, 0x10000c000);
	CHECK_INT(pages.resident, PAGE);
	CHECK_INT(pages.swap, PAGE);
	CHECK(pages.dirty == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(pages.clean == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(pages.anonymous == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(pages_at(watch, 0x120000000).anonymous, 10 * PAGE);
	CHECK_INT(pages_at(watch, 0x600000000).resident, PAGE);
	watch_close(watch);
}

/* Counts are in the pages of Rosetta's programs, 4 to one of the kernel's, but for those of objects. */
TEST(a_program_of_rosetta)
{
	struct watch *watch;

	map_begin();
	sim_set("process", "501", "flags", "0x2000010");
	watch = target_watch(TABLE_REGION, SAFARI);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK_INT(map_at(watch, 0x100000000).page_size, 4096);
	check_pages(watch, 0x120000000, 10, 14, 4, 0, 10, 0);
	CHECK_INT(pages_at(watch, 0x120000000).resident_private, 10 * PAGE);
	CHECK_INT(pages_at(watch, 0x140000000).resident_shared, PAGE);
	watch_close(watch);
	/* and so they are when we are one */
	sim_set("process", "501", "flags", "0x10");
	sim_set("sysctl", "", "hw.pagesize", "u64 4096");
	watch = target_watch(TABLE_REGION, SAFARI);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK_INT(map_at(watch, 0x100000000).page_size, PAGE);
	check_pages(watch, 0x120000000, 10, 14, 4, 0, 10, 0);
	watch_close(watch);
}

TEST(share_modes)
{
	static const struct {
		const char *mode, *word;
	} modes[] = {{"trueshared", "shared"}, {"private_aliased", "private"},
		{"shared_aliased", "shared"}, {"large", "private"}, {"new", ""}};
	struct darwin_region_map map;
	struct watch *watch;

	map_begin();
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		char line[128];
		snprintf(line, sizeof line, "size=0x4000 share=%s", modes[i].mode);
		sim_set("regions", "501", "0x160000000", line);
		watch = target_watch(TABLE_REGION, SAFARI);
		CHECK_INT(target_look(watch, MAP), STATE_OK);
		map = map_at(watch, 0x160000000);
		CHECK_TEXT(watch_text(&map.share_mode), modes[i].word);
		watch_close(watch);
	}
}

TEST(tags_have_names_and_categories)
{
	uint32_t known = 0;

	for (uint32_t i = 0; i < 300; i++) {
		const struct tag *tag = tag_find(i);
		known += tag != NULL;
		CHECK(!tag || (tag->name[0] && tag->category[0]));
	}
	CHECK_INT(known, 13 + 2 + 6 + 7 + 9 + 25 + 21 + 8 + 16);
	CHECK_TEXT(tag_find(100)->name, "IOACCELERATOR");
	CHECK_TEXT(tag_find(255)->category, "application 16");
	CHECK(!tag_find(0) && !tag_find(85) && !tag_find(UINT32_MAX));
}

/* -------------------------------------------------------------------- the shared cache */

/* Its parts by the libraries in it, and what is between them: before 0x180010000, up to the piece
 * at 0x190000000, before and behind what is at 0x191010000. */
TEST(libraries_of_the_shared_cache)
{
	struct watch *watch;
	struct darwin_region_map map;

	map_begin();
	sim_add(cache_text);
	watch = target_watch(TABLE_REGION, SAFARI);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK_INT(watch->births, REGIONS - 2 + 4 + 3);
	CHECK_INT(map_at(watch, 0x180000000).end, 0x180010000);
	check(watch, 0x180010000, "r-x", "empty", "shared cache", "libobjc.A.dylib");
	check(watch, 0x180018000, "r-x", "empty", "shared cache", "libsystem_c.dylib");
	map = map_at(watch, 0x180018000);
	CHECK_INT(map.end, 0x180028000);
	CHECK_TEXT(watch_text(&map.path), "/usr/lib/system/libsystem_c.dylib");
	CHECK(map.inode == ABSENT_U64(STATE_NONE) && map.offset == ABSENT_U64(STATE_NONE));
	CHECK_INT(map_at(watch, 0x180028000).end, 0x190000000);
	check(watch, 0x190000000, "rw-", "cow", "shared cache", "dyld_shared_cache_arm64e.01");
	CHECK_INT(map_at(watch, 0x190004000).end, 0x191010000);
	check(watch, 0x191010000, "r-x", "empty", "shared cache", "late.dylib");
	CHECK_INT(map_at(watch, 0x191014000).end, 0x300000000);
	CHECK_INT(sim_calls("dyld_shared_cache_iterate_text", -1), 1);
	/* A piece without a file is known by its place. */
	sim_set("regions", "501", "0x190000000", "size=0x4000 internal=1");
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	check(watch, 0x190000000, "rw-", "private", "shared cache", "");
	CHECK_INT(sim_calls("dyld_shared_cache_iterate_text", -1), 1);
	watch_close(watch);
}

static void check_unnamed(void)
{
	struct watch *watch = target_watch(TABLE_REGION, SAFARI);

	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(watch->births, REGIONS);
	check(watch, 0x180000000, "r--", "empty", "shared cache", "");
	watch_close(watch);
}

TEST(caches_that_are_not_ours)
{
	map_begin();
	sim_add(cache_text);
	sim_set("shared_cache", "", "images", "denied");
	check_unnamed();
	sim_set("shared_cache", "", "images", NULL);
	sim_set("shared_cache", "", "version", "1"); /* does not say where they are */
	check_unnamed();
	sim_set("shared_cache", "", "version", "2");
	sim_set("process", "501", "rusage_flags", "1"); /* it has it elsewhere */
	check_unnamed();
	sim_set("process", "501", "rusage_flags", "0");
	sim_set("shared_cache", "", "base",
		"0x7ff800000000"); /* we are of another architecture */
	check_unnamed();
}

/* ---------------------------------------------------------------------------- changes */

TEST(regions_come_and_go)
{
	struct watch *watch;
	struct darwin_region_map map;
	uint32_t slot;

	map_begin();
	watch = target_watch(TABLE_REGION, SAFARI);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	watch_gate(watch);
	slot = find_start(watch, 0x120000000, &map);
	uint64_t before = watch->rows[slot].activity,
		 other = watch->rows[find_start(watch, 0x130000000, &map)].activity;
	sim_set("regions", "501", "0x160000000", NULL);
	sim_set("regions", "501", "0x120000000", "size=0x200000 tag=7 internal=11");
	sim_set("regions", "501", "0x700000000", "size=0x4000 tag=20");
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	CHECK_INT(find_start(watch, 0x120000000, &map), slot);
	CHECK_INT(map.size, 0x200000);
	watch_gate(watch);
	CHECK(watch->rows[slot].activity != before);
	CHECK(watch->rows[find_start(watch, 0x130000000, &map)].activity == other);
	watch_close(watch);
}

/* One call for each region, and one that says that there are no more. */
TEST(the_number_of_calls)
{
	struct watch *watch;

	map_begin();
	watch = target_watch(TABLE_REGION, SAFARI);
	sim_forget_calls();
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK_INT(sim_calls("proc_pidinfo", 8), REGIONS + 2); /* with what is owned */
	CHECK_INT(sim_calls("proc_pidinfo", 17), 2);
	CHECK_INT(sim_calls("proc_pidinfo", 13), 1);
	CHECK_INT(sim_all_calls(), REGIONS + 5);
	CHECK_INT(sim_held(), 0);
	watch_close(watch);
}

TEST(many_regions)
{
	struct watch *watch;

	test_timeout(120);
	map_begin();
	sim_add("[regions 501]\n0x700000000 = size=0x4000 stride=0x8000 repeat=20000 tag=2 "
		"internal=1\n");
	watch = target_watch(TABLE_REGION, SAFARI);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK_INT(target_rows(watch), REGIONS + 20000);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK_INT(watch->births + watch->deaths, 0);
	watch_close(watch);
}

/* More than a table has rows: no more are read, nor kept. */
TEST(too_many_regions)
{
	struct watch *watch;

	test_timeout(120);
	map_begin();
	sim_add("[regions 501]\n0x700000000 = size=0x4000 repeat=100000\n");
	watch = target_watch(TABLE_REGION, SAFARI);
	watch->full_at = 10;
	sim_forget_calls();
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(target_rows(watch), 10);
	CHECK_INT(sim_calls("proc_pidinfo", 8), 65537);
	watch_close(watch);
}

/* ---------------------------------------------------------------------------- failures */

TEST(who_may_not_look)
{
	struct watch *watch;

	map_begin();
	watch = target_watch(TABLE_REGION, DAEMON);
	CHECK_INT(target_look(watch, MAP), STATE_DENIED);
	watch_close(watch);
	sim_set("caller", "", "uid", "0");
	watch = target_watch(TABLE_REGION, DAEMON);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(target_rows(watch), 0); /* it has no regions here */
	watch_close(watch);
}

/* It ends in the middle, or begins another program: the latter is read once more. */
TEST(it_changes_meanwhile)
{
	struct watch *watch;

	map_begin();
	watch = target_watch(TABLE_REGION, SAFARI);
	sim_fail("proc_pidinfo", 8, SAFARI, 3, 1); /* ESRCH */
	CHECK_INT(target_look(watch, MAP), SAMPLE_GONE);
	sim_fail("proc_pidinfo", 8, SAFARI, 12, 1); /* ENOMEM */
	CHECK_INT(target_look(watch, MAP), STATE_FAILED);
	sim_fail("proc_pidinfo", 13, SAFARI, 1, 1); /* EPERM */
	CHECK_INT(target_look(watch, MAP), STATE_DENIED);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	/* its idversion is another one at every look, from the clock that runs */
	sim_run_clock();
	sim_set("process", "501", "idversion", "1 + 100000000/s");
	sim_forget_calls();
	CHECK_INT(target_look(watch, MAP), STATE_FAILED);
	CHECK_INT(sim_calls("proc_pidinfo", 17), 5 * 2); /* so often it is tried */
	sim_set("process", "501", "idversion", "7");
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	sim_set("process", "501", "status", "5"); /* a zombie */
	CHECK_INT(target_look(watch, MAP), SAMPLE_GONE);
	CHECK(!watch->provider->has_target(watch->handle));
	watch_close(watch);
}

/* What is made up behind the last one has no size when nothing is owned. */
TEST(the_end_of_the_walk)
{
	struct watch *watch;

	map_begin();
	sim_set("regions", "501", "owned", NULL);
	sim_set("regions", "501", "0xffffffffffffc000", "size=0x4000"); /* the end of all */
	watch = target_watch(TABLE_REGION, SAFARI);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(target_rows(watch), REGIONS + 1);
	sim_set("regions", "501", "0xffffffffffffc000", NULL);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(target_rows(watch), REGIONS);
	watch_close(watch);
}

TESTS(CASE(what_each_region_is), CASE(what_is_in_memory), CASE(a_kernel_without_footprints),
	CASE(a_program_of_rosetta), CASE(share_modes), CASE(tags_have_names_and_categories),
	CASE(libraries_of_the_shared_cache), CASE(caches_that_are_not_ours),
	CASE(regions_come_and_go), CASE(the_number_of_calls), CASE(many_regions),
	CASE(too_many_regions), CASE(who_may_not_look), CASE(it_changes_meanwhile),
	CASE(the_end_of_the_walk))

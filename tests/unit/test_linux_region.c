/* Table REGION: the mappings of one process, and of one program of it. */
#include <pthread.h>
#include <sys/mman.h>

#include "linux/memory/memory.h"
#include "linux/process/process.h"
#include "linux_target.h"

enum {
	MAP = 1 << SOURCE_region_map,
	PAGES = 1 << SOURCE_region_pages,
};

static struct watch *open_regions(uint32_t pid)
{
	return target_watch(TABLE_REGION, NULL, NULL, pid);
}

static struct watch *open_tree(void)
{
	return target_watch(TABLE_REGION, tree_procfs, tree_sysfs, 7);
}

/* The slot of the mapping that begins there, or NO_ROW. */
static uint32_t find_start(
	struct watch *watch, uint64_t start, struct linux_region_map *ret_map)
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

/* ------------------------------------------------------------------- a real process */

static char *mine; /* 4 pages */
static int file;

static void map_some(void)
{
	mine = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(mine != MAP_FAILED);
	mine[0] = mine[4096] = mine[2 * 4096] = 1;
	CHECK_INT(mprotect(mine + 2 * 4096, 4096, PROT_READ), 0);
	CHECK_INT(mprotect(mine + 3 * 4096, 4096, PROT_NONE), 0);
}

TEST(what_is_said_is_what_was_mapped)
{
	struct linux_region_map map;
	struct linux_region_pages pages;
	struct watch *watch;
	uint32_t slot;
	pid_t child;

	map_some(); /* the child has it at the same place */
	child = child_start(NULL);
	watch = open_regions((uint32_t)child);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK_INT(watch->rows[0].pid, child);
	slot = find_start(watch, (uint64_t)(uintptr_t)mine, &map);
	CHECK(slot != NO_ROW);
	CHECK_INT(map.end, (uint64_t)(uintptr_t)mine + 2 * 4096);
	CHECK_INT(map.size, 2 * 4096);
	CHECK_TEXT(watch_text(&map.protection), "rw-");
	CHECK_TEXT(watch_text(&map.share_mode), "private");
	CHECK_INT(map.path.state, STATE_NONE);
	CHECK_INT(map.name.state, STATE_NONE);
	CHECK(map.inode == ABSENT_U64(STATE_NONE) && map.offset == ABSENT_U64(STATE_NONE));
	CHECK(map.deleted == ABSENT_U64(STATE_NONE));
	target_read(watch, slot, SOURCE_region_pages, &pages);
	CHECK_INT(pages.page_size, 4096);
	CHECK_TEXT(watch_text(&pages.protection_max), "rwx");
	CHECK_INT(pages.pages.dirty, 2 * 4096);
	CHECK_INT(pages.pages.anonymous, 2 * 4096);
	CHECK_INT(pages.pages.clean, 0);
	CHECK(find_start(watch, (uint64_t)(uintptr_t)mine + 2 * 4096, &map) != NO_ROW);
	CHECK_TEXT(watch_text(&map.protection), "r--");
	CHECK(find_start(watch, (uint64_t)(uintptr_t)mine + 3 * 4096, &map) != NO_ROW);
	CHECK_TEXT(watch_text(&map.protection), "---");
	CHECK_TEXT(watch_text(&map.category), "reserved");
	child_end(child);
	watch_close(watch);
}

/* Rows that are there twice are the same; one that goes makes no other one go. */
TEST(mappings_come_and_go)
{
	struct watch *watch = open_regions((uint32_t)getpid());
	struct linux_region_map map;
	uint32_t slot;
	uint64_t start, identity;

	map_some();
	start = (uint64_t)(uintptr_t)mine;
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	slot = find_start(watch, start, &map);
	CHECK(slot != NO_ROW);
	identity = watch->rows[slot].identity;
	CHECK_INT(munmap(mine + 3 * 4096, 4096), 0);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK(find_start(watch, start + 3 * 4096, &map) == NO_ROW);
	CHECK_INT(find_start(watch, start, &map), slot);
	CHECK(watch->rows[slot].identity == identity);
	CHECK_INT(map.size, 2 * 4096);
	/* It grows, and is still the one that begins there. */
	CHECK_INT(mprotect(mine, 3 * 4096, PROT_READ), 0);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(find_start(watch, start, &map), slot);
	CHECK_INT(map.size, 3 * 4096);
	watch_close(watch);
}

TEST(a_deleted_file_and_shared_memory)
{
	char path[] = "/tmp/procmon-region-XXXXXX";
	struct watch *watch = open_regions((uint32_t)getpid());
	struct linux_region_map map;
	struct stat inode;
	void *of_file, *of_memory;
	int memory = memfd_create("shared \"x\"", MFD_CLOEXEC);

	file = mkstemp(path);
	CHECK(file >= 0 && memory >= 0);
	CHECK(ftruncate(file, 8192) == 0 && ftruncate(memory, 4096) == 0);
	CHECK_INT(fstat(file, &inode), 0);
	of_file = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 4096);
	of_memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, memory, 0);
	CHECK(of_file != MAP_FAILED && of_memory != MAP_FAILED);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK(find_start(watch, (uint64_t)(uintptr_t)of_file, &map) != NO_ROW);
	CHECK_TEXT(watch_text(&map.path), path);
	CHECK_TEXT(watch_text(&map.name), path + 5);
	CHECK_TEXT(watch_text(&map.share_mode), "shared");
	CHECK_INT(map.offset, 4096);
	CHECK_INT(map.inode, inode.st_ino);
	CHECK_INT(map.deleted, 0);
	CHECK(find_start(watch, (uint64_t)(uintptr_t)of_memory, &map) != NO_ROW);
	CHECK_TEXT(watch_text(&map.category), "shared memory");
	CHECK_TEXT(watch_text(&map.path), "/memfd:shared \"x\"");
	CHECK_INT(unlink(path), 0);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK(find_start(watch, (uint64_t)(uintptr_t)of_file, &map) != NO_ROW);
	CHECK_TEXT(watch_text(&map.path), path);
	CHECK_INT(map.deleted, 1);
	close(file);
	close(memory);
	watch_close(watch);
}

/* Nothing but the file itself tells its name from what the kernel says of one that has none. */
TEST(a_file_whose_name_ends_like_that)
{
	static const char name[] = "there (deleted)";
	char directory[] = "/tmp/procmon-region-XXXXXX";
	struct watch *watch = open_regions((uint32_t)getpid());
	struct linux_region_map map;
	void *memory;
	int parent;

	CHECK(mkdtemp(directory));
	parent = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	file = openat(parent, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(parent >= 0 && file >= 0 && ftruncate(file, 4096) == 0);
	memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
	CHECK(memory != MAP_FAILED);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK(find_start(watch, (uint64_t)(uintptr_t)memory, &map) != NO_ROW);
	CHECK_TEXT(watch_text(&map.name), name);
	CHECK_INT(map.deleted, 0);
	CHECK_INT(unlinkat(parent, name, 0), 0);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK(find_start(watch, (uint64_t)(uintptr_t)memory, &map) != NO_ROW);
	CHECK_TEXT(watch_text(&map.name), name);
	CHECK_INT(map.deleted, 1);
	rmdir(directory);
	close(file);
	close(parent);
	watch_close(watch);
}

TEST(a_process_that_ended_is_gone)
{
	target_check_end(TABLE_REGION, MAP | PAGES);
}

TEST(a_process_of_another_user)
{
	struct watch *watch = target_of_another_user(TABLE_REGION);

	CHECK_INT(target_look(watch, MAP), STATE_DENIED);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_DENIED);
	watch_close(watch);
}

/* The first thread ends, and the memory is that of the others. */
static void *live_on(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

TEST(the_first_thread_has_ended)
{
	struct linux_region_map map;
	struct watch *watch;
	int ready[2];
	char byte;
	pid_t child;

	map_some();
	CHECK_INT(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		pthread_t thread;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		CHECK_INT(pthread_create(&thread, NULL, live_on, NULL), 0);
		CHECK(write(ready[1], "r", 1) == 1);
		syscall(SYS_exit, 0);
	}
	CHECK(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	wait_for_state(child, 'Z');
	watch = open_regions((uint32_t)child);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	CHECK(find_start(watch, (uint64_t)(uintptr_t)mine, &map) != NO_ROW);
	child_end(child);
	watch_close(watch);
}

/* ----------------------------------------------------------------------------- by hand */

static void begin(void)
{
	tree_begin();
	target_put_stat("proc/7/stat", "S", 1, 1000);
	tree_put("proc/7/status", "Name:\tx\nTgid:\t7\n");
}

/* A stack is known by its end, and not confused with what begins there. */
TEST(a_stack_grows)
{
	struct linux_region_map map;
	struct watch *watch;
	uint32_t slot;

	begin();
	tree_put("proc/7/maps", "5000-7000 rw-p 00000000 00:00 0 [stack]\n"
				"7000-8000 r--p 00000000 00:00 0 [vvar]\n");
	watch = open_tree();
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(watch->births, 2);
	slot = find_start(watch, 0x5000, &map);
	CHECK_TEXT(watch_text(&map.name), "stack");
	tree_put("proc/7/maps", "3000-7000 rw-p 00000000 00:00 0 [stack]\n"
				"7000-8000 r--p 00000000 00:00 0 [vvar]\n");
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(watch->births, 0);
	CHECK_INT(find_start(watch, 0x3000, &map), slot);
	watch_close(watch);
}

static uint64_t activity_of(struct watch *watch, const char *smaps)
{
	uint64_t activity;
	uint32_t slot;

	tree_put("proc/7/smaps", smaps);
	CHECK_INT(target_look(watch, MAP | PAGES), STATE_OK);
	slot = watch_find(watch, 7);
	CHECK(slot != NO_ROW);
	watch->provider->gate(watch->handle, &slot, 1, &activity);
	CHECK(activity != ACTIVITY_UNKNOWN && activity != ACTIVITY_GONE);
	return activity;
}

/* So that only such rows are read: of each text one thing is another than of the first. */
TEST(whatever_changes_of_a_row_shows)
{
#define PAGES_OF(rss, flags)                                                                   \
	"Rss: " rss " kB\nAnonymous: 4 kB\nLazyFree: 0 kB\nVmFlags: " flags "\n"
	static const char *const texts[] = {
		"5000-7000 rw-p 00001000 08:01 9 /a/file\n" PAGES_OF("8", "rd wr"),
		"5000-8000 rw-p 00001000 08:01 9 /a/file\n" PAGES_OF("8", "rd wr"),
		"5000-7000 r--p 00001000 08:01 9 /a/file\n" PAGES_OF("8", "rd wr"),
		"5000-7000 rw-s 00001000 08:01 9 /a/file\n" PAGES_OF("8", "rd wr"),
		"5000-7000 rw-p 00002000 08:01 9 /a/file\n" PAGES_OF("8", "rd wr"),
		"5000-7000 rw-p 00001000 08:01 9 /a/fill\n" PAGES_OF("8", "rd wr"),
		"5000-7000 rw-p 00001000 08:01 9 /a/longer/file\n" PAGES_OF("8", "rd wr"),
		"5000-7000 rw-p 00001000 08:01 9 /a/file (deleted)\n" PAGES_OF("8", "rd wr"),
		"5000-7000 rw-p 00001000 08:01 9 /a/file\n" PAGES_OF("12", "rd wr"),
		"5000-7000 rw-p 00001000 08:01 9 /a/file\n" PAGES_OF("8", "rd mw"),
		"5000-7000 rw-p 00001000 08:01 9 /a/file\nKernelPageSize: 64 kB\n" PAGES_OF(
			"8", "rd wr"),
	};
	enum { TEXTS = sizeof texts / sizeof *texts };
	struct watch *watch;
	uint64_t first, others[TEXTS];

	begin();
	tree_put("proc/7/maps", "");
	watch = open_tree();
	first = activity_of(watch, texts[0]);
	CHECK(activity_of(watch, texts[0]) == first);
	for (uint32_t i = 1; i < TEXTS; i++) {
		others[i] = activity_of(watch, texts[i]);
		CHECK(others[i] != first);
		for (uint32_t j = 1; j < i; j++)
			CHECK(others[j] != others[i]);
	}
	CHECK(activity_of(watch, texts[0]) == first);
	watch_close(watch);
}

/* What is there stays when the text is garbage, or ends within a line. */
TEST(what_cannot_be_read)
{
	struct watch *watch;

	begin();
	tree_put("proc/7/maps", "5000-7000 rw-p 00000000 00:00 0 [heap]\n");
	watch = open_tree();
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	tree_put("proc/7/maps", "5000-7000 rw-p 00000000 00:00 0 [heap]\nnonsense\n");
	CHECK_INT(target_look(watch, MAP), STATE_FAILED);
	tree_put("proc/7/maps", "5000-7000 rw-p 00000000 00:00 0 [he");
	CHECK_INT(target_look(watch, MAP), STATE_FAILED);
	CHECK(watch_find(watch, 7) != NO_ROW);
	tree_put("proc/7/maps", "");
	CHECK_INT(target_look(watch, MAP), STATE_NONE);
	CHECK_INT(watch_find(watch, 7), NO_ROW);
	watch_close(watch);
}

TEST(a_kernel_that_does_not_tell_pages)
{
	struct host host = {.procfs = tree_procfs, .native = true};
	enum cell_state state = STATE_OK;
	struct watch *watch;

	begin();
	tree_put("proc/7/maps", "5000-7000 rw-p 00000000 00:00 0 [heap]\n");
	watch = open_tree();
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(target_look(watch, PAGES), STATE_UNSUPPORTED);
	watch_close(watch);
	CHECK(smaps_unsupported(&host, &state));
	CHECK_INT(state, STATE_UNSUPPORTED);
	tree_put("proc/self/smaps", "");
	CHECK(!smaps_unsupported(&host, &state));
}

/* Of those that there is no room for none is taken for another one, and they cost no memory. */
TEST(more_than_a_table_has_rows)
{
	enum { MANY = 70000 };
	char *text = malloc(MANY * 48);
	size_t length = 0;
	struct watch *watch;
	struct linux_region_map map;

	CHECK(text);
	begin();
	for (int i = 0; i < MANY; i++)
		length += (size_t)sprintf(text + length, "%x-%x rw-p 00000000 00:00 0 \n",
			0x100000 + i * 0x2000, 0x101000 + i * 0x2000);
	tree_put("proc/7/maps", text);
	watch = open_tree();
	watch->full_at = 1000;
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(watch->births, 1000);
	CHECK(watch->refused >= WATCH_ROWS - 1000 && watch->refused < MANY - 1000);
	CHECK_INT(find_start(watch, 0x100000 + 999 * 0x2000, &map), 999);
	/* Another one takes the place of the first, and is before all others: these stay. */
	memcpy(text, "01", 2);
	tree_put("proc/7/maps", text);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(watch->deaths, 1);
	CHECK_INT(target_look(watch, MAP), STATE_OK);
	CHECK_INT(watch->births, 1);
	CHECK_INT(find_start(watch, 0x10000, &map), 0);
	CHECK_INT(find_start(watch, 0x100000 + 999 * 0x2000, &map), 999);
	free(text);
	watch_close(watch);
}

/* ----------------------------------------------------------------------------- the jobs */

static int reads;

/* Each time another program is there when it has been read, until there is enough of that. */
static int begin_another(struct memory_job *job, int directory)
{
	(void)job;
	(void)directory;
	reads++;
	target_put_stat("proc/7/stat", "S", 1, reads < 3 ? 1000 + reads : 2000);
	return 0;
}

static int begin_another_always(struct memory_job *job, int directory)
{
	(void)job;
	(void)directory;
	target_put_stat("proc/7/stat", "S", 1, 1000 + ++reads);
	return 0;
}

static int run_job(int (*read)(struct memory_job *job, int directory))
{
	struct memory_table table = {0};
	void *job;
	int result;

	table.directory = open(tree_path("proc/7"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(table.directory >= 0);
	reads = 0;
	CHECK_INT(memory_job_create(&table.devices, sizeof(struct memory_job), read, &job),
		STATE_OK);
	result = memory_job_run(job);
	memory_job_destroy(job);
	close(table.directory);
	return result;
}

TEST(half_of_one_program_and_half_of_another)
{
	begin();
	CHECK_INT(run_job(begin_another), STATE_OK);
	CHECK_INT(reads, 4); /* the last one found the same before and after */
	CHECK_INT(run_job(begin_another_always), STATE_FAILED);
	CHECK(reads > 1 && reads < 100);
}

TESTS(CASE(what_is_said_is_what_was_mapped), CASE(mappings_come_and_go),
	CASE(a_deleted_file_and_shared_memory), CASE(a_file_whose_name_ends_like_that),
	CASE(a_process_that_ended_is_gone), CASE(a_process_of_another_user),
	CASE(the_first_thread_has_ended), CASE(a_stack_grows),
	CASE(whatever_changes_of_a_row_shows), CASE(what_cannot_be_read),
	CASE(a_kernel_that_does_not_tell_pages), CASE(more_than_a_table_has_rows),
	CASE(half_of_one_program_and_half_of_another))

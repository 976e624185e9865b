/* Table FOOTPRINT: what the memory of a process is for. Its sum is what the kernel counts. */
#include <sys/mman.h>

#include "linux/memory/memory.h"
#include "linux_target.h"

enum { WANTED = 1 << SOURCE_footprint };

static struct linux_footprint find_category(struct watch *watch, const char *category)
{
	struct linux_footprint sample;

	for (uint32_t slot = 0; slot < watch->count; slot++) {
		if (!watch->rows[slot].alive)
			continue;
		target_read(watch, slot, SOURCE_footprint, &sample);
		if (strcmp(watch_text(&sample.category), category) == 0)
			return sample;
	}
	test_fail(__FILE__, __LINE__, "no category %s", category);
}

static uint64_t sum_of_dirty(struct watch *watch)
{
	struct linux_footprint sample;
	uint64_t sum = 0;

	for (uint32_t slot = 0; slot < watch->count; slot++) {
		if (!watch->rows[slot].alive)
			continue;
		target_read(watch, slot, SOURCE_footprint, &sample);
		sum += sample.pages.dirty;
		if (sample.pages.reclaimable != ABSENT_U64(STATE_NONE))
			sum += sample.pages.reclaimable;
	}
	return sum;
}

/* ------------------------------------------------------------------- a real process */

enum { MIB = 1 << 20 };

static char *map_memory(int flags, int size)
{
	char *memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, flags, -1, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

static void use_memory(void)
{
	char *lazy = map_memory(MAP_PRIVATE | MAP_ANONYMOUS, 2 * MIB);

	memset(map_memory(MAP_PRIVATE | MAP_ANONYMOUS, 4 * MIB), 1, 3 * MIB);
	memset(map_memory(MAP_SHARED | MAP_ANONYMOUS, 2 * MIB), 1, MIB);
	memset(lazy, 1, MIB);
	CHECK_INT(madvise(lazy, MIB / 2, MADV_FREE), 0);
}

/* Before Linux 6.16 the counters in status lag behind, by some pages for each core. */
TEST(the_sum_is_the_kernels)
{
	pid_t child = child_start(use_memory);
	struct watch *watch = target_watch(TABLE_FOOTPRINT, NULL, NULL, (uint32_t)child);
	static const char *const keys[] = {
		"RssAnon:", "RssShmem:", "VmSwap:", "HugetlbPages:", "VmPTE:"};
	struct linux_footprint sample;
	uint64_t expected = 0;

	wait_for_state(child, 'S');
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	for (int i = 0; i < 5; i++) {
		long long kib = proc_number(child, "status", keys[i]);
		expected += kib > 0 ? (uint64_t)kib * 1024 : 0;
	}
	CHECK(llabs((long long)(sum_of_dirty(watch) - expected)) <=
		64 * 4096 * sysconf(_SC_NPROCESSORS_CONF));
	sample = find_category(watch, "shared memory");
	CHECK_INT(sample.pages.dirty, MIB);
	CHECK_INT(sample.pages.shared, MIB);
	CHECK(sample.size >= 2 * MIB);
	sample = find_category(watch, "anonymous");
	CHECK(sample.pages.dirty + sample.pages.reclaimable >= 4 * MIB);
	CHECK(sample.pages.reclaimable <= MIB / 2); /* the kernel takes its time */
	sample = find_category(watch, "page tables");
	CHECK_INT(sample.pages.dirty, proc_number(child, "status", "VmPTE:") * 1024);
	CHECK(find_category(watch, "program text").pages.clean > 0);
	child_end(child);
	watch_close(watch);
}

TEST(a_process_that_ended_has_no_memory)
{
	target_check_end(TABLE_FOOTPRINT, WANTED);
}

TEST(a_process_of_another_user)
{
	struct watch *watch = target_of_another_user(TABLE_FOOTPRINT);

	CHECK_INT(target_look(watch, WANTED), STATE_DENIED);
	watch_close(watch);
}

/* ----------------------------------------------------------------------------- by hand */

static const char pages[] = "Rss: 8 kB\nPss: 6 kB\nAnonymous: 4 kB\nLazyFree: 1 kB\n"
			    "Shared_Hugetlb: 0 kB\nPrivate_Hugetlb: 0 kB\nSwap: 2 kB\n";

static struct watch *open_tree(const char *smaps)
{
	tree_put("proc/7/smaps", smaps);
	return target_watch(TABLE_FOOTPRINT, tree_procfs, tree_sysfs, 7);
}

static void begin(void)
{
	tree_begin();
	target_put_stat("proc/7/stat", "S", 1, 1000);
	tree_put("proc/7/status", "Name:\tx\nTgid:\t7\nVmRSS:\t4 kB\nVmPTE:\t44 kB\n");
}

TEST(mappings_of_a_category_are_one_row)
{
	struct linux_footprint sample;
	struct watch *watch;
	char smaps[2048];

	begin();
	snprintf(smaps, sizeof smaps,
		"1000-3000 rw-p 00000000 00:00 0 [heap]\n%s"
		"5000-6000 r--p 00000000 08:01 5 /a\n%s"
		"7000-8000 rw-p 00000000 00:00 0 [heap]\n%s",
		pages, pages, pages);
	watch = open_tree(smaps);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 3);
	sample = find_category(watch, "malloc heap");
	CHECK_INT(sample.regions, 2);
	CHECK_INT(sample.size, 0x3000);
	CHECK_INT(sample.pages.resident, 16 * 1024);
	CHECK_INT(sample.pages.dirty, 2 * (4 - 1 + 2) * 1024);
	CHECK_INT(sample.pages.clean, 8 * 1024);
	CHECK_INT(sample.pages.pss, 12 * 1024);
	CHECK(sample.pages.merged == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(find_category(watch, "mapped files").regions, 1);
	watch_close(watch);
}

/* What no mapping shows has an amount, and nothing else. */
TEST(page_tables)
{
	struct linux_footprint sample;
	struct watch *watch;

	begin();
	watch = open_tree("1000-3000 rw-p 00000000 00:00 0 [anon:page tables]\nRss: 4 kB\n");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 2); /* a program may call something so */
	for (uint32_t slot = 0; slot < 2; slot++) {
		target_read(watch, slot, SOURCE_footprint, &sample);
		CHECK_TEXT(watch_text(&sample.category), "page tables");
		if (sample.regions == 1)
			continue;
		CHECK(sample.regions == ABSENT_U64(STATE_NONE));
		CHECK(sample.size == ABSENT_U64(STATE_NONE));
		CHECK(sample.pages.resident == ABSENT_U64(STATE_NONE));
		CHECK(sample.pages.swap == ABSENT_U64(STATE_NONE));
		CHECK_INT(sample.pages.dirty, 44 * 1024);
	}
	tree_put("proc/7/status", "Name:\tx\nTgid:\t7\nVmRSS:\t4 kB\n");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->deaths, 1);
	watch_close(watch);
}

/* The groups of its user come before it in status. */
TEST(a_user_of_many_groups)
{
	static char status[400000];
	size_t length = (size_t)sprintf(status, "Name:\tx\nTgid:\t7\nGroups:\t");
	struct watch *watch;

	begin();
	for (int i = 0; i < 50000; i++)
		length += (size_t)sprintf(status + length, "%d ", i + 100000);
	sprintf(status + length, "\nVmRSS:\t4 kB\nVmPTE:\t48 kB\n");
	tree_put("proc/7/status", status);
	watch = open_tree("1000-3000 rw-p 00000000 00:00 0 [heap]\n");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(find_category(watch, "page tables").pages.dirty, 48 * 1024);
	watch_close(watch);
}

/* A program can invent as many names as it has mappings. */
TEST(more_names_than_rows)
{
	enum { NAMES = 3000 };
	static const char rest[] = "7ff000000000-7ff000004000 rw-p 00000000 00:00 0 [stack]\n"
				   "Rss: 8 kB\nAnonymous: 8 kB\nLazyFree: 0 kB\nSwap: 0 kB\n"
				   "Shared_Hugetlb: 0 kB\nPrivate_Hugetlb: 0 kB\n";
	char *smaps = malloc(NAMES * 160 + sizeof rest);
	size_t length = 0;
	struct linux_footprint other;
	struct watch *watch;

	CHECK(smaps);
	begin();
	for (int i = 0; i < NAMES; i++)
		length += (size_t)sprintf(smaps + length,
			"%x-%x rw-p 00000000 00:00 0 [anon:name %d]\n%s", (i + 1) * 0x2000,
			(i + 1) * 0x2000 + 0x1000, i,
			"Rss: 4 kB\nAnonymous: 4 kB\nLazyFree: 0 kB\nSwap: 0 kB\n"
			"Shared_Hugetlb: 0 kB\nPrivate_Hugetlb: 0 kB\n");
	strcpy(smaps + length, rest);
	watch = open_tree(smaps);
	free(smaps);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 255 + 3);
	CHECK_INT(find_category(watch, "stack").pages.dirty, 8 * 1024); /* none of its names */
	CHECK_INT(find_category(watch, "name 254").regions, 1);
	other = find_category(watch, "anonymous, other names");
	CHECK_INT(other.regions, NAMES - 255);
	CHECK_INT(other.pages.dirty, (NAMES - 255) * 4096);
	CHECK_INT(sum_of_dirty(watch), NAMES * 4096 + 8 * 1024 + 44 * 1024);
	/* The same ones once more: nothing comes or goes. */
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births + watch->deaths, 0);
	watch_close(watch);
}

/* A kernel thread. */
TEST(a_process_without_memory)
{
	struct watch *watch;

	begin();
	tree_put("proc/7/maps", "");
	watch = open_tree("");
	CHECK_INT(target_look(watch, WANTED), STATE_NONE);
	CHECK_INT(watch->births, 0);
	watch_close(watch);
}

/* The first thread has ended: what it shows is nothing. */
TEST(the_first_thread_has_ended)
{
	struct watch *watch;

	begin();
	target_put_stat("proc/7/stat", "Z", 2, 0);
	tree_put("proc/7/status", "Name:\tx\nTgid:\t7\n");
	target_put_stat("proc/7/task/7/stat", "Z", 2, 0);
	target_put_stat("proc/7/task/8/stat", "S", 2, 1000);
	tree_put("proc/7/task/8/status", "Name:\tx\nTgid:\t7\nVmPTE:\t52 kB\n");
	tree_put("proc/7/task/8/smaps", "1000-3000 rw-p 00000000 00:00 0 [heap]\nRss: 4 kB\n");
	watch = open_tree("");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(find_category(watch, "malloc heap").pages.resident, 4096);
	CHECK_INT(find_category(watch, "page tables").pages.dirty, 52 * 1024);
	watch_close(watch);
}

/* ------------------------------------------------------------------------ GPU buffers */

static void put_power(const char *state)
{
	tree_put("sys/class/drm/renderD128/device/power/runtime_status", state);
}

static void put_client(int fd, const char *id, const char *text)
{
	char path[64], fdinfo[512];

	snprintf(path, sizeof path, "proc/7/fd/%d", fd);
	tree_link(path, "/dev/dri/renderD128");
	snprintf(path, sizeof path, "proc/7/fdinfo/%d", fd);
	snprintf(fdinfo, sizeof fdinfo, "pos:\t0\ndrm-driver:\tamdgpu\ndrm-client-id:\t%s\n%s",
		id, text);
	tree_put(path, fdinfo);
}

static struct watch *open_gpu_tree(void)
{
	begin();
	tree_put("sys/class/drm/renderD128/device/uevent",
		"DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n");
	put_power("active\n");
	tree_link("proc/7/fd/0", "/dev/null");
	tree_link("proc/7/fd/1", "pipe:[1]");
	return open_tree("1000-3000 rw-p 00000000 00:00 0 [heap]\n");
}

static const char buffers[] = "drm-resident-vram:\t64 MiB\ndrm-shared-vram:\t16 MiB\n"
			      "drm-resident-gtt:\t8 MiB\n";

TEST(buffers_of_a_gpu)
{
	struct linux_footprint sample;
	struct watch *watch = open_gpu_tree();

	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 2); /* the heap, page tables */
	put_client(5, "41", buffers);
	put_client(6, "41", buffers); /* the same one once more */
	put_client(7, "42", "drm-resident-vram:\t1 MiB\n");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	sample = find_category(watch, "GPU memory");
	CHECK_INT(sample.pages.dirty, (64 - 16 + 8 + 1) * MIB);
	CHECK(sample.regions == ABSENT_U64(STATE_NONE));
	CHECK(sample.pages.resident == ABSENT_U64(STATE_NONE));
	tree_remove("proc/7/fd/5");
	tree_remove("proc/7/fd/6");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(find_category(watch, "GPU memory").pages.dirty, MIB);
	watch_close(watch);
}

/* It is not woken for this, and 0 would not be true. */
TEST(a_gpu_that_sleeps)
{
	struct watch *watch = open_gpu_tree();

	put_client(5, "41", buffers);
	put_power("suspended\n");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK(find_category(watch, "GPU memory").pages.dirty == ABSENT_U64(STATE_ASLEEP));
	watch_close(watch);
}

/* A driver without a word about memory. */
TEST(a_driver_that_tells_nothing)
{
	struct watch *watch = open_gpu_tree();

	put_client(5, "41", "drm-engine-gfx:\t1 ns\n");
	put_client(6, "", buffers);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 2);
	watch_close(watch);
}

TESTS(CASE(the_sum_is_the_kernels), CASE(a_process_that_ended_has_no_memory),
	CASE(a_process_of_another_user), CASE(mappings_of_a_category_are_one_row),
	CASE(page_tables), CASE(a_user_of_many_groups), CASE(more_names_than_rows),
	CASE(a_process_without_memory), CASE(the_first_thread_has_ended),
	CASE(buffers_of_a_gpu), CASE(a_gpu_that_sleeps), CASE(a_driver_that_tells_nothing))

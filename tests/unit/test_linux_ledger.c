/* Table LEDGER: the accounts of a process, each of which says for itself why it has no balance. */
#include "linux/memory/accounts.h"
#include "linux/memory/memory.h"
#include "linux_target.h"

enum { WANTED = 1 << SOURCE_ledger };

static struct linux_ledger find_account(struct watch *watch, const char *name)
{
	struct linux_ledger sample;

	for (uint32_t slot = 0; slot < watch->count; slot++) {
		target_read(watch, slot, SOURCE_ledger, &sample);
		if (strcmp(watch_text(&sample.name), name) == 0)
			return sample;
	}
	test_fail(__FILE__, __LINE__, "no account %s", name);
}

static int64_t balance(struct watch *watch, const char *name)
{
	return find_account(watch, name).balance;
}

static void check_state(struct watch *watch, const char *name, enum cell_state state)
{
	if (balance(watch, name) != ABSENT_I64(state))
		test_fail(__FILE__, __LINE__, "%s is %lld, not without a value for %d", name,
			(long long)balance(watch, name), state);
}

/* ---------------------------------------------------------------------------- accounts */

TEST(every_account_is_whole)
{
	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		const struct account *account = &accounts[i];
		CHECK(account->group && account->name && account->keys[0]);
		CHECK(account->meaning[strlen(account->meaning) - 1] == '.');
		for (uint32_t j = 0; j < i; j++)
			CHECK(strcmp(account->name, accounts[j].name) != 0);
	}
}

static int64_t balance_of(const struct account *account, const char *text)
{
	return account_balance(account, NULL, text, strlen(text), 1024);
}

TEST(sums_of_lines)
{
	const struct account sum = {.keys = {"A", "B", "?C"}}, whole = {.keys = {""}};

	CHECK_INT(balance_of(&sum, "AB: 7 kB\nB: 2 kB\nA:\t 1 kB\n"), 3 * 1024);
	CHECK_INT(balance_of(&sum, "A 1\nB 2\nC 4\nA 100\n"), 7 * 1024);
	CHECK(balance_of(&sum, "A 1\nBB 2\n") == ABSENT_I64(STATE_UNSUPPORTED));
	CHECK(balance_of(&sum, "A 1\nB\n") == ABSENT_I64(STATE_UNSUPPORTED));
	CHECK(balance_of(&sum, "A 1\nB -2\n") == ABSENT_I64(STATE_UNSUPPORTED));
	CHECK(balance_of(&sum, "") == ABSENT_I64(STATE_UNSUPPORTED));
	CHECK_INT(balance_of(&sum, "A 99999999999999999999\nB 99999999999999999999\n"),
		NUMBER_LIMIT);
	CHECK_INT(balance_of(&whole, "12\n"), 12 * 1024);
	CHECK(balance_of(&whole, "max\n") == ABSENT_I64(STATE_UNSUPPORTED));
	CHECK_INT(account_balance(&sum, "D", "A 1\nD 5\n", 8, 1), 5);
}

/* ------------------------------------------------------------------- a real process */

TEST(balances_are_the_kernels)
{
	static const struct {
		const char *name, *file, *key;
		int factor;
	} same[] = {
		{"phys_mem", "status", "VmRSS:", 1024},
		{"external", "status", "RssFile:", 1024},
		{"anonymous", "status", "RssAnon:", 1024},
		{"internal_compressed", "status", "VmSwap:", 1024},
		{"page_table", "status", "VmPTE:", 1024},
		{"locked", "status", "VmLck:", 1024},
		{"reusable", "smaps_rollup", "LazyFree:", 1024},
		{"logical_writes", "io", "write_bytes:", 1},
		{"call_reads", "io", "rchar:", 1},
	};
	pid_t child = child_start(NULL);
	struct watch *watch = target_watch(TABLE_LEDGER, NULL, NULL, (uint32_t)child);
	struct linux_ledger sample;

	wait_for_state(child, 'S');
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, ACCOUNTS);
	CHECK_INT(watch->rows[0].pid, child);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		long long number = proc_number(child, same[i].file, same[i].key);
		if (number >= 0 && balance(watch, same[i].name) != number * same[i].factor)
			test_fail(__FILE__, __LINE__, "%s is %lld, expected %lld", same[i].name,
				(long long)balance(watch, same[i].name),
				number * same[i].factor);
	}
	if (balance(watch, "pss") >= 0) /* others may map more of it by now, or less */
		CHECK(balance(watch, "pss") > 0 &&
			balance(watch, "pss") <= balance(watch, "phys_mem"));
	CHECK_INT(balance(watch, "internal"),
		balance(watch, "anonymous") + balance(watch, "shared_memory"));
	CHECK_INT(balance(watch, "phys_footprint"),
		balance(watch, "anonymous") + balance(watch, "page_table") +
			balance(watch, "internal_compressed") + balance(watch, "hugetlb"));
	sample = find_account(watch, "phys_footprint");
	CHECK_TEXT(watch_text(&sample.group), "physmem");
	CHECK_TEXT(watch_text(&sample.units), "bytes");
	CHECK(sample.meaning.length > 20);
	child_end(child);
	CHECK_INT(target_look(watch, WANTED), SAMPLE_GONE);
	watch_close(watch);
}

TEST(a_process_that_ended)
{
	target_check_end(TABLE_LEDGER, WANTED);
}

/* Who may not look at the mappings sees the sums in status all the same. */
TEST(a_process_of_another_user)
{
	struct watch *watch = target_of_another_user(TABLE_LEDGER);

	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK(balance(watch, "phys_mem") > 0);
	CHECK(balance(watch, "cpu_time") >= 0);
	check_state(watch, "pss", STATE_DENIED);
	check_state(watch, "call_reads", STATE_DENIED);
	watch_close(watch);
}

/* ----------------------------------------------------------------------------- by hand */

static const char status[] =
	"Name:\tx\nTgid:\t7\nVmLck:\t1 kB\nVmPin:\t2 kB\nVmRSS:\t70 kB\n"
	"RssAnon:\t40 kB\nRssFile:\t20 kB\nRssShmem:\t10 kB\nVmPTE:\t4 kB\n"
	"VmSwap:\t8 kB\n";

static void begin(void)
{
	tree_begin();
	target_put_stat("proc/7/stat", "S", 1, 1000);
	tree_put("proc/7/status", status);
	tree_put("proc/7/io", "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\n"
			      "write_bytes: 6\ncancelled_write_bytes: 7\n");
}

static struct watch *open_tree(void)
{
	return target_watch(TABLE_LEDGER, tree_procfs, tree_sysfs, 7);
}

TEST(a_process_by_hand)
{
	struct watch *watch;

	begin();
	tree_put("proc/7/smaps_rollup", "1000-2000 ---p 00000000 00:00 0 [rollup]\nPss: 9 kB\n"
					"Private_Clean: 1 kB\nPrivate_Dirty: 2 kB\n");
	watch = open_tree();
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(balance(watch, "cpu_time"), UINT64_C(4000000000)); /* 300 and 100 ticks */
	CHECK_TEXT(watch_text(&(struct sample_text){
			   find_account(watch, "cpu_time").units.bytes, 2, STATE_OK}),
		"ns");
	CHECK_INT(balance(watch, "phys_footprint"), (40 + 8 + 4) * 1024); /* no huge pages */
	CHECK_INT(balance(watch, "internal"), (40 + 10) * 1024);
	CHECK_INT(balance(watch, "pinned"), 2 * 1024);
	CHECK_INT(balance(watch, "unique"), 3 * 1024);
	CHECK_INT(balance(watch, "disk_reads"), 5);
	CHECK_INT(balance(watch, "logical_writes"), 6);
	CHECK_INT(balance(watch, "cancelled_writes"), 7);
	check_state(watch, "hugetlb", STATE_UNSUPPORTED);
	check_state(watch, "merged", STATE_UNSUPPORTED);
	check_state(watch, "cgroup_memory", STATE_UNSUPPORTED);
	/* As a kernel thread has none. */
	tree_put("proc/7/status", "Name:\tx\nTgid:\t7\n");
	CHECK_INT(target_look(watch, WANTED), STATE_NONE);
	CHECK_INT(watch->births + watch->deaths, 0);
	check_state(watch, "phys_mem", STATE_NONE);
	check_state(watch, "unique", STATE_NONE);
	CHECK_INT(balance(watch, "disk_reads"), 5);
	watch_close(watch);
}

/* The first thread has ended: the memory is that of the others, all else is its own. */
TEST(the_first_thread_has_ended)
{
	struct watch *watch;

	begin();
	target_put_stat("proc/7/stat", "Z", 2, 0);
	tree_put("proc/7/status", "Name:\tx\nTgid:\t7\n");
	target_put_stat("proc/7/task/7/stat", "Z", 2, 0);
	target_put_stat("proc/7/task/8/stat", "S", 2, 1000);
	tree_put("proc/7/task/8/status", status);
	tree_put("proc/7/task/8/smaps_rollup", "Pss: 9 kB\n");
	tree_put("proc/7/task/8/io", "read_bytes: 1000\n");
	watch = open_tree();
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(balance(watch, "phys_mem"), 70 * 1024);
	CHECK_INT(balance(watch, "pss"), 9 * 1024);
	CHECK_INT(balance(watch, "disk_reads"), 5);
	watch_close(watch);
}

/* ------------------------------------------------------------------------------ cgroups */

TEST(the_unified_hierarchy)
{
	struct watch *watch;

	begin();
	tree_put("proc/self/cgroup", "0::/\n");
	tree_put("proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n");
	tree_put("proc/7/cgroup", "0::/a.slice/b\n");
	tree_put("sys/fs/cgroup/a.slice/b/memory.current", "4096\n");
	tree_put("sys/fs/cgroup/a.slice/b/memory.stat",
		"anon 1\nfile 2\nkernel 3\npagetables 4\nsock 5\nshmem 6\nfile_dirty 8\n"
		"slab_reclaimable 7\nslab_unreclaimable 9\nslab 16\n");
	tree_put("sys/fs/cgroup/a.slice/b/pids.current", "17\n");
	watch = open_tree();
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(balance(watch, "cgroup_memory"), 4096);
	CHECK_INT(balance(watch, "cgroup_anonymous"), 1);
	CHECK_INT(balance(watch, "cgroup_file"), 2);
	CHECK_INT(balance(watch, "cgroup_kernel"), 3);
	CHECK_INT(balance(watch, "cgroup_page_table"), 4);
	CHECK_INT(balance(watch, "cgroup_sockets"), 5);
	CHECK_INT(balance(watch, "cgroup_shared_memory"), 6);
	CHECK_INT(balance(watch, "cgroup_reclaimable"), 7);
	CHECK_INT(balance(watch, "cgroup_slab"), 16);
	CHECK_INT(balance(watch, "cgroup_tasks"), 17);
	check_state(watch, "cgroup_swap", STATE_NONE); /* no such file: no swap */
	/* It is put into another one, whose controllers are not enabled. */
	tree_put("proc/7/cgroup", "0::/\n");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	check_state(watch, "cgroup_memory", STATE_NONE);
	check_state(watch, "cgroup_kernel", STATE_NONE);
	watch_close(watch);
}

TEST(an_older_hierarchy)
{
	struct watch *watch;

	begin();
	tree_put("proc/self/cgroup", "4:memory:/\n0::/\n");
	tree_put("proc/self/mountinfo",
		"30 20 0:26 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n"
		"31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup none rw,memory\n");
	tree_put("proc/7/cgroup", "4:memory:/m\n0::/u\n");
	tree_put("sys/fs/cgroup/unified/u/pids.current", "3\n");
	tree_put("sys/fs/cgroup/unified/u/memory.current", "1\n");
	tree_put("sys/fs/cgroup/memory/m/memory.usage_in_bytes", "8192\n");
	tree_put("sys/fs/cgroup/memory/m/memory.stat",
		"cache 1\nrss 2\nshmem 3\nswap 4\ntotal_cache 10\ntotal_rss 20\ntotal_shmem "
		"30\n"
		"total_swap 40\n");
	watch = open_tree();
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(balance(watch, "cgroup_memory"), 8192);
	CHECK_INT(balance(watch, "cgroup_file"), 10);
	CHECK_INT(balance(watch, "cgroup_anonymous"), 20);
	CHECK_INT(balance(watch, "cgroup_shared_memory"), 30);
	CHECK_INT(balance(watch, "cgroup_swap"), 40);
	CHECK_INT(balance(watch, "cgroup_tasks"), 3);
	check_state(watch, "cgroup_kernel", STATE_UNSUPPORTED);
	watch_close(watch);
}

TESTS(CASE(every_account_is_whole), CASE(sums_of_lines), CASE(balances_are_the_kernels),
	CASE(a_process_that_ended), CASE(a_process_of_another_user), CASE(a_process_by_hand),
	CASE(the_first_thread_has_ended), CASE(the_unified_hierarchy), CASE(an_older_hierarchy))

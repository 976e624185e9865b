/* Table COALITION: the rows, and what is read of each, in a tree of plain files and in the
 * kernel's own. */
#include <math.h>

#include "linux/coalition/coalition.h"
#include "linux_tree.h"

#define SLICE "sys/fs/cgroup/system.slice"

/* --------------------------------------------------------------------------- the table */

static struct watch *open_coalitions(const char *procfs, const char *sysfs)
{
	return watch_open_table(TABLE_COALITION, procfs, sysfs);
}

/* At once, though it is not time yet. */
static void list_now(struct watch *watch)
{
	((struct devices *)watch->handle)->found_ns = 0;
	watch_list(watch);
}

/* A tree of cgroup version 2. */
static struct watch *open_tree(void)
{
	return open_coalitions(tree_procfs, tree_sysfs);
}

static void begin_tree(void)
{
	tree_begin();
	tree_put("proc/self/cgroup", "0::/user.slice\n");
	tree_put("proc/self/mountinfo",
		"31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
	tree_put("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
	tree_put(SLICE "/cgroup.procs", "");
}

/* The slot of the row of a path; NO_ROW: there is none. */
static uint32_t slot_of(struct watch *watch, const char *path)
{
	struct linux_coalition_identity sample;

	for (uint32_t slot = 0; slot < watch->count; slot++) {
		if (!watch->rows[slot].alive)
			continue;
		CHECK_INT(watch->provider->read(
				  watch->handle, slot, SOURCE_coalition_identity, &sample),
			STATE_OK);
		if (sample.path.length == strlen(path) &&
			memcmp(sample.path.bytes, path, sample.path.length) == 0)
			return slot;
	}
	return NO_ROW;
}

static int read_of(struct watch *watch, const char *path, uint32_t source, void *sample)
{
	uint32_t slot = slot_of(watch, path);

	CHECK(slot != NO_ROW);
	return watch->provider->read(watch->handle, slot, source, sample);
}

static const char *reason(const struct watch *watch, uint32_t source)
{
	enum cell_state state;
	const char *why =
		watch->provider->unsupported(watch->provider->context, source, &state);

	CHECK(!why || state == STATE_UNSUPPORTED);
	return why;
}

#define IS_NONE(value) ((value) == ABSENT_U64(STATE_NONE))

/* -------------------------------------------------------------------------------- rows */

TEST(each_directory_is_a_row_with_its_inode_for_identity)
{
	struct linux_coalition_identity top, slice, service;
	struct watch *watch;
	struct stat inode;

	begin_tree();
	tree_put(SLICE "/a.service/cgroup.procs", "");
	tree_put("sys/fs/cgroup/not-a-directory", "");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(watch->births, 3);
	CHECK_INT(read_of(watch, "/", SOURCE_coalition_identity, &top), STATE_OK);
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_identity, &slice), STATE_OK);
	CHECK_INT(
		read_of(watch, "/system.slice/a.service", SOURCE_coalition_identity, &service),
		STATE_OK);
	CHECK(stat(tree_path(SLICE "/a.service"), &inode) == 0);
	CHECK(service.id == inode.st_ino);
	CHECK(watch->rows[slot_of(watch, "/system.slice/a.service")].identity == inode.st_ino);
	CHECK(service.parent == slice.id);
	CHECK(slice.parent == top.id);
	CHECK(IS_NONE(top.parent));
	watch_close(watch);
}

TEST(births_and_deaths_are_found)
{
	struct watch *watch;

	begin_tree();
	tree_put(SLICE "/a.service/deep/er/cgroup.procs", "");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(watch->births, 5);
	list_now(watch);
	CHECK_INT(watch->births + watch->deaths, 0);
	tree_put(SLICE "/a.service/deep/b/c/cgroup.procs", "");
	list_now(watch);
	CHECK_INT(watch->births, 2);
	CHECK(slot_of(watch, "/system.slice/a.service/deep/b/c") != NO_ROW);
	tree_remove(SLICE "/a.service/deep");
	list_now(watch);
	CHECK_INT(watch->deaths, 4);
	CHECK_INT(watch->births, 0);
	watch_close(watch);
}

/* The number of links is the same then. */
TEST(one_that_goes_while_another_comes_is_found)
{
	struct watch *watch;

	begin_tree();
	tree_put(SLICE "/a.service/cgroup.procs", "");
	tree_put(SLICE "/b.service/cgroup.procs", "");
	watch = open_tree();
	watch_list(watch);
	tree_put(SLICE "/c.service/cgroup.procs", "");
	tree_remove(SLICE "/b.service");
	list_now(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	CHECK(slot_of(watch, "/system.slice/c.service") != NO_ROW);
	CHECK(slot_of(watch, "/system.slice/b.service") == NO_ROW);
	watch_close(watch);
}

/* As can be done in the older hierarchies. */
TEST(a_directory_that_is_renamed_stays_the_same_row)
{
	struct linux_coalition_identity sample;
	struct watch *watch;
	char to[512];

	begin_tree();
	tree_put(SLICE "/a.service/deep/cgroup.procs", "");
	watch = open_tree();
	watch_list(watch);
	snprintf(to, sizeof to, "%s", tree_path(SLICE "/b.service"));
	CHECK(rename(tree_path(SLICE "/a.service"), to) == 0);
	list_now(watch);
	CHECK_INT(watch->births + watch->deaths, 0);
	CHECK_INT(read_of(watch, "/system.slice/b.service/deep", SOURCE_coalition_identity,
			  &sample),
		STATE_OK);
	CHECK(memcmp(sample.name.bytes, "b.service/deep", sample.name.length) == 0);
	watch_close(watch);
}

TEST(what_went_since_the_list_has_no_values_and_not_those_of_its_successor)
{
	struct linux_coalition_usage sample;
	struct watch *watch;
	char from[512];

	begin_tree();
	tree_put(SLICE "/a.service/memory.current", "4096\n");
	tree_put("other/memory.current", "8192\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(read_of(watch, "/system.slice/a.service", SOURCE_coalition_usage, &sample),
		STATE_OK);
	CHECK_INT(sample.bytes, 4096);
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_usage, &sample), STATE_OK);
	CHECK(IS_NONE(sample.bytes));
	tree_remove(SLICE "/a.service");
	snprintf(from, sizeof from, "%s", tree_path("other"));
	CHECK(rename(from, tree_path(SLICE "/a.service")) == 0);
	CHECK_INT(read_of(watch, "/system.slice/a.service", SOURCE_coalition_usage, &sample),
		STATE_OK);
	CHECK(IS_NONE(sample.bytes));
	/* It is found at once, without waiting for the time. */
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	watch_close(watch);
}

TEST(a_thousand_come_and_go)
{
	enum { MANY = 1000 };
	struct watch *watch;
	char path[128];

	begin_tree();
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof path, SLICE "/%d/%d.scope/x", i % 30, i);
		tree_put(path, "");
	}
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(watch->births, MANY + 30 + 2);
	tree_remove(SLICE "/7");
	list_now(watch);
	CHECK_INT(watch->births, 0);
	CHECK_INT(watch->deaths, 1 + 34);
	watch_close(watch);
}

/* ------------------------------------------------------------------------------ values */

TEST(the_limits_of_nobody_are_none)
{
	struct linux_coalition_limits sample;
	struct watch *watch;

	begin_tree();
	tree_put(SLICE "/cpu.max", "max 100000\n");
	tree_put(SLICE "/memory.max", "max\n");
	tree_put(SLICE "/pids.max", "x\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_limits, &sample), STATE_OK);
	CHECK(isnan(sample.cores));
	CHECK(IS_NONE(sample.memory));
	CHECK(IS_NONE(sample.high));
	CHECK(sample.tasks == ABSENT_U64(STATE_FAILED));
	watch_close(watch);
}

TEST(garbage_in_one_line_leaves_the_others)
{
	struct linux_coalition_cpu cpu;
	struct linux_coalition_state state;
	struct watch *watch;

	begin_tree();
	tree_put(SLICE "/cpu.stat", "usage_usec 5\nuser_usec -1\nsystem_usec 2x\n");
	tree_put(SLICE "/cgroup.events", "populated\nfrozen 1\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_cpu, &cpu), STATE_OK);
	CHECK_INT(cpu.total, 5000);
	CHECK(cpu.user == ABSENT_U64(STATE_FAILED));
	CHECK(cpu.system == ABSENT_U64(STATE_FAILED));
	CHECK(IS_NONE(cpu.throttled));
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_state, &state), STATE_OK);
	CHECK(IS_NONE(state.populated));
	CHECK_INT(state.frozen, 1);
	watch_close(watch);
}

static const char memory_stat[] = "anon 1000\nfile 900\nkernel 800\nkernel_stack 1\n"
				  "pagetables 20\nsock 30\nshmem 400\nzswap 7\nfile_dirty 3\n"
				  "slab_reclaimable 500\nslab_unreclaimable 11\nslab 511\n"
				  "pgfault 77\npgmajfault 8\n";

TEST(the_footprint_is_what_would_come_back)
{
	struct linux_coalition_memory sample;
	struct watch *watch;

	begin_tree();
	tree_put(SLICE "/memory.stat", memory_stat);
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_memory, &sample), STATE_OK);
	CHECK(IS_NONE(sample.swap));
	CHECK_INT(sample.footprint, 1000 + 400 + (800 - 500) + 30);
	CHECK_INT(sample.faults, 77);
	CHECK_INT(sample.faults_major, 8);
	tree_put(SLICE "/memory.swap.current", "60\n");
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_memory, &sample), STATE_OK);
	CHECK_INT(sample.swap, 60);
	CHECK_INT(sample.footprint, 1000 + 400 + (800 - 500) + 30 + 60);
	tree_put(SLICE "/memory.swap.current", "what\n");
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_memory, &sample), STATE_OK);
	CHECK(sample.footprint == ABSENT_U64(STATE_FAILED));
	CHECK_INT(sample.anonymous, 1000);
	/* Linux 5.17 and older: no line "kernel". */
	tree_put(SLICE "/memory.swap.current", "60\n");
	tree_put(SLICE "/memory.stat", "anon 1000\nsock 30\nshmem 400\nslab_reclaimable 5\n");
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_memory, &sample), STATE_OK);
	CHECK(IS_NONE(sample.footprint));
	watch_close(watch);
}

TEST(shared_memory_is_no_cache_of_files)
{
	struct linux_coalition_memory sample;
	struct watch *watch;

	begin_tree();
	tree_put(SLICE "/memory.stat", memory_stat);
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_memory, &sample), STATE_OK);
	CHECK_INT(sample.file, 900 - 400);
	CHECK_INT(sample.shared, 400);
	tree_put(SLICE "/memory.stat", "file 399\nshmem 400\n");
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_memory, &sample), STATE_OK);
	CHECK_INT(sample.file, 0);
	tree_put(SLICE "/memory.stat", "file 900\n");
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_memory, &sample), STATE_OK);
	CHECK(IS_NONE(sample.file));
	watch_close(watch);
}

static uint64_t bytes_read(struct watch *watch, const char *text)
{
	struct linux_coalition_io sample;

	tree_put(SLICE "/io.stat", text);
	CHECK_INT(read_of(watch, "/system.slice", SOURCE_coalition_io, &sample), STATE_OK);
	return sample.read;
}

TEST(a_device_that_goes_takes_nothing_back)
{
	struct watch *watch;

	begin_tree();
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(bytes_read(watch, "8:0 rbytes=100 wbytes=1\n8:16 rbytes=10\n"), 110);
	CHECK_INT(bytes_read(watch, "8:0 rbytes=105 wbytes=1\n"), 115);
	CHECK_INT(bytes_read(watch, ""), 115);
	/* Another stick in its place. */
	CHECK_INT(bytes_read(watch, "8:0 rbytes=105\n8:16 rbytes=3\n"), 118);
	CHECK_INT(bytes_read(watch, "8:0 rbytes=106\n8:16 rbytes=4\n"), 120);
	watch_close(watch);
}

TEST(bytes_of_a_device_that_carries_another_count_once)
{
	struct watch *watch;

	begin_tree();
	/* LVM on a partition of 8:0; 8:16 by itself. */
	tree_put("sys/dev/block/8:0/sda1/holders/x", "");
	tree_remove("sys/dev/block/8:0/sda1/holders/x");
	tree_put("sys/dev/block/8:0/sda2/holders/dm-0", "");
	tree_put("sys/dev/block/8:16/sdb1/holders/x", "");
	tree_remove("sys/dev/block/8:16/sdb1/holders/x");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(bytes_read(watch, "8:0 rbytes=100\n253:0 rbytes=90\n8:16 rbytes=5\n"), 95);
	watch_close(watch);
}

TEST(what_cannot_be_there_is_said_with_the_reason)
{
	struct watch *watch;

	begin_tree();
	watch = open_tree();
	CHECK(!reason(watch, SOURCE_coalition_usage));
	CHECK(reason(watch, SOURCE_coalition_pressure_io));
	tree_put("sys/fs/cgroup/io.pressure", "some avg10=0.00 total=0\n");
	CHECK(!reason(watch, SOURCE_coalition_pressure_io));
	tree_put("sys/fs/cgroup/cgroup.controllers", "cpu io memoryless pids\n");
	CHECK(reason(watch, SOURCE_coalition_usage));
	CHECK(reason(watch, SOURCE_coalition_failures));
	CHECK(!reason(watch, SOURCE_coalition_io));
	CHECK(!reason(watch, SOURCE_coalition_identity));
	tree_put("proc/self/mountinfo", "");
	for (uint32_t i = 0; i < COALITION_SOURCE_COUNT; i++)
		CHECK(reason(watch, i));
	watch_close(watch);
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(watch->births, 0);
	watch_close(watch);
}

/* A container without a namespace of its own sees a part of the hierarchy. */
TEST(paths_begin_with_what_is_mounted)
{
	struct linux_coalition_identity sample;
	struct linux_coalition_usage usage;
	struct watch *watch;

	tree_begin();
	tree_put("proc/self/cgroup",
		"4:memory:/docker/x\n1:name=systemd:/docker/x\n0::/docker/x\n");
	tree_put("proc/self/mountinfo",
		"31 23 0:28 /docker/x /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n"
		"32 23 0:29 /docker/x /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
	tree_put("sys/fs/cgroup/unified/sub/cgroup.procs", "1\n22\n333\n");
	tree_put("sys/fs/cgroup/memory/sub/memory.usage_in_bytes", "12288\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(watch->births, 2);
	CHECK_INT(read_of(watch, "/docker/x", SOURCE_coalition_identity, &sample), STATE_OK);
	CHECK(IS_NONE(sample.parent));
	CHECK_INT(read_of(watch, "/docker/x/sub", SOURCE_coalition_usage, &usage), STATE_OK);
	CHECK_INT(usage.bytes, 12288);
	watch_close(watch);
}

TEST(without_a_unified_hierarchy_the_first_of_the_older_ones_has_the_rows)
{
	struct linux_coalition_cpu cpu;
	struct linux_coalition_state state;
	struct watch *watch;

	tree_begin();
	tree_put("proc/self/cgroup", "3:cpu,cpuacct:/\n2:freezer:/\n1:name=systemd:/\n");
	tree_put("proc/self/mountinfo",
		"31 23 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
		"32 23 0:29 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
		"33 23 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n");
	tree_put("sys/fs/cgroup/cpu/cgroup.sane_behavior", "0\n");
	tree_put("sys/fs/cgroup/cpu/a.service/cpuacct.usage", "77\n");
	tree_put("sys/fs/cgroup/cpu/a.service/cpu.stat", "nr_periods 1\nthrottled_time 55\n");
	tree_put("sys/fs/cgroup/freezer/a.service/freezer.state", "FREEZING\n");
	tree_put("sys/fs/cgroup/systemd/other/cgroup.procs", "");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(watch->births, 2);
	CHECK_INT(read_of(watch, "/a.service", SOURCE_coalition_cpu, &cpu), STATE_OK);
	CHECK_INT(cpu.total, 77);
	CHECK_INT(cpu.throttled, 55);
	CHECK(IS_NONE(cpu.user));
	CHECK_INT(read_of(watch, "/a.service", SOURCE_coalition_state, &state), STATE_OK);
	CHECK(IS_NONE(state.populated));
	CHECK_INT(state.frozen, 0);
	CHECK(!((const struct coalitions *)watch->handle)->namespaced);
	CHECK(reason(watch, SOURCE_coalition_pressure_cpu));
	CHECK(reason(watch, SOURCE_coalition_usage));
	watch_close(watch);
}

TEST(lines_of_processes_are_counted_beyond_any_buffer)
{
	enum { MANY = 100000 };
	struct linux_coalition_processes sample;
	char *text = malloc(MANY * 8 + 1);
	struct watch *watch;

	CHECK(text);
	for (int i = 0; i < MANY; i++)
		snprintf(text + (size_t)i * 8, 9, "%7d\n", i % MANY);
	begin_tree();
	tree_put(SLICE "/cgroup.procs", text);
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(
		read_of(watch, "/system.slice", SOURCE_coalition_processes, &sample), STATE_OK);
	CHECK_INT(sample.count, MANY);
	watch_close(watch);
	free(text);
}

/* ------------------------------------------------------------------- the kernel's own */

static void make(const char *root, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", root, name);
	if (mkdir(path, 0755) < 0)
		test_skip("no cgroup can be made here");
}

static void unmake(const char *root, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", root, name);
	CHECK(rmdir(path) == 0);
}

TEST(in_the_kernels_own_hierarchy_links_tell_of_births_too)
{
	struct watch *watch = open_coalitions(NULL, NULL);
	const struct coalitions *table = watch->handle;
	const char *root = table->hierarchies.meant.point;
	char name[64], inner[80], path[96];

	if (!root)
		test_skip("no cgroups are mounted here");
	snprintf(name, sizeof name, "procmond-test-%d", getpid());
	snprintf(inner, sizeof inner, "%s/inner", name);
	snprintf(path, sizeof path, "/%s", inner);
	watch_list(watch);
	make(root, name);
	list_now(watch);
	CHECK(watch->births >= 1);
	make(root, inner);
	list_now(watch);
	CHECK(slot_of(watch, path) != NO_ROW);
	unmake(root, inner);
	make(root, inner);
	list_now(watch);
	CHECK(watch->births >= 1 && watch->deaths >= 1);
	unmake(root, inner);
	unmake(root, name);
	list_now(watch);
	CHECK(slot_of(watch, path) == NO_ROW);
	watch_close(watch);
}

TEST(files_stay_open_while_they_are_wanted)
{
	struct watch *watch = open_coalitions(NULL, NULL);
	struct coalitions *table = watch->handle;
	const char *root = table->hierarchies.meant.point;
	struct linux_coalition_cpu sample;
	char name[64], path[96];

	if (!root || !hierarchies_unified(&table->hierarchies))
		test_skip("there is no cgroup version 2 here");
	snprintf(name, sizeof name, "procmond-test-%d", getpid());
	snprintf(path, sizeof path, "/%s", name);
	make(root, name);
	watch->provider->want(watch->handle, 1 << SOURCE_coalition_cpu);
	watch_list(watch);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(read_of(watch, path, SOURCE_coalition_cpu, &sample), STATE_OK);
		CHECK_INT(sample.total, 0);
		CHECK_INT(table->kept, 1);
	}
	watch->provider->want(watch->handle, 0);
	list_now(watch);
	CHECK_INT(table->kept, 0);
	watch->provider->want(watch->handle, 1 << SOURCE_coalition_cpu);
	CHECK_INT(read_of(watch, path, SOURCE_coalition_cpu, &sample), STATE_OK);
	CHECK_INT(table->kept, 1);
	unmake(root, name);
	CHECK_INT(read_of(watch, path, SOURCE_coalition_cpu, &sample), STATE_NONE);
	CHECK_INT(table->kept, 0);
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	/* There may be none to keep. */
	table->kept_max = 0;
	CHECK_INT(read_of(watch, "/", SOURCE_coalition_cpu, &sample), STATE_OK);
	CHECK(sample.total > 0);
	CHECK_INT(table->kept, 0);
	table->kept_max = 1;
	CHECK_INT(read_of(watch, "/", SOURCE_coalition_cpu, &sample), STATE_OK);
	CHECK_INT(table->kept, 1);
	watch_close(watch);
}

/* ------------------------------------------------------------------------------ parsers */

TEST(numbers_are_whole_files)
{
	static const struct {
		const char *text;
		uint64_t value;
	} cases[] = {{"0\n", 0}, {"12", 12}, {"12\nrest\n", 12},
		{"max\n", ABSENT_U64(STATE_NONE)},
		{"9223372036854771712\n", ABSENT_U64(STATE_NONE)},
		{"", ABSENT_U64(STATE_FAILED)}, {"\n", ABSENT_U64(STATE_FAILED)},
		{"maximum\n", ABSENT_U64(STATE_FAILED)}, {"-1\n", ABSENT_U64(STATE_FAILED)},
		{"1.5\n", ABSENT_U64(STATE_FAILED)}, {"1 2\n", ABSENT_U64(STATE_FAILED)}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(flat_number(cases[i].text, strlen(cases[i].text)) == cases[i].value);
	CHECK(flat_cores("150000 100000\n", 14) == 1.5);
	CHECK(isnan(flat_cores("max 100000\n", 11)));
	CHECK(isnan(flat_cores("1 0\n", 4)));
	CHECK(isnan(flat_cores("", 0)));
}

TEST(keys_are_whole_words)
{
	static const char *const keys[] = {"oom", "oom_kill", "low"};
	static const char text[] = "oom_group_kill 9\noom_kill 3\nlow 4\noom 5\nlow 6\n";
	uint64_t values[3] = {1, 1, 1};

	flat_read(text, sizeof text - 1, keys, 3, values);
	CHECK_INT(values[0], 5);
	CHECK_INT(values[1], 3);
	CHECK_INT(values[2], 4);
}

TEST(pressure_has_a_total_and_an_average)
{
	static const char text[] =
		"some avg10=1.50 avg60=0.00 avg300=0.00 total=123\nfull avg10=100.00 total=4\n";
	static const char *const broken[] = {"some avg10=100.01 total=1\n",
		"some avg10=1 total=1\n", "some avg10=x total=1\n",
		"some avg10=1.234 total=1\n", "some avg10=-1.00 total=1\n"};
	uint64_t total;
	double average;

	flat_pressure(text, sizeof text - 1, "some", &total, &average);
	CHECK_INT(total, 123);
	CHECK(average == 0.015);
	flat_pressure(text, sizeof text - 1, "full", &total, &average);
	CHECK_INT(total, 4);
	CHECK(average == 1);
	flat_pressure(text, sizeof text - 1, "more", &total, &average);
	CHECK(IS_NONE(total) && isnan(average));
	flat_pressure("some avg10=0.10\n", 16, "some", &total, &average);
	CHECK(total == ABSENT_U64(STATE_FAILED) && average == 0.001);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		flat_pressure(broken[i], strlen(broken[i]), "some", &total, &average);
		CHECK(total == 1 && isnan(average));
	}
}

/* Device, value and number of all, as text. */
static const char *io_text(const char *text, bool older, bool operations)
{
	static char result[512];
	struct io_reader reader;

	*result = '\0';
	if (older)
		io_reader_init_older(&reader, text, strlen(text), operations);
	else
		io_reader_init(&reader, text, strlen(text));
	while (io_reader_next(&reader))
		snprintf(result + strlen(result), sizeof result - strlen(result),
			"%d:%d/%d=%d ", (int)(reader.device >> 32),
			(int)(reader.device & UINT32_MAX), reader.value, (int)reader.number);
	if (reader.broken)
		snprintf(result + strlen(result), sizeof result - strlen(result), "broken %x",
			reader.broken);
	return result;
}

TEST(io_is_read_device_by_device)
{
	CHECK_TEXT(
		io_text("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n", false, false),
		"8:0/0=1 8:0/1=2 8:0/2=3 8:0/3=4 8:0/4=5 8:0/5=6 ");
	/* Before Linux 5.16, after a device that had done nothing. */
	CHECK_TEXT(io_text("8:16 253:1 rbytes=7 cost.usage=9\n", false, false), "253:1/0=7 ");
	CHECK_TEXT(
		io_text("8:0 rbytes=x wbytes=2 rios=-1\n", false, false), "8:0/1=2 broken 5");
	CHECK_TEXT(io_text("rbytes=1\n8:x rbytes=2\n", false, false), "broken 1");
	CHECK_TEXT(io_text("", false, false), "");
	CHECK_TEXT(io_text("8:0 Read 1\n8:0 Write 2\n8:0 Sync 3\n8:0 Discard 4\n8:0 Total 7\n"
			   "Total 7\n",
			   true, false),
		"8:0/0=1 8:0/1=2 8:0/4=4 ");
	CHECK_TEXT(io_text("8:0 Read 1\n8:0 Write\n", true, true), "8:0/2=1 broken 8");
}

TEST(names_of_containers_are_found_in_json)
{
	static const char docker[] =
		"{\"Config\":{\"Env\":[\"X=\\\"Name\\\":\\\"/no\\\"\"]},\"MountPoints\":{\"/"
		"v\":"
		"{\"Name\":\"volume\"}},\"Name\":\"/web\",\"Driver\":\"overlay2\"}";
	static const char podman[] = "[{\"id\":\"aa\",\"image\":\"i\"},"
				     "{\"id\":\"bb\",\"names\":[\"db\",\"x\"]},"
				     "{\"id\":\"cc\",\"names\":[\"a\\\\b\"]}]";
	const char *name;
	size_t length;

	CHECK_INT(json_text_find(docker, sizeof docker - 1, "\"Name\":\"/", &name, &length), 0);
	CHECK(length == 3 && memcmp(name, "web", 3) == 0);
	CHECK_INT(json_text_find(docker, 80, "\"Name\":\"/", &name, &length), -ENOENT);
	CHECK_INT(podman_name_find(podman, sizeof podman - 1, "bb", &name, &length), 0);
	CHECK(length == 2 && memcmp(name, "db", 2) == 0);
	CHECK_INT(podman_name_find(podman, sizeof podman - 1, "aa", &name, &length), -ENOENT);
	CHECK_INT(podman_name_find(podman, sizeof podman - 1, "cc", &name, &length), -EBADMSG);
	CHECK_INT(podman_name_find(podman, sizeof podman - 1, "dd", &name, &length), -ENOENT);
	CHECK_INT(podman_name_find(podman, 0, "bb", &name, &length), -ENOENT);
}

TEST(parsers_may_be_cut_anywhere)
{
	static const char *const keys[] = {"anon", "kernel", "slab"};
	static const char io[] = "8:0 rbytes=1 wbytes=2\n8:16 253:1 rbytes=7 dios=9\n";
	static const char pressure[] = "some avg10=1.50 avg60=0.00 avg300=0.00 total=123\n";
	uint64_t values[3];
	double average;

	for (size_t length = 0; length < sizeof memory_stat; length++) {
		char *cut = strndup(memory_stat, length); /* nothing behind it may be read */
		flat_read(cut, length, keys, 3, values);
		flat_number(cut, length);
		flat_cores(cut, length);
		free(cut);
	}
	for (size_t length = 0; length < sizeof io; length++) {
		char *cut = strndup(io, length);
		io_text(cut, false, false);
		io_text(cut, true, true);
		free(cut);
	}
	for (size_t length = 0; length < sizeof pressure; length++) {
		char *cut = strndup(pressure, length);
		flat_pressure(cut, length, "some", values, &average);
		free(cut);
	}
}

TESTS(CASE(each_directory_is_a_row_with_its_inode_for_identity),
	CASE(births_and_deaths_are_found), CASE(one_that_goes_while_another_comes_is_found),
	CASE(a_directory_that_is_renamed_stays_the_same_row),
	CASE(what_went_since_the_list_has_no_values_and_not_those_of_its_successor),
	CASE(a_thousand_come_and_go), CASE(the_limits_of_nobody_are_none),
	CASE(garbage_in_one_line_leaves_the_others),
	CASE(the_footprint_is_what_would_come_back), CASE(shared_memory_is_no_cache_of_files),
	CASE(a_device_that_goes_takes_nothing_back),
	CASE(bytes_of_a_device_that_carries_another_count_once),
	CASE(what_cannot_be_there_is_said_with_the_reason),
	CASE(paths_begin_with_what_is_mounted),
	CASE(without_a_unified_hierarchy_the_first_of_the_older_ones_has_the_rows),
	CASE(lines_of_processes_are_counted_beyond_any_buffer),
	CASE(in_the_kernels_own_hierarchy_links_tell_of_births_too),
	CASE(files_stay_open_while_they_are_wanted), CASE(numbers_are_whole_files),
	CASE(keys_are_whole_words), CASE(pressure_has_a_total_and_an_average),
	CASE(io_is_read_device_by_device), CASE(names_of_containers_are_found_in_json),
	CASE(parsers_may_be_cut_anywhere))

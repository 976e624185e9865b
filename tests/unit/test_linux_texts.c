/* The parsers of limits, of affinity and tracer, of mounts; io priorities. */
#include <errno.h>

#include "linux/cgroup_mount.h"
#include "linux/process/samples.h"
#include "test.h"

#define NO_LIMIT    ABSENT_U64(STATE_NONE)
#define NOT_THERE   ABSENT_U64(STATE_UNSUPPORTED)
#define TEXT(bytes) (bytes), sizeof(bytes) - 1

/* -------------------------------------------------------------------------- limits */

static const char limits_text[] =
	"Limit                     Soft Limit           Hard Limit           Units     \n"
	"Max cpu time              60                   120                  seconds   \n"
	"Max file size             unlimited            unlimited            bytes     \n"
	"Max data size             4096                 unlimited            bytes     \n"
	"Max stack size            8388608              unlimited            bytes     \n"
	"Max core file size        0                    unlimited            bytes     \n"
	"Max resident set          1                    2                    bytes     \n"
	"Max processes             96365                96366                processes \n"
	"Max open files            1024                 524288               files     \n"
	"Max locked memory         8388608              8388609              bytes     \n"
	"Max address space         9223372036854775807  unlimited            bytes     \n"
	"Max file locks            5                    6                    locks     \n"
	"Max pending signals       7                    8                    signals   \n"
	"Max msgqueue size         819200               819201               bytes     \n"
	"Max nice priority         0                    20                   \n"
	"Max realtime priority     0                    99                   \n"
	"Max realtime timeout      950000               unlimited            us        \n";

static void check_limit(const struct limit *limit, uint64_t now, uint64_t max)
{
	CHECK(limit->now == now);
	CHECK(limit->max == max);
}

TEST(limits_are_taken_apart)
{
	struct linux_limits limits;

	CHECK_INT(limits_parse(TEXT(limits_text), &limits), 0);
	check_limit(&limits.cpu, 60, 120);
	check_limit(&limits.file_size, NO_LIMIT, NO_LIMIT);
	check_limit(&limits.data, 4096, NO_LIMIT);
	check_limit(&limits.stack, 8388608, NO_LIMIT);
	check_limit(&limits.core, 0, NO_LIMIT);
	check_limit(&limits.resident, 1, 2);
	check_limit(&limits.processes, 96365, 96366);
	check_limit(&limits.files, 1024, 524288);
	check_limit(&limits.locked, 8388608, 8388609);
	check_limit(&limits.address_space, INT64_MAX, NO_LIMIT); /* to the last digit */
	check_limit(&limits.file_locks, 5, 6);
	check_limit(&limits.signals, 7, 8);
	check_limit(&limits.message_queues, 819200, 819201);
	check_limit(&limits.nice, 0, 20);
	check_limit(&limits.realtime_priority, 0, 99);
	check_limit(&limits.realtime_time, 950000, NO_LIMIT);
}

/* What a kernel does not have, or writes otherwise, has no value: others have theirs. */
TEST(limits_of_another_kernel)
{
	static const char text[] = "Max cpu time 1 2 seconds\nMax of tomorrow 3 4\n"
				   "Max stack size 5\nMax core file size x 6 bytes\n"
				   "Max processes 99999999999999999999 6 processes\n"
				   "Max open filesystems 1 1 files\n"
				   "Max locked memory -1 -1 bytes\n"
				   "Max nice priority 18446744073709551614 7\n";
	struct linux_limits limits;

	CHECK_INT(limits_parse(TEXT(text), &limits), 0);
	check_limit(&limits.cpu, 1, 2);
	check_limit(&limits.stack, NOT_THERE, NOT_THERE);
	check_limit(&limits.core, NOT_THERE, NOT_THERE);
	check_limit(&limits.processes, NOT_THERE, NOT_THERE);
	check_limit(&limits.files, NOT_THERE, NOT_THERE);
	check_limit(&limits.locked, NOT_THERE, NOT_THERE);
	/* The last few numbers of 64 bits are those of states. */
	check_limit(&limits.nice, NO_LIMIT, 7);
	check_limit(&limits.realtime_time, NOT_THERE, NOT_THERE);
}

TEST(limits_garbage)
{
	struct linux_limits limits;

	CHECK_INT(limits_parse("", 0, &limits), -EBADMSG);
	CHECK_INT(limits_parse(TEXT("\n\n  \n"), &limits), -EBADMSG);
	CHECK_INT(limits_parse(TEXT("Limit  Soft Limit  Hard Limit\n"), &limits), -EBADMSG);
	CHECK_INT(limits_parse(TEXT("Max cpu time"), &limits), -EBADMSG);
	for (size_t length = 0; length < sizeof limits_text; length++) {
		char *copy = malloc(length + 1); /* so that AddressSanitizer sees its end */
		CHECK(copy);
		memcpy(copy, limits_text, length);
		limits_parse(copy, length, &limits);
		free(copy);
	}
}

/* ------------------------------------------------------------------------- control */

static void check_control(const char *tracer, const char *cores, uint64_t expected)
{
	struct linux_control control = {0};
	char text[512];

	snprintf(text, sizeof text,
		"Name:\tCpus_allowed_list:\nTracerPid:\t%s\nUid:\t0\t0\t0\t0\n\nCpus_allowed:"
		"\tff\n"
		"Cpus_allowed_list:\t%s\nMems_allowed_list:\t0\n",
		tracer, cores);
	CHECK_INT(control_parse(text, strlen(text), &control), expected ? 0 : -EBADMSG);
	if (!expected)
		return;
	CHECK_INT(control.affinity_count, expected);
	CHECK_INT(control.affinity.length, strlen(cores));
	CHECK(memcmp(control.affinity.bytes, cores, strlen(cores)) == 0);
	CHECK(control.tracer ==
		(strcmp(tracer, "0") == 0 ? NO_LIMIT : strtoull(tracer, NULL, 10)));
}

TEST(cores_are_counted)
{
	check_control("0", "0", 1);
	check_control("0", "0-1", 2);
	check_control("4194304", "0-3,8", 5);
	check_control("17", "1,3,5-7,4095", 6);
	check_control("0", "0-8191", 8192);
}

TEST(control_garbage)
{
	static const char *const lists[] = {"", "-", "-1", "1-", "3-1", "0,", ",0", "0-3 8",
		"a", "0-9999999999999", "0--3", "ff"};
	struct linux_control control;

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		check_control("0", lists[i], 0);
	check_control("", "0", 0);
	check_control("-5", "0", 0);
	check_control("x", "0", 0);
	CHECK_INT(control_parse("", 0, &control), -EBADMSG);
	CHECK_INT(control_parse(TEXT("TracerPid:\t0\n"), &control), -EBADMSG);
	CHECK_INT(control_parse(TEXT("Cpus_allowed_list:\t0\n"), &control), -EBADMSG);
}

/* ---------------------------------------------------------------------- io priority */

static void check_ioprio(uint32_t value, const char *class, uint64_t priority)
{
	struct linux_ioprio ioprio;

	CHECK_INT(ioprio_parse(value, &ioprio), 0);
	CHECK_INT(ioprio.class.length, strlen(class));
	CHECK(memcmp(ioprio.class.bytes, class, strlen(class)) == 0);
	CHECK(ioprio.priority == priority);
}

TEST(io_classes_have_names)
{
	struct linux_ioprio ioprio;

	check_ioprio(0, "none", NO_LIMIT);
	check_ioprio(4, "none", NO_LIMIT); /* before Linux 5.18 */
	check_ioprio(1 << 13 | 0, "realtime", 0);
	check_ioprio(2 << 13 | 7, "best-effort", 7);
	check_ioprio(2 << 13 | 3 << 3 | 5, "best-effort", 5); /* with a hint */
	check_ioprio(3 << 13 | 7, "idle", NO_LIMIT);
	CHECK_INT(ioprio_parse(4 << 13, &ioprio), -EBADMSG);
	CHECK_INT(ioprio_parse(UINT32_MAX, &ioprio), -EBADMSG);
}

/* --------------------------------------------------------------------------- cgroups */

static void check_choice(const char *text, const char *controllers)
{
	size_t length;
	const char *chosen = cgroup_mount_choose(text, strlen(text), &length);

	CHECK(!chosen == !controllers);
	CHECK(!chosen ||
		(length == strlen(controllers) && memcmp(chosen, controllers, length) == 0));
}

TEST(the_hierarchy_is_that_of_attribute_cgroup)
{
	check_choice("2:cpu,cpuacct:/x\n1:name=systemd:/y\n0::/z\n", "");
	check_choice("12:cpu,cpuacct:/x\n1:name=systemd:/y\n", "cpu,cpuacct");
	check_choice("1:name=systemd:/y\n", "name=systemd");
	check_choice("10::/a\n2:cpu:/\n", "");
	check_choice("0::\n", NULL);
	check_choice("garbage\n:\n::\n", NULL);
	check_choice("", NULL);
}

static const char *point_of(const char *controllers, const char *const *lines)
{
	static struct cgroup_mount mount;

	cgroup_mount_finish(&mount);
	mount = (struct cgroup_mount){.controllers = strdup(controllers)};
	for (; *lines; lines++)
		cgroup_mount_take(&mount, *lines, strlen(*lines));
	return mount.point ? mount.point : "";
}

TEST(mounts_are_found)
{
	static const char *const lines[] = {"22 27 0:21 / /proc rw,relatime - proc proc rw",
		"32 31 0:29 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu,cpuacct",
		"33 31 0:30 / /sys/fs/cgroup/cpuset rw master:1 shared:2 - cgroup cgroup "
		"rw,cpuset",
		"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup none rw,xattr,name=systemd",
		"50 31 0:38 /../.. /outside rw - cgroup2 cgroup2 rw",
		"51 31 0:38 /a /part\\040of\\134it rw - cgroup2 cgroup2 rw",
		"52 31 0:38 /b /other rw - cgroup2 cgroup2 rw", NULL};
	static const char *const whole[] = {"52 31 0:38 /b /other rw - cgroup2 cgroup2 rw",
		"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
		"53 31 0:38 / /second rw - cgroup2 cgroup2 rw", NULL};
	static const char *const broken[] = {"", " ", "-", "- cgroup2", "1 2 3 / /x rw",
		"1 2 3 / /x rw -", "1 2 3 / /x rw - cgroup cgroup", NULL};

	CHECK_TEXT(point_of("", lines), "/part of\\it");
	CHECK_TEXT(point_of("", whole), "/sys/fs/cgroup/unified");
	CHECK_TEXT(point_of("cpu,cpuacct", lines), "/sys/fs/cgroup/cpu");
	CHECK_TEXT(point_of("cpuset", lines), "/sys/fs/cgroup/cpuset");
	CHECK_TEXT(point_of("name=systemd", lines), "/sys/fs/cgroup/systemd");
	CHECK_TEXT(point_of("cpu,memory", lines), "");
	CHECK_TEXT(point_of("cpu", broken), "");
	point_of("", broken);
}

static void check_directory(
	const char *root, const char *path, const char *expected, size_t size)
{
	char point[] = "/sys/fs/cgroup", none[] = "", copy[64], directory[64];
	struct cgroup_mount mount = {none, point, copy};

	snprintf(copy, sizeof copy, "%s", root);
	CHECK_INT(cgroup_mount_directory(&mount, path, strlen(path), directory, size),
		expected != NULL);
	if (expected)
		CHECK_TEXT(directory, expected);
}

TEST(directories_are_below_the_mount)
{
	check_directory("/", "/", "/sys/fs/cgroup/", 64);
	check_directory("/", "/user.slice/a b", "/sys/fs/cgroup/user.slice/a b", 64);
	check_directory("/", "/user.slice", NULL, 20);
	check_directory("/docker/x", "/docker/x", "/sys/fs/cgroup", 64);
	check_directory("/docker/x", "/docker/x/y", "/sys/fs/cgroup/y", 64);
	check_directory("/docker/x", "/docker/xy", NULL, 64);
	check_directory("/docker/x", "/docker", NULL, 64);
	check_directory("/", "/../other", NULL, 64);
	check_directory("/", "/a/../../etc", NULL, 64);
}

TEST(the_path_is_that_of_the_hierarchy)
{
	static const char text[] = "9:name=systemd:/s\n4:memory:/m:n\n0::/u\n";
	char memory[] = "memory", none[] = "", other[] = "cpu";
	size_t length;
	const char *path;

	path = cgroup_mount_path(&(struct cgroup_mount){memory, 0, 0}, TEXT(text), &length);
	CHECK(path && length == 4 && memcmp(path, "/m:n", 4) == 0);
	path = cgroup_mount_path(&(struct cgroup_mount){none, 0, 0}, TEXT(text), &length);
	CHECK(path && length == 2 && memcmp(path, "/u", 2) == 0);
	CHECK(!cgroup_mount_path(&(struct cgroup_mount){other, 0, 0}, TEXT(text), &length));
}

TEST(a_schedstat_of_zeros_is_none)
{
	CHECK(schedstat_counts(TEXT("0 54961 1\n")));
	CHECK(schedstat_counts(TEXT("1 0 3\n")));
	CHECK(!schedstat_counts(TEXT("0 0 0\n")));
	CHECK(!schedstat_counts(TEXT("5 5")));
	CHECK(!schedstat_counts("", 0));
}

TESTS(CASE(limits_are_taken_apart), CASE(limits_of_another_kernel), CASE(limits_garbage),
	CASE(cores_are_counted), CASE(control_garbage), CASE(io_classes_have_names),
	CASE(the_hierarchy_is_that_of_attribute_cgroup), CASE(mounts_are_found),
	CASE(directories_are_below_the_mount), CASE(the_path_is_that_of_the_hierarchy),
	CASE(a_schedstat_of_zeros_is_none))

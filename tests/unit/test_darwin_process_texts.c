/* Paths, names and arguments of processes on a simulated Mac. */
#include "darwin_cell.h"

enum { PATH = 11 };                         /* flavor of proc_pidinfo() */
#define ARGUMENTS ((INT64_C(1) << 32) | 49) /* sysctl kern.procargs2 */

static const char *text(struct watch *watch, int pid, const char *name)
{
	return cell_text(watch, watch_find(watch, pid), name);
}

static uint64_t state(struct watch *watch, int pid, const char *name)
{
	unsigned char sample[8192];
	const struct binding *binding = &watch->platform->bindings[cell_attribute(watch, name)];

	return (uint64_t)watch_read_slot(
		watch, watch_find(watch, pid), binding->source, sample);
}

static struct watch *begin(void)
{
	sim_boot("m1");
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	return watch;
}

TEST(paths)
{
	struct watch *watch = begin();

	CHECK_TEXT(text(watch, 501, "exe"), "/Applications/Safari.app/Contents/MacOS/Safari");
	CHECK_TEXT(text(watch, 501, "name"), "Safari");
	CHECK_TEXT(text(watch, 1, "exe"), "/sbin/launchd");
	CHECK_INT(state(watch, 0, "exe"), STATE_NONE);
	CHECK_TEXT(text(watch, 0, "name"), "kernel_task");
	CHECK_INT(state(watch, 710, "exe"), STATE_NONE); /* a zombie */
	CHECK_TEXT(text(watch, 710, "name"), "sh");
	watch_close(watch);
}

/* Its file was deleted: there is a name of 31 bytes for us, and one of 15 for everybody. */
TEST(deleted_executables)
{
	struct watch *watch = begin();

	sim_set("process", "640", "path_error", "2");
	sim_set("process", "640", "name", "a name that is longer");
	sim_set("process", "88", "path_error", "2");
	CHECK_INT(state(watch, 640, "exe"), STATE_NONE);
	CHECK_TEXT(text(watch, 640, "name"), "a name that is longer");
	CHECK_TEXT(text(watch, 88, "name"), "WindowServer");
	sim_set("process", "640", "name", "");
	CHECK_TEXT(text(watch, 640, "name"), "zsh");
	sim_set("process", "640", "comm", "");
	CHECK_TEXT(text(watch, 640, "name"), "");
	sim_set("process", "640", "path_error", NULL);
	sim_set("process", "640", "path", "");
	CHECK_INT(state(watch, 640, "exe"), STATE_NONE);
	/* gone */
	sim_set_u64("process", "640", "uniqueid", 9999);
	CHECK_INT(state(watch, 640, "name"), SAMPLE_GONE);
	watch_close(watch);
}

TEST(directories)
{
	struct watch *watch = begin();

	CHECK_TEXT(text(watch, 640, "cwd"), "/Users/me");
	CHECK_TEXT(text(watch, 640, "root"), "/");
	sim_set("process", "640", "root", "/jail");
	sim_set("process", "640", "cwd", "");
	CHECK_TEXT(text(watch, 640, "cwd"), "");
	CHECK_TEXT(text(watch, 640, "root"), "/jail");
	CHECK_INT(state(watch, 710, "cwd"), STATE_NONE);
	CHECK_INT(state(watch, 88, "cwd"), STATE_DENIED);
	watch_close(watch);
}

TEST(arguments)
{
	struct watch *watch = begin();

	CHECK_TEXT(text(watch, 501, "cmdline"),
		"/Applications/Safari.app/Contents/MacOS/Safari -psn_0_12345");
	CHECK_TEXT(text(watch, 640, "cmdline"), "-zsh");
	CHECK_INT(state(watch, 88, "cmdline"), STATE_DENIED);
	CHECK_INT(state(watch, 710, "cmdline"), STATE_NONE);
	watch_close(watch);
}

/* The environment is behind the arguments, whether the kernel leaves it out or not. */
TEST(never_the_environment)
{
	static const char *const lists[] = {"", "|", "a", "|a", "a|", "a||b", "||a"};
	static const char *const paths[] = {"/a", "/bin/zs", "/bin/zsh", "/bin/abcdefghi"};
	struct watch *watch = begin();

	sim_set("process", "640", "environment", "SECRET=1|SECRET=2");
	for (size_t path = 0; path < sizeof paths / sizeof *paths; path++)
		for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
			sim_set("process", "640", "path", paths[path]);
			sim_set("process", "640", "arguments", lists[i]);
			CHECK(!strstr(text(watch, 640, "cmdline"), "SECRET"));
		}
	CHECK_TEXT(text(watch, 640, "cmdline"), "  a");
	sim_set("process", "640", "arguments", "a||b");
	CHECK_TEXT(text(watch, 640, "cmdline"), "a  b");
	sim_set("process", "640", "arguments", "|");
	CHECK_INT(state(watch, 640, "cmdline"), STATE_NONE);
	watch_close(watch);
}

/* As the kernel would not write it: | stands for a zero. */
TEST(arguments_of_all_shapes)
{
	struct watch *watch = begin();

	/* no zero at the end of the last one, and fewer than it says */
	sim_set("process", "640", "area", "/bin/zsh||||||||-zsh|-x");
	sim_set("process", "640", "argument_count", "5");
	CHECK_TEXT(text(watch, 640, "cmdline"), "-zsh -x");
	sim_set("process", "640", "argument_count", "1");
	CHECK_TEXT(text(watch, 640, "cmdline"), "-zsh");
	sim_set("process", "640", "argument_count", "0");
	CHECK_INT(state(watch, 640, "cmdline"), STATE_NONE);
	sim_set("process", "640", "argument_count", "4294967295");
	CHECK_INT(state(watch, 640, "cmdline"), STATE_FAILED);
	/* behind the path there must be zeros */
	sim_set("process", "640", "argument_count", "1");
	sim_set("process", "640", "area", "/bin/zsh|x");
	CHECK_INT(state(watch, 640, "cmdline"), STATE_FAILED);
	sim_set("process", "640", "area", "/bin/zsh");
	CHECK_INT(state(watch, 640, "cmdline"), STATE_NONE);
	sim_set("process", "640", "area", "");
	CHECK_INT(state(watch, 640, "cmdline"), STATE_NONE);
	watch_close(watch);
}

/* 4 KiB of it are enough for everybody. */
TEST(long_arguments)
{
	static char list[6001];
	struct watch *watch = begin();

	memset(list, 'x', sizeof list - 1);
	for (int i = 999; i < 6000; i += 1000)
		list[i] = '|';
	sim_set("process", "640", "arguments", list);
	CHECK_INT(strlen(text(watch, 640, "cmdline")), 4096);
	watch_close(watch);
}

/* Around exec and exit it fails for a moment: once is no reason. */
TEST(arguments_that_fail)
{
	struct watch *watch = begin();

	sim_fail("sysctl", ARGUMENTS, 640, 5, 1);
	CHECK_TEXT(text(watch, 640, "cmdline"), "-zsh");
	sim_fail("sysctl", ARGUMENTS, 640, 5, 2);
	CHECK_INT(state(watch, 640, "cmdline"), STATE_FAILED);
	/* a process without a stack, as one that is being started */
	sim_fail("sysctl", ARGUMENTS, 640, 22, 1);
	CHECK_INT(state(watch, 640, "cmdline"), STATE_NONE);
	/* another process has its pid */
	sim_set_u64("process", "640", "uniqueid", 9999);
	CHECK_INT(state(watch, 640, "cmdline"), SAMPLE_GONE);
	sim_fail("sysctl", ARGUMENTS, 640, 22, 1);
	CHECK_INT(state(watch, 640, "cmdline"), SAMPLE_GONE);
	watch_close(watch);
}

TEST(descriptors)
{
	static char many[300 * 5 + 1];
	struct watch *watch = begin();

	for (int i = 0; i < 300; i++)
		memcpy(many + 5 * i, "unix ", 5);
	sim_set("process", "640", "fds", many);
	CHECK_INT(cell_u64(watch, watch_find(watch, 640), "files.open"), 300);
	CHECK_INT(cell_u64(watch, watch_find(watch, 640), "files.sockets"), 300);
	CHECK_INT(cell_u64(watch, watch_find(watch, 640), "net.connections"), 0);
	/* one that was closed meanwhile is none of the internet */
	sim_fail("proc_pidfdinfo", -1, 501, 9, 1);
	CHECK_INT(cell_u64(watch, watch_find(watch, 501), "net.connections"), 1);
	sim_set_u64("process", "640", "uniqueid", 9999);
	CHECK_INT(state(watch, 640, "files.sockets"), SAMPLE_GONE);
	watch_close(watch);
}

TESTS(CASE(paths), CASE(deleted_executables), CASE(directories), CASE(arguments),
	CASE(never_the_environment), CASE(arguments_of_all_shapes), CASE(long_arguments),
	CASE(arguments_that_fail), CASE(descriptors));

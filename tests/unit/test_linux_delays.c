/* When the kernel's count of delays is believed. Mostly in a substitute procfs, for it takes
 * root to switch the count on. */
#include <sys/stat.h>
#include <sys/uio.h>

#include "linux/process/process.h"
#include "linux_watch.h"

static char root[] = "/tmp/procmon-delays-XXXXXX";

/* `path` below the root, with the directories that it needs. */
static void put(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof full, "%s/%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		CHECK(mkdir(full, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(full, "we");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void remove_root(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", root);
	CHECK_INT(system(command), 0);
}

static void begin(void)
{
	CHECK(mkdtemp(root));
	atexit(remove_root);
	put("uptime", "1 1\n");
}

/* In clock ticks. */
static void put_thread(int pid, int tid, char state, int start, int delay)
{
	char path[64], text[512];

	snprintf(text, sizeof text,
		"%d (x) %c 1 1 1 0 -1 0 10 0 1 0 300 100 0 0 20 0 1 0 %d 1000 10 0 0 0 0 0 0 0 "
		"0 "
		"0 0 0 0 0 17 0 0 0 %d 0 0\n",
		tid, state, start, delay);
	if (pid == tid) {
		snprintf(path, sizeof path, "%d/stat", pid);
		put(path, text);
	}
	snprintf(path, sizeof path, "%d/task/%d/stat", pid, tid);
	put(path, text);
}

static struct watch *open_tree(void)
{
	struct watch *watch = watch_open(NULL, root, NULL);

	watch_tick(watch);
	return watch;
}

/* Clock ticks, or -1 where it is not known. */
static int delay_of(struct watch *watch, pid_t pid)
{
	struct linux_delays sample;
	int result = watch_read(watch, pid, SOURCE_delays, &sample);

	if (result == STATE_UNSUPPORTED)
		return -1;
	CHECK_INT(result, STATE_OK);
	return (int)sample.io_delay;
}

static const char *reason_of(struct watch *watch)
{
	enum cell_state state;
	const char *reason =
		watch->provider->unsupported(watch->provider->context, SOURCE_delays, &state);

	CHECK(!reason || state == STATE_UNSUPPORTED);
	return reason;
}

TEST(threads_are_summed_up)
{
	struct watch *watch;

	begin();
	put("sys/kernel/task_delayacct", "1\n");
	put_thread(1, 1, 'S', 5, 3);
	put_thread(100, 100, 'S', 500, 7);
	put_thread(100, 101, 'D', 600, 30);
	put_thread(100, 102, 'Z', 600, 1000); /* has ended */
	put_thread(200, 200, 'S', 10, 0);
	watch = open_tree();
	CHECK(!reason_of(watch));
	CHECK_INT(delay_of(watch, 100), 37);
	CHECK_INT(delay_of(watch, 200), 0); /* counted since boot: a true 0 */
	watch_close(watch);
}

/* Not counted from boot on: what is older than all that is known to be counted may be wrong. */
TEST(zero_of_an_old_thread_is_not_believed)
{
	struct watch *watch;

	begin();
	put("sys/kernel/task_delayacct", "1\n");
	put_thread(1, 1, 'S', 5, 0);
	put_thread(100, 100, 'S', 500, 0);
	put_thread(200, 200, 'S', 600, 9);
	put_thread(300, 300, 'S', 700, 0);
	put_thread(400, 400, 'S', 400, 0); /* two threads: one that is not counted ... */
	put_thread(400, 401, 'S', 900, 2); /* ... and one that is */
	watch = open_tree();
	CHECK_INT(delay_of(watch, 300), -1);
	CHECK_INT(delay_of(watch, 200), 9);
	CHECK_INT(delay_of(watch, 300), 0); /* started later than 200, so it is counted */
	CHECK_INT(delay_of(watch, 100), -1);
	CHECK_INT(delay_of(watch, 400), -1);
	watch_close(watch);
}

TEST(switched_off)
{
	struct watch *watch;

	begin();
	put("sys/kernel/task_delayacct", "0\n");
	put_thread(1, 1, 'S', 5, 3);
	watch = open_tree();
	CHECK(strstr(reason_of(watch), "sysctl kernel.task_delayacct=1"));
	put("sys/kernel/task_delayacct", "1\n");
	CHECK(!reason_of(watch));
	watch_close(watch);
}

/* Linux before 5.14, or one that was built without it. */
TEST(no_switch)
{
	struct watch *watch;

	begin();
	put_thread(1, 1, 'S', 5, 0);
	watch = open_tree();
	CHECK(strstr(reason_of(watch), "nodelayacct"));
	put_thread(1, 1, 'S', 5, 1);
	CHECK(!reason_of(watch));
	watch_close(watch);
}

static void write_through(void)
{
	static char block[4096];
	int file = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	CHECK(file >= 0);
	for (int i = 0; i < 100; i++)
		CHECK(pwrite(file, block, sizeof block, i * 4096) == 4096 && fsync(file) == 0);
	close(file);
}

/* No more than it lived; and more than nothing, unless the disk is no real one. */
TEST(this_kernel)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);
	struct timespec before, after;
	pid_t child;
	int delay;

	if (reason_of(watch))
		test_skip(reason_of(watch));
	watch_tick(watch);
	CHECK(delay_of(watch, getpid()) != 0); /* that counts from now on */
	clock_gettime(CLOCK_MONOTONIC, &before);
	child = child_start(write_through);
	clock_gettime(CLOCK_MONOTONIC, &after);
	watch_tick(watch);
	delay = delay_of(watch, child);
	CHECK(delay >= 0);
	CHECK(delay <= (after.tv_sec - before.tv_sec) * 100 + 101);
	CHECK_INT(delay, atoi(proc_field(child, 42)));
	child_end(child);
	watch_close(watch);
}

/* clang-format off */
TESTS(
	CASE(threads_are_summed_up),
	CASE(zero_of_an_old_thread_is_not_believed),
	CASE(switched_off),
	CASE(no_switch),
	CASE(this_kernel)
)

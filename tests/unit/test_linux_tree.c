/* A substitute procfs of plain files: what the kernel of this machine would not show. */
#include <pthread.h>
#include <sys/stat.h>

#include "linux/process/process.h"
#include "linux_watch.h"

static char root[] = "/tmp/procmon-tree-XXXXXX";
static char procfs[64], sysfs[64];

/* Makes the directories that a path needs, and the file. */
static void put_bytes(const char *path, const char *bytes, size_t length)
{
	char full[512];
	int file;

	snprintf(full, sizeof full, "%s/%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		CHECK(mkdir(full, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(file >= 0);
	CHECK(write(file, bytes, length) == (ssize_t)length);
	close(file);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static const char *below(const char *path)
{
	static char full[2][512];
	static int next;
	char *out = full[next++ & 1];

	snprintf(out, sizeof *full, "%s/%s", root, path);
	return out;
}

static void remove_tree(const char *path)
{
	char command[256];

	snprintf(command, sizeof command, "rm -rf '%s'", path);
	CHECK_INT(system(command), 0);
}

static void remove_root(void)
{
	remove_tree(root);
}

static void begin(void)
{
	CHECK(mkdtemp(root));
	atexit(remove_root);
	snprintf(procfs, sizeof procfs, "%s/proc", root);
	snprintf(sysfs, sizeof sysfs, "%s/sys", root);
	CHECK(mkdir(procfs, 0755) == 0 && mkdir(sysfs, 0755) == 0);
	put("proc/uptime", "1 1\n");
	put("proc/stat", "cpu 1 2 3\nprocesses 100\n");
	put("proc/loadavg", "0 0 0 1/10 100\n");
}

static int terminal; /* device number, for put_stat() */

static void put_stat(
	int pid, const char *comm, const char *state, int ppid, int threads, int start)
{
	char path[64], text[1024];

	snprintf(path, sizeof path, "proc/%d/stat", pid);
	snprintf(text, sizeof text,
		"%d (%s) %s %d %d %d %d -1 0 10 0 1 0 300 100 0 0 20 0 %d 0 %d 1000 10 0 0 0 0 "
		"0 "
		"0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		pid, comm, state, ppid, pid, pid, terminal, threads, start);
	put(path, text);
}

static const char with_memory[] =
	"Name:\tx\nState:\tS (sleeping)\nTgid:\t%d\nUid:\t1000\t1001\t1002\t0\n"
	"Gid:\t1\t2\t3\t4\nVmSize:\t 9000 kB\nVmLck:\t 0 kB\nVmHWM:\t 600 kB\nVmRSS:\t 500 kB\n"
	"RssAnon:\t 300 kB\nRssFile:\t 150 kB\nRssShmem:\t 50 kB\nVmPTE:\t 40 kB\n"
	"VmSwap:\t 7 kB\nHugetlbPages:\t 0 kB\nThreads:\t1\n";

static void put_status(const char *directory, int tgid)
{
	char path[64], text[1024];

	snprintf(path, sizeof path, "proc/%s/status", directory);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof text, with_memory, tgid);
#pragma GCC diagnostic pop
	put(path, text);
}

static struct watch *open_tree(void)
{
	struct watch *watch = watch_open(NULL, procfs, sysfs);

	watch_tick(watch);
	return watch;
}

/* ------------------------------------------------------------------------------- names */

TEST(names_of_all_kinds)
{
	static const char *const names[] = {"plain", "(sd-pam)", ") R 1 1", "new\nline",
		"\x1b[31mred", "\xff\xfe", "a b", "", "((((", "))))"};
	enum { NAMES = sizeof names / sizeof *names };
	struct watch *watch;
	struct linux_stat stat;

	begin();
	for (int i = 0; i < NAMES; i++)
		put_stat(100 + i, names[i], "S", 1, 1, 500 + i);
	watch = open_tree();
	CHECK_INT(watch->births, NAMES);
	for (int i = 0; i < NAMES; i++) {
		watch_sample(watch, 100 + i, SOURCE_stat, &stat);
		CHECK_TEXT(watch_text(&stat.comm), names[i]);
		CHECK_INT(stat.ppid, 1);
		CHECK_INT(stat.status, 3);
		CHECK_INT(stat.start_boottime_ns / 10000000, 500 + i);
	}
	watch_close(watch);
}

TEST(a_name_longer_than_any)
{
	char name[700];
	struct watch *watch;
	struct linux_stat stat;

	begin();
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	put_stat(100, name, "S", 1, 1, 5);
	watch = open_tree();
	watch_sample(watch, 100, SOURCE_stat, &stat);
	CHECK_INT(stat.comm.length, 256);
	watch_close(watch);
}

/* ---------------------------------------------------------------------- births, deaths */

TEST(pids_come_and_go)
{
	char path[128];
	struct watch *watch;

	begin();
	put_stat(7, "a", "S", 1, 1, 5);
	put_stat(8, "b", "S", 7, 1, 5);
	put("proc/self/stat", "");
	put("proc/007/stat", "");
	put("proc/99999999999/stat", "");
	watch = open_tree();
	CHECK_INT(watch->births, 2);
	put_stat(9, "c", "S", 7, 1, 5); /* the counters of the tree stand still */
	watch_tick(watch);
	CHECK_INT(watch->births, 1);
	snprintf(path, sizeof path, "%s/8", procfs);
	remove_tree(path);
	watch_tick(watch);
	CHECK_INT(watch->deaths, 1);
	CHECK(watch_find(watch, 8) == NO_ROW && watch_find(watch, 9) != NO_ROW);
	/* Nothing of a tree is kept but its root. */
	CHECK_INT(watch->provider->descriptors(watch->handle), 1);
	watch_close(watch);
}

TEST(another_start_time_is_another_process)
{
	struct linux_stat stat;
	struct watch *watch;
	uint64_t identity;

	begin();
	put_stat(7, "old", "S", 1, 1, 5);
	watch = open_tree();
	identity = watch->rows[watch_find(watch, 7)].identity;
	put_stat(7, "new", "S", 1, 1, 6);
	CHECK_INT(watch_read(watch, 7, SOURCE_stat, &stat), SAMPLE_GONE);
	watch_tick(watch);
	CHECK(watch->rows[watch_find(watch, 7)].identity != identity);
	watch_sample(watch, 7, SOURCE_stat, &stat);
	CHECK_TEXT(watch_text(&stat.comm), "new");
	put_stat(7, "newer", "S", 1, 1, 7);
	watch_tick(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	watch_close(watch);
}

TEST(garbage_is_no_process)
{
	static const char bytes[] = {'1', ' ', '(', '\0', '\xff', ')', ' ', 'S', ' ', '1'};
	struct watch *watch;

	begin();
	put("proc/5/stat", "");
	put("proc/6/stat", "6 (x) S 1 2");
	put_bytes("proc/7/stat", bytes, sizeof bytes);
	put("proc/8", "a file");
	put_stat(9, "x", "S", 1, 1, 1);
	watch = open_tree();
	CHECK_INT(watch->births, 1);
	watch_close(watch);
}

TEST(a_scope_of_pids_in_a_tree)
{
	static const uint64_t pids[] = {7, 8, 1000};
	struct watch *watch;

	begin();
	put_stat(6, "x", "S", 1, 1, 1);
	put_stat(7, "x", "S", 1, 1, 1);
	put_status("7", 7);
	put_stat(8, "x", "S", 1, 1, 1);
	put_status("8", 7); /* a thread of 7 */
	watch = watch_open(NULL, procfs, sysfs);
	watch_list_pids(watch, pids, 3);
	CHECK_INT(watch->births, 1);
	CHECK(watch_find(watch, 7) != NO_ROW);
	watch_close(watch);
}

/* ------------------------------------------------------------------------------ samples */

TEST(cpu_time_comes_from_the_clock_ticks)
{
	struct watch *watch;
	struct linux_clock clock;
	struct linux_stat stat;

	begin();
	put_stat(getpid(), "x", "S", 1, 1, 1); /* our pid, but not us */
	watch = open_tree();
	CHECK(watch->rows[watch_find(watch, getpid())].activity == ACTIVITY_UNKNOWN);
	watch_sample(watch, getpid(), SOURCE_clock, &clock);
	watch_sample(watch, getpid(), SOURCE_stat, &stat);
	CHECK_INT(clock.total_ns, UINT64_C(4000000000));
	CHECK_INT(stat.cpu_user_ns, UINT64_C(3000000000));
	CHECK_INT(stat.cpu_system_ns, UINT64_C(1000000000));
	watch_close(watch);
}

TEST(an_exited_leader_shows_the_memory_of_its_threads)
{
	struct watch *watch;
	struct linux_status status;

	begin();
	put_stat(7, "x", "Z", 1, 2, 1);
	put("proc/7/status", "Name:\tx\nState:\tZ (zombie)\nTgid:\t7\nUid:\t5\t5\t5\t5\n"
			     "Gid:\t6\t6\t6\t6\nThreads:\t2\n");
	put("proc/7/task/7/status", "Name:\tx\nUid:\t5\t5\t5\t5\nGid:\t6\t6\t6\t6\n");
	put_status("7/task/8", 7);
	put_stat(8, "x", "S", 1, 2, 1);
	CHECK_INT(rename(below("proc/8/stat"), below("proc/7/task/8/stat")), 0);
	remove_tree(below("proc/8"));
	watch = open_tree();
	watch_sample(watch, 7, SOURCE_status, &status);
	CHECK_INT(status.footprint, 300 + 40 + 7);
	CHECK_INT(status.resident, 500);
	CHECK_INT(status.uid, 5); /* the ids are the leader's */
	CHECK_INT(status.gid, 6);
	watch_close(watch);
}

TEST(a_zombie_and_a_kernel_thread_in_a_tree)
{
	static const char bare[] =
		"Name:\tx\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nThreads:\t1\n";
	struct watch *watch;
	struct linux_status status;
	struct linux_stat stat;
	struct linux_cmdline cmdline;

	begin();
	for (int pid = 2; pid <= 3; pid++) {
		char path[64];
		put_stat(pid, pid == 2 ? "kthreadd" : "gone", pid == 2 ? "I" : "Z", 0, 1, 1);
		snprintf(path, sizeof path, "proc/%d/status", pid);
		put(path, bare);
		snprintf(path, sizeof path, "proc/%d/cmdline", pid);
		put(path, "");
	}
	watch = open_tree();
	for (int pid = 2; pid <= 3; pid++) {
		watch_sample(watch, pid, SOURCE_status, &status);
		CHECK(status.footprint == ABSENT_U64(STATE_NONE));
		watch_sample(watch, pid, SOURCE_stat, &stat);
		CHECK_INT(stat.status, pid == 2 ? 3 : 5);
		CHECK_INT(watch_read(watch, pid, SOURCE_cmdline, &cmdline), STATE_NONE);
	}
	watch_close(watch);
}

TEST(files_that_are_missing_or_broken)
{
	_Alignas(16) char sample[512];
	struct watch *watch;

	begin();
	put_stat(7, "x", "S", 1, 1, 1);
	put("proc/7/status", "");
	put("proc/7/schedstat", "12 x\n");
	put("proc/7/cgroup", "nonsense\n");
	watch = open_tree();
	CHECK_INT(watch_read(watch, 7, SOURCE_io, sample), STATE_UNSUPPORTED);
	CHECK_INT(watch_read(watch, 7, SOURCE_status, sample), STATE_FAILED);
	CHECK_INT(watch_read(watch, 7, SOURCE_cgroup, sample), STATE_FAILED);
	CHECK_INT(watch_read(watch, 7, SOURCE_cmdline, sample), STATE_UNSUPPORTED);
	CHECK_INT(watch_read(watch, 7, SOURCE_exe, sample), STATE_NONE);
	CHECK_INT(watch_read(watch, 7, SOURCE_schedstat, sample), STATE_UNSUPPORTED);
	put("proc/7/task/7/schedstat", "12 30 1\n");
	put("proc/7/task/8/schedstat", "12 40 1\n");
	watch_sample(watch, 7, SOURCE_schedstat, sample);
	CHECK_INT(((struct linux_schedstat *)(void *)sample)->run_delay_ns, 70);
	put("proc/7/fd/0", "");
	put("proc/7/fd/17", "");
	watch_sample(watch, 7, SOURCE_files, sample);
	CHECK_INT(((struct linux_files *)(void *)sample)->open, 2);
	watch_close(watch);
}

/* A sum that lacks a thread would be a wrong number. */
TEST(a_thread_that_cannot_be_read)
{
	_Alignas(16) char sample[512];
	static const char switches[] =
		"voluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\n";
	struct watch *watch;

	begin();
	put_stat(7, "x", "S", 1, 2, 1);
	put("proc/7/task/7/schedstat", "12 30 1\n");
	put("proc/7/task/8/schedstat", "12 x\n");
	put("proc/7/task/7/status", switches);
	put("proc/7/task/8/status", "voluntary_ctxt_switches:\t3\n");
	watch = open_tree();
	CHECK_INT(watch_read(watch, 7, SOURCE_schedstat, sample), STATE_FAILED);
	CHECK_INT(watch_read(watch, 7, SOURCE_switches, sample), STATE_FAILED);
	put("proc/7/task/8/schedstat", "12 40 1\n");
	put("proc/7/task/8/status", switches);
	watch_sample(watch, 7, SOURCE_schedstat, sample);
	CHECK_INT(((struct linux_schedstat *)(void *)sample)->run_delay_ns, 70);
	watch_sample(watch, 7, SOURCE_switches, sample);
	CHECK_INT(((struct linux_switches *)(void *)sample)->total, 14);
	/* None of them has it: not 0. */
	CHECK_INT(unlink(below("proc/7/task/7/schedstat")), 0);
	CHECK_INT(unlink(below("proc/7/task/8/schedstat")), 0);
	CHECK_INT(watch_read(watch, 7, SOURCE_schedstat, sample), STATE_UNSUPPORTED);
	watch_close(watch);
}

TEST(a_line_of_zeros_is_no_sample)
{
	struct linux_stat stat;
	struct linux_threads threads;
	struct watch *watch;

	begin();
	put_stat(7, "x", "S", 1, 1, 1);
	put("proc/7/task/7/stat", "");
	watch = open_tree();
	watch_sample(watch, 7, SOURCE_stat, &stat);
	put_stat(7, "x", "S", 0, 0, 1); /* as of who is being reaped */
	CHECK_INT(watch_read(watch, 7, SOURCE_stat, &stat), STATE_FAILED);
	CHECK_INT(link(below("proc/7/stat"), below("proc/7/task/7/again")), 0);
	CHECK_INT(rename(below("proc/7/task/7/again"), below("proc/7/task/7/stat")), 0);
	CHECK_INT(watch_read(watch, 7, SOURCE_threads, &threads), STATE_NONE);
	watch_close(watch);
}

TEST(a_status_with_very_many_groups)
{
	enum { GROUPS = 65536 };
	char *text = malloc(1 << 20), *at = text;
	struct watch *watch;
	struct linux_status status;
	struct linux_switches switches;

	CHECK(text);
	begin();
	put_stat(7, "x", "S", 1, 1, 1);
	at += sprintf(at, "Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nGroups:\t");
	for (int i = 0; i < GROUPS; i++)
		at += sprintf(at, "%d ", 100000 + i);
	sprintf(at, "\nVmRSS:\t 77 kB\n");
	put("proc/7/status", text);
	watch = open_tree();
	watch_sample(watch, 7, SOURCE_status, &status);
	CHECK_INT(status.resident, 77);
	strcpy(strstr(text, "VmRSS"),
		"voluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\n");
	put("proc/7/task/7/status", text);
	put("proc/7/task/8/status", text);
	watch_sample(watch, 7, SOURCE_switches, &switches);
	CHECK_INT(switches.total, 14);
	free(text);
	watch_close(watch);
}

TEST(a_terminal_by_its_name_in_sysfs)
{
	struct watch *watch;
	struct linux_stat stat;

	begin();
	terminal = 229 << 8;
	put_stat(7, "x", "S", 1, 1, 1);
	watch = open_tree();
	watch_sample(watch, 7, SOURCE_stat, &stat);
	CHECK_INT(stat.tty_device, 229 << 8);
	CHECK(!stat.tty_name.bytes && stat.tty_name.state == STATE_UNSUPPORTED);
	put("sys/dev/char/229:0/uevent", "MAJOR=229\nMINOR=0\nDEVNAME=hvc0\n");
	watch_sample(watch, 7, SOURCE_stat, &stat);
	CHECK_TEXT(watch_text(&stat.tty_name), "hvc0");
	watch_close(watch);
}

/* -------------------------------------------------------------------- what never returns */

static struct watch *fifo_watch;
static struct job fifo_job;
static struct linux_cmdline fifo_sample;
static char fifo_text[4096];
static _Atomic int fifo_result = -1;

static void *run_fifo_job(void *unused)
{
	(void)unused;
	fifo_result = fifo_watch->provider->job_run(&fifo_job);
	return NULL;
}

TEST(a_pipe_as_cmdline_holds_up_its_worker_only)
{
	struct linux_stat stat;
	pthread_t worker;
	char path[128];
	int file;

	begin();
	put_stat(7, "x", "S", 1, 1, 1);
	snprintf(path, sizeof path, "%s/7/cmdline", procfs);
	CHECK(mkfifo(path, 0600) == 0);
	fifo_watch = open_tree();
	fifo_job.slot = watch_find(fifo_watch, 7);
	fifo_job.source = SOURCE_cmdline;
	fifo_job.provider = fifo_watch->provider;
	fifo_job.sample = &fifo_sample;
	fifo_job.text = fifo_text;
	CHECK_INT(fifo_watch->provider->job_prepare(fifo_watch->handle, &fifo_job), STATE_OK);
	CHECK_INT(pthread_create(&worker, NULL, run_fifo_job, NULL), 0);
	for (int i = 0; i < 5; i++) {
		watch_tick(fifo_watch);
		watch_sample(fifo_watch, 7, SOURCE_stat, &stat);
	}
	/* The row, and the whole table, may go while the job runs. */
	fifo_watch->provider->close(fifo_watch->handle);
	CHECK_INT(fifo_result, -1);
	file = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(file >= 0);
	CHECK(write(file, "cat\0x", 5) == 5);
	close(file);
	pthread_join(worker, NULL);
	CHECK_INT(fifo_result, STATE_OK);
	CHECK_TEXT(watch_text(&fifo_sample.text), "cat x");
	fifo_job.provider->job_release(&fifo_job);
	platform_destroy(fifo_watch->platform);
	free(fifo_watch);
}

/* By number only, and not for ever: a tree may show anything. */
TEST(parents_and_limits_in_a_tree)
{
	struct linux_identity identity;
	struct linux_parent parent;
	struct linux_limits limits;
	struct linux_control control;
	struct watch *watch;

	begin();
	put_stat(7, "parent", "S", 0, 1, 1);
	put_stat(8, "child", "S", 7, 1, 2);
	put_stat(9, "alone", "S", 55, 1, 3);
	put("proc/8/limits", "Max cpu time 5 unlimited seconds\n");
	put("proc/9/limits", "nothing\n");
	put("proc/8/status", "TracerPid:\t7\nCpus_allowed_list:\t0,2-3\n");
	put("proc/9/status", "TracerPid:\t7\nCpus_allowed_list:\t2-0\n");
	watch = open_tree();
	watch_sample(watch, 7, SOURCE_identity, &identity);
	watch_sample(watch, 8, SOURCE_parent, &parent);
	CHECK(parent.unique_id == identity.unique_id);
	CHECK_INT(watch_read(watch, 7, SOURCE_parent, &parent), STATE_NONE);
	CHECK_INT(watch_read(watch, 9, SOURCE_parent, &parent), STATE_NONE);
	watch_sample(watch, 8, SOURCE_limits, &limits);
	CHECK_INT(limits.cpu.now, 5);
	CHECK(limits.cpu.max == ABSENT_U64(STATE_NONE));
	CHECK(limits.files.now == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(watch_read(watch, 9, SOURCE_limits, &limits), STATE_FAILED);
	watch_sample(watch, 8, SOURCE_control, &control);
	CHECK_INT(control.tracer, 7);
	CHECK_INT(control.affinity_count, 3);
	CHECK_TEXT(watch_text(&control.affinity), "0,2-3");
	CHECK_INT(watch_read(watch, 9, SOURCE_control, &control), STATE_FAILED);
	watch_close(watch);
}

/* More cores than a text may name: their number is still right, half a list is not. */
TEST(a_list_of_cores_that_is_too_long)
{
	static char text[16384] = "TracerPid:\t0\nCpus_allowed_list:\t0";
	struct linux_control control;
	struct watch *watch;

	begin();
	for (int core = 2; core < 4000; core += 2)
		snprintf(text + strlen(text), 16, ",%d", core);
	put_stat(7, "x", "S", 1, 1, 1);
	put("proc/7/status", text);
	watch = open_tree();
	watch_sample(watch, 7, SOURCE_control, &control);
	CHECK_INT(control.affinity_count, 2000);
	CHECK(!control.affinity.bytes && control.affinity.state == STATE_FAILED);
	watch_close(watch);
}

TEST(pipes_in_place_of_fast_files_do_not_block)
{
	static const char *const names[] = {"status", "io", "cgroup", "oom_score"};
	static const uint32_t sources[] = {
		SOURCE_status, SOURCE_io, SOURCE_cgroup, SOURCE_oom_score};
	_Alignas(16) char sample[512];
	struct watch *watch;
	char path[128];

	begin();
	put_stat(7, "x", "S", 1, 1, 1);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/7/%s", procfs, names[i]);
		CHECK(mkfifo(path, 0600) == 0);
	}
	put("proc/8/x", "");
	snprintf(path, sizeof path, "%s/8/stat", procfs);
	CHECK(mkfifo(path, 0600) == 0);
	watch = open_tree();
	CHECK(watch_find(watch, 8) == NO_ROW);
	for (int i = 0; i < 4; i++)
		CHECK_INT(watch_read(watch, 7, sources[i], sample), STATE_FAILED);
	watch_close(watch);
}

/* A parent that /proc hides ends without our seeing it: its children are read now and then. */
TEST(children_of_a_parent_that_is_not_seen_are_touched)
{
	struct processes *processes;
	struct linux_stat stat;
	struct watch *watch;

	begin();
	put_stat(7, "parent", "S", 0, 1, 1);
	put_stat(8, "child", "S", 7, 1, 2);
	put_stat(9, "orphan", "S", 99, 1, 3);
	watch = open_tree();
	for (pid_t pid = 7; pid <= 9; pid++)
		watch_sample(watch, pid, SOURCE_stat, &stat);
	watch_tick(watch);
	CHECK(!watch->rows[watch_find(watch, 9)].touched);
	processes = watch->handle;
	processes->touched_ns = 0; /* a while ago */
	watch_tick(watch);
	CHECK(watch->rows[watch_find(watch, 9)].touched);
	CHECK(!watch->rows[watch_find(watch, 8)].touched);
	CHECK(!watch->rows[watch_find(watch, 7)].touched);
	watch_close(watch);
}

TESTS(CASE(names_of_all_kinds), CASE(parents_and_limits_in_a_tree),
	CASE(children_of_a_parent_that_is_not_seen_are_touched),
	CASE(a_list_of_cores_that_is_too_long), CASE(a_name_longer_than_any),
	CASE(pids_come_and_go), CASE(another_start_time_is_another_process),
	CASE(garbage_is_no_process), CASE(a_scope_of_pids_in_a_tree),
	CASE(cpu_time_comes_from_the_clock_ticks),
	CASE(an_exited_leader_shows_the_memory_of_its_threads),
	CASE(a_zombie_and_a_kernel_thread_in_a_tree), CASE(files_that_are_missing_or_broken),
	CASE(a_thread_that_cannot_be_read), CASE(a_line_of_zeros_is_no_sample),
	CASE(a_status_with_very_many_groups), CASE(a_terminal_by_its_name_in_sysfs),
	CASE(a_pipe_as_cmdline_holds_up_its_worker_only),
	CASE(pipes_in_place_of_fast_files_do_not_block))

/* Which rows there are and which of them ran: births, deaths, zombies, reused pids. */
#include <dirent.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "linux/process/process.h"
#include "linux_watch.h"

/* What kernels lack; all of it must come to the same. */
static const char *const lacks[] = {NULL, "6.1", "pidfd-ino", "fork-range", "clock", "pidfd",
	"pidfd,clock", "pidfd,clock,fork-range,fd-size,smaps-rollup"};

enum { LACKS = sizeof lacks / sizeof *lacks };

static struct processes *inside(struct watch *watch)
{
	return watch->handle;
}

/* -------------------------------------------------------------------------- births */

/* The processes that were there before and after are rows, and each row is a process. */
TEST(the_rows_are_the_entries_of_proc)
{
	for (int i = 0; i < LACKS; i++) {
		struct watch *watch = watch_open(lacks[i], NULL, NULL);
		DIR *directory = opendir("/proc");
		const struct dirent *entry;
		uint32_t missing = 0, living = 0;
		watch_list(watch);
		CHECK(directory);
		CHECK(watch_find(watch, getpid()) != NO_ROW);
		while ((entry = readdir(directory))) {
			uint32_t pid = parse_pid(entry->d_name);
			missing += pid && watch_find(watch, (pid_t)pid) == NO_ROW;
		}
		closedir(directory);
		CHECK(missing < 20); /* born in between */
		for (uint32_t k = 0; k < watch->count; k++)
			living += watch->rows[k].alive &&
				  (kill((pid_t)watch->rows[k].pid, 0) == 0 || errno == EPERM);
		CHECK(living + 20 > watch->count && living > 0);
		watch_close(watch);
	}
}

TEST(a_child_is_born_and_dies)
{
	for (int i = 0; i < LACKS; i++) {
		struct watch *watch = watch_open(lacks[i], NULL, NULL);
		pid_t child;
		watch_tick(watch);
		child = child_start(NULL);
		watch_tick(watch);
		CHECK(watch_find(watch, child) != NO_ROW);
		child_end(child);
		watch_tick(watch);
		CHECK(watch_find(watch, child) == NO_ROW);
		watch_close(watch);
	}
}

TEST(births_are_found_without_listing_all)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);
	pid_t children[20];
	uint64_t listed_ns;
	int listings = 0;

	if (!host_has(inside(watch)->host, FEATURE_FORK_RANGE))
		test_skip("not in the first pid namespace");
	watch_tick(watch);
	listed_ns = inside(watch)->listed_ns;
	for (int i = 0; i < 20; i++) {
		children[i] = child_start(NULL);
		watch_tick(watch);
		CHECK(watch_find(watch, children[i]) != NO_ROW);
		listings += inside(watch)->listed_ns != listed_ns;
		listed_ns = inside(watch)->listed_ns;
	}
	/* Now and then it cannot be avoided: a fork of somebody else was under way. */
	CHECK(listings < 10);
	for (int i = 0; i < 20; i++)
		child_end(children[i]);
	watch_tick(watch);
	for (int i = 0; i < 20; i++)
		CHECK(watch_find(watch, children[i]) == NO_ROW);
	watch_close(watch);
}

/* A child whose pid is chosen, not the next one; or the test is skipped. */
static pid_t child_with_chosen_pid(void)
{
	for (pid_t pid = 400; pid < 32000; pid += 7) {
		struct clone_args arguments = {.exit_signal = SIGCHLD,
			.set_tid = (uint64_t)(uintptr_t)&pid,
			.set_tid_size = 1};
		long child = syscall(SYS_clone3, &arguments, sizeof arguments);
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		if (child > 0)
			return (pid_t)child;
		if (errno != EEXIST)
			break;
	}
	test_skip("pids cannot be chosen here");
}

TEST(a_chosen_pid_is_found)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);
	pid_t child;

	/* Until the range is used: with no history every birth makes it list. */
	for (int i = 0; i < 3; i++) {
		watch_tick(watch);
		child_end(child_start(NULL));
	}
	watch_tick(watch);
	child = child_with_chosen_pid();
	watch_tick(watch);
	/* A fork that failed in these milliseconds would hide it for 5 s. */
	for (int i = 0; i < 60 && watch_find(watch, child) == NO_ROW; i++) {
		pause_ms(100);
		watch_tick(watch);
	}
	CHECK(watch_find(watch, child) != NO_ROW);
	child_end(child);
	watch_close(watch);
}

TEST(what_was_left_to_chance_is_listed_in_the_end)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);
	uint64_t listed_ns;
	pid_t child;

	if (!host_has(inside(watch)->host, FEATURE_FORK_RANGE))
		test_skip("not in the first pid namespace");
	watch_tick(watch);
	child = child_start(NULL);
	watch_tick(watch);
	/* As if the range had missed it, five seconds ago. */
	row_end(inside(watch), watch_find(watch, child));
	watch_remove(watch, watch_find(watch, child));
	inside(watch)->uncertain = true;
	listed_ns = inside(watch)->listed_ns -= 5 * SECOND_NS;
	watch_tick(watch);
	CHECK(watch_find(watch, child) != NO_ROW);
	CHECK(inside(watch)->listed_ns > listed_ns);
	child_end(child);
	watch_close(watch);
}

static void *sleep_forever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static pid_t thread_id;

static void *tell_id(void *unused)
{
	(void)unused;
	__atomic_store_n(&thread_id, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	return sleep_forever(NULL);
}

static void start_threads(int count)
{
	pthread_t thread;

	for (int i = 0; i < count; i++)
		CHECK_INT(pthread_create(&thread, NULL, sleep_forever, NULL), 0);
	CHECK_INT(pthread_create(&thread, NULL, tell_id, NULL), 0);
	while (!__atomic_load_n(&thread_id, __ATOMIC_SEQ_CST))
		pause_ms(1);
}

TEST(threads_are_no_rows)
{
	for (int i = 0; i < LACKS; i++) {
		struct watch *watch = watch_open(lacks[i], NULL, NULL);
		uint64_t pid;
		watch_tick(watch);
		thread_id = 0;
		start_threads(3);
		watch_tick(watch);
		CHECK(watch_find(watch, thread_id) == NO_ROW);
		pid = (uint64_t)thread_id; /* procfs would open it by name */
		watch_list_pids(watch, &pid, 1);
		CHECK(watch_find(watch, thread_id) == NO_ROW);
		watch_close(watch);
	}
}

TEST(a_scope_of_pids_opens_only_these)
{
	for (int i = 0; i < LACKS; i++) {
		struct watch *watch = watch_open(lacks[i], NULL, NULL);
		pid_t a = child_start(NULL), b = child_start(NULL);
		uint64_t pids[] = {(uint64_t)a, (uint64_t)b, 4194304, UINT64_MAX};
		watch_list_pids(watch, pids, 4);
		CHECK_INT(watch->births, 2);
		watch_gate(watch);
		CHECK(watch->provider->descriptors(watch->handle) <= 4 + 4);
		child_end(b);
		watch_list_pids(watch, pids, 4);
		CHECK_INT(watch->births, 0);
		CHECK_INT(watch->deaths, 1);
		CHECK(watch_find(watch, a) != NO_ROW);
		watch_list(watch); /* and now all */
		CHECK(watch_find(watch, getpid()) != NO_ROW);
		CHECK(watch_find(watch, a) != NO_ROW);
		child_end(a);
		watch_close(watch);
	}
}

TEST(an_open_table_that_nobody_lists_holds_nothing_of_processes)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);

	CHECK(watch->provider->descriptors(watch->handle) <= 4);
	watch_close(watch);
}

/* -------------------------------------------------------------------------- deaths */

TEST(a_zombie_is_touched_and_stays_until_it_is_reaped)
{
	for (int i = 0; i < LACKS; i++) {
		struct watch *watch = watch_open(lacks[i], NULL, NULL);
		pid_t child = child_start(NULL);
		struct linux_stat stat;
		uint32_t slot;
		watch_tick(watch);
		watch_sample(watch, child, SOURCE_stat, &stat);
		kill(child, SIGKILL);
		wait_for_state(child, 'Z');
		watch_list(watch);
		slot = watch_find(watch, child);
		CHECK(slot != NO_ROW);
		/* Without pidfd it is the CPU clock that tells: exiting takes time. */
		if (host_has(inside(watch)->host, FEATURE_PIDFD))
			CHECK(watch->rows[slot].touched);
		watch_gate(watch);
		watch_sample(watch, child, SOURCE_stat, &stat);
		CHECK_INT(stat.status, 5);
		CHECK_TEXT(watch_text(&stat.state), "Z");
		watch_tick(watch);
		CHECK(watch_find(watch, child) == slot);
		CHECK_INT(waitpid(child, NULL, 0), child);
		watch_tick(watch);
		CHECK(watch_find(watch, child) == NO_ROW);
		watch_close(watch);
	}
}

/* A child whose child says its pid by the pipe. */
static int orphan_pipe[2];

static void have_a_child(void)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, 0);
		alarm(20);
		for (;;)
			pause();
	}
	CHECK(write(orphan_pipe[1], &child, sizeof child) == sizeof child);
}

TEST(children_of_a_dead_parent_are_touched)
{
	for (int i = 0; i < LACKS; i++) {
		struct watch *watch = watch_open(lacks[i], NULL, NULL);
		pid_t parent, orphan;
		struct linux_stat stat;
		bool touched = false;
		CHECK(pipe(orphan_pipe) == 0);
		parent = child_start(have_a_child);
		CHECK(read(orphan_pipe[0], &orphan, sizeof orphan) == sizeof orphan);
		watch_tick(watch);
		watch_sample(watch, orphan, SOURCE_stat, &stat);
		CHECK_INT(stat.ppid, parent);
		kill(parent, SIGKILL);
		wait_for_state(parent, 'Z'); /* not reaped: its children have a new parent */
		for (int k = 0; k < 3 && !touched; k++) {
			watch_tick(watch);
			touched = watch->rows[watch_find(watch, orphan)].touched;
			watch_sample(watch, parent, SOURCE_stat, &stat);
		}
		CHECK(touched);
		watch_sample(watch, orphan, SOURCE_stat, &stat);
		CHECK(stat.ppid != (uint64_t)parent);
		CHECK_INT(stat.ppid, atoi(proc_field(orphan, 4)));
		kill(orphan, SIGKILL);
		CHECK_INT(waitpid(parent, NULL, 0), parent);
		close(orphan_pipe[0]);
		close(orphan_pipe[1]);
		watch_close(watch);
	}
}

TEST(many_short_lives_leave_nothing_behind)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);
	uint64_t kept;

	watch_tick(watch);
	for (int round = 0; round < 20; round++) {
		pid_t children[50];
		for (int i = 0; i < 50; i++) {
			children[i] = fork();
			if (children[i] == 0)
				_exit(0);
		}
		watch_tick(watch);
		for (int i = 0; i < 50; i++)
			CHECK_INT(waitpid(children[i], NULL, 0), children[i]);
	}
	watch_tick(watch);
	watch_tick(watch);
	kept = inside(watch)->kept;
	for (uint32_t i = 0; i < watch->count; i++)
		kept -= watch->rows[i].alive ? 2 : 0;
	CHECK(kept < 200); /* the files of those that run */
	watch_close(watch);
}

/* ---------------------------------------------------------------------------- gate */

static void burn(long milliseconds)
{
	struct timespec time;
	long end;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	end = time.tv_sec * 1000 + time.tv_nsec / 1000000 + milliseconds;
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	while (time.tv_sec * 1000 + time.tv_nsec / 1000000 < end);
}

static void on_user_signal(int signal)
{
	(void)signal;
	burn(2);
}

static void handle_signal(void)
{
	signal(SIGUSR1, on_user_signal);
}

TEST(the_activity_of_a_sleeper_stands_still)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);
	pid_t child = child_start(handle_signal);
	struct linux_stat stat;
	uint64_t first, second;
	uint32_t slot;

	wait_for_state(child, 'S');
	watch_tick(watch);
	slot = watch_find(watch, child);
	watch_sample(watch, child, SOURCE_stat, &stat);
	first = watch->rows[slot].activity;
	CHECK(first != ACTIVITY_UNKNOWN && first != ACTIVITY_GONE);
	for (int i = 0; i < 5; i++) {
		watch_tick(watch);
		CHECK(watch->rows[slot].activity == first);
	}
	kill(child, SIGUSR1);
	pause_ms(20);
	wait_for_state(child, 'S');
	watch_tick(watch);
	second = watch->rows[slot].activity;
	CHECK(second != first);
	/* Nobody has read that it sleeps now: it may still be running. */
	watch_tick(watch);
	CHECK(watch->rows[slot].activity == ACTIVITY_UNKNOWN);
	watch_tick(watch);
	CHECK(watch->rows[slot].activity == second);
	child_end(child);
	watch_close(watch);
}

static void burn_for_ever(void)
{
	if (fork() == 0) {
		CHECK(write(orphan_pipe[1], &(pid_t){getpid()}, sizeof(pid_t)) ==
			sizeof(pid_t));
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(20);
		for (;;)
			continue;
	}
}

TEST(a_running_row_is_always_read)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);
	struct linux_stat stat;
	pid_t parent, child;

	CHECK(pipe(orphan_pipe) == 0);
	parent = child_start(burn_for_ever);
	CHECK(read(orphan_pipe[0], &child, sizeof child) == sizeof child);
	watch_tick(watch);
	watch_sample(watch, child, SOURCE_stat, &stat);
	CHECK_TEXT(watch_text(&stat.state), "R");
	watch_tick(watch);
	CHECK(watch->rows[watch_find(watch, child)].activity == ACTIVITY_UNKNOWN);
	child_end(parent);
	close(orphan_pipe[0]);
	close(orphan_pipe[1]);
	watch_close(watch);
}

TEST(without_clock_every_row_is_read)
{
	struct watch *watch = watch_open("clock", NULL, NULL);

	watch_tick(watch);
	watch_tick(watch);
	CHECK(watch->rows[watch_find(watch, getpid())].activity == ACTIVITY_UNKNOWN);
	watch_close(watch);
}

/* ---------------------------------------------------------------------- reused pids */

/* A child with this very pid, or the test is skipped. */
static pid_t child_with_pid(pid_t pid)
{
	for (int i = 0; i < 100; i++) {
		FILE *file = fopen("/proc/sys/kernel/ns_last_pid", "w");
		pid_t child;
		if (!file || fprintf(file, "%d", (int)pid - 1) < 0 || fclose(file) != 0)
			test_skip("ns_last_pid cannot be written");
		child = child_start(NULL);
		if (child == pid)
			return child;
		child_end(child);
	}
	test_skip("the pid is not given out again");
}

/* The process that has this pid now is another one than the row that had it. */
static void reuse_between_ticks(struct watch *watch)
{
	pid_t pid = child_start(NULL);
	uint64_t identity;

	watch_tick(watch);
	identity = watch->rows[watch_find(watch, pid)].identity;
	child_end(pid);
	pause_ms(20); /* another start time, for identities that depend on it */
	CHECK_INT(child_with_pid(pid), pid);
	watch_tick(watch);
	CHECK(watch_find(watch, pid) != NO_ROW);
	CHECK(watch->rows[watch_find(watch, pid)].identity != identity);
	child_end(pid);
}

static void reuse_between_list_and_gate(struct watch *watch)
{
	pid_t pid = child_start(NULL);
	struct linux_stat stat;
	uint64_t identity;
	uint32_t slot;

	watch_tick(watch);
	watch_list(watch);
	slot = watch_find(watch, pid);
	identity = watch->rows[slot].identity;
	child_end(pid);
	pause_ms(20);
	CHECK_INT(child_with_pid(pid), pid);
	watch_gate(watch);
	if (host_has(inside(watch)->host, FEATURE_CLOCK))
		CHECK(!watch->rows[slot].alive);
	else /* the gate has looked at nothing; the read does */
		CHECK_INT(watch_read(watch, pid, SOURCE_stat, &stat), SAMPLE_GONE);
	watch_tick(watch);
	CHECK(watch_find(watch, pid) != NO_ROW);
	CHECK(watch->rows[watch_find(watch, pid)].identity != identity);
	child_end(pid);
}

static void reuse_of_a_zombie(struct watch *watch)
{
	pid_t pid = child_start(NULL);
	uint64_t identity;
	uint32_t slot;

	watch_tick(watch);
	kill(pid, SIGKILL);
	wait_for_state(pid, 'Z');
	watch_list(watch); /* the exit is known, so no event comes any more */
	slot = watch_find(watch, pid);
	identity = watch->rows[slot].identity;
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	pause_ms(20);
	CHECK_INT(child_with_pid(pid), pid);
	watch_gate(watch);
	if (host_has(inside(watch)->host, FEATURE_CLOCK))
		CHECK(!watch->rows[slot].alive);
	watch_tick(watch);
	CHECK(watch_find(watch, pid) != NO_ROW);
	CHECK(watch->rows[watch_find(watch, pid)].identity != identity);
	child_end(pid);
}

static void reuse_between_gate_and_read(struct watch *watch)
{
	static const uint32_t sources[] = {SOURCE_stat, SOURCE_status, SOURCE_io,
		SOURCE_schedstat, SOURCE_switches, SOURCE_files, SOURCE_cgroup,
		SOURCE_oom_score, SOURCE_oom_adjust, SOURCE_exe, SOURCE_cmdline, SOURCE_smaps};
	_Alignas(16) char sample[512];

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		pid_t pid = child_start(NULL);
		watch_tick(watch);
		child_end(pid);
		pause_ms(20);
		CHECK_INT(child_with_pid(pid), pid);
		CHECK_INT(watch_read(watch, pid, sources[i], sample), SAMPLE_GONE);
		watch_tick(watch);
		watch_sample(watch, pid, SOURCE_stat, sample);
		child_end(pid);
	}
}

/* Rows that had no descriptor left have only the start time to go by. */
static void limit_descriptors(rlim_t limit)
{
	struct rlimit now = {limit, limit};

	CHECK_INT(setrlimit(RLIMIT_NOFILE, &now), 0);
}

static void reuse_in_all_ways(const char *without)
{
	struct watch *watch = watch_open(without, NULL, NULL);

	reuse_between_ticks(watch);
	reuse_between_list_and_gate(watch);
	reuse_of_a_zombie(watch);
	reuse_between_gate_and_read(watch);
	watch_close(watch);
}

/* The first process of a pid namespace that has a procfs of its own. */
static _Noreturn void run_as_first(void)
{
	/* In a chroot, or a container that forbids it, nothing can be mounted. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("proc", "/proc", "proc", 0, NULL) < 0)
		test_skip("no procfs can be mounted here");
	CHECK_INT(getpid(), 1);
	for (int i = 0; i < LACKS; i++)
		reuse_in_all_ways(lacks[i]);
	limit_descriptors(24);
	for (int i = 0; i < LACKS; i++)
		reuse_in_all_ways(lacks[i]);
	_exit(0);
}

/* The exit status of body(), run by a process of its own. */
static int status_of(void (*body)(void))
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (child == 0)
		body();
	CHECK_INT(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void run_in_namespace(void)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
		test_skip("no pid namespace to be had");
	_exit(status_of(run_as_first));
}

TEST(a_reused_pid_is_another_row)
{
	int status;

	test_timeout(60);
	status = status_of(run_in_namespace);
	if (status == 77)
		test_skip("see above");
	CHECK_INT(status, 0);
}

/* --------------------------------------------------------------------- descriptors */

TEST(with_few_descriptors_it_still_works)
{
	enum { CHILDREN = 60 };
	static const rlim_t limits[] = {16, 24, 64, 128};
	pid_t children[CHILDREN];
	struct linux_status status;
	struct linux_stat stat;
	struct linux_cmdline cmdline;

	test_timeout(60);
	for (int i = 0; i < CHILDREN; i++)
		children[i] = child_start(NULL);
	for (int k = 3; k >= 0; k--) {
		struct watch *watch;
		limit_descriptors(limits[k]);
		watch = watch_open(NULL, NULL, NULL);
		for (int round = 0; round < 3; round++) {
			watch_tick(watch);
			for (int i = 0; i < CHILDREN; i++) {
				watch_sample(watch, children[i], SOURCE_stat, &stat);
				CHECK_INT(stat.ppid, getpid());
				watch_sample(watch, children[i], SOURCE_status, &status);
				CHECK(status.footprint > 0 && status.footprint < 1000000);
				watch_sample(watch, children[i], SOURCE_cmdline, &cmdline);
			}
		}
		/* The others are for clients. */
		CHECK(watch->provider->descriptors(watch->handle) <=
			(limits[k] > 48 ? limits[k] - 48 : 0) + 4);
		child_end(children[k]);
		watch_tick(watch);
		CHECK(watch_find(watch, children[k]) == NO_ROW);
		children[k] = child_start(NULL);
		watch_tick(watch);
		CHECK(watch_find(watch, children[k]) != NO_ROW);
		watch_close(watch);
	}
	for (int i = 0; i < CHILDREN; i++)
		child_end(children[i]);
}

TEST(files_are_kept_for_rows_that_run)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);
	pid_t sleeper = child_start(NULL), runner = child_start(handle_signal);
	struct linux_stat stat;
	const struct row *row;

	for (int i = 0; i < 4; i++) {
		kill(runner, SIGUSR1);
		pause_ms(10);
		watch_tick(watch);
		watch_sample(watch, runner, SOURCE_stat, &stat);
		watch_sample(watch, sleeper, SOURCE_stat, &stat);
	}
	row = &inside(watch)->rows[watch_find(watch, runner)];
	CHECK(row->files[FILE_STAT] >= 0);
	CHECK(inside(watch)->rows[watch_find(watch, sleeper)].files[FILE_STAT] < 0);
	/* As if a minute had passed. */
	inside(watch)->rows[watch_find(watch, runner)].ran_ns -= 61 * SECOND_NS;
	watch_list(watch);
	CHECK(row->files[FILE_STAT] < 0);
	watch_sample(watch, runner, SOURCE_stat, &stat);
	child_end(sleeper);
	child_end(runner);
	watch_close(watch);
}

TESTS(CASE(the_rows_are_the_entries_of_proc), CASE(a_child_is_born_and_dies),
	CASE(births_are_found_without_listing_all), CASE(a_chosen_pid_is_found),
	CASE(what_was_left_to_chance_is_listed_in_the_end), CASE(threads_are_no_rows),
	CASE(a_scope_of_pids_opens_only_these),
	CASE(an_open_table_that_nobody_lists_holds_nothing_of_processes),
	CASE(a_zombie_is_touched_and_stays_until_it_is_reaped),
	CASE(children_of_a_dead_parent_are_touched),
	CASE(many_short_lives_leave_nothing_behind),
	CASE(the_activity_of_a_sleeper_stands_still), CASE(a_running_row_is_always_read),
	CASE(without_clock_every_row_is_read), CASE(a_reused_pid_is_another_row),
	CASE(with_few_descriptors_it_still_works), CASE(files_are_kept_for_rows_that_run))

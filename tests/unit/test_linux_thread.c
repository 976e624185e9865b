/* Table THREAD: the threads of one process, and of no other. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "linux/thread/thread.h"
#include "linux_tree.h"

static int try_open(struct watch *watch, uint32_t pid)
{
	struct target target = {pid};

	return watch->provider->open(watch->provider->context, &target, &watch->handle);
}

/* The provider of the table; nothing of it is open. */
static struct watch *begin(const char *procfs)
{
	struct watch *watch = watch_open(NULL, procfs, NULL);

	watch_choose(watch, TABLE_THREAD);
	CHECK(watch->provider->targeted);
	return watch;
}

static void end(struct watch *watch)
{
	platform_destroy(watch->platform);
	free(watch);
}

static struct watch *open_threads(const char *procfs, uint32_t pid)
{
	struct watch *watch = begin(procfs);

	CHECK_INT(try_open(watch, pid), 0);
	return watch;
}

static int list_result(struct watch *watch)
{
	watch->births = watch->deaths = 0;
	return watch->provider->list(
		watch->handle, &watch->roster, &(struct row_scope){.all = true});
}

static int read_row(struct watch *watch, uint32_t slot, uint32_t source, void *sample)
{
	memset(sample, 0, watch->provider->sources[source].sample_size);
	return watch->provider->read(watch->handle, slot, source, sample);
}

/* The slot of a thread, or NO_ROW. */
static uint32_t find_tid(struct watch *watch, uint32_t tid)
{
	struct linux_thread_stat stat;

	for (uint32_t slot = 0; slot < watch->count; slot++)
		if (watch->rows[slot].alive &&
			read_row(watch, slot, SOURCE_thread_stat, &stat) == STATE_OK &&
			stat.tid == tid)
			return slot;
	return NO_ROW;
}

/* ---------------------------------------------------------------------------- parsers */

TEST(schedules)
{
	static const char *const bad[] = {"", "1 2", "1 2 x", "-1 2 3", "x 2 3"};
	struct schedule schedule;

	CHECK_INT(thread_schedule_parse("5 6 7\n", 6, &schedule), 0);
	CHECK_INT(schedule.ran_ns, 5);
	CHECK_INT(schedule.run_delay_ns, 6);
	CHECK_INT(schedule.slices, 7);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_INT(thread_schedule_parse(bad[i], strlen(bad[i]), &schedule), -EBADMSG);
}

TEST(wait_channels)
{
	struct thread runs = {.state = 'R', .is_hidden = true}, sleeps = {.state = 'S'};
	struct thread hidden = {.state = 'S', .is_hidden = true};

	CHECK_INT(thread_wait_parse("0", 1, &runs).state, STATE_NONE);
	CHECK_INT(thread_wait_parse("0", 1, &sleeps).state, STATE_NONE);
	CHECK_INT(thread_wait_parse("0", 1, &hidden).state, STATE_DENIED);
	CHECK_INT(thread_wait_parse("", 0, &hidden).state, STATE_DENIED);
	CHECK_INT(thread_wait_parse("do_poll", 7, &hidden).length, 7);
}

/* ------------------------------------------------------------------------ real threads */

static int gate[2];

static void *wait_for_gate(void *unused)
{
	char byte;

	(void)unused;
	prctl(PR_SET_NAME, "waits (a) b)");
	while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
		;
	return NULL;
}

TEST(threads_come_and_go)
{
	struct watch *watch = open_threads(NULL, (uint32_t)getpid());
	struct linux_thread_stat stat;
	pthread_t thread;
	uint32_t slot = 1;
	struct linux_thread_wait wait;

	CHECK_INT(pipe(gate), 0);
	CHECK_INT(list_result(watch), 0);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->rows[0].pid, getpid());
	CHECK_INT(pthread_create(&thread, NULL, wait_for_gate, NULL), 0);
	do
		CHECK_INT(list_result(watch), 0);
	while (read_row(watch, slot, SOURCE_thread_stat, &stat) != STATE_OK ||
		strcmp(watch_text(&stat.name), "waits (a) b)") != 0 ||
		read_row(watch, slot, SOURCE_thread_wait, &wait) != STATE_OK);
	CHECK_INT(watch->rows[1].pid, getpid());
	CHECK(stat.tid != (uint64_t)getpid());
	CHECK(watch->rows[0].identity != watch->rows[1].identity);
	CHECK_INT(close(gate[1]), 0);
	CHECK_INT(pthread_join(thread, NULL), 0);
	for (int i = 0; i < 1000 && !watch->deaths; i++) {
		CHECK_INT(list_result(watch), 0);
		pause_ms(1);
	}
	CHECK_INT(watch->deaths, 1);
	close(gate[0]);
	watch->provider->close(watch->handle);
	end(watch);
}

static void work_and_set(void)
{
	cpu_set_t one;
	struct timespec now;

	sched_getaffinity(0, sizeof one, &one);
	for (int i = CPU_SETSIZE - 1, kept = 0; i >= 0; i--)
		if (CPU_ISSET(i, &one) && kept++)
			CPU_CLR(i, &one);
	CHECK_INT(sched_setaffinity(0, sizeof one, &one), 0);
	CHECK_INT(setpriority(PRIO_PROCESS, 0, 7), 0);
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	while (now.tv_sec == 0 && now.tv_nsec < 60000000);
}

TEST(what_is_said_is_what_the_kernel_says)
{
	pid_t child = child_start(work_and_set);
	struct watch *watch = open_threads(NULL, (uint32_t)child);
	struct linux_thread_stat stat;
	struct linux_thread_clock clock;
	struct linux_thread_status status;

	CHECK_INT(list_result(watch), 0);
	CHECK_INT(watch->count, 1);
	CHECK_INT(read_row(watch, 0, SOURCE_thread_stat, &stat), STATE_OK);
	CHECK_INT(stat.tid, child);
	CHECK_INT(stat.nice, 7);
	CHECK_INT(stat.priority, 27);
	CHECK_INT(stat.policy, SCHED_OTHER);
	CHECK(stat.realtime_priority == ABSENT_U64(STATE_NONE));
	CHECK_INT(stat.last_cpu, strtoll(proc_field(child, 39), NULL, 10));
	CHECK(stat.user + stat.system >= 5);
	CHECK_INT(read_row(watch, 0, SOURCE_thread_clock, &clock), STATE_OK);
	CHECK(clock.total_ns >= 60000000 && clock.total_ns < 1000000000);
	CHECK_INT(read_row(watch, 0, SOURCE_thread_status, &status), STATE_OK);
	CHECK_INT(status.control.affinity_count, 1);
	CHECK_INT(status.switches.voluntary,
		proc_number(child, "status", "voluntary_ctxt_switches:"));
	CHECK_INT(status.switches.total, status.switches.voluntary + status.switches.forced);
	child_end(child);
	CHECK_INT(list_result(watch), -ESRCH);
	watch->provider->close(watch->handle);
	end(watch);
}

TEST(a_process_that_ended_has_no_threads)
{
	pid_t child = child_start(NULL);
	struct watch *watch = open_threads(NULL, (uint32_t)child);

	CHECK_INT(list_result(watch), 0);
	kill(child, SIGKILL);
	wait_for_state(child, 'Z');
	/* Nobody has waited for it yet, but it has ended. */
	CHECK_INT(list_result(watch), -ESRCH);
	watch->provider->close(watch->handle);
	CHECK_INT(try_open(watch, (uint32_t)child), -ESRCH);
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(try_open(watch, (uint32_t)child), -ESRCH);
	CHECK_INT(try_open(watch, 0), -ESRCH);
	CHECK_INT(try_open(watch, UINT32_MAX), -ESRCH);
	end(watch);
}

static atomic_int other_tid;

static void *tell_tid(void *unused)
{
	(void)unused;
	other_tid = (int)syscall(SYS_gettid);
	pause();
	return NULL;
}

TEST(a_thread_is_no_target)
{
	struct watch *watch = begin(NULL);
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, tell_tid, NULL), 0);
	while (!other_tid)
		pause_ms(1);
	CHECK_INT(try_open(watch, (uint32_t)other_tid), -ESRCH);
	end(watch);
}

/* The first thread ends, the other one lives on. */
static void *live_on(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void leave_alone(void)
{
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, live_on, NULL), 0);
}

static pid_t leaderless(void)
{
	int ready[2];
	char byte;
	pid_t child;

	CHECK_INT(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		leave_alone();
		CHECK(write(ready[1], "r", 1) == 1);
		syscall(SYS_exit, 0);
	}
	CHECK(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	wait_for_state(child, 'Z');
	return child;
}

TEST(a_process_lives_as_long_as_any_thread)
{
	pid_t child = leaderless();
	struct watch *watch = open_threads(NULL, (uint32_t)child);
	struct linux_thread_stat stat;
	uint32_t slot;

	CHECK_INT(list_result(watch), 0);
	CHECK_INT(watch->births, 2);
	slot = find_tid(watch, (uint32_t)child);
	CHECK(slot != NO_ROW);
	CHECK_INT(read_row(watch, slot, SOURCE_thread_stat, &stat), STATE_OK);
	CHECK_TEXT(watch_text(&stat.state), "Z");
	child_end(child);
	CHECK_INT(list_result(watch), -ESRCH);
	watch->provider->close(watch->handle);
	end(watch);
}

/* What everybody may read is there; the rest says that it is denied. */
TEST(a_process_of_another_user)
{
	struct watch *watch;
	struct linux_thread_stat stat;
	struct linux_thread_clock clock;
	struct linux_thread_status status;
	struct linux_thread_wait wait;
	struct linux_thread_io io;
	pid_t child;

	if (geteuid() != 0)
		test_skip("it takes root to become another user");
	child = child_start(NULL);
	wait_for_state(child, 'S');
	CHECK_INT(setresuid(65534, 65534, 65534), 0);
	watch = begin(NULL);
	if (try_open(watch, (uint32_t)child) == -EACCES)
		test_skip("/proc is mounted with hidepid");
	CHECK_INT(list_result(watch), 0);
	CHECK_INT(watch->births, 1);
	CHECK_INT(read_row(watch, 0, SOURCE_thread_stat, &stat), STATE_OK);
	CHECK_INT(stat.tid, child);
	CHECK_INT(read_row(watch, 0, SOURCE_thread_clock, &clock), STATE_OK);
	CHECK(clock.total_ns > 0);
	CHECK_INT(read_row(watch, 0, SOURCE_thread_status, &status), STATE_OK);
	CHECK(status.control.affinity_count > 0);
	CHECK_INT(read_row(watch, 0, SOURCE_thread_wait, &wait), STATE_OK);
	CHECK_INT(wait.channel.state, STATE_DENIED);
	CHECK_INT(read_row(watch, 0, SOURCE_thread_io, &io), STATE_DENIED);
	watch->provider->close(watch->handle);
	end(watch);
}

/* ------------------------------------------------------------------- threads by hand */

static void put_task(int tid, const char *state, int start, int user)
{
	char path[64], text[512];

	snprintf(path, sizeof path, "proc/7/task/%d/stat", tid);
	snprintf(text, sizeof text,
		"%d (x) %s 1 7 7 0 -1 0 10 0 1 0 %d 0 0 0 20 0 2 0 %d 1000 10 0 0 0 0 0 0 0 0 "
		"0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		tid, state, user, start);
	tree_put(path, text);
}

static void put_target(void)
{
	tree_begin();
	tree_put_process(7, "S", 50);
	put_task(7, "S", 50, 12);
	put_task(9, "S", 60, 13);
}

TEST(a_number_that_is_used_again_is_another_thread)
{
	struct watch *watch;
	uint64_t identity;

	put_target();
	watch = open_threads(tree_procfs, 7);
	CHECK_INT(list_result(watch), 0);
	CHECK_INT(watch->births, 2);
	identity = watch->rows[find_tid(watch, 9)].identity;
	put_task(9, "S", 61, 0);
	CHECK_INT(list_result(watch), 0);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	CHECK(watch->rows[find_tid(watch, 9)].identity != identity);
	watch->provider->close(watch->handle);
	end(watch);
}

TEST(a_pid_that_is_used_again_is_another_process)
{
	struct watch *watch;

	put_target();
	watch = open_threads(tree_procfs, 7);
	CHECK_INT(list_result(watch), 0);
	tree_remove("proc/7");
	tree_put_process(7, "S", 99);
	put_task(7, "S", 99, 0);
	CHECK_INT(list_result(watch), -ESRCH);
	watch->provider->close(watch->handle);
	end(watch);
}

TEST(without_the_scheduler_s_account_it_is_clock_ticks)
{
	struct linux_thread_clock clock;
	struct linux_thread_schedule schedule;
	struct watch *watch;
	uint32_t slot;

	put_target();
	tree_put("proc/7/task/9/schedstat", "0 0 0\n");
	watch = open_threads(tree_procfs, 7);
	CHECK_INT(list_result(watch), 0);
	slot = find_tid(watch, 9);
	CHECK_INT(read_row(watch, slot, SOURCE_thread_clock, &clock), STATE_OK);
	CHECK_INT(clock.total_ns, 130000000);
	slot = find_tid(watch, 7);
	CHECK_INT(read_row(watch, slot, SOURCE_thread_clock, &clock), STATE_OK);
	CHECK_INT(clock.total_ns, 120000000);
	CHECK_INT(read_row(watch, slot, SOURCE_thread_schedule, &schedule), STATE_UNSUPPORTED);
	tree_put("proc/7/task/9/schedstat", "133000001 2 3\n");
	slot = find_tid(watch, 9);
	CHECK_INT(list_result(watch), 0);
	CHECK_INT(read_row(watch, slot, SOURCE_thread_clock, &clock), STATE_OK);
	CHECK_INT(clock.total_ns, 133000001);
	tree_put("proc/7/task/9/schedstat", "x\n");
	CHECK_INT(list_result(watch), 0);
	CHECK_INT(read_row(watch, slot, SOURCE_thread_clock, &clock), STATE_FAILED);
	watch->provider->close(watch->handle);
	end(watch);
}

TEST(a_thread_that_ended_after_the_list_has_nothing)
{
	struct linux_thread_clock clock;
	struct linux_thread_status status;
	struct watch *watch;
	uint32_t slot;

	put_target();
	tree_put("proc/7/task/9/status", "garbage\n");
	watch = open_threads(tree_procfs, 7);
	CHECK_INT(list_result(watch), 0);
	slot = find_tid(watch, 9);
	CHECK_INT(read_row(watch, slot, SOURCE_thread_status, &status), STATE_OK);
	CHECK(status.control.affinity_count == ABSENT_U64(STATE_FAILED));
	CHECK(status.switches.total == ABSENT_U64(STATE_FAILED));
	tree_remove("proc/7/task/9");
	CHECK_INT(read_row(watch, slot, SOURCE_thread_clock, &clock), STATE_NONE);
	CHECK_INT(read_row(watch, slot, SOURCE_thread_status, &status), STATE_NONE);
	watch->provider->close(watch->handle);
	end(watch);
}

TEST(what_cannot_be_read_leaves_the_rows_as_they_are)
{
	struct watch *watch;

	put_target();
	watch = open_threads(tree_procfs, 7);
	CHECK_INT(list_result(watch), 0);
	tree_put("proc/7/task/9/stat", "9 garbage\n");
	CHECK_INT(list_result(watch), -EBADMSG);
	CHECK_INT(watch->deaths, 0);
	put_task(9, "S", 60, 14);
	CHECK_INT(list_result(watch), 0);
	CHECK_INT(watch->births + watch->deaths, 0);
	watch->provider->close(watch->handle);
	end(watch);
}

TEST(nothing_is_said_of_waits_that_were_not_counted)
{
	struct linux_thread_delays delays;
	struct watch *watch;

	put_target();
	tree_put("proc/sys/kernel/task_delayacct", "1\n");
	watch = open_threads(tree_procfs, 7);
	CHECK_INT(list_result(watch), 0);
	CHECK_INT(read_row(watch, find_tid(watch, 9), SOURCE_thread_delays, &delays),
		STATE_UNSUPPORTED);
	watch->provider->close(watch->handle);
	end(watch);
}

TEST(another_process_of_the_pid_is_no_target)
{
	pid_t child = child_start(NULL);
	struct watch *watch = open_threads(NULL, (uint32_t)child);

	CHECK(watch->provider->has_target(watch->handle));
	CHECK_INT(watch->provider->descriptors(watch->handle), 1);
	child_end(child);
	CHECK(!watch->provider->has_target(watch->handle));
	watch->provider->close(watch->handle);
	end(watch);
}

TESTS(CASE(another_process_of_the_pid_is_no_target), CASE(schedules), CASE(wait_channels),
	CASE(threads_come_and_go), CASE(what_is_said_is_what_the_kernel_says),
	CASE(a_process_that_ended_has_no_threads), CASE(a_thread_is_no_target),
	CASE(a_process_lives_as_long_as_any_thread), CASE(a_process_of_another_user),
	CASE(a_number_that_is_used_again_is_another_thread),
	CASE(a_pid_that_is_used_again_is_another_process),
	CASE(without_the_scheduler_s_account_it_is_clock_ticks),
	CASE(a_thread_that_ended_after_the_list_has_nothing),
	CASE(what_cannot_be_read_leaves_the_rows_as_they_are),
	CASE(nothing_is_said_of_waits_that_were_not_counted))

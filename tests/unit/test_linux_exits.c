/* Processes that end: what is told of them, and by which means. */
#include <linux/acct.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/taskstats.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "linux/process/process.h"
#include "linux_watch.h"

enum { NOBODY = 65534, ENDED_MAX = 512 };

/* What was told of a process that ended. */
struct ended {
	uint64_t pid;
	bool born_ended; /* no list found it alive */
	struct linux_exit exit;
	struct linux_clock clock;
	uint64_t ppid;
	char comm[32];
};

static struct ended ended[ENDED_MAX];
static uint32_t ended_count, died_count, born_count;

static uint32_t note_born(struct roster *roster, uint64_t identity, uint64_t pid)
{
	born_count++;
	return watch_born(roster, identity, pid);
}

static void note_died(struct roster *roster, uint32_t slot)
{
	died_count++;
	watch_remove((struct watch *)roster, slot);
}

static void note_ended(struct roster *roster, uint32_t slot)
{
	struct watch *watch = (struct watch *)roster;
	const struct provider *provider = watch->provider;
	struct ended *own = &ended[ended_count++ % ENDED_MAX];
	struct linux_stat stat = {.ppid = ABSENT_U64(STATE_PENDING)};

	*own = (struct ended){.pid = watch->rows[slot].pid};
	own->exit.status = own->exit.time_ns = own->exit.cpu_ns = own->clock.total_ns =
		ABSENT_U64(STATE_PENDING);
	CHECK(provider->sources[SOURCE_exit].last && provider->sources[SOURCE_clock].last &&
		provider->sources[SOURCE_stat].last);
	CHECK_INT(provider->read(watch->handle, slot, SOURCE_exit, &own->exit), STATE_OK);
	CHECK_INT(provider->read(watch->handle, slot, SOURCE_clock, &own->clock), STATE_OK);
	CHECK_INT(provider->read(watch->handle, slot, SOURCE_stat, &stat), STATE_OK);
	own->ppid = stat.ppid;
	if (stat.comm.bytes)
		snprintf(own->comm, sizeof own->comm, "%.*s", (int)stat.comm.length,
			stat.comm.bytes);
	own->born_ended = own->ppid != ABSENT_U64(STATE_PENDING);
	watch_remove(watch, slot);
}

static struct watch *open_exits(const char *without)
{
	static const struct roster_ops ops = {note_born, note_died, note_ended, watch_touched};
	struct watch *watch = watch_open(without, NULL, NULL);

	watch->roster.ops = &ops;
	ended_count = died_count = 0;
	return watch;
}

static void list_exits(struct watch *watch, enum exits_wanted exits)
{
	watch_list_scope(watch, &(struct row_scope){.exits = exits, .all = true});
}

static const struct ended *find_ended(pid_t pid)
{
	const struct ended *found = NULL;

	for (uint32_t i = 0; i < ended_count && i < ENDED_MAX; i++)
		if (ended[i].pid == (uint64_t)pid) {
			CHECK(!found); /* told once */
			found = &ended[i];
		}
	return found;
}

static pid_t child_that(void (*body)(void))
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		body();
		_exit(0);
	}
	return child;
}

static void exit_with_7(void)
{
	_exit(7);
}

static void die_by_signal(void)
{
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
}

static void spin(long milliseconds)
{
	struct timespec start, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
		milliseconds);
}

static void *spin_in_thread(void *unused)
{
	spin(30);
	return unused;
}

static void burn_in_threads(void)
{
	pthread_t threads[3];

	prctl(PR_SET_NAME, "burner");
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, spin_in_thread, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	spin(20);
	_exit(5); /* with a thread or without */
}

static void wait_for_zombie(pid_t pid)
{
	siginfo_t info;

	CHECK_INT(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

/* Reaps the child; its CPU time, and its status. */
static uint64_t reap(pid_t pid, int *ret_status)
{
	struct rusage usage;

	CHECK_INT(wait4(pid, ret_status, 0, &usage), pid);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

static bool is_near(uint64_t a, uint64_t b, uint64_t distance)
{
	return (a > b ? a - b : b - a) <= distance;
}

static bool listens(const char *without)
{
	return exit_listener_probe() == 0 && !(without && strstr(without, "taskstats"));
}

/* The child is a row while it lives, and is reaped before anybody looks again. */
static const struct ended *see_end(struct watch *watch, int signal, int *ret_status)
{
	pid_t child = child_start(NULL);

	list_exits(watch, EXITS_OF_ALL);
	watch_gate(watch);
	CHECK(watch_find(watch, child) != NO_ROW);
	kill(child, signal);
	reap(child, ret_status);
	list_exits(watch, EXITS_OF_ALL);
	CHECK(watch_find(watch, child) == NO_ROW);
	CHECK(find_ended(child));
	return find_ended(child);
}

TEST(the_pidfd_of_a_reaped_process_tells_its_status)
{
	struct watch *watch = open_exits("taskstats");
	int status;
	const struct ended *end = see_end(watch, SIGKILL, &status);

	if (strstr(platform_describe(watch->platform), "pidfd-exit"))
		CHECK_INT(end->exit.status, status);
	else
		CHECK_INT(end->exit.status, ABSENT_U64(STATE_UNSUPPORTED));
	/* Nobody has read its clock when it had ended. */
	CHECK_INT(end->exit.cpu_ns, ABSENT_U64(STATE_FAILED));
	CHECK_INT(end->clock.total_ns, ABSENT_U64(STATE_PENDING));
	CHECK(is_near(end->exit.time_ns, (uint64_t)time(NULL) * 1000000000, 3000000000));
	CHECK_INT(died_count, 0);
	watch_close(watch);
}

TEST(without_any_means_the_end_is_seen_and_the_status_is_not_made_up)
{
	static const char *const without[] = {
		"taskstats,pidfd-exit", "taskstats,pidfd", "linux-5.2"};

	for (int i = 0; i < 3; i++) {
		struct watch *watch = open_exits(without[i]);
		int status;
		const struct ended *end = see_end(watch, SIGKILL, &status);
		CHECK_INT(end->exit.status, ABSENT_U64(STATE_UNSUPPORTED));
		watch_close(watch);
	}
}

TEST(nobody_asks_and_a_process_just_dies)
{
	struct watch *watch = open_exits(NULL);
	pid_t child = child_start(NULL);

	list_exits(watch, EXITS_NONE);
	CHECK(!((struct processes *)watch->handle)->listener);
	child_end(child);
	list_exits(watch, EXITS_NONE);
	CHECK(watch_find(watch, child) == NO_ROW);
	CHECK_INT(ended_count, 0);
	CHECK(died_count > 0);
	watch_close(watch);
}

/* It may turn out in the middle of a tick. */
TEST(who_is_gone_after_the_list_is_told_of_by_the_next)
{
	static const char *const without[] = {NULL, "taskstats", "taskstats,pidfd", "6.1"};

	for (int i = 0; i < 4; i++) {
		struct watch *watch = open_exits(without[i]);
		pid_t first = child_start(NULL), second = child_start(NULL);
		struct linux_stat sample;
		list_exits(watch, EXITS_OF_ALL);
		child_end(first);
		watch_gate(watch);
		child_end(second);
		CHECK_INT(watch_read(watch, second, SOURCE_stat, &sample), SAMPLE_GONE);
		CHECK(!find_ended(first) && !find_ended(second));
		list_exits(watch, EXITS_OF_ALL);
		CHECK(find_ended(first) && find_ended(second));
		CHECK(watch_find(watch, first) == NO_ROW);
		watch_close(watch);
	}
}

static void zombie_tells(const char *without)
{
	struct watch *watch = open_exits(without);
	struct linux_exit sample;
	pid_t sleeper = child_start(NULL), child = child_that(exit_with_7);
	int status;

	wait_for_zombie(child);
	list_exits(watch, EXITS_OF_ALL);
	watch_gate(watch);
	CHECK_INT(watch_read(watch, child, SOURCE_exit, &sample), STATE_OK);
	CHECK_INT(sample.status, 7 << 8);
	CHECK_INT(watch_read(watch, sleeper, SOURCE_exit, &sample), STATE_NONE);
	CHECK_INT(find_ended(child) != NULL, 0);
	reap(child, &status);
	child_end(sleeper);
	list_exits(watch, EXITS_OF_ALL);
	CHECK_INT(find_ended(child)->exit.status, status);
	list_exits(watch, EXITS_OF_ALL);
	CHECK(find_ended(child)); /* and once */
	watch_close(watch);
}

TEST(a_zombie_tells_its_status)
{
	zombie_tells(NULL);
	zombie_tells("taskstats");
	zombie_tells("taskstats,pidfd-exit");
	zombie_tells("taskstats,pidfd");
	zombie_tells("linux-6.1");
}

TEST(the_clock_of_a_zombie_is_its_last_word)
{
	struct watch *watch = open_exits("taskstats");
	pid_t child = child_that(burn_in_threads);
	int status;

	list_exits(watch, EXITS_OF_ALL);
	watch_gate(watch);
	wait_for_zombie(child);
	list_exits(watch, EXITS_OF_ALL);
	watch_gate(watch);
	uint64_t cpu_ns = reap(child, &status);
	list_exits(watch, EXITS_OF_ALL);
	const struct ended *end = find_ended(child);
	CHECK(end && cpu_ns > 80000000);
	CHECK(is_near(end->exit.cpu_ns, cpu_ns, 2000));
	CHECK_INT(end->clock.total_ns, end->exit.cpu_ns);
	watch_close(watch);
}

TEST(who_was_never_seen_is_told_of_by_taskstats)
{
	struct watch *watch = open_exits(NULL);
	pid_t burner, killed, quick;
	int status;

	if (!listens(NULL))
		test_skip("taskstats cannot be listened to");
	list_exits(watch, EXITS_OF_ALL);
	list_exits(watch, EXITS_OF_ALL);
	burner = child_that(burn_in_threads);
	killed = child_that(die_by_signal);
	quick = child_that(exit_with_7);
	uint64_t cpu_ns = reap(burner, &status);
	CHECK_INT(status, 5 << 8);
	reap(killed, &status);
	reap(quick, &status);
	list_exits(watch, EXITS_OF_ALL);
	const struct ended *end = find_ended(burner);
	CHECK(end && end->born_ended);
	CHECK_INT(end->exit.status, 5 << 8);
	CHECK_INT(end->ppid, getpid());
	CHECK_TEXT(end->comm, "burner");
	/* A timer tick and the giving back of its memory were not counted. */
	CHECK(end->exit.cpu_ns <= cpu_ns && is_near(end->exit.cpu_ns, cpu_ns, 45000000));
	CHECK_INT(end->clock.total_ns, end->exit.cpu_ns);
	CHECK(find_ended(killed) && find_ended(quick));
	CHECK_INT(find_ended(killed)->exit.status, SIGTERM);
	CHECK_INT(find_ended(quick)->exit.status, 7 << 8);
	CHECK(find_ended(quick)->exit.cpu_ns > 0); /* a time, or none */
	CHECK(strstr(watch->provider->describe_exits(watch->handle), "taskstats (all"));
	watch_close(watch);
}

TEST(taskstats_tell_the_cpu_time_of_rows_that_were_gone)
{
	struct watch *watch = open_exits(NULL);
	pid_t child;
	int status;

	if (!listens(NULL))
		test_skip("taskstats cannot be listened to");
	list_exits(watch, EXITS_OF_ALL);
	child = child_that(burn_in_threads);
	list_exits(watch, EXITS_OF_ALL);
	CHECK(watch_find(watch, child) != NO_ROW);
	uint64_t cpu_ns = reap(child, &status);
	list_exits(watch, EXITS_OF_ALL);
	CHECK(is_near(find_ended(child)->exit.cpu_ns, cpu_ns, 45000000));
	CHECK_INT(find_ended(child)->exit.status, 5 << 8);
	watch_close(watch);
}

TEST(a_zombie_is_not_told_of_twice)
{
	struct watch *watch = open_exits(NULL);
	int status;

	list_exits(watch, EXITS_OF_ALL);
	pid_t child = child_that(exit_with_7);
	wait_for_zombie(child);
	list_exits(watch, EXITS_OF_ALL);
	CHECK(watch_find(watch, child) != NO_ROW);
	CHECK(!find_ended(child));
	list_exits(watch, EXITS_OF_ALL);
	reap(child, &status);
	list_exits(watch, EXITS_OF_ALL);
	list_exits(watch, EXITS_OF_ALL);
	CHECK(find_ended(child));
	watch_close(watch);
}

TEST(filters_do_not_learn_of_strangers)
{
	struct watch *watch = open_exits(NULL);
	int status;

	list_exits(watch, EXITS_OF_ROWS);
	pid_t child = child_that(exit_with_7);
	reap(child, &status);
	list_exits(watch, EXITS_OF_ROWS);
	list_exits(watch, EXITS_OF_ALL);
	CHECK(!find_ended(child));
	watch_close(watch);
}

/* A short-lived one is kept until all are listed. */
TEST(a_list_of_few_loses_nobody)
{
	struct watch *watch = open_exits(NULL);
	uint64_t self = (uint64_t)getpid();
	struct row_scope few = {.exits = EXITS_OF_ALL, .pids = &self, .pid_count = 1};
	int status;

	if (!listens(NULL))
		test_skip("taskstats cannot be listened to");
	list_exits(watch, EXITS_OF_ALL);
	pid_t child = child_that(exit_with_7);
	reap(child, &status);
	watch_list_scope(watch, &few);
	CHECK(!find_ended(child));
	list_exits(watch, EXITS_OF_ALL);
	CHECK(find_ended(child));
	watch_close(watch);
}

TEST(a_thousand_short_lives_are_told_of)
{
	struct watch *watch = open_exits(NULL);
	int status;

	if (!listens(NULL))
		test_skip("taskstats cannot be listened to");
	list_exits(watch, EXITS_OF_ALL);
	uint32_t before = ended_count;
	for (int i = 0; i < 1000; i++)
		reap(child_that(exit_with_7), &status);
	list_exits(watch, EXITS_OF_ALL);
	CHECK(ended_count - before >= 1000);
	CHECK(!strstr(watch->provider->describe_exits(watch->handle), "lost"));
	watch_close(watch);
}

/* A child that sleeps, with a pid that was another's. */
static pid_t child_with_pid(pid_t pid)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)&pid,
		.set_tid_size = 1};
	long child = syscall(SYS_clone3, &arguments, sizeof arguments);

	if (child < 0)
		test_skip("pids cannot be chosen");
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (child == 0)
		pause();
	return (pid_t)child;
}

/* The record is about the one who was never seen, not about the row of today. */
TEST(who_gets_the_pid_does_not_inherit_the_end)
{
	struct watch *watch = open_exits(NULL);
	int status;

	if (!listens(NULL))
		test_skip("taskstats cannot be listened to");
	list_exits(watch, EXITS_OF_ALL);
	pid_t child = child_that(exit_with_7);
	reap(child, &status);
	child_with_pid(child);
	list_exits(watch, EXITS_OF_ALL);
	CHECK(watch_find(watch, child) != NO_ROW);
	CHECK(find_ended(child));
	CHECK_INT(find_ended(child)->exit.status, 7 << 8);
	ended_count = 0;
	kill(child, SIGKILL);
	reap(child, &status);
	list_exits(watch, EXITS_OF_ALL);
	CHECK_INT(find_ended(child)->exit.status, SIGKILL);
	watch_close(watch);
}

/* ------------------------------------------------------------------------ other users */

static void watch_as_nobody(void)
{
	pid_t child = child_that(exit_with_7), other = child_that(exit_with_7);
	struct linux_exit sample;
	int status;

	wait_for_zombie(child);
	wait_for_zombie(other);
	CHECK(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
	prctl(PR_SET_DUMPABLE, 1);
	struct watch *watch = open_exits(NULL);
	list_exits(watch, EXITS_OF_ALL);
	watch_gate(watch);
	/* The kernel says 0, which is not true. */
	CHECK_INT(watch_read(watch, child, SOURCE_exit, &sample), STATE_OK);
	CHECK_INT(sample.status, ABSENT_U64(STATE_DENIED));
	reap(child, &status);
	list_exits(watch, EXITS_OF_ALL);
	if (strstr(platform_describe(watch->platform), "pidfd-exit"))
		CHECK_INT(find_ended(child)->exit.status, 7 << 8);
	else
		CHECK_INT(find_ended(child)->exit.status, ABSENT_U64(STATE_DENIED));
	CHECK(find_ended(child)->exit.cpu_ns < 1000000000);
	CHECK(!strstr(platform_describe(watch->platform), "taskstats"));
	CHECK(strstr(watch->provider->describe_exits(watch->handle), "not taskstats"));
	reap(other, &status);
	watch_close(watch);
	_exit(0);
}

TEST(what_the_kernel_hides_is_denied_until_the_pidfd_tells)
{
	int status;

	if (getuid() != 0)
		test_skip("needs root to become somebody else");
	reap(child_that(watch_as_nobody), &status);
	CHECK_INT(status, 0);
}

/* ----------------------------------------------------------------------- hostile bytes */

/* A message as the kernel sends it, with a struct of that size. */
static uint32_t make_message(char *bytes, const struct taskstats *stats, uint16_t size)
{
	struct nlmsghdr header = {.nlmsg_type = 30};
	struct nlattr outer = {.nla_type = TASKSTATS_TYPE_AGGR_PID},
		      pid = {.nla_len = 8, .nla_type = TASKSTATS_TYPE_PID},
		      inner = {.nla_type = TASKSTATS_TYPE_STATS};

	inner.nla_len = (uint16_t)(NLA_HDRLEN + size);
	outer.nla_len = (uint16_t)(NLA_HDRLEN + 8 + NLA_ALIGN(inner.nla_len));
	header.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + GENL_HDRLEN) + outer.nla_len;
	memset(bytes, 0, 1024);
	memcpy(bytes, &header, sizeof header);
	memcpy(bytes + 20, &outer, sizeof outer);
	memcpy(bytes + 24, &pid, sizeof pid);
	memcpy(bytes + 32, &inner, sizeof inner);
	memcpy(bytes + 36, stats, size < sizeof *stats ? size : sizeof *stats);
	return header.nlmsg_len;
}

TEST(records_of_other_versions_and_garbage)
{
	struct exit_listener *listener = exit_listener_create(30);
	struct taskstats stats = {.version = 13,
		.ac_flag = AGROUP,
		.ac_pid = 77,
		.ac_tgid = 77,
		.ac_comm = "short",
		.ac_exitcode = 256,
		.ac_etime = 5,
		.cpu_run_virtual_total = 1234};
	struct exit_record record;
	char bytes[1024];
	uint32_t length = make_message(bytes, &stats, sizeof stats);

	CHECK(exit_listener_take(listener, bytes, length, &record));
	CHECK_INT(record.pid, 77);
	CHECK_INT(record.cpu_ns, 1234);
	CHECK_INT(record.elapsed_ns, 5000);
	CHECK_TEXT(record.comm, "short");
	/* A longer struct; an older one, that does not say which process; one with fields in
	 * other places. */
	CHECK(exit_listener_take(listener, bytes, make_message(bytes, &stats, 600), &record));
	stats.version = 11;
	length = make_message(bytes, &stats, sizeof stats);
	CHECK(!exit_listener_take(listener, bytes, length, &record));
	stats.version = 15;
	length = make_message(bytes, &stats, sizeof stats);
	CHECK(!exit_listener_take(listener, bytes, length, &record));
	stats.version = 16;
	length = make_message(bytes, &stats, sizeof stats);
	for (uint32_t cut = 0; cut < length; cut++)
		CHECK(!exit_listener_take(listener, bytes, cut, &record));
	for (unsigned seed = 1, i = 0; i < 200000; i++) {
		char broken[1024];
		memcpy(broken, bytes, sizeof broken);
		for (int flips = 0; flips < 3; flips++) {
			seed = seed * 1103515245 + 12345;
			broken[(seed >> 8) % length] = (char)(seed >> 20);
		}
		exit_listener_take(listener, broken, length, &record);
	}
	exit_listener_close(listener);
}

TEST(the_status_is_field_52)
{
	static const char line[] =
		"2926 (a) b) Z 2873 2849 30221 0 -1 4228172 19 0 0 0 0 0 0 0 20 0 1 0 1397448 "
		"0 0 "
		"18446744073709551615 0 0 0 0 0 0 0 0 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 9\n";
	int64_t status = 0;

	CHECK_INT(exit_parse(line, sizeof line - 1, &status), 0);
	CHECK_INT(status, 9);
	for (size_t length = 0; length < sizeof line - 3; length++)
		CHECK(exit_parse(line, length, &status) < 0);
}

TESTS(CASE(the_pidfd_of_a_reaped_process_tells_its_status),
	CASE(without_any_means_the_end_is_seen_and_the_status_is_not_made_up),
	CASE(nobody_asks_and_a_process_just_dies),
	CASE(who_is_gone_after_the_list_is_told_of_by_the_next),
	CASE(a_zombie_tells_its_status), CASE(the_clock_of_a_zombie_is_its_last_word),
	CASE(who_was_never_seen_is_told_of_by_taskstats),
	CASE(taskstats_tell_the_cpu_time_of_rows_that_were_gone),
	CASE(a_zombie_is_not_told_of_twice), CASE(who_gets_the_pid_does_not_inherit_the_end),
	CASE(filters_do_not_learn_of_strangers), CASE(a_list_of_few_loses_nobody),
	CASE(a_thousand_short_lives_are_told_of),
	CASE(what_the_kernel_hides_is_denied_until_the_pidfd_tells),
	CASE(records_of_other_versions_and_garbage), CASE(the_status_is_field_52))

/*
 * What others may change in a process while it sleeps: limits, cores, tracer, io priority. Each
 * against the system call that sets it.
 */
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "linux/process/process.h"
#include "linux_watch.h"

#define NO_VALUE ABSENT_U64(STATE_NONE)

static struct watch *open_and_tick(const char *without)
{
	struct watch *watch = watch_open(without, NULL, NULL);

	watch_tick(watch);
	return watch;
}

/* -------------------------------------------------------------------------- limits */

static uint64_t limit_of(rlim_t value)
{
	return value == RLIM_INFINITY ? NO_VALUE : value;
}

TEST(limits_are_those_of_prlimit)
{
	static const int resources[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK,
		RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS,
		RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO,
		RLIMIT_RTTIME};
	enum { COUNT = sizeof resources / sizeof *resources };
	struct rlimit limit, wanted[COUNT];
	pid_t child = child_start(NULL);
	struct watch *watch = open_and_tick(NULL);
	union {
		struct linux_limits named;
		struct limit all[COUNT];
	} limits;

	_Static_assert(sizeof limits.named == sizeof limits.all, "all of them");
	/* A sleeper gets a number of its own in each, as far as it may have that. */
	for (int i = 0; i < COUNT; i++) {
		CHECK_INT(prlimit(child, resources[i], NULL, &limit), 0);
		if (limit.rlim_max > (rlim_t)(1000 + i))
			limit.rlim_cur = (rlim_t)(1000 + i);
		prlimit(child, resources[i], &limit, NULL);
		CHECK_INT(prlimit(child, resources[i], NULL, &wanted[i]), 0);
	}
	watch_sample(watch, child, SOURCE_limits, &limits);
	for (int i = 0; i < COUNT; i++) {
		CHECK(limits.all[i].now == limit_of(wanted[i].rlim_cur));
		CHECK(limits.all[i].max == limit_of(wanted[i].rlim_max));
	}
	CHECK_INT(limits.named.files.now, 1007);
	child_end(child);
	watch_close(watch);
}

static uint64_t scaled(const struct watch *watch, enum attribute_index attribute)
{
	const struct binding *binding = &watch->platform->bindings[attribute];
	const struct scale *scale = &watch->platform->scales[binding->scale];

	CHECK(binding->bound && binding->drifts);
	return scale->numerator / scale->denominator;
}

TEST(limits_of_time_are_in_nanoseconds)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);

	CHECK_INT(scaled(watch, ATTRIBUTE_PROCESS_LIMIT_CPU), 1000000000);
	CHECK_INT(scaled(watch, ATTRIBUTE_PROCESS_LIMIT_CPU_MAX), 1000000000);
	CHECK_INT(scaled(watch, ATTRIBUTE_PROCESS_LIMIT_REALTIME_TIME), 1000);
	CHECK_INT(scaled(watch, ATTRIBUTE_PROCESS_LIMIT_REALTIME_TIME_MAX), 1000);
	CHECK_INT(scaled(watch, ATTRIBUTE_PROCESS_LIMIT_STACK), 1);
	watch_close(watch);
}

/* ------------------------------------------------------------------ cores and tracer */

/* Its memory stands still all the while: that must not hide the rest. */
TEST(a_sleeper_is_bound_to_cores)
{
	pid_t child = child_start(NULL);
	struct watch *watch = open_and_tick(NULL);
	struct linux_control control;
	struct linux_status status;
	cpu_set_t cores, one;
	int core = 0;

	wait_for_state(child, 'S');
	CHECK_INT(sched_getaffinity(child, sizeof cores, &cores), 0);
	watch_sample(watch, child, SOURCE_status, &status);
	watch_sample(watch, child, SOURCE_control, &control);
	CHECK(control.affinity_count >= (uint64_t)CPU_COUNT(&cores)); /* or more, offline */
	while (!CPU_ISSET(core, &cores))
		core++;
	CPU_ZERO(&one);
	CPU_SET(core, &one);
	CHECK_INT(sched_setaffinity(child, sizeof one, &one), 0);
	for (int i = 0; i < 3; i++) {
		char expected[16];
		watch_tick(watch);
		watch_sample(watch, child, SOURCE_status, &status);
		watch_sample(watch, child, SOURCE_control, &control);
		snprintf(expected, sizeof expected, "%d", core);
		CHECK_TEXT(watch_text(&control.affinity), expected);
		CHECK_INT(control.affinity_count, 1);
	}
	child_end(child);
	watch_close(watch);
}

TEST(a_sleeper_is_traced)
{
	pid_t child = child_start(NULL);
	struct watch *watch = open_and_tick(NULL);
	struct linux_control control;

	wait_for_state(child, 'S');
	watch_sample(watch, child, SOURCE_control, &control);
	CHECK(control.tracer == NO_VALUE);
	if (ptrace(PTRACE_SEIZE, child, NULL, NULL) < 0) /* it sleeps on */
		test_skip("nothing may be traced here");
	watch_tick(watch);
	watch_sample(watch, child, SOURCE_control, &control);
	CHECK_INT(control.tracer, getpid());
	child_end(child);
	watch_close(watch);
}

/* A counter never steps back. What threads had that have ended is gone from these. */
TEST(sums_that_may_shrink_are_no_counters)
{
	CHECK_INT(attributes[ATTRIBUTE_PROCESS_CPU_THREADS_USER].kind, KIND_GAUGE);
	CHECK_INT(attributes[ATTRIBUTE_PROCESS_CPU_THREADS_SYSTEM].kind, KIND_GAUGE);
}

TEST(what_others_may_change_drifts)
{
	static const enum attribute_index drifting[] = {ATTRIBUTE_PROCESS_TRACER,
		ATTRIBUTE_PROCESS_CPU_AFFINITY, ATTRIBUTE_PROCESS_CPU_AFFINITY_COUNT,
		ATTRIBUTE_PROCESS_IO_CLASS, ATTRIBUTE_PROCESS_IO_PRIORITY,
		ATTRIBUTE_PROCESS_COALITION, ATTRIBUTE_PROCESS_LIMIT_FILES,
		ATTRIBUTE_PROCESS_FLAGS, ATTRIBUTE_PROCESS_MEM_PINNED,
		ATTRIBUTE_PROCESS_MEM_ANONYMOUS_TOTAL, ATTRIBUTE_PROCESS_MEM_FOOTPRINT_PEAK,
		ATTRIBUTE_PROCESS_MEM_FOOTPRINT_PEAK_MINUTE, ATTRIBUTE_PROCESS_MEM_COMMON,
		ATTRIBUTE_PROCESS_MEM_PEAK};
	struct watch *watch = watch_open(NULL, NULL, NULL);

	for (size_t i = 0; i < sizeof drifting / sizeof *drifting; i++)
		CHECK(watch->platform->bindings[drifting[i]].drifts);
	/* What the end of a parent changes is read then. To read it every 5 s of all processes
	 * would cost as much as all the rest. */
	CHECK(!watch->platform->bindings[ATTRIBUTE_PROCESS_PPID].drifts);
	watch_close(watch);
}

/* ----------------------------------------------------------------------- io priority */

static void set_ioprio(pid_t pid, int class, int level)
{
	if (syscall(SYS_ioprio_set, 1, pid, class << 13 | level) < 0)
		test_skip("io priorities may not be set here");
}

static void check_ioprio(struct watch *watch, pid_t pid, const char *class, uint64_t level)
{
	struct linux_ioprio ioprio;

	watch_sample(watch, pid, SOURCE_ioprio, &ioprio);
	CHECK_TEXT(watch_text(&ioprio.class), class);
	CHECK(ioprio.priority == level);
}

TEST(io_priority_is_that_of_the_system_call)
{
	pid_t child = child_start(NULL);
	struct watch *watch = open_and_tick(NULL);
	struct linux_ioprio ioprio;

	check_ioprio(watch, child, "none", NO_VALUE);
	set_ioprio(child, 2, 6);
	check_ioprio(watch, child, "best-effort", 6);
	set_ioprio(child, 3, 0);
	check_ioprio(watch, child, "idle", NO_VALUE);
	if (geteuid() == 0) {
		set_ioprio(child, 1, 3);
		check_ioprio(watch, child, "realtime", 3);
	}
	kill(child, SIGKILL);
	wait_for_state(child, 'Z');
	watch_tick(watch);
	check_ioprio(watch, child, "none", NO_VALUE);
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(watch_read(watch, child, SOURCE_ioprio, &ioprio), SAMPLE_GONE);
	watch_close(watch);
}

/* The pid is free, and nobody said so yet: what is read by it is not the row's. */
TEST(io_priority_of_a_reaped_process_is_nobodys)
{
	static const char *const lacks[] = {NULL, "pidfd"};

	for (int i = 0; i < 2; i++) {
		pid_t child = child_start(NULL);
		struct watch *watch = open_and_tick(lacks[i]);
		struct linux_ioprio ioprio;
		child_end(child);
		CHECK_INT(watch_read(watch, child, SOURCE_ioprio, &ioprio), SAMPLE_GONE);
		watch_close(watch);
	}
}

TESTS(CASE(limits_are_those_of_prlimit), CASE(limits_of_time_are_in_nanoseconds),
	CASE(a_sleeper_is_bound_to_cores), CASE(a_sleeper_is_traced),
	CASE(what_others_may_change_drifts), CASE(sums_that_may_shrink_are_no_counters),
	CASE(io_priority_is_that_of_the_system_call),
	CASE(io_priority_of_a_reaped_process_is_nobodys))

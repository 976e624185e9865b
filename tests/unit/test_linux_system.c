/* Table SYSTEM: what belongs to no process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "linux/system/system.h"
#include "linux_watch.h"

/* A platform with table SYSTEM open. */
static struct watch *open_system(const char *without, const char *procfs)
{
	struct watch *watch = watch_open(without, procfs, NULL);
	struct target target = {0};

	watch_choose(watch, TABLE_SYSTEM);
	CHECK_INT(watch->provider->open(watch->provider->context, &target, &watch->handle), 0);
	return watch;
}

static const char *reason(const struct watch *watch, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return watch->provider->unsupported(watch->provider->context, SOURCE_ended, ret_state);
}

static void must_be_supported(const struct watch *watch)
{
	enum cell_state state;
	const char *why = reason(watch, &state);

	if (why)
		test_skip(why);
}

static uint64_t ended_ns(struct watch *watch)
{
	struct linux_ended sample;

	CHECK_INT(watch->provider->read(watch->handle, 0, SOURCE_ended, &sample), STATE_OK);
	return sample.cpu_ns;
}

static void burn(long milliseconds)
{
	struct timespec now;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < milliseconds);
}

static uint64_t children_ns(void)
{
	struct rusage usage;

	CHECK_INT(getrusage(RUSAGE_CHILDREN, &usage), 0);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

static pid_t burner(long milliseconds)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		burn(milliseconds);
		raise(SIGSTOP);
		_exit(0);
	}
	CHECK_INT(waitpid(child, NULL, WUNTRACED), child);
	return child;
}

TEST(the_machine_is_one_row)
{
	struct watch *watch = open_system(NULL, NULL);

	watch_list(watch);
	CHECK_INT(watch->births, 1);
	watch_list(watch);
	CHECK_INT(watch->births + watch->deaths, 0);
	watch_close(watch);
}

/* Others of this machine end too: it must have come out right once, and never too little. */
TEST(it_grows_by_what_the_ended_used_and_not_by_what_the_living_use)
{
	enum { CHILDREN = 3, BURN_MS = 100, SLACK_NS = 30000000 };
	struct watch *watch = open_system(NULL, NULL);
	bool still = false, exact = false;

	test_timeout(100); /* until the rest of the machine does little for a moment */
	must_be_supported(watch);
	for (int i = 0; i < 200 && !(still && exact); i++) {
		pid_t children[CHILDREN];
		uint64_t start_ns = ended_ns(watch), own_ns = children_ns();
		for (int c = 0; c < CHILDREN; c++)
			children[c] = burner(BURN_MS);
		uint64_t burnt_ns = ended_ns(watch);
		still |= burnt_ns < start_ns + SLACK_NS;
		for (int c = 0; c < CHILDREN; c++)
			child_end(children[c]);
		uint64_t grown_ns = ended_ns(watch) - burnt_ns;
		own_ns = children_ns() - own_ns;
		CHECK(own_ns >= CHILDREN * BURN_MS * UINT64_C(1000000));
		CHECK(grown_ns + SLACK_NS >= own_ns);
		exact |= grown_ns <= own_ns + SLACK_NS;
	}
	CHECK(still);
	CHECK(exact);
	watch_close(watch);
}

TEST(it_is_never_more_than_all_that_ran)
{
	struct watch *watch = open_system(NULL, NULL);
	struct timespec up;

	must_be_supported(watch);
	clock_gettime(CLOCK_BOOTTIME, &up);
	CHECK(ended_ns(watch) < (uint64_t)(up.tv_sec + 1) * 1000000000 *
					(uint64_t)sysconf(_SC_NPROCESSORS_CONF));
	watch_close(watch);
}

TEST(where_it_cannot_be_known_the_reason_is_said)
{
	enum cell_state state;
	struct watch *watch = open_system("clock", NULL);

	CHECK(reason(watch, &state) != NULL);
	CHECK_INT(state, STATE_UNSUPPORTED);
	watch_close(watch);
	watch = open_system(NULL, "tests");
	CHECK(reason(watch, &state) != NULL);
	CHECK_INT(state, STATE_UNSUPPORTED);
	watch_close(watch);
}

/* Version 17 of Linux 6.8, with the lines of one core's domains. */
static const char schedstat[] = "version 17\n"
				"timestamp 4294906273\n"
				"cpu0 0 0 0 0 0 0 1500000000 200 300\n"
				"domain0 MC 3 1 2 3 4 5 6 7 8 9 10\n"
				"cpu11 0 1 2 3 4 5 2500000001 600 700\n"
				"domain0 MC 3 1 2 3 4 5 6 7 8 9 10\n";

TEST(schedstat_is_added_up)
{
	static const char *const broken[] = {"", "version 17\n", "cpu0 1 2 3 4 5 6\n",
		"cpu0 1 2 3 4 5 6 x\n", "cpu0 0 0 0 0 0 0 -1 2 3\n", "cpu\n", "cpux 1\n"};
	uint64_t sum_ns;

	CHECK_INT(schedstat_sum(schedstat, sizeof schedstat - 1, &sum_ns), 0);
	CHECK_INT(sum_ns, UINT64_C(4000000001));
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		CHECK(schedstat_sum(broken[i], strlen(broken[i]), &sum_ns) < 0);
}

TESTS(CASE(the_machine_is_one_row),
	CASE(it_grows_by_what_the_ended_used_and_not_by_what_the_living_use),
	CASE(it_is_never_more_than_all_that_ran),
	CASE(where_it_cannot_be_known_the_reason_is_said), CASE(schedstat_is_added_up))

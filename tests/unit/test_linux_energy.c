/* The energy of processes: the score, and the share of what was measured. */
#include "clock.h"
#include "linux/process/energy_score.h"
#include "linux/process/process.h"
#include "linux_tree.h"

/* ---------------------------------------------------------------------------- score */

TEST(the_score_weighs_what_was_used)
{
	struct energy_score score = {0};
	struct energy_use use = {.cpu_ns = 1000, .disk_known = true, .read = 10, .written = 3};

	energy_score_add(&score, &use);
	CHECK_INT(score.score, 1000 * 100 + 10 * 45 + 3 * 24);
	use = (struct energy_use){.cpu_ns = 1500, .disk_known = true, .read = 12, .written = 4};
	energy_score_add(&score, &use);
	CHECK_INT(score.score, 1500 * 100 + 12 * 45 + 4 * 24);
}

/* One core all the time is 100 a second, in billionths: 1 s of CPU time. */
TEST(a_busy_core_has_an_impact_of_100)
{
	struct energy_score score = {0};

	energy_score_add(&score, &(struct energy_use){.cpu_ns = SECOND_NS});
	CHECK_INT(score.score, 100 * SECOND_NS);
}

TEST(only_what_is_used_in_the_background_costs_less)
{
	struct energy_score score = {0};

	energy_score_add(&score, &(struct energy_use){.cpu_ns = 1000});
	energy_score_add(&score, &(struct energy_use){.cpu_ns = 1000, .background = true});
	CHECK_INT(score.score, 100000);
	energy_score_add(&score, &(struct energy_use){.cpu_ns = 1100, .background = true});
	CHECK_INT(score.score, 108000);
	energy_score_add(&score, &(struct energy_use){.cpu_ns = 1200});
	CHECK_INT(score.score, 118000);
}

TEST(bytes_that_could_not_be_read_before_do_not_come_in_one_heap)
{
	struct energy_score score = {0};
	struct energy_use use = {.disk_known = true, .read = 1000000, .written = 1000000};

	energy_score_add(&score, &(struct energy_use){0});
	energy_score_add(&score, &use);
	CHECK_INT(score.score, 0);
	use.read += 2;
	energy_score_add(&score, &use);
	CHECK_INT(score.score, 90);
	energy_score_add(&score, &(struct energy_use){0});
	use.written += 1;
	energy_score_add(&score, &use);
	CHECK_INT(score.score, 114);
}

/* The kernel adds them up with what it itself has read, when it waits for the child: that may
 * be between the reads of io and stat. */
TEST(bytes_of_ended_children_are_theirs)
{
	struct energy_score score = {0};
	struct energy_use use = {.disk_known = true, .read = 100};

	energy_score_add(&score, &use);
	CHECK_INT(score.score, 4500);
	use.read += 5000;
	use.children = 7;
	energy_score_add(&score, &use);
	CHECK_INT(score.score, 4500);
	use.read += 6000;
	energy_score_add(&score, &use);
	CHECK_INT(score.score, 4500);
	use.read += 2;
	energy_score_add(&score, &use);
	CHECK_INT(score.score, 4590);
	score = (struct energy_score){0};
	energy_score_add(&score, &use);
	CHECK_INT(score.score, 0);
}

TEST(what_steps_back_does_not_count_twice)
{
	struct energy_score score = {0};

	energy_score_add(
		&score, &(struct energy_use){.cpu_ns = 10, .disk_known = true, .written = 5});
	energy_score_add(
		&score, &(struct energy_use){.cpu_ns = 9, .disk_known = true, .written = 2});
	energy_score_add(
		&score, &(struct energy_use){.cpu_ns = 10, .disk_known = true, .written = 5});
	CHECK_INT(score.score, 1000 + 120);
}

static void spin(void)
{
	struct timespec now;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while (now.tv_nsec < 60000000);
}

TEST(a_process_that_spun_has_its_cpu_time_in_the_score)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);
	struct linux_energy_score score;
	struct linux_clock clock;
	pid_t child = child_start(spin);

	wait_for_state(child, 'S');
	watch_tick(watch);
	watch_sample(watch, child, SOURCE_clock, &clock);
	watch_sample(watch, child, SOURCE_energy_score, &score);
	CHECK(clock.total_ns >= 60000000);
	CHECK(score.score >= clock.total_ns * 100);
	CHECK(score.score < clock.total_ns * 100 + 100000000); /* 2 MB */
	child_end(child);
	watch_close(watch);
}

/* ---------------------------------------------------------------------------- share */

static void put_meter(int package, const char *energy)
{
	char path[128], name[32];

	snprintf(path, sizeof path, "sys/class/powercap/intel-rapl:%d/name", package);
	snprintf(name, sizeof name, "package-%d\n", package);
	tree_put(path, name);
	snprintf(path, sizeof path, "sys/class/powercap/intel-rapl:%d/max_energy_range_uj",
		package);
	tree_put(path, "262143328850\n");
	snprintf(path, sizeof path, "sys/class/powercap/intel-rapl:%d/energy_uj", package);
	tree_put(path, energy);
}

/* Ticks of 10 ms: of the process, in user mode. */
static void put_work(int pid, int ticks)
{
	char path[64], text[512];

	snprintf(path, sizeof path, "proc/%d/stat", pid);
	snprintf(text, sizeof text,
		"%d (x) S 1 %d %d 0 -1 0 10 0 1 0 %d 0 0 0 20 0 1 0 %d 1000 10 0 0 0 0 0 "
		"0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		pid, pid, pid, ticks, pid);
	tree_put(path, text);
}

static struct watch *open_metered(void)
{
	tree_begin();
	put_meter(0, "1000000\n");
	put_work(10, 50);
	put_work(11, 60);
	tree_put("proc/stat", "cpu 1000 0 0 9 9\n");
	return watch_open(NULL, tree_procfs, tree_sysfs);
}

static int share(struct watch *watch, pid_t pid, uint64_t *ret_nj)
{
	struct linux_energy_share sample;
	int result = watch_read(watch, pid, SOURCE_energy_share, &sample);

	*ret_nj = sample.total_nj;
	return result;
}

static void check_share(struct watch *watch, pid_t pid, uint64_t expected_nj)
{
	uint64_t nj = 0;

	CHECK_INT(share(watch, pid, &nj), STATE_OK);
	CHECK_INT(nj, expected_nj);
}

#define PENDING ABSENT_U64(STATE_PENDING)

TEST(energy_is_shared_by_cpu_time)
{
	struct watch *watch = open_metered();

	watch_tick(watch);
	check_share(watch, 10, PENDING);
	check_share(watch, 11, PENDING);
	put_meter(0, "3000000\n");
	put_work(10, 80);
	tree_put("proc/stat", "cpu 1040 20 0 9 9\n");
	watch_tick(watch);
	check_share(watch, 10, 1000000000); /* half of 2 J */
	check_share(watch, 11, 0);
	put_meter(0, "4000000\n");
	put_work(10, 85);
	put_work(11, 70);
	tree_put("proc/stat", "cpu 1040 20 20 99 99\n");
	watch_tick(watch);
	check_share(watch, 10, 1250000000);
	check_share(watch, 11, 500000000);
	watch_close(watch);
}

TEST(while_nobody_works_energy_waits)
{
	struct watch *watch = open_metered();

	watch_tick(watch);
	check_share(watch, 10, PENDING);
	put_meter(0, "2000000\n");
	watch_tick(watch);
	check_share(watch, 10, PENDING);
	tree_put("proc/stat", "cpu 1010 0 0 9 9\n");
	put_work(10, 60);
	watch_tick(watch);
	check_share(watch, 10, 1000000000);
	watch_close(watch);
}

TEST(nobody_gets_more_than_all)
{
	struct watch *watch = open_metered();

	watch_tick(watch);
	check_share(watch, 10, PENDING);
	put_meter(0, "2000000\n");
	put_work(10, 99);
	tree_put("proc/stat", "cpu 1010 0 0 9 9\n");
	watch_tick(watch);
	check_share(watch, 10, 1000000000);
	watch_close(watch);
}

TEST(what_cannot_be_read_for_a_while_is_in_the_next_share)
{
	struct watch *watch = open_metered();
	uint64_t nj;

	watch_tick(watch);
	check_share(watch, 10, PENDING);
	put_meter(0, "broken\n");
	put_work(10, 60);
	tree_put("proc/stat", "cpu 1020 0 0 9 9\n");
	watch_tick(watch);
	CHECK_INT(share(watch, 10, &nj), STATE_FAILED);
	put_meter(0, "262143328851\n"); /* more than there can be */
	watch_tick(watch);
	CHECK_INT(share(watch, 10, &nj), STATE_FAILED);
	put_meter(0, "3000000\n");
	watch_tick(watch);
	check_share(watch, 10, 1000000000);
	tree_put("proc/stat", "intr 5\n");
	watch_tick(watch);
	CHECK_INT(share(watch, 10, &nj), STATE_FAILED);
	watch_close(watch);
}

/* A minute and more between two readings is not to be waited for: the smallest range is. */
TEST(a_gap_is_charged_to_nobody)
{
	struct watch *watch = open_metered();
	uint64_t nj;

	tree_put("sys/class/powercap/intel-rapl:0/max_energy_range_uj", "5000000\n");
	watch_tick(watch);
	check_share(watch, 10, PENDING);
	put_work(10, 60);
	tree_put("proc/stat", "cpu 1010 0 0 9 9\n");
	tree_put("sys/class/powercap/intel-rapl:0/energy_uj", "1500000\n");
	pause_ms(6); /* 5 J may have come by then */
	watch_tick(watch);
	CHECK_INT(share(watch, 10, &nj), STATE_FAILED);
	put_work(10, 61);
	tree_put("proc/stat", "cpu 1012 0 0 9 9\n");
	watch_tick(watch);
	share(watch, 10, &nj);
	CHECK(nj == PENDING || nj == 0);
	watch_close(watch);
}

TEST(a_meter_that_comes_late_brings_only_what_came_since)
{
	struct watch *watch;
	uint64_t nj;

	tree_begin();
	put_meter(0, "1000000\n");
	put_meter(1, "900000000000\n"); /* more than there can be */
	put_work(10, 50);
	tree_put("proc/stat", "cpu 1000 0 0 9 9\n");
	watch = watch_open(NULL, tree_procfs, tree_sysfs);
	watch_tick(watch);
	CHECK_INT(share(watch, 10, &nj), STATE_FAILED);
	put_meter(1, "500000000\n");
	watch_tick(watch);
	check_share(watch, 10, PENDING);
	put_meter(1, "501000000\n");
	put_work(10, 60);
	tree_put("proc/stat", "cpu 1010 0 0 9 9\n");
	watch_tick(watch);
	check_share(watch, 10, 1000000000);
	watch_close(watch);
}

TEST(the_slot_of_a_process_that_ended_begins_anew)
{
	struct watch *watch = open_metered();

	watch_tick(watch);
	check_share(watch, 10, PENDING);
	put_meter(0, "2000000\n");
	put_work(10, 60);
	tree_put("proc/stat", "cpu 1010 0 0 9 9\n");
	watch_tick(watch);
	check_share(watch, 10, 1000000000);
	tree_remove("proc/10");
	watch_tick(watch);
	put_work(12, 5);
	watch_tick(watch);
	watch_tick(watch);
	check_share(watch, 12, PENDING);
	watch_close(watch);
}

static const char *reason(const struct watch *watch, enum cell_state *ret_state)
{
	return watch->provider->unsupported(
		watch->provider->context, SOURCE_energy_share, ret_state);
}

TEST(without_a_meter_the_reason_is_said)
{
	enum cell_state state;
	struct watch *watch;

	tree_begin();
	put_work(10, 50);
	watch = watch_open(NULL, tree_procfs, tree_sysfs);
	CHECK(strstr(reason(watch, &state), "RAPL"));
	CHECK_INT(state, STATE_UNSUPPORTED);
	put_meter(0, "5\n");
	CHECK(!reason(watch, &state));
	watch_close(watch);
}

TEST(a_meter_that_may_not_be_read_is_denied_with_a_remedy)
{
	enum cell_state state;
	struct watch *watch = open_metered();
	uint64_t nj;

	CHECK_INT(chmod(tree_path("sys/class/powercap/intel-rapl:0/energy_uj"), 0), 0);
	become_nobody();
	CHECK(strstr(reason(watch, &state), "0440"));
	CHECK_INT(state, STATE_DENIED);
	watch_tick(watch);
	CHECK_INT(share(watch, 10, &nj), STATE_DENIED);
	watch_close(watch);
}

/* With the clocks of the kernel, and a meter of ours. */
TEST(a_process_that_spins_gets_most_and_all_together_no_more_than_there_is)
{
	struct watch *watch;
	struct linux_energy_share sample;
	uint64_t sum_nj = 0, spinner_nj = 0;
	pid_t spinner;

	tree_begin();
	put_meter(0, "1000000\n");
	watch = watch_open(NULL, NULL, tree_sysfs);
	if (!host_has(watch->provider->context, FEATURE_CLOCK))
		test_skip("it takes the clocks of processes");
	spinner = fork();
	CHECK(spinner >= 0);
	if (spinner == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			;
	}
	pause_ms(50);
	for (int round = 0; round < 3; round++) {
		char energy[32];
		snprintf(energy, sizeof energy, "%d\n", 1000000 + round * 5000000);
		put_meter(0, energy);
		watch_tick(watch);
		sum_nj = spinner_nj = 0;
		for (uint32_t slot = 0; slot < watch->count; slot++) {
			if (!watch->rows[slot].alive ||
				watch->provider->read(watch->handle, slot, SOURCE_energy_share,
					&sample) != STATE_OK ||
				sample.total_nj == PENDING)
				continue;
			sum_nj += sample.total_nj;
			if (watch->rows[slot].pid == (uint64_t)spinner)
				spinner_nj = sample.total_nj;
		}
		pause_ms(200);
	}
	CHECK(sum_nj <= UINT64_C(10000000000));
	CHECK(spinner_nj > 100000000 && spinner_nj <= sum_nj);
	child_end(spinner);
	watch_close(watch);
}

TESTS(CASE(the_score_weighs_what_was_used), CASE(a_busy_core_has_an_impact_of_100),
	CASE(only_what_is_used_in_the_background_costs_less),
	CASE(bytes_that_could_not_be_read_before_do_not_come_in_one_heap),
	CASE(bytes_of_ended_children_are_theirs), CASE(what_steps_back_does_not_count_twice),
	CASE(a_process_that_spun_has_its_cpu_time_in_the_score),
	CASE(energy_is_shared_by_cpu_time), CASE(while_nobody_works_energy_waits),
	CASE(nobody_gets_more_than_all),
	CASE(what_cannot_be_read_for_a_while_is_in_the_next_share),
	CASE(a_gap_is_charged_to_nobody),
	CASE(a_meter_that_comes_late_brings_only_what_came_since),
	CASE(the_slot_of_a_process_that_ended_begins_anew),
	CASE(without_a_meter_the_reason_is_said),
	CASE(a_meter_that_may_not_be_read_is_denied_with_a_remedy),
	CASE(a_process_that_spins_gets_most_and_all_together_no_more_than_there_is))

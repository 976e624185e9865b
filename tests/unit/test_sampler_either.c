/* Sources that are fast for most rows and a worker's job for some, and what a provider is told
 * about who wants what. */
#include "sampler_state.h"
#include "stage.h"

static struct replica *ask(uint64_t interval_ns, enum attribute_index attribute)
{
	struct replica *replica = new_replica();

	CHECK_INT(
		replica_subscribe(replica, sampler, now, interval_ns, NULL, 0, attribute, END),
		0);
	return replica;
}

/* Workers do their jobs; the loop has not looked yet. */
static void run_jobs(void)
{
	while (lane_run_by_hand(sampler_lane(sampler), now))
		;
}

TEST(a_row_that_may_block_is_read_by_a_worker_and_the_first_frame_waits_for_it)
{
	setup();
	fake_add(10)->disk = 5;
	struct fake_process *later = fake_add(11);
	later->disk = 7;
	later->results[FAKE_DISK] = SAMPLE_LATER;
	struct replica *replica = ask(SECOND, A(DISK_READ));
	next_tick();
	CHECK_INT(replica->frames, 0);
	run_jobs();
	sampler_tick(sampler, now + MS);
	CHECK_INT(replica->frames, 1);
	CHECK_INT(number(replica, 10, A(DISK_READ)), 5);
	CHECK_INT(number(replica, 11, A(DISK_READ)), 1007);
	CHECK_INT(later->finished, 1);
	drop(replica);
	teardown();
}

TEST(a_worker_s_result_is_of_the_next_tick)
{
	setup();
	struct fake_process *later = fake_add(11);
	later->results[FAKE_DISK] = SAMPLE_LATER;
	struct replica *replica = ask(SECOND, A(DISK_READ));
	next_tick();
	run_jobs();
	sampler_tick(sampler, now + MS);
	later->disk = 500;
	fake_run(later, 1);
	next_tick();
	CHECK_INT(number(replica, 11, A(DISK_READ)), 1000);
	run_jobs();
	next_tick();
	CHECK_INT(number(replica, 11, A(DISK_READ)), 1500);
	run_jobs();
	drop(replica);
	teardown();
}

TEST(what_runs_while_a_worker_reads_it_is_read_again)
{
	setup();
	struct fake_process *later = fake_add(11);
	later->results[FAKE_DISK] = SAMPLE_LATER;
	struct replica *replica = ask(100 * MS, A(DISK_READ));
	next_tick();
	run_jobs();
	sampler_tick(sampler, now + MS); /* the first frame waited for it */
	fake_run(later, 1);
	next_tick(); /* a worker begins */
	later->disk = 500;
	fake_run(later, 1);
	next_tick();
	run_jobs();
	next_tick();
	CHECK_INT(number(replica, 11, A(DISK_READ)), 1000);
	run_jobs();
	next_tick();
	CHECK_INT(number(replica, 11, A(DISK_READ)), 1500);
	drop(replica);
	teardown();
}

TEST(a_row_whose_worker_hangs_fails_alone)
{
	setup();
	fake_add(10)->disk = 5;
	fake_add(11)->results[FAKE_DISK] = SAMPLE_LATER;
	struct replica *replica = ask(SECOND, A(DISK_READ));
	next_tick();
	lane_start_by_hand(sampler_lane(sampler), now);
	now += LANE_DEADLINE_NS;
	sampler_tick(sampler, now);
	CHECK_INT(replica->frames, 1);
	CHECK_INT(number(replica, 10, A(DISK_READ)), 5);
	CHECK_INT(state(replica, 11, A(DISK_READ)), STATE_FAILED);
	run_jobs();
	drop(replica);
	teardown();
}

TEST(a_provider_is_told_which_sources_are_wanted)
{
	setup();
	fake_add(10);
	struct replica *disk = ask(SECOND, A(DISK_READ)), *stat = ask(SECOND, A(PPID));
	next_tick();
	CHECK_INT(fake->wanted, 1 << FAKE_DISK | 1 << FAKE_STAT);
	drop(disk);
	CHECK_INT(fake->wanted, 1 << FAKE_STAT);
	drop(stat);
	teardown();
}

TEST(a_provider_that_is_opened_anew_is_told_again)
{
	setup();
	fake_add(10);
	fake_add(11);
	struct replica *all = ask(SECOND, A(PPID)), *one = new_replica();
	const uint64_t pid = 10;
	replica_subscribe(one, sampler, now, SECOND, &pid, 1, A(PPID), END);
	next_tick();
	drop(all);
	fake->wanted = 0;
	run_until(now + 2 * SECOND);
	CHECK_INT(fake->opens, 2);
	CHECK_INT(fake->wanted, 1 << FAKE_STAT);
	drop(one);
	teardown();
}

TESTS(CASE(a_row_that_may_block_is_read_by_a_worker_and_the_first_frame_waits_for_it),
	CASE(a_worker_s_result_is_of_the_next_tick),
	CASE(what_runs_while_a_worker_reads_it_is_read_again),
	CASE(a_row_whose_worker_hangs_fails_alone),
	CASE(a_provider_is_told_which_sources_are_wanted),
	CASE(a_provider_that_is_opened_anew_is_told_again))

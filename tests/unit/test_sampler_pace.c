/* How often a source of a row is read: not more often than its period, and after failures less
 * and less often. */
#include "stage.h"

static struct replica *ask(enum attribute_index attribute)
{
	struct replica *replica = new_replica();

	CHECK_INT(
		replica_subscribe(replica, sampler, now, 100 * MS, NULL, 0, attribute, END), 0);
	return replica;
}

static void run_for(uint64_t length_ns)
{
	uint64_t end = now + length_ns;

	while (sampler_next_due(sampler) <= end) {
		next_tick();
		while (lane_run_by_hand(sampler_lane(sampler), now))
			;
	}
	now = end;
}

TEST(a_source_is_read_no_more_often_than_its_period)
{
	setup();
	fake->sources[FAKE_FILES].period_ns = 2 * SECOND;
	fake_add(10)->files = 5;
	struct replica *replica = ask(A(FILES_OPEN));
	run_for(10 * SECOND - 50 * MS);
	CHECK_INT(fake_reads(FAKE_FILES), 5);
	CHECK_INT(number(replica, 10, A(FILES_OPEN)), 5);
	drop(replica);
	teardown();
}

TEST(ticks_that_come_late_do_not_make_a_period_longer)
{
	setup();
	fake->sources[FAKE_FILES].period_ns = 2 * SECOND;
	fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(FILES_OPEN), END),
		0);
	for (int i = 0; i < 20; i++) {
		now = sampler_next_due(sampler) > now ? sampler_next_due(sampler) : now;
		now += i % 2 ? 0 : 3 * MS; /* every other one is 3 ms late */
		sampler_tick(sampler, now);
	}
	CHECK_INT(fake_reads(FAKE_FILES), 10);
	drop(replica);
	teardown();
}

TEST(a_slow_cell_keeps_its_value_while_it_rests_and_shows_its_age)
{
	setup();
	fake->sources[FAKE_SMAPS].period_ns = 5 * SECOND;
	struct fake_process *process = fake_add(10);
	process->pss = 7;
	struct replica *replica = ask(A(MEM_PSS));
	run_for(SECOND);
	process->pss = 8;
	fake_run(process, 1);
	run_for(2 * SECOND);
	CHECK_INT(number(replica, 10, A(MEM_PSS)), 7);
	CHECK_INT(process->reads[FAKE_SMAPS], 1);
	run_for(3 * SECOND);
	CHECK_INT(number(replica, 10, A(MEM_PSS)), 8);
	CHECK_INT(process->reads[FAKE_SMAPS], 2);
	drop(replica);
	teardown();
}

TEST(who_wants_more_of_a_resting_source_gets_it_at_once)
{
	setup();
	fake->sources[FAKE_STAT].period_ns = 60 * SECOND;
	fake_add(10)->ppid = 3;
	struct replica *one = ask(A(CPU_TOTAL));
	run_for(SECOND);
	struct replica *other = ask(A(PPID));
	run_for(SECOND);
	CHECK_INT(number(other, 10, A(PPID)), 3);
	CHECK_INT(fake_reads(FAKE_STAT), 2);
	drop(one);
	drop(other);
	teardown();
}

/* At 0, 1, 3, 7, 15, 31, 63, 123 s: twice as long each time, up to a minute. */
TEST(what_fails_is_tried_less_and_less_often_and_costs_others_nothing)
{
	setup();
	struct fake_process *broken = fake_add(10), *sound = fake_add(11);
	broken->results[FAKE_FILES] = STATE_FAILED;
	sound->files = 4;
	struct replica *replica = ask(A(FILES_OPEN));
	run_for(125 * SECOND);
	CHECK_INT(broken->reads[FAKE_FILES], 8);
	CHECK_INT(state(replica, 10, A(FILES_OPEN)), STATE_FAILED);
	CHECK_INT(sound->reads[FAKE_FILES], 1251);
	CHECK_INT(number(replica, 11, A(FILES_OPEN)), 4);
	broken->results[FAKE_FILES] = STATE_OK;
	broken->files = 6;
	run_for(120 * SECOND);
	CHECK_INT(number(replica, 10, A(FILES_OPEN)), 6);
	CHECK(broken->reads[FAKE_FILES] > 500); /* it is read as often as others again */
	drop(replica);
	teardown();
}

TEST(a_hanging_read_is_tried_less_and_less_often)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *replica = ask(A(CMDLINE));
	next_tick();
	for (int i = 0; i < 1000; i++) {
		/* The only worker hangs for 300 ms in each job that it gets. */
		bool started = lane_start_by_hand(sampler_lane(sampler), now);
		for (int tick = 0; tick < 4; tick++)
			next_tick();
		if (started)
			lane_run_by_hand(sampler_lane(sampler), now);
		fake_run(process, 1);
	}
	CHECK(process->reads[FAKE_CMDLINE] <= 12); /* in 400 s */
	drop(replica);
	teardown();
}

TEST(a_new_process_of_the_slot_does_not_inherit_the_rest)
{
	setup();
	fake_add(10)->results[FAKE_FILES] = STATE_FAILED;
	struct replica *replica = ask(A(FILES_OPEN));
	run_for(20 * SECOND);
	fake_kill(10);
	run_for(200 * MS);
	fake_add(12)->files = 9;
	run_for(200 * MS);
	CHECK_INT(number(replica, 12, A(FILES_OPEN)), 9);
	drop(replica);
	teardown();
}

TEST(a_process_that_sleeps_is_tried_again_too)
{
	setup();
	struct fake_process *process = fake_add(10);
	process->results[FAKE_STAT] = STATE_FAILED;
	struct replica *replica = ask(A(CPU_TOTAL));
	run_for(500 * MS);
	process->results[FAKE_STAT] = STATE_OK;
	run_for(2 * SECOND);
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 0);
	drop(replica);
	teardown();
}

TEST(more_of_what_has_failed_has_failed)
{
	setup();
	fake_add(10)->results[FAKE_STAT] = STATE_FAILED;
	struct replica *one = ask(A(CPU_TOTAL));
	run_for(20 * SECOND);
	struct replica *other = ask(A(PPID));
	run_for(200 * MS);
	CHECK_INT(state(other, 10, A(PPID)), STATE_FAILED);
	drop(one);
	drop(other);
	teardown();
}

TEST(a_fast_source_that_rests_is_named)
{
	setup();
	fake->sources[FAKE_FILES].period_ns = 2 * SECOND;
	fake_add(10);
	struct replica *replica = ask(A(FILES_OPEN));
	uint64_t named = 0;
	for (int i = 0; i < 40; i++) {
		next_tick();
		named += replica->unsampled;
	}
	CHECK_INT(named, 40 - 2);
	drop(replica);
	teardown();
}

TESTS(CASE(a_process_that_sleeps_is_tried_again_too), CASE(more_of_what_has_failed_has_failed),
	CASE(a_fast_source_that_rests_is_named),
	CASE(a_source_is_read_no_more_often_than_its_period),
	CASE(ticks_that_come_late_do_not_make_a_period_longer),
	CASE(a_slow_cell_keeps_its_value_while_it_rests_and_shows_its_age),
	CASE(who_wants_more_of_a_resting_source_gets_it_at_once),
	CASE(what_fails_is_tried_less_and_less_often_and_costs_others_nothing),
	CASE(a_hanging_read_is_tried_less_and_less_often),
	CASE(a_new_process_of_the_slot_does_not_inherit_the_rest))

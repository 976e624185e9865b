/* The tick, on the scripted platform, with a clock that the test turns. */
#include <errno.h>

#include "sampler_state.h"
#include "stage.h"

TEST(first_frame_comes_at_once_and_is_whole)
{
	setup();
	fake_add(10)->nice = -5;
	fake_add(11)->results[FAKE_MEMORY] = STATE_DENIED;
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(PID), A(PPID),
			  A(COMM), A(NICE), A(MEM_RESIDENT), A(UID), A(GPU_TIME), END),
		0);
	CHECK(sampler_next_due(sampler) <= now);
	sampler_tick(sampler, now);
	CHECK_INT(replica->frames, 1);
	CHECK_INT(replica->since, 0);
	CHECK_INT(replica->sampled_ns, now);
	CHECK_INT(replica_count(replica), 2);
	CHECK_INT(number(replica, 10, A(PID)), 10);
	CHECK_INT(number(replica, 10, A(NICE)), -5);
	CHECK_INT(number(replica, 10, A(MEM_RESIDENT)), 10 * 1024); /* scaled by its binding */
	CHECK_TEXT(replica_cell(replica, replica_by_pid(replica, 10), A(COMM)).text, "p10");
	CHECK_INT(state(replica, 11, A(MEM_RESIDENT)), STATE_DENIED);
	CHECK_INT(state(replica, 10, A(UID)), STATE_UNSUPPORTED);
	CHECK_INT(state(replica, 10, A(GPU_TIME)), STATE_UNSUPPORTED);
	drop(replica);
	teardown();
}

TEST(catalog_gives_the_reason)
{
	const char *reason;

	setup();
	CHECK_INT(sampler_available(sampler, A(UID), &reason), STATE_UNSUPPORTED);
	CHECK_TEXT(reason, "the fake has no users");
	CHECK_INT(sampler_available(sampler, A(GPU_TIME), &reason), STATE_UNSUPPORTED);
	CHECK_TEXT(reason, "the fake has no GPU");
	CHECK_INT(sampler_available(sampler, A(PID), &reason), STATE_OK);
	CHECK(!reason);
	CHECK_INT(sampler_available(sampler, ATTRIBUTE_SERVER_TICKS, &reason), STATE_OK);
	teardown();
}

TEST(nobody_subscribed_means_no_timer_and_nothing_open)
{
	setup();
	fake_add(10);
	CHECK_INT(sampler_next_due(sampler), NEVER);
	CHECK_INT(fake->opens, 0);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(PID), END), 0);
	next_tick();
	CHECK_INT(fake->opens, 1);
	CHECK_INT(fake->closes, 0);
	CHECK_INT(sampler_cancel(sampler, &replica->subscriber, 2), -ENOENT);
	CHECK_INT(sampler_cancel(sampler, &replica->subscriber, 1), 0);
	CHECK_INT(fake->closes, 1);
	CHECK_INT(sampler_next_due(sampler), NEVER);
	drop(replica);
	teardown();
}

TEST(only_wanted_sources_are_read)
{
	setup();
	fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(FILES_OPEN), END),
		0);
	next_tick();
	next_tick();
	CHECK_INT(fake_reads(FAKE_FILES), 2); /* not gated */
	CHECK_INT(
		fake_reads(FAKE_IDENTITY) + fake_reads(FAKE_STAT) + fake_reads(FAKE_MEMORY), 0);
	CHECK_INT(fake_reads(FAKE_CMDLINE) + fake_reads(FAKE_SMAPS), 0);
	drop(replica);
	teardown();
}

TEST(a_process_that_did_not_run_is_not_read)
{
	setup();
	struct fake_process *busy = fake_add(10), *idle = fake_add(11);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END),
		0);
	for (int i = 0; i < 5; i++) {
		next_tick();
		fake_run(busy, 1000);
	}
	CHECK_INT(busy->reads[FAKE_STAT], 5);
	CHECK_INT(idle->reads[FAKE_STAT], 1);
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 4000);
	CHECK_INT(replica->cells_named, 1); /* the diff has the busy one only */
	drop(replica);
	teardown();
}

TEST(unknown_activity_is_read_and_costs_no_second_read)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END),
		0);
	next_tick();
	process->activity = ACTIVITY_UNKNOWN; /* it may be running right now */
	next_tick();
	CHECK_INT(process->reads[FAKE_STAT], 2);
	process->activity = 1; /* where it stood at first */
	next_tick();
	CHECK_INT(process->reads[FAKE_STAT], 2);
	drop(replica);
	teardown();
}

TEST(a_fast_reader_does_not_blind_a_slow_one)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *fast = new_replica(), *slow = new_replica();
	CHECK_INT(
		replica_subscribe(fast, sampler, now, 100 * MS, NULL, 0, A(CPU_TOTAL), END), 0);
	CHECK_INT(replica_subscribe(slow, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL),
			  A(MEM_RESIDENT), END),
		0);
	next_tick();
	fake_run(process, 1);
	process->resident = 99;
	run_until(11 * SECOND - 50 * MS); /* the fast one has seen the activity by now */
	CHECK(fast->frames > 5);
	CHECK_INT(slow->frames, 1);
	run_until(11 * SECOND);
	CHECK_INT(slow->frames, 2);
	CHECK_INT(number(slow, 10, A(MEM_RESIDENT)), 99 * 1024);
	drop(fast);
	drop(slow);
	teardown();
}

TEST(drifting_attributes_are_refreshed_within_five_seconds)
{
	setup();
	enum { COUNT = 50 };
	struct replica *replica = new_replica();
	for (uint64_t pid = 1; pid <= COUNT; pid++)
		fake_add(pid);
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(MEM_RESIDENT),
			  A(CPU_TOTAL), END),
		0);
	next_tick();
	for (uint64_t pid = 1; pid <= COUNT; pid++)
		fake_find(pid)->resident = 5000 + pid; /* and none of them ran */
	run_until(now + 5 * SECOND);
	for (uint64_t pid = 1; pid <= COUNT; pid++)
		CHECK_INT(number(replica, pid, A(MEM_RESIDENT)), (5000 + pid) * 1024);
	CHECK_INT(fake_reads(FAKE_MEMORY), 2 * COUNT); /* spread, not all at once */
	CHECK_INT(fake_reads(FAKE_STAT), COUNT);       /* nothing that drifts was asked of it */
	drop(replica);
	teardown();
}

TEST(a_column_that_joins_later_is_read_for_all_rows)
{
	setup();
	fake_add(10);
	struct replica *first = new_replica(), *second = new_replica();
	CHECK_INT(
		replica_subscribe(first, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END), 0);
	next_tick();
	now += 10 * MS;
	CHECK_INT(replica_subscribe(second, sampler, now, SECOND, NULL, 0, A(PPID), END), 0);
	next_tick();
	CHECK_INT(number(second, 10, A(PPID)), 1);
	drop(first);
	drop(second);
	teardown();
}

TEST(no_stale_value_after_a_column_was_dropped)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *keeper = new_replica(), *replica = new_replica();
	CHECK_INT(replica_subscribe(keeper, sampler, now, SECOND, NULL, 0, A(PID), END), 0);
	CHECK_INT(
		replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(MEM_RESIDENT), END),
		0);
	next_tick();
	drop(replica);
	process->resident = 77;
	replica = new_replica();
	process->results[FAKE_MEMORY] = STATE_FAILED;
	CHECK_INT(
		replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(MEM_RESIDENT), END),
		0);
	next_tick();
	CHECK_INT(state(replica, 10, A(MEM_RESIDENT)), STATE_FAILED);
	drop(replica);
	drop(keeper);
	teardown();
}

TEST(a_hundred_that_join_at_random_cost_the_reads_of_one)
{
	enum { JOINERS = 100 };
	struct replica *replicas[JOINERS];

	setup();
	fake_add(10);
	for (int i = 0; i < JOINERS; i++) {
		replicas[i] = new_replica();
		CHECK_INT(replica_subscribe(replicas[i], sampler, now, SECOND, NULL, 0,
				  A(CPU_TOTAL), A(FILES_OPEN), END),
			0);
		sampler_tick(sampler, now);
		CHECK_INT(replicas[i]->frames, 1); /* at once */
		CHECK_INT(number(replicas[i], 10, A(FILES_OPEN)), 3);
		run_until(now + (uint64_t)(i * 7919 % 10) * 10 * MS);
	}
	uint64_t from = now, reads = fake_reads(FAKE_FILES);
	CHECK((from - 10 * SECOND) / SECOND + 1 >= reads); /* one a second, not one a joiner */
	run_until(from + 3 * SECOND);
	CHECK_INT(fake_reads(FAKE_FILES) - reads, 3);
	for (int i = 1; i < JOINERS; i++) {
		CHECK(replicas[i]->last_frame == replicas[0]->last_frame); /* the same bytes */
		CHECK_INT(number(replicas[i], 10, A(FILES_OPEN)), 3);
	}
	for (int i = 0; i < JOINERS; i++)
		drop(replicas[i]);
	teardown();
}

TEST(frames_lie_on_the_grid)
{
	setup();
	fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, 250 * MS, NULL, 0, A(PID), END), 0);
	next_tick();
	for (int i = 0; i < 10; i++) { /* 250 ms were rounded up to 300 */
		next_tick();
		CHECK_INT(now % (300 * MS), 0);
		CHECK_INT(replica->sampled_ns, now);
	}
	const uint64_t shortest = REQUEST_INTERVAL_MIN_MS * MS;
	CHECK_INT(subscription_round_interval(1), shortest);
	CHECK_INT(subscription_round_interval(shortest - 1), shortest);
	CHECK_INT(subscription_round_interval(shortest), shortest);
	CHECK_INT(subscription_round_interval(shortest + 1), 2 * shortest);
	CHECK_INT(subscription_round_interval(0), 0);
	CHECK(subscription_next_due(subscription_round_interval(UINT64_MAX), now) > now);
	drop(replica);
	teardown();
}

TEST(a_server_that_was_stopped_sends_one_frame_and_says_so)
{
	setup();
	fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(PID), END), 0);
	next_tick();
	now += 30 * SECOND;
	sampler_tick(sampler, now);
	CHECK_INT(replica->frames, 2);
	CHECK(replica->gap);
	CHECK(sampler_next_due(sampler) > now);
	next_tick();
	CHECK(!replica->gap);
	drop(replica);
	teardown();
}

TEST(a_one_shot_reads_afresh_and_ends)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *keeper = new_replica(), *once = new_replica();
	CHECK_INT(
		replica_subscribe(keeper, sampler, now, SECOND, NULL, 0, A(MEM_RESIDENT), END),
		0);
	next_tick();
	process->resident = 500;
	now += 20 * MS;
	CHECK_INT(replica_subscribe(once, sampler, now, 0, NULL, 0, A(MEM_RESIDENT), END), 0);
	next_tick();
	CHECK_INT(number(once, 10, A(MEM_RESIDENT)), 500 * 1024);
	CHECK_INT(once->ended, 1);
	CHECK_INT(once->ended_error, 0);
	run_until(now + 3 * SECOND);
	CHECK_INT(once->frames, 1);
	drop(keeper);
	drop(once);
	teardown();
}

TEST(a_stalled_reader_is_not_asked_and_catches_up)
{
	setup();
	struct fake_process *process = fake_add(10);
	fake_add(11);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END),
		0);
	next_tick();
	uint64_t reads = fake_reads(FAKE_STAT), seen = replica->tick;
	replica->stalled = true;
	fake_run(process, 10);
	run_until(now + 5 * SECOND);
	CHECK_INT(replica->frames, 1);
	CHECK_INT(fake_reads(FAKE_STAT), reads); /* nobody takes it: nothing is read */
	CHECK_INT(sampler_next_due(sampler), NEVER);
	fake_kill(11);
	fake_add(12);
	replica->stalled = false;
	sampler_drained(sampler, &replica->subscriber, now);
	next_tick();
	CHECK_INT(now % (100 * MS), 0);
	CHECK_INT(replica->frames, 2);
	CHECK_INT(replica->since, seen); /* one merged diff */
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 10);
	CHECK(!replica_by_pid(replica, 11));
	CHECK(replica_by_pid(replica, 12));
	drop(replica);
	teardown();
}

TEST(a_lost_frame_is_made_good_by_a_full_table)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END),
		0);
	next_tick();
	next_tick();
	CHECK(replica->since > 0);
	CHECK_INT(sampler_lost(sampler, &replica->subscriber, 1), 0);
	CHECK_INT(sampler_lost(sampler, &replica->subscriber, 2), -ENOENT);
	fake_run(process, 3);
	next_tick();
	CHECK_INT(replica->since, 0);
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 3);
	drop(replica);
	teardown();
}

TEST(encodes_are_bounded_however_differently_readers_drain)
{
	enum { READERS = 300 };
	static struct replica *replicas[READERS];
	unsigned random = 1;

	setup();
	for (uint64_t pid = 1; pid <= 20; pid++)
		fake_add(pid);
	for (int i = 0; i < READERS; i++) {
		replicas[i] = new_replica();
		CHECK_INT(replica_subscribe(replicas[i], sampler, now, 100 * MS, NULL, 0,
				  A(CPU_TOTAL), END),
			0);
	}
	next_tick();
	for (int round = 0; round < 200; round++) {
		for (uint64_t pid = 1; pid <= 20; pid++)
			if ((random = random * 1103515245 + 12345) >> 16 & 1)
				fake_run(fake_find(pid), random >> 20);
		for (int i = 0; i < READERS; i++) {
			bool was = replicas[i]->stalled;
			random = random * 1103515245 + 12345;
			replicas[i]->stalled = (random >> 16) % 16 != 0;
			if (was && !replicas[i]->stalled)
				sampler_drained(sampler, &replicas[i]->subscriber, now);
		}
		if (sampler_next_due(sampler) == NEVER)
			continue;
		next_tick();
		const struct frame *distinct[8];
		int count = 0;
		for (int i = 0; i < READERS; i++) {
			int at = 0;
			if (replicas[i]->stalled || replicas[i]->sampled_ns != now)
				continue;
			while (at < count && distinct[at] != replicas[i]->last_frame)
				at++;
			if (at == count && count < 8)
				distinct[count++] = replicas[i]->last_frame;
		}
		CHECK(count <= 4);
	}
	for (int i = 0; i < READERS; i++)
		if (replicas[i]->stalled) {
			replicas[i]->stalled = false;
			sampler_drained(sampler, &replicas[i]->subscriber, now);
		}
	run_until(now + SECOND);
	for (int i = 0; i < READERS; i++) {
		for (uint64_t pid = 1; pid <= 20; pid++)
			CHECK_INT(
				number(replicas[i], pid, A(CPU_TOTAL)), fake_find(pid)->cpu_ns);
		drop(replicas[i]);
	}
	teardown();
}

TEST(a_slot_is_reused_without_a_mix_up)
{
	setup();
	struct fake_process *process = fake_add(10);
	process->cpu_ns = 1000;
	struct replica *replica = new_replica(), *late = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END),
		0);
	CHECK_INT(replica_subscribe(late, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END), 0);
	next_tick();
	uint64_t identity = replica_by_pid(replica, 10)->identity;
	late->stalled = true;
	fake_kill(10);
	fake_add(10)->cpu_ns = 5; /* the same pid, another process */
	next_tick();
	CHECK_INT(replica_count(replica), 1);
	CHECK(replica_by_pid(replica, 10)->identity != identity);
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 5); /* no clamp to the old one's counter */
	fake_kill(10);
	next_tick();
	CHECK_INT(replica_count(replica), 0);
	fake_add(12)->cpu_ns = 7; /* in one of the slots that became free */
	next_tick();
	late->stalled = false;
	sampler_drained(sampler, &late->subscriber, now);
	next_tick();
	CHECK_INT(replica_count(late), 1);
	CHECK_INT(number(late, 12, A(CPU_TOTAL)), 7);
	drop(replica);
	drop(late);
	teardown();
}

TEST(a_counter_never_steps_back)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END),
		0);
	fake_run(process, 100);
	next_tick();
	process->results[FAKE_STAT] = STATE_FAILED;
	fake_run(process, 0);
	next_tick();
	CHECK_INT(state(replica, 10, A(CPU_TOTAL)), STATE_FAILED);
	process->results[FAKE_STAT] = STATE_OK;
	fake_run(process, (uint64_t)-60);
	next_tick();
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 100);
	fake_run(process, 61);
	next_tick();
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 101);
	drop(replica);
	teardown();
}

TEST(a_row_that_turns_out_dead_is_removed)
{
	setup();
	struct fake_process *process = fake_add(10);
	fake_add(11);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END),
		0);
	next_tick();
	process->dead = true;
	process->listed = true;
	process->results[FAKE_STAT] = SAMPLE_GONE;
	fake_find(11)->results[FAKE_STAT] = SAMPLE_GONE;
	fake_run(fake_find(11), 1);
	next_tick();
	CHECK_INT(replica_count(replica), 0);
	drop(replica);
	teardown();
}

TEST(what_activity_does_not_show_is_read_when_touched)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(PPID), END), 0);
	next_tick();
	process->ppid = 77;
	process->touched = true;
	next_tick();
	CHECK_INT(number(replica, 10, A(PPID)), 77);
	drop(replica);
	teardown();
}

TEST(a_filter_finds_its_processes_once)
{
	setup();
	const uint64_t pids[] = {11, 10, 11, 99};
	fake_add(10);
	fake_add(11);
	fake_add(12);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, pids, 4, A(CPU_TOTAL), END),
		0);
	next_tick();
	CHECK_INT(replica_count(replica), 2);
	CHECK_INT(fake_find(12)->reads[FAKE_STAT], 0); /* nobody asked for it */
	uint64_t identity = replica_by_pid(replica, 10)->identity;
	fake_kill(10);
	fake_add(10);
	fake_add(99); /* was not there when the request came */
	next_tick();
	CHECK_INT(replica_count(replica), 1);
	CHECK(replica_by_pid(replica, 11));
	CHECK(identity);
	drop(replica);
	teardown();
}

TEST(a_filter_sees_a_process_younger_than_the_last_tick)
{
	setup();
	const uint64_t pids[] = {20};
	fake_add(10);
	struct replica *keeper = new_replica(), *replica = new_replica();
	CHECK_INT(
		replica_subscribe(keeper, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END), 0);
	next_tick();
	fake_add(20);
	now += 10 * MS;
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, pids, 1, A(CPU_TOTAL), END),
		0);
	next_tick();
	CHECK(replica_by_pid(replica, 20));
	CHECK(!replica_by_pid(replica, 10));
	drop(keeper);
	drop(replica);
	teardown();
}

TEST(rows_that_no_view_wants_are_let_go)
{
	setup();
	const uint64_t pids[] = {10};
	struct fake_process *process = fake_add(10);
	fake_add(11);
	struct replica *all = new_replica(), *one = new_replica();
	CHECK_INT(replica_subscribe(all, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), END), 0);
	CHECK_INT(replica_subscribe(one, sampler, now, SECOND, pids, 1, A(CPU_TOTAL), END), 0);
	next_tick();
	drop(all);
	fake_run(process, 5);
	next_tick();
	CHECK_INT(fake->opens, 2); /* the provider forgot the others' descriptors */
	CHECK_INT(fake->closes, 1);
	CHECK_INT(one->since, 0);
	CHECK_INT(number(one, 10, A(CPU_TOTAL)), 5);
	drop(one);
	teardown();
}

/* ----------------------------------------------------------------------- slow lane */

TEST(the_first_frame_waits_for_slow_cells)
{
	setup();
	fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(
			  replica, sampler, now, SECOND, NULL, 0, A(PID), A(CMDLINE), END),
		0);
	next_tick();
	CHECK_INT(replica->frames, 0);
	CHECK_INT(sampler_next_due(sampler), now + LANE_PATIENCE_NS);
	uint64_t asked = now;
	now += 3 * MS;
	CHECK(lane_run_by_hand(sampler_lane(sampler), now));
	now += 1 * MS;
	sampler_tick(sampler, now); /* as the wake function makes the loop do */
	CHECK_INT(replica->frames, 1);
	struct replica_cell cell =
		replica_cell(replica, replica_by_pid(replica, 10), A(CMDLINE));
	CHECK_INT(cell.state, STATE_OK);
	CHECK_TEXT(cell.text, "/bin/p10 -x");
	CHECK(cell.age_ns <= now - asked);
	next_tick();
	CHECK_INT(replica->frames, 2);
	CHECK_INT(replica->cells_named, 0); /* it did not run: not read again */
	drop(replica);
	teardown();
}

TEST(a_read_that_hangs_delays_no_tick)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL),
			  A(CMDLINE), END),
		0);
	next_tick();
	CHECK(lane_start_by_hand(sampler_lane(sampler), now + 3 * MS)); /* as a thread does */
	next_tick();                                                    /* the deadline */
	CHECK_INT(replica->frames, 1);
	CHECK_INT(state(replica, 10, A(CMDLINE)), STATE_FAILED);
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 0);
	fake_run(process, 9);
	next_tick();
	CHECK_INT(replica->frames, 2);
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 9);
	CHECK_INT(process->reads[FAKE_CMDLINE], 1); /* not asked again while it hangs */
	CHECK(lane_run_by_hand(sampler_lane(sampler), now)); /* it comes back after all */
	next_tick();
	CHECK_INT(state(replica, 10, A(CMDLINE)), STATE_OK);
	drop(replica);
	teardown();
}

TEST(a_stuck_lane_fails_its_cells_and_says_so)
{
	setup();
	fake_add(10);
	fake_add(11);
	struct replica *replica = new_replica(), *status = new_replica();
	CHECK_INT(replica_subscribe(
			  replica, sampler, now, SECOND, NULL, 0, A(PID), A(CMDLINE), END),
		0);
	next_tick();
	CHECK(lane_start_by_hand(sampler_lane(sampler), now)); /* the only worker */
	next_tick();
	CHECK_INT(replica->frames, 1);
	CHECK_INT(state(replica, 10, A(CMDLINE)), STATE_FAILED);
	CHECK_INT(
		state(replica, 11, A(CMDLINE)), STATE_FAILED); /* it waited behind the other */
	CHECK_INT(replica_subscribe(status, sampler, now, SECOND, NULL, 0,
			  ATTRIBUTE_SERVER_NAME, ATTRIBUTE_SERVER_WORKERS_STUCK, END),
		0);
	next_tick();
	CHECK_INT(
		replica_cell(status, &status->rows[0], ATTRIBUTE_SERVER_WORKERS_STUCK).bits, 1);
	CHECK(lane_run_by_hand(sampler_lane(sampler), now));
	run_until(now + SECOND);
	while (lane_run_by_hand(sampler_lane(sampler), now))
		;
	run_until(now + SECOND);
	CHECK_INT(state(replica, 11, A(CMDLINE)), STATE_OK);
	drop(replica);
	drop(status);
	teardown();
}

TEST(a_late_result_for_a_reused_slot_is_thrown_away)
{
	setup();
	fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(
		replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(MEM_PSS), END), 0);
	next_tick();
	CHECK(lane_start_by_hand(sampler_lane(sampler), now));
	next_tick();
	fake_kill(10);
	next_tick();
	fake_add(11)->pss = 5;
	next_tick();
	CHECK(lane_run_by_hand(sampler_lane(sampler), now)); /* 10's result */
	next_tick();
	CHECK(state(replica, 11, A(MEM_PSS)) != STATE_OK ||
		number(replica, 11, A(MEM_PSS)) == 5);
	CHECK(lane_run_by_hand(sampler_lane(sampler), now));
	next_tick();
	CHECK_INT(number(replica, 11, A(MEM_PSS)), 5);
	drop(replica);
	teardown();
}

TEST(a_result_for_a_closed_table_is_thrown_away)
{
	setup();
	fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(
		replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(MEM_PSS), END), 0);
	next_tick();
	CHECK(lane_start_by_hand(sampler_lane(sampler), now));
	drop(replica);
	CHECK(lane_run_by_hand(sampler_lane(sampler), now));
	sampler_tick(sampler, now + MS);
	teardown();
}

TEST(what_no_worker_has_begun_for_a_closed_table_is_not_done)
{
	setup();
	fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(
		replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(MEM_PSS), END), 0);
	next_tick();
	drop(replica);
	CHECK(!lane_run_by_hand(sampler_lane(sampler), now));
	sampler_tick(sampler, now + MS);
	teardown();
}

TEST(more_slow_reads_than_the_lane_takes_at_once)
{
	enum { COUNT = 1000 };
	setup();
	for (uint64_t pid = 1; pid <= COUNT; pid++)
		fake_add(pid);
	struct replica *replica = new_replica();
	CHECK_INT(
		replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(MEM_PSS), END), 0);
	next_tick();
	CHECK_INT(fake_reads(FAKE_SMAPS), LANE_JOBS_MAX);
	while (replica->frames == 0) {
		while (lane_run_by_hand(sampler_lane(sampler), now))
			;
		now += MS;
		sampler_tick(sampler, now);
	}
	for (uint64_t pid = 1; pid <= COUNT; pid++)
		CHECK_INT(number(replica, pid, A(MEM_PSS)), pid * 2);
	CHECK_INT(fake_reads(FAKE_SMAPS), COUNT);
	drop(replica);
	teardown();
}

TEST(a_slow_cell_is_stamped_whenever_it_is_sampled)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(
		replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(MEM_PSS), END), 0);
	next_tick();
	lane_run_by_hand(sampler_lane(sampler), now);
	sampler_tick(sampler, ++now);
	fake_run(process, 1); /* ran, but has the same PSS */
	next_tick();
	lane_run_by_hand(sampler_lane(sampler), now + 20 * MS);
	next_tick();
	CHECK_INT(replica->cells_named, 1);
	CHECK_INT(replica_cell(replica, replica_by_pid(replica, 10), A(MEM_PSS)).age_ns,
		SECOND - 20 * MS);
	drop(replica);
	teardown();
}

TEST(a_drifting_slow_cell_is_refreshed_within_five_seconds)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(
			  replica, sampler, now, 100 * MS, &(uint64_t){10}, 1, A(MEM_PSS), END),
		0);
	next_tick();
	lane_run_by_hand(sampler_lane(sampler), now);
	process->pss = 99; /* and it did not run */
	uint64_t end = now + 5200 * MS;
	while (now < end) {
		next_tick();
		lane_run_by_hand(sampler_lane(sampler), now);
	}
	CHECK_INT(number(replica, 10, A(MEM_PSS)), 99);
	CHECK_INT(process->reads[FAKE_SMAPS], 2); /* and not at every tick */
	drop(replica);
	teardown();
}

/* ------------------------------------------------------------------ errors, own tables */

TEST(bad_requests_are_refused)
{
	setup();
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(PID), END), 0);
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(PID), END),
		-EEXIST);
	struct request request = {.request = 2,
		.table = TABLE_GPU,
		.attributes = (uint16_t[]){0},
		.attribute_count = 1};
	CHECK_INT(sampler_subscribe(sampler, now, &replica->subscriber, &request), -ENOTSUP);
	request.table = TABLE_PROCESS;
	request.target_pid = 10;
	CHECK_INT(sampler_subscribe(sampler, now, &replica->subscriber, &request), -EINVAL);
	request.target_pid = 0;
	request.attribute_count = 0;
	CHECK_INT(sampler_subscribe(sampler, now, &replica->subscriber, &request), -EINVAL);
	drop(replica);
	teardown();
}

/* A session of process `pid` asks for process `number`. */
static int ask_as(struct replica *replica, uint64_t pid, uint64_t number)
{
	replica->subscriber.pid = pid;
	return replica_subscribe(
		replica, sampler, now, SECOND, &(uint64_t){number}, 1, A(PID), END);
}

TEST(views_are_limited_and_equal_requests_share_one)
{
	static struct replica *replicas[VIEWS_MAX + 3];
	setup();
	fake_add(1);
	for (uint64_t i = 0; i < VIEWS_MAX + 3; i++)
		replicas[i] = new_replica();
	for (uint64_t i = 0; i < VIEWS_MAX; i++)
		CHECK_INT(ask_as(replicas[i], 100 + i, i + 1), 0);
	CHECK_INT(sampler->view_count, VIEWS_MAX);
	CHECK_INT(ask_as(replicas[VIEWS_MAX], 42, 5), 0);
	CHECK_INT(ask_as(replicas[VIEWS_MAX + 1], 43, VIEWS_MAX + 1), -E2BIG);
	CHECK_INT(replica_subscribe(replicas[VIEWS_MAX + 2], sampler, now, SECOND, NULL, 0,
			  ATTRIBUTE_SERVER_TICKS, END),
		-E2BIG);
	next_tick();
	/* What one gives up another gets. */
	drop(replicas[0]);
	CHECK_INT(sampler->view_count, VIEWS_MAX - 1);
	CHECK_INT(ask_as(replicas[VIEWS_MAX + 1], 43, VIEWS_MAX + 1), 0);
	for (int i = 1; i < VIEWS_MAX + 3; i++)
		drop(replicas[i]);
	teardown();
}

/* A new session of process `pid` asks for process `number`; NULL: it was refused, and has gone. */
static struct replica *newcomer(uint64_t pid, uint64_t number)
{
	struct replica *replica = new_replica();
	int result = ask_as(replica, pid, number);

	if (result == 0)
		return replica;
	CHECK_INT(result, -E2BIG);
	drop(replica);
	return NULL;
}

/* However many sessions a process opens to ask for ever different things. */
TEST(nobody_keeps_others_from_views)
{
	enum { TRIES = 300, GREEDY = 7, NEWCOMERS = 8 };
	static struct replica *replicas[VIEWS_MAX + 1];
	uint32_t served[GREEDY] = {0}, count = 0;

	setup();
	fake_add(1);
	for (uint64_t i = 0; i < TRIES; i++) {
		replicas[count] = newcomer(100 + i % GREEDY, i + 1);
		served[i % GREEDY] += replicas[count] != NULL;
		count += replicas[count] != NULL;
	}
	for (int i = 0; i < GREEDY; i++)
		CHECK_INT(served[i], VIEWS_MAX / (GREEDY + 1));
	/* What is there already is nobody's share. */
	CHECK(replicas[count++] = newcomer(100, 1));
	for (uint64_t i = 0; i < NEWCOMERS; i++)
		CHECK(replicas[count++] = newcomer(200 + i, TRIES + 1 + i));
	while (count)
		drop(replicas[--count]);
	/* One alone gets half. */
	for (uint64_t i = 0; i < VIEWS_MAX / 2; i++)
		CHECK(replicas[count++] = newcomer(100, i + 1));
	CHECK(!newcomer(100, TRIES));
	while (count)
		drop(replicas[--count]);
	teardown();
}

TEST(a_failed_list_costs_no_tick_and_is_named)
{
	setup();
	struct fake_process *process = fake_add(10);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(
			  replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL), A(PPID), END),
		0);
	next_tick();
	fake->list_result = -EMFILE;
	fake_run(process, 5);
	next_tick();
	CHECK_INT(replica->frames, 2);
	CHECK_INT(replica->unsampled, 2);
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 0);
	fake->list_result = 0;
	next_tick();
	CHECK_INT(replica->unsampled, 0);
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 5);
	fake->list_result = -ESRCH; /* as a target that ended */
	next_tick();
	CHECK_INT(replica->ended, 1);
	CHECK_INT(replica->ended_error, -ESRCH);
	drop(replica);
	teardown();
}

TEST(the_server_shows_itself)
{
	setup();
	fake_add(10);
	struct replica *work = new_replica(), *server = new_replica(),
		       *sessions = new_replica();
	CHECK_INT(replica_subscribe(
			  work, sampler, now, SECOND, NULL, 0, A(PID), A(CPU_TOTAL), END),
		0);
	CHECK_INT(replica_subscribe(server, sampler, now, SECOND, NULL, 0,
			  ATTRIBUTE_SERVER_NAME, ATTRIBUTE_SERVER_READS, ATTRIBUTE_SERVER_SKIPS,
			  ATTRIBUTE_SERVER_TICKS, ATTRIBUTE_SERVER_CPU, END),
		0);
	CHECK_INT(replica_subscribe(sessions, sampler, now, SECOND, NULL, 0,
			  ATTRIBUTE_SESSION_CLIENT, ATTRIBUTE_SESSION_TABLE,
			  ATTRIBUTE_SESSION_ATTRIBUTES, ATTRIBUTE_SESSION_INTERVAL,
			  ATTRIBUTE_SESSION_FRAMES, END),
		0);
	for (int i = 0; i < 3; i++)
		next_tick();
	bool found = false;
	for (int i = 0; i < REPLICA_SLOTS; i++) {
		const struct replica_row *row = &server->rows[i];
		if (!row->alive || strcmp(replica_cell(server, row, ATTRIBUTE_SERVER_NAME).text,
					   "process.stat") != 0)
			continue;
		found = true;
		CHECK_INT(replica_cell(server, row, ATTRIBUTE_SERVER_READS).bits, 1);
		/* As of the beginning of the tick: SERVER may be sampled before PROCESS. */
		CHECK(replica_cell(server, row, ATTRIBUTE_SERVER_SKIPS).bits >= 1);
		CHECK_INT(replica_cell(server, row, ATTRIBUTE_SERVER_TICKS).state, STATE_NONE);
	}
	CHECK(found);
	CHECK_INT(replica_count(sessions), 3);
	found = false;
	for (int i = 0; i < REPLICA_SLOTS; i++) {
		const struct replica_row *row = &sessions->rows[i];
		if (!row->alive ||
			strcmp(replica_cell(sessions, row, ATTRIBUTE_SESSION_TABLE).text,
				"process") != 0)
			continue;
		found = true;
		CHECK_TEXT(replica_cell(sessions, row, ATTRIBUTE_SESSION_ATTRIBUTES).text,
			"pid,cpu.total");
		CHECK_INT(replica_cell(sessions, row, ATTRIBUTE_SESSION_INTERVAL).bits, SECOND);
	}
	CHECK(found);
	sampler_cancel(sampler, &work->subscriber, 1);
	next_tick();
	CHECK_INT(
		replica_count(sessions), 3); /* the session is still there, without a request */
	drop(work);
	drop(server);
	drop(sessions);
	teardown();
}

TEST(a_large_table_comes_in_parts)
{
	enum { COUNT = 4000 };
	setup();
	for (uint64_t pid = 1; pid <= COUNT; pid++) {
		struct fake_process *process = fake_add(pid);
		memset(process->comm, 'x', sizeof process->comm - 1);
		process->cpu_ns = UINT64_MAX / 2;
		process->resident = UINT64_MAX / 4096;
	}
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(PID), A(PPID),
			  A(COMM), A(CPU_TOTAL), A(NICE), A(MEM_RESIDENT), A(FILES_OPEN),
			  A(UID), END),
		0);
	next_tick();
	CHECK_INT(replica_count(replica), COUNT);
	CHECK(replica->parts > 1);
	for (uint64_t pid = 1; pid <= COUNT; pid += 37)
		CHECK_INT(number(replica, pid, A(CPU_TOTAL)), UINT64_MAX / 2);
	CHECK_INT(state(replica, 5, A(UID)), STATE_UNSUPPORTED);
	drop(replica);
	teardown();
}

/* ---------------------------------------------------------------------- allocations */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)
static uint64_t allocations;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}

/* A reader that does nothing with its frames, so that only the core's allocations count. */
static void take_nothing(struct subscriber *subscriber, uint32_t request, struct frame *frame)
{
	(void)subscriber;
	(void)request;
	(void)frame;
}

static bool always_drained(struct subscriber *subscriber)
{
	(void)subscriber;
	return true;
}

TEST(a_steady_tick_allocates_only_the_frame)
{
	static const struct subscriber_ops ops = {always_drained, take_nothing, NULL};
	struct subscriber readers[3] = {{.ops = &ops}, {.ops = &ops}, {.ops = &ops}};
	const uint16_t wanted[] = {A(PID), A(CPU_TOTAL), A(FILES_OPEN), A(MEM_RESIDENT)};
	struct request request = {.request = 1,
		.table = TABLE_PROCESS,
		.interval_ns = SECOND,
		.attributes = wanted,
		.attribute_count = 4};

	setup();
	for (uint64_t pid = 1; pid <= 500; pid++)
		fake_add(pid);
	for (int i = 0; i < 3; i++)
		CHECK_INT(sampler_subscribe(sampler, now, &readers[i], &request), 0);
	for (int i = 0; i < 10; i++)
		next_tick();
	for (int i = 0; i < 10; i++) {
		for (uint64_t pid = 1; pid <= 500; pid += 3)
			fake_run(fake_find(pid), 7);
		uint64_t before = allocations;
		next_tick();
		CHECK_INT(
			allocations - before, 3); /* the frame, its list of parts, the bytes */
	}
	for (int i = 0; i < 3; i++)
		sampler_drop(sampler, &readers[i]);
	teardown();
}
#else
TEST(a_steady_tick_allocates_only_the_frame)
{
	test_skip("allocations are counted with glibc's own allocator only");
}
#endif

/* --------------------------------------------------- a hundred thousand random frames */

static void check_equal(const struct replica *replica)
{
	uint32_t alive = 0;

	for (uint32_t i = 0; i < fake->count; i++) {
		const struct fake_process *process = &fake->processes[i];
		if (process->dead)
			continue;
		alive++;
		const struct replica_row *row = replica_by_pid(replica, process->pid);
		CHECK(row);
		CHECK_INT(row->identity, process->identity);
		CHECK_INT(number(replica, process->pid, A(CPU_TOTAL)), process->cpu_ns);
		CHECK_INT(number(replica, process->pid, A(FILES_OPEN)), process->files);
		if (process->results[FAKE_STAT] == STATE_OK)
			CHECK_TEXT(replica_cell(replica, row, A(COMM)).text, process->comm);
	}
	CHECK_INT(replica_count(replica), alive);
}

static unsigned random_state = 12345;

static unsigned random_below(unsigned limit)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % limit;
}

static void churn(void)
{
	for (uint32_t i = 0; i < fake->count; i++) {
		struct fake_process *process = &fake->processes[i];
		if (process->dead)
			continue;
		if (random_below(20) == 0)
			process->dead = true;
		else if (random_below(3) == 0)
			fake_run(process, random_below(1000));
		if (random_below(4) == 0)
			process->files = random_below(100);
		if (random_below(30) == 0) {
			snprintf(
				process->comm, sizeof process->comm, "n%u", random_below(1000));
			process->activity++;
		}
	}
	for (unsigned i = random_below(3); i > 0; i--) {
		uint64_t pid = 1 + random_below(40);
		if (!fake_find(pid))
			fake_add(pid);
	}
}

TEST(replicas_stay_equal_over_a_hundred_thousand_frames)
{
	enum { READERS = 8, FRAMES = 100000 };
	struct replica *replicas[READERS];
	uint64_t frames = 0, gone = 0;

	test_timeout(120);
	setup();
	for (int i = 0; i < READERS; i++)
		replicas[i] = NULL;
	while (frames + gone < FRAMES) {
		churn();
		for (int i = 0; i < READERS; i++) {
			if (replicas[i] && random_below(200) == 0) {
				gone += replicas[i]->frames;
				drop(replicas[i]);
				replicas[i] = NULL;
			}
			if (!replicas[i]) {
				replicas[i] = new_replica();
				CHECK_INT(replica_subscribe(replicas[i], sampler, now,
						  (1 + random_below(3)) * 100 * MS, NULL, 0,
						  A(CPU_TOTAL), A(COMM), A(FILES_OPEN), END),
					0);
			}
			bool was = replicas[i]->stalled;
			replicas[i]->stalled = random_below(10) < 3;
			if (was && !replicas[i]->stalled)
				sampler_drained(sampler, &replicas[i]->subscriber, now);
		}
		if (sampler_next_due(sampler) == NEVER)
			continue;
		uint64_t before[READERS];
		now++; /* so that no two ticks have the same time */
		for (int i = 0; i < READERS; i++)
			before[i] = replicas[i]->frames;
		next_tick();
		frames = 0;
		for (int i = 0; i < READERS; i++) {
			frames += replicas[i]->frames;
			/* A newcomer may have been answered from the tick before. */
			if (replicas[i]->frames > before[i] && replicas[i]->sampled_ns == now)
				check_equal(replicas[i]);
		}
	}
	for (int i = 0; i < READERS; i++)
		drop(replicas[i]);
	teardown();
}

TESTS(CASE(first_frame_comes_at_once_and_is_whole), CASE(catalog_gives_the_reason),
	CASE(nobody_subscribed_means_no_timer_and_nothing_open),
	CASE(only_wanted_sources_are_read), CASE(a_process_that_did_not_run_is_not_read),
	CASE(unknown_activity_is_read_and_costs_no_second_read),
	CASE(a_fast_reader_does_not_blind_a_slow_one),
	CASE(drifting_attributes_are_refreshed_within_five_seconds),
	CASE(a_column_that_joins_later_is_read_for_all_rows),
	CASE(no_stale_value_after_a_column_was_dropped),
	CASE(a_hundred_that_join_at_random_cost_the_reads_of_one), CASE(frames_lie_on_the_grid),
	CASE(a_server_that_was_stopped_sends_one_frame_and_says_so),
	CASE(a_one_shot_reads_afresh_and_ends),
	CASE(a_stalled_reader_is_not_asked_and_catches_up),
	CASE(a_lost_frame_is_made_good_by_a_full_table),
	CASE(encodes_are_bounded_however_differently_readers_drain),
	CASE(a_slot_is_reused_without_a_mix_up), CASE(a_counter_never_steps_back),
	CASE(a_row_that_turns_out_dead_is_removed),
	CASE(what_activity_does_not_show_is_read_when_touched),
	CASE(a_filter_finds_its_processes_once),
	CASE(a_filter_sees_a_process_younger_than_the_last_tick),
	CASE(rows_that_no_view_wants_are_let_go), CASE(the_first_frame_waits_for_slow_cells),
	CASE(a_read_that_hangs_delays_no_tick), CASE(a_stuck_lane_fails_its_cells_and_says_so),
	CASE(a_late_result_for_a_reused_slot_is_thrown_away),
	CASE(a_result_for_a_closed_table_is_thrown_away),
	CASE(what_no_worker_has_begun_for_a_closed_table_is_not_done),
	CASE(more_slow_reads_than_the_lane_takes_at_once),
	CASE(a_slow_cell_is_stamped_whenever_it_is_sampled),
	CASE(a_drifting_slow_cell_is_refreshed_within_five_seconds),
	CASE(bad_requests_are_refused), CASE(views_are_limited_and_equal_requests_share_one),
	CASE(nobody_keeps_others_from_views), CASE(a_failed_list_costs_no_tick_and_is_named),
	CASE(the_server_shows_itself), CASE(a_large_table_comes_in_parts),
	CASE(a_steady_tick_allocates_only_the_frame),
	CASE(replicas_stay_equal_over_a_hundred_thousand_frames))

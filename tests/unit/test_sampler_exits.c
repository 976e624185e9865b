/* Rows of processes that have ended: who is shown them, how often, and with what in them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "stage.h"

static struct replica *new_reader(bool exits, uint64_t interval_ns, uint64_t pid)
{
	struct replica *replica = new_replica();

	replica->exits = exits;
	CHECK_INT(replica_subscribe(replica, sampler, now, interval_ns, pid ? &pid : NULL,
			  pid != 0, A(CPU_TOTAL), A(COMM), A(PPID), A(EXIT_STATUS), END),
		0);
	return replica;
}

static const struct replica_row *ended_row(const struct replica *replica, uint64_t pid)
{
	const struct replica_row *row = replica_by_pid(replica, pid);

	CHECK(row && row->exited);
	return row;
}

TEST(a_process_that_ended_is_shown_once_more_with_its_last_values)
{
	setup();
	fake_run(fake_add(7), 100);
	struct replica *replica = new_reader(true, SECOND, 0);
	next_tick();
	CHECK_INT(state(replica, 7, A(EXIT_STATUS)), STATE_NONE);
	CHECK(!replica_by_pid(replica, 7)->exited);
	fake_exit(7, 1792)->cpu_ns = 250;
	next_tick();
	ended_row(replica, 7);
	CHECK_INT(number(replica, 7, A(EXIT_STATUS)), 1792);
	CHECK_INT(number(replica, 7, A(CPU_TOTAL)), 250);
	/* The source did not know these any more: they stay what they were. */
	CHECK_INT(number(replica, 7, A(PPID)), 1);
	CHECK_TEXT(replica_cell(replica, replica_by_pid(replica, 7), A(COMM)).text, "p7");
	next_tick();
	CHECK_INT(replica_count(replica), 0);
	CHECK_INT(replica->removed, 1);
	next_tick();
	CHECK_INT(replica->removed, 0);
	CHECK_INT(replica->exits_shown, 1);
	drop(replica);
	teardown();
}

TEST(who_did_not_ask_sees_it_removed_at_once)
{
	setup();
	fake_add(7);
	struct replica *with = new_reader(true, SECOND, 0);
	struct replica *without = new_reader(false, SECOND, 0);
	next_tick();
	fake_exit(7, 0);
	next_tick();
	ended_row(with, 7);
	CHECK_INT(replica_count(without), 0);
	CHECK_INT(without->exited, 0);
	drop(with);
	drop(without);
	teardown();
}

TEST(nobody_asks_and_the_provider_is_not_told_to_tell)
{
	setup();
	fake_add(7);
	struct replica *replica = new_reader(false, SECOND, 0);
	next_tick();
	CHECK_INT(fake->exits, EXITS_NONE);
	fake_exit(7, 0);
	fake_flash(8, 0);
	uint64_t reads = fake_reads(FAKE_EXIT);
	next_tick();
	CHECK_INT(replica_count(replica), 0);
	CHECK_INT(fake_reads(FAKE_EXIT), reads);
	drop(replica);
	teardown();
}

TEST(every_reader_is_shown_it_once_whatever_its_interval)
{
	static const uint64_t intervals[] = {100 * MS, 300 * MS, SECOND, 25 * SECOND};
	struct replica *replicas[4];

	setup();
	fake_add(1);
	for (int i = 0; i < 4; i++)
		replicas[i] = new_reader(true, intervals[i], 0);
	next_tick();
	for (uint64_t pid = 2; pid < 40; pid++) {
		fake_add(pid);
		run_until(now + 400 * MS);
		fake_exit(pid, pid);
		run_until(now + 500 * MS);
		CHECK(replicas[0]->exits_shown == pid - 1);
		CHECK(replica_count(replicas[0]) == 1);
	}
	run_until(now + 51 * SECOND);
	for (int i = 0; i < 3; i++)
		CHECK_INT(replicas[i]->exits_shown, 38);
	/* This one was not told of those that were born and died between its frames as rows, but
	 * of their ends, for they were rows of the others. */
	CHECK_INT(replicas[3]->exits_shown, 38);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(replica_count(replicas[i]), 1);
		drop(replicas[i]);
	}
	teardown();
}

TEST(a_process_that_no_list_found_alive_is_shown)
{
	setup();
	struct replica *all = new_reader(true, SECOND, 0);
	struct replica *without = new_reader(false, SECOND, 0);
	next_tick();
	fake_flash(9, 256)->cpu_ns = 5;
	next_tick();
	ended_row(all, 9);
	CHECK_INT(number(all, 9, A(EXIT_STATUS)), 256);
	CHECK_INT(number(all, 9, A(CPU_TOTAL)), 5);
	/* Never read, and never to be: it is not pending. */
	CHECK_INT(state(all, 9, A(COMM)), STATE_NONE);
	CHECK_INT(replica_count(without), 0);
	next_tick();
	CHECK_INT(replica_count(all), 0);
	drop(all);
	drop(without);
	teardown();
}

TEST(a_filter_shows_the_end_of_its_process_and_of_no_other)
{
	setup();
	fake_add(7);
	fake_add(8);
	struct replica *replica = new_reader(true, SECOND, 7);
	next_tick();
	CHECK_INT(fake->exits, EXITS_OF_ROWS);
	fake_exit(8, 0);
	fake_flash(9, 0);
	next_tick();
	CHECK_INT(replica->exits_shown, 0);
	fake_exit(7, 1);
	/* Its pid is used again at once: that is another process. */
	next_tick();
	ended_row(replica, 7);
	fake_add(7);
	struct replica *later = new_reader(true, SECOND, 7);
	next_tick();
	CHECK(!replica_by_pid(later, 7)->exited);
	next_tick();
	CHECK_INT(replica_count(replica), 0);
	drop(replica);
	drop(later);
	teardown();
}

TEST(a_reader_that_was_held_back_is_waited_for_ten_seconds)
{
	setup();
	fake_add(7);
	fake_add(8);
	struct replica *fast = new_reader(true, SECOND, 0);
	struct replica *slow = new_reader(true, SECOND, 0);
	next_tick();
	slow->stalled = true;
	fake_exit(7, 0);
	run_until(now + 8 * SECOND);
	slow->stalled = false;
	sampler_drained(sampler, &slow->subscriber, now);
	run_until(now + SECOND);
	CHECK_INT(slow->exits_shown, 1);
	run_until(now + SECOND);
	slow->stalled = true;
	fake_exit(8, 0);
	run_until(now + (EXITS_PATIENCE_S + 2) * SECOND);
	slow->stalled = false;
	sampler_drained(sampler, &slow->subscriber, now);
	run_until(now + SECOND);
	CHECK_INT(slow->exits_shown, 1);
	CHECK_INT(replica_count(slow), 0);
	CHECK_INT(fast->exits_shown, 2);
	drop(fast);
	drop(slow);
	teardown();
}

TEST(a_slot_is_not_used_again_before_its_row_is_out)
{
	setup();
	fake_add(7);
	struct replica *replica = new_reader(true, SECOND, 0);
	next_tick();
	for (uint64_t pid = 100; pid < 120; pid++) {
		fake_exit(pid == 100 ? 7 : pid - 1, pid);
		fake_add(pid);
		next_tick();
		ended_row(replica, pid == 100 ? 7 : pid - 1);
		CHECK(!replica_by_pid(replica, pid)->exited);
		CHECK_INT(replica_count(replica), 2);
	}
	drop(replica);
	teardown();
}

TEST(what_waits_is_bounded_and_the_oldest_go_first)
{
	setup();
	struct replica *fast = new_reader(true, 100 * MS, 0);
	struct replica *slow = new_reader(true, 60 * SECOND, 0);
	next_tick();
	run_until(60 * SECOND);
	uint64_t pid = 1;
	while (pid <= EXITS_MAX + 96) {
		for (int i = 0; i < 16; i++)
			fake_flash(pid++, 0);
		next_tick();
	}
	CHECK_INT(fast->exits_shown, EXITS_MAX + 96);
	CHECK_INT(slow->exits_shown, 0);
	run_until(120 * SECOND);
	CHECK_INT(slow->exits_shown, EXITS_MAX);
	CHECK(!replica_by_pid(slow, 96));
	ended_row(slow, 97);
	struct replica *server = new_replica();
	CHECK_INT(replica_subscribe(server, sampler, now, SECOND, NULL, 0,
			  ATTRIBUTE_SERVER_NAME, ATTRIBUTE_SERVER_EXITS_DROPPED, END),
		0);
	next_tick();
	for (int i = 0; i < REPLICA_SLOTS; i++) {
		const struct replica_row *row = &server->rows[i];
		if (row->alive && strcmp(replica_cell(server, row, ATTRIBUTE_SERVER_NAME).text,
					  "total") == 0)
			CHECK_INT(
				replica_cell(server, row, ATTRIBUTE_SERVER_EXITS_DROPPED).bits,
				96);
	}
	drop(server);
	drop(fast);
	drop(slow);
	teardown();
}

TEST(a_row_that_turns_out_dead_still_shows_its_end)
{
	setup();
	fake_add(7);
	struct replica *replica = new_reader(true, SECOND, 0);
	next_tick();
	fake_run(fake_find(7), 10);
	fake_find(7)->results[FAKE_STAT] = SAMPLE_GONE;
	next_tick();
	CHECK(!replica_by_pid(replica, 7)->exited);
	fake->processes[0].results[FAKE_STAT] = STATE_OK;
	next_tick();
	ended_row(replica, 7);
	next_tick();
	CHECK_INT(replica_count(replica), 0);
	drop(replica);
	teardown();
}

TEST(an_end_is_not_lost_when_the_table_is_opened_anew)
{
	setup();
	fake_add(7);
	struct replica *one = new_reader(true, SECOND, 7);
	struct replica *all = new_reader(false, SECOND, 0);
	next_tick();
	drop(all);
	fake_exit(7, 3);
	uint32_t opens = fake->opens;
	next_tick();
	CHECK_INT(fake->opens, opens + 1);
	ended_row(one, 7);
	next_tick();
	CHECK_INT(replica_count(one), 0);
	drop(one);
	teardown();
}

TEST(a_late_result_for_a_row_that_ended_is_thrown_away)
{
	setup();
	fake_add(7);
	struct replica *replica = new_replica();
	replica->exits = true;
	CHECK_INT(
		replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CMDLINE), END), 0);
	next_tick();
	next_tick(); /* nobody has run the job */
	fake_exit(7, 0);
	next_tick();
	ended_row(replica, 7);
	CHECK(state(replica, 7, A(CMDLINE)) != STATE_PENDING);
	while (lane_run_by_hand(sampler_lane(sampler), now))
		;
	next_tick();
	CHECK_INT(replica_count(replica), 0);
	drop(replica);
	teardown();
}

/* ------------------------------------------------------------------------------- churn */

/* By identity: when the process ended, and how often each reader was shown that. */
enum { READERS = 6, IDENTITIES = 1 << 20, FIRST_IDENTITY = 1000 };

static uint64_t *ended_ns;
static uint8_t (*shown)[READERS];
static struct replica *readers[READERS];
static unsigned random_state = 4711;

static unsigned random_below(unsigned limit)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % limit;
}

static void note_exit(struct replica *replica, const struct replica_row *row)
{
	for (int i = 0; i < READERS; i++)
		if (readers[i] == replica)
			shown[row->identity - FIRST_IDENTITY][i]++;
	CHECK(ended_ns[row->identity - FIRST_IDENTITY]);
}

static void churn_exits(void)
{
	for (uint32_t i = 0; i < fake->count; i++) {
		struct fake_process *process = &fake->processes[i];
		if (!process->dead && random_below(10) == 0) {
			fake_exit(process->pid, process->identity);
			/* One that no list has found yet never will be. */
			if (process->listed)
				ended_ns[process->identity - FIRST_IDENTITY] = now;
		} else if (!process->dead && random_below(3) == 0) {
			fake_run(process, random_below(1000));
		}
	}
	for (unsigned i = random_below(4); i > 0; i--) {
		uint64_t pid = 1 + random_below(40);
		if (fake_find(pid))
			continue;
		if (random_below(3))
			fake_add(pid);
		else
			ended_ns[fake_flash(pid, 0)->identity - FIRST_IDENTITY] = now;
	}
}

static void check_rows(const struct replica *replica)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < fake->count; i++) {
		const struct fake_process *process = &fake->processes[i];
		const struct replica_row *row = replica_by_pid(replica, process->pid);
		if (process->dead)
			continue;
		count++;
		CHECK(row);
		if (!row->exited)
			CHECK_INT(row->identity, process->identity);
	}
	for (int i = 0; i < REPLICA_SLOTS; i++)
		if (replica->rows[i].alive && replica->rows[i].exited)
			count++;
	CHECK_INT(replica_count(replica), count);
}

TEST(every_end_is_shown_once_over_a_hundred_thousand_frames)
{
	uint64_t frames = 0, joined_ns[READERS];

	test_timeout(120);
	setup();
	ended_ns = calloc(IDENTITIES, sizeof *ended_ns);
	shown = calloc(IDENTITIES, sizeof *shown);
	for (int i = 0; i < READERS; i++) {
		/* Two without exits, each with an interval of its own. */
		readers[i] = new_reader(i >= 2, (uint64_t)(1 + i) * 100 * MS, 0);
		readers[i]->on_exit = note_exit;
		joined_ns[i] = now;
	}
	while (frames < 100000) {
		churn_exits();
		for (int i = 0; i < READERS; i++) {
			bool was = readers[i]->stalled;
			readers[i]->stalled = random_below(10) < 3;
			if (was && !readers[i]->stalled)
				sampler_drained(sampler, &readers[i]->subscriber, now);
		}
		if (sampler_next_due(sampler) == NEVER)
			continue;
		uint64_t before[READERS];
		for (int i = 0; i < READERS; i++)
			before[i] = readers[i]->frames;
		now++;
		next_tick();
		frames = 0;
		for (int i = 0; i < READERS; i++) {
			frames += readers[i]->frames;
			if (readers[i]->frames > before[i])
				check_rows(readers[i]);
		}
	}
	for (uint64_t id = 0; id < IDENTITIES; id++)
		for (int i = 0; i < READERS && ended_ns[id]; i++) {
			bool due = i >= 2 && ended_ns[id] > joined_ns[i] &&
				   now - ended_ns[id] > 20 * SECOND;
			CHECK(shown[id][i] <= (i >= 2));
			CHECK(!due || shown[id][i] == 1);
		}
	for (int i = 0; i < READERS; i++)
		drop(readers[i]);
	free(ended_ns);
	free(shown);
	teardown();
}

TESTS(CASE(a_process_that_ended_is_shown_once_more_with_its_last_values),
	CASE(who_did_not_ask_sees_it_removed_at_once),
	CASE(nobody_asks_and_the_provider_is_not_told_to_tell),
	CASE(every_reader_is_shown_it_once_whatever_its_interval),
	CASE(a_process_that_no_list_found_alive_is_shown),
	CASE(a_filter_shows_the_end_of_its_process_and_of_no_other),
	CASE(a_reader_that_was_held_back_is_waited_for_ten_seconds),
	CASE(a_slot_is_not_used_again_before_its_row_is_out),
	CASE(what_waits_is_bounded_and_the_oldest_go_first),
	CASE(a_row_that_turns_out_dead_still_shows_its_end),
	CASE(an_end_is_not_lost_when_the_table_is_opened_anew),
	CASE(a_late_result_for_a_row_that_ended_is_thrown_away),
	CASE(every_end_is_shown_once_over_a_hundred_thousand_frames))

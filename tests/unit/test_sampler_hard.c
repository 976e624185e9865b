/* The tick where it is hard: views that meet, readers that stall, clients that ask for much. */
#include <errno.h>

#include "sampler_state.h"
#include "stage.h"

/* On the grid, with processes 10, 11 .. */
static void begin(uint32_t processes)
{
	setup();
	now = 10 * SECOND;
	for (uint32_t i = 0; i < processes; i++)
		fake_add(10 + i);
}

static void ask(struct replica *replica, uint64_t interval_ns, enum attribute_index attribute)
{
	CHECK_INT(
		replica_subscribe(replica, sampler, now, interval_ns, NULL, 0, attribute, END),
		0);
}

static void ask_pid(struct replica *replica, uint64_t interval_ns, uint64_t pid,
	enum attribute_index attribute)
{
	CHECK_INT(
		replica_subscribe(replica, sampler, now, interval_ns, &pid, 1, attribute, END),
		0);
}

/* ------------------------------------------------------------------------- filters */

TEST(a_filter_that_was_not_due_keeps_its_process_when_the_table_is_opened_anew)
{
	begin(2);
	struct replica *all = new_replica(), *one = new_replica(), *other = new_replica();
	ask(all, SECOND, A(PID));
	ask_pid(one, SECOND, 10, A(PID));
	ask_pid(other, 3 * SECOND, 11, A(PID));
	next_tick();
	run_until(12 * SECOND + 500 * MS);
	drop(all);
	run_until(20 * SECOND);
	CHECK_INT(replica_count(one), 1);
	CHECK_INT(replica_count(other), 1);
	drop(one);
	drop(other);
	teardown();
}

TEST(a_filter_that_was_held_back_finds_its_process)
{
	begin(2);
	struct replica *one = new_replica(), *stalled = new_replica();
	ask_pid(one, SECOND, 10, A(PID));
	stalled->stalled = true;
	ask_pid(stalled, SECOND, 11, A(PID));
	next_tick();
	stalled->stalled = false;
	sampler_drained(sampler, &stalled->subscriber, now);
	run_until(now + 5 * SECOND);
	CHECK_INT(replica_count(stalled), 1);
	drop(one);
	drop(stalled);
	teardown();
}

TEST(a_filter_survives_a_failed_list)
{
	begin(1);
	struct replica *replica = new_replica();
	ask_pid(replica, SECOND, 10, A(PID));
	fake->list_result = -EMFILE;
	next_tick();
	fake->list_result = 0;
	run_until(now + 5 * SECOND);
	CHECK_INT(replica_count(replica), 1);
	drop(replica);
	teardown();
}

TEST(what_a_filter_wants_is_read_of_its_processes_only)
{
	begin(100);
	struct replica *one = new_replica(), *all = new_replica(), *once = new_replica();
	const uint64_t pid = 10;
	CHECK_INT(replica_subscribe(
			  one, sampler, now, SECOND, &pid, 1, A(MEM_PSS), A(FILES_OPEN), END),
		0);
	ask(all, SECOND, A(PID));
	run_until(now + 3 * SECOND);
	while (lane_run_by_hand(sampler_lane(sampler), now))
		;
	CHECK_INT(fake_reads(FAKE_SMAPS), 1);
	CHECK_INT(fake_reads(FAKE_FILES), fake_find(10)->reads[FAKE_FILES]);
	CHECK(fake_reads(FAKE_FILES) >= 3);
	/* Nor does a one-shot about one process force reads of all. */
	uint64_t reads = fake_reads(FAKE_IDENTITY);
	ask_pid(once, 0, 11, A(PID));
	run_until(now + SECOND);
	CHECK_INT(once->frames, 1);
	CHECK_INT(fake_reads(FAKE_IDENTITY), reads + 1);
	drop(one);
	drop(all);
	drop(once);
	teardown();
}

TEST(many_equal_filters_are_gathered_once)
{
	enum { SESSIONS = 64, PIDS = 1024 };
	static struct replica *replicas[SESSIONS];
	static uint64_t pids[PIDS];
	begin(10);
	for (uint64_t i = 0; i < PIDS; i++)
		pids[i] = 10 + i;
	for (int i = 0; i < SESSIONS; i++) {
		replicas[i] = new_replica();
		CHECK_INT(replica_subscribe(
				  replicas[i], sampler, now, 100 * MS, pids, PIDS, A(PID), END),
			0);
	}
	next_tick();
	CHECK(sampler->pid_capacity <= 2 * (PIDS + 1));
	for (int i = 0; i < SESSIONS; i++)
		drop(replicas[i]);
	teardown();
}

/* ---------------------------------------------------------------------------- times */

TEST(a_frame_that_waited_is_stamped_with_the_time_of_its_values)
{
	begin(1);
	struct fake_process *process = fake_find(10);
	process->cpu_ns = 5 * SECOND;
	struct replica *replica = new_replica();
	now += 700 * MS;
	CHECK_INT(replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(CPU_TOTAL),
			  A(CMDLINE), END),
		0);
	next_tick();
	CHECK_INT(replica->frames, 0);
	lane_start_by_hand(sampler_lane(sampler), now); /* and it hangs */
	fake_run(process, 240 * MS);
	next_tick();
	CHECK_INT(replica->frames, 1);
	CHECK_INT(replica->sampled_ns, now);
	CHECK_INT(number(replica, 10, A(CPU_TOTAL)), 5 * SECOND + 240 * MS);
	drop(replica);
	teardown();
}

TEST(a_newcomer_is_not_given_values_of_mixed_times)
{
	begin(1);
	struct fake_process *process = fake_find(10);
	struct replica *all = new_replica(), *one = new_replica(), *newcomer = new_replica();
	ask(all, 10 * SECOND, A(CPU_TOTAL));
	next_tick();
	ask_pid(one, 100 * MS, 10, A(CPU_TOTAL));
	for (int i = 0; i < 5; i++) {
		next_tick();
		fake_run(process, 100 * MS);
	}
	now += MS;
	ask(newcomer, 10 * SECOND, A(CPU_TOTAL));
	sampler_tick(sampler, now);
	CHECK_INT(newcomer->sampled_ns, now);
	CHECK_INT(number(newcomer, 10, A(CPU_TOTAL)), 500 * MS);
	drop(all);
	drop(one);
	drop(newcomer);
	teardown();
}

TEST(a_newcomer_is_not_given_an_old_table)
{
	begin(1);
	struct replica *old = new_replica(), *newcomer = new_replica();
	ask(old, 3600 * SECOND, A(PID));
	next_tick();
	fake_kill(10);
	fake_add(11);
	now += 1001 * MS;
	ask(newcomer, 3600 * SECOND, A(PID));
	sampler_tick(sampler, now);
	CHECK(!replica_by_pid(newcomer, 10));
	CHECK(replica_by_pid(newcomer, 11));
	drop(old);
	drop(newcomer);
	teardown();
}

TEST(a_refresh_is_in_time_at_an_interval_that_does_not_divide_it)
{
	enum { COUNT = 50 };
	begin(COUNT);
	struct replica *replica = new_replica();
	ask(replica, 3 * SECOND, A(MEM_RESIDENT));
	next_tick();
	for (uint64_t pid = 10; pid < 10 + COUNT; pid++)
		fake_find(pid)->resident = 5000;
	run_until(now + 5 * SECOND);
	for (uint64_t pid = 10; pid < 10 + COUNT; pid++)
		CHECK_INT(number(replica, pid, A(MEM_RESIDENT)), 5000 * 1024);
	drop(replica);
	teardown();
}

/* -------------------------------------------------------------------------- readers */

TEST(a_one_shot_that_was_held_back_still_waits_for_slow_cells)
{
	begin(1);
	struct replica *replica = new_replica();
	replica->stalled = true;
	ask(replica, 0, A(CMDLINE));
	next_tick();
	replica->stalled = false;
	sampler_drained(sampler, &replica->subscriber, now);
	next_tick();
	CHECK_INT(replica->frames, 0);
	lane_run_by_hand(sampler_lane(sampler), now);
	sampler_tick(sampler, ++now);
	CHECK_INT(replica->frames, 1);
	CHECK_TEXT(replica_cell(replica, replica_by_pid(replica, 10), A(CMDLINE)).text,
		"/bin/p10 -x");
	drop(replica);
	teardown();
}

/* A session whose output is full after each frame. */
struct narrow {
	struct subscriber subscriber;
	bool full;
	uint32_t frames[4];
};

static bool narrow_drained(struct subscriber *subscriber)
{
	return !((struct narrow *)(void *)subscriber)->full;
}

static void narrow_send(struct subscriber *subscriber, uint32_t request, struct frame *frame)
{
	struct narrow *self = (struct narrow *)(void *)subscriber;

	(void)frame;
	self->frames[request]++;
	self->full = true;
}

TEST(requests_of_a_narrow_session_take_turns)
{
	static const struct subscriber_ops ops = {narrow_drained, narrow_send, NULL};
	struct narrow narrow = {.subscriber = {.ops = &ops, .session = 77, .client = "narrow"}};
	const uint16_t wanted[] = {A(PID), A(PPID), A(COMM)};
	uint64_t full_since = 0;

	begin(1);
	struct replica *other = new_replica();
	for (uint32_t i = 1; i <= 3; i++) {
		struct request request = {.request = i,
			.table = TABLE_PROCESS,
			.interval_ns = SECOND,
			.attributes = &wanted[i - 1],
			.attribute_count = 1};
		CHECK_INT(sampler_subscribe(sampler, now, &narrow.subscriber, &request), 0);
	}
	ask(other, 100 * MS, A(PID));
	for (int i = 0; i < 1200; i++) {
		next_tick();
		if (narrow.full && !full_since)
			full_since = now;
		if (full_since && now - full_since >= 900 * MS) {
			full_since = 0;
			narrow.full = false;
			sampler_drained(sampler, &narrow.subscriber, now);
		}
	}
	for (uint32_t i = 1; i <= 3; i++)
		CHECK(narrow.frames[i] >= 30); /* a third of 120 s, about */
	sampler_drop(sampler, &narrow.subscriber);
	drop(other);
	teardown();
}

TEST(sent_frames_are_not_kept)
{
	begin(10);
	struct replica *replica = new_replica();
	ask(replica, 86400 * SECOND, A(PID));
	next_tick();
	CHECK_INT(replica->frames, 1);
	CHECK_INT(sampler->views->base_count, 0);
	CHECK(!sampler->views->frames[0]);
	drop(replica);
	teardown();
}

TEST(slow_reads_that_nobody_wants_any_more_are_not_begun)
{
	begin(1000);
	struct replica *keeper = new_replica(), *replica = new_replica();
	ask(keeper, 10 * SECOND, A(PID));
	ask(replica, 10 * SECOND, A(MEM_PSS));
	next_tick();
	drop(replica);
	for (int i = 0; i < 20; i++) {
		while (lane_run_by_hand(sampler_lane(sampler), now))
			;
		sampler_tick(sampler, now);
	}
	CHECK_INT(fake_reads(FAKE_SMAPS), LANE_JOBS_MAX);
	drop(keeper);
	teardown();
}

TEST(who_comes_and_goes_costs_no_more_than_the_shortest_interval)
{
	begin(100);
	struct replica *keeper = new_replica(), *pest = new_replica();
	ask(keeper, SECOND, A(PID));
	next_tick();
	now += 500 * MS;
	uint64_t begin = now;
	for (int i = 0; i < 500; i++) { /* a second of one-shots */
		now += 2 * MS;
		if (replica_subscribe(pest, sampler, now, 0, NULL, 0, A(FILES_OPEN), END) == 0)
			pest->ended = 0;
		if (sampler_next_due(sampler) <= now)
			sampler_tick(sampler, now);
	}
	CHECK_INT(now - begin, SECOND);
	/* The first few at once, then one a grid point. */
	CHECK(fake_reads(FAKE_FILES) <= 100 * (8 + 10 + 1));
	CHECK(pest->frames >= 10);
	drop(keeper);
	drop(pest);
	teardown();
}

/* ---------------------------------------------------------------------- own tables */

static const struct replica_row *total_row(const struct replica *replica)
{
	for (int i = 0; i < REPLICA_SLOTS; i++)
		if (replica->rows[i].alive && replica->rows[i].identity == 1)
			return &replica->rows[i];
	return NULL;
}

TEST(work_of_tables_that_are_no_more_still_counts)
{
	begin(50);
	struct replica *server = new_replica(), *first = new_replica(), *second = new_replica();
	ask(server, SECOND, ATTRIBUTE_SERVER_READS);
	ask(first, SECOND, A(FILES_OPEN));
	run_until(now + 10 * SECOND);
	uint64_t before = replica_cell(server, total_row(server), ATTRIBUTE_SERVER_READS).bits;
	drop(first);
	run_until(now + 2 * SECOND);
	uint64_t reads = fake_reads(FAKE_FILES);
	ask(second, SECOND, A(FILES_OPEN));
	run_until(now + 5 * SECOND);
	uint64_t after = replica_cell(server, total_row(server), ATTRIBUTE_SERVER_READS).bits;
	CHECK(after - before >=
		fake_reads(FAKE_FILES) - reads - 50); /* SERVER is sampled first */
	drop(server);
	drop(second);
	teardown();
}

TEST(a_request_number_used_again_is_another_row)
{
	begin(1);
	struct replica *sessions = new_replica(), *client = new_replica();
	CHECK_INT(replica_subscribe(sessions, sampler, now, 10 * SECOND, NULL, 0,
			  ATTRIBUTE_SESSION_CLIENT_PID, ATTRIBUTE_SESSION_FRAMES, END),
		0);
	ask(client, 100 * MS, A(PID));
	run_until(now + 10 * SECOND);
	CHECK_INT(sampler_cancel(sampler, &client->subscriber, 1), 0);
	ask(client, 10 * SECOND, A(PID));
	run_until(now + 10 * SECOND);
	uint32_t rows = 0;
	for (int i = 0; i < REPLICA_SLOTS; i++) {
		const struct replica_row *row = &sessions->rows[i];
		if (!row->alive)
			continue;
		rows++;
		CHECK(replica_cell(sessions, row, ATTRIBUTE_SESSION_FRAMES).bits < 10);
	}
	CHECK_INT(rows, 2);
	drop(sessions);
	drop(client);
	teardown();
}

static int ask_threads(struct replica *replica, uint64_t pid)
{
	struct request request = {.request = 1,
		.table = TABLE_THREAD,
		.target_pid = pid,
		.interval_ns = SECOND,
		.attributes = (uint16_t[]){ATTRIBUTE_THREAD_TID},
		.attribute_count = 1};

	replica->columns[replica->column_count++] = attributes[ATTRIBUTE_THREAD_TID].id;
	return sampler_subscribe(sampler, now, &replica->subscriber, &request);
}

/* Another process has got the pid, and nobody has looked since. */
TEST(a_target_is_a_process_and_not_a_pid)
{
	setup();
	struct replica *first = new_replica(), *same = new_replica(), *later = new_replica();
	fake->target = 1000;
	CHECK_INT(ask_threads(first, 10), 0);
	CHECK_INT(ask_threads(same, 10), 0);
	next_tick();
	CHECK_INT(fake->opens, 1);
	fake->target = 2000;
	CHECK_INT(ask_threads(later, 10), 0);
	CHECK_INT(fake->opens, 2);
	next_tick();
	CHECK_INT(later->frames, 1);
	CHECK_INT(later->rows[0].identity, 2000);
	CHECK_INT(first->rows[0].identity, 1000);
	next_tick();
	CHECK_INT(first->ended + same->ended, 2);
	CHECK_INT(first->ended_error, -ESRCH);
	CHECK_INT(later->ended, 0);
	drop(first);
	drop(same);
	drop(later);
	teardown();
}

TESTS(CASE(a_target_is_a_process_and_not_a_pid),
	CASE(a_filter_that_was_not_due_keeps_its_process_when_the_table_is_opened_anew),
	CASE(a_filter_that_was_held_back_finds_its_process),
	CASE(a_filter_survives_a_failed_list),
	CASE(what_a_filter_wants_is_read_of_its_processes_only),
	CASE(many_equal_filters_are_gathered_once),
	CASE(a_frame_that_waited_is_stamped_with_the_time_of_its_values),
	CASE(a_newcomer_is_not_given_values_of_mixed_times),
	CASE(a_newcomer_is_not_given_an_old_table),
	CASE(a_refresh_is_in_time_at_an_interval_that_does_not_divide_it),
	CASE(a_one_shot_that_was_held_back_still_waits_for_slow_cells),
	CASE(requests_of_a_narrow_session_take_turns), CASE(sent_frames_are_not_kept),
	CASE(slow_reads_that_nobody_wants_any_more_are_not_begun),
	CASE(who_comes_and_goes_costs_no_more_than_the_shortest_interval),
	CASE(work_of_tables_that_are_no_more_still_counts),
	CASE(a_request_number_used_again_is_another_row))

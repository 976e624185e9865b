/* What sampling may cost: the slow lane is stretched first, then intervals, and frames say so. */
#include "sampler_state.h"
#include "stage.h"

static uint64_t stat_cost, smaps_cost; /* CPU time of one read */

/* The clock of the loop's thread: reads are all that it spends its time with. Those of the
 * workers are counted in too, for in these tests they have no threads. */
static uint64_t spent(void *context)
{
	(void)context;
	return fake_reads(FAKE_STAT) * stat_cost + fake_reads(FAKE_SMAPS) * smaps_cost;
}

static void setup_with(uint32_t percent)
{
	struct sampler_config config = {
		.realtime = realtime, .thread_cpu = spent, .budget_percent = percent};

	fake_create();
	config.platform = &fake->platform;
	sampler = sampler_create(&config);
	now = 10 * SECOND + 30 * MS;
	stat_cost = smaps_cost = 0;
}

static struct replica *ask(enum attribute_index first, enum attribute_index second)
{
	struct replica *replica = new_replica();

	CHECK_INT(
		replica_subscribe(replica, sampler, now, 100 * MS, NULL, 0, first, second, END),
		0);
	return replica;
}

/* Everybody works all the time. */
static void work(uint64_t length_ns)
{
	uint64_t end = now + length_ns;

	while (sampler_next_due(sampler) <= end) {
		for (uint32_t i = 0; i < fake->count; i++)
			fake_run(&fake->processes[i], 1);
		next_tick();
		while (lane_run_by_hand(sampler_lane(sampler), now))
			;
	}
	now = end;
}

TEST(sampling_stays_below_its_share_and_frames_go_on)
{
	setup_with(25);
	stat_cost = MS;
	for (uint64_t pid = 1; pid <= 100; pid++) /* 100 ms of CPU every 100 ms */
		fake_add(pid);
	struct replica *replica = ask(A(CPU_TOTAL), A(PID));
	work(60 * SECOND);
	CHECK(spent(NULL) <= 60 * SECOND / 4 + SECOND / 4 + 100 * MS);
	CHECK(spent(NULL) >= 60 * SECOND / 5); /* and the share is used */
	CHECK_INT(replica->frames, 601);
	CHECK(sampler->counters.stretched > 300);
	drop(replica);
	teardown();
}

TEST(a_frame_names_what_was_left_out_and_the_next_sample_says_all)
{
	setup_with(25);
	stat_cost = 100 * MS;
	struct fake_process *process = fake_add(10);
	struct replica *replica = ask(A(CPU_TOTAL), A(MEM_RESIDENT));
	uint64_t seen = 0;
	bool left_out = false, sampled = false;
	for (int i = 0; i < 100; i++) {
		uint64_t before = fake_reads(FAKE_STAT);
		uint64_t sampled_ns = replica->sampled_ns;
		fake_run(process, 1);
		next_tick();
		if (fake_reads(FAKE_STAT) == before) {
			CHECK_INT(replica->unsampled, 2);
			CHECK_INT(number(replica, 10, A(CPU_TOTAL)), seen);
			CHECK_INT(replica->sampled_ns, sampled_ns);
			left_out = true;
		} else {
			CHECK_INT(replica->unsampled, 0);
			seen = number(replica, 10, A(CPU_TOTAL));
			CHECK_INT(seen, (uint64_t)i + 1);
			sampled |= left_out;
		}
	}
	CHECK(left_out && sampled);
	drop(replica);
	teardown();
}

TEST(the_slow_lane_is_stretched_before_intervals)
{
	setup_with(25);
	stat_cost = 20 * MS; /* 20 % of a core */
	smaps_cost = 50 * MS;
	fake_add(10);
	struct replica *replica = ask(A(CPU_TOTAL), A(MEM_PSS));
	work(60 * SECOND);
	CHECK_INT(fake_reads(FAKE_STAT), 600);
	CHECK_INT(sampler->counters.stretched, 0);
	CHECK(sampler->counters.slow_stretched > 300);
	CHECK(fake_reads(FAKE_SMAPS) >= 6);
	CHECK(fake_reads(FAKE_SMAPS) <= 70);
	drop(replica);
	teardown();
}

TEST(the_slow_lane_is_never_left_out_for_long)
{
	setup_with(25);
	stat_cost = 50 * MS; /* alone it is twice too much */
	fake_add(10);
	struct replica *replica = ask(A(CPU_TOTAL), A(MEM_PSS));
	work(30 * SECOND);
	for (int i = 0; i < 3; i++) {
		uint64_t before = fake_reads(FAKE_SMAPS), begin;
		while (fake_reads(FAKE_SMAPS) == before)
			work(100 * MS);
		begin = now;
		before++;
		/* Not a tick before its time, and not one later. */
		work(BUDGET_SLOW_S * SECOND - 100 * MS);
		CHECK_INT(fake_reads(FAKE_SMAPS), before);
		work(100 * MS);
		CHECK_INT(fake_reads(FAKE_SMAPS), before + 1);
		CHECK_INT(now - begin, BUDGET_SLOW_S * SECOND);
	}
	drop(replica);
	teardown();
}

TEST(without_a_budget_nothing_is_left_out)
{
	setup_with(0);
	stat_cost = smaps_cost = 200 * MS;
	fake_add(10);
	struct replica *replica = ask(A(CPU_TOTAL), A(MEM_PSS));
	work(20 * SECOND);
	CHECK_INT(sampler->counters.stretched + sampler->counters.slow_stretched, 0);
	drop(replica);
	teardown();
}

TEST(a_newcomer_waits_a_second_at_most_and_who_asks_once_is_no_way_round)
{
	setup_with(25);
	stat_cost = 100 * MS;
	fake_add(10);
	struct replica *replica = ask(A(CPU_TOTAL), A(PID));
	work(20 * SECOND);
	uint64_t asked_ns = now, before = fake_reads(FAKE_STAT), shots = 0;
	while (now < asked_ns + 20 * SECOND) {
		struct replica *once = new_replica();
		uint64_t start_ns = now;
		CHECK_INT(replica_subscribe(once, sampler, now, 0, NULL, 0, A(CPU_TOTAL), END),
			0);
		while (!once->frames)
			next_tick();
		CHECK(now - start_ns <= SECOND + 100 * MS);
		CHECK(number(once, 10, A(CPU_TOTAL)) > 0);
		drop(once);
		shots++;
	}
	CHECK(shots >= 20);
	/* A quarter of the time, and what the debt may be. */
	CHECK((fake_reads(FAKE_STAT) - before) * stat_cost <= 20 * SECOND / 4 + 3 * SECOND / 2);
	drop(replica);
	teardown();
}

/* Sampled of some rows only, a source is of no single time; the frames are. */
TEST(frames_of_a_filter_never_go_back_in_time)
{
	setup_with(25);
	stat_cost = 100 * MS;
	struct fake_process *process = fake_add(10);
	struct replica *replica = new_replica();
	uint64_t before = 0, left_out = 0;
	CHECK_INT(replica_subscribe(replica, sampler, now, 100 * MS, &(uint64_t){10}, 1,
			  A(CPU_TOTAL), END),
		0);
	for (int i = 0; i < 50; i++) {
		fake_run(process, 1);
		next_tick();
		CHECK(replica->sampled_ns > 0 && replica->sampled_ns >= before);
		before = replica->sampled_ns;
		left_out += replica->unsampled;
	}
	CHECK(left_out > 0);
	drop(replica);
	teardown();
}

TEST(who_waits_for_more_of_a_source_does_not_turn_the_time_of_others_back)
{
	setup_with(25);
	stat_cost = 100 * MS;
	struct fake_process *process = fake_add(10);
	struct replica *replica = ask(A(CPU_TOTAL), A(PID));
	uint64_t before = 0;
	work(5 * SECOND);
	struct replica *other = ask(A(PPID), A(PID));
	for (int i = 0; i < 20; i++) {
		fake_run(process, 1);
		next_tick();
		CHECK(replica->sampled_ns > 0 && replica->sampled_ns >= before);
		before = replica->sampled_ns;
	}
	CHECK(other->frames > 0);
	drop(replica);
	drop(other);
	teardown();
}

/* Ten that ask once again and again, each at another moment. */
TEST(many_who_ask_once_are_no_way_round_either)
{
	enum { CLIENTS = 10 };
	setup_with(25);
	stat_cost = 100 * MS;
	fake_add(10);
	struct replica *replica = ask(A(CPU_TOTAL), A(PID)), *once[CLIENTS] = {NULL};
	uint64_t start_ns, before, answers = 0;
	work(20 * SECOND);
	start_ns = now;
	before = fake_reads(FAKE_STAT);
	for (int turn = 0; now < start_ns + 20 * SECOND; turn++) {
		struct replica **mine = &once[turn % CLIENTS];
		if (*mine && (*mine)->frames) {
			drop(*mine);
			*mine = NULL;
			answers++;
		}
		if (!*mine) {
			*mine = new_replica();
			CHECK_INT(replica_subscribe(
					  *mine, sampler, now, 0, NULL, 0, A(CPU_TOTAL), END),
				0);
		}
		next_tick();
	}
	CHECK(answers >= CLIENTS);
	/* What the share allows, and one more a second at most. */
	CHECK((fake_reads(FAKE_STAT) - before) * stat_cost <= 20 * SECOND / 4 + 25 * stat_cost);
	for (int i = 0; i < CLIENTS; i++)
		if (once[i])
			drop(once[i]);
	drop(replica);
	teardown();
}

TEST(a_single_dear_tick_does_not_silence_the_server_for_long)
{
	setup_with(10);
	fake_add(10);
	struct replica *replica = ask(A(CPU_TOTAL), A(PID));
	work(SECOND);
	stat_cost = 10 * SECOND; /* all reads so far, it seems now */
	work(200 * MS);
	stat_cost = 0;
	uint64_t before = fake_reads(FAKE_STAT);
	work(6 * SECOND);
	CHECK(fake_reads(FAKE_STAT) > before);
	drop(replica);
	teardown();
}

TEST(the_server_says_what_it_left_out)
{
	setup_with(25);
	stat_cost = 50 * MS;
	fake_add(10);
	struct replica *replica = ask(A(CPU_TOTAL), A(MEM_PSS)), *status = new_replica();
	work(20 * SECOND);
	CHECK_INT(replica_subscribe(status, sampler, now, 0, NULL, 0, ATTRIBUTE_SERVER_BUDGET,
			  ATTRIBUTE_SERVER_STRETCHED, ATTRIBUTE_SERVER_SLOW_STRETCHED, END),
		0);
	while (!status->frames)
		next_tick();
	const struct replica_row *total = &status->rows[0];
	double budget;
	uint64_t bits = replica_cell(status, total, ATTRIBUTE_SERVER_BUDGET).bits;
	memcpy(&budget, &bits, sizeof budget);
	CHECK(budget == 0.25);
	CHECK(replica_cell(status, total, ATTRIBUTE_SERVER_STRETCHED).bits > 0);
	CHECK(replica_cell(status, total, ATTRIBUTE_SERVER_SLOW_STRETCHED).bits > 0);
	CHECK_INT(replica_cell(status, &status->rows[1], ATTRIBUTE_SERVER_BUDGET).state,
		STATE_NONE);
	drop(replica);
	drop(status);
	teardown();
}

TESTS(CASE(sampling_stays_below_its_share_and_frames_go_on),
	CASE(a_frame_names_what_was_left_out_and_the_next_sample_says_all),
	CASE(the_slow_lane_is_stretched_before_intervals),
	CASE(the_slow_lane_is_never_left_out_for_long),
	CASE(without_a_budget_nothing_is_left_out),
	CASE(a_newcomer_waits_a_second_at_most_and_who_asks_once_is_no_way_round),
	CASE(frames_of_a_filter_never_go_back_in_time),
	CASE(who_waits_for_more_of_a_source_does_not_turn_the_time_of_others_back),
	CASE(many_who_ask_once_are_no_way_round_either),
	CASE(a_single_dear_tick_does_not_silence_the_server_for_long),
	CASE(the_server_says_what_it_left_out))

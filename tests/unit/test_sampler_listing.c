/* Tables whose rows workers find: frames wait for them a while, and say what they had to leave. */
#include <errno.h>

#include "listing.h"
#include "mappings.h"
#include "sampler_state.h"
#include "stage.h"
#include "wire.h"

#define R(symbol) ATTRIBUTE_REGION_##symbol
#define BOTH      (1 << FAKE_MAP | 1 << FAKE_PAGES)
#define TARGET    10

static struct replica *ask(
	uint64_t interval_ns, enum attribute_index first, enum attribute_index second)
{
	struct replica *replica = new_replica();

	replica->target_pid = TARGET;
	CHECK_INT(replica_subscribe(
			  replica, sampler, now, interval_ns, NULL, 0, first, second, END),
		0);
	return replica;
}

static const struct instance *table_of_regions(void)
{
	const struct instance *i = sampler->instances;

	while (i && i->table_id != TABLE_REGION)
		i = i->next;
	return i;
}

/* Does the loop go on at once? */
static bool is_reading(void)
{
	const struct instance *i = sampler->instances;

	while (i && !listing_is_reading(i))
		i = i->next;
	return i;
}

/* The worker does all that it is asked for, which takes so long; the loop looks at once. */
static void work(uint64_t length_ns)
{
	now += length_ns;
	while (lane_run_by_hand(sampler_lane(sampler), now))
		do
			sampler_tick(sampler, now);
		while (is_reading());
}

/* The next tick that is due by itself, and the jobs that come of it. */
static void tick_and_work(void)
{
	next_tick();
	work(MS);
}

static bool has(const struct replica *replica, uint64_t start)
{
	for (int i = 0; i < REPLICA_SLOTS; i++)
		if (replica->rows[i].alive && replica->rows[i].identity == start)
			return true;
	return false;
}

static struct replica_cell cell(
	const struct replica *replica, uint64_t start, enum attribute_index attribute)
{
	for (int i = 0; i < REPLICA_SLOTS; i++)
		if (replica->rows[i].alive && replica->rows[i].identity == start)
			return replica_cell(replica, &replica->rows[i], attribute);
	CHECK(false);
	return (struct replica_cell){0};
}

TEST(the_first_frame_waits_for_the_rows_and_has_their_time)
{
	setup();
	fake_region_add(1, 4096, 100);
	fake_region_add(2, 8192, 200);
	struct replica *replica = ask(SECOND, R(SIZE), R(MEM_RESIDENT));
	next_tick();
	CHECK_INT(replica->frames, 0);
	work(30 * MS);
	CHECK_INT(replica->frames, 1);
	CHECK_INT(replica->sampled_ns, now);
	CHECK(!replica->incomplete);
	CHECK_INT(replica->unsampled, 0);
	CHECK_INT(replica_count(replica), 2);
	CHECK_INT(cell(replica, 2, R(SIZE)).bits, 8192);
	CHECK_INT(cell(replica, 2, R(MEM_RESIDENT)).bits, 200);
	CHECK_INT(cell(replica, 2, R(MEM_RESIDENT)).age_ns, 0);
	CHECK_INT(fake_regions.sought, BOTH);
	drop(replica);
	teardown();
}

TEST(every_frame_waits_and_says_what_was_born_what_died_and_what_changed)
{
	setup();
	fake_region_add(1, 4096, 0);
	fake_region_add(2, 8192, 0);
	struct replica *replica = ask(SECOND, R(START), R(SIZE));
	tick_and_work();
	fake_regions.regions[0].size = 12288;
	fake_region_drop();
	fake_region_add(3, 4096, 0);
	next_tick();
	CHECK_INT(replica->frames, 1);
	work(20 * MS);
	CHECK_INT(replica->frames, 2);
	CHECK(replica->since != 0);
	CHECK_INT(replica->added, 1);
	CHECK_INT(replica->removed, 1);
	CHECK_INT(replica->cells_named, 3);
	CHECK_INT(replica->sampled_ns, now);
	CHECK_INT(cell(replica, 1, R(SIZE)).bits, 12288);
	CHECK(has(replica, 3) && !has(replica, 2));
	uint64_t due = sampler_next_due(sampler);
	CHECK_INT(due % SECOND, 0); /* on the grid, as if it had not waited */
	tick_and_work();
	CHECK_INT(replica->frames, 3);
	CHECK_INT(replica->cells_named, 0);
	drop(replica);
	teardown();
}

TEST(a_worker_that_hangs_delays_only_its_own_first_frame)
{
	setup();
	fake_region_add(1, 4096, 0);
	fake_add(20);
	struct replica *regions = ask(SECOND, R(START), R(MEM_RESIDENT));
	struct replica *processes = new_replica();
	replica_subscribe(processes, sampler, now, 100 * MS, NULL, 0, A(PID), END);
	next_tick();
	lane_start_by_hand(sampler_lane(sampler), now);
	uint64_t start = now;
	run_until(start + LANE_PATIENCE_NS - MS);
	CHECK_INT(regions->frames, 0);
	CHECK_INT(processes->frames, 3);
	run_until(start + LANE_PATIENCE_NS);
	CHECK_INT(regions->frames, 1);
	CHECK(regions->incomplete);
	CHECK_INT(regions->unsampled, 2);
	CHECK_INT(replica_count(regions), 0);
	CHECK(table_of_regions()->listing.running); /* no other worker is to hang there too */
	run_until(start + 3 * SECOND); /* its other frames come when they are due */
	CHECK_INT(regions->frames, 4);
	CHECK(regions->incomplete);
	CHECK_INT(processes->frames, 31);
	CHECK_INT(fake_regions.prepared, 1);
	drop(regions);
	drop(processes);
	teardown();
}

TEST(what_comes_late_is_used)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *replica = ask(SECOND, R(START), R(MEM_RESIDENT));
	next_tick();
	lane_start_by_hand(sampler_lane(sampler), now);
	run_until(now + 400 * MS);
	CHECK(replica->incomplete);
	lane_run_by_hand(sampler_lane(sampler), now);
	sampler_tick(sampler, now);
	uint64_t finished = now;
	CHECK_INT(replica->frames, 1); /* it is not due */
	next_tick();
	lane_start_by_hand(sampler_lane(sampler), now);
	run_until(now + LANE_PATIENCE_NS); /* the next one is late too */
	CHECK_INT(replica->frames, 2);
	CHECK(!replica->incomplete);
	CHECK_INT(replica->unsampled, 2);
	CHECK_INT(replica->sampled_ns, finished);
	CHECK_INT(cell(replica, 1, R(MEM_RESIDENT)).bits, 7);
	lane_run_by_hand(sampler_lane(sampler), now);
	sampler_tick(sampler, now);
	tick_and_work();
	CHECK_INT(replica->frames, 3);
	CHECK_INT(replica->unsampled, 0);
	CHECK_INT(replica->sampled_ns, now);
	drop(replica);
	teardown();
}

TEST(what_cannot_be_read_leaves_the_rows_as_they_were_and_is_named)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *replica = ask(SECOND, R(START), R(MEM_RESIDENT));
	tick_and_work();
	uint64_t sampled_ns = replica->sampled_ns;
	fake_regions.run_result = STATE_FAILED;
	fake_region_add(2, 4096, 7);
	tick_and_work();
	CHECK_INT(replica->frames, 2);
	CHECK_INT(replica->unsampled, 2);
	CHECK_INT(replica->sampled_ns, sampled_ns);
	CHECK_INT(replica_count(replica), 1);
	CHECK_INT(fake_regions.prepared, 2); /* once a frame and no more */
	fake_regions.run_result = STATE_OK;
	fake_regions.list_result = -EIO;
	tick_and_work();
	CHECK_INT(replica->unsampled, 2);
	fake_regions.list_result = 0;
	fake_regions.prepare_result = STATE_FAILED;
	tick_and_work();
	CHECK_INT(replica->frames, 4);
	CHECK_INT(replica->unsampled, 2);
	CHECK_INT(fake_regions.released, 3); /* what is not prepared holds nothing */
	fake_regions.prepare_result = STATE_OK;
	tick_and_work();
	CHECK_INT(replica->unsampled, 0);
	CHECK_INT(replica_count(replica), 2);
	CHECK_INT(sampler->instances->sources[FAKE_MAP].failures, 3);
	CHECK_INT(sampler->instances->sources[FAKE_PAGES].reads, 5);
	drop(replica);
	teardown();
}

/* No address space, which is no error. */
TEST(a_target_without_rows_is_complete)
{
	setup();
	fake_regions.run_result = STATE_NONE;
	struct replica *replica = ask(SECOND, R(START), R(MEM_RESIDENT));
	tick_and_work();
	CHECK_INT(replica->frames, 1);
	CHECK_INT(replica->unsampled, 0);
	CHECK(!replica->incomplete);
	drop(replica);
	teardown();
}

static void check_end(int prepare_result, int run_result, int list_result, int error)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *replica = ask(SECOND, R(START), R(MEM_RESIDENT));
	struct replica *other = ask(500 * MS, R(START), R(SIZE));
	tick_and_work();
	fake_regions.prepare_result = prepare_result;
	fake_regions.run_result = run_result;
	fake_regions.list_result = list_result;
	tick_and_work();
	CHECK_INT(replica->ended, 1);
	CHECK_INT(replica->ended_error, error);
	CHECK_INT(other->ended_error, error);
	CHECK_INT(replica->frames, 1);
	CHECK_INT(fake->closes, 1);
	CHECK_INT(fake_regions.prepared, 2); /* nothing more is looked for */
	drop(replica);
	drop(other);
	teardown();
}

TEST(a_target_that_is_denied_or_gone_ends_its_requests)
{
	check_end(STATE_OK, STATE_DENIED, 0, -EACCES);
	check_end(STATE_DENIED, STATE_OK, 0, -EACCES);
	check_end(STATE_OK, SAMPLE_GONE, 0, -ESRCH);
	check_end(SAMPLE_GONE, STATE_OK, 0, -ESRCH);
	check_end(STATE_OK, STATE_OK, -ESRCH, -ESRCH);
}

/* Of a table with this many rows a replica would be too large. */
struct reader {
	struct subscriber subscriber;
	uint32_t frames;
	bool incomplete;
};

static bool drained(struct subscriber *subscriber)
{
	(void)subscriber;
	return true;
}

static void take(struct subscriber *subscriber, uint32_t request, struct frame *frame)
{
	struct reader *self = (struct reader *)(void *)subscriber;
	const struct frame_part *part = frame->parts[frame->part_count - 1];
	Procmon__ServerMessage *message =
		procmon__server_message__unpack(NULL, part->size, part->bytes);

	(void)request;
	self->frames++;
	self->incomplete = message->frame->incomplete;
	procmon__server_message__free_unpacked(message, NULL);
}

TEST(more_rows_than_a_table_takes_are_incomplete)
{
	static const struct subscriber_ops ops = {.drained = drained, .send = take};
	struct reader reader = {.subscriber = {.ops = &ops, .client = "reader"}};
	struct request request = {.request = 1,
		.table = TABLE_REGION,
		.target_pid = TARGET,
		.interval_ns = SECOND,
		.attributes = (uint16_t[]){R(START)},
		.attribute_count = 1};
	setup();
	for (uint64_t start = 0; start < TABLE_ROWS_MAX; start++)
		fake_region_add(start, 4096, 0);
	sampler_add_session(sampler, &reader.subscriber);
	CHECK_INT(sampler_subscribe(sampler, now, &reader.subscriber, &request), 0);
	tick_and_work();
	CHECK_INT(reader.frames, 1);
	CHECK(!reader.incomplete);
	fake_region_add(TABLE_ROWS_MAX, 4096, 0);
	tick_and_work();
	CHECK_INT(reader.frames, 2);
	CHECK(reader.incomplete);
	fake_region_drop();
	tick_and_work();
	CHECK(!reader.incomplete);
	sampler_drop(sampler, &reader.subscriber);
	teardown();
}

/* However many processes somebody asks about. */
TEST(all_such_tables_together_have_a_limit)
{
	enum { TABLES = LISTING_ROWS_MAX / TABLE_ROWS_MAX + 1 };
	static const struct subscriber_ops ops = {.drained = drained, .send = take};
	struct reader readers[TABLES];

	setup();
	for (uint64_t start = 0; start < TABLE_ROWS_MAX; start++)
		fake_region_add(start, 4096, 0);
	for (uint32_t i = 0; i < TABLES; i++) {
		struct request request = {.request = 1,
			.table = TABLE_REGION,
			.target_pid = TARGET + i,
			.interval_ns = SECOND,
			.attributes = (uint16_t[]){R(START)},
			.attribute_count = 1};
		readers[i] = (struct reader){.subscriber = {.ops = &ops, .client = "reader"}};
		sampler_add_session(sampler, &readers[i].subscriber);
		CHECK_INT(sampler_subscribe(sampler, now, &readers[i].subscriber, &request), 0);
		tick_and_work();
		CHECK(readers[i].frames > 0);
		CHECK_INT(readers[i].incomplete, i == TABLES - 1);
	}
	/* The first one goes, and leaves its room to the last. */
	sampler_drop(sampler, &readers[0].subscriber);
	tick_and_work();
	tick_and_work();
	CHECK(!readers[TABLES - 1].incomplete);
	for (uint32_t i = 1; i < TABLES; i++)
		sampler_drop(sampler, &readers[i].subscriber);
	teardown();
}

TEST(only_what_is_due_is_looked_for)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *map = ask(SECOND, R(START), R(SIZE));
	struct replica *pages = ask(4 * SECOND, R(START), R(MEM_RESIDENT));
	tick_and_work();
	CHECK_INT(fake_regions.sought, BOTH);
	fake_regions.regions[0] = (struct fake_region){1, 8192, 8};
	tick_and_work();
	CHECK_INT(map->frames, 2);
	CHECK_INT(fake_regions.sought, 1 << FAKE_MAP);
	while (pages->frames < 2)
		tick_and_work();
	CHECK_INT(fake_regions.sought, BOTH);
	CHECK_INT(pages->unsampled, 0);
	CHECK_INT(cell(pages, 1, R(MEM_RESIDENT)).bits, 8);
	drop(map);
	drop(pages);
	teardown();
}

TEST(who_wants_more_while_a_worker_looks_gets_it)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *map = ask(SECOND, R(START), R(SIZE));
	next_tick();
	lane_start_by_hand(sampler_lane(sampler), now);
	struct replica *pages = ask(SECOND, R(END), R(MEM_RESIDENT));
	sampler_tick(sampler, now += MS);
	CHECK_INT(fake_regions.prepared, 1);
	lane_run_by_hand(sampler_lane(sampler), now += MS);
	sampler_tick(sampler, now);
	CHECK_INT(map->frames, 1);
	CHECK_INT(map->unsampled, 0);
	CHECK_INT(pages->frames, 0);
	CHECK_INT(fake_regions.prepared, 2);
	fake_regions.regions[0].size = 8192;
	fake_region_add(2, 4096, 9);
	work(MS);
	CHECK_INT(pages->frames, 1);
	CHECK_INT(pages->unsampled, 0);
	CHECK(!pages->incomplete);
	CHECK_INT(pages->sampled_ns, now);
	CHECK_INT(cell(pages, 1, R(MEM_RESIDENT)).bits, 7);
	/* The rows are those of that moment, with all that was asked of them. */
	CHECK_INT(cell(pages, 1, R(END)).bits, 1 + 8192);
	CHECK_INT(cell(pages, 2, R(END)).bits, 2 + 4096);
	CHECK_INT(cell(pages, 2, R(MEM_RESIDENT)).bits, 9);
	CHECK_INT(fake_regions.prepared, 2);
	drop(map);
	drop(pages);
	teardown();
}

TEST(a_large_table_is_read_piece_by_piece_and_shown_whole)
{
	enum { ROWS = 2 * LISTING_ROWS_AT_ONCE + 1 };
	setup();
	fake_add(20);
	for (uint64_t start = 0; start < ROWS; start++)
		fake_region_add(start, 4096, start);
	struct replica *map = ask(0, R(START), R(SIZE));
	next_tick();
	struct replica *pages =
		ask(0, R(START), R(MEM_RESIDENT)); /* two jobs: the second is late */
	lane_run_by_hand(sampler_lane(sampler), now += MS);
	uint64_t finished = now;
	sampler_tick(sampler, now += MS);
	CHECK(is_reading());
	CHECK_INT(sampler_next_due(sampler), now);
	CHECK_INT(fake_regions.reads, LISTING_ROWS_AT_ONCE);
	struct replica *process = new_replica();
	replica_subscribe(process, sampler, now, 0, NULL, 0, A(PID), END);
	sampler_tick(sampler, now += LANE_PATIENCE_NS); /* however long it takes */
	CHECK_INT(process->frames, 1);
	CHECK_INT(map->frames, 0);
	CHECK_INT(fake_regions.prepared, 1);
	struct replica *more = ask(0, R(START), R(END));
	sampler_tick(sampler, now += MS);
	CHECK_INT(map->frames, 0);
	sampler_tick(sampler, now += MS);
	sampler_tick(sampler, now += MS);
	CHECK(!is_reading());
	CHECK_INT(map->frames, 1);
	CHECK_INT(map->sampled_ns, finished);
	CHECK_INT(replica_count(map), ROWS);
	CHECK_INT(cell(map, ROWS - 1, R(SIZE)).bits, 4096);
	/* Who came meanwhile had all rows read again. */
	CHECK_INT(more->frames, 1);
	CHECK_INT(cell(more, 0, R(END)).bits, 4096);
	CHECK_INT(cell(more, ROWS - 1, R(END)).bits, ROWS - 1 + 4096);
	CHECK_INT(pages->frames, 1);
	CHECK_INT(pages->unsampled, 1);
	drop(map);
	drop(pages);
	drop(process);
	drop(more);
	teardown();
}

/* Each time with a column that nobody else has, for which what was read is read again. */
TEST(who_comes_and_goes_does_not_keep_others_waiting)
{
	enum { ROWS = 2 * LISTING_ROWS_AT_ONCE, TICKS = 20 };
	int ticks = 0;
	setup();
	for (uint64_t start = 0; start < ROWS; start++)
		fake_region_add(start, 4096, start);
	struct replica *map = ask(SECOND, R(START), R(SIZE));
	next_tick();
	lane_run_by_hand(sampler_lane(sampler), now += MS);
	sampler_tick(sampler, now);
	for (; ticks < TICKS && is_reading(); ticks++) {
		struct replica *more = ask(0, R(START), R(END));
		sampler_tick(sampler, now += MS);
		drop(more);
	}
	CHECK(ticks < TICKS);
	CHECK_INT(map->frames, 1);
	CHECK_INT(map->unsampled, 0);
	CHECK_INT(replica_count(map), ROWS);
	CHECK_INT(cell(map, ROWS - 1, R(SIZE)).bits, 4096);
	/* Not all of its cells are there for everybody: not even a newcomer takes it so. */
	struct replica *late = ask(SECOND, R(START), R(END));
	tick_and_work();
	CHECK_INT(late->frames, 1);
	CHECK_INT(cell(late, 0, R(END)).bits, 4096);
	CHECK_INT(cell(late, ROWS - 1, R(END)).bits, ROWS - 1 + 4096);
	drop(map);
	drop(late);
	teardown();
}

TEST(a_row_that_is_as_it_was_is_not_read)
{
	setup();
	for (uint64_t start = 1; start <= 10; start++)
		fake_region_add(start, 4096, 7);
	struct replica *map = ask(SECOND, R(START), R(SIZE));
	tick_and_work();
	CHECK_INT(fake_regions.reads, 10);
	fake_regions.regions[3].size = 8192;
	tick_and_work();
	CHECK_INT(fake_regions.reads, 11);
	CHECK_INT(cell(map, 4, R(SIZE)).bits, 8192);
	CHECK_INT(sampler->instances->sources[FAKE_MAP].skips, 9);
	struct replica *more =
		ask(SECOND, R(START), R(END)); /* wants more of the same source */
	tick_and_work();
	CHECK_INT(fake_regions.reads, 21);
	CHECK_INT(cell(more, 1, R(END)).bits, 4097);
	drop(map);
	drop(more);
	teardown();
}

/* He who wanted more is gone before it was looked for. */
TEST(what_nobody_wants_any_more_is_not_looked_for)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *map = ask(SECOND, R(START), R(SIZE));
	next_tick();
	lane_start_by_hand(sampler_lane(sampler), now);
	struct replica *pages = ask(SECOND, R(START), R(MEM_RESIDENT));
	sampler_tick(sampler, now += MS);
	drop(pages);
	work(MS);
	CHECK_INT(map->frames, 1);
	CHECK_INT(fake_regions.prepared, 1);
	drop(map);
	teardown();
}

TEST(a_worker_may_come_back_when_nobody_is_there)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *replica = ask(0, R(START), R(SIZE));
	next_tick();
	lane_start_by_hand(sampler_lane(sampler), now);
	drop(replica);
	CHECK_INT(fake->closes, 1);
	CHECK_INT(sampler_next_due(sampler), NEVER);
	work(MS);
	CHECK_INT(fake_regions.released, 1);
	CHECK_INT(fake_regions.prepared, 1);
	teardown();
}

TEST(a_one_shot_gets_its_rows_or_what_there_is_after_a_while)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *replica = ask(0, R(START), R(SIZE));
	tick_and_work();
	CHECK_INT(replica->frames, 1);
	CHECK(has(replica, 1));
	CHECK_INT(replica->ended, 1);
	CHECK_INT(replica->ended_error, 0);
	drop(replica);
	replica = ask(0, R(START), R(SIZE));
	next_tick();
	lane_start_by_hand(sampler_lane(sampler), now);
	run_until(now + LANE_PATIENCE_NS);
	CHECK_INT(replica->frames, 1);
	CHECK(replica->incomplete);
	CHECK_INT(replica->ended, 1);
	drop(replica);
	teardown();
}

/* Rows are there though nothing that was asked of them can be measured. */
TEST(rows_are_looked_for_whatever_is_wanted_of_them)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *replica = ask(SECOND, R(FLAGS), R(FLAGS));
	tick_and_work();
	CHECK_INT(replica->frames, 1);
	CHECK(!replica->incomplete);
	CHECK_INT(replica_count(replica), 1);
	CHECK_INT(cell(replica, 1, R(FLAGS)).state, STATE_UNSUPPORTED);
	drop(replica);
	teardown();
}

TEST(for_a_reader_that_takes_nothing_nothing_is_looked_for)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *replica = ask(SECOND, R(START), R(SIZE));
	tick_and_work();
	replica->stalled = true;
	next_tick();
	CHECK_INT(fake_regions.prepared, 1);
	CHECK_INT(sampler_next_due(sampler), NEVER);
	replica->stalled = false;
	sampler_drained(sampler, &replica->subscriber, now);
	next_tick();
	CHECK_INT(fake_regions.prepared, 2);
	replica->stalled = true; /* while it waits */
	work(MS);
	CHECK_INT(replica->frames, 1);
	replica->stalled = false;
	sampler_drained(sampler, &replica->subscriber, now);
	fake_region_add(2, 4096, 7);
	tick_and_work();
	CHECK_INT(replica->frames, 2);
	CHECK(has(replica, 2));
	drop(replica);
	teardown();
}

TEST(a_newcomer_is_answered_from_fresh_rows)
{
	setup();
	fake_region_add(1, 4096, 7);
	struct replica *first = ask(SECOND, R(START), R(SIZE));
	tick_and_work();
	struct replica *second = ask(SECOND, R(START), R(SIZE));
	sampler_tick(sampler, now += MS);
	CHECK_INT(second->frames, 1);
	CHECK_INT(second->sampled_ns, first->sampled_ns);
	CHECK_INT(second->unsampled, 0);
	CHECK(has(second, 1));
	CHECK_INT(fake_regions.prepared, 1);
	drop(first);
	drop(second);
	teardown();
}

TEST(a_stuck_lane_is_not_waited_for)
{
	setup();
	fake_region_add(1, 4096, 7);
	fake_add(20);
	struct replica *slow = new_replica();
	replica_subscribe(slow, sampler, now, SECOND, NULL, 0, A(CMDLINE), END);
	next_tick();
	lane_start_by_hand(sampler_lane(sampler), now);
	run_until(now + LANE_PATIENCE_NS);
	struct replica *replica = ask(SECOND, R(START), R(SIZE));
	sampler_tick(sampler, now);
	CHECK_INT(replica->frames, 1);
	CHECK(replica->incomplete);
	CHECK_INT(replica->unsampled, 2);
	CHECK_INT(fake_regions.prepared, 0);
	lane_run_by_hand(sampler_lane(sampler), now);
	sampler_tick(sampler, now);
	while (replica->frames < 2)
		tick_and_work();
	CHECK(!replica->incomplete);
	CHECK_INT(replica->unsampled, 0);
	drop(slow);
	drop(replica);
	teardown();
}

/* CPU time of the loop: each job costs a second. */
static uint64_t spent(void *context)
{
	(void)context;
	return fake_regions.prepared * SECOND;
}

static void setup_with_budget(void)
{
	struct sampler_config config = {
		.realtime = realtime, .thread_cpu = spent, .budget_percent = 25};

	fake_create();
	config.platform = &fake->platform;
	sampler = sampler_create(&config);
	now = 10 * SECOND + 30 * MS;
}

/* Pages are so seldom asked for that it would be their turn, but not that of the rows. */
TEST(cells_are_left_out_with_their_rows)
{
	setup_with_budget();
	fake_region_add(1, 4096, 7);
	struct replica *map = ask(100 * MS, R(START), R(SIZE));
	struct replica *pages = ask(2 * SECOND, R(START), R(MEM_RESIDENT));
	uint32_t prepared = 0;
	tick_and_work();
	while (pages->frames < 2) {
		prepared = fake_regions.prepared;
		sampler->budget.credit_ns = 0; /* what a tenth of a second brings is little */
		tick_and_work();
	}
	CHECK_INT(pages->unsampled, 2);
	CHECK_INT(fake_regions.prepared, prepared);
	drop(map);
	drop(pages);
	teardown();
}

TEST(when_the_budget_is_spent_nothing_is_looked_for_and_the_frame_says_so)
{
	setup_with_budget();
	fake_region_add(1, 4096, 7);
	struct replica *replica = ask(SECOND, R(START), R(MEM_RESIDENT));
	uint64_t looks = 0, left_out = 0;
	tick_and_work();
	for (int i = 0; i < 60; i++) {
		uint32_t before = fake_regions.prepared;
		uint64_t sampled_ns = replica->sampled_ns;
		tick_and_work();
		CHECK_INT(replica->frames, i + 2);
		looks += fake_regions.prepared - before;
		left_out += fake_regions.prepared == before;
		CHECK_INT(replica->unsampled, fake_regions.prepared == before ? 2 : 0);
		CHECK((replica->sampled_ns == sampled_ns) == (fake_regions.prepared == before));
	}
	CHECK(looks >= 5);
	CHECK(left_out >= 40);
	drop(replica);
	teardown();
}

TESTS(CASE(the_first_frame_waits_for_the_rows_and_has_their_time),
	CASE(every_frame_waits_and_says_what_was_born_what_died_and_what_changed),
	CASE(a_worker_that_hangs_delays_only_its_own_first_frame),
	CASE(what_comes_late_is_used),
	CASE(what_cannot_be_read_leaves_the_rows_as_they_were_and_is_named),
	CASE(a_target_without_rows_is_complete),
	CASE(a_target_that_is_denied_or_gone_ends_its_requests),
	CASE(more_rows_than_a_table_takes_are_incomplete),
	CASE(all_such_tables_together_have_a_limit), CASE(only_what_is_due_is_looked_for),
	CASE(who_wants_more_while_a_worker_looks_gets_it),
	CASE(a_large_table_is_read_piece_by_piece_and_shown_whole),
	CASE(who_comes_and_goes_does_not_keep_others_waiting),
	CASE(a_row_that_is_as_it_was_is_not_read),
	CASE(what_nobody_wants_any_more_is_not_looked_for),
	CASE(a_worker_may_come_back_when_nobody_is_there),
	CASE(a_one_shot_gets_its_rows_or_what_there_is_after_a_while),
	CASE(rows_are_looked_for_whatever_is_wanted_of_them),
	CASE(for_a_reader_that_takes_nothing_nothing_is_looked_for),
	CASE(a_newcomer_is_answered_from_fresh_rows), CASE(a_stuck_lane_is_not_waited_for),
	CASE(cells_are_left_out_with_their_rows),
	CASE(when_the_budget_is_spent_nothing_is_looked_for_and_the_frame_says_so))

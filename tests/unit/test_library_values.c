/* What the user of the library sees of the cells: values, states, rates and ages. */
#include <math.h>

#include "peer.h"

/* One request on a scripted server, and the table that it got last. */
struct bench {
	struct peer peer;
	struct procmon_connection *connection;
	struct procmon_request *request;
	struct procmon_table *table; /* retained */
	int calls;
};

static void keep_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct bench *bench = context;

	CHECK(request == bench->request);
	procmon_release(bench->table);
	bench->table = procmon_retain(table);
	bench->calls++;
}

static void bench_open(struct bench *self, const uint32_t *ids, size_t count)
{
	*self = (struct bench){0};
	self->connection = peer_connect(&self->peer);
	CHECK_INT(procmon_request_create(
			  self->connection, PROCMON_PROCESS, keep_table, self, &self->request),
		0);
	CHECK_INT(procmon_request_add_attributes(self->request, ids, count), 0);
	CHECK_INT(procmon_request_set_interval(self->request, SECOND), 0);
	CHECK_INT(procmon_request_execute(self->request), 0);
}

#define BENCH_OPEN(bench, ...)                                                                 \
	bench_open(bench, (const uint32_t[]){__VA_ARGS__},                                     \
		sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void bench_send(struct bench *self, struct script *script)
{
	script_send(script, &self->peer, 1);
	CHECK_INT(procmon_dispatch(self->connection, 5000), 1);
}

static void bench_close(struct bench *self)
{
	procmon_release(self->table);
	procmon_release(self->request);
	procmon_release(self->connection);
	peer_close(&self->peer);
}

static struct procmon_row *find_row(const struct bench *self, uint64_t identity)
{
	for (size_t i = 0; i < procmon_table_get_count(self->table); i++) {
		struct procmon_row *row = procmon_table_get_row(self->table, i);
		if (procmon_row_get_identity(row) == identity)
			return row;
	}
	return NULL;
}

static struct procmon_value get(const struct bench *self, uint64_t identity, uint32_t attribute)
{
	struct procmon_value value;
	struct procmon_row *row = find_row(self, identity);

	CHECK(row);
	CHECK_INT(procmon_row_get_value(row, attribute, &value), 0);
	return value;
}

static struct procmon_value get_rate(
	const struct bench *self, uint64_t identity, uint32_t attribute)
{
	struct procmon_value value;

	CHECK_INT(procmon_row_get_rate(find_row(self, identity), attribute, &value), 0);
	return value;
}

static void check_number(struct procmon_value value, double expected)
{
	CHECK_INT(value.state, PROCMON_OK);
	CHECK_INT(value.type, PROCMON_F64);
	if (fabs(value.f64 - expected) > 1e-9 * fabs(expected))
		test_fail(__FILE__, __LINE__, "%g, expected %g", value.f64, expected);
}

TEST(values_of_every_type_arrive)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_PID, ID_NICE, ID_LOAD, ID_COMM);
	script_init(&script, 9, 0, 100 * SECOND);
	script_add(&script, 3, 1003, 33);
	script_add(&script, 700, 1700, 77);
	script_u64(&script, ID_PID, 700, UINT64_MAX);
	script_i64(&script, ID_NICE, 700, INT64_MIN);
	script_f64(&script, ID_LOAD, 700, -0.25);
	script_text(&script, ID_COMM, 700, "gr\xc3\xbc\xc3\x9f dich");
	script_text(&script, ID_COMM, 3, "");
	bench_send(&bench, &script);
	CHECK_INT(procmon_table_get_count(bench.table), 2);
	CHECK_INT(procmon_table_get_tick(bench.table), 9);
	CHECK(procmon_table_get_timestamp(bench.table) == 100 * SECOND);
	CHECK(procmon_table_get_realtime(bench.table) == 1600000100 * SECOND);
	CHECK_INT(procmon_row_get_pid(find_row(&bench, 1700)), 77);
	CHECK(get(&bench, 1700, ID_PID).u64 == UINT64_MAX);
	CHECK(get(&bench, 1700, ID_NICE).i64 == INT64_MIN);
	CHECK_INT(get(&bench, 1700, ID_NICE).type, PROCMON_I64);
	check_number(get(&bench, 1700, ID_LOAD), -0.25);
	CHECK_TEXT(get(&bench, 1700, ID_COMM).text, "gr\xc3\xbc\xc3\x9f dich");
	CHECK_TEXT(get(&bench, 1003, ID_COMM).text, "");
	CHECK_INT(get(&bench, 1003, ID_PID).state, PROCMON_PENDING);
	CHECK(!get(&bench, 1003, ID_PID).text);
	CHECK(!procmon_table_get_row(bench.table, 2));
	struct procmon_value value;
	CHECK_INT(procmon_row_get_value(find_row(&bench, 1003), ID_READ, &value), -ENOENT);
	CHECK_INT(procmon_row_get_rate(find_row(&bench, 1003), ID_READ, &value), -ENOENT);
	CHECK_INT(procmon_row_get_rate(find_row(&bench, 1003), ID_PID, &value), -EINVAL);
	bench_close(&bench);
}

TEST(absent_cells_say_why)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_PID, ID_GPU, ID_GPU_USAGE, ID_READ, ID_READ_RATE, ID_COMM);
	script_init(&script, 1, 0, SECOND);
	for (uint32_t slot = 0; slot < 4; slot++)
		script_add(&script, slot, 100 + slot, slot);
	script_column(&script, ID_GPU)->default_state = PROCMON__STATE__UNSUPPORTED;
	script_absent(&script, ID_READ, 0, PROCMON__STATE__DENIED);
	script_absent(&script, ID_READ, 1, PROCMON__STATE__ASLEEP);
	script_u64(&script, ID_READ, 2, 5);
	script_absent(&script, ID_READ, 3, (Procmon__State)1000); /* of a later version */
	script_text(&script, ID_COMM, 0, "a name");
	bench_send(&bench, &script);
	CHECK_INT(get(&bench, 100, ID_GPU).state, PROCMON_UNSUPPORTED);
	CHECK_INT(get(&bench, 100, ID_GPU_USAGE).state, PROCMON_UNSUPPORTED);
	CHECK_INT(get(&bench, 100, ID_READ).state, PROCMON_DENIED);
	CHECK_INT(get(&bench, 100, ID_READ_RATE).state, PROCMON_DENIED);
	CHECK_INT(get_rate(&bench, 101, ID_READ).state, PROCMON_ASLEEP);
	CHECK_INT(get(&bench, 102, ID_READ).state, PROCMON_OK);
	CHECK_INT(get(&bench, 102, ID_READ_RATE).state, PROCMON_PENDING);
	CHECK_INT(get(&bench, 103, ID_READ).state, PROCMON_FAILED);
	CHECK_INT(get(&bench, 101, ID_PID).state, PROCMON_PENDING);

	/* A diff: a value goes, a value comes, the default holds on for a new row. */
	script_init(&script, 2, 1, 2 * SECOND);
	script_add(&script, 9, 109, 9);
	script_u64(&script, ID_READ, 0, 1);
	script_absent(&script, ID_READ, 2, PROCMON__STATE__NONE);
	script_absent(&script, ID_COMM, 0, PROCMON__STATE__FAILED);
	bench_send(&bench, &script);
	CHECK_INT(get(&bench, 109, ID_GPU).state, PROCMON_UNSUPPORTED);
	CHECK_INT(get(&bench, 100, ID_READ).state, PROCMON_OK);
	CHECK_INT(get(&bench, 102, ID_READ).state, PROCMON_NONE);
	CHECK_INT(get(&bench, 100, ID_COMM).state, PROCMON_FAILED);
	CHECK(!get(&bench, 100, ID_COMM).text);
	bench_close(&bench);
}

/* What is no number has no value. */
TEST(a_number_that_is_none_has_failed)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_LOAD, ID_ENERGY);
	script_init(&script, 1, 0, SECOND);
	script_add(&script, 0, 100, 1);
	script_f64(&script, ID_LOAD, 0, (double)NAN);
	script_f64(&script, ID_ENERGY, 0, (double)INFINITY);
	bench_send(&bench, &script);
	CHECK_INT(get(&bench, 100, ID_LOAD).state, PROCMON_FAILED);
	CHECK_INT(get_rate(&bench, 100, ID_ENERGY).state, PROCMON_FAILED);
	bench_close(&bench);
}

TEST(rates_need_two_samples_of_the_same_row)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_CPU_USAGE, ID_READ_RATE, ID_CPU, ID_ENERGY, ID_DEBT);
	script_init(&script, 1, 0, 10 * SECOND);
	script_add(&script, 0, 100, 1);
	script_add(&script, 1, 101, 2);
	script_u64(&script, ID_CPU, 0, 5 * SECOND);
	script_u64(&script, ID_READ, 0, 1000);
	script_f64(&script, ID_ENERGY, 0, 0.5);
	script_i64(&script, ID_DEBT, 0, -1000);
	script_u64(&script, ID_CPU, 1, 1);
	bench_send(&bench, &script);
	CHECK_INT(get(&bench, 100, ID_CPU_USAGE).state, PROCMON_PENDING);
	CHECK_INT(get(&bench, 100, ID_READ_RATE).state, PROCMON_PENDING);
	CHECK_INT(get_rate(&bench, 100, ID_CPU).state, PROCMON_PENDING);

	script_init(&script, 2, 1, 14 * SECOND);
	script_add(&script, 2, 102, 3);
	script_u64(&script, ID_CPU, 0, 7 * SECOND);
	script_u64(&script, ID_READ, 0, 5000);
	script_f64(&script, ID_ENERGY, 0, 2.5);
	script_i64(&script, ID_DEBT, 0, 1000);
	script_u64(&script, ID_CPU, 2, 1);
	bench_send(&bench, &script);
	check_number(get(&bench, 100, ID_CPU_USAGE), 0.5);
	check_number(get_rate(&bench, 100, ID_CPU), 0.5);
	check_number(get(&bench, 100, ID_READ_RATE), 1000);
	check_number(get_rate(&bench, 100, ID_ENERGY), 0.5);
	check_number(get_rate(&bench, 100, ID_DEBT), 500);
	/* Sampled twice and not named: it did not change. Seen once: nothing to say yet. */
	check_number(get(&bench, 101, ID_CPU_USAGE), 0);
	CHECK_INT(get(&bench, 102, ID_CPU_USAGE).state, PROCMON_PENDING);
	CHECK_INT(get(&bench, 102, ID_READ_RATE).state, PROCMON_PENDING);

	/* Row 0 stood still, row 1 ran for half the time since the frame before: the time
	 * from when its value came would give a quarter. */
	script_init(&script, 3, 2, 16 * SECOND);
	script_u64(&script, ID_CPU, 1, SECOND + 1);
	bench_send(&bench, &script);
	check_number(get(&bench, 100, ID_CPU_USAGE), 0);
	check_number(get(&bench, 101, ID_CPU_USAGE), 0.5);
	check_number(get(&bench, 102, ID_CPU_USAGE), 0);

	/* A slot that a new process got: no rate, whatever the counters are. */
	script_init(&script, 4, 3, 17 * SECOND);
	script_remove(&script, 0);
	script_add(&script, 0, 200, 1);
	script_u64(&script, ID_CPU, 0, 1);
	bench_send(&bench, &script);
	CHECK(!find_row(&bench, 100));
	CHECK_INT(get(&bench, 200, ID_CPU_USAGE).state, PROCMON_PENDING);
	bench_close(&bench);
}

/* A counter that steps back is the server's fault; a negative rate would be ours. */
TEST(no_rate_is_negative)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_READ, ID_ENERGY, ID_DEBT);
	for (uint64_t i = 1; i <= 3; i++) {
		script_init(&script, i, i - 1, i * SECOND);
		if (i == 1)
			script_add(&script, 0, 100, 1);
		script_u64(&script, ID_READ, 0, i == 2 ? 10 : 1000);
		script_f64(&script, ID_ENERGY, 0, i == 2 ? 10 : 1000);
		script_i64(&script, ID_DEBT, 0, i == 2 ? INT64_MIN : INT64_MAX);
		bench_send(&bench, &script);
		if (i == 2) {
			CHECK_INT(get_rate(&bench, 100, ID_READ).state, PROCMON_PENDING);
			CHECK_INT(get_rate(&bench, 100, ID_ENERGY).state, PROCMON_PENDING);
			CHECK_INT(get_rate(&bench, 100, ID_DEBT).state, PROCMON_PENDING);
		}
	}
	check_number(get_rate(&bench, 100, ID_READ), 990);
	check_number(get_rate(&bench, 100, ID_ENERGY), 990);
	check_number(get_rate(&bench, 100, ID_DEBT), 18446744073709551615.0);
	bench_close(&bench);
}

/* A frame that says more than was asked, or all, about rows that were there already. */
TEST(rates_go_on_when_the_server_repeats_itself)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_READ);
	for (uint64_t i = 1; i <= 5; i++) {
		/* 1: full; 2: full again; 3: "removed and added"; 4: the same cell; 5: empty */
		script_init(&script, i, i <= 2 ? 0 : i - 1, i * SECOND);
		if (i == 3)
			script_remove(&script, 4);
		if (i <= 4)
			script_add(&script, 4, 100, 1);
		if (i <= 4)
			script_u64(&script, ID_READ, 4, i == 4 ? 300 : i * 100);
		bench_send(&bench, &script);
		CHECK_INT(procmon_table_get_count(bench.table), 1);
		if (i == 1)
			CHECK_INT(get_rate(&bench, 100, ID_READ).state, PROCMON_PENDING);
		else
			check_number(get_rate(&bench, 100, ID_READ), i <= 3 ? 100 : 0);
	}
	/* A full frame that does not name the cell: what was sampled before is not the latest
	 * but one. */
	script_init(&script, 6, 0, 6 * SECOND);
	script_add(&script, 4, 100, 1);
	bench_send(&bench, &script);
	CHECK_INT(get(&bench, 100, ID_READ).state, PROCMON_PENDING);
	script_init(&script, 7, 6, 7 * SECOND);
	script_u64(&script, ID_READ, 4, 1000);
	bench_send(&bench, &script);
	CHECK_INT(get_rate(&bench, 100, ID_READ).state, PROCMON_PENDING);
	bench_close(&bench);
}

TEST(rates_follow_the_samples_and_not_the_frames)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_READ, ID_CPU);
	script_init(&script, 1, 0, 1 * SECOND);
	script_add(&script, 0, 100, 1);
	script_u64(&script, ID_READ, 0, 100);
	script_u64(&script, ID_CPU, 0, 0);
	bench_send(&bench, &script);
	script_init(&script, 2, 1, 2 * SECOND);
	script_u64(&script, ID_READ, 0, 200);
	bench_send(&bench, &script);
	check_number(get_rate(&bench, 100, ID_READ), 100);
	CHECK_INT(get(&bench, 100, ID_READ).age_ns, 0);

	/* Not read in this tick: the rate and the value stay, and the value ages. */
	script_init(&script, 3, 2, 3 * SECOND);
	script_unsampled(&script, ID_READ);
	script_add(&script, 1, 101, 2);
	script_u64(&script, ID_READ, 1, 50);
	bench_send(&bench, &script);
	check_number(get_rate(&bench, 100, ID_READ), 100);
	CHECK(get(&bench, 100, ID_READ).age_ns == SECOND);
	CHECK_INT(get(&bench, 100, ID_CPU).age_ns, 0);
	CHECK_INT(get_rate(&bench, 101, ID_READ).state, PROCMON_PENDING);

	/* Read again: two seconds have passed since the sample before. */
	script_init(&script, 4, 3, 4 * SECOND);
	script_u64(&script, ID_READ, 0, 1200);
	bench_send(&bench, &script);
	check_number(get_rate(&bench, 100, ID_READ), 500);
	CHECK_INT(get_rate(&bench, 101, ID_READ).state, PROCMON_PENDING);

	/* A value from a tick between two frames, whose time nobody told, is no sample ... */
	script_init(&script, 6, 4, 6 * SECOND);
	script_unsampled(&script, ID_READ);
	script_u64(&script, ID_READ, 0, 1300);
	bench_send(&bench, &script);
	CHECK_INT(get(&bench, 100, ID_READ).u64, 1300);
	check_number(get_rate(&bench, 100, ID_READ), 500);
	CHECK_INT(get_rate(&bench, 101, ID_READ).state, PROCMON_PENDING);
	/* ... and the next time that the source is read it still has that value. */
	script_init(&script, 8, 6, 8 * SECOND);
	bench_send(&bench, &script);
	check_number(get_rate(&bench, 100, ID_READ), 25);
	check_number(get_rate(&bench, 101, ID_READ), 0);
	script_init(&script, 9, 8, 9 * SECOND);
	bench_send(&bench, &script);
	check_number(get_rate(&bench, 100, ID_READ), 0);
	bench_close(&bench);
}

TEST(slow_cells_have_the_time_of_their_sample)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_PAGES, ID_PAGE_RATE, ID_CMDLINE);
	script_init(&script, 1, 0, 10 * SECOND);
	script_add(&script, 0, 100, 1);
	script_u64(&script, ID_PAGES, 0, 1000);
	script_age(&script, ID_PAGES, 2 * SECOND);
	script_text(&script, ID_CMDLINE, 0, "sleep 1");
	script_age(&script, ID_CMDLINE, SECOND / 2);
	bench_send(&bench, &script);
	CHECK(get(&bench, 100, ID_PAGES).age_ns == 2 * SECOND);
	CHECK(get(&bench, 100, ID_CMDLINE).age_ns == SECOND / 2);
	CHECK_INT(get(&bench, 100, ID_PAGE_RATE).state, PROCMON_PENDING);

	/* Nothing new: it grows old, and its rate stays unknown, not 0. */
	script_init(&script, 2, 1, 11 * SECOND);
	bench_send(&bench, &script);
	CHECK(get(&bench, 100, ID_PAGES).age_ns == 3 * SECOND);
	CHECK_INT(get(&bench, 100, ID_PAGE_RATE).state, PROCMON_PENDING);

	/* Sampled at 11.5 s: 3.5 s after the first. */
	script_init(&script, 3, 2, 12 * SECOND);
	script_u64(&script, ID_PAGES, 0, 8000);
	script_age(&script, ID_PAGES, SECOND / 2);
	bench_send(&bench, &script);
	check_number(get(&bench, 100, ID_PAGE_RATE), 2000);
	CHECK(get(&bench, 100, ID_PAGE_RATE).age_ns == SECOND / 2);

	/* The same sample once more, then one with the same value. */
	script_init(&script, 4, 3, 13 * SECOND);
	script_u64(&script, ID_PAGES, 0, 8000);
	script_age(&script, ID_PAGES, 3 * SECOND / 2);
	bench_send(&bench, &script);
	check_number(get(&bench, 100, ID_PAGE_RATE), 2000);
	script_init(&script, 5, 4, 14 * SECOND);
	script_u64(&script, ID_PAGES, 0, 8000);
	script_age(&script, ID_PAGES, 0);
	bench_send(&bench, &script);
	check_number(get(&bench, 100, ID_PAGE_RATE), 0);
	bench_close(&bench);
}

TEST(age_is_from_the_wall_clock)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_AGE, ID_START);
	script_init(&script, 1, 0, 10 * SECOND);
	script_add(&script, 0, 100, 1);
	script_add(&script, 1, 101, 2);
	script_add(&script, 2, 102, 3);
	script_u64(&script, ID_START, 0, 1600000003 * SECOND);
	script_u64(&script, ID_START, 1, 1700000000 * SECOND); /* in the future: set back */
	script_absent(&script, ID_START, 2, PROCMON__STATE__DENIED);
	bench_send(&bench, &script);
	CHECK(get(&bench, 100, ID_AGE).u64 == 7 * SECOND);
	CHECK_INT(get(&bench, 101, ID_AGE).u64, 0);
	CHECK_INT(get(&bench, 101, ID_AGE).state, PROCMON_OK);
	CHECK_INT(get(&bench, 102, ID_AGE).state, PROCMON_DENIED);
	bench_close(&bench);
}

TEST(power_is_the_growth_of_energy)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_POWER);
	for (uint64_t i = 1; i <= 2; i++) {
		script_init(&script, i, i - 1, i * 2 * SECOND);
		if (i == 1)
			script_add(&script, 0, 100, 1);
		script_f64(&script, ID_ENERGY, 0, 25e9 * (double)i); /* 25 J in 2 s */
		bench_send(&bench, &script);
		if (i == 1)
			CHECK_INT(get(&bench, 100, ID_POWER).state, PROCMON_PENDING);
	}
	check_number(get(&bench, 100, ID_POWER), 12500);
	script_init(&script, 3, 2, 5 * SECOND);
	script_f64(&script, ID_ENERGY, 0, 1e308);
	bench_send(&bench, &script);
	CHECK_INT(get(&bench, 100, ID_POWER).state, PROCMON_FAILED);
	bench_close(&bench);
}

/* A share is of one sample; what either of the two lacks it lacks, and there is none of 0. */
TEST(shares)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_SHARE, ID_LOAD);
	script_init(&script, 1, 0, SECOND);
	for (uint32_t slot = 0; slot < 6; slot++) {
		script_add(&script, slot, 100 + slot, slot);
		if (slot != 1)
			script_f64(&script, ID_LOAD, slot, slot == 5 ? 1e308 : 3);
		if (slot != 2 && slot != 3)
			script_i64(&script, ID_NICE, slot, slot == 4 ? 0 : 4);
	}
	script_absent(&script, ID_LOAD, 1, PROCMON__STATE__ASLEEP);
	script_absent(&script, ID_NICE, 2, PROCMON__STATE__DENIED);
	bench_send(&bench, &script);
	check_number(get(&bench, 100, ID_SHARE), 0.75);
	CHECK_INT(get(&bench, 101, ID_SHARE).state, PROCMON_ASLEEP);
	CHECK_INT(get(&bench, 102, ID_SHARE).state, PROCMON_DENIED);
	CHECK_INT(get(&bench, 103, ID_SHARE).state, PROCMON_PENDING);
	CHECK_INT(get(&bench, 104, ID_SHARE).state, PROCMON_NONE);
	check_number(get(&bench, 105, ID_SHARE), 2.5e307);
	struct procmon_value value;
	CHECK_INT(procmon_row_get_rate(find_row(&bench, 100), ID_SHARE, &value), -EINVAL);
	bench_close(&bench);
}

/* Time by operation, of those since the sample before: without operations there is none. */
TEST(means_are_of_what_was_added)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_TIME_EACH);
	script_init(&script, 1, 0, SECOND);
	for (uint32_t slot = 0; slot < 5; slot++) {
		script_add(&script, slot, 100 + slot, slot);
		script_u64(&script, ID_CPU, slot, SECOND);
		if (slot != 4)
			script_u64(&script, ID_READ, slot, 1000);
	}
	script_absent(&script, ID_READ, 4, PROCMON__STATE__DENIED);
	bench_send(&bench, &script);
	CHECK_INT(get(&bench, 100, ID_TIME_EACH).state, PROCMON_PENDING);
	CHECK_INT(get(&bench, 104, ID_TIME_EACH).state, PROCMON_PENDING);
	script_init(&script, 2, 1, 4 * SECOND);
	script_add(&script, 5, 105, 5);
	script_u64(&script, ID_CPU, 0, SECOND + 3000);
	script_u64(&script, ID_READ, 0, 1002);
	script_u64(&script, ID_CPU, 1, 2 * SECOND); /* none ended meanwhile */
	script_u64(&script, ID_READ, 2, 1010);      /* they took no time */
	script_u64(&script, ID_CPU, 4, 2 * SECOND);
	bench_send(&bench, &script);
	check_number(get(&bench, 100, ID_TIME_EACH), 1500);
	CHECK_INT(get(&bench, 101, ID_TIME_EACH).state, PROCMON_NONE);
	check_number(get(&bench, 102, ID_TIME_EACH), 0);
	CHECK_INT(get(&bench, 103, ID_TIME_EACH).state, PROCMON_NONE);
	CHECK_INT(get(&bench, 104, ID_TIME_EACH).state, PROCMON_DENIED);
	CHECK_INT(get(&bench, 105, ID_TIME_EACH).state, PROCMON_PENDING);
	bench_close(&bench);
}

/* Both inputs are asked for, once each, and nothing else. */
TEST(inputs_come_along)
{
	struct bench bench;

	BENCH_OPEN(&bench, ID_SHARE, ID_TIME_EACH, ID_CPU_USAGE, ID_LOAD);
	while (procmon_dispatch(bench.connection, 0) > 0)
		;
	Procmon__ClientMessage *message = peer_receive_request(&bench.peer);
	static const uint32_t expected[] = {ID_LOAD, ID_NICE, ID_CPU, ID_READ};
	CHECK(message);
	CHECK_INT(message->request->n_attributes, 4);
	for (size_t i = 0; i < 4; i++)
		CHECK_INT(message->request->attributes[i], expected[i]);
	procmon__client_message__free_unpacked(message, NULL);
	bench_close(&bench);
}

/* The text of a cell that is sampled again and again takes no space, one that changes takes
 * it for a while. */
TEST(texts_change_and_stay)
{
	struct bench bench;
	struct script script;
	char text[64];

	BENCH_OPEN(&bench, ID_COMM, ID_CMDLINE);
	for (uint64_t tick = 1; tick <= 300; tick++) {
		script_init(&script, tick, tick - 1, tick * SECOND);
		for (uint32_t slot = 0; slot < 3 && tick == 1; slot++)
			script_add(&script, slot, 100 + slot, slot);
		snprintf(text, sizeof text, "%*s%" PRIu64, (int)(tick % 40), "", tick);
		script_text(&script, ID_COMM, 1, text);
		if (tick == 1)
			script_text(&script, ID_COMM, 0, "first");
		if (tick == 1)
			script_text(&script, ID_COMM, 2, "third");
		script_text(&script, ID_CMDLINE, 2, "always the same");
		script_age(&script, ID_CMDLINE, 0);
		bench_send(&bench, &script);
		CHECK_TEXT(get(&bench, 100, ID_COMM).text, "first");
		CHECK_TEXT(get(&bench, 101, ID_COMM).text, text);
		CHECK_TEXT(get(&bench, 102, ID_COMM).text, "third");
		CHECK_TEXT(get(&bench, 102, ID_CMDLINE).text, "always the same");
		CHECK_INT(get(&bench, 102, ID_CMDLINE).age_ns, 0);
	}
	bench_close(&bench);
}

TEST(a_process_that_ended_is_told_apart)
{
	struct bench bench;
	struct script script;

	BENCH_OPEN(&bench, ID_CPU, ID_READ, ID_CPU_USAGE);
	script_init(&script, 1, 0, 10 * SECOND);
	for (uint32_t slot = 0; slot < 3; slot++) {
		script_add(&script, slot, 100 + slot, slot);
		script_u64(&script, ID_CPU, slot, SECOND);
		script_u64(&script, ID_READ, slot, 100);
	}
	bench_send(&bench, &script);
	CHECK(!procmon_row_has_exited(find_row(&bench, 100)));
	/* One has ended, and its clock was read for the last time; one was born and ended. */
	script_init(&script, 2, 1, 12 * SECOND);
	script_add(&script, 3, 103, 3);
	script_exit(&script, 0);
	script_exit(&script, 3);
	script_u64(&script, ID_CPU, 0, 2 * SECOND);
	script_u64(&script, ID_CPU, 3, SECOND);
	bench_send(&bench, &script);
	CHECK(procmon_row_has_exited(find_row(&bench, 100)));
	CHECK(!procmon_row_has_exited(find_row(&bench, 101)));
	CHECK(procmon_row_has_exited(find_row(&bench, 103)));
	check_number(get(&bench, 100, ID_CPU_USAGE), 0.5);
	/* What was not read again is not 0, and will not come. */
	CHECK_INT(get_rate(&bench, 100, ID_READ).state, PROCMON_NONE);
	CHECK_INT(get(&bench, 103, ID_CPU_USAGE).state, PROCMON_NONE);
	check_number(get_rate(&bench, 101, ID_READ), 0);
	CHECK_INT(get(&bench, 100, ID_READ).u64, 100);
	/* A full table says anew who has ended, and who got the slot has not. */
	script_init(&script, 3, 0, 13 * SECOND);
	script_add(&script, 0, 200, 7);
	script_add(&script, 1, 101, 1);
	script_add(&script, 2, 102, 2);
	script_exit(&script, 2);
	bench_send(&bench, &script);
	CHECK(!procmon_row_has_exited(find_row(&bench, 200)));
	CHECK(!procmon_row_has_exited(find_row(&bench, 101)));
	CHECK(procmon_row_has_exited(find_row(&bench, 102)));
	script_init(&script, 4, 3, 14 * SECOND);
	script_remove(&script, 2);
	bench_send(&bench, &script);
	CHECK(!find_row(&bench, 102));
	bench_close(&bench);
}

TEST(the_flag_is_asked_for_and_others_are_refused)
{
	struct peer peer;
	struct procmon_connection *connection = peer_connect(&peer);

	for (unsigned flags = 0; flags <= (PROCMON_ONCE | PROCMON_EXITS); flags++) {
		struct procmon_request *request;
		CHECK_INT(procmon_request_create(
				  connection, PROCMON_PROCESS, keep_table, NULL, &request),
			0);
		CHECK_INT(procmon_request_add_attribute(request, ID_PID), 0);
		CHECK_INT(procmon_request_set_interval(request, SECOND), 0);
		CHECK_INT(procmon_request_set_flags(request, 4), -EINVAL);
		CHECK_INT(procmon_request_set_flags(request, flags), 0);
		CHECK_INT(procmon_request_execute(request), 0);
		CHECK_INT(procmon_request_set_flags(request, flags), -EBUSY);
		while (procmon_dispatch(connection, 0) > 0)
			;
		Procmon__ClientMessage *message = peer_receive_request(&peer);
		CHECK(message);
		CHECK_INT(message->request->exits, (flags & PROCMON_EXITS) != 0);
		CHECK_INT(message->request->interval_ns == 0, (flags & PROCMON_ONCE) != 0);
		procmon__client_message__free_unpacked(message, NULL);
		procmon_release(request);
	}
	procmon_release(connection);
	peer_close(&peer);
}

TESTS(CASE(values_of_every_type_arrive), CASE(absent_cells_say_why),
	CASE(a_number_that_is_none_has_failed), CASE(rates_need_two_samples_of_the_same_row),
	CASE(no_rate_is_negative), CASE(rates_go_on_when_the_server_repeats_itself),
	CASE(rates_follow_the_samples_and_not_the_frames),
	CASE(slow_cells_have_the_time_of_their_sample), CASE(age_is_from_the_wall_clock),
	CASE(power_is_the_growth_of_energy), CASE(shares), CASE(means_are_of_what_was_added),
	CASE(inputs_come_along), CASE(texts_change_and_stay),
	CASE(a_process_that_ended_is_told_apart),
	CASE(the_flag_is_asked_for_and_others_are_refused))

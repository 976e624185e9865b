/* Whoever listens at the socket: nothing that he sends harms the client. */
#include <signal.h>
#include <sys/wait.h>

#include "peer.h"

/* A request for attributes of all types, and how often its handlers were called. */
struct victim {
	struct peer peer;
	struct procmon_connection *connection;
	struct procmon_request *request;
	int tables, errors, error;
};

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct victim *victim = context;

	(void)request;
	(void)table;
	victim->tables++;
}

static void on_error(
	struct procmon_request *request, int error, const char *text, void *context)
{
	struct victim *victim = context;

	(void)request;
	CHECK(text);
	victim->errors++;
	victim->error = error;
}

static void victim_open(struct victim *self)
{
	static const uint32_t ids[] = {
		ID_PID, ID_NICE, ID_COMM, ID_LOAD, ID_READ, ID_CMDLINE, ID_PAGES};

	*self = (struct victim){0};
	self->connection = peer_connect(&self->peer);
	CHECK_INT(procmon_request_create_with_error(self->connection, PROCMON_PROCESS, on_table,
			  on_error, self, &self->request),
		0);
	CHECK_INT(procmon_request_add_attributes(self->request, ids, 7), 0);
	CHECK_INT(procmon_request_set_interval(self->request, SECOND), 0);
	CHECK_INT(procmon_request_execute(self->request), 0);
}

static void victim_close(struct victim *self)
{
	procmon_release(self->request);
	procmon_release(self->connection);
	peer_close(&self->peer);
}

/* The same, after a table of ten rows at tick 5. */
static void victim_open_with_rows(struct victim *self)
{
	struct script script;

	victim_open(self);
	script_init(&script, 5, 0, 5 * SECOND);
	for (uint32_t slot = 0; slot < 10; slot++) {
		script_add(&script, slot, 100 + slot, slot);
		script_u64(&script, ID_READ, slot, slot);
	}
	script_send(&script, &self->peer, 1);
	CHECK_INT(procmon_dispatch(self->connection, 5000), 1);
}

static void expect_end(struct victim *self, int error)
{
	CHECK_INT(procmon_dispatch(self->connection, 5000), error);
	CHECK_INT(self->errors, 1);
	CHECK_INT(self->error, error);
	CHECK_INT(procmon_get_events(self->connection), 0);
}

/* ----------------------------------------------------------------------- nonsense */

static void exit_without_row(struct script *script)
{
	script_exit(script, 10);
}

static void exit_out_of_range(struct script *script)
{
	script_exit(script, UINT32_MAX);
}

static void exit_just_removed(struct script *script)
{
	script_remove(script, 3);
	script_exit(script, 3);
}

static void unknown_attribute(struct script *script)
{
	script_u64(script, 0x7777, 1, 1);
}

static void attribute_not_asked_for(struct script *script)
{
	script_u64(script, ID_CPU, 1, 1);
}

static void slot_without_row(struct script *script)
{
	script_u64(script, ID_READ, 10, 1);
}

static void slot_out_of_range(struct script *script)
{
	script_u64(script, ID_READ, UINT32_MAX, 1);
}

static void slot_just_removed(struct script *script)
{
	script_remove(script, 3);
	script_u64(script, ID_READ, 3, 1);
}

static void state_of_no_row(struct script *script)
{
	script_absent(script, ID_READ, 10, PROCMON__STATE__DENIED);
}

static void absent_but_ok(struct script *script)
{
	script_absent(script, ID_READ, 1, PROCMON__STATE__OK);
}

static void wrong_type(struct script *script)
{
	script_i64(script, ID_READ, 1, 1);
}

static void two_types(struct script *script)
{
	script_u64(script, ID_READ, 1, 1);
	SCRIPT_APPEND(script->columns[0].message.f64, script->columns[0].message.n_f64, 1.0);
}

static void too_few_values(struct script *script)
{
	script_u64(script, ID_READ, 1, 1);
	SCRIPT_APPEND(script->columns[0].message.slots, script->columns[0].message.n_slots, 2);
}

static void too_many_texts(struct script *script)
{
	script_text(script, ID_COMM, 1, "a");
	SCRIPT_APPEND(script->columns[0].message.text, script->columns[0].message.n_text,
		(char *)"b");
}

static void too_few_states(struct script *script)
{
	script_absent(script, ID_READ, 1, PROCMON__STATE__DENIED);
	script->columns[0].message.n_absent_states = 0;
}

static void slow_without_age(struct script *script)
{
	script_u64(script, ID_PAGES, 1, 1);
}

static void fast_with_age(struct script *script)
{
	script_u64(script, ID_READ, 1, 1);
	script_age(script, ID_READ, 1);
}

static void slot_taken(struct script *script)
{
	script_add(script, 4, 999, 1);
}

static void slot_too_large(struct script *script)
{
	script_add(script, TABLE_ROWS_MAX, 999, 1);
}

static void too_few_identities(struct script *script)
{
	script_add(script, 20, 999, 1);
	script->added.n_identities = 0;
}

static void too_few_pids(struct script *script)
{
	script_add(script, 20, 998, 1);
	script_add(script, 21, 999, 1);
	script->added.n_pids = 1;
}

static void since_the_future(struct script *script)
{
	script->frame.since = 6;
}

static void tick_of_the_past(struct script *script)
{
	script->frame.tick = 4;
	script->frame.since = 0;
}

static void time_of_the_past(struct script *script)
{
	script->frame.sampled_ns = 4 * SECOND;
}

static void part_without_the_first(struct script *script)
{
	script->frame.part = 1;
}

TEST(nonsense_ends_the_session)
{
	static void (*const cases[])(struct script *) = {unknown_attribute,
		attribute_not_asked_for, slot_without_row, slot_out_of_range, slot_just_removed,
		state_of_no_row, absent_but_ok, wrong_type, two_types, too_few_values,
		too_many_texts, too_few_states, slow_without_age, fast_with_age, slot_taken,
		slot_too_large, too_few_identities, too_few_pids, since_the_future,
		tick_of_the_past, time_of_the_past, part_without_the_first, exit_without_row,
		exit_out_of_range, exit_just_removed};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct victim victim;
		struct script script;

		victim_open_with_rows(&victim);
		script_init(&script, 6, 5, 6 * SECOND);
		cases[i](&script);
		script_send(&script, &victim.peer, 1);
		int result = procmon_dispatch(victim.connection, 5000);
		if (result != -EPROTO)
			test_fail(__FILE__, __LINE__, "case %zu: %d", i, result);
		CHECK_INT(victim.errors, 1);
		CHECK_INT(victim.tables, 1);
		victim_close(&victim);
	}
}

/* Odd, but with a meaning. */
TEST(what_is_merely_odd_is_taken)
{
	struct victim victim;
	struct script script;

	victim_open_with_rows(&victim);
	script_init(&script, 6, 5, 6 * SECOND);
	script_remove(&script, 60000);
	script_remove(&script, UINT32_MAX);
	script_remove(&script, 2);
	script_remove(&script, 2);
	script_add(&script, 4, 104, 4);
	script_exit(&script, 4);
	script_exit(&script, 4);
	script_unsampled(&script, 0x7777);
	script_u64(&script, ID_PAGES, 1, 1);
	script_age(&script, ID_PAGES, UINT64_MAX);
	script_column(&script, ID_COMM)->default_state = (Procmon__State)300;
	script.frame.tick = UINT64_MAX;
	script.frame.sampled_ns = UINT64_MAX;
	script_send(&script, &victim.peer, 1);
	CHECK_INT(procmon_dispatch(victim.connection, 5000), 1);
	victim_close(&victim);
}

/* ---------------------------------------------------------------------- the limits */

struct blob {
	struct peer *peer;
	const uint8_t *bytes;
	size_t size;
};

static void *write_blob(void *context)
{
	struct blob *blob = context;

	peer_write(blob->peer, blob->bytes, blob->size);
	return NULL;
}

/* Sends from another thread, for it is more than the socket takes, until there is a result. */
static int dispatch_blob(struct victim *victim, const uint8_t *bytes, size_t size)
{
	struct blob blob = {&victim->peer, bytes, size};
	pthread_t thread;
	int result = 0;

	CHECK(pthread_create(&thread, NULL, write_blob, &blob) == 0);
	while (result == 0)
		result = procmon_dispatch(victim->connection, 5000);
	if (result < 0)
		shutdown(victim->peer.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	return result;
}

static int dispatch_frame(struct victim *victim, struct script *script)
{
	Procmon__ServerMessage message = script_message(script, 1);
	uint8_t *bytes = NULL;
	size_t size = 0;

	peer_append(&bytes, &size, &message.base);
	int result = dispatch_blob(victim, bytes, size);
	free(bytes);
	script_finish(script);
	return result;
}

TEST(a_message_over_the_limit_is_refused_by_its_prefix)
{
	struct victim victim;
	uint8_t prefix[WIRE_PREFIX_MAX];

	victim_open(&victim);
	peer_write(&victim.peer, prefix, wire_put_prefix(prefix, WIRE_FRAME_MAX + 1));
	expect_end(&victim, -EPROTO);
	victim_close(&victim);
}

static void check_message_of(size_t length)
{
	struct victim victim;
	uint8_t *bytes = calloc(1, WIRE_PREFIX_MAX + length);
	size_t start = wire_put_prefix(bytes, length);
	size_t size = start + length, body = length - 4;

	/* An unknown field that fills it; the frame after it shows that nothing was lost. */
	bytes[start] = 15 << 3 | 2;
	wire_put_prefix(bytes + start + 1, body);
	victim_open(&victim);
	struct script script;
	script_init(&script, 1, 0, SECOND);
	Procmon__ServerMessage message = script_message(&script, 1);
	peer_append(&bytes, &size, &message.base);
	CHECK_INT(dispatch_blob(&victim, bytes, size), 1);
	CHECK_INT(victim.tables, 1);
	script_finish(&script);
	free(bytes);
	victim_close(&victim);
}

TEST(a_message_at_the_limit_is_read)
{
	check_message_of(WIRE_FRAME_MAX - 1);
	check_message_of(WIRE_FRAME_MAX);
}

/* A megabyte of empty columns is 120 times that when it is decoded. */
TEST(a_message_that_blows_up_is_refused)
{
	struct victim victim;
	uint8_t *bytes = calloc(1, WIRE_PREFIX_MAX + WIRE_FRAME_MAX);
	size_t start = wire_put_prefix(bytes, WIRE_FRAME_MAX);

	bytes[start] = 5 << 3 | 2; /* the frame; its prefix takes 3 bytes */
	wire_put_prefix(bytes + start + 1, WIRE_FRAME_MAX - 4);
	for (size_t i = 4; i + 1 < WIRE_FRAME_MAX; i += 2)
		bytes[start + i] = 9 << 3 | 2;
	victim_open(&victim);
	CHECK_INT(dispatch_blob(&victim, bytes, start + WIRE_FRAME_MAX), -EPROTO);
	CHECK_INT(victim.errors, 1);
	free(bytes);
	victim_close(&victim);
}

TEST(as_many_rows_as_slots)
{
	struct victim victim;
	struct script script;

	victim_open(&victim);
	script_init(&script, 1, 0, SECOND);
	for (uint32_t slot = 0; slot < TABLE_ROWS_MAX; slot++)
		script_add(&script, slot, slot, 1);
	CHECK_INT(dispatch_frame(&victim, &script), 1);
	script_init(&script, 2, 1, 2 * SECOND);
	script_add(&script, TABLE_ROWS_MAX, TABLE_ROWS_MAX, 1);
	CHECK_INT(dispatch_frame(&victim, &script), -EPROTO);
	victim_close(&victim);
}

/* Parts without end: they are kept up to a limit. */
TEST(parts_that_never_end_are_refused)
{
	struct victim victim;
	struct script script;
	uint8_t *bytes = NULL;
	size_t size = 0;
	char *text = malloc(500001);
	int result = 0;

	test_timeout(60);
	memset(text, 'x', 500000);
	text[500000] = '\0';
	victim_open_with_rows(&victim);
	for (uint32_t part = 0; result == 0; part++) {
		CHECK(part < 150);
		script_init(&script, 6, 5, 6 * SECOND);
		script.frame.part = part;
		script.frame.last = 0;
		script_text(&script, ID_COMM, 1, text);
		Procmon__ServerMessage message = script_message(&script, 1);
		size = 0;
		peer_append(&bytes, &size, &message.base);
		script_finish(&script);
		struct blob blob = {&victim.peer, bytes, size};
		pthread_t thread;
		CHECK(pthread_create(&thread, NULL, write_blob, &blob) == 0);
		/* until the writer has got rid of it */
		while (result == 0 && pthread_tryjoin_np(thread, NULL) != 0)
			result = procmon_dispatch(victim.connection, 1);
		if (result < 0) {
			shutdown(victim.peer.fd, SHUT_RDWR);
			pthread_join(thread, NULL);
		}
	}
	CHECK_INT(result, -EPROTO);
	CHECK_INT(victim.tables, 1);
	free(bytes);
	free(text);
	victim_close(&victim);
}

/* The space of texts is bounded, and what is replaced or removed does not count. */
TEST(texts_fill_a_table_up_to_a_limit)
{
	enum { LENGTH = 60000, COUNT = 2300 }; /* together more than 128 MiB */
	char *text = malloc(LENGTH + 1);

	memset(text, 'x', LENGTH);
	text[LENGTH] = '\0';
	for (int kept = 0; kept < 2; kept++) {
		struct victim victim;
		int result = 1;

		victim_open(&victim);
		for (uint32_t i = 0; i < COUNT && result == 1; i++) {
			struct script script;
			uint32_t slot = kept ? i : i / 2 % 3;

			/* without `kept` every row comes, changes its text and goes */
			script_init(&script, i + 1, i, i * SECOND);
			if (!kept && i >= 2 && i % 2 == 0)
				script_remove(&script, (i / 2 - 1) % 3);
			if (kept || i % 2 == 0)
				script_add(&script, slot, i + 1, 1);
			text[0] = (char)('a' + i % 20);
			script_text(&script, ID_COMM, slot, text);
			script_send(&script, &victim.peer, 1);
			result = procmon_dispatch(victim.connection, 5000);
			while (result == 0) /* a piece of it */
				result = procmon_dispatch(victim.connection, 5000);
		}
		CHECK_INT(result, kept ? -EPROTO : 1);
		victim_close(&victim);
	}
	free(text);
}

/* A server that never stops talking does not hold its client for ever. */
static void *flood(void *context)
{
	struct victim *victim = context;

	for (uint64_t tick = 1; tick < 1000000; tick++) {
		struct script script;

		script_init(&script, tick, tick - 1, tick * SECOND);
		script_send(&script, &victim->peer, 99);
	}
	return NULL;
}

TEST(a_flood_does_not_hold_the_client)
{
	struct victim victim;
	pthread_t thread;

	victim_open(&victim);
	CHECK(pthread_create(&thread, NULL, flood, &victim) == 0);
	for (int i = 0; i < 3; i++)
		CHECK_INT(procmon_dispatch(victim.connection, 1000), 0);
	shutdown(victim.peer.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	victim_close(&victim);
}

TEST(rubbish_is_no_protocol)
{
	static const char rubbish[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	struct peer peer;
	struct procmon_connection *connection;
	char *error = NULL;

	peer_open(&peer);
	peer.greeting = (uint8_t *)strdup(rubbish);
	peer.greeting_size = sizeof rubbish - 1;
	int result = peer_connect_error(&peer, &connection, &error);
	/* "H": a message of 72 bytes, of which 27 come. */
	CHECK_INT(result, -ETIMEDOUT);
	CHECK(!connection);
	CHECK(error && strstr(error, peer.path));
	free(error);
	peer_close(&peer);
}

TEST(random_bytes_never_crash)
{
	unsigned seed = 1;

	test_timeout(60);
	for (int round = 0; round < 300; round++) {
		struct victim victim;
		struct script script;
		uint8_t *bytes = NULL;
		size_t size = 0;

		/* A good frame with a few bad bytes. */
		victim_open_with_rows(&victim);
		script_init(&script, 6, 5, 6 * SECOND);
		script_remove(&script, 1);
		script_add(&script, 1, 555, 5);
		script_u64(&script, ID_READ, 1, 1000000);
		script_text(&script, ID_COMM, 2, "some name");
		script_f64(&script, ID_LOAD, 3, 0.5);
		script_absent(&script, ID_NICE, 4, PROCMON__STATE__DENIED);
		Procmon__ServerMessage message = script_message(&script, 1);
		peer_append(&bytes, &size, &message.base);
		for (int i = 0; i < 1 + round % 4; i++) {
			seed = seed * 1103515245 + 12345;
			bytes[1 + (seed >> 8) % (size - 1)] = (uint8_t)(seed >> 24);
		}
		peer_write(&victim.peer, bytes, size);
		peer_hang_up(&victim.peer);
		int result = 0;
		while (result >= 0)
			result = procmon_dispatch(victim.connection, 5000);
		CHECK(victim.errors == 1);
		free(bytes);
		script_finish(&script);
		victim_close(&victim);
	}
}

/* ------------------------------------------------------------------------ texts */

static void check_harmless(const char *text)
{
	for (; *text; text++)
		CHECK((unsigned char)*text >= 0x20 && *text != 0x7F);
}

static void read_texts(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct procmon_value value;

	(void)request;
	CHECK_INT(procmon_row_get_value(procmon_table_get_row(table, 0), ID_COMM, &value), 0);
	CHECK_TEXT(value.text, "?[31mred?? ???");
	++*(int *)context;
}

TEST(no_text_drives_a_terminal)
{
	static const char evil[] = "\x1b[31mred\n\x07 \xff\xc2\x9b\xe2\x80\xae";
	struct peer peer;
	struct procmon_connection *connection;
	struct procmon_request *request;
	struct script script;
	Procmon__Attribute attribute = PEER_PLAIN(ID_COMM, evil, TEXT, NO_UNIT, GAUGE);
	Procmon__Welcome welcome = PROCMON__WELCOME__INIT;
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;
	int calls = 0;

	attribute.text = attribute.reason = (char *)evil;
	welcome.protocol = 1;
	welcome.server_version = welcome.platform = (char *)evil;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_WELCOME;
	message.welcome = &welcome;
	peer_open(&peer);
	peer_greet(&peer, &message);
	peer_greet_catalog(&peer, &attribute, 1);
	CHECK_INT(peer_connect_error(&peer, &connection, NULL), 0);
	check_harmless(procmon_get_server(connection)->version);
	check_harmless(procmon_get_server(connection)->platform);
	check_harmless(procmon_get_attribute(connection, 0)->name);
	check_harmless(procmon_get_attribute(connection, 0)->text);
	check_harmless(procmon_get_attribute(connection, 0)->reason);
	CHECK_INT(procmon_request_create(
			  connection, PROCMON_PROCESS, read_texts, &calls, &request),
		0);
	CHECK_INT(procmon_request_add_attribute(request, ID_COMM), 0);
	CHECK_INT(procmon_request_execute(request), 0);
	script_init(&script, 1, 0, SECOND);
	script_add(&script, 0, 1, 1);
	script_text(&script, ID_COMM, 0, evil);
	script_send(&script, &peer, 1);
	CHECK_INT(procmon_dispatch(connection, 5000), 1);
	CHECK_INT(calls, 1);
	procmon_release(request);
	procmon_release(connection);
	peer_close(&peer);
}

/* ------------------------------------------------------------------------ hellos */

/* Connects to a server that greets with this; returns the error. */
static int greet_with(Procmon__ServerMessage *messages, size_t count, const char *in_sentence)
{
	struct peer peer;
	struct procmon_connection *connection;
	char *error = NULL;

	peer_open(&peer);
	for (size_t i = 0; i < count; i++)
		peer_greet(&peer, &messages[i]);
	int result = peer_connect_error(&peer, &connection, &error);
	CHECK(result < 0);
	CHECK(!connection);
	if (!error || !strstr(error, in_sentence))
		test_fail(__FILE__, __LINE__, "%d: %s has no %s", result, error, in_sentence);
	check_harmless(error);
	free(error);
	peer_close(&peer);
	return result;
}

TEST(a_server_must_begin_with_a_welcome)
{
	Procmon__Welcome welcome = PROCMON__WELCOME__INIT;
	Procmon__Catalog catalog = PROCMON__CATALOG__INIT;
	Procmon__Frame frame = PROCMON__FRAME__INIT;
	Procmon__Error error = PROCMON__ERROR__INIT;
	Procmon__Goodbye goodbye = PROCMON__GOODBYE__INIT;
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT, both[2];

	welcome.protocol = 1;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_CATALOG;
	message.catalog = &catalog;
	CHECK_INT(greet_with(&message, 1, "welcome"), -EPROTO);
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_FRAME;
	message.frame = &frame;
	CHECK_INT(greet_with(&message, 1, "welcome"), -EPROTO);
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_WELCOME;
	message.welcome = &welcome;
	both[0] = both[1] = message;
	CHECK_INT(greet_with(both, 2, "twice"), -EPROTO);
	welcome.protocol = 2;
	CHECK_INT(greet_with(&message, 1, "version"), -EPROTONOSUPPORT);
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_GOODBYE;
	message.goodbye = &goodbye;
	CHECK_INT(greet_with(&message, 1, "stopped"), -ESHUTDOWN);
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_ERROR;
	message.error = &error;
	error.text = (char *)"update \x1b[2J";
	error.code = PROCMON__ERROR_CODE__VERSION;
	CHECK_INT(greet_with(&message, 1, "update ?[2J"), -EPROTONOSUPPORT);
	error.code = PROCMON__ERROR_CODE__TOO_MANY;
	CHECK_INT(greet_with(&message, 1, "update"), -E2BIG);
}

TEST(a_second_catalog_is_refused)
{
	struct victim victim;
	Procmon__Catalog catalog = PROCMON__CATALOG__INIT;
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;

	victim_open(&victim);
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_CATALOG;
	message.catalog = &catalog;
	peer_send(&victim.peer, &message);
	expect_end(&victim, -EPROTO);
	victim_close(&victim);
}

static struct procmon_connection *connect_to(
	struct peer *peer, Procmon__Attribute *catalog, size_t count)
{
	struct procmon_connection *connection;

	peer_open(peer);
	peer_greet_welcome(peer);
	peer_greet_catalog(peer, catalog, count);
	CHECK_INT(peer_connect_error(peer, &connection, NULL), 0);
	return connection;
}

/* What cannot be computed is not offered. */
TEST(rules_of_inputs_that_do_not_fit_are_left_out)
{
	Procmon__Attribute catalog[] = {
		PEER_DERIVED2(100, "before.inputs", RATIO, SHARE, 2, 3),
		PEER_PLAIN(1, "text", TEXT, NO_UNIT, GAUGE),
		PEER_PLAIN(2, "gauge", U64, BYTES, GAUGE),
		PEER_PLAIN(3, "other", I64, BYTES, GAUGE),
		PEER_PLAIN(4, "counter", U64, NANOSECONDS, COUNTER),
		PEER_PLAIN(5, "operations", U64, COUNT, COUNTER),
		PEER_DERIVED(6, "derived", F64, PER_SECOND, RATE, 5),
		PEER_DERIVED2(101, "bad.missing", RATIO, SHARE, 2, 99),
		PEER_DERIVED2(102, "bad.none", RATIO, SHARE, 2, 0),
		PEER_DERIVED2(103, "bad.text", RATIO, SHARE, 2, 1),
		PEER_DERIVED2(104, "bad.input", RATIO, SHARE, 1, 2),
		PEER_DERIVED2(105, "bad.derived", RATIO, SHARE, 2, 6),
		PEER_DERIVED2(106, "bad.itself", RATIO, SHARE, 2, 106),
		PEER_DERIVED2(107, "bad.gauge", NANOSECONDS, MEAN, 4, 2),
		PEER_DERIVED2(108, "bad.gauges", NANOSECONDS, MEAN, 2, 3),
		PEER_DERIVED2(109, "bad.derived_mean", NANOSECONDS, MEAN, 6, 5),
		PEER_DERIVED(110, "bad.power", F64, MILLIWATTS, POWER_RATE, 2),
		PEER_DERIVED(111, "bad.type", U64, MILLIWATTS, POWER_RATE, 4),
		PEER_DERIVED2(112, "mean", NANOSECONDS, MEAN, 4, 5),
		PEER_DERIVED2(113, "bad.rule", RATIO, SHARE, 2, 3),
		PEER_DERIVED2(114, "sleeping", RATIO, SHARE, 2, 7),
		PEER_DERIVED(115, "bad.age_text", U64, NANOSECONDS, AGE, 1),
		PEER_DERIVED(116, "bad.age_derived", U64, NANOSECONDS, AGE, 112),
		PEER_DERIVED(117, "bad.age_type", F64, NANOSECONDS, AGE, 2),
		PEER_DERIVED(118, "resting", F64, PER_SECOND, RATE, 5),
		PEER_PLAIN(119, "", U64, BYTES, GAUGE),
		PEER_PLAIN(120, "bad.kind", U64, BYTES, KIND_UNKNOWN),
		PEER_PLAIN(121, "bad.plain", U64, BYTES, GAUGE),
		PEER_PLAIN(122, "bad.elsewhere", U64, BYTES, DERIVED),
		PEER_PLAIN(7, "unsupported", U64, BYTES, GAUGE),
	};
	enum { COUNT = sizeof catalog / sizeof *catalog };
	struct peer peer;

	catalog[19].rule = (Procmon__Rule)7; /* of a later version */
	catalog[24].state = PROCMON__STATE__DENIED;
	catalog[24].reason = (char *)"its own";
	catalog[27].rule = PROCMON__RULE__RATE;
	catalog[2].source = (char *)"source";
	catalog[3].source = (char *)"other source";
	catalog[COUNT - 1].state = PROCMON__STATE__UNSUPPORTED;
	catalog[COUNT - 1].reason = (char *)"not here";
	struct procmon_connection *connection = connect_to(&peer, catalog, COUNT);
	for (size_t i = 0; i < procmon_get_attribute_count(connection); i++)
		CHECK(strncmp(procmon_get_attribute(connection, i)->name, "bad.", 4) != 0);
	CHECK_INT(procmon_get_attribute_count(connection), 11);
	const struct procmon_attribute *found =
		procmon_find_attribute(connection, PROCMON_PROCESS, "before.inputs");
	CHECK(found);
	CHECK_INT(found->input, 2);
	CHECK_INT(found->other, 3);
	CHECK_TEXT(found->source, "source");
	found = procmon_find_attribute(connection, PROCMON_PROCESS, "sleeping");
	CHECK_INT(found->state, PROCMON_UNSUPPORTED);
	CHECK_TEXT(found->reason, "not here");
	found = procmon_find_attribute(connection, PROCMON_PROCESS, "resting");
	CHECK_INT(found->state, PROCMON_DENIED);
	CHECK_TEXT(found->reason, "its own");
	CHECK(!procmon_find_attribute_id(connection, PROCMON_PROCESS, 102));
	CHECK(!procmon_find_attribute_id(connection, PROCMON_SYSTEM, 1));
	procmon_release(connection);
	peer_close(&peer);
}

/* Each of two inputs takes a place in the request, which has 256. */
TEST(inputs_count_as_attributes)
{
	enum { MEANS = 129, COUNT = 3 * MEANS };
	Procmon__Attribute catalog[COUNT];
	char names[COUNT][8];
	struct peer peer;

	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof names[i], "a%u", i);
		if (i < 2 * MEANS)
			catalog[i] = PEER_PLAIN(i + 1, names[i], U64, COUNT, COUNTER);
		else
			catalog[i] = PEER_DERIVED2(i + 1, names[i], NO_UNIT, MEAN,
				2 * (i - 2 * MEANS) + 1, 2 * (i - 2 * MEANS) + 2);
	}
	struct procmon_connection *connection = connect_to(&peer, catalog, COUNT);
	for (uint32_t means = MEANS; means >= MEANS - 1; means--) {
		struct procmon_request *request;

		CHECK_INT(procmon_request_create(
				  connection, PROCMON_PROCESS, on_table, NULL, &request),
			0);
		for (uint32_t i = 0; i < means; i++)
			CHECK_INT(procmon_request_add_attribute(request, 2 * MEANS + i + 1), 0);
		CHECK_INT(procmon_request_execute(request), means == MEANS ? -E2BIG : 0);
		procmon_release(request);
	}
	procmon_release(connection);
	peer_close(&peer);
}

/* Somebody else's socket in our directory. */
TEST(a_server_of_another_user_is_refused)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct procmon_connection *connection;
	struct peer peer;
	char *error = NULL;
	int ready[2];
	char byte;

	if (geteuid() != 0)
		test_skip("needs root to become somebody else");
	peer_open(&peer);
	close(peer.listener);
	unlink(peer.path);
	CHECK(pipe(ready) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		int listener = socket(AF_UNIX, SOCK_STREAM, 0);
		strcpy(address.sun_path, peer.path);
		if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
			setuid(65534) < 0 || listen(listener, 4) < 0 ||
			write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	CHECK(read(ready[0], &byte, 1) == 1);
	CHECK_INT(
		procmon_connect(peer.path, "a test", PROCMON_START_SERVER, &connection, &error),
		-EPERM);
	CHECK(error && strstr(error, "65534"));
	free(error);
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	close(ready[1]);
	peer.listener = -1;
	peer_close(&peer);
}

TESTS(CASE(nonsense_ends_the_session), CASE(what_is_merely_odd_is_taken),
	CASE(a_message_over_the_limit_is_refused_by_its_prefix),
	CASE(a_message_at_the_limit_is_read), CASE(a_message_that_blows_up_is_refused),
	CASE(as_many_rows_as_slots), CASE(parts_that_never_end_are_refused),
	CASE(texts_fill_a_table_up_to_a_limit), CASE(a_flood_does_not_hold_the_client),
	CASE(rubbish_is_no_protocol), CASE(random_bytes_never_crash),
	CASE(no_text_drives_a_terminal), CASE(a_server_must_begin_with_a_welcome),
	CASE(a_second_catalog_is_refused), CASE(rules_of_inputs_that_do_not_fit_are_left_out),
	CASE(inputs_count_as_attributes), CASE(a_server_of_another_user_is_refused))

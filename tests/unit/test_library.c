/* Connections, requests and what handlers may do. */
#include <signal.h>
#include <time.h>

#include "peer.h"

/* What the handlers have seen, and what they are to do. */
struct watch {
	struct peer peer;
	struct procmon_connection *connection;
	struct procmon_request *request, *other;
	int tables, errors, error;
	char text[128];
	uint64_t tick;
	struct procmon_table *kept;
	struct procmon_row *kept_row, *copied_row;
	void (*action)(struct watch *self);
};

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct watch *watch = context;

	CHECK(request == watch->request || request == watch->other);
	watch->tables++;
	watch->tick = procmon_table_get_tick(table);
	if (watch->action)
		watch->action(watch);
}

static void on_error(
	struct procmon_request *request, int error, const char *text, void *context)
{
	struct watch *watch = context;

	CHECK(request == watch->request || request == watch->other);
	watch->errors++;
	watch->error = error;
	snprintf(watch->text, sizeof watch->text, "%s", text);
	if (watch->action)
		watch->action(watch);
}

static void make_request(struct watch *self, struct procmon_request **ret_request)
{
	CHECK_INT(procmon_request_create_with_error(self->connection, PROCMON_PROCESS, on_table,
			  on_error, self, ret_request),
		0);
	CHECK_INT(procmon_request_add_attribute(*ret_request, ID_READ), 0);
	CHECK_INT(procmon_request_set_interval(*ret_request, SECOND), 0);
	CHECK_INT(procmon_request_execute(*ret_request), 0);
}

static void watch_open(struct watch *self)
{
	*self = (struct watch){0};
	self->connection = peer_connect(&self->peer);
	make_request(self, &self->request);
}

static void watch_close(struct watch *self)
{
	procmon_release(self->request);
	procmon_release(self->other);
	procmon_release(self->connection);
	peer_close(&self->peer);
}

/* A frame of one row, whose counter is the tick. */
static void send_row(struct watch *self, uint32_t request, uint64_t tick, uint64_t since)
{
	struct script script;

	script_init(&script, tick, since, tick * SECOND);
	if (since == 0)
		script_add(&script, 0, 100, 1);
	script_u64(&script, ID_READ, 0, tick);
	script_send(&script, &self->peer, request);
}

static uint64_t row_value(const struct procmon_row *row)
{
	struct procmon_value value;

	CHECK_INT(procmon_row_get_value(row, ID_READ, &value), 0);
	CHECK_INT(value.state, PROCMON_OK);
	return value.u64;
}

TEST(the_server_and_its_catalog_are_known)
{
	struct peer peer;
	struct procmon_connection *connection = peer_connect(&peer);
	const struct procmon_server *server = procmon_get_server(connection);

	CHECK_INT(server->protocol, 1);
	CHECK_INT(server->pid, 77);
	CHECK_INT(server->session, 3);
	CHECK_TEXT(server->version, "0.1.0");
	CHECK_TEXT(server->platform, "linux");
	CHECK_INT(procmon_get_attribute_count(connection), PEER_ATTRIBUTES);
	CHECK_TEXT(procmon_get_attribute(connection, 0)->name, "pid");
	CHECK(!procmon_get_attribute(connection, PEER_ATTRIBUTES));
	const struct procmon_attribute *read =
		procmon_find_attribute(connection, PROCMON_PROCESS, "disk.read");
	CHECK(read && read == procmon_find_attribute_id(connection, PROCMON_PROCESS, ID_READ));
	CHECK_INT(read->kind, PROCMON_COUNTER);
	CHECK_INT(read->unit, PROCMON_BYTES);
	CHECK_TEXT(read->text, "What it means.");
	CHECK_TEXT(read->reason, "");
	CHECK(!procmon_find_attribute(connection, PROCMON_SYSTEM, "disk.read"));
	CHECK(!procmon_find_attribute(connection, PROCMON_PROCESS, "disk"));
	/* What is computed from something that is not there is not there either. */
	const struct procmon_attribute *gpu =
		procmon_find_attribute(connection, PROCMON_PROCESS, "gpu.usage");
	CHECK_INT(gpu->state, PROCMON_UNSUPPORTED);
	CHECK_TEXT(gpu->reason, "there is no GPU");
	CHECK_INT(gpu->input, ID_GPU);
	procmon_release(connection);
	peer_close(&peer);
}

/* The first two messages; and one byte at a time is as good as all at once. */
TEST(the_hello_is_as_documented)
{
	struct peer peer;
	struct procmon_connection *connection = peer_connect(&peer);
	Procmon__ClientMessage *message = peer_receive(&peer);

	CHECK_INT(message->body_case, PROCMON__CLIENT_MESSAGE__BODY_HELLO);
	CHECK_INT(message->hello->protocol_min, 1);
	CHECK_INT(message->hello->protocol_max, 1);
	CHECK_TEXT(message->hello->client, "a test");
	procmon__client_message__free_unpacked(message, NULL);
	message = peer_receive(&peer);
	CHECK_INT(message->body_case, PROCMON__CLIENT_MESSAGE__BODY_CATALOG_REQUEST);
	procmon__client_message__free_unpacked(message, NULL);
	CHECK(!peer_receive(&peer));
	procmon_release(connection);
	peer_close(&peer);
}

/* What a later server may have in its catalog is no reason to fail. */
TEST(attributes_of_later_versions_are_left_out)
{
	struct peer peer;
	struct procmon_connection *connection;
	Procmon__Attribute attributes[] = {
		PEER_PLAIN(1, "a", U64, COUNT, COUNTER),
		PEER_PLAIN(2, "b", U64, COUNT, COUNTER),
		PEER_PLAIN(3, "c", U64, COUNT, COUNTER),
		PEER_PLAIN(4, "d", U64, COUNT, COUNTER),
		PEER_DERIVED(5, "e", F64, PER_SECOND, RATE, 99), /* of nothing */
		PEER_DERIVED(6, "f", F64, PER_SECOND, RATE, 7),  /* of another derived one */
		PEER_DERIVED(7, "g", F64, PER_SECOND, RATE, 9),
		PEER_DERIVED(8, "h", U64, PER_SECOND, RATE, 9), /* rates are no integers */
		PEER_PLAIN(9, "i", U64, COUNT, COUNTER),
		PEER_DERIVED(10, "j", F64, PER_SECOND, RATE, 9),
		PEER_PLAIN(11, "", U64, COUNT, COUNTER),
		PEER_DERIVED(12, "k", F64, PER_SECOND, RATE, 12), /* of itself */
	};

	attributes[0].type = 77;
	attributes[1].unit = 77;
	attributes[2].kind = 77;
	attributes[3].cost = 77;
	attributes[9].rule = 77;
	attributes[8].state = 77;
	peer_open(&peer);
	peer_greet_welcome(&peer);
	peer_greet_catalog(&peer, attributes, sizeof attributes / sizeof *attributes);
	CHECK_INT(peer_connect_error(&peer, &connection, NULL), 0);
	CHECK_INT(procmon_get_attribute_count(connection), 2);
	CHECK_TEXT(procmon_get_attribute(connection, 0)->name, "g");
	CHECK_TEXT(procmon_get_attribute(connection, 1)->name, "i");
	CHECK_INT(procmon_get_attribute(connection, 1)->state, PROCMON_FAILED);
	procmon_release(connection);
	peer_close(&peer);
}

TEST(addresses_and_what_walks_pages_are_known)
{
	struct peer peer;
	struct procmon_connection *connection;
	Procmon__Attribute attributes[] = {PEER_PLAIN(1, "start", U64, ADDRESS, GAUGE)};

	attributes[0].table = PROCMON__TABLE__REGION;
	attributes[0].cost = PROCMON__COST__PAGES;
	peer_open(&peer);
	peer_greet_welcome(&peer);
	peer_greet_catalog(&peer, attributes, 1);
	CHECK_INT(peer_connect_error(&peer, &connection, NULL), 0);
	const struct procmon_attribute *start =
		procmon_find_attribute(connection, PROCMON_REGION, "start");
	CHECK(start);
	CHECK_INT(start->unit, PROCMON_ADDRESS);
	CHECK_INT(start->cost, PROCMON_PAGES);
	procmon_release(connection);
	peer_close(&peer);
}

TEST(a_request_asks_for_what_was_added)
{
	struct watch watch = {0};
	static const uint32_t ids[] = {ID_CPU_USAGE, ID_CPU, ID_NICE, ID_NICE};
	static const uint32_t pids[] = {7, 8, 7};
	uint32_t many[1025] = {0};

	watch.connection = peer_connect(&watch.peer);
	CHECK_INT(procmon_request_create(
			  watch.connection, PROCMON_PROCESS, on_table, &watch, &watch.request),
		0);
	struct procmon_request *request = watch.request;
	CHECK_INT(procmon_request_get_table_id(request), PROCMON_PROCESS);
	CHECK_INT(procmon_request_execute(request), -EINVAL);
	CHECK_INT(procmon_request_add_attributes(request, ids, 4), 0);
	CHECK_INT(procmon_request_add_name(request, "disk.read"), 0);
	CHECK_INT(procmon_request_add_name(request, "disk.reat"), -ENOENT);
	CHECK_INT(procmon_request_add_attribute(request, 0xFFFF), -ENOENT);
	CHECK_INT(procmon_request_set_pids(request, many, 1025), -E2BIG);
	CHECK_INT(procmon_request_set_pids(request, many, 1024), 0);
	CHECK_INT(procmon_request_set_pids(request, pids, 3), 0);
	CHECK_INT(procmon_request_set_target(request, 55), 0);
	CHECK_INT(procmon_request_set_interval(request, 250000000), 0);
	CHECK_INT(procmon_request_execute(request), 0);

	Procmon__ClientMessage *message = peer_receive_request(&watch.peer);
	CHECK(message);
	CHECK(message->request->request != 0);
	CHECK_INT(message->request->table, PROCMON_PROCESS);
	CHECK_INT(message->request->interval_ns, 250000000);
	CHECK_INT(message->request->n_attributes, 3);
	CHECK_INT(message->request->attributes[0], ID_CPU);
	CHECK_INT(message->request->attributes[1], ID_NICE);
	CHECK_INT(message->request->attributes[2], ID_READ);
	CHECK_INT(message->request->n_pids, 3);
	CHECK_INT(message->request->pids[1], 8);
	CHECK_INT(message->request->target_pid, 55);
	procmon__client_message__free_unpacked(message, NULL);

	CHECK_INT(procmon_request_add_attribute(request, ID_COMM), -EBUSY);
	CHECK_INT(procmon_request_set_interval(request, 1), -EBUSY);
	CHECK_INT(procmon_request_set_flags(request, PROCMON_ONCE), -EBUSY);
	CHECK_INT(procmon_request_set_pids(request, pids, 1), -EBUSY);
	CHECK_INT(procmon_request_set_target(request, 1), -EBUSY);
	CHECK_INT(procmon_request_execute(request), -EBUSY);

	/* One cancel is sent, however often it is called, and late frames are ignored. */
	procmon_request_cancel(request);
	procmon_request_cancel(request);
	CHECK_INT(procmon_request_execute(request), -EBUSY);
	message = peer_receive(&watch.peer);
	CHECK_INT(message->body_case, PROCMON__CLIENT_MESSAGE__BODY_CANCEL);
	CHECK_INT(message->cancel->request, 1);
	procmon__client_message__free_unpacked(message, NULL);
	CHECK(!peer_receive(&watch.peer));
	send_row(&watch, 1, 1, 0);
	CHECK_INT(procmon_dispatch(watch.connection, 100), 0);
	CHECK_INT(watch.tables, 0);
	watch_close(&watch);
}

static bool collect(uint32_t attribute, const struct procmon_value *value, void *context)
{
	uint32_t **next = context;

	CHECK(value);
	*(*next)++ = attribute;
	return attribute != ID_READ;
}

static bool count_one(struct procmon_row *row, void *context)
{
	CHECK(row);
	++*(int *)context;
	return false;
}

static void walk(struct procmon_request *request, struct procmon_table *table, void *context)
{
	uint32_t seen[4] = {0}, *next = seen;
	int rows = 0;

	(void)request;
	procmon_row_apply(procmon_table_get_row(table, 0), collect, &next);
	CHECK_INT(next - seen, 3);
	CHECK_INT(seen[0], ID_READ_RATE);
	CHECK_INT(seen[1], ID_NICE);
	CHECK_INT(seen[2], ID_READ);
	procmon_table_apply(table, count_one, &rows);
	CHECK_INT(rows, 1);
	++*(int *)context;
}

TEST(attributes_are_walked_in_the_order_they_were_added)
{
	static const uint32_t ids[] = {ID_READ_RATE, ID_NICE, ID_READ, ID_CPU};
	struct peer peer;
	struct procmon_connection *connection = peer_connect(&peer);
	struct procmon_request *request;
	struct script script;
	int calls = 0;

	CHECK_INT(
		procmon_request_create(connection, PROCMON_PROCESS, walk, &calls, &request), 0);
	CHECK_INT(procmon_request_add_attributes(request, ids, 4), 0);
	CHECK_INT(procmon_request_execute(request), 0);
	script_init(&script, 1, 0, SECOND);
	script_add(&script, 0, 1, 1);
	script_add(&script, 1, 2, 2);
	script_send(&script, &peer, 1);
	CHECK_INT(procmon_dispatch(connection, 5000), 1);
	CHECK_INT(calls, 1);
	procmon_release(request);
	procmon_release(connection);
	peer_close(&peer);
}

/* Interval 0, and PROCMON_ONCE with an interval: one table, and nothing to cancel then. */
TEST(a_one_shot_ends_with_its_table)
{
	for (unsigned once = 0; once < 2; once++) {
		struct watch watch = {0};

		watch.connection = peer_connect(&watch.peer);
		CHECK_INT(procmon_request_create_with_error(watch.connection, PROCMON_PROCESS,
				  on_table, on_error, &watch, &watch.request),
			0);
		CHECK_INT(procmon_request_add_attribute(watch.request, ID_READ), 0);
		if (once) {
			CHECK_INT(procmon_request_set_flags(watch.request, PROCMON_ONCE), 0);
			CHECK_INT(procmon_request_set_interval(watch.request, SECOND), 0);
		}
		CHECK_INT(procmon_request_execute(watch.request), 0);
		Procmon__ClientMessage *message = peer_receive_request(&watch.peer);
		CHECK_INT(message->request->interval_ns, 0);
		procmon__client_message__free_unpacked(message, NULL);
		send_row(&watch, 1, 1, 0);
		send_row(&watch, 1, 2, 1);
		CHECK_INT(procmon_dispatch(watch.connection, 5000), 1);
		CHECK_INT(watch.tables, 1);
		CHECK_INT(watch.tick, 1);
		procmon_request_cancel(watch.request);
		CHECK(!peer_receive(&watch.peer));
		peer_hang_up(&watch.peer);
		CHECK_INT(procmon_dispatch(watch.connection, 5000), -ECONNRESET);
		CHECK_INT(watch.errors, 0);
		watch_close(&watch);
	}
}

TEST(frames_come_a_byte_at_a_time)
{
	struct watch watch;
	struct script script;
	uint8_t *bytes = NULL;
	size_t size = 0;

	watch_open(&watch);
	script_init(&script, 1, 0, SECOND);
	script_add(&script, 0, 100, 1);
	script_u64(&script, ID_READ, 0, 5);
	Procmon__ServerMessage message = script_message(&script, 1);
	peer_append(&bytes, &size, &message.base);
	for (size_t i = 0; i < size; i++) {
		CHECK_INT(watch.tables, 0);
		peer_write(&watch.peer, bytes + i, 1);
		CHECK_INT(procmon_dispatch(watch.connection, 0), i + 1 == size);
	}
	CHECK_INT(watch.tables, 1);
	free(bytes);
	script_finish(&script);
	watch_close(&watch);
}

/* The rest of a message moves to the front when there is no room behind it. */
TEST(frames_come_in_halves)
{
	enum { ROWS = 900 };
	struct watch watch;
	uint8_t *bytes = NULL;
	size_t size = 0, half;

	watch_open(&watch);
	for (uint64_t tick = 1; tick <= 2; tick++) {
		struct script script;
		script_init(&script, tick, 0, tick * SECOND);
		for (uint32_t slot = 0; slot < ROWS; slot++)
			script_add(&script, slot, 100 + slot, slot);
		Procmon__ServerMessage message = script_message(&script, 1);
		peer_append(&bytes, &size, &message.base);
		script_finish(&script);
	}
	half = size / 2 + 2000;
	CHECK(half > 12 * 1024 && half < 16 * 1024);
	peer_write(&watch.peer, bytes, half);
	CHECK_INT(procmon_dispatch(watch.connection, 0), 1);
	peer_write(&watch.peer, bytes + half, size - half);
	CHECK_INT(procmon_dispatch(watch.connection, 0), 1);
	CHECK_INT(watch.tables, 2);
	free(bytes);
	watch_close(&watch);
}

TEST(frames_find_their_request)
{
	struct watch watch;

	watch_open(&watch);
	make_request(&watch, &watch.other);
	send_row(&watch, 2, 7, 0);
	send_row(&watch, 1, 8, 0);
	send_row(&watch, 99, 9, 0);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), 2);
	CHECK_INT(watch.tick, 8);
	watch_close(&watch);
}

static void keep_all(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct watch *watch = context;

	(void)request;
	watch->tables++;
	if (watch->kept)
		return;
	watch->kept = procmon_retain(table);
	watch->kept_row = procmon_retain(procmon_table_get_row(table, 0));
	watch->copied_row = procmon_table_copy_row(table, 0);
	CHECK(watch->copied_row);
	CHECK(!procmon_table_copy_row(table, 1));
}

TEST(what_is_retained_stays_as_it_was)
{
	struct watch watch = {0};

	watch.connection = peer_connect(&watch.peer);
	CHECK_INT(procmon_request_create(
			  watch.connection, PROCMON_PROCESS, keep_all, &watch, &watch.request),
		0);
	CHECK_INT(procmon_request_add_attribute(watch.request, ID_READ), 0);
	CHECK_INT(procmon_request_set_interval(watch.request, SECOND), 0);
	CHECK_INT(procmon_request_execute(watch.request), 0);
	send_row(&watch, 1, 1, 0);
	send_row(&watch, 1, 2, 1);
	struct script script;
	script_init(&script, 3, 2, 3 * SECOND);
	script_remove(&script, 0);
	script_send(&script, &watch.peer, 1);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), 3);
	CHECK_INT(procmon_table_get_tick(watch.kept), 1);
	CHECK_INT(procmon_table_get_count(watch.kept), 1);
	CHECK_INT(row_value(procmon_table_get_row(watch.kept, 0)), 1);

	/* They live on their own, in any order of release. */
	watch_close(&watch);
	CHECK_INT(row_value(procmon_table_get_row(watch.kept, 0)), 1);
	procmon_release(watch.kept);
	CHECK_INT(row_value(watch.kept_row), 1);
	procmon_release(watch.kept_row);
	CHECK_INT(row_value(watch.copied_row), 1);
	CHECK_INT(procmon_row_get_pid(watch.copied_row), 1);
	CHECK(procmon_row_get_identity(watch.copied_row) == 100);
	procmon_release(procmon_retain(watch.copied_row));
	procmon_release(watch.copied_row);
	CHECK(!procmon_retain(NULL));
	procmon_release(NULL);
}

static void keep_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	(void)request;
	((struct watch *)context)->kept = procmon_retain(table);
}

/* The latest frame says it; a table that was kept stays as it was. */
TEST(a_table_may_lack_rows)
{
	static const bool incomplete[] = {true, false, true};
	struct procmon_table *tables[3];
	struct watch watch = {0};
	struct script script;

	watch.connection = peer_connect(&watch.peer);
	CHECK_INT(procmon_request_create(watch.connection, PROCMON_PROCESS, keep_table, &watch,
			  &watch.request),
		0);
	CHECK_INT(procmon_request_add_attribute(watch.request, ID_READ), 0);
	CHECK_INT(procmon_request_set_interval(watch.request, SECOND), 0);
	CHECK_INT(procmon_request_execute(watch.request), 0);
	for (uint64_t i = 0; i < 3; i++) {
		script_init(&script, i + 1, i, (i + 1) * SECOND);
		script.frame.incomplete = incomplete[i];
		script_send(&script, &watch.peer, 1);
		watch.kept = NULL;
		CHECK_INT(procmon_dispatch(watch.connection, 5000), 1);
		CHECK(watch.kept);
		tables[i] = watch.kept;
	}
	for (int i = 0; i < 3; i++) {
		CHECK_INT(procmon_table_is_incomplete(tables[i]), incomplete[i]);
		procmon_release(tables[i]);
	}
	watch_close(&watch);
}

TEST(errors_of_a_request_end_it_alone)
{
	static const struct {
		Procmon__ErrorCode code;
		int error;
	} cases[] = {
		{PROCMON__ERROR_CODE__TOO_MANY, -E2BIG},
		{PROCMON__ERROR_CODE__NO_SUCH_TABLE, -ENOENT},
		{PROCMON__ERROR_CODE__NO_SUCH_ATTRIBUTE, -ENOENT},
		{PROCMON__ERROR_CODE__NO_SUCH_TARGET, -ESRCH},
		{PROCMON__ERROR_CODE__BAD_REQUEST, -EINVAL},
		{PROCMON__ERROR_CODE__INTERNAL, -EIO},
		{PROCMON__ERROR_CODE__DENIED_TARGET, -EACCES},
		{(Procmon__ErrorCode)77, -EIO},
	};
	struct watch watch;

	watch_open(&watch);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_request(&watch, &watch.other);
		uint32_t number = (uint32_t)i + 2;
		peer_send_error(&watch.peer, number, cases[i].code, "too \x1b[2Jmany");
		send_row(&watch, number, 1, 0);
		peer_send_error(&watch.peer, number, cases[i].code, "again");
		send_row(&watch, 1, i + 1, i);
		CHECK_INT(procmon_dispatch(watch.connection, 5000), 2);
		CHECK_INT(watch.error, cases[i].error);
		CHECK_INT(watch.errors, i + 1);
		CHECK_INT(watch.tables, i + 1);
		CHECK_TEXT(watch.text, "too ?[2Jmany");
		procmon_release(watch.other);
		watch.other = NULL;
	}
	watch_close(&watch);
}

TEST(a_target_that_ends_ends_the_request)
{
	struct watch watch;
	struct script script;

	watch_open(&watch);
	script_init(&script, 1, 0, SECOND);
	script.frame.ended = 1;
	script_send(&script, &watch.peer, 1);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), 2);
	CHECK_INT(watch.tables, 1);
	CHECK_INT(watch.error, -ESRCH);
	peer_send_error(&watch.peer, 1, PROCMON__ERROR_CODE__NO_SUCH_TARGET, "");
	peer_hang_up(&watch.peer);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), -ECONNRESET);
	CHECK_INT(watch.errors, 1);
	watch_close(&watch);
}

/* ------------------------------------------------------------------- the end of it */

TEST(all_requests_hear_that_the_server_is_gone)
{
	struct watch watch;

	watch_open(&watch);
	make_request(&watch, &watch.other);
	send_row(&watch, 1, 1, 0);
	peer_hang_up(&watch.peer);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), -ECONNRESET);
	CHECK_INT(watch.tables, 1); /* what came before is not lost */
	CHECK_INT(watch.errors, 2);
	CHECK_INT(watch.error, -ECONNRESET);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), -ECONNRESET);
	CHECK_INT(watch.errors, 2);
	struct procmon_request *late;
	CHECK_INT(procmon_request_create(
			  watch.connection, PROCMON_PROCESS, on_table, &watch, &late),
		0);
	CHECK_INT(procmon_request_add_attribute(late, ID_READ), 0);
	CHECK_INT(procmon_request_execute(late), -ECONNRESET);
	procmon_release(late);
	watch_close(&watch);
}

TEST(a_goodbye_is_told_from_a_crash)
{
	static const struct {
		Procmon__GoodbyeReason reason;
		uint64_t after_ns, expected_ns;
	} cases[] = {
		{PROCMON__GOODBYE_REASON__STOPPED, 5, 0},
		{PROCMON__GOODBYE_REASON__RESTARTING, 5, 5},
		{PROCMON__GOODBYE_REASON__RESTARTING, 0, 1},
		{(Procmon__GoodbyeReason)77, 5, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct watch watch;
		Procmon__Goodbye goodbye = PROCMON__GOODBYE__INIT;
		Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;

		watch_open(&watch);
		goodbye.reason = cases[i].reason;
		goodbye.retry_after_ns = cases[i].after_ns;
		message.body_case = PROCMON__SERVER_MESSAGE__BODY_GOODBYE;
		message.goodbye = &goodbye;
		peer_send(&watch.peer, &message);
		peer_hang_up(&watch.peer);
		CHECK_INT(procmon_dispatch(watch.connection, 5000), -ESHUTDOWN);
		CHECK_INT(watch.error, -ESHUTDOWN);
		CHECK_INT(procmon_get_retry_ns(watch.connection), cases[i].expected_ns);
		watch_close(&watch);
	}
}

TEST(an_error_of_the_session_ends_it)
{
	struct watch watch;

	watch_open(&watch);
	peer_send_error(&watch.peer, 0, PROCMON__ERROR_CODE__PROTOCOL, "what was that?");
	CHECK_INT(procmon_dispatch(watch.connection, 5000), -EPROTO);
	CHECK_INT(watch.error, -EPROTO);
	CHECK_TEXT(watch.text, "what was that?");
	watch_close(&watch);
}

TEST(an_end_in_the_middle_of_a_frame_is_an_end)
{
	struct watch watch;
	uint8_t bytes[WIRE_PREFIX_MAX] = {0};

	watch_open(&watch);
	CHECK_INT(wire_put_prefix(bytes, 300), 2);
	peer_write(&watch.peer, bytes, 3);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), 0);
	peer_hang_up(&watch.peer);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), -ECONNRESET);
	CHECK_INT(watch.errors, 1);
	watch_close(&watch);
}

TEST(requests_outlive_their_connection)
{
	struct watch watch;

	watch_open(&watch);
	CHECK_INT(procmon_request_create(
			  watch.connection, PROCMON_PROCESS, on_table, &watch, &watch.other),
		0);
	CHECK_INT(procmon_request_add_attribute(watch.other, ID_READ), 0);
	procmon_release(watch.connection);
	watch.connection = NULL;
	CHECK_INT(procmon_request_execute(watch.other), -ENOTCONN);
	CHECK_INT(procmon_request_add_attribute(watch.other, ID_CPU), -ENOTCONN);
	procmon_request_cancel(watch.request);
	CHECK_INT(watch.errors + watch.tables, 0);
	watch_close(&watch);
}

/* What is not taken at once waits, and shows in the events. */
TEST(output_waits_for_a_server_that_does_not_read)
{
	struct watch watch;
	uint32_t pids[1024];
	int size = 4096;

	memset(pids, 0xFF, sizeof pids);
	watch_open(&watch);
	CHECK_INT(procmon_get_events(watch.connection), POLLIN);
	setsockopt(procmon_get_fd(watch.connection), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	for (int i = 0; !(procmon_get_events(watch.connection) & POLLOUT); i++) {
		CHECK(i < 10000);
		procmon_release(watch.other);
		CHECK_INT(procmon_request_create(watch.connection, PROCMON_PROCESS, on_table,
				  &watch, &watch.other),
			0);
		CHECK_INT(procmon_request_add_attribute(watch.other, ID_READ), 0);
		CHECK_INT(procmon_request_set_pids(watch.other, pids, 1024), 0);
		CHECK_INT(procmon_request_execute(watch.other), 0);
	}
	while (procmon_get_events(watch.connection) & POLLOUT) {
		char bytes[4096];
		CHECK(recv(watch.peer.fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0);
		CHECK_INT(procmon_dispatch(watch.connection, 0), 0);
	}
	watch_close(&watch);
}

/* ---------------------------------------------------------------------- waiting */

static void on_signal(int number)
{
	(void)number;
}

static void *interrupt(void *context)
{
	/* again and again, for the first one may come before the wait */
	for (int i = 0; i < 20; i++) {
		usleep(10000);
		pthread_kill(*(pthread_t *)context, SIGUSR1);
	}
	return NULL;
}

TEST(a_signal_ends_the_wait)
{
	struct watch watch;
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t thread, self = pthread_self();

	watch_open(&watch);
	sigaction(SIGUSR1, &action, NULL);
	CHECK(pthread_create(&thread, NULL, interrupt, &self) == 0);
	CHECK_INT(procmon_dispatch(watch.connection, -1), 0);
	pthread_join(thread, NULL);
	watch_close(&watch);
}

static void *send_later(void *context)
{
	usleep(50000);
	send_row(context, 1, 1, 0);
	return NULL;
}

TEST(a_dispatch_waits_as_long_as_it_is_told)
{
	struct watch watch;
	struct timespec before, after;
	pthread_t thread;

	watch_open(&watch);
	clock_gettime(CLOCK_MONOTONIC, &before);
	CHECK_INT(procmon_dispatch(watch.connection, 0), 0);
	CHECK_INT(procmon_dispatch(watch.connection, 100), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	double waited = (double)(after.tv_sec - before.tv_sec) +
			(double)(after.tv_nsec - before.tv_nsec) * 1e-9;
	CHECK(waited > 0.09 && waited < 5);
	CHECK(pthread_create(&thread, NULL, send_later, &watch) == 0);
	CHECK_INT(procmon_dispatch(watch.connection, -1), 1);
	pthread_join(thread, NULL);
	watch_close(&watch);
}

/* ------------------------------------------------------------------ inside a handler */

static void cancel_it(struct watch *self)
{
	procmon_request_cancel(self->request);
	procmon_request_cancel(self->request);
}

static void release_it(struct watch *self)
{
	procmon_release(self->request);
	self->request = NULL;
}

static void release_connection(struct watch *self)
{
	procmon_release(self->connection);
	self->connection = NULL;
}

static void release_all(struct watch *self)
{
	release_connection(self);
	release_it(self);
	procmon_release(self->other);
	self->other = NULL;
}

static void dispatch_again(struct watch *self)
{
	CHECK_INT(procmon_dispatch(self->connection, 1000), -EBUSY);
}

static void request_again(struct watch *self)
{
	if (!self->other)
		make_request(self, &self->other);
}

TEST(a_handler_may_cancel_and_release)
{
	static void (*const actions[])(struct watch *) = {
		cancel_it, release_it, release_connection, release_all};

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		for (int by_error = 0; by_error < 2; by_error++) {
			struct watch watch;

			watch_open(&watch);
			watch.action = actions[i];
			if (by_error)
				peer_send_error(
					&watch.peer, 1, PROCMON__ERROR_CODE__BAD_REQUEST, "no");
			else
				send_row(&watch, 1, 1, 0);
			send_row(&watch, 1, 2, by_error ? 0 : 1);
			CHECK_INT(procmon_dispatch(watch.connection, 5000), 1);
			CHECK_INT(watch.tables + watch.errors, 1);
			watch_close(&watch);
		}
	}
}

/* The list of requests is walked while handlers change it. */
TEST(a_handler_may_release_all_when_the_server_is_gone)
{
	static void (*const actions[])(struct watch *) = {cancel_it, release_it, release_all};

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		struct watch watch;

		watch_open(&watch);
		make_request(&watch, &watch.other);
		watch.action = actions[i];
		peer_hang_up(&watch.peer);
		CHECK_INT(procmon_dispatch(watch.connection, 5000), -ECONNRESET);
		CHECK(watch.errors >= 1);
		watch.action = NULL;
		watch_close(&watch);
	}
}

TEST(a_handler_may_not_dispatch_but_may_request)
{
	struct watch watch;

	watch_open(&watch);
	watch.action = dispatch_again;
	send_row(&watch, 1, 1, 0);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), 1);
	watch.action = request_again;
	send_row(&watch, 1, 2, 1);
	send_row(&watch, 2, 2, 0);
	CHECK_INT(procmon_dispatch(watch.connection, 5000), 2);
	CHECK_INT(watch.tables, 3);
	watch_close(&watch);
}

TEST(names_are_those_of_the_registry)
{
	CHECK_TEXT(procmon_state_name(PROCMON_ASLEEP), "asleep");
	CHECK_TEXT(procmon_table_name(PROCMON_SESSION), "session");
	CHECK(!procmon_table_name(0));
	CHECK(!procmon_table_name(1000));
	CHECK(!procmon_table_name(UINT32_MAX));
	CHECK_INT(procmon_table_by_name("Process"), PROCMON_PROCESS);
	CHECK_INT(procmon_table_by_name("proces"), 0);
}

TESTS(CASE(the_server_and_its_catalog_are_known), CASE(the_hello_is_as_documented),
	CASE(addresses_and_what_walks_pages_are_known), CASE(a_table_may_lack_rows),
	CASE(attributes_of_later_versions_are_left_out),
	CASE(a_request_asks_for_what_was_added),
	CASE(attributes_are_walked_in_the_order_they_were_added),
	CASE(a_one_shot_ends_with_its_table), CASE(frames_come_a_byte_at_a_time),
	CASE(frames_come_in_halves), CASE(frames_find_their_request),
	CASE(what_is_retained_stays_as_it_was), CASE(errors_of_a_request_end_it_alone),
	CASE(a_target_that_ends_ends_the_request),
	CASE(all_requests_hear_that_the_server_is_gone), CASE(a_goodbye_is_told_from_a_crash),
	CASE(an_error_of_the_session_ends_it), CASE(an_end_in_the_middle_of_a_frame_is_an_end),
	CASE(requests_outlive_their_connection),
	CASE(output_waits_for_a_server_that_does_not_read), CASE(a_signal_ends_the_wait),
	CASE(a_dispatch_waits_as_long_as_it_is_told), CASE(a_handler_may_cancel_and_release),
	CASE(a_handler_may_release_all_when_the_server_is_gone),
	CASE(a_handler_may_not_dispatch_but_may_request), CASE(names_are_those_of_the_registry))

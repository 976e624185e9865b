/*
 * session: a client over a socket pair, and a core that does what the test says. The clock is
 * the test's too: timers are looked at and set off by hand.
 */
#include "session.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "alloc.h"
#include "attribute.h"
#include "catalog.h"
#include "clock.h"
#include "frame.h"
#include "listener.h"
#include "log.h"
#include "test.h"

#define MS UINT64_C(1000000)

/* ----------------------------------------------------------------- the clock, the core */

static uint64_t clock_ns = 1000 * SECOND_NS;

uint64_t clock_now_ns(void)
{
	return clock_ns;
}

uint64_t clock_read_ns(clockid_t clock)
{
	(void)clock;
	return clock_ns;
}

struct timeval clock_until(uint64_t deadline_ns, uint64_t now_ns)
{
	uint64_t rest_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

	return (struct timeval){
		.tv_sec = (time_t)(rest_ns / SECOND_NS),
		.tv_usec = (suseconds_t)(rest_ns % SECOND_NS / 1000),
	};
}

static struct {
	int subscribe_result, cancel_result;
	unsigned subscribed, cancelled, dropped, added, drained;
	struct subscriber *subscriber;
	struct request request; /* the last one; its arrays are copied below */
	uint16_t attributes[REQUEST_ATTRIBUTES_MAX];
	uint64_t pids[REQUEST_PIDS_MAX];
	uint32_t last_cancelled;
	int lost_result;
	unsigned lost;
	uint32_t lost_request;
} core;

int sampler_subscribe(struct sampler *self, uint64_t now_ns, struct subscriber *subscriber,
	const struct request *request)
{
	(void)self;
	CHECK(now_ns == clock_ns);
	CHECK(subscriber == core.subscriber);
	core.request = *request;
	memcpy(core.attributes, request->attributes,
		request->attribute_count * sizeof *core.attributes);
	memcpy(core.pids, request->pids, request->pid_count * sizeof *core.pids);
	core.subscribed += core.subscribe_result == 0;
	return core.subscribe_result;
}

int sampler_cancel(struct sampler *self, struct subscriber *subscriber, uint32_t request)
{
	(void)self;
	CHECK(subscriber == core.subscriber);
	core.last_cancelled = request;
	core.cancelled++;
	return core.cancel_result;
}

void sampler_drop(struct sampler *self, struct subscriber *subscriber)
{
	(void)self;
	(void)subscriber;
	core.dropped++;
}

void sampler_add_session(struct sampler *self, struct subscriber *subscriber)
{
	(void)self;
	core.subscriber = subscriber;
	core.added++;
}

void sampler_drained(struct sampler *self, struct subscriber *subscriber, uint64_t now_ns)
{
	(void)self;
	(void)now_ns;
	CHECK(subscriber->ops->drained(subscriber));
	core.drained++;
}

int sampler_lost(struct sampler *self, struct subscriber *subscriber, uint32_t request)
{
	(void)self;
	(void)subscriber;
	core.lost++;
	core.lost_request = request;
	return core.lost_result;
}

void sampler_end_costliest(struct sampler *self)
{
	(void)self;
}

const struct source *sampler_source(const struct sampler *self, enum attribute_index attribute)
{
	(void)self;
	(void)attribute;
	return NULL;
}

bool sampler_is_slow(const struct sampler *self, enum attribute_index attribute)
{
	(void)self;
	return attributes[attribute].cost == COST_SLOW;
}

enum cell_state sampler_available(
	const struct sampler *self, enum attribute_index attribute, const char **ret_reason)
{
	(void)self;
	*ret_reason = NULL;
	if (attribute != ATTRIBUTE_PROCESS_GPU_TIME)
		return STATE_OK;
	*ret_reason = "no GPU";
	return STATE_UNSUPPORTED;
}

/* ------------------------------------------------------------------------ the client */

static struct event_base *base;
static struct sessions sessions;
static uint8_t received[4 * 1024 * 1024]; /* not yet taken */
static size_t received_size;
static bool ended; /* the server closed */

static void run_loop(void)
{
	for (int i = 0; i < 8; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static int add_client(void)
{
	int pair[2], send_buffer = 4608;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (int i = 0; i < 2; i++)
		fcntl(pair[i], F_SETFL, O_NONBLOCK);
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
	sessions_add(&sessions, pair[1], 42, 4711);
	return pair[0];
}

static int set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	CHECK(base);
	sessions_init(&sessions, base, NULL, "scripted");
	return add_client();
}

static void tear_down(int fd)
{
	if (fd >= 0)
		close(fd);
	sessions_finish(&sessions);
	event_base_free(base);
}

static void send_bytes(int fd, const void *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = write(fd, bytes, size);

		if (sent < 0 && errno == EAGAIN)
			run_loop();
		else if (sent < 0)
			return; /* closed in the meantime: the test looks at what it got */
		else
			bytes = (const char *)bytes + sent, size -= (size_t)sent;
	}
}

static size_t encode(const Procmon__ClientMessage *message, uint8_t *bytes)
{
	size_t size = procmon__client_message__get_packed_size(message);
	size_t prefix = wire_put_prefix(bytes, size);

	return prefix + procmon__client_message__pack(message, bytes + prefix);
}

static void send_message(int fd, const Procmon__ClientMessage *message)
{
	static uint8_t bytes[128 * 1024];

	send_bytes(fd, bytes, encode(message, bytes));
}

static Procmon__ClientMessage *hello(uint32_t min, uint32_t max, const char *name)
{
	static Procmon__ClientMessage message;
	static Procmon__Hello body;

	procmon__client_message__init(&message);
	procmon__hello__init(&body);
	body.protocol_min = min;
	body.protocol_max = max;
	body.client = (char *)name;
	message.body_case = PROCMON__CLIENT_MESSAGE__BODY_HELLO;
	message.hello = &body;
	return &message;
}

static Procmon__ClientMessage *request(uint32_t number)
{
	static uint32_t ids[] = {0x1010, 0x0005};
	static uint32_t pids[] = {1, 77};
	static Procmon__ClientMessage message;
	static Procmon__Request body;

	procmon__client_message__init(&message);
	procmon__request__init(&body);
	body.request = number;
	body.table = PROCMON__TABLE__PROCESS;
	body.attributes = ids;
	body.n_attributes = 2;
	body.interval_ns = 500 * MS;
	body.pids = pids;
	body.n_pids = 2;
	message.body_case = PROCMON__CLIENT_MESSAGE__BODY_REQUEST;
	message.request = &body;
	return &message;
}

static Procmon__ClientMessage *cancel(uint32_t number)
{
	static Procmon__ClientMessage message;
	static Procmon__Cancel body;

	procmon__client_message__init(&message);
	procmon__cancel__init(&body);
	body.request = number;
	message.body_case = PROCMON__CLIENT_MESSAGE__BODY_CANCEL;
	message.cancel = &body;
	return &message;
}

static void receive(int fd)
{
	ssize_t size;

	while ((size = read(fd, received + received_size, sizeof received - received_size)) > 0)
		received_size += (size_t)size;
	ended = size == 0 || (size < 0 && errno == ECONNRESET);
}

/* The next message of the server, or NULL; to be freed. */
static Procmon__ServerMessage *next_message(int fd)
{
	Procmon__ServerMessage *message;
	const uint8_t *bytes;
	size_t size, whole;

	run_loop();
	receive(fd);
	if (wire_next(received, received_size, sizeof received, &bytes, &size) != 1)
		return NULL;
	message = procmon__server_message__unpack(NULL, size, bytes);
	CHECK(message);
	whole = (size_t)(bytes + size - received);
	received_size -= whole;
	memmove(received, received + whole, received_size);
	return message;
}

static void expect_welcome(int fd)
{
	Procmon__ServerMessage *message = next_message(fd);

	CHECK(message);
	CHECK_INT(message->body_case, PROCMON__SERVER_MESSAGE__BODY_WELCOME);
	CHECK_INT(message->welcome->protocol, 1);
	CHECK_INT(message->welcome->pid, getpid());
	CHECK_TEXT(message->welcome->platform, "scripted");
	CHECK_TEXT(message->welcome->server_version, PROCMON_VERSION);
	procmon__server_message__free_unpacked(message, NULL);
}

static void expect_error(int fd, uint32_t number, Procmon__ErrorCode code, const char *text)
{
	Procmon__ServerMessage *message = next_message(fd);

	CHECK(message);
	CHECK_INT(message->body_case, PROCMON__SERVER_MESSAGE__BODY_ERROR);
	CHECK_INT(message->request, number);
	CHECK_INT(message->error->code, code);
	if (!strstr(message->error->text, text))
		test_fail(
			__FILE__, __LINE__, "\"%s\" lacks \"%s\"", message->error->text, text);
	procmon__server_message__free_unpacked(message, NULL);
}

static void expect_nothing(int fd)
{
	CHECK(!next_message(fd));
	CHECK(!ended);
}

static void expect_end(int fd)
{
	CHECK(!next_message(fd));
	CHECK(ended);
	CHECK_INT(sessions.count, 0);
	CHECK_INT(sessions.before_hello, 0);
}

static int set_up_open(void)
{
	int fd = set_up();

	send_message(fd, hello(1, 1, "test"));
	expect_welcome(fd);
	return fd;
}

/* The timer of the only session waits for so long; it is set off when it is time. */
static void pass_time(uint64_t expected_ns)
{
	struct timeval end, now, rest;

	CHECK(event_pending(&sessions.first->timer, EV_TIMEOUT, &end));
	gettimeofday(&now, NULL);
	rest = (struct timeval){0}; /* it may be overdue */
	if (timercmp(&end, &now, >))
		timersub(&end, &now, &rest);
	uint64_t rest_ms = (uint64_t)rest.tv_sec * 1000 + (uint64_t)rest.tv_usec / 1000;
	CHECK(rest_ms + 300 > expected_ns / MS && rest_ms <= expected_ns / MS + 10);
	clock_ns += expected_ns;
	event_active(&sessions.first->timer, EV_TIMEOUT, 0);
	run_loop();
}

/* A deadline: a moment before it nothing happens. */
static void pass_deadline(uint64_t expected_ns)
{
	uint32_t count = sessions.count;

	pass_time(expected_ns - MS);
	CHECK_INT(sessions.count, count);
	pass_time(MS);
}

/* -------------------------------------------------------------------------- the hello */

TEST(hello_byte_by_byte)
{
	uint8_t bytes[256];
	int fd = set_up();
	size_t size = encode(hello(1, 7, "a\033[2Jb"), bytes);

	for (size_t i = 0; i < size; i++) {
		expect_nothing(fd);
		CHECK_INT(core.added, 0);
		send_bytes(fd, bytes + i, 1);
	}
	expect_welcome(fd);
	CHECK_INT(core.added, 1);
	CHECK_TEXT(core.subscriber->client, "a?[2Jb");
	CHECK_INT(core.subscriber->uid, 42);
	CHECK_INT(core.subscriber->pid, 4711);
	CHECK_INT(sessions.before_hello, 0);
	CHECK(!event_pending(&sessions.first->timer, EV_TIMEOUT, NULL));
	close(fd);
	run_loop();
	CHECK_INT(sessions.count, 0);
	CHECK_INT(core.dropped, 1);
	tear_down(-1);
}

TEST(no_common_version)
{
	int fd = set_up();

	send_message(fd, hello(2, 3, "new"));
	expect_error(fd, 0, PROCMON__ERROR_CODE__VERSION, "the client 2 to 3");
	expect_end(fd);
	CHECK_INT(core.added, 0);
	CHECK_INT(core.dropped, 0);
	close(fd);
	fd = add_client();
	send_message(fd, hello(0, 0, "old"));
	expect_error(fd, 0, PROCMON__ERROR_CODE__VERSION, "the client 0 to 0");
	expect_end(fd);
	tear_down(fd);
}

TEST(first_message_is_no_hello)
{
	int fd = set_up();

	send_message(fd, request(1));
	expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, "first message");
	expect_end(fd);
	CHECK_INT(core.subscribed, 0);
	tear_down(fd);
}

TEST(second_hello)
{
	int fd = set_up_open();

	send_message(fd, hello(1, 1, "test"));
	expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, "second Hello");
	expect_end(fd);
	tear_down(fd);
}

/* A name of so many bytes makes the whole Hello `size` bytes long. */
static Procmon__ClientMessage *hello_of_size(size_t size)
{
	static char name[8192];
	Procmon__ClientMessage *message;

	for (size_t length = size - 16;; length++) {
		memset(name, 'x', length);
		name[length] = '\0';
		message = hello(1, 1, name);
		if (procmon__client_message__get_packed_size(message) >= size)
			return message;
	}
}

TEST(size_of_hello)
{
	int fd = set_up();

	for (size_t size = WIRE_HELLO_MAX - 1; size <= WIRE_HELLO_MAX; size++) {
		send_message(fd, hello_of_size(size));
		expect_welcome(fd);
		close(fd);
		run_loop();
		fd = add_client();
	}
	send_message(fd, hello_of_size(WIRE_HELLO_MAX + 1));
	expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, "more than 4096 bytes");
	expect_end(fd);
	tear_down(fd);
}

TEST(a_long_name_is_cut)
{
	int fd = set_up();

	for (size_t length = CLIENT_NAME_MAX - 1; length <= CLIENT_NAME_MAX + 1; length++) {
		char name[CLIENT_NAME_MAX + 2] = "";
		memset(name, 'x', length);
		send_message(fd, hello(1, 1, name));
		expect_welcome(fd);
		CHECK_INT(strlen(core.subscriber->client),
			length < CLIENT_NAME_MAX ? length : CLIENT_NAME_MAX);
		close(fd);
		run_loop();
		fd = add_client();
	}
	tear_down(fd);
}

/* Refused when the length is known, before a byte of the message has come. */
static void check_length(uint64_t length, const char *reason)
{
	uint8_t prefix[WIRE_PREFIX_MAX];
	int fd = set_up_open();

	send_bytes(fd, prefix, wire_put_prefix(prefix, length));
	if (reason) {
		expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, reason);
		expect_end(fd);
	} else {
		expect_nothing(fd);
	}
	tear_down(fd);
}

TEST(lying_lengths)
{
	int fd;

	check_length(WIRE_REQUEST_MAX - 1, NULL);
	check_length(WIRE_REQUEST_MAX, NULL);
	check_length(WIRE_REQUEST_MAX + 1, "more than 65536 bytes");
	check_length(UINT64_C(1) << 31, "more than 65536");
	check_length(UINT32_MAX, "more than 65536");
	check_length(UINT64_MAX, "more than 65536");

	fd = set_up_open();
	send_bytes(fd, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11);
	expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, "");
	expect_end(fd);
	tear_down(fd);
}

TEST(undecodable_message)
{
	int fd = set_up_open();

	send_bytes(fd, "\x03\x0a\x7f\x01", 4);
	expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, "3 bytes cannot be decoded");
	expect_end(fd);
	tear_down(fd);
}

/* 20,000 empty submessages become megabytes: the arena says no. */
TEST(amplifying_message)
{
	static uint8_t bytes[3 + 64000];
	size_t prefix = wire_put_prefix(bytes, 64000);
	int fd = set_up_open();

	for (size_t i = 0; i < 32000; i++) {
		bytes[prefix + i * 2] = 0x7a; /* an unknown field, empty */
		bytes[prefix + i * 2 + 1] = 0;
	}
	send_bytes(fd, bytes, prefix + 64000);
	expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, "cannot be decoded");
	expect_end(fd);
	tear_down(fd);
}

TEST(unknown_messages_are_ignored)
{
	int fd = set_up_open();

	send_bytes(fd, "\x00", 1);              /* nothing */
	send_bytes(fd, "\x04\xa2\x06\x01x", 5); /* a message type of the future */
	expect_nothing(fd);
	send_message(fd, request(1));
	expect_nothing(fd);
	CHECK_INT(core.subscribed, 1);
	tear_down(fd);
}

/* ----------------------------------------------------------------------- the deadlines */

TEST(silent_client)
{
	int fd = set_up();

	pass_deadline(SESSION_HELLO_S * SECOND_NS);
	expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, "no Hello within 10 s");
	expect_end(fd);
	tear_down(fd);
}

TEST(trickling_client)
{
	int fd = set_up();

	clock_ns += 2 * SECOND_NS;
	send_bytes(fd, "\x20\x0a", 2);
	run_loop();
	/* More bytes do not give more time. */
	clock_ns += 2 * SECOND_NS;
	send_bytes(fd, "\x1e", 1);
	run_loop();
	pass_deadline((SESSION_MESSAGE_S - 2) * SECOND_NS);
	expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, "not complete after 5 s");
	expect_end(fd);
	tear_down(fd);
}

TEST(each_message_has_its_own_time)
{
	uint8_t bytes[256];
	int fd = set_up_open();
	size_t size = encode(request(1), bytes);

	send_bytes(fd, bytes, size - 1);
	run_loop();
	clock_ns += 4 * SECOND_NS;
	send_bytes(fd, bytes + size - 1, 1);
	send_bytes(fd, bytes, 1);
	run_loop();
	CHECK_INT(core.subscribed, 1);
	pass_time(5 * SECOND_NS);
	expect_error(fd, 0, PROCMON__ERROR_CODE__PROTOCOL, "not complete");
	expect_end(fd);
	tear_down(fd);
}

/* ------------------------------------------------------------------------ the requests */

TEST(request_is_translated)
{
	int fd = set_up_open();

	send_message(fd, request(9));
	expect_nothing(fd);
	CHECK_INT(core.subscribed, 1);
	CHECK_INT(core.request.request, 9);
	CHECK_INT(core.request.table, TABLE_PROCESS);
	CHECK_INT(core.request.interval_ns, 500 * MS);
	CHECK_INT(core.request.attribute_count, 2);
	CHECK_INT(core.attributes[0], ATTRIBUTE_PROCESS_CPU_TOTAL);
	CHECK_INT(core.attributes[1], ATTRIBUTE_PROCESS_PPID);
	CHECK_INT(core.request.pid_count, 2);
	CHECK_INT(core.pids[1], 77);
	CHECK_INT(core.request.target_pid, 0);
	send_message(fd, cancel(9));
	expect_nothing(fd);
	CHECK_INT(core.cancelled, 1);
	CHECK_INT(core.last_cancelled, 9);
	tear_down(fd);
}

static void check_refused(
	int fd, Procmon__ClientMessage *message, Procmon__ErrorCode code, const char *text)
{
	unsigned before = core.subscribed;

	send_message(fd, message);
	expect_error(fd, message->request->request, code, text);
	CHECK_INT(core.subscribed, before);
}

TEST(bad_requests_are_refused)
{
	static uint32_t many[REQUEST_PIDS_MAX + 1], unknown[] = {0xffff}, derived[] = {0x33},
						    regions[] = {0x1000};
	Procmon__ClientMessage *message;
	int fd = set_up_open();

	check_refused(fd, request(0), PROCMON__ERROR_CODE__BAD_REQUEST, "number 0");
	message = request(1);
	message->request->table = (Procmon__Table)999;
	check_refused(fd, message, PROCMON__ERROR_CODE__NO_SUCH_TABLE, "999");
	message->request->table = (Procmon__Table)-1;
	check_refused(fd, message, PROCMON__ERROR_CODE__NO_SUCH_TABLE, "-1");
	message = request(1);
	message->request->n_attributes = 0;
	check_refused(fd, message, PROCMON__ERROR_CODE__BAD_REQUEST, "no attribute");
	message = request(1);
	message->request->attributes = unknown;
	message->request->n_attributes = 1;
	check_refused(fd, message, PROCMON__ERROR_CODE__NO_SUCH_ATTRIBUTE, "0xFFFF");
	message->request->attributes = derived;
	check_refused(
		fd, message, PROCMON__ERROR_CODE__BAD_REQUEST, "ask for cpu.total (0x1010)");
	message = request(1);
	message->request->interval_ns = REQUEST_INTERVAL_MAX_S * SECOND_NS + 1;
	check_refused(fd, message, PROCMON__ERROR_CODE__BAD_REQUEST, "day");
	message = request(1);
	message->request->table = PROCMON__TABLE__SERVER;
	message->request->exits = true;
	check_refused(fd, message, PROCMON__ERROR_CODE__BAD_REQUEST, "for table server");
	message = request(1);
	message->request->table = PROCMON__TABLE__REGION;
	message->request->target_pid = 77;
	message->request->attributes = regions;
	message->request->n_attributes = 1;
	check_refused(fd, message, PROCMON__ERROR_CODE__BAD_REQUEST, "leave pids away");

	/* One more than the limits, at them, and below. */
	for (size_t i = 0; i <= REQUEST_PIDS_MAX; i++)
		many[i] = 0x0005;
	message = request(1);
	message->request->attributes = many;
	message->request->n_attributes = REQUEST_ATTRIBUTES_MAX + 1;
	check_refused(fd, message, PROCMON__ERROR_CODE__TOO_MANY, "257 attributes");
	message->request->n_attributes = REQUEST_ATTRIBUTES_MAX;
	message->request->pids = many;
	message->request->n_pids = REQUEST_PIDS_MAX + 1;
	check_refused(fd, message, PROCMON__ERROR_CODE__TOO_MANY, "1025 pids");
	message->request->n_pids = REQUEST_PIDS_MAX;
	message->request->interval_ns = REQUEST_INTERVAL_MAX_S * SECOND_NS;
	message->request->exits = true;
	for (uint32_t less = 0; less < 2; less++) {
		send_message(fd, message);
		expect_nothing(fd);
		CHECK(core.request.exits);
		CHECK_INT(core.request.attribute_count, REQUEST_ATTRIBUTES_MAX - less);
		CHECK_INT(core.request.pid_count, REQUEST_PIDS_MAX - less);
		message->request->n_attributes--;
		message->request->n_pids--;
		message->request->interval_ns--;
	}
	tear_down(fd);
}

TEST(what_the_core_refuses)
{
	static const struct {
		int result;
		Procmon__ErrorCode code;
		const char *text;
	} cases[] = {
		{-ENOTSUP, PROCMON__ERROR_CODE__NO_SUCH_TABLE, "process cannot be measured"},
		{-ESRCH, PROCMON__ERROR_CODE__NO_SUCH_TARGET, "not alive"},
		{-EACCES, PROCMON__ERROR_CODE__DENIED_TARGET, "ask as its user or as root"},
		{-EPERM, PROCMON__ERROR_CODE__DENIED_TARGET, "ask as its user or as root"},
		{-E2BIG, PROCMON__ERROR_CODE__TOO_MANY, "too many different"},
		{-ENOMEM, PROCMON__ERROR_CODE__INTERNAL, "short of memory"},
		{-EEXIST, PROCMON__ERROR_CODE__BAD_REQUEST, "number 3 is in use"},
		{-EINVAL, PROCMON__ERROR_CODE__BAD_REQUEST, "target_pid"},
		{-EIO, PROCMON__ERROR_CODE__INTERNAL, "sampling table process"},
	};
	int fd = set_up_open();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		core.subscribe_result = cases[i].result;
		check_refused(fd, request(3), cases[i].code, cases[i].text);
	}
	tear_down(fd);
}

TEST(sixteen_requests_alive)
{
	int fd = set_up_open();

	for (uint32_t i = 1; i <= SESSION_REQUESTS_MAX; i++)
		send_message(fd, request(i));
	expect_nothing(fd);
	CHECK_INT(core.subscribed, SESSION_REQUESTS_MAX);
	check_refused(fd, request(17), PROCMON__ERROR_CODE__TOO_MANY, "16 requests");

	/* A cancelled one makes room, one that is not there does not. */
	core.cancel_result = -ENOENT;
	send_message(fd, cancel(99));
	check_refused(fd, request(17), PROCMON__ERROR_CODE__TOO_MANY, "16 requests");
	core.cancel_result = 0;
	send_message(fd, cancel(3));
	send_message(fd, request(17));
	expect_nothing(fd);
	CHECK_INT(core.subscribed, 17);

	/* So do those that end: an answered one-shot silently, a lost target not. */
	core.subscriber->ops->ended(core.subscriber, 4, 0);
	expect_nothing(fd);
	core.subscriber->ops->ended(core.subscriber, 5, -ESRCH);
	expect_error(fd, 5, PROCMON__ERROR_CODE__NO_SUCH_TARGET, "ended");
	core.subscriber->ops->ended(core.subscriber, 7, -EACCES);
	expect_error(fd, 7, PROCMON__ERROR_CODE__DENIED_TARGET, "ask as its user or as root");
	core.subscriber->ops->ended(core.subscriber, 6, -EIO);
	expect_error(fd, 6, PROCMON__ERROR_CODE__INTERNAL, strerror(EIO));
	send_message(fd, request(18));
	send_message(fd, request(19));
	send_message(fd, request(20));
	send_message(fd, request(21));
	expect_nothing(fd);
	check_refused(fd, request(22), PROCMON__ERROR_CODE__TOO_MANY, "16 requests");
	tear_down(fd);
}

TEST(fifty_messages_a_second)
{
	int fd = set_up_open();

	/* The Hello was the first of the 200. Only what ends a request is free. */
	core.cancel_result = -ENOENT;
	for (int i = 0; i < 300; i++)
		send_message(fd, cancel(1));
	run_loop();
	CHECK_INT(core.cancelled, SESSION_MESSAGES_BURST - 1);
	CHECK(!event_pending(&sessions.first->readable, EV_READ, NULL));
	pass_deadline(SECOND_NS / SESSION_MESSAGES_A_SECOND);
	CHECK_INT(core.cancelled, SESSION_MESSAGES_BURST);
	clock_ns += 380 * MS;
	pass_time(20 * MS);
	CHECK_INT(core.cancelled, 220);
	expect_nothing(fd);

	/* After a pause it is allowed a burst again. */
	clock_ns += 100 * SECOND_NS;
	event_active(&sessions.first->timer, EV_TIMEOUT, 0);
	run_loop();
	CHECK_INT(core.cancelled, 300);
	CHECK(!event_pending(&sessions.first->timer, EV_TIMEOUT, NULL));
	tear_down(fd);
}

static void ask_for_catalog(int fd)
{
	Procmon__ClientMessage message = PROCMON__CLIENT_MESSAGE__INIT;
	Procmon__CatalogRequest body = PROCMON__CATALOG_REQUEST__INIT;

	message.body_case = PROCMON__CLIENT_MESSAGE__BODY_CATALOG_REQUEST;
	message.catalog_request = &body;
	send_message(fd, &message);
}

static Procmon__ServerMessage *expect_catalog(int fd)
{
	Procmon__ServerMessage *answer = next_message(fd);

	for (int i = 0; !answer && i < 100; i++)
		answer = next_message(fd); /* it is larger than the socket's buffer */
	CHECK(answer);
	CHECK_INT(answer->body_case, PROCMON__SERVER_MESSAGE__BODY_CATALOG);
	return answer;
}

TEST(the_catalog)
{
	Procmon__ServerMessage *answer;
	const Procmon__Attribute *entry;
	int fd = set_up_open();

	ask_for_catalog(fd);
	answer = expect_catalog(fd);
	CHECK_INT(answer->catalog->n_attributes, ATTRIBUTE_COUNT);
	entry = answer->catalog->attributes[ATTRIBUTE_PROCESS_CPU_TOTAL];
	CHECK_INT(entry->id, 0x1010);
	CHECK_TEXT(entry->name, "cpu.total");
	CHECK_INT(entry->table, PROCMON__TABLE__PROCESS);
	CHECK_INT(entry->unit, PROCMON__UNIT__NANOSECONDS);
	CHECK_INT(entry->kind, PROCMON__KIND__COUNTER);
	CHECK_INT(entry->state, PROCMON__STATE__OK);
	CHECK_TEXT(entry->reason, "");
	/* A derived attribute is there where its input is. */
	entry = answer->catalog->attributes[ATTRIBUTE_PROCESS_GPU_USAGE];
	CHECK_INT(entry->kind, PROCMON__KIND__DERIVED);
	CHECK_INT(entry->rule, PROCMON__RULE__CPU_RATE);
	CHECK_INT(entry->input, 0x1060);
	CHECK_INT(entry->state, PROCMON__STATE__UNSUPPORTED);
	CHECK_TEXT(entry->reason, "no GPU");
	procmon__server_message__free_unpacked(answer, NULL);
	tear_down(fd);
}

TEST(a_catalog_is_good_for_a_moment)
{
	int fd = set_up_open();
	uint64_t made_ns;

	ask_for_catalog(fd);
	procmon__server_message__free_unpacked(expect_catalog(fd), NULL);
	made_ns = sessions.catalog_ns;
	clock_ns += 99 * MS;
	ask_for_catalog(fd);
	procmon__server_message__free_unpacked(expect_catalog(fd), NULL);
	CHECK_INT(sessions.catalog_ns, made_ns);
	clock_ns += MS;
	ask_for_catalog(fd);
	procmon__server_message__free_unpacked(expect_catalog(fd), NULL);
	CHECK_INT(sessions.catalog_ns, made_ns + 100 * MS);
	tear_down(fd);
}

/* With a sanitizer there is no limit that it would survive. */
TEST(a_catalog_for_which_there_is_no_memory)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
	test_skip("malloc cannot be made to fail");
#else
	struct rlimit before, none;
	int fd = set_up_open();

	alloc_keep_reserve();
	getrlimit(RLIMIT_AS, &before);
	none = before;
	none.rlim_cur = 1;
	setrlimit(RLIMIT_AS, &none);
	alloc_give_reserve();
	ask_for_catalog(fd);
	run_loop();
	setrlimit(RLIMIT_AS, &before);
	expect_error(fd, 0, PROCMON__ERROR_CODE__INTERNAL, "short of memory");
	ask_for_catalog(fd);
	procmon__server_message__free_unpacked(expect_catalog(fd), NULL);
	tear_down(fd);
#endif
}

/* -------------------------------------------------------------------------- the frames */

/* Each part is a ServerMessage that holds a frame with its number, padded to `size`. */
static struct frame *make_frame(uint32_t part_count, size_t size)
{
	struct frame *frame = frame_create(7);
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;
	Procmon__Frame body = PROCMON__FRAME__INIT;
	Procmon__Column column = PROCMON__COLUMN__INIT, *columns[] = {&column};
	char *texts[1], *text = malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\0';
	texts[0] = text;
	column.text = texts;
	column.n_text = 1;
	body.columns = columns;
	body.n_columns = 1;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_FRAME;
	message.frame = &body;
	for (uint32_t i = 0; i < part_count; i++) {
		body.part = i;
		body.last = i == part_count - 1;
		size_t packed = procmon__server_message__get_packed_size(&message);
		struct frame_part *bytes = frame_part_create(packed);
		procmon__server_message__pack(&message, bytes->bytes);
		frame_add_part(frame, bytes);
	}
	free(text);
	return frame;
}

static void send_frame(uint32_t number, struct frame *frame)
{
	CHECK(core.subscriber->ops->drained(core.subscriber));
	core.subscriber->ops->send(core.subscriber, number, frame);
}

static bool is_drained(void)
{
	return core.subscriber->ops->drained(core.subscriber);
}

static void expect_part(int fd, uint32_t number, uint32_t part, bool last, size_t size)
{
	Procmon__ServerMessage *message = next_message(fd);

	for (int i = 0; !message && !ended && i < 1000; i++)
		message = next_message(fd);
	CHECK(message);
	CHECK_INT(message->body_case, PROCMON__SERVER_MESSAGE__BODY_FRAME);
	CHECK_INT(message->request, number);
	CHECK_INT(message->frame->part, part);
	CHECK_INT(message->frame->last, last);
	CHECK_INT(strlen(message->frame->columns[0]->text[0]), size);
	procmon__server_message__free_unpacked(message, NULL);
}

TEST(frame_goes_out_at_once)
{
	struct frame *frame = make_frame(1, 1000);
	int fd = set_up_open();

	send_frame(200, frame);
	CHECK(is_drained());
	CHECK_INT(frame->references, 1);
	receive(fd); /* without the loop */
	CHECK(received_size > 1000);
	expect_part(fd, 200, 0, true, 1000);
	CHECK_INT(core.drained, 0); /* it was never full */
	frame_release(frame);
	tear_down(fd);
}

/* Headers of every length are cut at every place. */
TEST(frame_with_any_header)
{
	static const uint32_t numbers[] = {1, 127, 128, 16384, UINT32_MAX};
	int fd = set_up_open();

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		for (size_t size = 80; size < 20000; size = size * 2 + 1) {
			struct frame *frame = make_frame(1, size);
			send_frame(numbers[i], frame);
			expect_part(fd, numbers[i], 0, true, size);
			CHECK(is_drained());
			CHECK_INT(frame->references, 1);
			frame_release(frame);
		}
	}
	tear_down(fd);
}

TEST(slow_reader_gets_part_after_part)
{
	struct frame *frame = make_frame(3, 100000);
	struct session *session;
	int fd = set_up_open();

	session = sessions.first;
	send_frame(1, frame);
	CHECK(!is_drained());
	run_loop();
	/* What waits is a reference to the first part, and the frame is held for the others. */
	CHECK_INT(frame->references, 2);
	CHECK_INT(frame->parts[0]->references, 2);
	CHECK_INT(session->output.next_part, 1);

	/* Nothing is read from who does not read. */
	send_message(fd, request(2));
	run_loop();
	CHECK_INT(core.subscribed, 0);
	CHECK(!event_pending(&session->readable, EV_READ, NULL));
	CHECK_INT(core.drained, 0);

	expect_part(fd, 1, 0, false, 100000);
	expect_part(fd, 1, 1, false, 100000);
	CHECK(!is_drained());
	expect_part(fd, 1, 2, true, 100000);
	run_loop();
	CHECK(is_drained());
	CHECK_INT(core.drained, 1);
	CHECK_INT(frame->references, 1);
	CHECK_INT(core.subscribed, 1);
	CHECK(event_pending(&session->readable, EV_READ, NULL));
	CHECK(!event_pending(&session->writable, EV_WRITE, NULL));
	frame_release(frame);
	tear_down(fd);
}

/* While output waits nothing is read, and nobody is blamed for half a message. */
TEST(half_a_message_may_wait_for_output)
{
	static const uint8_t half[] = {20, 0x12};
	struct frame *frame = make_frame(2, 100000);
	int fd = set_up_open();

	send_bytes(fd, half, sizeof half);
	run_loop();
	send_frame(1, frame);
	CHECK(!is_drained());
	clock_ns += 6 * SECOND_NS;
	event_active(&sessions.first->timer, EV_TIMEOUT, 0);
	run_loop();
	CHECK_INT(sessions.count, 1);
	expect_part(fd, 1, 0, false, 100000);
	expect_part(fd, 1, 1, true, 100000);
	CHECK_INT(sessions.count, 1);
	frame_release(frame);
	tear_down(fd);
}

/* It takes as long as it likes. */
TEST(slow_reader_is_never_closed)
{
	struct frame *frame = make_frame(2, 50000);
	int fd = set_up_open();

	send_frame(1, frame);
	run_loop();
	CHECK(!event_pending(&sessions.first->timer, EV_TIMEOUT, NULL));
	clock_ns += 3600 * SECOND_NS;
	run_loop();
	expect_part(fd, 1, 0, false, 50000);
	expect_part(fd, 1, 1, true, 50000);
	CHECK_INT(sessions.count, 1);
	frame_release(frame);
	tear_down(fd);
}

/* A client that has said hello; core.subscriber is the latest. */
static int add_open_client(void)
{
	int fd = add_client();

	send_message(fd, hello(1, 1, "test"));
	expect_welcome(fd);
	return fd;
}

/* Nor does a client that was told what it did wrong stay for not taking that. */
TEST(the_last_error_is_not_waited_for)
{
	static const char zeros[4096];
	int fd = set_up_open();

	while (write(sessions.first->fd, zeros, sizeof zeros) > 0)
		;
	send_bytes(fd, "\x03\x0a\x7f\x01", 4);
	run_loop();
	CHECK_INT(sessions.count, 1);
	pass_deadline(SESSION_CLOSE_S * SECOND_NS);
	CHECK_INT(sessions.count, 0);
	tear_down(fd);
}

/* The rest of a frame is as large as the test says; nobody looks into it. */
static bool keeps_its_frame(uint64_t held)
{
	struct frame *frame = make_frame(2, 100000);
	int fd = set_up_open();
	size_t size = frame->parts[1]->size;

	frame->parts[1]->size = 2 * held; /* we keep it, too: half of it is the reader's */
	send_frame(1, frame);
	bool kept = sessions.first->output.frame == frame;
	CHECK_INT(sessions.first->lost_request, kept ? 0 : 1);
	frame->parts[1]->size = size;
	frame_release(frame);
	tear_down(fd);
	return kept;
}

TEST(what_slow_readers_hold_has_a_limit)
{
	CHECK(keeps_its_frame(SESSIONS_HELD_MAX_BYTES - 1));
	CHECK(keeps_its_frame(SESSIONS_HELD_MAX_BYTES));
	CHECK(!keeps_its_frame(SESSIONS_HELD_MAX_BYTES + 1));
}

/* Any number may hold the same frame, or small ones. */
TEST(slow_readers_share)
{
	struct frame *frame = make_frame(8, 250000);
	int fds[100];

	fds[0] = set_up_open();
	for (int i = 0; i < 100; i++) {
		if (i > 0)
			fds[i] = add_open_client();
		send_frame(1, frame);
	}
	run_loop();
	CHECK_INT(sessions.count, 100);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
	run_loop();
	CHECK_INT(frame->references, 1);
	frame_release(frame);
	tear_down(-1);
}

/* Each stopped in another tick of a huge table: there is an end to that, and nobody is closed.
 * Who holds most gets no more of its frame, and a full table when it has caught up. */
TEST(slow_readers_hold_no_more_than_they_may)
{
	const uint32_t fitting = SESSIONS_HELD_MAX_BYTES / (15 * 250000);
	struct frame_part *lasts[40];
	unsigned held = 0;
	int fds[40];

	fds[0] = set_up_open();
	for (uint32_t i = 0; i < 40; i++) {
		struct frame *frame = make_frame(i == 5 ? 17 : 16, 250000); /* 4 MB */
		if (i > 0)
			fds[i] = add_open_client();
		lasts[i] = frame_part_retain(frame->parts[15]);
		send_frame(1 + i, frame);
		frame_release(frame);
		run_loop();
	}
	for (uint32_t i = 0; i < 40; i++)
		held += lasts[i]->references == 2;
	/* The newest counts less, as long as the core has it too. */
	CHECK(held == fitting || held == fitting + 1);
	CHECK_INT(lasts[5]->references, 1);
	CHECK_INT(sessions.count, 40);
	CHECK_INT(core.lost, 0);
	/* The one that held most lost it first. It takes what was under way, and is made good. */
	expect_part(fds[5], 6, 0, false, 250000);
	run_loop();
	CHECK_INT(core.lost, 1);
	CHECK_INT(core.lost_request, 6);
	CHECK_INT(sessions.count, 40);
	for (int i = 0; i < 40; i++) {
		close(fds[i]);
		frame_part_release(lasts[i]);
	}
	tear_down(-1);
}

/* A one-shot has no next frame: it is told. */
TEST(a_lost_one_shot_is_told)
{
	int fds[40];

	fds[0] = set_up_open();
	core.lost_result = -ENOENT;
	for (uint32_t i = 0; i < 40; i++) {
		struct frame *frame = make_frame(i == 5 ? 17 : 16, 250000);
		if (i > 0)
			fds[i] = add_open_client();
		send_frame(1 + i, frame);
		frame_release(frame);
		run_loop();
	}
	expect_part(fds[5], 6, 0, false, 250000);
	expect_error(fds[5], 6, PROCMON__ERROR_CODE__TOO_MANY, "ask again");
	for (int i = 0; i < 40; i++)
		close(fds[i]);
	tear_down(-1);
}

TEST(reader_goes_in_the_middle_of_a_frame)
{
	struct frame *frame = make_frame(3, 50000);
	int fd = set_up_open();

	send_frame(1, frame);
	run_loop();
	close(fd);
	run_loop();
	CHECK_INT(sessions.count, 0);
	CHECK_INT(core.dropped, 1);
	CHECK_INT(frame->references, 1);
	frame_release(frame);
	tear_down(-1);
}

/* The core is in the middle of its tick: the session ends later. */
/* With what it was told unread, which is an error and not an end. */
TEST(reader_goes_without_reading)
{
	int fd = set_up();

	send_message(fd, hello(1, 1, "test"));
	run_loop();
	CHECK_INT(sessions.count, 1);
	close(fd);
	run_loop();
	CHECK_INT(sessions.count, 0);
	tear_down(-1);
}

TEST(reader_is_gone_when_the_frame_comes)
{
	struct frame *frame = make_frame(1, 1000);
	int fd = set_up_open();

	close(fd);
	send_frame(1, frame);
	CHECK_INT(core.dropped, 0);
	CHECK(!is_drained());
	run_loop();
	CHECK_INT(core.dropped, 1);
	CHECK_INT(frame->references, 1);
	CHECK_INT(sessions.count, 0);
	frame_release(frame);
	tear_down(-1);
}

TEST(errors_do_not_cut_a_frame)
{
	struct frame *frame = make_frame(2, 30000);
	int fd = set_up_open();

	send_message(fd, request(1));
	run_loop();
	send_frame(1, frame);
	core.subscriber->ops->ended(core.subscriber, 1, -ESRCH);
	expect_part(fd, 1, 0, false, 30000);
	expect_error(fd, 1, PROCMON__ERROR_CODE__NO_SUCH_TARGET, "");
	expect_part(fd, 1, 1, true, 30000);
	frame_release(frame);
	tear_down(fd);
}

/* ---------------------------------------------------------------------- many, and the end */

TEST(goodbye)
{
	Procmon__ServerMessage *message;
	int fd = set_up_open(), silent = add_client();

	sessions_say_goodbye(&sessions, false);
	CHECK_INT(core.dropped, 1);
	CHECK_INT(sessions.count, 0);
	receive(fd);
	message = next_message(fd);
	CHECK(message);
	CHECK_INT(message->body_case, PROCMON__SERVER_MESSAGE__BODY_GOODBYE);
	CHECK_INT(message->goodbye->reason, PROCMON__GOODBYE_REASON__STOPPED);
	procmon__server_message__free_unpacked(message, NULL);
	receive(fd);
	CHECK(ended);
	receive(silent);
	CHECK(ended);
	CHECK_INT(received_size, 0);
	close(silent);
	tear_down(fd);
}

/* In the middle of a part: it is sent to its end, the other parts are not. */
TEST(goodbye_to_a_slow_reader)
{
	struct frame *frame = make_frame(3, 50000);
	Procmon__ServerMessage *message = NULL;
	int fd = set_up_open(), stuck;

	send_frame(1, frame);
	stuck = add_client();
	send_message(stuck, hello(1, 1, "stuck"));
	run_loop();
	send_frame(1, frame);
	sessions_say_goodbye(&sessions, false);
	CHECK_INT(sessions.count, 2);
	expect_part(fd, 1, 0, false, 50000);
	for (int i = 0; !message && i < 100; i++)
		message = next_message(fd);
	CHECK(message);
	CHECK_INT(message->body_case, PROCMON__SERVER_MESSAGE__BODY_GOODBYE);
	procmon__server_message__free_unpacked(message, NULL);
	CHECK(!next_message(fd));
	CHECK(ended);
	/* Who does not read at all is not waited for longer than this. */
	CHECK_INT(sessions.count, 1);
	pass_deadline(SESSION_GOODBYE_MS * MS);
	CHECK_INT(sessions.count, 0);
	CHECK_INT(frame->references, 1);
	frame_release(frame);
	close(stuck);
	tear_down(fd);
}

/* All are to come back, each at a time of its own. */
TEST(goodbye_until_later)
{
	enum { CLIENTS = 4 };
	Procmon__ServerMessage *message;
	int fds[CLIENTS];

	fds[0] = set_up_open();
	for (int i = 1; i < CLIENTS; i++) {
		fds[i] = add_client();
		send_message(fds[i], hello(1, 1, "test"));
		expect_welcome(fds[i]);
	}
	sessions_say_goodbye(&sessions, true);
	for (int i = 0; i < CLIENTS; i++) {
		received_size = 0;
		receive(fds[i]);
		message = next_message(fds[i]);
		CHECK(message);
		CHECK_INT(message->body_case, PROCMON__SERVER_MESSAGE__BODY_GOODBYE);
		CHECK_INT(message->goodbye->reason, PROCMON__GOODBYE_REASON__RESTARTING);
		/* The session that is youngest comes first in the list. */
		CHECK_INT(
			message->goodbye->retry_after_ns, (400 + 350 * (CLIENTS - 1 - i)) * MS);
		procmon__server_message__free_unpacked(message, NULL);
	}
	for (int i = 1; i < CLIENTS; i++)
		close(fds[i]);
	tear_down(fds[0]);
}

TEST(a_stranger_is_told_and_closed)
{
	int ends[2], fd = set_up_open();

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	sessions_refuse_stranger(&sessions, ends[0], 0, 1, 1);
	CHECK_INT(sessions.count, 1);
	CHECK_INT(sessions.before_hello, 0);
	expect_error(ends[1], 0, PROCMON__ERROR_CODE__STRANGER, "--allow-other-ns");
	CHECK(!next_message(ends[1]));
	CHECK(ended);
	close(ends[1]);
	/* Nor is one let in of whom that cannot be told. */
	ended = false;
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	sessions_refuse_stranger(&sessions, ends[0], 0, 1, -EMFILE);
	expect_error(ends[1], 0, PROCMON__ERROR_CODE__INTERNAL, "connect again");
	CHECK(!next_message(ends[1]));
	CHECK(ended);
	close(ends[1]);
	tear_down(fd);
}

TEST(silent_clients_give_way)
{
	int fds[SESSIONS_BEFORE_HELLO_MAX], fd;

	fds[0] = set_up();
	clock_ns += 400 * MS;
	for (int i = 1; i < SESSIONS_BEFORE_HELLO_MAX; i++) {
		CHECK(sessions_have_room(&sessions));
		fds[i] = add_client();
	}
	/* All have just come: the next one waits a little. */
	CHECK(!sessions_have_room(&sessions));
	CHECK_INT(sessions.count, SESSIONS_BEFORE_HELLO_MAX);
	/* The first of them had its time. */
	clock_ns += SESSION_PATIENCE_MS * MS - 400 * MS - 1;
	CHECK(!sessions_have_room(&sessions));
	clock_ns++;
	CHECK(sessions_have_room(&sessions));
	expect_error(fds[0], 0, PROCMON__ERROR_CODE__TOO_MANY, "64 sessions");
	CHECK_INT(sessions.count, SESSIONS_BEFORE_HELLO_MAX - 1);
	fd = add_client();
	send_message(fd, hello(1, 1, "test"));
	expect_welcome(fd);
	CHECK(sessions_have_room(&sessions));
	for (int i = 0; i < SESSIONS_BEFORE_HELLO_MAX; i++)
		close(fds[i]);
	tear_down(fd);
}

TEST(one_session_too_many)
{
	static int fds[SESSIONS_MAX + 1];
	struct rlimit limit;

	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2100)
		test_skip("needs 2100 descriptors");
	fds[0] = set_up();
	for (int i = 0; i <= SESSIONS_MAX; i++) {
		if (i > 0)
			fds[i] = add_client();
		send_message(fds[i], hello(1, 1, "test"));
		if (i < SESSIONS_MAX)
			expect_welcome(fds[i]);
	}
	expect_error(fds[SESSIONS_MAX], 0, PROCMON__ERROR_CODE__TOO_MANY, "1024 sessions");
	CHECK(!next_message(fds[SESSIONS_MAX]));
	CHECK(ended);
	CHECK_INT(sessions.count, SESSIONS_MAX);
	for (int i = 0; i <= SESSIONS_MAX; i++)
		close(fds[i]);
	tear_down(-1);
}

/* What a client does not read fills memory of the kernel's, so that is asked for. Linux doubles
 * it. */
TEST(the_kernel_holds_little_for_a_client)
{
	char directory[] = "/tmp/test_session.XXXXXX", error[256];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct listener listener;
	int fd = set_up(), client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), size = 0;
	socklen_t length = sizeof size;

	CHECK(mkdtemp(directory));
	snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
	CHECK_INT(listener_open(&listener, address.sun_path, -1, error, sizeof error), 0);
	listener_start(&listener, base, &sessions, NULL);
	CHECK_INT(connect(client, (struct sockaddr *)&address, sizeof address), 0);
	run_loop();
	CHECK_INT(sessions.count, 2);
	CHECK_INT(getsockopt(sessions.first->fd, SOL_SOCKET, SO_SNDBUF, &size, &length), 0);
	CHECK(size == SESSION_SEND_BUFFER || size == 2 * SESSION_SEND_BUFFER);
	close(client);
	listener_close(&listener);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/lock", directory);
	unlink(address.sun_path);
	rmdir(directory);
	tear_down(fd);
}

TEST(passed_descriptors_are_dropped)
{
	uint8_t bytes[64];
	struct iovec piece = {.iov_base = bytes};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct msghdr message = {.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = set_up(), before, after, zero = 0;

	piece.iov_len = encode(hello(1, 1, "test"), bytes);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof zero);
	memcpy(CMSG_DATA(header), &zero, sizeof zero);
	before = dup(0);
	close(before);
	CHECK(sendmsg(fd, &message, 0) > 0);
	expect_welcome(fd);
	after = dup(0);
	close(after);
	CHECK_INT(after, before);
	tear_down(fd);
}

TESTS(CASE(hello_byte_by_byte), CASE(no_common_version), CASE(first_message_is_no_hello),
	CASE(second_hello), CASE(size_of_hello), CASE(a_long_name_is_cut), CASE(lying_lengths),
	CASE(undecodable_message), CASE(amplifying_message), CASE(unknown_messages_are_ignored),
	CASE(silent_client), CASE(trickling_client), CASE(each_message_has_its_own_time),
	CASE(request_is_translated), CASE(bad_requests_are_refused),
	CASE(what_the_core_refuses), CASE(sixteen_requests_alive),
	CASE(fifty_messages_a_second), CASE(the_catalog), CASE(a_catalog_is_good_for_a_moment),
	CASE(a_catalog_for_which_there_is_no_memory), CASE(frame_goes_out_at_once),
	CASE(frame_with_any_header), CASE(slow_reader_gets_part_after_part),
	CASE(half_a_message_may_wait_for_output), CASE(slow_reader_is_never_closed),
	CASE(the_last_error_is_not_waited_for), CASE(what_slow_readers_hold_has_a_limit),
	CASE(slow_readers_share), CASE(slow_readers_hold_no_more_than_they_may),
	CASE(a_lost_one_shot_is_told), CASE(reader_goes_in_the_middle_of_a_frame),
	CASE(reader_goes_without_reading), CASE(reader_is_gone_when_the_frame_comes),
	CASE(errors_do_not_cut_a_frame), CASE(goodbye), CASE(goodbye_until_later),
	CASE(a_stranger_is_told_and_closed), CASE(goodbye_to_a_slow_reader),
	CASE(silent_clients_give_way), CASE(one_session_too_many),
	CASE(the_kernel_holds_little_for_a_client), CASE(passed_descriptors_are_dropped))

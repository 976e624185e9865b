/*
 * A scripted server for the tests of the library: the test itself is the server, in the same
 * process, and says what it likes on a real socket. Frames are put together cell by cell and
 * encoded with the generated code.
 */
#ifndef TESTS_UNIT_PEER_H
#define TESTS_UNIT_PEER_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "procmon.h"
#include "test.h"
#include "wire.h"

#define SECOND UINT64_C(1000000000)

/* The attributes of the scripted server, all in table PROCESS. */
enum {
	ID_PID = 4,         /* u64, constant */
	ID_NICE = 0x13,     /* i64 */
	ID_COMM = 0x0C,     /* text */
	ID_LOAD = 0x2000,   /* f64 */
	ID_READ = 0x48,     /* u64, counter of bytes */
	ID_CPU = 0x1010,    /* u64, counter of ns */
	ID_ENERGY = 0x2001, /* f64, counter */
	ID_DEBT = 0x2002,   /* i64, counter */
	ID_START = 0x14,    /* u64, since 1970 */
	ID_CMDLINE = 0x2C,  /* text, slow */
	ID_PAGES = 0x2003,  /* u64, counter, slow */
	ID_GPU = 0x1060,    /* u64, counter, unsupported */
	ID_CPU_USAGE = 0x33,
	ID_READ_RATE = 0x1040,
	ID_AGE = 0x3D,
	ID_PAGE_RATE = 0x2004,
	ID_GPU_USAGE = 0x1061,
	ID_POWER = 0x2005,     /* of energy */
	ID_SHARE = 0x2006,     /* load by nice */
	ID_TIME_EACH = 0x2007, /* of CPU by read */
};

struct peer {
	char directory[32], path[64];
	int listener;
	int fd; /* the session; -1: none yet */
	uint8_t *greeting;
	size_t greeting_size;
};

/* Appends a message with its prefix. */
static inline void peer_append(uint8_t **bytes, size_t *size, const ProtobufCMessage *message)
{
	size_t packed = protobuf_c_message_get_packed_size(message);

	*bytes = realloc(*bytes, *size + WIRE_PREFIX_MAX + packed);
	*size += wire_put_prefix(*bytes + *size, packed);
	*size += protobuf_c_message_pack(message, *bytes + *size);
}

static inline Procmon__Attribute peer_attribute(uint32_t id, const char *name,
	Procmon__Type type, Procmon__Unit unit, Procmon__Kind kind, Procmon__Cost cost)
{
	Procmon__Attribute attribute = PROCMON__ATTRIBUTE__INIT;

	attribute.table = PROCMON__TABLE__PROCESS;
	attribute.id = id;
	attribute.name = (char *)name;
	attribute.type = type;
	attribute.unit = unit;
	attribute.kind = kind;
	attribute.cost = cost;
	attribute.text = (char *)"What it means.";
	return attribute;
}

static inline Procmon__Attribute peer_derived(uint32_t id, const char *name, Procmon__Type type,
	Procmon__Unit unit, Procmon__Rule rule, uint32_t input)
{
	Procmon__Attribute attribute = peer_attribute(
		id, name, type, unit, PROCMON__KIND__DERIVED, PROCMON__COST__CHEAP);

	attribute.rule = rule;
	attribute.input = input;
	return attribute;
}

static inline Procmon__Attribute peer_derived2(uint32_t id, const char *name,
	Procmon__Unit unit, Procmon__Rule rule, uint32_t input, uint32_t other)
{
	Procmon__Attribute attribute =
		peer_derived(id, name, PROCMON__TYPE__F64, unit, rule, input);

	attribute.other = other;
	return attribute;
}

#define PEER_PLAIN(id, name, type, unit, kind)                                                 \
	peer_attribute(id, name, PROCMON__TYPE__##type, PROCMON__UNIT__##unit,                 \
		PROCMON__KIND__##kind, PROCMON__COST__CHEAP)
#define PEER_DERIVED(id, name, type, unit, rule, input)                                        \
	peer_derived(id, name, PROCMON__TYPE__##type, PROCMON__UNIT__##unit,                   \
		PROCMON__RULE__##rule, input)
#define PEER_DERIVED2(id, name, unit, rule, input, other)                                      \
	peer_derived2(id, name, PROCMON__UNIT__##unit, PROCMON__RULE__##rule, input, other)

enum { PEER_ATTRIBUTES = 20 };

static inline void peer_fill_catalog(Procmon__Attribute catalog[PEER_ATTRIBUTES])
{
	size_t i = 0;

	catalog[i++] = PEER_PLAIN(ID_PID, "pid", U64, NO_UNIT, CONSTANT);
	catalog[i++] = PEER_PLAIN(ID_NICE, "nice", I64, NO_UNIT, GAUGE);
	catalog[i++] = PEER_PLAIN(ID_COMM, "comm", TEXT, NO_UNIT, GAUGE);
	catalog[i++] = PEER_PLAIN(ID_LOAD, "load", F64, RATIO, GAUGE);
	catalog[i++] = PEER_PLAIN(ID_READ, "disk.read", U64, BYTES, COUNTER);
	catalog[i++] = PEER_PLAIN(ID_CPU, "cpu.total", U64, NANOSECONDS, COUNTER);
	catalog[i++] = PEER_PLAIN(ID_ENERGY, "energy", F64, NANOJOULES, COUNTER);
	catalog[i++] = PEER_PLAIN(ID_DEBT, "debt", I64, COUNT, COUNTER);
	catalog[i++] =
		PEER_PLAIN(ID_START, "start.time", U64, NANOSECONDS_SINCE_1970, CONSTANT);
	catalog[i++] = PEER_PLAIN(ID_CMDLINE, "cmdline", TEXT, NO_UNIT, GAUGE);
	catalog[i - 1].cost = PROCMON__COST__SLOW;
	catalog[i++] = PEER_PLAIN(ID_PAGES, "pages", U64, COUNT, COUNTER);
	catalog[i - 1].cost = PROCMON__COST__SLOW;
	catalog[i++] = PEER_PLAIN(ID_GPU, "gpu.time", U64, NANOSECONDS, COUNTER);
	catalog[i - 1].state = PROCMON__STATE__UNSUPPORTED;
	catalog[i - 1].reason = (char *)"there is no GPU";
	catalog[i++] = PEER_DERIVED(ID_CPU_USAGE, "cpu.usage", F64, CORES, CPU_RATE, ID_CPU);
	catalog[i++] = PEER_DERIVED(
		ID_READ_RATE, "disk.read_rate", F64, BYTES_PER_SECOND, RATE, ID_READ);
	catalog[i++] = PEER_DERIVED(ID_AGE, "age", U64, NANOSECONDS, AGE, ID_START);
	catalog[i++] = PEER_DERIVED(ID_PAGE_RATE, "page_rate", F64, PER_SECOND, RATE, ID_PAGES);
	catalog[i++] = PEER_DERIVED(ID_GPU_USAGE, "gpu.usage", F64, RATIO, CPU_RATE, ID_GPU);
	catalog[i++] = PEER_DERIVED(ID_POWER, "power", F64, MILLIWATTS, POWER_RATE, ID_ENERGY);
	catalog[i++] = PEER_DERIVED2(ID_SHARE, "share", RATIO, SHARE, ID_LOAD, ID_NICE);
	catalog[i++] =
		PEER_DERIVED2(ID_TIME_EACH, "time_each", NANOSECONDS, MEAN, ID_CPU, ID_READ);
	CHECK_INT(i, PEER_ATTRIBUTES);
}

static inline void peer_greet(struct peer *self, const Procmon__ServerMessage *message)
{
	peer_append(&self->greeting, &self->greeting_size, &message->base);
}

static inline void peer_greet_welcome(struct peer *self)
{
	Procmon__Welcome welcome = PROCMON__WELCOME__INIT;
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;

	welcome.protocol = WIRE_PROTOCOL;
	welcome.server_version = (char *)"0.1.0";
	welcome.platform = (char *)"linux";
	welcome.pid = 77;
	welcome.session = 3;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_WELCOME;
	message.welcome = &welcome;
	peer_greet(self, &message);
}

static inline void peer_greet_catalog(
	struct peer *self, Procmon__Attribute *attributes, size_t count)
{
	Procmon__Catalog catalog = PROCMON__CATALOG__INIT;
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;
	Procmon__Attribute **pointers = calloc(count + 1, sizeof *pointers);

	for (size_t i = 0; i < count; i++)
		pointers[i] = &attributes[i];
	catalog.attributes = pointers;
	catalog.n_attributes = count;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_CATALOG;
	message.catalog = &catalog;
	peer_greet(self, &message);
	free(pointers);
}

/* Listens at a socket in a directory of its own. */
static inline void peer_open(struct peer *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*self = (struct peer){.fd = -1};
	strcpy(self->directory, "/tmp/procmon-peer-XXXXXX");
	CHECK(mkdtemp(self->directory));
	snprintf(self->path, sizeof self->path, "%s/socket", self->directory);
	strcpy(address.sun_path, self->path);
	self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(self->listener >= 0);
	CHECK(bind(self->listener, (struct sockaddr *)&address, sizeof address) == 0);
	CHECK(listen(self->listener, 4) == 0);
}

static inline void peer_hang_up(struct peer *self)
{
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}

static inline void peer_close(struct peer *self)
{
	peer_hang_up(self);
	close(self->listener);
	unlink(self->path);
	rmdir(self->directory);
	free(self->greeting);
}

static inline void peer_write(struct peer *self, const uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t sent = send(self->fd, bytes, size, MSG_NOSIGNAL);
		if (sent < 0)
			return; /* the client has hung up: the test sees why */
		bytes += sent;
		size -= (size_t)sent;
	}
}

static inline void *peer_accept(void *context)
{
	struct peer *self = context;

	self->fd = accept(self->listener, NULL, NULL);
	if (self->fd >= 0)
		peer_write(self, self->greeting, self->greeting_size);
	return NULL;
}

/* Connects while a thread says the greeting. */
static inline int peer_connect_error(
	struct peer *self, struct procmon_connection **ret_connection, char **ret_error)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, peer_accept, self) == 0);
	int result = procmon_connect(self->path, "a test", 0, ret_connection, ret_error);
	pthread_join(thread, NULL);
	return result;
}

/* The usual beginning: a server with the catalog above. */
static inline struct procmon_connection *peer_connect(struct peer *self)
{
	Procmon__Attribute catalog[PEER_ATTRIBUTES];
	struct procmon_connection *connection;

	peer_open(self);
	peer_fill_catalog(catalog);
	peer_greet_welcome(self);
	peer_greet_catalog(self, catalog, PEER_ATTRIBUTES);
	CHECK_INT(peer_connect_error(self, &connection, NULL), 0);
	return connection;
}

static inline void peer_send(struct peer *self, const Procmon__ServerMessage *message)
{
	uint8_t *bytes = NULL;
	size_t size = 0;

	peer_append(&bytes, &size, &message->base);
	peer_write(self, bytes, size);
	free(bytes);
}

static inline void peer_send_error(
	struct peer *self, uint32_t request, Procmon__ErrorCode code, const char *text)
{
	Procmon__Error error = PROCMON__ERROR__INIT;
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;

	error.code = code;
	error.text = (char *)text;
	message.request = request;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_ERROR;
	message.error = &error;
	peer_send(self, &message);
}

/* The client's next message, to be freed with procmon__client_message__free_unpacked; NULL
 * when it has said nothing more. */
static inline Procmon__ClientMessage *peer_receive(struct peer *self)
{
	uint8_t bytes[8192];
	size_t have = 0, size;
	const uint8_t *start;
	struct pollfd wait = {.fd = self->fd, .events = POLLIN};

	for (;;) {
		if (poll(&wait, 1, have ? 5000 : 0) != 1)
			return NULL;
		CHECK(have < sizeof bytes);
		ssize_t got = read(self->fd, bytes + have, 1);
		if (got <= 0)
			return NULL;
		have += (size_t)got;
		int result = wire_next(bytes, have, sizeof bytes, &start, &size);
		CHECK(result >= 0);
		if (result == 1)
			return procmon__client_message__unpack(NULL, size, start);
	}
}

/* Skips what is not a Request. */
static inline Procmon__ClientMessage *peer_receive_request(struct peer *self)
{
	Procmon__ClientMessage *message;

	while ((message = peer_receive(self)) &&
		message->body_case != PROCMON__CLIENT_MESSAGE__BODY_REQUEST)
		procmon__client_message__free_unpacked(message, NULL);
	return message;
}

/* ----------------------------------------------------------------------- frames */

/* A column of a frame under construction. */
struct script_column {
	Procmon__Column message;
	size_t capacity;
};

struct script {
	Procmon__Frame frame;
	Procmon__Added added;
	struct script_column *columns;
	Procmon__Column **pointers;
};

static inline void *script_grow(void *array, size_t count, size_t size)
{
	/* powers of two */
	if ((count & (count - 1)) == 0)
		array = realloc(array, (count ? count * 2 : 1) * size);
	CHECK(array);
	return array;
}

#define SCRIPT_APPEND(array, count, value)                                                     \
	do {                                                                                   \
		(array) = script_grow((array), (count), sizeof *(array));                      \
		(array)[(count)++] = (value);                                                  \
	} while (0)

/* A whole frame in one part, sampled at that time. */
static inline void script_init(
	struct script *self, uint64_t tick, uint64_t since, uint64_t sampled_ns)
{
	memset(self, 0, sizeof *self);
	procmon__frame__init(&self->frame);
	procmon__added__init(&self->added);
	self->frame.tick = tick;
	self->frame.since = since;
	self->frame.sampled_ns = sampled_ns;
	self->frame.sampled_realtime_ns = 1600000000 * SECOND + sampled_ns;
	self->frame.last = 1;
}

static inline void script_remove(struct script *self, uint32_t slot)
{
	SCRIPT_APPEND(self->frame.removed, self->frame.n_removed, slot);
}

static inline void script_add(
	struct script *self, uint32_t slot, uint64_t identity, uint32_t pid)
{
	self->frame.added = &self->added;
	SCRIPT_APPEND(self->added.slots, self->added.n_slots, slot);
	SCRIPT_APPEND(self->added.identities, self->added.n_identities, identity);
	SCRIPT_APPEND(self->added.pids, self->added.n_pids, pid);
}

static inline void script_exit(struct script *self, uint32_t slot)
{
	SCRIPT_APPEND(self->frame.exited, self->frame.n_exited, slot);
}

static inline void script_unsampled(struct script *self, uint32_t attribute)
{
	SCRIPT_APPEND(self->frame.unsampled, self->frame.n_unsampled, attribute);
}

static inline Procmon__Column *script_column(struct script *self, uint32_t attribute)
{
	size_t count = self->frame.n_columns;

	for (size_t i = 0; i < count; i++)
		if (self->columns[i].message.attribute == attribute)
			return &self->columns[i].message;
	struct script_column column = {.message = PROCMON__COLUMN__INIT};
	column.message.attribute = attribute;
	SCRIPT_APPEND(self->columns, self->frame.n_columns, column);
	return &self->columns[count].message;
}

static inline void script_u64(
	struct script *self, uint32_t attribute, uint32_t slot, uint64_t value)
{
	Procmon__Column *column = script_column(self, attribute);

	SCRIPT_APPEND(column->slots, column->n_slots, slot);
	SCRIPT_APPEND(column->u64, column->n_u64, value);
}

static inline void script_i64(
	struct script *self, uint32_t attribute, uint32_t slot, int64_t value)
{
	Procmon__Column *column = script_column(self, attribute);

	SCRIPT_APPEND(column->slots, column->n_slots, slot);
	SCRIPT_APPEND(column->i64, column->n_i64, value);
}

static inline void script_f64(
	struct script *self, uint32_t attribute, uint32_t slot, double value)
{
	Procmon__Column *column = script_column(self, attribute);

	SCRIPT_APPEND(column->slots, column->n_slots, slot);
	SCRIPT_APPEND(column->f64, column->n_f64, value);
}

static inline void script_text(
	struct script *self, uint32_t attribute, uint32_t slot, const char *text)
{
	Procmon__Column *column = script_column(self, attribute);

	SCRIPT_APPEND(column->slots, column->n_slots, slot);
	SCRIPT_APPEND(column->text, column->n_text, (char *)text);
}

/* Of the cell that was named last. */
static inline void script_age(struct script *self, uint32_t attribute, uint64_t age_ns)
{
	Procmon__Column *column = script_column(self, attribute);

	SCRIPT_APPEND(column->ages_ns, column->n_ages_ns, age_ns);
}

static inline void script_absent(
	struct script *self, uint32_t attribute, uint32_t slot, Procmon__State state)
{
	Procmon__Column *column = script_column(self, attribute);

	SCRIPT_APPEND(column->absent_slots, column->n_absent_slots, slot);
	SCRIPT_APPEND(column->absent_states, column->n_absent_states, state);
}

static inline void script_finish(struct script *self)
{
	for (size_t i = 0; i < self->frame.n_columns; i++) {
		Procmon__Column *column = &self->columns[i].message;
		free(column->slots);
		free(column->u64);
		free(column->i64);
		free(column->f64);
		free(column->text);
		free(column->ages_ns);
		free(column->absent_slots);
		free(column->absent_states);
	}
	free(self->columns);
	free(self->pointers);
	free(self->frame.removed);
	free(self->frame.unsampled);
	free(self->frame.exited);
	free(self->added.slots);
	free(self->added.identities);
	free(self->added.pids);
}

/* The frame as a message; it borrows from the script. */
static inline Procmon__ServerMessage script_message(struct script *self, uint32_t request)
{
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;

	free(self->pointers);
	self->pointers = calloc(self->frame.n_columns + 1, sizeof *self->pointers);
	for (size_t i = 0; i < self->frame.n_columns; i++)
		self->pointers[i] = &self->columns[i].message;
	self->frame.columns = self->pointers;
	message.request = request;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_FRAME;
	message.frame = &self->frame;
	return message;
}

/* Sends the frame and forgets it. */
static inline void script_send(struct script *self, struct peer *peer, uint32_t request)
{
	Procmon__ServerMessage message = script_message(self, request);

	peer_send(peer, &message);
	script_finish(self);
}

#endif

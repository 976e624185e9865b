/*
 * Do all readers of a table see the same, however they came to it? mirrors SOCKET ROWS READERS.
 * So many readers keep their copies by differences and read when they please, so that the
 * server leaves frames out for them; another one begins anew with a full table again and again. Tables of
 * the same tick must be the same. Says in a line of JSON what was compared: so many rows, if that can be had in time.
 */
#include <inttypes.h>
#include <stdbool.h>

#include "procmon.h"
#include "records.h"

#define INTERVAL_NS UINT64_C(100000000)

enum {
	READERS_MAX = 16,
	ATTRIBUTES_MAX = 256,
	TICKS_KEPT = 1024, /* more than a frame can be late */
	PAUSE_MAX_MS = 3000,
	TIME_MAX_S = 90,
	TABLES_EACH = 2, /* of a fresh reader: the full one and the first difference */
};

/* A table in a few numbers: for each attribute the sum of a hash of each row. */
struct digest {
	uint64_t tick, rows;
	uint64_t sums[ATTRIBUTES_MAX];
};

struct reader {
	struct procmon_connection *connection;
	struct procmon_request *request;
	bool fresh; /* begins anew after TABLES_EACH */
	int pause_max_ms;
	uint32_t tables;
	uint64_t last_tick_ns; /* when its latest table was sampled */
	uint64_t asleep_until_ns;
};

static struct digest digests[TICKS_KEPT]; /* by tick */
static const struct procmon_attribute *attributes[ATTRIBUTES_MAX];
static uint32_t attribute_count;
static uint64_t tables, compared, row_frames, left_out, differing;

static uint64_t mix(uint64_t hash, uint64_t number)
{
	hash = (hash ^ number) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 29;
}

static uint64_t mix_value(uint64_t hash, const struct procmon_value *value)
{
	hash = mix(hash, value->state);
	if (value->state != PROCMON_OK)
		return hash;
	if (value->type != PROCMON_TEXT)
		return mix(hash, value->u64);
	for (const char *at = value->text; *at; at++)
		hash = mix(hash, (uint8_t)*at);
	return hash;
}

static void digest_table(struct digest *self, struct procmon_table *table)
{
	struct procmon_value value;

	*self = (struct digest){
		.tick = procmon_table_get_tick(table), .rows = procmon_table_get_count(table)};
	for (size_t i = 0; i < self->rows; i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i);
		uint64_t hash = mix(procmon_row_get_identity(row), procmon_row_get_pid(row));
		for (uint32_t k = 0; k < attribute_count; k++) {
			procmon_row_get_value(row, attributes[k]->id, &value);
			self->sums[k] += mix_value(hash, &value);
		}
	}
}

static void compare(const struct digest *a, const struct digest *b)
{
	bool same = a->rows == b->rows;

	if (!same)
		fprintf(stderr, "tick %" PRIu64 ": %" PRIu64 " rows, and %" PRIu64 "\n",
			a->tick, a->rows, b->rows);
	for (uint32_t i = 0; i < attribute_count; i++) {
		if (a->sums[i] == b->sums[i])
			continue;
		same = false;
		fprintf(stderr, "tick %" PRIu64 ": %s differs\n", a->tick, attributes[i]->name);
	}
	compared++;
	row_frames += a->rows;
	differing += !same;
}

static void begin(struct reader *self);

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	static struct digest digest;
	struct reader *self = context;
	struct digest *known = &digests[procmon_table_get_tick(table) % TICKS_KEPT];

	(void)request;
	digest_table(&digest, table);
	tables++;
	if (known->tick == digest.tick)
		compare(known, &digest);
	else if (known->tick < digest.tick)
		*known = digest;
	if (!self->fresh && self->last_tick_ns)
		left_out += (procmon_table_get_timestamp(table) - self->last_tick_ns) /
				    INTERVAL_NS -
			    1;
	self->last_tick_ns = procmon_table_get_timestamp(table);
	self->tables++;
	if (self->fresh && self->tables % TABLES_EACH == 0) {
		procmon_release(self->request);
		begin(self);
	}
}

static void on_error(
	struct procmon_request *request, int error, const char *text, void *context)
{
	(void)request;
	(void)context;
	fprintf(stderr, "%s: %s\n", strerror(-error), text);
	exit(EXIT_FAILURE);
}

static void begin(struct reader *self)
{
	procmon_request_create_with_error(
		self->connection, PROCMON_PROCESS, on_table, on_error, self, &self->request);
	for (uint32_t i = 0; i < attribute_count; i++)
		procmon_request_add_attribute(self->request, attributes[i]->id);
	procmon_request_set_interval(self->request, INTERVAL_NS);
	if (procmon_request_execute(self->request) < 0)
		fail("the request");
}

static void connect_reader(struct reader *self, const char *path)
{
	char *text;

	if (procmon_connect(path, "mirrors", 0, &self->connection, &text) < 0) {
		fprintf(stderr, "%s\n", text);
		exit(EXIT_FAILURE);
	}
}

/* All that is read at the tick itself. What workers read has an age besides, and rates depend on
 * what was seen before. */
static void choose_attributes(struct procmon_connection *connection)
{
	for (size_t i = 0; i < procmon_get_attribute_count(connection); i++) {
		const struct procmon_attribute *attribute =
			procmon_get_attribute(connection, i);
		if (attribute->table == PROCMON_PROCESS && attribute->state == PROCMON_OK &&
			attribute->kind != PROCMON_DERIVED &&
			attribute->cost == PROCMON_CHEAP && attribute_count < ATTRIBUTES_MAX)
			attributes[attribute_count++] = attribute;
	}
}

static void read_some(struct reader *self, uint64_t now_ns)
{
	if (self->asleep_until_ns > now_ns)
		return;
	if (procmon_dispatch(self->connection, 0) < 0)
		fail("the server is gone");
	/* Half of the time it reads on; else it looks away, often not for long. */
	if (rand() % 2)
		self->asleep_until_ns =
			now_ns + (uint64_t)(rand() % (self->pause_max_ms + 1)) * 1000000;
}

int main(int argc, char **argv)
{
	static struct reader readers[READERS_MAX];
	uint64_t wanted = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
	uint32_t count = argc == 4 ? (uint32_t)atoi(argv[3]) + 1 : 0;

	if (count < 2 || count > READERS_MAX) {
		fprintf(stderr, "usage: mirrors SOCKET ROWS READERS\n");
		return 2;
	}
	for (uint32_t i = 0; i < count; i++) {
		connect_reader(&readers[i], argv[1]);
		readers[i].fresh = i == 0;
		readers[i].pause_max_ms = PAUSE_MAX_MS * (int)(i * i) / (int)(count * count);
	}
	choose_attributes(readers[0].connection);
	for (uint32_t i = 0; i < count; i++)
		begin(&readers[i]);
	uint64_t end_ns = read_clock(CLOCK_MONOTONIC) + TIME_MAX_S * SECOND_NS;
	for (uint64_t now_ns = 0; now_ns < end_ns && row_frames < wanted;) {
		now_ns = read_clock(CLOCK_MONOTONIC);
		for (uint32_t i = 0; i < count; i++)
			read_some(&readers[i], now_ns);
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
	printf("{\"attributes\": %u, \"tables\": %" PRIu64 ", \"compared\": %" PRIu64
	       ", \"row_frames\": %" PRIu64 ", \"left_out\": %" PRIu64
	       ", \"differing\": %" PRIu64 "}\n",
		attribute_count, tables, compared, row_frames, left_out, differing);
	for (uint32_t i = 0; i < count; i++) {
		procmon_release(readers[i].request);
		procmon_release(readers[i].connection);
	}
	return 0;
}

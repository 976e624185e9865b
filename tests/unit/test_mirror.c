/*
 * The copy of the table against a reference: a table that changes at random, frames of it made
 * by a simple encoder of this test's own (full, diffs, more than the diff, in parts, parts
 * that are voided), and after each frame every cell and every rate compared.
 */
#include <math.h>

#include "peer.h"

enum { SLOTS = 48, COLUMNS = 7 };

/* What a column of the reference is. */
static const struct {
	uint32_t id;
	Procmon__Type type;
	bool counter, slow;
} columns[COLUMNS] = {
	{ID_READ, PROCMON__TYPE__U64, true, false},
	{ID_DEBT, PROCMON__TYPE__I64, true, false},
	{ID_ENERGY, PROCMON__TYPE__F64, true, false},
	{ID_COMM, PROCMON__TYPE__TEXT, false, false},
	{ID_NICE, PROCMON__TYPE__I64, false, false},
	{ID_CMDLINE, PROCMON__TYPE__TEXT, false, true},
	{ID_PAGES, PROCMON__TYPE__U64, true, true},
};

struct reference_cell {
	Procmon__State state;
	int64_t number;      /* the value, or what the text is made from */
	uint64_t changed;    /* tick; 0: never named */
	uint64_t sampled_ns; /* slow ones */
};

struct reference_row {
	bool alive;
	uint64_t identity;
	uint64_t born, died; /* ticks */
	uint64_t ended;      /* likewise: it is shown as exited; 0: not yet */
	struct reference_cell cells[COLUMNS];
};

/* The samples that the client has seen of a cell. */
struct history {
	uint64_t identity;
	int count;
	uint64_t time_ns[2];
	int64_t number[2];
};

struct reference {
	uint64_t tick, now_ns, next_identity, state;
	struct reference_row rows[SLOTS];
	bool unsampled[COLUMNS]; /* in this tick */
	struct history histories[SLOTS][COLUMNS];
};

static uint32_t draw(struct reference *self, uint32_t below)
{
	self->state = self->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(self->state >> 33) % below;
}

/* ------------------------------------------------------------------ the reference */

static void change_cell(struct reference *self, struct reference_row *row, int column)
{
	struct reference_cell *cell = &row->cells[column];

	cell->changed = self->tick;
	cell->sampled_ns = self->now_ns - draw(self, 50) * (SECOND / 100);
	if (draw(self, 8) == 0) {
		cell->state = (Procmon__State)(1 + draw(self, 6));
		return;
	}
	cell->state = PROCMON__STATE__OK;
	if (columns[column].counter)
		cell->number += draw(self, 3) ? draw(self, 100000) : 0;
	else
		cell->number = (int64_t)draw(self, 1000) - 500;
}

static void step(struct reference *self)
{
	self->tick++;
	self->now_ns += (1 + draw(self, 20)) * (SECOND / 10);
	for (int i = 0; i < COLUMNS; i++)
		self->unsampled[i] = !columns[i].slow && draw(self, 6) == 0;
	for (int slot = 0; slot < SLOTS; slot++) {
		struct reference_row *row = &self->rows[slot];
		uint32_t dice = draw(self, 40);

		if (row->alive && dice == 1 && !row->ended)
			row->ended = self->tick;
		if (row->alive && (dice == 0 || (row->ended && dice > 20))) {
			row->alive = false;
			row->died = self->tick;
		} else if (!row->alive && dice < 4 && row->died != self->tick) {
			uint64_t died = row->died;
			*row = (struct reference_row){.alive = true, .died = died};
			row->identity = ++self->next_identity;
			row->born = self->tick;
			for (int i = 0; i < COLUMNS; i++)
				row->cells[i].state = PROCMON__STATE__PENDING;
		}
		bool changes = row->alive && (!row->ended || row->ended == self->tick);
		for (int i = 0; changes && i < COLUMNS; i++)
			if (!self->unsampled[i] && draw(self, 4) == 0)
				change_cell(self, row, i);
	}
}

static void make_text(char text[64], int64_t number)
{
	snprintf(text, 64, "%.*s%lld", (int)(number & 31),
		"abcdefghijklmnopqrstuvwxyzabcdefghi", (long long)number);
}

/* -------------------------------------------------------------------- the encoder */

/* Texts that scripts borrow until they are sent. */
static char texts[SLOTS * COLUMNS][64];

static void encode_cell(
	struct reference *self, struct script *script, uint32_t slot, int column)
{
	const struct reference_cell *cell = &self->rows[slot].cells[column];
	uint32_t id = columns[column].id;
	char *text = texts[slot * COLUMNS + column];

	if (cell->state != PROCMON__STATE__OK) {
		script_absent(script, id, slot, cell->state);
		return;
	}
	switch (columns[column].type) {
	case PROCMON__TYPE__U64:
		script_u64(script, id, slot, (uint64_t)cell->number);
		break;
	case PROCMON__TYPE__I64:
		script_i64(script, id, slot, cell->number);
		break;
	case PROCMON__TYPE__F64:
		script_f64(script, id, slot, (double)cell->number);
		break;
	default:
		make_text(text, cell->number);
		script_text(script, id, slot, text);
	}
	if (columns[column].slow)
		script_age(script, id, self->now_ns - cell->sampled_ns);
}

/* What changed after `since` in the rows of slots first .. end - 1. */
static void encode_rows(struct reference *self, struct script *script, uint64_t since,
	uint32_t first, uint32_t end)
{
	for (uint32_t slot = first; slot < end; slot++) {
		const struct reference_row *row = &self->rows[slot];

		if (row->died > since && since)
			script_remove(script, slot);
		if (!row->alive)
			continue;
		if (row->born > since)
			script_add(script, slot, row->identity, slot + 7);
		if (row->ended > since)
			script_exit(script, slot);
		for (int i = 0; i < COLUMNS; i++)
			if (row->cells[i].changed > since)
				encode_cell(self, script, slot, i);
	}
	for (int i = 0; i < COLUMNS; i++)
		if (self->unsampled[i])
			script_unsampled(script, columns[i].id);
}

static void send_part(struct reference *self, struct peer *peer, uint64_t since, uint32_t part,
	uint32_t first, uint32_t end, bool last)
{
	struct script script;

	script_init(&script, self->tick, since, self->now_ns);
	script.frame.part = part;
	script.frame.last = last;
	encode_rows(self, &script, since, first, end);
	script_send(&script, peer, 1);
}

static void send_frame(struct reference *self, struct peer *peer, uint64_t since)
{
	uint32_t first = 0, part = 0;

	if (draw(self, 3)) {
		send_part(self, peer, since, 0, 0, SLOTS, true);
		return;
	}
	while (first < SLOTS) {
		uint32_t end = first + 1 + draw(self, SLOTS);
		if (end > SLOTS)
			end = SLOTS;
		send_part(self, peer, since, part++, first, end, end == SLOTS);
		first = end;
	}
}

/* The beginning of a frame that is never finished: the server has something newer. */
static void send_void(struct reference *self, struct peer *peer, uint64_t since)
{
	send_part(self, peer, since, 0, 0, SLOTS / 2, false);
	if (draw(self, 2))
		send_part(self, peer, since, 1, SLOTS / 2, SLOTS / 2 + 5, false);
}

/* ------------------------------------------------------------------ the comparison */

/* What a client that got this frame knows of the samples of a cell. */
static void take_history(struct reference *self, uint32_t slot, int column)
{
	const struct reference_row *row = &self->rows[slot];
	const struct reference_cell *cell = &row->cells[column];
	struct history *history = &self->histories[slot][column];
	uint64_t time_ns = columns[column].slow ? cell->sampled_ns : self->now_ns;

	if (!row->alive || history->identity != row->identity ||
		cell->state != PROCMON__STATE__OK)
		*history = (struct history){.identity = row->alive ? row->identity : 0};
	if (!row->alive || cell->state != PROCMON__STATE__OK || self->unsampled[column])
		return;
	if (history->count && history->time_ns[1] == time_ns &&
		history->number[1] == cell->number)
		return;
	if (columns[column].slow && history->count && time_ns <= history->time_ns[1])
		history->count = 0; /* samples that overtook each other say nothing */
	history->time_ns[0] = history->time_ns[1];
	history->number[0] = history->number[1];
	history->time_ns[1] = time_ns;
	history->number[1] = cell->number;
	if (history->count < 2)
		history->count++;
}

static void compare_rate(
	struct reference *self, const struct procmon_row *row, uint32_t slot, int column)
{
	const struct history *history = &self->histories[slot][column];
	struct procmon_value value;

	CHECK_INT(procmon_row_get_rate(row, columns[column].id, &value), 0);
	if (self->rows[slot].cells[column].state != PROCMON__STATE__OK) {
		CHECK_INT(value.state, self->rows[slot].cells[column].state);
	} else if (history->count < 2) {
		CHECK_INT(value.state, PROCMON_PENDING);
	} else {
		double expected = (double)(history->number[1] - history->number[0]) * 1e9 /
				  (double)(history->time_ns[1] - history->time_ns[0]);
		CHECK_INT(value.state, PROCMON_OK);
		if (!(fabs(value.f64 - expected) <= 1e-9 * (1 + fabs(expected))))
			test_fail(__FILE__, __LINE__,
				"tick %" PRIu64 " slot %u: %g, expected %g", self->tick, slot,
				value.f64, expected);
	}
}

static void compare_cell(
	struct reference *self, const struct procmon_row *row, uint32_t slot, int column)
{
	const struct reference_cell *cell = &self->rows[slot].cells[column];
	struct procmon_value value;
	char text[64];

	CHECK_INT(procmon_row_get_value(row, columns[column].id, &value), 0);
	CHECK_INT(value.state, cell->state);
	if (columns[column].counter && !procmon_row_has_exited(row))
		compare_rate(self, row, slot, column);
	if (cell->state != PROCMON__STATE__OK)
		return;
	if (columns[column].slow)
		CHECK(value.age_ns == self->now_ns - cell->sampled_ns);
	switch (columns[column].type) {
	case PROCMON__TYPE__U64:
		CHECK_INT(value.u64, cell->number);
		break;
	case PROCMON__TYPE__I64:
		CHECK_INT(value.i64, cell->number);
		break;
	case PROCMON__TYPE__F64:
		CHECK_INT(value.f64, cell->number);
		break;
	default:
		make_text(text, cell->number);
		CHECK_TEXT(value.text, text);
	}
}

static void compare(struct reference *self, struct procmon_table *table)
{
	size_t alive = 0;
	bool seen[SLOTS] = {false};

	CHECK(procmon_table_get_tick(table) == self->tick);
	CHECK(procmon_table_get_timestamp(table) == self->now_ns);
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		alive += self->rows[slot].alive;
	CHECK_INT(procmon_table_get_count(table), alive);
	for (size_t i = 0; i < alive; i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i);
		uint32_t slot = procmon_row_get_pid(row) - 7;

		CHECK(slot < SLOTS && !seen[slot]);
		seen[slot] = true;
		CHECK(procmon_row_get_identity(row) == self->rows[slot].identity);
		CHECK_INT(procmon_row_has_exited(row), self->rows[slot].ended != 0);
		for (int column = 0; column < COLUMNS; column++)
			compare_cell(self, row, slot, column);
	}
}

/* -------------------------------------------------------------------------- the test */

struct client {
	struct reference *reference;
	struct procmon_table *kept; /* with what it contained */
	uint64_t kept_tick, kept_sum;
	int calls;
};

/* A number that changes when anything in the table does. */
static uint64_t sum_table(struct procmon_table *table)
{
	uint64_t sum = procmon_table_get_tick(table);

	for (size_t i = 0; i < procmon_table_get_count(table); i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i);
		sum = sum * 31 + procmon_row_get_identity(row);
		for (int column = 0; column < COLUMNS; column++) {
			struct procmon_value value;
			procmon_row_get_value(row, columns[column].id, &value);
			sum = sum * 31 + (uint64_t)value.state;
			sum = sum * 31 + value.u64 + (uint64_t)value.i64 + (uint64_t)value.f64;
			for (const char *c = value.text; c && *c; c++)
				sum = sum * 31 + (uint64_t)*c;
		}
	}
	return sum;
}

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct client *client = context;
	struct reference *reference = client->reference;

	(void)request;
	client->calls++;
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		for (int column = 0; column < COLUMNS; column++)
			take_history(reference, slot, column);
	compare(reference, table);
	if (client->kept && draw(reference, 3) == 0) {
		CHECK(sum_table(client->kept) == client->kept_sum);
		CHECK(procmon_table_get_tick(client->kept) == client->kept_tick);
		procmon_release(client->kept);
		client->kept = NULL;
	}
	if (!client->kept && draw(reference, 4) == 0) {
		client->kept = procmon_retain(table);
		client->kept_tick = procmon_table_get_tick(table);
		client->kept_sum = sum_table(table);
	}
}

static void run(uint64_t seed, int frames)
{
	struct reference *reference = calloc(1, sizeof *reference);
	struct client client = {.reference = reference};
	struct peer peer;
	struct procmon_connection *connection = peer_connect(&peer);
	struct procmon_request *request;
	uint64_t since = 0;

	reference->state = seed;
	reference->now_ns = 100 * SECOND;
	CHECK_INT(procmon_request_create(
			  connection, PROCMON_PROCESS, on_table, &client, &request),
		0);
	for (int i = 0; i < COLUMNS; i++)
		CHECK_INT(procmon_request_add_attribute(request, columns[i].id), 0);
	CHECK_INT(procmon_request_set_interval(request, SECOND), 0);
	CHECK_INT(procmon_request_execute(request), 0);
	for (int i = 0; i < frames; i++) {
		uint64_t base = since;

		step(reference);
		if (draw(reference, 10) == 0) {
			send_void(reference, &peer, since);
			step(reference);
		}
		/* now and then more than was asked, or all */
		if (since && draw(reference, 5) == 0)
			base = since > 3 ? since - draw(reference, 4) : 0;
		if (draw(reference, 20) == 0)
			base = 0;
		send_frame(reference, &peer, base);
		while (client.calls == i)
			CHECK(procmon_dispatch(connection, 5000) >= 0);
		since = reference->tick;
	}
	procmon_release(client.kept);
	procmon_release(request);
	procmon_release(connection);
	peer_close(&peer);
	free(reference);
}

TEST(the_copy_equals_the_table)
{
	test_timeout(120);
	for (uint64_t seed = 1; seed <= 4; seed++)
		run(seed, 1500);
}

TESTS(CASE(the_copy_equals_the_table))

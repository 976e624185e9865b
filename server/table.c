#include "table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "text.h"

enum {
	ROW_BYTES = 512, /* at most: of a row but for its cells, here and where it comes from */
	CELL_BYTES = sizeof(uint64_t) + sizeof(uint64_t) + sizeof(uint64_t) + sizeof(uint8_t),
};

static char *cell_text(const struct column *column, uint32_t slot)
{
	return (char *)(uintptr_t)column->values[slot];
}

static void drop_text(struct table *self, struct column *column, uint32_t slot)
{
	char *text = cell_text(column, slot);

	if (!text)
		return;
	*self->text_bytes -= strlen(text);
	free(text);
	column->values[slot] = 0;
}

/* For a text in the place of an old one. What is there already keeps its room. */
static size_t text_room(const struct table *self, const char *old)
{
	uint64_t others = *self->text_bytes - (old ? strlen(old) : 0);
	uint64_t left = others < TEXTS_MAX ? TEXTS_MAX - others : 0;

	return left < TEXT_CUT_MAX ? TEXT_CUT_MAX : left < CELL_TEXT_MAX ? left : CELL_TEXT_MAX;
}

static void clear_cell(struct table *self, struct column *column, uint32_t slot)
{
	if (column->type == TYPE_TEXT)
		drop_text(self, column, slot);
	column->values[slot] = 0;
	column->stamps[slot] = 0;
	column->states[slot] = (uint8_t)column->default_state;
	if (column->slow)
		column->sampled_ns[slot] = 0;
}

static void column_grow(struct column *self, uint32_t from, uint32_t to)
{
	self->values = xreallocarray(self->values, to, sizeof *self->values);
	self->stamps = xreallocarray(self->stamps, to, sizeof *self->stamps);
	self->states = xreallocarray(self->states, to, sizeof *self->states);
	if (self->slow)
		self->sampled_ns =
			xreallocarray(self->sampled_ns, to, sizeof *self->sampled_ns);
	if (to == from)
		return;
	memset(self->values + from, 0, (to - from) * sizeof *self->values);
	memset(self->stamps + from, 0, (to - from) * sizeof *self->stamps);
	memset(self->states + from, (int)self->default_state, to - from);
	if (self->slow)
		memset(self->sampled_ns + from, 0, (to - from) * sizeof *self->sampled_ns);
}

static void destroy_column(struct table *self, struct column *column)
{
	if (column->type == TYPE_TEXT)
		for (uint32_t slot = 0; slot < self->capacity; slot++)
			drop_text(self, column, slot);
	free(column->values);
	free(column->stamps);
	free(column->states);
	free(column->sampled_ns);
	free(column);
}

void table_init(struct table *self, uint64_t *text_bytes)
{
	*self = (struct table){.text_bytes = text_bytes};
}

void table_finish(struct table *self)
{
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		if (self->columns[i])
			destroy_column(self, self->columns[i]);
	free(self->rows);
	free(self->changed);
	free(self->free_slots);
	free(self->released_slots);
	*self = (struct table){0};
}

void table_begin(struct table *self, uint64_t tick)
{
	assert(tick > self->tick);
	self->tick = tick;
	for (uint32_t i = 0; i < self->released_count; i++)
		self->free_slots[self->free_count++] = self->released_slots[i];
	self->released_count = 0;
}

bool table_has_room(const struct table *self, uint32_t columns)
{
	return alloc_has_room(self->capacity * (ROW_BYTES + (size_t)columns * CELL_BYTES));
}

/* False: there is no memory for it. */
static bool table_grow(struct table *self)
{
	uint32_t from = self->capacity, to = from ? from * 2 : 64;
	size_t row_bytes = ROW_BYTES;

	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		row_bytes += self->columns[i] ? CELL_BYTES : 0;
	if (!alloc_has_room(to * row_bytes))
		return false;

	self->rows = xreallocarray(self->rows, to, sizeof *self->rows);
	self->changed = xreallocarray(self->changed, to, sizeof *self->changed);
	self->free_slots = xreallocarray(self->free_slots, to, sizeof *self->free_slots);
	self->released_slots =
		xreallocarray(self->released_slots, to, sizeof *self->released_slots);
	memset(self->rows + from, 0, (to - from) * sizeof *self->rows);
	memset(self->changed + from, 0, (to - from) * sizeof *self->changed);
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		if (self->columns[i])
			column_grow(self->columns[i], from, to);
	self->capacity = to;
	return true;
}

uint32_t table_add(struct table *self, uint64_t identity, uint64_t pid)
{
	uint32_t slot;

	if (self->free_count) {
		slot = self->free_slots[--self->free_count];
	} else {
		if (self->slot_count == TABLE_ROWS_MAX)
			return NO_SLOT;
		if (self->slot_count == self->capacity && !table_grow(self))
			return NO_SLOT;
		slot = self->slot_count++;
	}
	struct row *row = &self->rows[slot];
	row->identity = identity;
	row->pid = pid;
	row->born = self->tick;
	row->ended = row->shown = 0;
	row->generation++;
	row->alive = true;
	self->changed[slot] = self->tick;
	self->row_count++;
	return slot;
}

void table_end(struct table *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	assert(row->alive && !row->ended);
	row->ended = self->tick;
	self->changed[slot] = self->tick;
}

void table_remove(struct table *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	assert(row->alive);
	row->alive = false;
	row->died = self->tick;
	self->changed[slot] = self->tick;
	self->row_count--;
	self->released_slots[self->released_count++] = slot;
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		if (self->columns[i])
			clear_cell(self, self->columns[i], slot);
}

struct column *table_acquire(struct table *self, enum attribute_index attribute,
	enum cell_state default_state, bool *ret_new)
{
	struct column *column = self->columns[attribute];

	*ret_new = !column;
	if (!column) {
		column = xcalloc(1, sizeof *column);
		column->attribute = attribute;
		column->type = attributes[attribute].type;
		column->counter = attributes[attribute].kind == KIND_COUNTER;
		column->slow = attributes[attribute].cost == COST_SLOW;
		column->default_state = default_state;
		column_grow(column, 0, self->capacity);
		self->columns[attribute] = column;
	}
	column->users++;
	return column;
}

void table_make_slow(struct table *self, struct column *column)
{
	if (column->slow)
		return;
	column->slow = true;
	column->sampled_ns = xcalloc(self->capacity, sizeof *column->sampled_ns);
}

void table_release(struct table *self, enum attribute_index attribute)
{
	struct column *column = self->columns[attribute];

	assert(column && column->users > 0);
	if (--column->users)
		return;
	destroy_column(self, column);
	self->columns[attribute] = NULL;
}

static void stamp(struct table *self, struct column *column, uint32_t slot)
{
	column->stamps[slot] = self->tick;
	self->changed[slot] = self->tick;
}

void table_set(struct table *self, struct column *column, uint32_t slot, uint64_t bits)
{
	if (column->counter && bits < column->values[slot])
		bits = column->values[slot];
	bool same = column->states[slot] == STATE_OK && column->values[slot] == bits;
	if (same && !column->slow)
		return;
	column->values[slot] = bits;
	column->states[slot] = STATE_OK;
	stamp(self, column, slot);
}

void table_set_text(struct table *self, struct column *column, uint32_t slot, const char *bytes,
	size_t length)
{
	char clean[CELL_TEXT_MAX + 1];
	char *old = cell_text(column, slot);

	/* What is in a cell is clean: the same bytes need no cleaning again. */
	if (!column->slow && column->states[slot] == STATE_OK && strlen(old) == length &&
		memcmp(old, bytes, length) == 0)
		return;
	size_t size = text_sanitise(clean, text_room(self, old) + 1, bytes, length);
	bool same = column->states[slot] == STATE_OK && old && strcmp(old, clean) == 0;

	if (same && !column->slow)
		return;
	if (!same) {
		drop_text(self, column, slot);
		column->values[slot] = (uint64_t)(uintptr_t)xstrndup(clean, size);
		*self->text_bytes += size;
	}
	column->states[slot] = STATE_OK;
	stamp(self, column, slot);
}

void table_set_state(
	struct table *self, struct column *column, uint32_t slot, enum cell_state state)
{
	assert(state != STATE_OK);
	bool same = column->states[slot] == state;

	if (same && !column->slow)
		return;
	if (column->type == TYPE_TEXT) {
		drop_text(self, column, slot);
	} else if (!column->counter) { /* what a counter reached still binds it */
		column->values[slot] = 0;
	}
	column->states[slot] = (uint8_t)state;
	stamp(self, column, slot);
}

void table_set_sampled(struct column *column, uint32_t slot, uint64_t sampled_ns)
{
	if (column->slow)
		column->sampled_ns[slot] = sampled_ns;
}

#include "encoder.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "frame.h"
#include "wire.h"

/* A growing array that is emptied, not freed, between parts. */
struct pool {
	void *items;
	size_t count, capacity;
};

/* A column of the part being built: where its items begin in the pools. */
struct column_draft {
	uint32_t id;
	enum attribute_type type;
	bool ages;
	enum cell_state default_state;
	size_t slots, values, ages_at, absent;
};

enum pool_name {
	REMOVED,
	ADDED_SLOTS,
	ADDED_IDS,
	ADDED_PIDS,
	EXITED,
	UNSAMPLED,
	DRAFTS,        /* struct column_draft */
	SLOTS,         /* cells that have a value ... */
	VALUES,        /* ... a number, */
	TEXTS,         /* ... or a text, */
	AGES,          /* ... and its age */
	ABSENT_SLOTS,  /* cells that have none ... */
	ABSENT_STATES, /* ... and why */
	COLUMNS,       /* messages, made when packing ... */
	COLUMN_POINTERS,
	POOL_COUNT
};

struct encoder {
	struct frame_stamp stamp;
	struct frame *frame;
	struct column_draft open; /* the column that cells go to; id 0: none */
	size_t size_bytes;        /* of the part so far, never less than it will be */
	uint32_t part;
	bool short_of_memory; /* there will be no frame */
	struct pool pools[POOL_COUNT];
	uint32_t *scratch, scratch_capacity;
};

enum {
	PART_OVERHEAD = 128,  /* the frame's own fields, lengths and tags */
	COLUMN_OVERHEAD = 64, /* likewise of a column */
};

static void *pool_add(struct pool *self, size_t item_size)
{
	if (self->count == self->capacity) {
		self->capacity = self->capacity ? self->capacity * 2 : 64;
		self->items = xreallocarray(self->items, self->capacity, item_size);
	}
	return (char *)self->items + self->count++ * item_size;
}

static void pool_add_u32(struct pool *self, uint32_t value)
{
	*(uint32_t *)pool_add(self, sizeof value) = value;
}

static void pool_add_u64(struct pool *self, uint64_t value)
{
	memcpy(pool_add(self, sizeof value), &value, sizeof value);
}

struct encoder *encoder_create(void)
{
	return xcalloc(1, sizeof(struct encoder));
}

void encoder_destroy(struct encoder *self)
{
	if (!self)
		return;
	for (int i = 0; i < POOL_COUNT; i++)
		free(self->pools[i].items);
	free(self->scratch);
	free(self);
}

uint32_t *encoder_scratch(struct encoder *self, uint32_t count)
{
	if (count > self->scratch_capacity) {
		self->scratch_capacity = count * 2;
		self->scratch = xreallocarray(
			self->scratch, self->scratch_capacity, sizeof *self->scratch);
	}
	return self->scratch;
}

static void clear_part(struct encoder *self)
{
	for (int i = 0; i < POOL_COUNT; i++)
		self->pools[i].count = 0;
	self->size_bytes = PART_OVERHEAD;
}

/* ------------------------------------------------------------------------- packing */

/* Items of a pool from an index on. (TEXT counts its values in TEXTS, so that the index may be
 * beyond the end of VALUES; it is not used then.) */
static void *pool_at(
	const struct encoder *self, enum pool_name name, size_t at, size_t item_size)
{
	const struct pool *pool = &self->pools[name];

	return at < pool->count ? (char *)pool->items + at * item_size : NULL;
}

static void fill_column(const struct encoder *self, const struct column_draft *draft,
	const struct column_draft *next, Procmon__Column *column)
{
	size_t slots = next->slots - draft->slots, absent = next->absent - draft->absent;
	void *numbers = pool_at(self, VALUES, draft->values, sizeof(uint64_t));

	procmon__column__init(column);
	column->attribute = draft->id;
	column->default_state = (Procmon__State)draft->default_state;
	column->n_slots = slots;
	column->slots = pool_at(self, SLOTS, draft->slots, sizeof(uint32_t));
	switch (draft->type) {
	case TYPE_U64:
		column->n_u64 = slots;
		column->u64 = numbers;
		break;
	case TYPE_I64:
		column->n_i64 = slots;
		column->i64 = numbers;
		break;
	case TYPE_F64:
		column->n_f64 = slots;
		column->f64 = numbers;
		break;
	case TYPE_TEXT:
		column->n_text = slots;
		column->text = pool_at(self, TEXTS, draft->values, sizeof(char *));
		break;
	}
	column->n_ages_ns = draft->ages ? slots : 0;
	column->ages_ns = pool_at(self, AGES, draft->ages_at, sizeof(uint64_t));
	column->n_absent_slots = absent;
	column->absent_slots = pool_at(self, ABSENT_SLOTS, draft->absent, sizeof(uint32_t));
	column->n_absent_states = absent;
	column->absent_states =
		pool_at(self, ABSENT_STATES, draft->absent, sizeof(Procmon__State));
}

/* Where the items of a column that starts now would be. */
static struct column_draft draft_here(
	const struct encoder *self, const struct column_draft *like)
{
	struct column_draft draft = *like;

	draft.slots = self->pools[SLOTS].count;
	draft.values =
		like->type == TYPE_TEXT ? self->pools[TEXTS].count : self->pools[VALUES].count;
	draft.ages_at = self->pools[AGES].count;
	draft.absent = self->pools[ABSENT_SLOTS].count;
	return draft;
}

static void close_column(struct encoder *self)
{
	const struct column_draft *open = &self->open;

	if (open->id &&
		(open->default_state != STATE_OK || self->pools[SLOTS].count > open->slots ||
			self->pools[ABSENT_SLOTS].count > open->absent)) {
		struct column_draft *draft = pool_add(&self->pools[DRAFTS], sizeof *draft);
		*draft = *open;
	}
	self->open.id = 0;
}

static size_t build_columns(struct encoder *self)
{
	size_t count = self->pools[DRAFTS].count;
	const struct column_draft *drafts = self->pools[DRAFTS].items;
	struct column_draft end = draft_here(self, &self->open);

	for (size_t i = 0; i < count; i++)
		pool_add(&self->pools[COLUMNS], sizeof(Procmon__Column));
	for (size_t i = 0; i < count; i++) {
		Procmon__Column *column = (Procmon__Column *)self->pools[COLUMNS].items + i;
		fill_column(self, &drafts[i], i + 1 < count ? &drafts[i + 1] : &end, column);
		*(Procmon__Column **)pool_add(&self->pools[COLUMN_POINTERS], sizeof column) =
			column;
	}
	return count;
}

static void pack_part(struct encoder *self, bool last)
{
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;
	Procmon__Frame frame = PROCMON__FRAME__INIT;
	Procmon__Added added = PROCMON__ADDED__INIT;

	/* A table is sent whole or not at all. */
	self->short_of_memory |= !alloc_has_room(0);
	if (self->short_of_memory) {
		clear_part(self);
		return;
	}
	frame.n_columns = build_columns(self);
	frame.columns = self->pools[COLUMN_POINTERS].items;
	frame.tick = self->stamp.tick;
	frame.since = self->stamp.since;
	frame.sampled_ns = self->stamp.sampled_ns;
	frame.sampled_realtime_ns = self->stamp.realtime_ns;
	frame.gap = self->stamp.gap;
	frame.incomplete = self->stamp.incomplete;
	frame.part = self->part++;
	frame.last = last;
	frame.n_removed = self->pools[REMOVED].count;
	frame.removed = self->pools[REMOVED].items;
	frame.n_exited = self->pools[EXITED].count;
	frame.exited = self->pools[EXITED].items;
	frame.n_unsampled = self->pools[UNSAMPLED].count;
	frame.unsampled = self->pools[UNSAMPLED].items;
	if (self->pools[ADDED_SLOTS].count) {
		added.n_slots = added.n_identities = self->pools[ADDED_SLOTS].count;
		added.slots = self->pools[ADDED_SLOTS].items;
		added.identities = self->pools[ADDED_IDS].items;
		added.n_pids = self->pools[ADDED_PIDS].count;
		added.pids = self->pools[ADDED_PIDS].items;
		frame.added = &added;
	}
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_FRAME;
	message.frame = &frame;
	struct frame_part *packed =
		frame_part_create(procmon__server_message__get_packed_size(&message));
	procmon__server_message__pack(&message, packed->bytes);
	frame_add_part(self->frame, packed);
	clear_part(self);
}

/* Makes room for an item, by closing the part if it would get too large. */
static void reserve(struct encoder *self, size_t size)
{
	if (self->size_bytes + size > WIRE_PART_MAX) {
		struct column_draft open = self->open;
		close_column(self);
		pack_part(self, false);
		if (open.id) {
			open.default_state = STATE_OK; /* was said in the part before */
			self->open = draft_here(self, &open);
			self->size_bytes += COLUMN_OVERHEAD;
		}
	}
	self->size_bytes += size;
}

/* -------------------------------------------------------------------------- content */

void encoder_begin(struct encoder *self, const struct frame_stamp *stamp)
{
	clear_part(self);
	self->stamp = *stamp;
	self->part = 0;
	self->short_of_memory = false;
	self->open.id = 0;
	self->frame = frame_create(stamp->tick);
}

void encoder_removed(struct encoder *self, uint32_t slot)
{
	reserve(self, wire_varint_size(slot));
	pool_add_u32(&self->pools[REMOVED], slot);
}

void encoder_added(struct encoder *self, uint32_t slot, uint64_t identity, uint64_t pid)
{
	reserve(self, wire_varint_size(slot) + 8 + wire_varint_size(pid));
	pool_add_u32(&self->pools[ADDED_SLOTS], slot);
	pool_add_u64(&self->pools[ADDED_IDS], identity);
	/* In tables about processes all have one, which may be 0 (the kernel of macOS); in others
	 * none has. */
	if (!pid && !self->pools[ADDED_PIDS].count)
		return;
	while (self->pools[ADDED_PIDS].count + 1 < self->pools[ADDED_SLOTS].count)
		pool_add_u32(&self->pools[ADDED_PIDS], 0);
	pool_add_u32(&self->pools[ADDED_PIDS], (uint32_t)pid);
}

void encoder_exited(struct encoder *self, uint32_t slot)
{
	reserve(self, wire_varint_size(slot));
	pool_add_u32(&self->pools[EXITED], slot);
}

void encoder_column(struct encoder *self, uint32_t id, enum attribute_type type, bool ages,
	enum cell_state default_state)
{
	struct column_draft draft = {
		.id = id, .type = type, .ages = ages, .default_state = default_state};

	close_column(self);
	reserve(self, COLUMN_OVERHEAD);
	self->open = draft_here(self, &draft);
}

static size_t zigzag_size(uint64_t bits)
{
	return wire_varint_size(bits << 1 ^ (uint64_t) - (bits >> 63));
}

void encoder_value(struct encoder *self, uint32_t slot, uint64_t bits, uint64_t age_ns)
{
	char *text = (char *)(uintptr_t)bits;
	size_t size = wire_varint_size(slot);

	if (self->open.type == TYPE_TEXT)
		size += strlen(text) + 3;
	else if (self->open.type == TYPE_U64)
		size += wire_varint_size(bits);
	else
		size += self->open.type == TYPE_I64 ? zigzag_size(bits) : 8;
	if (self->open.ages)
		size += wire_varint_size(age_ns);
	reserve(self, size);
	pool_add_u32(&self->pools[SLOTS], slot);
	if (self->open.type == TYPE_TEXT)
		memcpy(pool_add(&self->pools[TEXTS], sizeof text), &text, sizeof text);
	else
		pool_add_u64(&self->pools[VALUES], bits);
	if (self->open.ages)
		pool_add_u64(&self->pools[AGES], age_ns);
}

void encoder_absent(struct encoder *self, uint32_t slot, enum cell_state state)
{
	reserve(self, wire_varint_size(slot) + 1);
	pool_add_u32(&self->pools[ABSENT_SLOTS], slot);
	*(Procmon__State *)pool_add(&self->pools[ABSENT_STATES], sizeof(Procmon__State)) =
		(Procmon__State)state;
}

void encoder_unsampled(struct encoder *self, uint32_t id)
{
	close_column(self);
	reserve(self, wire_varint_size(id));
	pool_add_u32(&self->pools[UNSAMPLED], id);
}

struct frame *encoder_end(struct encoder *self)
{
	close_column(self);
	pack_part(self, true);
	if (!self->short_of_memory)
		return self->frame;
	frame_release(self->frame);
	return NULL;
}

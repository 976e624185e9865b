#include "view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "frame.h"
#include "listing.h"
#include "slow.h"

static int compare_u16(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

uint32_t view_sort_pids(uint64_t *pids, uint32_t count)
{
	uint32_t kept = 0;

	qsort(pids, count, sizeof *pids, compare_u64);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || pids[kept - 1] != pids[i])
			pids[kept++] = pids[i];
	return kept;
}

void view_key_init(struct view_key *self, const struct request *request)
{
	uint32_t count = request->attribute_count;

	self->attributes = xcalloc(count, sizeof *self->attributes);
	memcpy(self->attributes, request->attributes, count * sizeof *self->attributes);
	qsort(self->attributes, count, sizeof *self->attributes, compare_u16);
	self->attribute_count = 0;
	for (uint32_t i = 0; i < count; i++)
		if (i == 0 ||
			self->attributes[i] != self->attributes[self->attribute_count - 1])
			self->attributes[self->attribute_count++] = self->attributes[i];
	self->pids = xcalloc(request->pid_count, sizeof *self->pids);
	if (request->pid_count)
		memcpy(self->pids, request->pids, request->pid_count * sizeof *self->pids);
	self->pid_count = view_sort_pids(self->pids, request->pid_count);
	self->exits = request->exits;
}

void view_key_finish(struct view_key *self)
{
	free(self->attributes);
	free(self->pids);
}

struct view *view_create(struct instance *instance, const struct view_key *key)
{
	struct view *self = xcalloc(1, sizeof *self);
	uint32_t count = key->attribute_count;

	self->instance = instance;
	instance->views++;
	self->attribute_count = count;
	self->attributes = xcalloc(count, sizeof *self->attributes);
	memcpy(self->attributes, key->attributes, count * sizeof *self->attributes);
	self->columns = xcalloc(count, sizeof(struct column *));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t source;
		self->columns[i] = instance_acquire(
			instance, (enum attribute_index)self->attributes[i], &source);
		self->sources |= source;
	}
	if (instance_lists_slowly(instance))
		self->sources |= LISTING_ROWS;
	self->filtered = key->pid_count > 0;
	self->entry_count = key->pid_count;
	self->entries = xcalloc(self->entry_count, sizeof *self->entries);
	for (uint32_t i = 0; i < self->entry_count; i++)
		self->entries[i].pid = key->pids[i];
	instance->unfiltered_views += !self->filtered;
	self->exits = key->exits;
	instance->exit_views += self->exits;
	instance->unfiltered_exit_views += self->exits && !self->filtered;
	return self;
}

void view_forget_frames(struct view *self)
{
	for (uint32_t i = 0; i < self->base_count; i++) {
		frame_release(self->frames[i]);
		self->frames[i] = NULL;
	}
	self->base_count = 0;
	self->given_up = false;
}

void view_destroy(struct view *self)
{
	struct instance *instance = self->instance;

	view_forget_frames(self);
	for (uint32_t i = 0; i < self->attribute_count; i++)
		instance_release(instance, (enum attribute_index)self->attributes[i]);
	instance->views--;
	instance->unfiltered_views -= !self->filtered;
	instance->exit_views -= self->exits;
	instance->unfiltered_exit_views -= self->exits && !self->filtered;
	if (!self->filtered && instance->unfiltered_views == 0 && instance->views > 0)
		instance->reopen = true;
	free(self->attributes);
	free(self->columns);
	free(self->entries);
	free(self);
}

/* Its process has ended, though its row may still be there. */
static bool entry_has_exited(const struct view *self, const struct view_entry *entry)
{
	return entry->state == ENTRY_ALIVE && self->instance->table.rows[entry->slot].ended;
}

bool view_matches(const struct view *self, const struct view_key *key)
{
	if (key->attribute_count != self->attribute_count || key->exits != self->exits ||
		key->pid_count != self->entry_count ||
		memcmp(key->attributes, self->attributes,
			key->attribute_count * sizeof *key->attributes) != 0)
		return false;
	/* An entry that has ended may by now mean another process to a new request. */
	for (uint32_t i = 0; i < key->pid_count; i++)
		if (key->pids[i] != self->entries[i].pid ||
			self->entries[i].state == ENTRY_ENDED ||
			entry_has_exited(self, &self->entries[i]))
			return false;
	return true;
}

struct view *view_on(struct view *self, const struct instance *instance)
{
	if (self->instance == instance)
		return self;
	return self->input && self->input->instance == instance ? self->input : NULL;
}

bool view_pending(const struct view *self)
{
	return slow_pending(self->instance, self->sources) ||
	       listing_pending(self->instance, self->sources) ||
	       (self->input && view_pending(self->input));
}

bool view_wants_entry(const struct view *self, uint32_t index)
{
	const struct view_entry *entry = &self->entries[index];

	return entry->state != ENTRY_ENDED && !entry_has_exited(self, entry);
}

bool view_has(const struct view *self, uint32_t slot)
{
	if (!self->filtered)
		return true;
	for (uint32_t i = 0; i < self->entry_count; i++)
		if (self->entries[i].state == ENTRY_ALIVE && self->entries[i].slot == slot)
			return true;
	return false;
}

void view_resolve(struct view *self, bool listed)
{
	const struct table *table = &self->instance->table;

	for (uint32_t i = 0; i < self->entry_count; i++) {
		struct view_entry *entry = &self->entries[i];
		if (entry->state == ENTRY_ALIVE) {
			const struct row *row = &table->rows[entry->slot];
			bool there = row->alive && row->identity == entry->identity;
			if (there && (self->exits || !row->ended))
				continue;
			entry->ended = there ? row->ended : row->died;
		}
		if (entry->state == ENTRY_NEW && !listed)
			continue;
		if (entry->state != ENTRY_NEW) {
			entry->state = ENTRY_ENDED;
			continue;
		}
		entry->state = ENTRY_ENDED;
		for (uint32_t slot = 0; slot < table->slot_count; slot++) {
			const struct row *row = &table->rows[slot];
			if (!row->alive || row->ended || row->pid != entry->pid ||
				(entry->identity && entry->identity != row->identity))
				continue;
			entry->state = ENTRY_ALIVE;
			entry->identity = row->identity;
			entry->slot = slot;
		}
	}
}

void view_reset(struct view *self)
{
	for (uint32_t i = 0; i < self->entry_count; i++)
		if (self->entries[i].state == ENTRY_ALIVE &&
			!entry_has_exited(self, &self->entries[i]))
			self->entries[i].state = ENTRY_NEW;
}

/* --------------------------------------------------------------------------- bases */

void view_announce(struct view *self, uint64_t since)
{
	uint64_t *bases = self->bases;
	uint32_t at = 0;

	while (at < self->base_count && bases[at] < since)
		at++;
	if (at < self->base_count && bases[at] == since)
		return;
	assert(at == self->base_count ||
		!self->frames[at]); /* announced before any is fetched */
	if (self->base_count < VIEW_BASES_MAX) {
		memmove(bases + at + 1, bases + at, (self->base_count - at) * sizeof *bases);
		bases[at] = since;
		self->base_count++;
		return;
	}
	/* Full: of all of them, one pair of neighbours becomes its older one. 0 (everything)
	 * stays for those who need it: it is not worth giving it to anybody else. */
	uint64_t all[VIEW_BASES_MAX + 1];
	uint32_t closest = VIEW_BASES_MAX - 1;
	memcpy(all, bases, at * sizeof *all);
	all[at] = since;
	memcpy(all + at + 1, bases + at, (VIEW_BASES_MAX - at) * sizeof *all);
	for (uint32_t i = VIEW_BASES_MAX - 1; i-- > 0;)
		if (all[i] != 0 && all[i + 1] - all[i] < all[closest + 1] - all[closest])
			closest = i;
	memmove(all + closest + 1, all + closest + 2,
		(VIEW_BASES_MAX - 1 - closest) * sizeof *all);
	memcpy(bases, all, VIEW_BASES_MAX * sizeof *bases);
}

/* ------------------------------------------------------------------------- encoding */

/* The rows that a frame is about. */
struct changes {
	uint32_t *slots; /* there, and changed after since */
	uint32_t count;
};

/* Rows that have ended, and that the reader was shown so, are gone for it. */
static void encode_gone(const struct view *self, struct encoder *encoder, uint64_t since)
{
	const struct exits *exits = &self->instance->exits;

	for (uint32_t i = 0; i < exits->count; i++) {
		uint32_t slot = exits_get_slot(exits, i);
		const struct row *row = &self->instance->table.rows[slot];
		if (row->ended <= since && since <= row->shown && view_has(self, slot))
			encoder_removed(encoder, slot);
	}
}

static void encode_rows(const struct view *self, struct encoder *encoder, uint64_t since,
	struct changes *changes)
{
	struct table *table = &self->instance->table;
	uint32_t limit = self->filtered ? self->entry_count : table->slot_count;

	for (uint32_t i = 0; i < limit; i++) {
		uint32_t slot = i;
		if (self->filtered) {
			const struct view_entry *entry = &self->entries[i];
			if (entry->state == ENTRY_ENDED && entry->ended > since && since)
				encoder_removed(encoder, entry->slot);
			if (entry->state != ENTRY_ALIVE)
				continue;
			slot = entry->slot;
		}
		if (table->changed[slot] <= since)
			continue;
		const struct row *row = &table->rows[slot];
		bool there = row->alive && (self->exits || !row->ended);
		if (since && !self->filtered &&
			(row->died > since || (row->ended > since && !there)))
			encoder_removed(encoder, slot);
		if (there)
			changes->slots[changes->count++] = slot;
	}
	if (self->exits && since)
		encode_gone(self, encoder, since);
	for (uint32_t i = 0; i < changes->count; i++) {
		const struct row *row = &table->rows[changes->slots[i]];
		if (row->born > since)
			encoder_added(encoder, changes->slots[i], row->identity, row->pid);
	}
	for (uint32_t i = 0; self->exits && i < changes->count; i++) {
		struct row *row = &table->rows[changes->slots[i]];
		if (!row->ended)
			continue;
		encoder_exited(encoder, changes->slots[i]);
		row->shown = table->tick;
	}
}

static void encode_column(const struct view *self, struct encoder *encoder,
	const struct column *column, const struct frame_stamp *stamp,
	const struct changes *changes)
{
	const struct row *rows = self->instance->table.rows;
	uint64_t since = stamp->since;

	encoder_column(encoder, attributes[column->attribute].id, column->type, column->slow,
		since == 0 ? column->default_state : STATE_OK);
	for (uint32_t i = 0; i < changes->count; i++) {
		uint32_t slot = changes->slots[i];
		bool fresh = rows[slot].born > since;
		if (!fresh && column->stamps[slot] <= since)
			continue;
		if (column->states[slot] == STATE_OK) {
			uint64_t age =
				column->slow && column->sampled_ns[slot] < stamp->sampled_ns
					? stamp->sampled_ns - column->sampled_ns[slot]
					: 0;
			encoder_value(encoder, slot, column->values[slot], age);
		} else if (!fresh || column->states[slot] != column->default_state) {
			encoder_absent(encoder, slot, (enum cell_state)column->states[slot]);
		}
	}
}

static struct frame *encode(
	const struct view *self, struct encoder *encoder, const struct frame_stamp *stamp)
{
	const struct table *table = &self->instance->table;
	struct changes changes = {encoder_scratch(encoder, self->filtered ? self->entry_count
									  : table->slot_count),
		0};

	encoder_begin(encoder, stamp);
	encode_rows(self, encoder, stamp->since, &changes);
	for (uint32_t i = 0; i < self->attribute_count; i++)
		encode_column(self, encoder, self->columns[i], stamp, &changes);
	for (uint32_t i = 0; i < self->attribute_count; i++)
		if (instance_unsampled(
			    self->instance, (enum attribute_index)self->attributes[i]))
			encoder_unsampled(encoder, attributes[self->attributes[i]].id);
	return encoder_end(encoder);
}

static uint32_t base_of(const struct view *self, uint64_t since)
{
	uint32_t at = self->base_count;

	while (at > 0 && self->bases[at - 1] > since)
		at--;
	assert(at > 0); /* it was announced */
	return at - 1;
}

struct frame *view_get_frame(const struct view *self, uint64_t since)
{
	return self->frames[base_of(self, since)];
}

struct frame *view_encode(struct view *self, struct encoder *encoder,
	const struct frame_stamp *stamp, uint64_t since)
{
	uint32_t base = base_of(self, since);
	struct frame_stamp own = *stamp;

	assert(!self->frames[base]);
	own.since = self->bases[base];
	self->frames[base] = encode(self, encoder, &own);
	self->given_up = !self->frames[base];
	return self->frames[base];
}

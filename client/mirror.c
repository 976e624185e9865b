#include "mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mirror_init(struct mirror *self, struct selection *selection)
{
	*self = (struct mirror){0};
	return procmon_table_create(selection, &self->table);
}

static void drop_parts(struct mirror *self)
{
	while (self->parts) {
		struct part *part = self->parts;

		self->parts = part->next;
		wire_arena_finish(&part->arena);
		free(part);
	}
	self->last_part = NULL;
	self->part_count = 0;
	self->staged_bytes = 0;
}

void mirror_finish(struct mirror *self)
{
	drop_parts(self);
	procmon_release(self->table);
	free(self->index_by_slot);
	*self = (struct mirror){0};
}

/* ------------------------------------------------------------------------ rows */

struct procmon_row *mirror_find(const struct mirror *self, uint32_t slot)
{
	if (slot >= self->slot_count || self->index_by_slot[slot] == 0)
		return NULL;
	return &self->table->rows[self->index_by_slot[slot] - 1];
}

static int reserve_slot(struct mirror *self, uint32_t slot)
{
	uint32_t count = self->slot_count ? self->slot_count : 64;

	if (slot >= TABLE_ROWS_MAX)
		return -EPROTO;
	if (slot < self->slot_count)
		return 0;
	while (count <= slot)
		count *= 2;
	uint32_t *map = realloc(self->index_by_slot, count * sizeof *map);
	if (!map)
		return -ENOMEM;
	memset(map + self->slot_count, 0, (count - self->slot_count) * sizeof *map);
	self->index_by_slot = map;
	self->slot_count = count;
	return 0;
}

/*
 * A row is not removed at once: the same row may be added again by the same frame (it is
 * full, or says more than we asked), and then the samples for its rates are still good.
 */
static void mark_leaving(struct mirror *self, struct procmon_row *row)
{
	uint32_t index = (uint32_t)(row - self->table->rows);

	if (row->standing == ROW_LEAVING)
		return;
	self->revived -= row->standing == ROW_REVIVED;
	self->leaving++;
	row->standing = ROW_LEAVING;
	row->exited = false;
	for (uint32_t i = 0; i < self->table->selection->column_count; i++)
		self->table->cells[i].states[index] = CELL_UNSET;
}

/* Everything goes: the frame says it all anew. */
static void mark_all_leaving(struct mirror *self)
{
	for (uint32_t i = 0; i < self->table->count; i++)
		mark_leaving(self, &self->table->rows[i]);
	for (uint32_t i = 0; i < self->table->selection->column_count; i++)
		self->table->cells[i].default_state = STATE_OK;
}

static void forget_samples(struct procmon_table *table, uint32_t index, bool only_unset)
{
	for (uint32_t i = 0; i < table->selection->column_count; i++) {
		struct cells *cells = &table->cells[i];

		if (cells->samples && !(only_unset && cells->states[index] != CELL_UNSET))
			cells->samples[index].count = 0;
	}
}

static int add_row(struct mirror *self, uint32_t slot, uint64_t identity, uint32_t pid)
{
	struct procmon_row *row = mirror_find(self, slot);
	int result;

	if (!row) {
		result = reserve_slot(self, slot);
		if (result < 0)
			return result;
		result = procmon_table_add(self->table, slot, identity, pid);
		if (result < 0)
			return result;
		self->index_by_slot[slot] = (uint32_t)result + 1;
		return 0;
	}
	if (row->standing != ROW_LEAVING)
		return row->identity == identity ? 0 : -EPROTO;
	self->leaving--;
	row->pid = pid;
	if (row->identity == identity) {
		row->standing = ROW_REVIVED;
		self->revived++;
		return 0;
	}
	row->standing = ROW_PRESENT;
	row->identity = identity;
	forget_samples(self->table, (uint32_t)(row - self->table->rows), false);
	return 0;
}

static int apply_exited(struct mirror *self, const Procmon__Frame *part)
{
	for (size_t i = 0; i < part->n_exited; i++) {
		struct procmon_row *row = mirror_find(self, part->exited[i]);
		if (!row || row->standing == ROW_LEAVING)
			return -EPROTO;
		row->exited = true;
	}
	return 0;
}

static int apply_added(struct mirror *self, const Procmon__Added *added)
{
	if (added->n_identities != added->n_slots ||
		(added->n_pids && added->n_pids != added->n_slots))
		return -EPROTO;
	for (size_t i = 0; i < added->n_slots; i++) {
		int result = add_row(self, added->slots[i], added->identities[i],
			added->n_pids ? added->pids[i] : 0);
		if (result < 0)
			return result;
	}
	return 0;
}

/* The rows that are gone for good; those that came back lose the samples of cells that
 * did not. */
static void settle_rows(struct mirror *self)
{
	struct procmon_table *table = self->table;

	for (uint32_t i = table->count; (self->leaving || self->revived) && i-- > 0;) {
		struct procmon_row *row = &table->rows[i];

		if (row->standing == ROW_REVIVED) {
			forget_samples(table, i, true);
			row->standing = ROW_PRESENT;
			self->revived--;
		} else if (row->standing == ROW_LEAVING) {
			self->index_by_slot[row->slot] = 0;
			procmon_table_remove(table, i);
			if (i < table->count)
				self->index_by_slot[table->rows[i].slot] = i + 1;
			self->leaving--;
		}
	}
}

/* ---------------------------------------------------------------------- frames */

static bool is_unsampled(const Procmon__Frame *frame, uint32_t attribute)
{
	for (size_t i = 0; i < frame->n_unsampled; i++)
		if (frame->unsampled[i] == attribute)
			return true;
	return false;
}

/* What the frame says of the sampling holds for all its parts, whichever names it. */
static void begin_columns(struct mirror *self, const Procmon__Frame *last)
{
	const struct selection *selection = self->table->selection;

	for (uint32_t i = 0; i < selection->column_count; i++) {
		struct cells *cells = &self->table->cells[i];
		bool unsampled = is_unsampled(last, selection->columns[i].attribute);

		for (const struct part *part = self->parts; part && !unsampled;
			part = part->next)
			unsampled = is_unsampled(part->frame, selection->columns[i].attribute);
		cells->previous_ns = cells->sampled ? cells->sampled_ns : 0;
		cells->sampled_now = !unsampled;
		if (unsampled)
			continue;
		cells->sampled = true;
		cells->sampled_ns = last->sampled_ns;
	}
}

/* Columns come in the order of our own, nearly always: the search begins at *hint. */
static int apply_column(struct mirror *self, const Procmon__Column *message, uint32_t *hint)
{
	const struct selection *selection = self->table->selection;

	for (uint32_t tries = 0; tries < selection->column_count; tries++) {
		uint32_t column = (*hint + tries) % selection->column_count;

		if (selection->columns[column].attribute != message->attribute)
			continue;
		*hint = column + 1;
		return mirror_apply_column(self, column, message);
	}
	return -EPROTO;
}

static int apply_part(struct mirror *self, const Procmon__Frame *part)
{
	uint32_t hint = 0;
	int result = 0;

	for (size_t i = 0; i < part->n_removed; i++) {
		struct procmon_row *row = mirror_find(self, part->removed[i]);
		if (row)
			mark_leaving(self, row);
	}
	if (part->added)
		result = apply_added(self, part->added);
	if (result == 0)
		result = apply_exited(self, part);
	for (size_t i = 0; i < part->n_columns && result == 0; i++)
		result = apply_column(self, part->columns[i], &hint);
	return result;
}

/* Somebody kept the table that we are about to change: he gets it, we go on with a copy. */
static int own_table(struct mirror *self)
{
	struct procmon_table *copy;
	int result;

	if (self->table->object.references == 1)
		return 0;
	result = procmon_table_clone(self->table, 0, self->table->count, &copy);
	if (result < 0)
		return result;
	procmon_release(self->table);
	self->table = copy;
	return 0;
}

static int apply_frame(struct mirror *self, const Procmon__Frame *last)
{
	int result = own_table(self);

	if (result < 0)
		return result;
	self->table->now_ns = last->sampled_ns;
	if (last->since == 0)
		mark_all_leaving(self);
	begin_columns(self, last);
	for (const struct part *part = self->parts; part && result == 0; part = part->next)
		result = apply_part(self, part->frame);
	if (result == 0)
		result = apply_part(self, last);
	if (result < 0)
		return result;
	settle_rows(self);
	for (uint32_t i = 0; i < self->table->selection->column_count; i++)
		mirror_settle_column(self, i);
	self->table->tick = last->tick;
	self->table->incomplete = last->incomplete;
	self->table->sampled_ns = last->sampled_ns;
	self->table->realtime_ns = last->sampled_realtime_ns;
	return 1;
}

/* Each row once, each column once: what a server has no reason to exceed. A row that is gone may be among
 * those that were shown when they ended, too. */
static bool is_within_limits(const struct mirror *self, const Procmon__Frame *frame)
{
	uint32_t columns = self->table->selection->column_count;

	return frame->n_removed <= TABLE_ROWS_MAX + EXITS_MAX &&
	       frame->n_exited <= TABLE_ROWS_MAX && frame->n_columns <= columns &&
	       frame->n_unsampled <= columns &&
	       (!frame->added || frame->added->n_slots <= TABLE_ROWS_MAX);
}

/* Time does not run backwards, and a frame builds on what we have. */
static bool is_in_sequence(const struct mirror *self, const Procmon__Frame *frame)
{
	const Procmon__Frame *first = self->parts ? self->parts->frame : NULL;

	if (frame->part == 0)
		return frame->since <= self->table->tick && frame->tick >= self->table->tick &&
		       frame->sampled_ns >= self->table->sampled_ns;
	return first && frame->part == self->part_count && frame->tick == first->tick &&
	       frame->since == first->since && frame->sampled_ns == first->sampled_ns;
}

/* Keeps the part and with it all that the arena holds. */
static int stage(struct mirror *self, struct wire_arena *arena, const Procmon__Frame *frame)
{
	struct part *part;

	if (arena->used_bytes > WIRE_STAGED_MAX - self->staged_bytes)
		return -EPROTO;
	part = calloc(1, sizeof *part);
	if (!part)
		return -ENOMEM;
	part->frame = frame;
	part->arena = *arena;
	wire_arena_init(arena, part->arena.limit_bytes);
	if (self->last_part)
		self->last_part->next = part;
	else
		self->parts = part;
	self->last_part = part;
	self->part_count++;
	self->staged_bytes += part->arena.used_bytes;
	return 0;
}

int mirror_take(struct mirror *self, struct wire_arena *arena, const Procmon__Frame *frame)
{
	int result;

	if (frame->part == 0)
		drop_parts(self);
	if (!is_within_limits(self, frame) || !is_in_sequence(self, frame))
		return -EPROTO;
	if (!frame->last)
		return stage(self, arena, frame);
	result = apply_frame(self, frame);
	drop_parts(self);
	return result;
}

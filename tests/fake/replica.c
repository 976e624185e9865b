#include "replica.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "wire.h"

static void clear_row(struct replica_row *row)
{
	for (int i = 0; i < REPLICA_COLUMNS; i++)
		free(row->cells[i].text);
	*row = (struct replica_row){0};
}

static void must(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "replica: %s\n", what);
		abort();
	}
}

static uint32_t column_index(const struct replica *self, uint32_t id)
{
	for (uint32_t i = 0; i < self->column_count; i++)
		if (self->columns[i] == id)
			return i;
	must(false, "a column that was not asked for");
	return 0;
}

static void apply_column(struct replica *self, const Procmon__Column *column)
{
	uint32_t index = column_index(self, column->attribute);
	size_t values = column->n_u64 + column->n_i64 + column->n_f64 + column->n_text;

	must(values == column->n_slots, "as many values as slots");
	must(!column->n_ages_ns || column->n_ages_ns == column->n_slots,
		"as many ages as slots");
	must(column->n_absent_slots == column->n_absent_states, "a state for each absent cell");
	if (column->default_state)
		self->defaults[index] = (enum cell_state)column->default_state;
	self->columns_named++;
	self->cells_named += (uint32_t)(column->n_slots + column->n_absent_slots);
	for (size_t i = 0; i < column->n_slots; i++) {
		must(self->rows[column->slots[i]].alive,
			"a value for a row that was not added");
		struct replica_cell *cell = &self->rows[column->slots[i]].cells[index];
		free(cell->text);
		*cell = (struct replica_cell){.named = true, .state = STATE_OK};
		if (column->n_u64)
			cell->bits = column->u64[i];
		if (column->n_i64)
			cell->bits = (uint64_t)column->i64[i];
		if (column->n_f64)
			memcpy(&cell->bits, &column->f64[i], sizeof cell->bits);
		if (column->n_text)
			cell->text = xstrdup(column->text[i]);
		if (column->n_ages_ns)
			cell->age_ns = column->ages_ns[i];
	}
	for (size_t i = 0; i < column->n_absent_slots; i++) {
		must(self->rows[column->absent_slots[i]].alive, "a state for a row not added");
		struct replica_cell *cell = &self->rows[column->absent_slots[i]].cells[index];
		free(cell->text);
		*cell = (struct replica_cell){
			.named = true, .state = (enum cell_state)column->absent_states[i]};
	}
}

static void apply_frame(struct replica *self, const Procmon__Frame *frame)
{
	if (frame->part == 0 && frame->since == 0)
		for (int i = 0; i < REPLICA_SLOTS; i++)
			clear_row(&self->rows[i]);
	self->tick = frame->tick;
	self->since = frame->since;
	self->sampled_ns = frame->sampled_ns;
	self->gap = frame->gap;
	self->incomplete = frame->incomplete;
	self->removed += (uint32_t)frame->n_removed;
	self->unsampled += (uint32_t)frame->n_unsampled;
	for (size_t i = 0; i < frame->n_removed; i++)
		clear_row(&self->rows[frame->removed[i]]);
	if (frame->added) {
		self->added += (uint32_t)frame->added->n_slots;
		for (size_t i = 0; i < frame->added->n_slots; i++) {
			struct replica_row *row = &self->rows[frame->added->slots[i]];
			row->alive = true;
			row->identity = frame->added->identities[i];
			row->pid = frame->added->n_pids ? frame->added->pids[i] : 0;
		}
	}
	must(frame->n_exited == 0 || self->exits, "exits only where they were asked for");
	for (size_t i = 0; i < frame->n_exited; i++) {
		must(self->rows[frame->exited[i]].alive, "an exit of a row that was added");
		self->exited++;
		self->exits_shown++;
		self->rows[frame->exited[i]].exited = true;
	}
	for (size_t i = 0; i < frame->n_columns; i++)
		apply_column(self, frame->columns[i]);
	for (size_t i = 0; self->on_exit && i < frame->n_exited; i++)
		self->on_exit(self, &self->rows[frame->exited[i]]);
}

static void replica_send(struct subscriber *subscriber, uint32_t request, struct frame *frame)
{
	struct replica *self = (struct replica *)(void *)subscriber;

	must(request == 1, "the request's number");
	must(!self->stalled, "nothing is sent to a reader that has not drained");
	self->frames++;
	self->last_frame = frame;
	self->parts = frame->part_count;
	self->columns_named = self->cells_named = self->added = self->removed = 0;
	self->unsampled = self->exited = 0;
	for (uint32_t i = 0; i < frame->part_count; i++) {
		must(frame->parts[i]->size <= WIRE_PART_MAX, "a part within its limit");
		Procmon__ServerMessage *message = procmon__server_message__unpack(
			NULL, frame->parts[i]->size, frame->parts[i]->bytes);
		must(message && message->frame, "a frame that decodes");
		must(message->frame->part == i, "parts in order");
		must(message->frame->last == (i + 1 == frame->part_count), "last says so");
		apply_frame(self, message->frame);
		procmon__server_message__free_unpacked(message, NULL);
	}
}

static bool replica_drained(struct subscriber *subscriber)
{
	return !((struct replica *)(void *)subscriber)->stalled;
}

static void replica_ended(struct subscriber *subscriber, uint32_t request, int error)
{
	struct replica *self = (struct replica *)(void *)subscriber;

	must(request == 1, "the request's number");
	self->ended++;
	self->ended_error = error;
}

static const struct subscriber_ops replica_ops = {replica_drained, replica_send, replica_ended};

void replica_init(struct replica *self, uint32_t session)
{
	memset(self, 0, sizeof *self);
	self->subscriber = (struct subscriber){.ops = &replica_ops,
		.session = session,
		.client = "replica",
		.pid = 42,
		.uid = 7};
}

void replica_finish(struct replica *self)
{
	for (int i = 0; i < REPLICA_SLOTS; i++)
		clear_row(&self->rows[i]);
}

int replica_subscribe(struct replica *self, struct sampler *sampler, uint64_t now_ns,
	uint64_t interval_ns, const uint64_t *pids, uint32_t pid_count, ...)
{
	uint16_t wanted[REPLICA_COLUMNS] = {0};
	uint32_t count = 0;
	int attribute;
	va_list args;

	va_start(args, pid_count);
	while ((attribute = va_arg(args, int)) != ATTRIBUTE_COUNT)
		wanted[count++] = (uint16_t)attribute;
	va_end(args);
	for (uint32_t i = 0; i < count; i++)
		self->columns[i] = attributes[wanted[i]].id;
	self->column_count = count;
	struct request request = {
		.request = 1,
		.table = attributes[wanted[0]].table,
		.target_pid = self->target_pid,
		.interval_ns = interval_ns,
		.attributes = wanted,
		.attribute_count = count,
		.pids = pids,
		.pid_count = pid_count,
		.exits = self->exits,
	};
	return sampler_subscribe(sampler, now_ns, &self->subscriber, &request);
}

const struct replica_row *replica_by_pid(const struct replica *self, uint64_t pid)
{
	for (int i = 0; i < REPLICA_SLOTS; i++)
		if (self->rows[i].alive && self->rows[i].pid == pid)
			return &self->rows[i];
	return NULL;
}

uint32_t replica_count(const struct replica *self)
{
	uint32_t count = 0;

	for (int i = 0; i < REPLICA_SLOTS; i++)
		count += self->rows[i].alive;
	return count;
}

struct replica_cell replica_cell(const struct replica *self, const struct replica_row *row,
	enum attribute_index attribute)
{
	uint32_t index = column_index(self, attributes[attribute].id);
	struct replica_cell cell = row->cells[index];

	if (!cell.named)
		cell.state = self->defaults[index];
	return cell;
}

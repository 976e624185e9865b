/* Applying a column of a frame, and the samples that rates are computed from. */
#include "mirror.h"

#include <errno.h>
#include <math.h>

/* How much a counter has grown; negative when it stepped back, which it must not. */
static double growth(enum procmon_type type, union cell from, union cell to)
{
	switch (type) {
	case PROCMON_U64:
		return to.u64 >= from.u64 ? (double)(to.u64 - from.u64) : -1;
	case PROCMON_I64:
		return to.i64 >= from.i64 ? (double)((uint64_t)to.i64 - (uint64_t)from.i64)
					  : -1;
	default:
		return to.f64 - from.f64;
	}
}

static void sample_take(
	struct sample *self, enum procmon_type type, union cell value, uint64_t time_ns)
{
	double grown = self->count ? growth(type, self->value, value) : -1;

	if (self->count && time_ns == self->time_ns && grown == 0)
		return; /* the same sample once more */
	self->count = 1;
	if (grown >= 0 && time_ns > self->time_ns) {
		self->rate = grown * 1e9 / (double)(time_ns - self->time_ns);
		self->count = 2;
	}
	self->value = value;
	self->time_ns = time_ns;
}

/* The same for a cell of the fast lane: its source was read before at `previous_ns`, even if
 * no frame named the cell then. */
static void sample_take_fast(struct sample *self, enum procmon_type type, union cell value,
	uint64_t previous_ns, uint64_t time_ns)
{
	if (self->count && self->time_ns < previous_ns)
		self->time_ns = previous_ns;
	sample_take(self, type, value, time_ns);
}

static bool is_sound(const Procmon__Column *message, const struct selection_column *column)
{
	size_t count = message->n_slots;

	return count <= TABLE_ROWS_MAX && message->n_absent_slots <= TABLE_ROWS_MAX &&
	       message->n_u64 == (column->type == PROCMON_U64 ? count : 0) &&
	       message->n_i64 == (column->type == PROCMON_I64 ? count : 0) &&
	       message->n_f64 == (column->type == PROCMON_F64 ? count : 0) &&
	       message->n_text == (column->type == PROCMON_TEXT ? count : 0) &&
	       message->n_ages_ns == (column->slow ? count : 0) &&
	       message->n_absent_states == message->n_absent_slots;
}

/* A state of a later version: there is no value, that much is sure. */
static uint8_t known_state(Procmon__State state)
{
	return (unsigned)state < STATE_END ? (uint8_t)state : STATE_FAILED;
}

static void set_absent(struct mirror *self, uint32_t column, uint32_t index, uint8_t state)
{
	struct cells *cells = &self->table->cells[column];

	cells->states[index] = state;
	if (cells->samples)
		cells->samples[index].count = 0;
}

/* The index of the row that the slot stands for. */
static int find_cell(const struct mirror *self, uint32_t slot)
{
	const struct procmon_row *row = mirror_find(self, slot);

	if (!row || row->standing == ROW_LEAVING)
		return -EPROTO;
	return (int)(row - self->table->rows);
}

/* The cell of the row has got its i-th value of the message. */
static void take_sample(const struct mirror *self, uint32_t column, uint32_t index,
	const Procmon__Column *message, size_t i)
{
	struct cells *cells = &self->table->cells[column];
	enum procmon_type type = self->table->selection->columns[column].type;
	uint64_t now_ns = self->table->now_ns;

	if (message->n_ages_ns) {
		/* A sample from before the clock began is nonsense, but harmless. */
		uint64_t age_ns = message->ages_ns[i] < now_ns ? message->ages_ns[i] : now_ns;
		if (!self->table->selection->columns[column].counter)
			cells->samples[index].time_ns = now_ns - age_ns;
		else
			sample_take(&cells->samples[index], type, cells->values[index],
				now_ns - age_ns);
	} else if (cells->sampled_now) {
		sample_take_fast(&cells->samples[index], type, cells->values[index],
			cells->previous_ns, now_ns);
	} else {
		cells->unsettled = true;
	}
}

static int set_value(struct mirror *self, uint32_t column, uint32_t index,
	const Procmon__Column *message, size_t i)
{
	struct cells *cells = &self->table->cells[column];
	enum procmon_type type = self->table->selection->columns[column].type;

	if (type == PROCMON_TEXT) {
		int result =
			procmon_table_set_text(self->table, column, index, message->text[i]);
		if (result < 0)
			return result;
	} else if (type == PROCMON_F64) {
		cells->values[index].f64 = message->f64[i];
	} else if (type == PROCMON_I64) {
		cells->values[index].i64 = message->i64[i];
	} else {
		cells->values[index].u64 = message->u64[i];
	}
	cells->states[index] = STATE_OK;
	if (cells->samples)
		take_sample(self, column, index, message, i);
	/* What is no number is no value. */
	if (type == PROCMON_F64 && !isfinite(cells->values[index].f64))
		set_absent(self, column, index, STATE_FAILED);
	return 0;
}

int mirror_apply_column(struct mirror *self, uint32_t column, const Procmon__Column *message)
{
	if (!is_sound(message, &self->table->selection->columns[column]))
		return -EPROTO;
	if (message->default_state != PROCMON__STATE__OK)
		self->table->cells[column].default_state = known_state(message->default_state);
	for (size_t i = 0; i < message->n_slots; i++) {
		int result = find_cell(self, message->slots[i]);
		if (result >= 0)
			result = set_value(self, column, (uint32_t)result, message, i);
		if (result < 0)
			return result;
	}
	for (size_t i = 0; i < message->n_absent_slots; i++) {
		int index = find_cell(self, message->absent_slots[i]);
		if (index < 0 || message->absent_states[i] == PROCMON__STATE__OK)
			return -EPROTO;
		set_absent(
			self, column, (uint32_t)index, known_state(message->absent_states[i]));
	}
	return 0;
}

/*
 * Values that came while their source was not read (it was read in a tick of which we got
 * no frame) have no time. Now it was read: what has not changed since has that value now.
 */
void mirror_settle_column(struct mirror *self, uint32_t column)
{
	struct procmon_table *table = self->table;
	struct cells *cells = &table->cells[column];
	enum procmon_type type = table->selection->columns[column].type;

	if (!cells->unsettled || !cells->sampled_now)
		return;
	for (uint32_t i = 0; i < table->count; i++) {
		struct sample *sample = &cells->samples[i];

		if (cells->states[i] != STATE_OK)
			continue;
		if (sample->count == 0 || sample->value.u64 != cells->values[i].u64)
			sample_take_fast(sample, type, cells->values[i], cells->previous_ns,
				table->now_ns);
	}
	cells->unsettled = false;
}

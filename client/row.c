/* Tables and rows as the user of the library reads them, derived values included. */
#include <errno.h>
#include <math.h>

#include "table.h"

size_t procmon_table_get_count(const struct procmon_table *table)
{
	return table->count;
}

uint64_t procmon_table_get_timestamp(const struct procmon_table *table)
{
	return table->sampled_ns;
}

bool procmon_table_is_incomplete(const struct procmon_table *table)
{
	return table->incomplete;
}

uint64_t procmon_table_get_realtime(const struct procmon_table *table)
{
	return table->realtime_ns;
}

uint64_t procmon_table_get_tick(const struct procmon_table *table)
{
	return table->tick;
}

struct procmon_row *procmon_table_get_row(struct procmon_table *table, size_t index)
{
	return index < table->count ? &table->rows[index] : NULL;
}

/* A copied row is the only row of a table of its own, so that it does not keep the others. */
struct procmon_row *procmon_table_copy_row(struct procmon_table *table, size_t index)
{
	struct procmon_table *copy;

	if (index >= table->count || procmon_table_clone(table, (uint32_t)index, 1, &copy) < 0)
		return NULL;
	return &copy->rows[0];
}

void procmon_table_apply(struct procmon_table *table,
	bool (*function)(struct procmon_row *row, void *context), void *context)
{
	for (uint32_t i = 0; i < table->count; i++)
		if (!function(&table->rows[i], context))
			return;
}

uint64_t procmon_row_get_identity(const struct procmon_row *row)
{
	return row->identity;
}

uint32_t procmon_row_get_pid(const struct procmon_row *row)
{
	return row->pid;
}

bool procmon_row_has_exited(const struct procmon_row *row)
{
	return row->exited;
}

/* ----------------------------------------------------------------------- values */

/* A cell is read with these: its column, and what the column is. */
struct place {
	const struct procmon_table *table;
	const struct selection_column *column;
	const struct cells *cells;
	uint32_t index;
};

static struct place place_of(const struct procmon_row *row, uint32_t column)
{
	const struct procmon_table *table = row->table;

	return (struct place){
		.table = table,
		.column = &table->selection->columns[column],
		.cells = &table->cells[column],
		.index = (uint32_t)(row - table->rows),
	};
}

static enum procmon_state get_state(const struct place *place)
{
	uint8_t state = place->cells->states[place->index];

	if (state != CELL_UNSET)
		return (enum procmon_state)state;
	if (place->cells->default_state == STATE_OK)
		return PROCMON_PENDING; /* the server has not said anything of it yet */
	return (enum procmon_state)place->cells->default_state;
}

/* Slow cells: when this cell was sampled; others: when the source was read last. */
static uint64_t get_age(const struct place *place)
{
	uint64_t now_ns = place->table->sampled_ns;

	if (place->column->slow)
		return now_ns - place->cells->samples[place->index].time_ns;
	return place->cells->sampled ? now_ns - place->cells->sampled_ns : 0;
}

static void read_value(const struct place *place, struct procmon_value *ret_value)
{
	const union cell *cell = &place->cells->values[place->index];

	*ret_value = (struct procmon_value){.type = place->column->type};
	ret_value->state = get_state(place);
	if (ret_value->state != PROCMON_OK)
		return;
	ret_value->age_ns = get_age(place);
	switch (place->column->type) {
	case PROCMON_U64:
		ret_value->u64 = cell->u64;
		break;
	case PROCMON_I64:
		ret_value->i64 = cell->i64;
		break;
	case PROCMON_F64:
		ret_value->f64 = cell->f64;
		break;
	case PROCMON_TEXT:
		ret_value->text = place->cells->texts + cell->text.offset;
		break;
	}
}

/* What is too large for a number is none. */
static void set_number(struct procmon_value *value, double number)
{
	value->f64 = number;
	if (!isfinite(number))
		*value = (struct procmon_value){.state = PROCMON_FAILED, .type = PROCMON_F64};
}

/* Growth per second between the latest two samples of the row. */
static void read_rate(const struct place *place, double scale, struct procmon_value *ret_value)
{
	const struct sample *sample = &place->cells->samples[place->index];

	*ret_value = (struct procmon_value){.type = PROCMON_F64};
	ret_value->state = get_state(place);
	if (ret_value->state != PROCMON_OK)
		return;
	/* A fast cell that later frames did not name was sampled with them, unchanged. */
	bool unchanged = !place->column->slow && place->cells->sampled &&
			 sample->time_ns < place->cells->sampled_ns;
	/* But not if its process had ended: then it was not read, and no sample will follow. */
	bool exited = place->table->rows[place->index].exited;
	if (exited && (unchanged || sample->count < 2)) {
		ret_value->state = PROCMON_NONE;
		return;
	}
	if (sample->count == 0 || (sample->count == 1 && !unchanged)) {
		ret_value->state = PROCMON_PENDING;
		return;
	}
	ret_value->age_ns = get_age(place);
	set_number(ret_value, unchanged ? 0 : sample->rate * scale);
}

static void read_age(const struct place *place, struct procmon_value *ret_value)
{
	uint64_t now_ns = place->table->realtime_ns;

	read_value(place, ret_value);
	if (ret_value->state == PROCMON_OK)
		ret_value->u64 = now_ns > ret_value->u64 ? now_ns - ret_value->u64 : 0;
}

static double number_of(const struct procmon_value *value)
{
	switch (value->type) {
	case PROCMON_U64:
		return (double)value->u64;
	case PROCMON_I64:
		return (double)value->i64;
	default:
		return value->f64;
	}
}

/* One by the other; what the first lacks is what the result lacks. */
static void divide(const struct procmon_value *by, struct procmon_value *value)
{
	if (value->state == PROCMON_OK && by->state != PROCMON_OK) {
		*value = *by;
		value->type = PROCMON_F64;
		return;
	}
	double number = value->state == PROCMON_OK ? number_of(value) : 0;
	if (value->state == PROCMON_OK && number_of(by) == 0)
		value->state = PROCMON_NONE;
	if (by->age_ns > value->age_ns)
		value->age_ns = by->age_ns;
	*value = (struct procmon_value){
		.state = value->state, .type = PROCMON_F64, .age_ns = value->age_ns};
	if (value->state != PROCMON_OK)
		return;
	set_number(value, number / number_of(by));
}

static void read_field(const struct procmon_row *row, const struct selection_field *field,
	struct procmon_value *ret_value)
{
	struct place place = place_of(row, field->column);
	struct place other = place_of(row, field->other);
	struct procmon_value by;

	switch (field->rule) {
	case RULE_NONE:
		read_value(&place, ret_value);
		break;
	case RULE_RATE:
		read_rate(&place, 1, ret_value);
		break;
	case RULE_CPU_RATE:
		read_rate(&place, 1e-9, ret_value);
		break;
	case RULE_AGE:
		read_age(&place, ret_value);
		break;
	case RULE_POWER_RATE:
		read_rate(&place, 1e-6, ret_value);
		break;
	case RULE_SHARE:
		read_value(&place, ret_value);
		read_value(&other, &by);
		divide(&by, ret_value);
		break;
	case RULE_MEAN:
		read_rate(&place, 1, ret_value);
		read_rate(&other, 1, &by);
		divide(&by, ret_value);
		break;
	}
}

int procmon_row_get_value(
	const struct procmon_row *row, uint32_t attribute, struct procmon_value *ret_value)
{
	const struct selection_field *field =
		selection_get_field(row->table->selection, attribute);

	if (!field)
		return -ENOENT;
	read_field(row, field, ret_value);
	return 0;
}

int procmon_row_get_rate(
	const struct procmon_row *row, uint32_t attribute, struct procmon_value *ret_value)
{
	const struct selection_field *field =
		selection_get_field(row->table->selection, attribute);

	if (!field)
		return -ENOENT;
	if (field->kind != PROCMON_COUNTER || field->type == PROCMON_TEXT)
		return -EINVAL;
	struct place place = place_of(row, field->column);
	read_rate(&place, field->unit == PROCMON_NANOSECONDS ? 1e-9 : 1, ret_value);
	return 0;
}

void procmon_row_apply(const struct procmon_row *row,
	bool (*function)(uint32_t attribute, const struct procmon_value *value, void *context),
	void *context)
{
	const struct selection *selection = row->table->selection;

	for (uint32_t i = 0; i < selection->field_count; i++) {
		struct procmon_value value;

		read_field(row, &selection->fields[i], &value);
		if (!function(selection->fields[i].attribute, &value, context))
			return;
	}
}

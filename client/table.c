#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const struct selection_field *selection_get_field(
	const struct selection *self, uint32_t attribute)
{
	for (uint32_t i = 0; i < self->field_count; i++)
		if (self->fields[i].attribute == attribute)
			return &self->fields[i];
	return NULL;
}

void selection_release(struct selection *self)
{
	if (!self || --self->references)
		return;
	free(self->fields);
	free(self->columns);
	free(self);
}

static bool keeps_samples(const struct selection_column *column)
{
	return column->counter || column->slow;
}

/* Grows the array that a pointer of any type points to, or leaves it as it is. */
static int grow(void *pointer, size_t capacity, size_t size)
{
	void *array;

	memcpy(&array, pointer, sizeof array);
	/* cppcheck-suppress memleakOnRealloc ; what `pointer` points to still has it */
	array = realloc(array, capacity * size);
	if (!array)
		return -ENOMEM;
	memcpy(pointer, &array, sizeof array);
	return 0;
}

static int procmon_table_reserve(struct procmon_table *self, uint32_t count)
{
	uint32_t capacity = self->capacity ? self->capacity : 16;

	if (count <= self->capacity)
		return 0;
	while (capacity < count)
		capacity *= 2;
	if (grow(&self->rows, capacity, sizeof *self->rows) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < self->selection->column_count; i++) {
		struct cells *cells = &self->cells[i];

		if (grow(&cells->values, capacity, sizeof *cells->values) < 0 ||
			grow(&cells->states, capacity, sizeof *cells->states) < 0)
			return -ENOMEM;
		if (keeps_samples(&self->selection->columns[i]) &&
			grow(&cells->samples, capacity, sizeof *cells->samples) < 0)
			return -ENOMEM;
	}
	self->capacity = capacity;
	return 0;
}

int procmon_table_create(struct selection *selection, struct procmon_table **ret_table)
{
	struct procmon_table *self = calloc(1, sizeof *self);

	if (!self)
		return -ENOMEM;
	self->object = (struct object){OBJECT_TABLE, 1};
	self->cells = calloc(selection->column_count + 1, sizeof *self->cells);
	if (!self->cells) {
		free(self);
		return -ENOMEM;
	}
	self->selection = selection;
	selection->references++;
	*ret_table = self;
	return 0;
}

void procmon_table_destroy(struct procmon_table *self)
{
	for (uint32_t i = 0; i < self->selection->column_count; i++) {
		free(self->cells[i].values);
		free(self->cells[i].states);
		free(self->cells[i].samples);
		free(self->cells[i].texts);
	}
	selection_release(self->selection);
	free(self->cells);
	free(self->rows);
	free(self);
}

static bool has_text(const struct procmon_table *self, uint32_t column, uint32_t index)
{
	return self->selection->columns[column].type == PROCMON_TEXT &&
	       self->cells[column].states[index] == STATE_OK;
}

static size_t sum_texts(const struct procmon_table *self, uint32_t column)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < self->count; i++)
		if (has_text(self, column, i))
			sum += self->cells[column].values[i].text.length + 1;
	return sum;
}

/* Copies the column's texts from where they are, end to end, to a new space of its own. */
static int pack_texts(
	struct procmon_table *self, uint32_t column, const char *from, size_t capacity)
{
	struct cells *cells = &self->cells[column];
	char *texts = NULL;
	size_t used = 0;

	if (grow(&texts, capacity, 1) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < self->count; i++) {
		if (!has_text(self, column, i))
			continue;
		union cell *cell = &cells->values[i];
		memcpy(texts + used, from + cell->text.offset, cell->text.length + 1);
		cell->text.offset = (uint32_t)used;
		used += cell->text.length + 1;
	}
	cells->texts = texts;
	cells->texts_used = used;
	cells->texts_capacity = capacity;
	return 0;
}

/* Leaves the garbage behind and makes room for `more` bytes. Half of the new space is free
 * then, so that this is rare. */
static int compact_texts(struct procmon_table *self, uint32_t column, size_t more)
{
	char *old = self->cells[column].texts;
	size_t live = sum_texts(self, column) + more;

	if (live > COLUMN_TEXTS_MAX / 2)
		return -EPROTO;
	int result = pack_texts(self, column, old, live * 2);
	if (result == 0)
		free(old);
	return result;
}

int procmon_table_set_text(
	struct procmon_table *self, uint32_t column, uint32_t index, const char *text)
{
	struct cells *cells = &self->cells[column];
	union cell *cell = &cells->values[index];
	size_t length = strlen(text);

	if (length + 1 > cells->texts_capacity - cells->texts_used) {
		int result = compact_texts(self, column, length + 1);
		if (result < 0)
			return result;
	}
	/* Sanitised it is never longer. It often is what is there already: a slow cell comes
	 * whenever it was sampled, changed or not. */
	char *place = cells->texts + cells->texts_used;
	length = text_sanitise(place, length + 1, text, length);
	if (has_text(self, column, index) && cell->text.length == length &&
		memcmp(cells->texts + cell->text.offset, place, length) == 0)
		return 0;
	cell->text.offset = (uint32_t)cells->texts_used;
	cell->text.length = (uint32_t)length;
	cells->states[index] = STATE_OK;
	cells->texts_used += length + 1;
	return 0;
}

int procmon_table_add(
	struct procmon_table *self, uint32_t slot, uint64_t identity, uint32_t pid)
{
	uint32_t index = self->count;

	if (procmon_table_reserve(self, index + 1) < 0)
		return -ENOMEM;
	self->rows[index] = (struct procmon_row){
		.object = {OBJECT_ROW, 0},
		.table = self,
		.identity = identity,
		.pid = pid,
		.slot = slot,
	};
	for (uint32_t i = 0; i < self->selection->column_count; i++) {
		self->cells[i].states[index] = CELL_UNSET;
		if (self->cells[i].samples)
			self->cells[i].samples[index] = (struct sample){0};
	}
	self->count++;
	return (int)index;
}

void procmon_table_remove(struct procmon_table *self, uint32_t index)
{
	uint32_t last = self->count - 1;

	for (uint32_t i = 0; i < self->selection->column_count; i++) {
		struct cells *cells = &self->cells[i];

		cells->values[index] = cells->values[last];
		cells->states[index] = cells->states[last];
		if (cells->samples)
			cells->samples[index] = cells->samples[last];
	}
	self->rows[index] = self->rows[last];
	self->count = last;
}

static int clone_cells(struct procmon_table *self, const struct procmon_table *from,
	uint32_t column, uint32_t first)
{
	struct cells *cells = &self->cells[column];
	const struct cells *theirs = &from->cells[column];
	size_t count = self->count;

	if (count) {
		memcpy(cells->values, theirs->values + first, count * sizeof *cells->values);
		memcpy(cells->states, theirs->states + first, count * sizeof *cells->states);
		if (cells->samples)
			memcpy(cells->samples, theirs->samples + first,
				count * sizeof *cells->samples);
	}
	cells->default_state = theirs->default_state;
	cells->sampled = theirs->sampled;
	cells->unsettled = theirs->unsettled;
	cells->sampled_ns = theirs->sampled_ns;
	if (self->selection->columns[column].type != PROCMON_TEXT)
		return 0;
	return pack_texts(self, column, theirs->texts, sum_texts(self, column) + 1);
}

int procmon_table_clone(const struct procmon_table *self, uint32_t first, uint32_t count,
	struct procmon_table **ret_table)
{
	struct procmon_table *clone;

	if (procmon_table_create(self->selection, &clone) < 0)
		return -ENOMEM;
	if (procmon_table_reserve(clone, count) < 0)
		goto fail;
	clone->tick = self->tick;
	clone->sampled_ns = self->sampled_ns;
	clone->realtime_ns = self->realtime_ns;
	clone->incomplete = self->incomplete;
	clone->count = count;
	for (uint32_t i = 0; i < count; i++) {
		clone->rows[i] = self->rows[first + i];
		clone->rows[i].table = clone;
	}
	for (uint32_t i = 0; i < self->selection->column_count; i++)
		if (clone_cells(clone, self, i, first) < 0)
			goto fail;
	*ret_table = clone;
	return 0;
fail:
	procmon_table_destroy(clone);
	return -ENOMEM;
}

/* Rows and columns to print. A row is an array of values, one for each column. */
#include "sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

void sheet_init(struct sheet *self, const char *name,
	const struct procmon_attribute *const *columns, size_t column_count)
{
	static const struct {
		const char *table, *row, *rows;
	} nouns[] = {{"process", "process", "processes"}, {"thread", "thread", "threads"},
		{"coalition", "group", "groups"}, {"cpu", "core", "cores"},
		{"gpu", "GPU", "GPUs"}, {"power", "power source", "power sources"},
		{"sensor", "sensor", "sensors"}, {"disk", "disk", "disks"},
		{"network", "interface", "interfaces"}, {"region", "mapping", "mappings"},
		{"footprint", "category", "categories"}, {"ledger", "entry", "entries"},
		{NULL, "row", "rows"}};
	size_t noun = 0;

	while (nouns[noun].table && strcmp(nouns[noun].table, name) != 0)
		noun++;
	*self = (struct sheet){.name = name,
		.row_name = nouns[noun].row,
		.rows_name = nouns[noun].rows,
		.columns = columns,
		.column_count = column_count};
}

void sheet_finish(struct sheet *self)
{
	for (size_t i = 0; i < self->text_count; i++)
		free(self->texts[i]);
	for (size_t i = 0; i < self->note_count; i++)
		free(self->notes[i]);
	free(self->notes);
	free(self->selected);
	free(self->texts);
	free(self->rows);
	free(self->cells);
	*self = (struct sheet){0};
}

const char *sheet_keep_text(struct sheet *self, char *text)
{
	self->texts = xreallocarray(self->texts, self->text_count + 1, sizeof *self->texts);
	self->texts[self->text_count++] = text;
	return text;
}

struct procmon_value *sheet_cell(const struct sheet *self, size_t row, size_t column)
{
	return &self->cells[row * self->column_count + column];
}

struct procmon_value *sheet_add_row(struct sheet *self)
{
	if (self->row_count == self->row_capacity) {
		self->row_capacity = self->row_capacity ? self->row_capacity * 2 : 64;
		self->cells = xreallocarray(self->cells, self->row_capacity,
			self->column_count * sizeof *self->cells);
		self->rows = xreallocarray(self->rows, self->row_capacity, sizeof *self->rows);
	}
	self->rows[self->row_count] = (struct sheet_row){0};
	struct procmon_value *row = sheet_cell(self, self->row_count++, 0);
	for (size_t i = 0; i < self->column_count; i++)
		row[i] = (struct procmon_value){
			.state = PROCMON_NONE, .type = self->columns[i]->type};
	return row;
}

static void fill_cell(
	struct procmon_value *cell, const struct procmon_row *row, uint32_t attribute)
{
	procmon_row_get_value(row, attribute, cell);
	/* no such number can be printed or put in order */
	if (cell->state == PROCMON_OK && cell->type == PROCMON_F64 && !isfinite(cell->f64))
		cell->state = PROCMON_FAILED;
}

static struct sheet_row describe(const struct procmon_row *row)
{
	enum { PPID = 0x0005, COMM = 0x000C };
	struct procmon_value ppid = {0}, comm = {0};
	/* if they were asked for */
	bool known = procmon_row_get_value(row, PPID, &ppid) == 0 && ppid.state == PROCMON_OK;
	bool named = procmon_row_get_value(row, COMM, &comm) == 0 && comm.state == PROCMON_OK;

	return (struct sheet_row){
		.pid = procmon_row_get_pid(row),
		.ppid = known ? ppid.u64 : 0,
		.identity = procmon_row_get_identity(row),
		.comm = named ? comm.text : NULL,
		.exited = procmon_row_has_exited(row),
	};
}

void sheet_append(struct sheet *self, struct procmon_table *table)
{
	size_t count = procmon_table_get_count(table);

	self->realtime_ns = procmon_table_get_realtime(table);
	self->tick = procmon_table_get_tick(table);
	self->incomplete |= procmon_table_is_incomplete(table);
	for (size_t i = 0; i < count; i++) {
		const struct procmon_row *from = procmon_table_get_row(table, i);
		struct procmon_value *cells = sheet_add_row(self);

		self->rows[self->row_count - 1] = describe(from);
		for (size_t j = 0; j < self->column_count; j++)
			fill_cell(&cells[j], from, self->columns[j]->id);
	}
}

void sheet_add_note(struct sheet *self, char *note)
{
	self->notes = xreallocarray(self->notes, self->note_count + 1, sizeof *self->notes);
	self->notes[self->note_count++] = note;
}

void sheet_family(const struct sheet *self, struct family *ret_family)
{
	struct family_member *members = xcalloc(self->row_count, sizeof *members);

	for (size_t i = 0; i < self->row_count; i++)
		members[i] = (struct family_member){self->rows[i].pid, self->rows[i].ppid};
	family_init(ret_family, members, self->row_count);
	free(members);
}

void sheet_select(struct sheet *self, const size_t *order, size_t count)
{
	size_t row_size = self->column_count * sizeof *self->cells;
	struct procmon_value *cells = xcalloc(count, row_size);
	struct sheet_row *rows = xcalloc(count, sizeof *rows);

	for (size_t i = 0; i < count; i++) {
		memcpy(&cells[i * self->column_count], sheet_cell(self, order[i], 0), row_size);
		rows[i] = self->rows[order[i]];
	}
	free(self->cells);
	free(self->rows);
	self->cells = cells;
	self->rows = rows;
	self->row_count = self->row_capacity = count;
}

void sheet_select_columns(struct sheet *self, const size_t *order, size_t count)
{
	struct procmon_value *cells = xcalloc(self->row_count * count, sizeof *cells);
	const struct procmon_attribute **columns = xcalloc(count, sizeof *columns);

	for (size_t i = 0; i < count; i++) {
		columns[i] = self->columns[order[i]];
		for (size_t row = 0; row < self->row_count; row++)
			cells[row * count + i] = *sheet_cell(self, row, order[i]);
	}
	free(self->cells);
	free(self->selected);
	self->cells = cells;
	self->columns = self->selected = columns;
	self->column_count = count;
	self->row_capacity = self->row_count;
}

/* Like strcmp, but runs of digits are compared as numbers. */
static int compare_naturally(const char *a, const char *b)
{
	static const char digits[] = "0123456789";

	while (*a && *b) {
		size_t here = strspn(a, digits), there = strspn(b, digits);
		if (here == 0 || there == 0) {
			if (*a != *b)
				break;
			a++;
			b++;
			continue;
		}
		size_t zeros_here = strspn(a, "0"), zeros_there = strspn(b, "0");
		if (here - zeros_here != there - zeros_there)
			return here - zeros_here < there - zeros_there ? -1 : 1;
		int order = strncmp(a + zeros_here, b + zeros_there, here - zeros_here);
		if (order != 0)
			return order;
		a += here;
		b += there;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

/* <0, 0, >0 for two cells that have values of the same type. */
static int compare_values(
	const struct procmon_value *a, const struct procmon_value *b, bool natural)
{
	switch (a->type) {
	case PROCMON_U64:
		return (a->u64 > b->u64) - (a->u64 < b->u64);
	case PROCMON_I64:
		return (a->i64 > b->i64) - (a->i64 < b->i64);
	case PROCMON_F64:
		return (a->f64 > b->f64) - (a->f64 < b->f64);
	case PROCMON_TEXT:
		return natural ? compare_naturally(a->text, b->text) : strcmp(a->text, b->text);
	}
	return 0;
}

/* qsort has no context argument that all systems agree on: an element carries what is
 * needed to compare it. */
struct sort_item {
	const struct procmon_value *cells;
	bool exited, natural;
	const struct sheet_key *keys;
	size_t key_count;
	size_t pid_column, column_count;
	size_t index;
};

static int compare_cells(const struct sort_item *left, const struct sort_item *right,
	size_t column, bool descending)
{
	const struct procmon_value *a = &left->cells[column], *b = &right->cells[column];

	if (a->state != PROCMON_OK || b->state != PROCMON_OK)
		return (a->state != PROCMON_OK) - (b->state != PROCMON_OK);
	int order = a->type == b->type ? compare_values(a, b, left->natural) : 0;
	return descending ? -order : order;
}

static int compare_items(const void *left, const void *right)
{
	const struct sort_item *a = left, *b = right;
	int order = b->exited - a->exited;

	for (size_t i = 0; i < a->key_count && order == 0; i++)
		order = compare_cells(a, b, a->keys[i].column, a->keys[i].descending);
	if (order == 0 && a->pid_column < a->column_count)
		order = compare_cells(a, b, a->pid_column, false);
	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static void sort(
	struct sheet *self, const struct sheet_key *keys, size_t key_count, bool natural)
{
	struct sort_item *items = xcalloc(self->row_count, sizeof *items);
	size_t *order = xcalloc(self->row_count, sizeof *order);

	for (size_t i = 0; i < self->row_count; i++)
		items[i] = (struct sort_item){.cells = sheet_cell(self, i, 0),
			.exited = self->rows[i].exited,
			.natural = natural,
			.keys = keys,
			.key_count = key_count,
			.pid_column = sheet_find_column(self, "pid"),
			.column_count = self->column_count,
			.index = i};
	qsort(items, self->row_count, sizeof *items, compare_items);
	for (size_t i = 0; i < self->row_count; i++)
		order[i] = items[i].index;
	sheet_select(self, order, self->row_count);
	free(items);
	free(order);
}

void sheet_sort(struct sheet *self, const struct sheet_key *keys, size_t key_count)
{
	sort(self, keys, key_count, false);
}

void sheet_sort_naturally(struct sheet *self, const struct sheet_key *keys, size_t key_count)
{
	sort(self, keys, key_count, true);
}

size_t sheet_first_measure(const struct sheet *self)
{
	size_t i = 0;

	while (i < self->column_count && (self->columns[i]->type == PROCMON_TEXT ||
						 self->columns[i]->unit == PROCMON_NO_UNIT ||
						 self->columns[i]->unit == PROCMON_ADDRESS ||
						 self->columns[i]->state != PROCMON_OK))
		i++;
	return i;
}

size_t sheet_find_column(const struct sheet *self, const char *name)
{
	size_t i = 0;

	while (i < self->column_count && strcmp(self->columns[i]->name, name) != 0)
		i++;
	return i;
}

struct procmon_value sheet_text(const char *text)
{
	return (struct procmon_value){
		.state = text ? PROCMON_OK : PROCMON_NONE, .type = PROCMON_TEXT, .text = text};
}

struct procmon_value sheet_text_or_none(const char *text)
{
	return sheet_text(*text ? text : NULL);
}

struct procmon_value sheet_u64(uint64_t number)
{
	return (struct procmon_value){.state = PROCMON_OK, .type = PROCMON_U64, .u64 = number};
}

/* The latest sample of a subject, as it is shown: its rows, and their order. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "kin.h"
#include "subject.h"
#include "tree.h"

/* CPU in cores as a share of all that the machine has. */
static void share_cpu(struct sheet *sheet)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	for (size_t i = 0; i < sheet->column_count; i++) {
		if (sheet->columns[i]->unit != PROCMON_CORES || cores < 1)
			continue;
		for (size_t row = 0; row < sheet->row_count; row++)
			sheet_cell(sheet, row, i)->f64 /= (double)cores;
	}
}

/* Whom --pid means, found out once: a pid that is used again is somebody else. */
static void find_roots(struct subject *self, const struct sheet *sheet)
{
	const struct options *options = self->options;

	self->roots = xcalloc(options->pid_count, sizeof *self->roots);
	for (size_t i = 0; i < options->pid_count; i++)
		for (size_t row = 0; row < sheet->row_count; row++)
			if (sheet->rows[row].pid == options->pids[i])
				self->roots[i] = sheet->rows[row].identity;
}

/* The value of the attribute of this name, a number; 0 if there is none. */
static uint64_t find_number(
	const struct subject *self, const struct procmon_row *row, const char *name)
{
	struct procmon_value value = {.state = PROCMON_NONE};

	for (size_t i = 0; i < self->wanted.count; i++)
		if (strcmp(self->wanted.items[i]->name, name) == 0)
			procmon_row_get_value(row, self->wanted.items[i]->id, &value);
	return value.state == PROCMON_OK ? value.u64 : 0;
}

/* Rows that are no processes may have parents, too; those about a process get its id. */
static void describe_rows(const struct subject *self, struct sheet *sheet, size_t first,
	struct procmon_table *table, uint32_t target)
{
	const struct kin *kin = kin_find(self->table);
	size_t column = sheet_find_column(sheet, "pid");

	for (size_t i = first; i < sheet->row_count; i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i - first);

		if (kin && kin->id) {
			sheet->rows[i].pid = find_number(self, row, kin->id);
			sheet->rows[i].ppid = find_number(self, row, kin->parent);
		}
		if (target == 0)
			continue;
		sheet->rows[i].pid = target;
		if (column < sheet->column_count && sheet->columns[column]->table == 0)
			*sheet_cell(sheet, i, column) = sheet_u64(target);
	}
}

void subject_fill(
	struct subject *self, struct sheet *sheet, struct procmon_table *const *tables)
{
	const struct options *options = self->options;
	bool targeted = subject_is_targeted(self->table);

	sheet_init(sheet, procmon_table_name(self->table), self->columns.items,
		self->columns.count);
	sheet->exits = options->exits;
	for (size_t i = 0; i < (targeted ? options->pid_count : 1); i++) {
		size_t first = sheet->row_count;
		if (!tables[i])
			continue;
		sheet_append(sheet, tables[i]);
		describe_rows(self, sheet, first, tables[i], targeted ? options->pids[i] : 0);
	}
	if (self->options->children) {
		if (!self->roots)
			find_roots(self, sheet);
		tree_keep(sheet, self->roots, self->options->pid_count);
	}
	if (self->options->cpu_total)
		share_cpu(sheet);
}

/* What is many goes by what it does: nobody knows all of them by name. */
static bool is_about_many(uint32_t table)
{
	return table == PROCMON_PROCESS || table == PROCMON_COALITION ||
	       table == PROCMON_THREAD || table == PROCMON_FOOTPRINT;
}

/* What rows go by if nobody says otherwise. */
static size_t main_measure(const struct subject *self, const struct sheet *sheet)
{
	size_t dirty = sheet_find_column(sheet, "mem.dirty");

	if (self->table == PROCMON_FOOTPRINT && dirty < sheet->column_count)
		return dirty;
	return sheet_first_measure(sheet);
}

void subject_arrange(const struct subject *self, struct sheet *sheet, bool busy)
{
	struct sheet_key names[] = {{.column = 0}, {.column = 1}};
	struct sheet_key measure = {main_measure(self, sheet), true};
	struct sheet_key last = {.column = sheet->column_count - 1};
	size_t top = self->options->top, ended = 0;

	if (self->key_count > 0)
		sheet_sort(sheet, self->keys, self->key_count);
	else if (top || (busy && is_about_many(self->table)) ||
		 self->table == PROCMON_FOOTPRINT)
		sheet_sort(sheet, &measure, measure.column < sheet->column_count);
	else if (self->table == PROCMON_PROCESS || self->table == PROCMON_LEDGER)
		sheet_sort(sheet, NULL, 0);
	else if (self->options->tree)
		sheet_sort_naturally(sheet, &last, 1);
	else
		sheet_sort_naturally(sheet, names, sheet->column_count > 1 ? 2 : 1);
	while (ended < sheet->row_count && sheet->rows[ended].exited)
		ended++;
	if (top > 0 && sheet->row_count > ended + top)
		sheet->row_count = ended + top;
}

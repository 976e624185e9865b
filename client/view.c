#include "view.h"

#include <stdlib.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "list.h"
#include "oneshot.h"
#include "tree.h"

/* Of processes; for other tables see defaults.h. */
static const char row_defaults[] =
	"uid,state,cpu.usage,cpu.total,mem.footprint,mem.resident,cpu.threads,age";
static const char tree_defaults[] = "cpu.usage,mem.footprint,cpu.threads,age";

/* No row has such a thing: that is no news. */
static bool is_idle_column(const struct sheet *sheet, size_t column)
{
	for (size_t row = 0; row < sheet->row_count; row++)
		if (sheet_cell(sheet, row, column)->state != PROCMON_NONE)
			return false;
	return sheet->row_count > 0 && sheet->columns[column]->state == PROCMON_OK;
}

/* What nobody has asked for by name need not be shown when it is empty. */
static void drop_idle_columns(struct sheet *sheet)
{
	size_t *kept = xcalloc(sheet->column_count, sizeof *kept), count = 0;

	for (size_t i = 0; i < sheet->column_count; i++)
		if (!is_idle_column(sheet, i))
			kept[count++] = i;
	if (count < sheet->column_count)
		sheet_select_columns(sheet, kept, count);
	free(kept);
}

/* The machine as a whole is one row of many columns: each in a line of its own. */
static void write_list(struct writer *writer, const struct sheet *sheet)
{
	struct sheet list;

	list_make(&list, sheet, writer);
	writer->wrap = true;
	writer_sheet(writer, &list);
	sheet_finish(&list);
}

static void write_for_people(
	struct writer *writer, const struct subject *subject, struct sheet *sheet)
{
	const struct options *options = subject->options;

	if (sheet->row_count == 0)
		sheet_add_note(sheet, xasprintf("there are no %s", sheet->rows_name));
	if (writer->width && !options->attrs && subject->table != PROCMON_PROCESS)
		drop_idle_columns(sheet);
	if (options->tree) {
		sheet->tree = true;
		if (subject->table != PROCMON_PROCESS)
			tree_shorten(sheet);
		tree_draw(sheet, writer->utf8);
	}
	if (subject->table == PROCMON_SYSTEM && sheet->row_count == 1)
		write_list(writer, sheet);
	else
		writer_sheet(writer, sheet);
}

static int print(
	const struct options *options, struct subject *subject, struct procmon_table **tables)
{
	struct sheet sheet;
	struct writer writer;

	if (subject->table == PROCMON_PROCESS &&
		attach_check_pids(options, *tables) != EXIT_DONE)
		return EXIT_NO_PROCESS;
	subject_fill(subject, &sheet, tables);
	if (options->sum)
		tree_sum(&sheet);
	subject_arrange(subject, &sheet, false);
	if (options->tree)
		tree_arrange(&sheet);
	begin_output(&writer, options, WRITER_SINGLE);
	if (writer.format == &format_table)
		write_for_people(&writer, subject, &sheet);
	else
		writer_sheet(&writer, &sheet);
	writer_end(&writer);
	sheet_finish(&sheet);
	return finish_output();
}

static int choose(struct subject *subject, struct procmon_connection *connection,
	const struct options *options)
{
	if (options->tree)
		return subject_init_tree(subject, connection, options, tree_defaults);
	return subject_init(subject, connection, options, row_defaults);
}

int view_run(const struct options *options)
{
	return oneshot_run(&(const struct oneshot){choose, print}, options);
}

/* The mapping of a process that an address is in, where that is in its file, and which file it is. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "list.h"
#include "mapped_file.h"
#include "regions.h"

static const struct procmon_attribute address_column = {.name = "address",
					      .type = PROCMON_U64,
					      .unit = PROCMON_ADDRESS},
				      position_column = {.name = "file.position",
					      .type = PROCMON_U64,
					      .unit = PROCMON_ADDRESS},
				      symbols_column = {.name = "symbols",
					      .type = PROCMON_TEXT},
				      build_id_column = {
					      .name = "build_id", .type = PROCMON_TEXT};

/* The row that an address is in, or that comes after it. */
static size_t search(const struct regions *self, uint64_t address)
{
	size_t row = 0, end = self->sheet.row_count;

	while (row < end) {
		size_t middle = row + (end - row) / 2;
		if (regions_number(self, middle, REGIONS_END) <= address)
			row = middle + 1;
		else
			end = middle;
	}
	return row;
}

static bool is_inside(const struct regions *self, size_t row, uint64_t address)
{
	return row < self->sheet.row_count &&
	       regions_number(self, row, REGIONS_START) <= address;
}

/* "7f7ae6f41000-7f7ae6f98000 /usr/lib/x.so", or that there is none. */
static char *describe(const struct regions *self, size_t row)
{
	if (row >= self->sheet.row_count)
		return xstrdup("nothing");
	char *addresses = regions_addresses(self, row, false);
	char *title = regions_title(self, row, true);
	char *text = xasprintf("%s%s%s", addresses, *title ? " " : "", title);
	free(addresses);
	free(title);
	return text;
}

static int tell_nothing(const struct regions *self, const struct parsed_address *address)
{
	size_t after = search(self, address->number);
	char *below = describe(self, after - 1), *above = describe(self, after);

	complain("%s of process %u is not mapped: below it is %s, above it %s%s", address->text,
		self->process.pid, below, above,
		self->sheet.incomplete ? "; but mappings are missing" : "");
	free(below);
	free(above);
	return EXIT_FAILED;
}

/* ------------------------------------------------------------------------- the file */

static void tell_error(const struct mapped_file *file, int error)
{
	if (error == -ENOENT)
		complain("%s is gone: what process %u has mapped is not there any more, or "
			 "another file is in its place",
			file->path, file->pid);
	else if (error == -EACCES)
		complain("%s: you may not read it as process %u sees it; ask as its user or as "
			 "root",
			file->path, file->pid);
	else
		complain("%s: %s", file->path, strerror(-error));
}

static struct procmon_value absent(int error)
{
	return (struct procmon_value){
		.state = error == -EACCES ? PROCMON_DENIED : PROCMON_FAILED,
		.type = PROCMON_TEXT};
}

/* Only here, and only on Linux, the files can be looked at. */
static void look_at_file(const struct regions *self, size_t row,
	const struct procmon_server *server, struct sheet *sheet, struct procmon_value *cells)
{
	struct mapped_file file = {.pid = self->process.pid,
		.start = regions_number(self, row, REGIONS_START),
		.end = regions_number(self, row, REGIONS_END),
		.inode = regions_number(self, row, REGIONS_INODE),
		.path = regions_text(self, row, REGIONS_PATH)};

	if (*file.path != '/' || strcmp(server->platform, "linux") != 0)
		return;
	int error = mapped_file_read(&file);
	if (error < 0) {
		tell_error(&file, error);
		cells[0] = cells[1] = absent(error);
	}
	if (file.symbols)
		cells[0] = sheet_text(sheet_keep_text(sheet, xstrdup(file.symbols)));
	if (file.build_id)
		cells[1] = sheet_text(sheet_keep_text(sheet, xstrdup(file.build_id)));
	mapped_file_finish(&file);
}

/* ------------------------------------------------------------------------ printing */

/* The address, the mapping, and what is known of both. */
static void make(const struct regions *self, size_t row, uint64_t address,
	const struct procmon_server *server, struct sheet *sheet,
	const struct procmon_attribute **columns)
{
	const struct choice *shown = &self->subject.columns;
	const struct procmon_value *offset = regions_value(self, row, REGIONS_OFFSET);
	size_t count = 0;

	columns[count++] = &address_column;
	for (size_t i = 0; i < shown->count; i++)
		columns[count++] = shown->items[i];
	columns[count++] = &position_column;
	columns[count++] = &symbols_column;
	columns[count++] = &build_id_column;
	sheet_init(sheet, self->sheet.name, columns, count);
	sheet->realtime_ns = self->sheet.realtime_ns;
	sheet->tick = self->sheet.tick;

	struct procmon_value *cells = sheet_add_row(sheet);
	cells[0] = sheet_u64(address);
	for (size_t i = 0; i < shown->count; i++)
		cells[1 + i] = *sheet_cell(&self->sheet, row,
			sheet_find_column(&self->sheet, shown->items[i]->name));
	if (offset->state == PROCMON_OK)
		cells[count - 3] = sheet_u64(
			address - regions_number(self, row, REGIONS_START) + offset->u64);
	look_at_file(self, row, server, sheet, &cells[count - 2]);
}

static void write_list(struct writer *writer, const struct sheet *sheet)
{
	struct sheet list;

	list_make(&list, sheet, writer);
	writer->wrap = true;
	writer_sheet(writer, &list);
	sheet_finish(&list);
}

int regions_print_found(const struct regions *self, const struct procmon_server *server)
{
	const struct parsed_address *address = &self->options.find;
	size_t row = search(self, address->number);
	uint64_t number = address->number;
	struct writer writer;
	struct sheet sheet;

	if (!is_inside(self, row, number) && address->is_either) {
		number = address->decimal;
		row = search(self, number);
	}
	if (!is_inside(self, row, number))
		return tell_nothing(self, address);
	const struct procmon_attribute **columns =
		xcalloc(self->subject.columns.count + 4, sizeof *columns);
	make(self, row, number, server, &sheet, columns);
	begin_output(&writer, &self->options, WRITER_SINGLE);
	regions_put_heading(self, &writer, "");
	if (writer.format == &format_table)
		write_list(&writer, &sheet);
	else
		writer_sheet(&writer, &sheet);
	writer_end(&writer);
	sheet_finish(&sheet);
	free(columns);
	return finish_output();
}

#include "regions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "format.h"
#include "shot.h"
#include "text.h"

static const char *const names[REGIONS_COLUMNS] = {
	[REGIONS_START] = "start",
	[REGIONS_END] = "end",
	[REGIONS_SIZE] = "size",
	[REGIONS_PROTECTION] = "protection",
	[REGIONS_SHARE] = "share_mode",
	[REGIONS_CATEGORY] = "category",
	[REGIONS_PATH] = "path",
	[REGIONS_NAME] = "name",
	[REGIONS_OFFSET] = "file.offset",
	[REGIONS_INODE] = "file.inode",
	[REGIONS_DELETED] = "file.deleted",
	[REGIONS_RESIDENT] = "mem.resident",
	[REGIONS_DIRTY] = "mem.dirty",
	[REGIONS_SWAP] = "mem.swap",
	[REGIONS_CLEAN] = "mem.clean",
	[REGIONS_RECLAIMABLE] = "mem.reclaimable",
};

/* ------------------------------------------------------------------------- reading */

static const struct procmon_attribute *find(const struct choice *choice, const char *name)
{
	for (size_t i = 0; i < choice->count; i++)
		if (strcmp(choice->items[i]->name, name) == 0)
			return choice->items[i];
	return NULL;
}

static void add(
	struct choice *choice, const struct choice *available, enum regions_column column)
{
	const struct procmon_attribute *attribute = find(available, names[column]);

	if (attribute)
		choice_add(choice, attribute);
}

/* What is shown by itself has also what few look at in a table. */
static void add_shown(struct subject *subject, const struct options *options)
{
	if (!options->attrs)
		for (enum regions_column i = REGIONS_START; i <= REGIONS_OFFSET; i++)
			add(&subject->columns, &subject->available, i);
	if (options->sizes)
		for (enum regions_column i = REGIONS_PAGES; i < REGIONS_COLUMNS; i++)
			add(&subject->columns, &subject->available, i);
}

static int choose(struct regions *self, struct procmon_connection *connection)
{
	struct subject *subject = &self->subject;
	int code = subject_init(subject, connection, &self->options, NULL);

	if (code != EXIT_DONE)
		return code;
	add_shown(subject, &self->options);
	for (enum regions_column i = REGIONS_START; i < REGIONS_PAGES; i++)
		add(&self->told, &subject->available, i);
	for (size_t i = 0; i < subject->columns.count; i++)
		choice_add(&self->told, subject->columns.items[i]);
	for (size_t i = 0; i < self->told.count; i++)
		if (self->told.items[i]->table != 0)
			choice_add(&subject->wanted, self->told.items[i]);
	if (find(&self->told, "start") && find(&self->told, "end") && find(&self->told, "size"))
		return EXIT_DONE;
	complain("this server does not tell where mappings are");
	return EXIT_FAILED;
}

static void fill(struct regions *self)
{
	struct sheet *sheet = &self->sheet;
	struct sheet_key start = {0};
	size_t pid;

	sheet_init(
		sheet, procmon_table_name(PROCMON_REGION), self->told.items, self->told.count);
	sheet_append(sheet, self->table);
	for (enum regions_column i = REGIONS_START; i < REGIONS_COLUMNS; i++)
		self->columns[i] = sheet_find_column(sheet, names[i]);
	pid = sheet_find_column(sheet, "pid");
	for (size_t row = 0; pid < sheet->column_count && row < sheet->row_count; row++)
		if (sheet->columns[pid]->table == 0)
			*sheet_cell(sheet, row, pid) = sheet_u64(self->process.pid);
	start.column = self->columns[REGIONS_START];
	sheet_sort(sheet, &start, 1);
}

int regions_read(struct regions *self, struct procmon_connection *connection,
	const struct options *options, const struct target *process)
{
	*self = (struct regions){.options = *options, .process = *process};
	self->options.table = procmon_table_name(PROCMON_REGION);
	self->options.pids = &self->process.pid;
	self->options.pid_count = 1;
	int code = choose(self, connection);
	if (code == EXIT_DONE)
		code = shot_take(connection, &self->subject, &self->table);
	if (code == EXIT_DONE)
		fill(self);
	return code;
}

void regions_finish(struct regions *self)
{
	sheet_finish(&self->sheet);
	choice_finish(&self->told);
	subject_finish(&self->subject);
	procmon_release(self->table);
	*self = (struct regions){0};
}

/* -------------------------------------------------------------------------- values */

const struct procmon_attribute *regions_attribute(
	const struct regions *self, enum regions_column column)
{
	size_t at = self->columns[column];

	return at < self->sheet.column_count ? self->sheet.columns[at] : NULL;
}

const struct procmon_value *regions_value(
	const struct regions *self, size_t row, enum regions_column column)
{
	static const struct procmon_value none = {.state = PROCMON_NONE};
	size_t at = self->columns[column];

	return at < self->sheet.column_count ? sheet_cell(&self->sheet, row, at) : &none;
}

uint64_t regions_number(const struct regions *self, size_t row, enum regions_column column)
{
	const struct procmon_value *value = regions_value(self, row, column);

	return value->state == PROCMON_OK && value->type == PROCMON_U64 ? value->u64 : 0;
}

const char *regions_text(const struct regions *self, size_t row, enum regions_column column)
{
	const struct procmon_value *value = regions_value(self, row, column);

	return value->state == PROCMON_OK && value->type == PROCMON_TEXT ? value->text : "";
}

uint64_t regions_total(const struct regions *self)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < self->sheet.row_count; i++)
		sum += regions_number(self, i, REGIONS_SIZE);
	return sum;
}

/* ------------------------------------------------------------------------ in words */

char *regions_addresses(const struct regions *self, size_t row, bool is_short)
{
	uint64_t start = regions_number(self, row, REGIONS_START);
	uint64_t end = regions_number(self, row, REGIONS_END);

	/* wider than what user space has on most machines: vsyscall */
	if (is_short && start >> 48)
		return xasprintf("%" PRIx64 "+%" PRIx64, start, end - start);
	return xasprintf("%" PRIx64 "-%" PRIx64, start, end);
}

char *regions_title(const struct regions *self, size_t row, bool category)
{
	const char *path = regions_text(self, row, REGIONS_PATH);
	const char *name = regions_text(self, row, REGIONS_NAME);
	const char *kind = regions_text(self, row, REGIONS_CATEGORY);

	if (*path)
		return xasprintf("%s%s", path,
			regions_number(self, row, REGIONS_DELETED) ? " (deleted)" : "");
	if (*name || !category || !*kind)
		return xstrdup(name);
	return xasprintf("[%s]", kind);
}

void regions_put_heading(
	const struct regions *self, const struct writer *writer, const char *more)
{
	char time[FORMAT_MAX], size[FORMAT_MAX];
	struct procmon_value sum = sheet_u64(regions_total(self));
	size_t count = self->sheet.row_count, length;

	if (writer->format != &format_table || writer->no_header)
		return;
	format_local_time(time, self->sheet.realtime_ns);
	char *line = xasprintf("%s (%u)  %s  %zu %s, %s%s", self->process.name,
		self->process.pid, time, count, count == 1 ? "mapping" : "mappings",
		format_value(size, PROCMON_BYTES, &sum), more);
	length = writer->width ? text_prefix(line, writer->width) : strlen(line);
	fprintf(writer->file, "%.*s\n", (int)length, line);
	free(line);
}

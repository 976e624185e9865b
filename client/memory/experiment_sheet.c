#include "experiment_sheet.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "format.h"

#define COLUMN(name_, type_, unit_)                                                            \
	&(const struct procmon_attribute)                                                      \
	{                                                                                      \
		.name = name_, .type = type_, .unit = unit_, .text = "", .reason = "",         \
		.remedy = "", .source = ""                                                     \
	}
#define BYTES(name) COLUMN(name, PROCMON_I64, PROCMON_BYTES)
#define TEXT(name)  COLUMN(name, PROCMON_TEXT, PROCMON_NO_UNIT)

/* For programs: a measure of a case a row. */
static const struct procmon_attribute *const exact_columns[] = {
	TEXT("kind"),
	TEXT("action"),
	BYTES("size"),
	TEXT("measure"),
	BYTES("before"),
	BYTES("after"),
	BYTES("difference"),
	TEXT("kernel"),
};
/* One case for people: a measure a row. */
static const struct procmon_attribute *const case_columns[] = {
	TEXT("measure"),
	BYTES("before"),
	BYTES("after"),
	BYTES("difference"),
};
/* All cases for people: a case a row, as wide as a terminal. */
static const struct procmon_attribute *const whole_columns[] = {
	TEXT("memory"),
	TEXT("then"),
	BYTES("virtual"),
	BYTES("resident"),
	BYTES("anon"),
	BYTES("file"),
	BYTES("shared"),
	BYTES("footprint"),
	BYTES("pss"),
	BYTES("unique"),
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Those of the table of all come first, in its order. */
static const struct {
	const char *name;
	size_t offset;
} measures[] = {
	{"virtual", offsetof(struct account_process, virtual)},
	{"resident", offsetof(struct account_process, resident)},
	{"anonymous", offsetof(struct account_process, anonymous)},
	{"file", offsetof(struct account_process, file)},
	{"shared", offsetof(struct account_process, shared)},
	{"footprint", offsetof(struct account_process, footprint)},
	{"pss", offsetof(struct account_process, pss)},
	{"unique", offsetof(struct account_process, unique)},
	{"page_tables", offsetof(struct account_process, page_tables)},
	{"swap", offsetof(struct account_process, swap)},
};

static struct account_amount find(const struct memory_reading *reading, size_t measure)
{
	struct account_amount amount;

	memcpy(&amount, (const char *)&reading->process + measures[measure].offset,
		sizeof amount);
	return amount;
}

static struct procmon_value cell(struct account_amount amount)
{
	return (struct procmon_value){
		.state = amount.state, .type = PROCMON_I64, .i64 = amount.bytes};
}

static struct account_amount difference(const struct experiment_case *what, size_t measure)
{
	struct account_amount before = find(&what->before, measure);
	struct account_amount after = find(&what->after, measure);

	if (before.state != PROCMON_OK)
		return before;
	after.bytes -= after.state == PROCMON_OK ? before.bytes : 0;
	return after;
}

static void add_exact(
	const struct experiment *self, const struct experiment_case *what, struct sheet *sheet)
{
	for (size_t i = 0; i < COUNT(measures); i++) {
		struct procmon_value *row = sheet_add_row(sheet);
		row[0] = sheet_text(allocation_kind_name(what->kind));
		row[1] = sheet_text(allocation_action_name(what->action));
		row[2] = cell((struct account_amount){PROCMON_OK, (int64_t)self->size});
		row[3] = sheet_text(measures[i].name);
		row[4] = cell(find(&what->before, i));
		row[5] = cell(find(&what->after, i));
		row[6] = cell(difference(what, i));
		row[7] = sheet_text(self->kernel);
	}
}

static void fill_exact(const struct experiment *self, struct sheet *sheet)
{
	sheet_init(sheet, "experiment", exact_columns, COUNT(exact_columns));
	for (size_t i = 0; i < self->case_count; i++)
		add_exact(self, &self->cases[i], sheet);
}

static void fill_case(const struct experiment_case *what, struct sheet *sheet)
{
	sheet_init(sheet, "experiment", case_columns, COUNT(case_columns));
	for (size_t i = 0; i < COUNT(measures); i++) {
		struct procmon_value *row = sheet_add_row(sheet);
		row[0] = sheet_text(measures[i].name);
		row[1] = cell(find(&what->before, i));
		row[2] = cell(find(&what->after, i));
		row[3] = cell(difference(what, i));
	}
	sheet_add_note(sheet, xstrdup(allocation_lesson(what->kind, what->action)));
}

static void fill_whole(const struct experiment *self, struct sheet *sheet)
{
	enum { FIRST_MEASURE = 2, MEASURES = COUNT(whole_columns) - FIRST_MEASURE };

	sheet_init(sheet, "experiment", whole_columns, COUNT(whole_columns));
	for (size_t i = 0; i < self->case_count; i++) {
		const struct experiment_case *what = &self->cases[i];
		struct procmon_value *row = sheet_add_row(sheet);
		bool begins = i == 0 || what[-1].kind != what->kind;

		row[0] = sheet_text(begins ? allocation_kind_name(what->kind) : "");
		row[1] = sheet_text(allocation_action_name(what->action));
		for (size_t j = 0; j < MEASURES; j++)
			row[FIRST_MEASURE + j] = cell(difference(what, j));
	}
	sheet_add_note(sheet, xstrdup("free: written, then free(), madvise(MADV_FREE) of anon, "
				      "munmap() of the "
				      "others"));
}

/* A file in tmpfs is shared memory. */
static void note_memory_files(const struct experiment *self, struct sheet *sheet)
{
	enum { SHARED = 4 };

	for (size_t i = 0; i < self->case_count; i++) {
		const struct experiment_case *what = &self->cases[i];
		bool is_file =
			what->kind == KIND_FILE_PRIVATE || what->kind == KIND_FILE_SHARED;
		if (!is_file || difference(what, SHARED).bytes < (int64_t)self->size / 2)
			continue;
		sheet_add_note(
			sheet, xstrdup("the file was in memory (tmpfs), and so its pages are "
				       "shared memory: TMPDIR says where it is"));
		return;
	}
}

/* "Linux 6.18.44, 64.0M of anon, then write". */
static void put_title(const struct experiment *self, FILE *file)
{
	const struct experiment_case *what = &self->cases[0];
	const struct procmon_value size = sheet_u64(self->size);
	char number[FORMAT_MAX];

	fprintf(file, "%s, %s of ", self->kernel, format_value(number, PROCMON_BYTES, &size));
	if (self->is_whole)
		fprintf(file, "each: where it is counted\n\n");
	else
		fprintf(file, "%s, then %s\n\n", allocation_kind_name(what->kind),
			allocation_action_name(what->action));
}

int experiment_write(const struct experiment *self, const struct options *options)
{
	struct writer writer;
	struct sheet sheet;

	begin_output(&writer, options, WRITER_SINGLE);
	writer.wrap = true;
	if (writer.format != &format_table)
		fill_exact(self, &sheet);
	else if (self->is_whole)
		fill_whole(self, &sheet);
	else
		fill_case(&self->cases[0], &sheet);
	if (writer.format == &format_table) {
		note_memory_files(self, &sheet);
		if (!writer.no_header)
			put_title(self, writer.file);
	}
	writer_sheet(&writer, &sheet);
	writer_end(&writer);
	sheet_finish(&sheet);
	return finish_output();
}

/*
 * JSON (RFC 8259). A sheet is one object:
 *
 *	{"table":"process","time":"2026-11-21T02:11:16.000000000Z","realtime_ns":...,"tick":7,
 *	 "rows":[{"pid":1,"comm":"init","gpu.time":null,"states":{"gpu.time":"unsupported"}}]}
 *
 * with "incomplete":true before the rows when there are more that are not known;
 * a series is an array of these, different tables are an object by their names. "states"
 *is there when a value is missing. JSON lines have one object a row, with "time" and
 *"tick". Integers are printed in full; a reader that keeps numbers as doubles rounds
 *those beyond 2^53 by itself.
 */
#include <inttypes.h>

#include "format.h"
#include "json.h"
#include "writer.h"

static void put_value(const struct writer *self, const struct procmon_attribute *attribute,
	const struct procmon_value *value)
{
	char number[FORMAT_MAX];
	FILE *file = self->file;

	if (self->human && value->state == PROCMON_OK && format_differs(attribute))
		json_put_string(file, format_cell(number, attribute, value));
	else
		json_put_value(file, value);
}

static void put_states(FILE *file, const struct sheet *sheet, size_t row)
{
	bool any = false;

	for (size_t i = 0; i < sheet->column_count; i++) {
		const struct procmon_value *value = sheet_cell(sheet, row, i);
		if (value->state == PROCMON_OK)
			continue;
		fputs(any ? "," : ",\"states\":{", file);
		json_put_key(file, sheet->columns[i]->name);
		json_put_string(file, procmon_state_name(value->state));
		any = true;
	}
	if (any)
		fputc('}', file);
}

/* The members of a row, without braces. */
static void put_row(const struct writer *self, const struct sheet *sheet, size_t row)
{
	FILE *file = self->file;

	if (sheet->exits)
		fprintf(file, "\"exited\":%s,", sheet->rows[row].exited ? "true" : "false");
	for (size_t i = 0; i < sheet->column_count; i++) {
		if (i > 0)
			fputc(',', file);
		json_put_key(file, sheet->columns[i]->name);
		put_value(self, sheet->columns[i], sheet_cell(sheet, row, i));
	}
	put_states(file, sheet, row);
}

static void put_time(FILE *file, const struct sheet *sheet)
{
	char time[FORMAT_MAX];

	format_utc_time(time, sheet->realtime_ns);
	fprintf(file, "\"time\":\"%s\",", time);
}

static void begin(struct writer *self)
{
	if (self->shape != WRITER_SINGLE)
		fputs(self->shape == WRITER_SERIES ? "[" : "{", self->file);
}

static void write_sheet(struct writer *self, const struct sheet *sheet)
{
	FILE *file = self->file;

	if (self->sheets > 0)
		fputs(",\n", file);
	if (self->shape == WRITER_KEYED)
		json_put_key(file, sheet->name);
	fputc('{', file);
	json_put_key(file, "table");
	json_put_string(file, sheet->name);
	fputc(',', file);
	if (sheet->realtime_ns) {
		put_time(file, sheet);
		fprintf(file, "\"realtime_ns\":%" PRIu64 ",\"tick\":%" PRIu64 ",",
			sheet->realtime_ns, sheet->tick);
	}
	if (sheet->interval_ns)
		fprintf(file, "\"interval_ns\":%" PRIu64 ",", sheet->interval_ns);
	if (sheet->incomplete)
		fputs("\"incomplete\":true,", file);
	json_put_key(file, "rows");
	fputc('[', file);
	for (size_t i = 0; i < sheet->row_count; i++) {
		fputs(i > 0 ? ",\n{" : "\n{", file);
		put_row(self, sheet, i);
		fputc('}', file);
	}
	fputs("]}", file);
}

static void end(struct writer *self)
{
	if (self->shape != WRITER_SINGLE)
		fputs(self->shape == WRITER_SERIES ? "]" : "}", self->file);
	fputc('\n', self->file);
}

static void write_lines(struct writer *self, const struct sheet *sheet)
{
	FILE *file = self->file;

	for (size_t i = 0; i < sheet->row_count; i++) {
		fputc('{', file);
		if (self->shape == WRITER_KEYED) {
			json_put_key(file, "table");
			json_put_string(file, sheet->name);
			fputc(',', file);
		}
		if (sheet->realtime_ns) {
			put_time(file, sheet);
			fprintf(file, "\"tick\":%" PRIu64 ",", sheet->tick);
		}
		put_row(self, sheet, i);
		fputs("}\n", file);
	}
}

const struct format format_json = {
	.name = "json",
	.begin = begin,
	.sheet = write_sheet,
	.end = end,
};

const struct format format_jsonl = {
	.name = "jsonl",
	.sheet = write_lines,
};

/*
 * CSV (quoted as in RFC 4180): a header, one record a row, lines end in LF, a missing value is an
 * empty field. With `states` a last column says why: "gpu.time=unsupported
 * gpu.usage=unsupported". A sample has the columns time and tick first, and where processes
 * that ended are shown "exited" third. Tables of different kinds are set apart by an empty
 * line.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "format.h"
#include "text.h"
#include "writer.h"

static void put_text(FILE *file, const char *text)
{
	size_t size = strlen(text) + 1;
	char *clean = xcalloc(size, 1);

	text_sanitise(clean, size, text, size - 1);
	/* an empty text in quotes, so that it is no missing value */
	bool quoted = *clean == '\0' || strpbrk(clean, "\",") || *clean == ' ' ||
		      clean[strlen(clean) - 1] == ' ';
	if (quoted)
		fputc('"', file);
	for (const char *at = clean; *at; at++) {
		if (*at == '"')
			fputc('"', file);
		fputc(*at, file);
	}
	if (quoted)
		fputc('"', file);
	free(clean);
}

static void put_field(struct writer *self, const struct procmon_attribute *attribute,
	const struct procmon_value *value)
{
	char number[FORMAT_MAX];

	if (value->state != PROCMON_OK)
		return;
	if (self->human)
		put_text(self->file, format_cell(number, attribute, value));
	else if (format_exact(number, value))
		fputs(number, self->file);
	else
		put_text(self->file, value->text);
}

static void put_states(FILE *file, const struct sheet *sheet, size_t row)
{
	const char *separator = ",";

	for (size_t i = 0; i < sheet->column_count; i++) {
		const struct procmon_value *value = sheet_cell(sheet, row, i);
		if (value->state == PROCMON_OK)
			continue;
		fprintf(file, "%s%s=%s", separator, sheet->columns[i]->name,
			procmon_state_name(value->state));
		separator = " ";
	}
	if (*separator == ',')
		fputc(',', file);
}

static void put_header(struct writer *self, const struct sheet *sheet)
{
	fputs(sheet->realtime_ns ? "time,tick," : "", self->file);
	fputs(sheet->exits ? "exited," : "", self->file);
	for (size_t i = 0; i < sheet->column_count; i++) {
		fputs(i > 0 ? "," : "", self->file);
		put_text(self->file, sheet->columns[i]->name);
	}
	fputs(self->states ? ",states\n" : "\n", self->file);
}

static void write_sheet(struct writer *self, const struct sheet *sheet)
{
	char time[FORMAT_MAX];

	if (self->sheets > 0 && self->shape == WRITER_KEYED)
		fputs("\n", self->file);
	if (!self->no_header && (self->sheets == 0 || self->shape == WRITER_KEYED))
		put_header(self, sheet);
	format_utc_time(time, sheet->realtime_ns);
	for (size_t i = 0; i < sheet->row_count; i++) {
		if (sheet->realtime_ns)
			fprintf(self->file, "%s,%" PRIu64 ",", time, sheet->tick);
		if (sheet->exits)
			fputs(sheet->rows[i].exited ? "true," : "false,", self->file);
		for (size_t j = 0; j < sheet->column_count; j++) {
			fputs(j > 0 ? "," : "", self->file);
			put_field(self, sheet->columns[j], sheet_cell(sheet, i, j));
		}
		if (self->states)
			put_states(self->file, sheet, i);
		fputs("\n", self->file);
	}
}

const struct format format_csv = {
	.name = "csv",
	.sheet = write_sheet,
};

/*
 * A table for people. Without a width nothing is cut: full names, all columns, all rows,
 * what a pipe wants. With one it is made for a screen: short labels under the names of
 * their groups, what does not fit is left out and named below.
 */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "bar.h"
#include "format.h"
#include "layout.h"
#include "legend.h"
#include "text.h"
#include "writer.h"

/* One table on its way out. */
struct page {
	struct writer *writer;
	const struct sheet *sheet;
	struct layout layout;
	char **notes; /* the lines under the table */
	size_t note_count, row_count;
	size_t ended, hidden; /* rows of ended processes that are shown first, that are not */
	char *text;           /* the cell at hand, sanitised */
	size_t text_size;
	char stamp[FORMAT_MAX]; /* before each row; "" for none */
};

/* What a cell says. */
static const char *find_text(
	struct page *self, size_t row, size_t column, char number[FORMAT_MAX])
{
	const struct procmon_attribute *attribute = self->sheet->columns[column];
	const struct procmon_value *value = sheet_cell(self->sheet, row, column);

	/* how it ended may not be known, but that it ended is */
	if (self->sheet->rows[row].exited && value->state != PROCMON_OK &&
		attribute->table == PROCMON_PROCESS &&
		strcmp(attribute->name, "exit.status") == 0)
		return "ended";
	if (!self->writer->human && format_exact(number, value))
		return number;
	return format_cell(number, attribute, value);
}

/* Valid until the next call. */
static const char *cell_text(struct page *self, size_t row, size_t index)
{
	const struct layout_column *column = &self->layout.columns[index];
	char number[FORMAT_MAX];
	const char *text =
		column->is_group ? "-" : find_text(self, row, column->column, number);
	size_t size = strlen(text) + 1;

	if (size > self->text_size) {
		self->text = xreallocarray(self->text, size, 1);
		self->text_size = size;
	}
	text_sanitise(self->text, size, text, size - 1);
	return self->text;
}

static void put_spaces(FILE *file, size_t count)
{
	fprintf(file, "%*s", (int)count, "");
}

/* The end of a text that is too long for its column, behind a "+". */
static void put_end(struct page *self, const char *text, size_t columns)
{
	size_t excess = text_width(text) + 1 - columns;

	text += text_prefix(text, excess);
	while (*text && text_width(text) >= columns) /* a wide character */
		text += text_prefix(text, 2);
	fprintf(self->writer->file, "+%s", text);
}

/* A text in its column: padded, and cut with a "+" when it is too long for a screen. */
static void put_padded(struct page *self, const char *text, size_t index, bool last)
{
	const struct layout_column *column = &self->layout.columns[index];
	FILE *file = self->writer->file;
	size_t width = text_width(text), length = strlen(text);
	bool cut = self->writer->width && width > column->width;

	if (cut && last && self->writer->keep_end) {
		put_end(self, text, column->width);
		return;
	}
	if (cut) {
		length = text_prefix(text, column->width - 1);
		width = column->width; /* a wide character may leave one column more */
	}
	size_t pad = width < column->width ? column->width - width : 0;
	if (!column->left)
		put_spaces(file, pad);
	fprintf(file, "%.*s%s", (int)length, text, cut ? "+" : "");
	if (column->left && !last)
		put_spaces(file, pad);
}

/* The bar of a ratio and the gap behind it; where there is no value, or for the head, nothing. */
static void put_bar(struct page *self, const struct procmon_value *value, size_t index)
{
	FILE *file = self->writer->file;
	const struct layout_column *column = &self->layout.columns[index];
	char bar[BAR_SIZE];

	if (column->bar == 0)
		return;
	if (!value || value->state != PROCMON_OK) {
		put_spaces(file, layout_bar_width(column));
		return;
	}
	bar_draw(bar, format_number(value), (int)column->bar, self->writer->utf8);
	fprintf(file, "%s ", bar);
}

/* What the moment before each row takes, with a space. */
static size_t stamp_width(const struct page *self)
{
	return *self->stamp ? strlen(self->stamp) + 1 : 0;
}

static void put_head(struct page *self)
{
	const char *on = self->writer->bold ? "\033[1m" : "";
	const char *off = self->writer->bold ? "\033[m" : "";
	FILE *file = self->writer->file;
	char label[64];
	bool first = true;

	if (self->layout.grouped)
		layout_write_groups(&self->layout, self->writer->file, stamp_width(self));
	fputs(on, file);
	if (*self->stamp)
		fprintf(file, "%-*s ", (int)strlen(self->stamp), "time");
	for (size_t i = 0; i < self->layout.count; i++) {
		if (!self->layout.columns[i].shown)
			continue;
		fputs(first ? "" : " ", file);
		layout_label(&self->layout, i, label);
		put_bar(self, NULL, i);
		put_padded(self, label, i, i == layout_last(&self->layout));
		first = false;
	}
	fprintf(file, "%s\n", off);
}

/* The longest part that fits into the columns and ends with a word. */
static size_t wrapped_prefix(const char *text, size_t columns)
{
	size_t length = text_prefix(text, columns), end = length;

	if (text[length] == '\0')
		return length;
	while (end > 0 && text[end] != ' ')
		end--;
	return end > 0 ? end : length;
}

/* The last text of a row, on as many lines as it needs, each under the first. */
static void put_wrapped(struct page *self, const char *text, size_t index)
{
	size_t width = self->layout.columns[index].width;
	size_t start = self->writer->width > width ? self->writer->width - width : 0;

	while (text_width(text) > width) {
		size_t length = wrapped_prefix(text, width);
		if (length == 0)
			break;
		fprintf(self->writer->file, "%.*s\n", (int)length, text);
		put_spaces(self->writer->file, start);
		text += length + (text[length] == ' ');
	}
	fputs(text, self->writer->file);
}

static void put_row(struct page *self, size_t row)
{
	size_t last = layout_last(&self->layout);
	bool wrap =
		self->writer->wrap && self->writer->width && self->layout.columns[last].left;
	FILE *file = self->writer->file;
	bool first = true;

	/* what is empty at the end is not padded */
	while (last > 0 && (!self->layout.columns[last].shown || !*cell_text(self, row, last)))
		last--;
	wrap &= last == layout_last(&self->layout);
	if (*self->stamp)
		fprintf(file, "%s ", self->stamp);
	for (size_t i = 0; i <= last; i++) {
		if (!self->layout.columns[i].shown)
			continue;
		const char *text = cell_text(self, row, i);
		fputs(first ? "" : " ", file);
		put_bar(self, sheet_cell(self->sheet, row, self->layout.columns[i].column), i);
		if (wrap && i == last)
			put_wrapped(self, text, i);
		else
			put_padded(self, text, i, i == last);
		first = false;
	}
	fputc('\n', file);
}

/* The row of the sheet that stands at a place. */
static size_t row_at(const struct page *self, size_t place)
{
	return place < self->ended ? place : place + self->hidden;
}

static void put_title(struct page *self)
{
	const struct sheet *sheet = self->sheet;
	char time[FORMAT_MAX], interval[FORMAT_MAX], ended[FORMAT_MAX] = "";

	if (self->ended)
		snprintf(
			ended, sizeof ended, ", %zu of them ended", self->ended + self->hidden);

	format_local_time(time, sheet->realtime_ns);
	format_interval(interval, sheet->interval_ns);
	char *line = xasprintf("%s  every %s  %zu %s%s%s", time, interval, sheet->row_count,
		sheet->row_count == 1 ? sheet->row_name : sheet->rows_name, ended,
		sheet->stale ? ", stale: the server does not answer" : "");
	size_t length = strlen(line);
	if (self->writer->width)
		length = text_prefix(line, self->writer->width);
	fprintf(self->writer->file, "%.*s\n", (int)length, line);
	free(line);
}

/* A note that is too long for the line goes on below, or is cut where lines are few. */
static void put_note(struct page *self, const char *text)
{
	size_t width = self->writer->width > 2 ? self->writer->width - 2 : 0;
	bool wrap = self->writer->wrap || self->writer->height == 0;
	const char *mark = "- ";

	while (width && text_width(text) > width) {
		size_t length = wrap ? wrapped_prefix(text, width) : text_prefix(text, width);
		fprintf(self->writer->file, "%s%.*s\n", mark, (int)length, text);
		if (!wrap || length == 0)
			return;
		text += length + (text[length] == ' ');
		mark = "  ";
	}
	fprintf(self->writer->file, "%s%s\n", mark, text);
}

static void put_notes(struct page *self)
{
	for (size_t i = 0; i < self->note_count; i++) {
		char *clean = xstrdup(self->notes[i]);
		size_t length = strlen(clean);

		text_sanitise(clean, length + 1, self->notes[i], length);
		put_note(self, clean);
		free(clean);
	}
}

static void add_note(struct page *self, char *note)
{
	self->notes = xreallocarray(self->notes, self->note_count + 1, sizeof *self->notes);
	self->notes[self->note_count++] = note;
}

/* Names what did not fit. */
static void note_hidden(struct page *self)
{
	char *names = NULL;

	for (size_t i = 0; i < self->layout.count; i++) {
		const struct layout_column *column = &self->layout.columns[i];
		if (column->shown)
			continue;
		const char *name = self->sheet->columns[column->column]->name;
		char *longer = xasprintf("%s%s%s", names ? names : "", names ? ", " : "", name);
		free(names);
		names = longer;
	}
	if (names)
		add_note(self, xasprintf("too narrow to show: %s", names));
	free(names);
}

/* Widths only grow while the same columns are shown: nothing jumps from frame to frame.
 */
static void measure(struct page *self)
{
	struct writer *writer = self->writer;

	if (writer->width_count != self->layout.count) {
		writer->widths = xreallocarray(
			writer->widths, self->layout.count, sizeof *writer->widths);
		memset(writer->widths, 0, self->layout.count * sizeof *writer->widths);
		writer->width_count = self->layout.count;
	}
	for (size_t i = 0; i < self->layout.count; i++) {
		size_t widest = self->layout.columns[i].width;
		if (writer->widths[i] > widest)
			widest = writer->widths[i];
		for (size_t row = 0; row < self->row_count; row++) {
			size_t width = text_width(cell_text(self, row_at(self, row), i));
			if (width > widest)
				widest = width;
		}
		writer->widths[i] = self->layout.columns[i].width = widest;
	}
}

/* How many rows there is room for, beside everything else. Those that ended take half of it. */
static void limit_rows(struct page *self)
{
	size_t height = self->writer->height, others = 0;

	self->row_count = self->sheet->row_count;
	while (self->ended < self->row_count && self->sheet->rows[self->ended].exited)
		self->ended++;
	if (height == 0)
		return;
	/* title, head, and one more note for columns that may not fit */
	if (!self->writer->no_header)
		others = 1 + self->layout.grouped + 1 + self->note_count + 1;
	size_t room = height > others ? height - others : 1;
	if (self->row_count <= room)
		return;
	size_t living = self->row_count - self->ended;
	size_t most = living < room / 2 ? room - living : (room + 1) / 2;
	if (self->ended > most) {
		self->hidden = self->ended - most;
		self->ended = most;
	}
	self->row_count = room;
}

static void put_all(struct page *self)
{
	struct writer *writer = self->writer;

	if (writer->sheets > 0 && !writer->height)
		fputc('\n', writer->file);
	if (writer->shape == WRITER_SERIES)
		put_title(self);
	put_head(self);
	for (size_t i = 0; i < self->row_count; i++)
		put_row(self, row_at(self, i));
	put_notes(self);
}

static void write_sheet(struct writer *self, const struct sheet *sheet)
{
	struct page page = {.writer = self, .sheet = sheet};

	if (self->time && sheet->realtime_ns)
		format_stamp(page.stamp, sheet->realtime_ns);
	layout_init(&page.layout, sheet, self->width > 0, self->width > 0 && self->human);
	page.note_count = legend_make(sheet, &page.notes);
	if (sheet->incomplete)
		add_note(&page, xasprintf("incomplete: %s are missing", sheet->rows_name));
	for (size_t i = 0; i < sheet->note_count; i++)
		add_note(&page, xstrdup(sheet->notes[i]));
	limit_rows(&page);
	measure(&page);
	if (self->width)
		layout_fit(&page.layout, self->width > stamp_width(&page)
						 ? self->width - stamp_width(&page)
						 : 1);
	note_hidden(&page);
	if (self->no_header)
		for (size_t i = 0; i < page.row_count; i++)
			put_row(&page, row_at(&page, i));
	else
		put_all(&page);
	legend_free(page.notes, page.note_count);
	layout_finish(&page.layout);
	free(page.text);
}

const struct format format_table = {
	.name = "table",
	.sheet = write_sheet,
};

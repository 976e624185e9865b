#include "list.h"

#include "alloc.h"
#include "bar.h"
#include "format.h"
#include "legend.h"

static const struct procmon_attribute *const columns[] = {
	SHEET_COLUMN("attribute", PROCMON_TEXT),
	SHEET_COLUMN("value", PROCMON_TEXT),
};

/* "[####      ] 42.0%"; a missing value is its state. */
static char *describe(const struct procmon_attribute *attribute,
	const struct procmon_value *value, const struct writer *writer)
{
	char number[FORMAT_MAX], bar[BAR_SIZE];

	if (value->state != PROCMON_OK)
		return xstrdup(procmon_state_name(value->state));
	if (!writer->human && format_exact(number, value))
		return xstrdup(number);
	const char *text = format_cell(number, attribute, value);
	if (!writer->human || writer->width == 0 || !bar_fits(attribute))
		return xstrdup(text);
	bar_draw(bar, format_number(value), BAR_CELLS, writer->utf8);
	return xasprintf("%s %6s", bar, text);
}

static void add_gap(struct sheet *self)
{
	struct procmon_value *row = sheet_add_row(self);

	row[0] = row[1] = sheet_text("");
}

/* It has a value, or a reason to have none that is not in the notes. */
static bool is_shown(const struct sheet *from, size_t column)
{
	return column < from->column_count && from->columns[column]->state == PROCMON_OK &&
	       sheet_cell(from, 0, column)->state != PROCMON_NONE;
}

/* The next one that is shown from `column` on, or column_count. */
static size_t next_shown(const struct sheet *from, size_t column)
{
	while (column < from->column_count && !is_shown(from, column))
		column++;
	return column;
}

static bool same_group(const struct sheet *from, size_t a, size_t b)
{
	return a < from->column_count && b < from->column_count &&
	       legend_same_group(from->columns[a]->name, from->columns[b]->name);
}

void list_make(struct sheet *self, const struct sheet *from, const struct writer *writer)
{
	size_t none = from->column_count, before = none, next;
	bool in_group = false; /* the one before */

	sheet_init(self, "attributes", columns, sizeof columns / sizeof *columns);
	self->realtime_ns = from->realtime_ns;
	for (size_t i = next_shown(from, 0); i != none; i = next) {
		const struct procmon_attribute *attribute = from->columns[i];

		/* what is alone in its group stands with others of that kind */
		next = next_shown(from, i + 1);
		bool has_others = same_group(from, i, next) || same_group(from, i, before);
		if (before != none && !same_group(from, i, before) &&
			(in_group || has_others) && !writer->no_header)
			add_gap(self);
		in_group = has_others;
		before = i;
		const char *text = sheet_keep_text(
			self, describe(attribute, sheet_cell(from, 0, i), writer));
		struct procmon_value *row = sheet_add_row(self);
		row[0] = sheet_text(attribute->name);
		row[1] = sheet_text(text);
	}
	self->note_count = legend_make(from, &self->notes);
}

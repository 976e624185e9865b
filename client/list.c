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

/* Names without a group stand together. */
static bool begins_group(const char *name, const char *before)
{
	if (legend_group_length(name) == 0 && legend_group_length(before) == 0)
		return false;
	return !legend_same_group(name, before);
}

static void add_gap(struct sheet *self)
{
	struct procmon_value *row = sheet_add_row(self);

	row[0] = row[1] = sheet_text("");
}

void list_make(struct sheet *self, const struct sheet *from, const struct writer *writer)
{
	const char *before = NULL;

	sheet_init(self, "attributes", columns, sizeof columns / sizeof *columns);
	self->realtime_ns = from->realtime_ns;
	for (size_t i = 0; i < from->column_count; i++) {
		const struct procmon_attribute *attribute = from->columns[i];
		const struct procmon_value *value = sheet_cell(from, 0, i);

		if (value->state == PROCMON_NONE || attribute->state != PROCMON_OK)
			continue; /* the latter is in the notes */
		if (before && begins_group(attribute->name, before) && !writer->no_header)
			add_gap(self);
		before = attribute->name;
		const char *text = sheet_keep_text(self, describe(attribute, value, writer));
		struct procmon_value *row = sheet_add_row(self);
		row[0] = sheet_text(attribute->name);
		row[1] = sheet_text(text);
	}
	self->note_count = legend_make(from, &self->notes);
}

#include "layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "bar.h"
#include "legend.h"
#include "text.h"

enum {
	TEXT_MAX = 24,         /* columns of a text that is not the last one */
	NAME_MAX_COLUMNS = 40, /* if it is the first one: it names the row */
	LAST_MIN = 16,         /* columns that a text at the end is worth showing in */
	PROTECTED = 2,         /* the first columns name the row: pid and comm */
};

static const char *column_name(const struct layout *self, size_t index)
{
	return self->sheet->columns[self->columns[index].column]->name;
}

/* Whether nothing of the group of this column can be measured here, and it has several.
 */
static bool is_dead_group(const struct sheet *sheet, size_t column)
{
	size_t count = 0;

	for (size_t i = 0; i < sheet->column_count; i++) {
		if (!legend_same_group(sheet->columns[i]->name, sheet->columns[column]->name))
			continue;
		if (sheet->columns[i]->state == PROCMON_OK)
			return false;
		count++;
	}
	return count > 1;
}

static bool is_group_shown(const struct layout *self, size_t column)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->columns[i].is_group && legend_same_group(column_name(self, i),
							 self->sheet->columns[column]->name))
			return true;
	return false;
}

/* Does its group have no other column? Then the name of the group stands over it. */
static bool is_alone(const struct layout *self, size_t index)
{
	for (size_t i = 0; i < self->count; i++)
		if (i != index &&
			legend_same_group(column_name(self, i), column_name(self, index)))
			return false;
	return true;
}

/* A bar is for what somebody has. */
static bool has_bar(const struct sheet *sheet, size_t column)
{
	for (size_t row = 0; row < sheet->row_count; row++)
		if (sheet_cell(sheet, row, column)->state == PROCMON_OK)
			return bar_fits(sheet->columns[column]);
	return false;
}

void layout_init(struct layout *self, const struct sheet *sheet, bool compact, bool bars)
{
	char label[64];

	*self = (struct layout){
		.sheet = sheet, .columns = xcalloc(sheet->column_count, sizeof *self->columns)};
	for (size_t i = 0; i < sheet->column_count; i++) {
		bool is_group = compact && is_dead_group(sheet, i);
		if (is_group && is_group_shown(self, i))
			continue;
		self->columns[self->count++] = (struct layout_column){
			.column = i,
			.is_group = is_group,
			.left = sheet->columns[i]->type == PROCMON_TEXT && !is_group,
			.shown = true,
			.bar = bars && has_bar(sheet, i) ? BAR_CELLS : 0,
		};
		self->grouped |= compact && !is_group &&
				 legend_group_length(sheet->columns[i]->name) > 0;
	}
	for (size_t i = 0; i < self->count; i++) {
		layout_label(self, i, label);
		self->columns[i].width = text_width(label);
		size_t group = legend_group_length(column_name(self, i));
		if (self->grouped && !self->columns[i].is_group && is_alone(self, i) &&
			group > self->columns[i].width)
			self->columns[i].width = group;
	}
}

void layout_finish(struct layout *self)
{
	free(self->columns);
	*self = (struct layout){0};
}

void layout_label(const struct layout *self, size_t index, char out[64])
{
	const char *name = column_name(self, index);
	size_t length = legend_group_length(name);

	if (self->columns[index].is_group)
		snprintf(out, 64, "%.*s.*", (int)length, name);
	else
		snprintf(out, 64, "%s", self->grouped && length ? name + length + 1 : name);
}

size_t layout_last(const struct layout *self)
{
	size_t last = self->count;

	while (last > 0 && !self->columns[last - 1].shown)
		last--;
	return last ? last - 1 : 0;
}

size_t layout_bar_width(const struct layout_column *column)
{
	return column->bar ? column->bar + BAR_FRAME + 1 : 0;
}

/* Where a column begins: behind the ones that are shown before it, and a space each. */
static size_t start_of(const struct layout *self, size_t index)
{
	size_t start = 0;

	for (size_t i = 0; i < index; i++)
		if (self->columns[i].shown)
			start += layout_bar_width(&self->columns[i]) + self->columns[i].width +
				 1;
	return start;
}

/* What all that is shown takes, uncut. */
static size_t full_width(const struct layout *self)
{
	size_t last = layout_last(self);

	return start_of(self, last) + layout_bar_width(&self->columns[last]) +
	       self->columns[last].width;
}

/* The last one shrinks, then it goes: the first ratio of a table says the most. */
static bool give_up_bar(struct layout *self)
{
	for (size_t i = self->count; i-- > 0;) {
		struct layout_column *column = &self->columns[i];
		if (column->bar == 0)
			continue;
		column->bar = column->bar > BAR_CELLS_FEW ? BAR_CELLS_FEW : 0;
		return true;
	}
	return false;
}

/* The least that what is shown takes: a text at the end can be short. */
static size_t least_width(const struct layout *self)
{
	size_t last = layout_last(self);
	const struct layout_column *column = &self->columns[last];
	bool is_short = column->left && column->width > LAST_MIN;

	return start_of(self, last) + layout_bar_width(column) +
	       (is_short ? LAST_MIN : column->width);
}

/* Columns that the group of this one shows; a column without a group is one of its own.
 */
static size_t group_size(const struct layout *self, size_t index)
{
	size_t size = 1;

	for (size_t i = 0; i < self->count; i++)
		size += i != index && self->columns[i].shown &&
			legend_same_group(column_name(self, i), column_name(self, index));
	return size;
}

static bool give_up_one(struct layout *self)
{
	size_t victim = self->count, most = 0;

	for (size_t i = PROTECTED; i < self->count; i++) {
		if (!self->columns[i].shown || (self->sheet->tree && i + 1 == self->count))
			continue;
		size_t size = group_size(self, i);
		if (size >= most) { /* the last one of the largest */
			most = size;
			victim = i;
		}
	}
	if (victim == self->count)
		return false;
	self->columns[victim].shown = false;
	return true;
}

void layout_fit(struct layout *self, size_t width)
{
	for (size_t i = 0; i + 1 < self->count; i++) {
		size_t most = i == 0 ? NAME_MAX_COLUMNS : TEXT_MAX;
		if (self->columns[i].left && self->columns[i].width > most)
			self->columns[i].width = most;
	}
	while (self->count > 0 && full_width(self) > width)
		if (!give_up_bar(self))
			break;
	while (self->count > 0 && least_width(self) > width)
		if (!give_up_one(self))
			break;
	size_t last = layout_last(self);
	if (self->count == 0 || !self->columns[last].left)
		return;
	size_t start = start_of(self, last);
	self->columns[last].width = width > start ? width - start : 1;
}

/* The columns of the group that begins here, with the gaps between them; *ret_next: behind it. */
static size_t group_width(const struct layout *self, size_t index, size_t *ret_next)
{
	const char *name = self->sheet->columns[self->columns[index].column]->name;
	size_t width = 0, next = index;
	char label[64];

	for (; next < self->count; next++) {
		const struct layout_column *column = &self->columns[next];
		if (!column->shown)
			continue;
		if (!legend_same_group(self->sheet->columns[column->column]->name, name))
			break;
		/* a text at the end has all that is left of the line */
		bool rest = column->left && next == layout_last(self);
		layout_label(self, next, label);
		width += (width > 0) + layout_bar_width(column) +
			 (rest ? text_width(label) : column->width);
	}
	*ret_next = next;
	return width;
}

void layout_write_groups(const struct layout *self, FILE *file, size_t indent)
{
	size_t gap = indent; /* not yet written: no space at the end of the line */

	for (size_t i = 0, next; i < self->count; i = next) {
		const struct layout_column *column = &self->columns[i];
		const char *name = self->sheet->columns[column->column]->name;
		size_t group = column->is_group ? 0 : legend_group_length(name);

		next = i + 1;
		if (!column->shown)
			continue;
		if (group == 0) {
			gap += layout_bar_width(column) + column->width + 1;
			continue;
		}
		size_t width = group_width(self, i, &next);
		size_t length = group < width ? group : width;
		fprintf(file, "%*s%.*s", (int)gap, "", (int)length, name);
		gap = width - length + 1;
		if (gap < 3) /* no room for a line */
			continue;
		fputc(' ', file);
		for (; gap > 2; gap--)
			fputc('-', file);
		gap = 1;
	}
	fputc('\n', file);
}

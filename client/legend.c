/*
 * A reason that several columns share is said once, and a group that shares one as a
 * whole goes by "group.*".
 */
#include "legend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

struct reason {
	enum procmon_state state;
	const char *text;   /* why, or what to do; borrowed, may be "" */
	size_t least, most; /* rows that it is about; 0: all of any table */
	bool *columns;      /* which ones it is about */
};

struct legend {
	const struct sheet *sheet;
	struct reason *reasons;
	size_t count;
};

size_t legend_group_length(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? (size_t)(dot - name) : 0;
}

bool legend_same_group(const char *a, const char *b)
{
	size_t length = legend_group_length(a);

	return length > 0 && length == legend_group_length(b) && strncmp(a, b, length) == 0;
}

static bool is_reason(
	const struct reason *self, enum procmon_state state, const char *text, size_t rows)
{
	return self->state == state && !self->most == !rows && strcmp(self->text, text) == 0;
}

static void add_reason(struct legend *self, size_t column, enum procmon_state state,
	const char *text, size_t rows)
{
	size_t at = 0;

	while (at < self->count && !is_reason(&self->reasons[at], state, text, rows))
		at++;
	if (at == self->count) {
		self->reasons =
			xreallocarray(self->reasons, self->count + 1, sizeof *self->reasons);
		self->reasons[self->count++] = (struct reason){state, text, rows, rows,
			xcalloc(self->sheet->column_count, sizeof(bool))};
	}
	struct reason *reason = &self->reasons[at];
	reason->least = rows < reason->least ? rows : reason->least;
	reason->most = rows > reason->most ? rows : reason->most;
	reason->columns[column] = true;
}

static void explain_column(struct legend *self, size_t column)
{
	static const enum procmon_state states[] = {
		PROCMON_DENIED, PROCMON_UNSUPPORTED, PROCMON_ASLEEP, PROCMON_FAILED};
	const struct sheet *sheet = self->sheet;
	const struct procmon_attribute *attribute = sheet->columns[column];

	if (attribute->state != PROCMON_OK) {
		add_reason(self, column, attribute->state, attribute->reason, 0);
		return;
	}
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		bool denied = states[i] == PROCMON_DENIED && attribute->remedy;
		size_t count = 0;

		for (size_t row = 0; row < sheet->row_count; row++)
			count += sheet_cell(sheet, row, column)->state == states[i];
		if (count > 0)
			add_reason(self, column, states[i], denied ? attribute->remedy : "",
				count);
	}
}

/* Does the reason hold for the whole group of this column, and is it more than one? */
static bool is_whole_group(
	const struct legend *self, const struct reason *reason, size_t column)
{
	size_t count = 0;

	for (size_t i = 0; i < self->sheet->column_count; i++) {
		if (!legend_same_group(
			    self->sheet->columns[i]->name, self->sheet->columns[column]->name))
			continue;
		if (!reason->columns[i])
			return false;
		count++;
	}
	return count > 1;
}

/* "NAMES: denied for 2 to 3 of 35 processes: what to do" */
static char *say(const struct legend *self, const struct reason *reason, const char *names)
{
	const char *state = procmon_state_name(reason->state);
	const char *colon = *reason->text ? ": " : "";
	char from[32] = "";

	if (reason->most == 0)
		return xasprintf("%s: %s%s%s", names, state, colon, reason->text);
	if (reason->least != reason->most)
		snprintf(from, sizeof from, "%zu to ", reason->least);
	return xasprintf("%s: %s for %s%zu of %zu %s%s%s", names, state, from, reason->most,
		self->sheet->row_count, self->sheet->rows_name, colon, reason->text);
}

static char *describe(const struct legend *self, const struct reason *reason)
{
	char *names = xstrdup("");

	for (size_t i = 0; i < self->sheet->column_count; i++) {
		const char *name = self->sheet->columns[i]->name;
		const char *separator = *names ? ", " : "";
		bool whole, named = false;

		if (!reason->columns[i])
			continue;
		whole = is_whole_group(self, reason, i);
		for (size_t j = 0; whole && j < i && !named; j++)
			named = legend_same_group(self->sheet->columns[j]->name, name);
		if (named)
			continue; /* its group already stands there */
		char *longer = whole ? xasprintf("%s%s%.*s.*", names, separator,
					       (int)legend_group_length(name), name)
				     : xasprintf("%s%s%s", names, separator, name);
		free(names);
		names = longer;
	}
	char *line = say(self, reason, names);
	free(names);
	return line;
}

size_t legend_make(const struct sheet *sheet, char ***ret_lines)
{
	struct legend legend = {.sheet = sheet};

	for (size_t i = 0; i < sheet->column_count; i++)
		explain_column(&legend, i);
	char **lines = xcalloc(legend.count, sizeof *lines);
	for (size_t i = 0; i < legend.count; i++) {
		lines[i] = describe(&legend, &legend.reasons[i]);
		free(legend.reasons[i].columns);
	}
	free(legend.reasons);
	*ret_lines = lines;
	return legend.count;
}

void legend_free(char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(lines[i]);
	free(lines);
}

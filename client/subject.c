#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"

void subject_list(
	struct choice *self, const struct procmon_connection *connection, uint32_t table)
{
	size_t count = procmon_get_attribute_count(connection);

	*self = (struct choice){0};
	self->items = xcalloc(count, sizeof *self->items);
	for (size_t i = 0; i < count; i++) {
		const struct procmon_attribute *attribute =
			procmon_get_attribute(connection, i);
		if (table == 0 || attribute->table == table)
			self->items[self->count++] = attribute;
	}
}

uint32_t subject_table(const struct options *options)
{
	uint32_t table =
		options->table ? procmon_table_by_name(options->table) : PROCMON_PROCESS;

	if (table == 0)
		complain("\"%s\" is not one table", options->table);
	return table;
}

/* One name of --sort: its column, shown from now on. */
static int add_key(struct subject *self, const char *name, char **ret_error)
{
	const struct procmon_attribute *attribute = NULL;
	bool reversed = *name == '-';
	int error = choice_find(&self->available, name + reversed, &attribute, ret_error);

	if (error < 0)
		return error;
	choice_add(&self->columns, attribute);
	self->keys = xreallocarray(self->keys, self->key_count + 1, sizeof *self->keys);
	struct sheet_key *key = &self->keys[self->key_count++];
	key->column = 0;
	while (self->columns.items[key->column] != attribute)
		key->column++;
	key->descending = (attribute->type != PROCMON_TEXT) != reversed;
	return 0;
}

static int parse_sort(struct subject *self, const char *list, char **ret_error)
{
	char *copy = xstrdup(list), *rest = copy, *name;
	int error = 0;

	while (error == 0 && (name = strsep(&rest, ",")) != NULL)
		error = add_key(self, name, ret_error);
	free(copy);
	return error;
}

static void add_named(struct subject *self, const char *name)
{
	for (size_t i = 0; i < self->available.count; i++)
		if (strcmp(self->available.items[i]->name, name) == 0)
			choice_add(&self->columns, self->available.items[i]);
}

/* What the server does not know is left out: another version may have other attributes. */
static void add_defaults(struct subject *self, const char *defaults)
{
	const char *list = self->table == PROCMON_PROCESS && defaults ? defaults : "all";
	char *copy = xstrdup(list), *rest = copy, *name, *error = NULL;

	while ((name = strsep(&rest, ",")) != NULL)
		if (choice_parse(&self->columns, &self->available, name, &error) < 0)
			free(error);
	free(copy);
}

int subject_init(struct subject *self, struct procmon_connection *connection,
	const struct options *options, const char *defaults)
{
	char *error = NULL;

	*self = (struct subject){.table = subject_table(options)};
	if (self->table == 0)
		return EXIT_USAGE;
	subject_list(&self->available, connection, self->table);
	if (self->available.count == 0) {
		complain("this server has no table \"%s\"", procmon_table_name(self->table));
		return EXIT_USAGE;
	}
	if (self->table == PROCMON_PROCESS) {
		add_named(self, "pid");
		add_named(self, "comm");
	}
	if (!options->attrs)
		add_defaults(self, defaults);
	if ((options->attrs && choice_parse(&self->columns, &self->available, options->attrs,
				       &error) < 0) ||
		(options->sort && parse_sort(self, options->sort, &error) < 0)) {
		complain("%s", error);
		free(error);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

void subject_finish(struct subject *self)
{
	choice_finish(&self->available);
	choice_finish(&self->columns);
	free(self->keys);
	*self = (struct subject){0};
}

bool subject_has_rate(const struct subject *self)
{
	return choice_has_rate(&self->columns, &self->available);
}

void subject_arrange(const struct subject *self, struct sheet *sheet, size_t top)
{
	struct sheet_key measure = {sheet_first_measure(sheet), true};

	if (self->key_count > 0)
		sheet_sort(sheet, self->keys, self->key_count);
	else
		sheet_sort(sheet, &measure, measure.column < sheet->column_count);
	if (top > 0 && sheet->row_count > top)
		sheet->row_count = top;
}

#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "defaults.h"
#include "kin.h"

/* The process that a row of a table about processes belongs to: told by who asked, not by the
 * server. */
static const struct procmon_attribute target_column = {.name = "pid",
	.type = PROCMON_U64,
	.kind = PROCMON_CONSTANT,
	.text = "The process.",
	.reason = "",
	.remedy = "",
	.source = ""};

bool subject_is_targeted(uint32_t table)
{
	return table == PROCMON_THREAD || table == PROCMON_LEDGER || table == PROCMON_REGION ||
	       table == PROCMON_FOOTPRINT;
}

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
static void parse_defaults(
	struct choice *self, const struct choice *available, const char *list)
{
	char *copy = xstrdup(list), *rest = copy, *name, *error = NULL;

	while ((name = strsep(&rest, ",")) != NULL)
		if (choice_parse(self, available, name, &error) < 0)
			free(error);
	free(copy);
}

/* Of a device what this host cannot tell is left out, too, unless that is all. */
static void add_defaults(struct subject *self, const char *defaults)
{
	const char *list =
		self->table == PROCMON_PROCESS ? defaults : defaults_find(self->table);
	struct choice named = {0};
	bool known = false;

	if (list)
		parse_defaults(&named, &self->available, list);
	for (size_t i = 0; i < named.count; i++)
		known |= named.items[i]->state != PROCMON_UNSUPPORTED;
	for (size_t i = 0; i < named.count; i++)
		if (self->table == PROCMON_PROCESS || !known ||
			named.items[i]->state != PROCMON_UNSUPPORTED)
			choice_add(&self->columns, named.items[i]);
	/* one is but the name */
	if (named.count < 2)
		choice_add_main(&self->columns, &self->available);
	choice_finish(&named);
}

/* Do the options go together? */
static int check_options(const struct subject *self)
{
	const struct options *options = self->options;

	if (self->table == 0)
		return EXIT_USAGE;
	bool pids = options->pid_count > 0 && !subject_is_targeted(self->table);
	if ((pids || options->exits || options->children) && self->table != PROCMON_PROCESS) {
		complain("--%s is about processes: leave --table out", options->exits ? "exits"
								       : pids         ? "pid"
									      : "children");
		return EXIT_USAGE;
	}
	if (options->children && options->pid_count == 0) {
		complain("--children of which process? Add --pid PID");
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* What comes after what --attrs says: a tree is drawn before the texts of the last column. */
static void add_last(struct subject *self, const struct kin *kin)
{
	struct choice *columns = &self->columns;
	size_t last = columns->count - 1, at = 0;

	if (columns->count && columns->items[last]->type == PROCMON_TEXT)
		return;
	while (at < columns->count && strcmp(columns->items[at]->name, kin->name) != 0)
		at++;
	if (at == columns->count) {
		add_named(self, kin->name);
		return;
	}
	const struct procmon_attribute *name = columns->items[at];
	for (size_t i = at; i < last; i++)
		columns->items[i] = columns->items[i + 1];
	columns->items[last] = name;
	for (size_t i = 0; i < self->key_count; i++) {
		size_t *column = &self->keys[i].column;
		*column = *column == at ? last : *column - (*column > at);
	}
}

static void want_named(struct subject *self, const char *name)
{
	for (size_t i = 0; i < self->available.count; i++)
		if (strcmp(self->available.items[i]->name, name) == 0)
			choice_add(&self->wanted, self->available.items[i]);
}

static void want(struct subject *self, const struct kin *kin)
{
	for (size_t i = 0; i < self->columns.count; i++)
		if (self->columns.items[i]->table != 0)
			choice_add(&self->wanted, self->columns.items[i]);
	if (!kin)
		return;
	if (kin->id)
		want_named(self, kin->id);
	want_named(self, kin->parent);
	want_named(self, kin->name);
}

static int begin(struct subject *self, struct procmon_connection *connection,
	const struct options *options)
{
	*self = (struct subject){.options = options, .table = subject_table(options)};
	if (check_options(self) != EXIT_DONE)
		return EXIT_USAGE;
	subject_list(&self->available, connection, self->table);
	if (self->available.count > 0)
		return EXIT_DONE;
	complain("this server has no table \"%s\"", procmon_table_name(self->table));
	return EXIT_USAGE;
}

/* In a table about processes they can be shown and sorted by like all that the server tells. */
static int begin_targets(struct subject *self)
{
	struct choice *available = &self->available;

	if (self->options->pid_count == 0) {
		const char *name = procmon_table_name(self->table);
		complain("table \"%s\" is about a process: say which, as in 'procctl table %s "
			 "1234' or --pid 1234",
			name, name);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < available->count; i++)
		if (strcmp(available->items[i]->name, target_column.name) == 0)
			return EXIT_DONE;
	choice_add(available, &target_column);
	return EXIT_DONE;
}

/* What comes before what --attrs says: it names the row. What the lines of a tree say is for
 * programs in columns. */
static void add_first(struct subject *self, const struct kin *kin, bool tree)
{
	const struct options *options = self->options;
	bool programs = options->format && strcmp(options->format, "table") != 0;

	if (self->table == PROCMON_PROCESS ||
		(subject_is_targeted(self->table) && (programs || options->pid_count > 1)))
		add_named(self, "pid");
	if (tree && programs && kin->id)
		add_named(self, kin->id);
	if (tree && programs)
		add_named(self, kin->parent);
	if (!tree && self->table == PROCMON_PROCESS)
		add_named(self, kin->name);
	if (options->exits)
		add_named(self, "exit.status");
}

static int init(struct subject *self, struct procmon_connection *connection,
	const struct options *options, const char *defaults, bool tree)
{
	char *error = NULL;

	if (begin(self, connection, options) != EXIT_DONE)
		return EXIT_USAGE;
	const struct kin *kin = kin_find(self->table);
	if (tree && !kin) {
		complain("table \"%s\" has no tree", procmon_table_name(self->table));
		return EXIT_USAGE;
	}
	if (subject_is_targeted(self->table) && begin_targets(self) != EXIT_DONE)
		return EXIT_USAGE;
	add_first(self, kin, tree);
	if (!options->attrs)
		add_defaults(self, defaults);
	if ((options->attrs && choice_parse(&self->columns, &self->available, options->attrs,
				       &error) < 0) ||
		(options->sort && parse_sort(self, options->sort, &error) < 0)) {
		complain("%s", error);
		free(error);
		return EXIT_USAGE;
	}
	if (tree)
		add_last(self, kin);
	want(self, tree || options->children ? kin : NULL);
	return EXIT_DONE;
}

int subject_init(struct subject *self, struct procmon_connection *connection,
	const struct options *options, const char *defaults)
{
	return init(self, connection, options, defaults, false);
}

int subject_init_tree(struct subject *self, struct procmon_connection *connection,
	const struct options *options, const char *defaults)
{
	return init(self, connection, options, defaults, true);
}

int subject_init_exact(struct subject *self, struct procmon_connection *connection,
	const struct options *options, char *const *lists, size_t count)
{
	char *error = NULL;

	if (begin(self, connection, options) != EXIT_DONE)
		return EXIT_USAGE;
	for (size_t i = 0; i < count; i++) {
		struct choice named = {0};

		if (choice_parse(&named, &self->available, lists[i], &error) < 0) {
			complain("%s", error);
			free(error);
			choice_finish(&named);
			return EXIT_USAGE;
		}
		choice_append(&self->columns, &named);
		choice_finish(&named);
	}
	want(self, options->children ? kin_find(self->table) : NULL);
	return EXIT_DONE;
}

int subject_init_whole(struct subject *self, struct procmon_connection *connection,
	const struct options *options)
{
	if (begin(self, connection, options) != EXIT_DONE)
		return EXIT_USAGE;
	for (size_t i = 0; i < self->available.count; i++) {
		const struct procmon_attribute *attribute = self->available.items[i];
		if (attribute->state != PROCMON_UNSUPPORTED || *attribute->source)
			choice_add(&self->columns, attribute);
	}
	want(self, NULL);
	return EXIT_DONE;
}

void subject_finish(struct subject *self)
{
	choice_finish(&self->available);
	choice_finish(&self->columns);
	choice_finish(&self->wanted);
	free(self->keys);
	free(self->roots);
	*self = (struct subject){0};
}

bool subject_has_rate(const struct subject *self)
{
	return choice_has_rate(&self->columns, &self->available);
}

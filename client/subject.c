#include "subject.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "command.h"
#include "tree.h"

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

/* Do the options go together? */
static int check_options(const struct subject *self)
{
	const struct options *options = self->options;

	if (self->table == 0)
		return EXIT_USAGE;
	if ((options->pid_count > 0 || options->exits) && self->table != PROCMON_PROCESS) {
		complain("--%s is about processes: leave --table out",
			options->exits ? "exits" : "pid");
		return EXIT_USAGE;
	}
	if (options->children && options->pid_count == 0) {
		complain("--children of which process? Add --pid PID");
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* What comes after what --attrs says. */
static void add_last(struct subject *self, bool tree)
{
	const struct choice *columns = &self->columns;

	if (tree && columns->items[columns->count - 1]->type != PROCMON_TEXT)
		add_named(self, "comm");
}

static void want(struct subject *self, bool parents)
{
	for (size_t i = 0; i < self->columns.count; i++)
		choice_add(&self->wanted, self->columns.items[i]);
	for (size_t i = 0; parents && i < self->available.count; i++)
		if (strcmp(self->available.items[i]->name, "ppid") == 0 ||
			strcmp(self->available.items[i]->name, "comm") == 0)
			choice_add(&self->wanted, self->available.items[i]);
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

static int init(struct subject *self, struct procmon_connection *connection,
	const struct options *options, const char *defaults, bool tree)
{
	char *error = NULL;

	if (begin(self, connection, options) != EXIT_DONE)
		return EXIT_USAGE;
	if (self->table == PROCMON_PROCESS) {
		add_named(self, "pid");
		if (!tree)
			add_named(self, "comm");
		else if (options->format && strcmp(options->format, "table") != 0)
			add_named(self, "ppid"); /* what the lines say, for programs */
		if (options->exits)
			add_named(self, "exit.status");
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
	add_last(self, tree);
	want(self, tree || options->children);
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
	want(self, options->children);
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
	want(self, false);
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

/* CPU in cores as a share of all that the machine has. */
static void share_cpu(struct sheet *sheet)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	for (size_t i = 0; i < sheet->column_count; i++) {
		if (sheet->columns[i]->unit != PROCMON_CORES || cores < 1)
			continue;
		for (size_t row = 0; row < sheet->row_count; row++)
			sheet_cell(sheet, row, i)->f64 /= (double)cores;
	}
}

/* Whom --pid means, found out once: a pid that is used again is somebody else. */
static void find_roots(struct subject *self, const struct sheet *sheet)
{
	const struct options *options = self->options;

	self->roots = xcalloc(options->pid_count, sizeof *self->roots);
	for (size_t i = 0; i < options->pid_count; i++)
		for (size_t row = 0; row < sheet->row_count; row++)
			if (sheet->rows[row].pid == options->pids[i])
				self->roots[i] = sheet->rows[row].identity;
}

void subject_fill(struct subject *self, struct sheet *sheet, struct procmon_table *table)
{
	sheet_init(sheet, procmon_table_name(self->table), self->columns.items,
		self->columns.count);
	sheet->exits = self->options->exits;
	sheet_fill(sheet, table);
	if (self->options->children) {
		if (!self->roots)
			find_roots(self, sheet);
		tree_keep(sheet, self->roots, self->options->pid_count);
	}
	if (self->options->cpu_total)
		share_cpu(sheet);
}

void subject_arrange(const struct subject *self, struct sheet *sheet)
{
	struct sheet_key measure = {sheet_first_measure(sheet), true};
	size_t top = self->options->top, ended = 0;

	if (self->key_count > 0)
		sheet_sort(sheet, self->keys, self->key_count);
	else
		sheet_sort(sheet, &measure, measure.column < sheet->column_count);
	while (ended < sheet->row_count && sheet->rows[ended].exited)
		ended++;
	if (top > 0 && sheet->row_count > ended + top)
		sheet->row_count = ended + top;
}

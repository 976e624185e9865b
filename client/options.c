/* One table says what options there are; a command names the letters that it takes. */
#include "options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "memory/allocation.h"
#include "parse.h"
#include "procmon.h"
#include "text.h"
#include "writer.h"

/* What getopt_long returns for each. */
enum option_id {
	OPTION_TABLE = 256,
	OPTION_ATTRS,
	OPTION_INTERVAL,
	OPTION_COUNT,
	OPTION_PID,
	OPTION_CHILDREN,
	OPTION_EXITS,
	OPTION_SIZES,
	OPTION_FIND,
	OPTION_DIFF,
	OPTION_SORT,
	OPTION_TOP,
	OPTION_SUM,
	OPTION_TREE,
	OPTION_CPU,
	OPTION_UNITS,
	OPTION_OUTPUT,
	OPTION_NO_HEADER,
	OPTION_TIME,
	OPTION_STATES,
	OPTION_NAMES,
	OPTION_RAW,
	OPTION_SOCKET,
	OPTION_NO_START,
	OPTION_HELP,
	OPTION_OWN = 512, /* and those behind it: of the command's own ones the first ... */
};

struct option_entry {
	enum option_id id;
	char letter; /* ' ': it has no short form */
	const char *name, *argument, *text;
};

static const struct option_entry entries[] = {
	{OPTION_TABLE, 't', "table", "TABLE", "the table (default: process)"},
	{OPTION_ATTRS, 'a', "attrs", "LIST",
		"attributes, groups (mem; 'mem.*' with details), all"},
	{OPTION_INTERVAL, 'i', "interval", "TIME",
		"between frames, or samples of a rate: 500ms"},
	{OPTION_COUNT, 'n', "count", "COUNT", "end after so many frames"},
	{OPTION_PID, 'p', "pid", "PID,..", "only these processes"},
	{OPTION_CHILDREN, ' ', "children", NULL, "and their children, and theirs"},
	{OPTION_EXITS, ' ', "exits", NULL, "processes that ended are shown once more"},
	{OPTION_SIZES, ' ', "sizes", NULL, "what is in memory, dirty, swapped: slower"},
	{OPTION_FIND, ' ', "find", "ADDRESS", "only the mapping that it is in, and its file"},
	{OPTION_DIFF, ' ', "diff", "TIME", "what is different after that time"},
	{OPTION_SORT, 's', "sort", "NAME,..", "order: numbers from high to low, -NAME back"},
	{OPTION_TOP, ' ', "top", "N", "only the first N rows"},
	{OPTION_SUM, ' ', "sum", NULL, "each with its children added"},
	{OPTION_TREE, ' ', "tree", NULL, "each under the one that it is part of"},
	{OPTION_CPU, ' ', "cpu", "core|total", "100% is one core, or the whole machine"},
	{OPTION_UNITS, ' ', "units", "human|raw", "12.3M, or the exact number of bytes"},
	{OPTION_OUTPUT, 'o', "output", "FORMAT", "table, json, jsonl or csv"},
	{OPTION_NO_HEADER, ' ', "no-header", NULL, "rows and nothing else"},
	{OPTION_TIME, ' ', "time", NULL, "table: when each row was sampled"},
	{OPTION_STATES, ' ', "states", NULL, "csv: a last column: why values are missing"},
	{OPTION_NAMES, ' ', "names", NULL, "names and groups only, for completion"},
	{OPTION_RAW, ' ', "raw", NULL, "commands and options, for completion"},
	{OPTION_SOCKET, 'S', "socket", "PATH", "where the server is ($PROCMON_SOCKET)"},
	{OPTION_NO_START, ' ', "no-start", NULL, "do not start a server when there is none"},
	{OPTION_HELP, 'h', "help", NULL, "this help"},
};
enum { ENTRIES = sizeof entries / sizeof *entries, OPTIONS_MAX = ENTRIES + 32 };

/* Is the word in a list with spaces between? */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

static bool takes(const struct command *command, const struct option_entry *entry)
{
	return entry->id == OPTION_SOCKET || entry->id == OPTION_HELP ||
	       has_word(command->options, entry->name);
}

static size_t count_own(const struct command *command)
{
	size_t count = 0;

	while (command->own && command->own[count].name)
		count++;
	return count;
}

/* The option of its own that has this letter; else count_own(). */
static size_t find_own(const struct command *command, int letter)
{
	size_t count = count_own(command), i = 0;

	while (i < count && (letter == ' ' || command->own[i].letter != letter))
		i++;
	return i;
}

/* The letter that an option of all has in this command; ' ': none. */
static char letter_of(const struct command *command, const struct option_entry *entry)
{
	return find_own(command, entry->letter) < count_own(command) ? ' ' : entry->letter;
}

struct description {
	char letters[2 * OPTIONS_MAX + 2];
	struct option longs[OPTIONS_MAX + 1];
	size_t letter_count, long_count;
};

static void add_option(
	struct description *self, int id, char letter, const char *name, const char *argument)
{
	assert(self->long_count < OPTIONS_MAX);
	self->longs[self->long_count++] =
		(struct option){name, argument ? required_argument : no_argument, NULL, id};
	if (letter == ' ')
		return;
	self->letters[self->letter_count++] = letter;
	if (argument)
		self->letters[self->letter_count++] = ':';
}

/* What getopt_long wants to be told. */
static void describe(struct description *self, const struct command *command)
{
	*self = (struct description){
		.letters = ":", .letter_count = 1}; /* errors are told by us */
	for (size_t i = 0; i < count_own(command); i++)
		add_option(self, OPTION_OWN + (int)i, command->own[i].letter,
			command->own[i].name, command->own[i].argument);
	for (size_t i = 0; i < ENTRIES; i++)
		if (takes(command, &entries[i]))
			add_option(self, (int)entries[i].id, letter_of(command, &entries[i]),
				entries[i].name, entries[i].argument);
}

/* The id of what getopt_long returned, which may be a letter. */
static int identify(const struct command *command, int result)
{
	size_t own = find_own(command, result);

	if (own < count_own(command))
		return OPTION_OWN + (int)own;
	for (size_t i = 0; i < ENTRIES; i++)
		if (entries[i].letter == result)
			return (int)entries[i].id;
	return result;
}

static void keep_own(
	struct options *self, const struct own_option *option, const char *argument)
{
	self->given = xreallocarray(self->given, self->given_count + 1, sizeof *self->given);
	self->given[self->given_count++] = (struct own_given){option, argument};
}

/* "process, system ...", to be freed. */
static char *list_tables(void)
{
	char *names = NULL;

	for (uint32_t table = 1; procmon_table_name(table); table++) {
		char *longer = xasprintf("%s%s%s", names ? names : "", names ? ", " : "",
			procmon_table_name(table));
		free(names);
		names = longer;
	}
	return names;
}

/* A table or the command that shows it whose name is a slip away, or is begun so; NULL: none. */
static const char *near_table(const char *name)
{
	size_t length = strlen(name), most = length < 5 ? 1 : 2;

	for (uint32_t table = 1; procmon_table_name(table); table++) {
		const char *whole = procmon_table_name(table);
		if (strncmp(whole, name, length) == 0 ||
			text_distance(name, whole, most) <= most)
			return whole;
	}
	for (size_t i = 0; commands[i]; i++)
		if (commands[i]->table && text_distance(name, commands[i]->name, most) <= most)
			return commands[i]->name;
	return NULL;
}

/* "all" is for the commands that list tables. A command that shows a table is a name of it. */
static int parse_table(const char *name, const char **ret_table, char **ret_error)
{
	const struct command *command = command_find(name);

	*ret_table = command && command->table ? command->table : name;
	if (procmon_table_by_name(*ret_table) || strcmp(name, "all") == 0)
		return 0;
	const char *near = near_table(name);
	char *names = list_tables();
	*ret_error = near ? xasprintf("there is no table \"%s\"; near: %s", name, near)
			  : xasprintf("there is no table \"%s\"; tables are %s", name, names);
	free(names);
	return -EINVAL;
}

static int check_format(const char *name, char **ret_error)
{
	if (writer_find_format(name))
		return 0;
	*ret_error =
		xasprintf("there is no format \"%s\": use table, json, jsonl or csv", name);
	return -EINVAL;
}

/* One of two words: *ret_second says which. */
static int parse_either(const char *argument, const char *first, const char *second,
	bool *ret_second, char **ret_error)
{
	*ret_second = strcmp(argument, second) == 0;
	if (*ret_second || strcmp(argument, first) == 0)
		return 0;
	*ret_error = xasprintf("\"%s\" is neither %s nor %s", argument, first, second);
	return -EINVAL;
}

static int parse_units(struct options *self, const char *argument, char **ret_error)
{
	bool raw = false;
	int error = parse_either(argument, "human", "raw", &raw, ret_error);

	self->units = raw ? UNITS_RAW : UNITS_HUMAN;
	return error;
}

/* An option that is there or not; NULL: it is none of these. */
static bool *find_flag(struct options *self, enum option_id id)
{
	switch (id) {
	case OPTION_CHILDREN:
		return &self->children;
	case OPTION_EXITS:
		return &self->exits;
	case OPTION_SUM:
		return &self->sum;
	case OPTION_TREE:
		return &self->tree;
	case OPTION_NO_HEADER:
		return &self->no_header;
	case OPTION_TIME:
		return &self->time;
	case OPTION_SIZES:
		return &self->sizes;
	case OPTION_STATES:
		return &self->states;
	case OPTION_NAMES:
		return &self->names;
	case OPTION_RAW:
		return &self->raw;
	case OPTION_NO_START:
		return &self->no_start;
	case OPTION_HELP:
		return &self->help;
	default:
		return NULL;
	}
}

/* Returns 0 or -EINVAL with a sentence in *ret_error. */
static int apply(
	struct options *self, enum option_id id, const char *argument, char **ret_error)
{
	bool *flag = find_flag(self, id);

	if (flag) {
		*flag = true;
		return 0;
	}
	switch (id) {
	case OPTION_TABLE:
		return parse_table(argument, &self->table, ret_error);
	case OPTION_ATTRS:
		self->attrs = argument;
		break;
	case OPTION_INTERVAL:
		return parse_interval(argument, &self->interval_ns, ret_error);
	case OPTION_FIND:
		return parse_address(argument, &self->find, ret_error);
	case OPTION_DIFF:
		return parse_interval(argument, &self->diff_ns, ret_error);
	case OPTION_COUNT:
		return parse_count(argument, &self->count, ret_error);
	case OPTION_PID:
		return options_set_pids(self, argument, ret_error);
	case OPTION_SORT:
		self->sort = argument;
		break;
	case OPTION_TOP:
		return parse_count(argument, &self->top, ret_error);
	case OPTION_CPU:
		return parse_either(argument, "core", "total", &self->cpu_total, ret_error);
	case OPTION_UNITS:
		return parse_units(self, argument, ret_error);
	case OPTION_OUTPUT:
		self->format = argument;
		return check_format(argument, ret_error);
	case OPTION_SOCKET:
		self->socket = argument;
		break;
	default:
		break;
	}
	return 0;
}

int options_set_table(struct options *self, const char *name)
{
	char *error = NULL;

	if (name && strcmp(name, "all") != 0 && parse_table(name, &self->table, &error) == 0)
		return 0;
	if (!error) {
		char *names = list_tables();
		error = xasprintf("say which table: procctl table NAME, one of %s", names);
		free(names);
	}
	complain("%s", error);
	free(error);
	return -EINVAL;
}

int options_set_pids(struct options *self, const char *list, char **ret_error)
{
	free(self->pids);
	self->pids = NULL;
	self->pid_count = 0;
	return parse_pids(list, &self->pids, &self->pid_count, ret_error);
}

/* Returns 0 or -EINVAL with a sentence in *ret_error. */
static int take(struct options *self, const struct command *command, int id,
	const char *argument, char **ret_error)
{
	if (id < OPTION_OWN)
		return apply(self, (enum option_id)id, argument, ret_error);
	keep_own(self, &command->own[id - OPTION_OWN], argument);
	return 0;
}

int options_parse(struct options *self, const struct command *command, int argc, char **argv)
{
	struct description description;
	char *error = NULL;
	int letter;

	*self = (struct options){.table = command->table};
	describe(&description, command);
	opterr = 0;
	while ((letter = getopt_long(
			argc, argv, description.letters, description.longs, NULL)) != -1) {
		if (letter == '?' && optopt && optopt < 128)
			error = xasprintf("unknown option -%c", optopt);
		else if (letter == '?')
			error = xasprintf("unknown option %s", argv[optind - 1]);
		else if (letter == ':')
			error = xasprintf("%s needs an argument", argv[optind - 1]);
		if (error ||
			take(self, command, identify(command, letter), optarg, &error) < 0) {
			complain("%s (see 'procctl help %s')", error, command->name);
			free(error);
			return -EINVAL;
		}
	}
	self->arguments = argv + optind;
	self->argument_count = (size_t)(argc - optind);
	return 0;
}

void options_finish(struct options *self)
{
	free(self->pids);
	free(self->given);
	*self = (struct options){0};
}

/* "--attrs LIST", into out[64]; returns its length. */
static int write_long(char out[64], const char *name, const char *argument)
{
	return snprintf(
		out, 64, "--%s%s%s", name, argument ? " " : "", argument ? argument : "");
}

static void print_line(FILE *file, int width, char letter, const char *name,
	const char *argument, const char *text)
{
	char short_form[8] = "    ", long_form[64];

	if (letter != ' ')
		snprintf(short_form, sizeof short_form, "-%c, ", letter);
	write_long(long_form, name, argument);
	fprintf(file, "  %s%-*s  %s\n", short_form, width, long_form, text);
}

/* Texts stand in one column, behind the longest of the command's own options. */
static int find_width(const struct command *command)
{
	int width = 18;
	char form[64];

	for (size_t i = 0; i < count_own(command); i++) {
		int length = write_long(form, command->own[i].name, command->own[i].argument);
		width = length > width ? length : width;
	}
	return width;
}

static void print_raw(FILE *file, const char *command, char letter, const char *name,
	const char *argument, const char *text)
{
	fprintf(file, "option\t%s\t", command);
	if (letter != ' ')
		fputc('-', file);
	fprintf(file, "%c\t--%s\t%s\t%s\n", letter == ' ' ? '-' : letter, name,
		argument ? argument : "-", text);
}

void options_print(const struct command *command, FILE *file)
{
	int width = find_width(command);

	for (size_t i = 0; i < count_own(command); i++) {
		const struct own_option *own = &command->own[i];
		print_line(file, width, own->letter, own->name, own->argument, own->text);
	}
	for (size_t i = 0; i < ENTRIES; i++)
		if (takes(command, &entries[i]))
			print_line(file, width, letter_of(command, &entries[i]),
				entries[i].name, entries[i].argument, entries[i].text);
}

void options_print_raw(const struct command *command, FILE *file)
{
	for (size_t i = 0; i < count_own(command); i++) {
		const struct own_option *own = &command->own[i];
		print_raw(
			file, command->name, own->letter, own->name, own->argument, own->text);
	}
	for (size_t i = 0; i < ENTRIES; i++)
		if (takes(command, &entries[i]))
			print_raw(file, command->name, letter_of(command, &entries[i]),
				entries[i].name, entries[i].argument, entries[i].text);
}

void options_print_values(FILE *file)
{
	fputs("values\tFORMAT\ttable json jsonl csv\nvalues\tKIND\t", file);
	for (int kind = 0; kind < ALLOCATION_KINDS; kind++)
		fprintf(file, "%s ", allocation_kind_name((enum allocation_kind)kind));
	fputs("all\nvalues\tTABLE\t", file);
	for (uint32_t table = 1; procmon_table_name(table); table++)
		fprintf(file, "%s%s", table > 1 ? " " : "", procmon_table_name(table));
	fputc('\n', file);
}

/* One table says what options there are; a command names the letters that it takes. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "parse.h"
#include "procmon.h"
#include "writer.h"

struct option_entry {
	char letter; /* below 'A': it has no short form */
	const char *name, *argument, *text;
};

static const struct option_entry entries[] = {
	{'t', "table", "TABLE", "the table (default: process)"},
	{'a', "attrs", "LIST", "attributes, groups (mem, cpu ...) or all, with commas"},
	{'i', "interval", "TIME", "time between frames: 500ms, 2s, 1m (default: 1s)"},
	{'n', "count", "COUNT", "end after so many frames"},
	{'p', "pid", "PID,..", "only these processes"},
	{'s', "sort", "NAME,..", "order: numbers from high to low, -NAME the other way"},
	{'1', "top", "N", "only the first N rows"},
	{'o', "output", "FORMAT", "table, json, jsonl or csv (default: table)"},
	{'2', "states", NULL, "csv: a last column that says why values are missing"},
	{'S', "socket", "PATH", "where the server is (default: $PROCMON_SOCKET)"},
	{'3', "no-start", NULL, "do not start a server when there is none"},
	{'h', "help", NULL, "this help"},
};
enum { ENTRIES = sizeof entries / sizeof *entries };

static bool takes(const struct command *command, const struct option_entry *entry)
{
	return strchr(command->options, entry->letter) || entry->letter == 'S' ||
	       entry->letter == 'h';
}

/* What getopt_long wants to be told. */
static void describe(const struct command *command, char *letters, struct option *longs)
{
	*letters++ = ':'; /* errors are told by us */
	for (size_t i = 0; i < ENTRIES; i++) {
		const struct option_entry *entry = &entries[i];
		if (!takes(command, entry))
			continue;
		*longs++ = (struct option){entry->name,
			entry->argument ? required_argument : no_argument, NULL, entry->letter};
		if (entry->letter < 'A')
			continue;
		*letters++ = entry->letter;
		if (entry->argument)
			*letters++ = ':';
	}
	*letters = '\0';
	*longs = (struct option){0};
}

/* "all" is for the commands that list tables. */
static int check_table(const char *name, char **ret_error)
{
	char *names = NULL;

	if (procmon_table_by_name(name) || strcmp(name, "all") == 0)
		return 0;
	for (uint32_t table = 1; procmon_table_name(table); table++) {
		char *longer = xasprintf("%s%s%s", names ? names : "", names ? ", " : "",
			procmon_table_name(table));
		free(names);
		names = longer;
	}
	*ret_error = xasprintf("there is no table \"%s\"; tables are %s", name, names);
	free(names);
	return -EINVAL;
}

/* Returns 0 or -EINVAL with a sentence in *ret_error. */
static int apply(struct options *self, int letter, const char *argument, char **ret_error)
{
	switch (letter) {
	case 't':
		self->table = argument;
		return check_table(argument, ret_error);
	case 'a':
		self->attrs = argument;
		break;
	case 'i':
		return parse_interval(argument, &self->interval_ns, ret_error);
	case 'n':
		return parse_count(argument, &self->count, ret_error);
	case 'p':
		free(self->pids);
		self->pids = NULL;
		return parse_pids(argument, &self->pids, &self->pid_count, ret_error);
	case 's':
		self->sort = argument;
		break;
	case '1':
		return parse_count(argument, &self->top, ret_error);
	case 'o':
		self->format = argument;
		if (writer_find_format(argument))
			break;
		*ret_error = xasprintf(
			"there is no format \"%s\": use table, json, jsonl or csv", argument);
		return -EINVAL;
	case '2':
		self->states = true;
		break;
	case 'S':
		self->socket = argument;
		break;
	case '3':
		self->no_start = true;
		break;
	case 'h':
		self->help = true;
		break;
	}
	return 0;
}

int options_parse(struct options *self, const struct command *command, int argc, char **argv)
{
	struct option longs[ENTRIES + 1];
	char letters[2 * ENTRIES + 2];
	char *error = NULL;
	int letter;

	*self = (struct options){0};
	describe(command, letters, longs);
	opterr = 0;
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (letter == '?' && optopt && optopt < 128)
			error = xasprintf("unknown option -%c", optopt);
		else if (letter == '?')
			error = xasprintf("unknown option %s", argv[optind - 1]);
		else if (letter == ':')
			error = xasprintf("%s needs an argument", argv[optind - 1]);
		if (error || apply(self, letter, optarg, &error) < 0) {
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
	*self = (struct options){0};
}

void options_print(const struct command *command, FILE *file)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		const struct option_entry *entry = &entries[i];
		char letter[8] = "    ", name[32];

		if (!takes(command, entry))
			continue;
		if (entry->letter >= 'A')
			snprintf(letter, sizeof letter, "-%c, ", entry->letter);
		snprintf(name, sizeof name, "--%s%s%s", entry->name, entry->argument ? " " : "",
			entry->argument ? entry->argument : "");
		fprintf(file, "  %s%-18s  %s\n", letter, name, entry->text);
	}
}

/* The options of all commands. An option means the same in every command that takes it; a command
 * may have others for itself, whose letters then are not those of all. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "parse.h"

struct command;

/* An option that one command has for itself; ' ' is no letter, NULL no argument. What was given
 * of them the command reads by itself. */
struct own_option {
	char letter;
	const char *name, *argument, *text;
};

struct own_given {
	const struct own_option *option;
	const char *argument; /* borrowed from the command line */
};

enum options_units { UNITS_DEFAULT, UNITS_HUMAN, UNITS_RAW };

struct options {
	const char *socket;         /* NULL: the usual place */
	bool no_start;              /* do not start a server */
	const char *table;          /* NULL: process */
	const char *attrs;          /* NULL: the command's choice */
	const char *sort;           /* NULL: the command's choice */
	const char *format;         /* NULL: table */
	uint64_t interval_ns;       /* 0: not given */
	uint64_t diff_ns;           /* 0: not given */
	struct parsed_address find; /* its text is NULL: not given */
	uint32_t count, top;        /* 0: no limit */
	uint32_t *pids;             /* owned */
	size_t pid_count;
	enum options_units units;
	bool cpu_total; /* CPU use as a share of the whole machine, not of one core */
	bool children, exits, sum, tree;
	bool states, no_header, time;
	bool sizes;
	bool names, raw, help;
	struct own_given *given; /* owned, in their order */
	size_t given_count;
	char **arguments; /* what is left */
	size_t argument_count;
};

/*
 * Reads the arguments of a command, without its name. Returns 0, or -EINVAL after a
 * complaint.
 */
int options_parse(struct options *self, const struct command *command, int argc, char **argv);
void options_finish(struct options *self);

/* What --table does, with NULL for no name; all is no table. Returns 0, or -EINVAL after a complaint. */
int options_set_table(struct options *self, const char *name);

/* What --pid does. Returns 0, or -EINVAL with a sentence in *ret_error. */
int options_set_pids(struct options *self, const char *list, char **ret_error);

/* The options of a command, a line each, as its help shows them. */
void options_print(const struct command *command, FILE *file);

/* The same for programs, "option COMMAND -a --attrs LIST TEXT" with tabs between and "-" for
 * what there is not; and what may stand for FORMAT, KIND and TABLE, "values FORMAT table json ..". */
void options_print_raw(const struct command *command, FILE *file);
void options_print_values(FILE *file);

#endif

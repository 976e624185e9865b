/*
 * A command of procctl: one file, which ends in one `const struct command`, and one line
 * in command.c that lists it. Those that only differ by their table share a file.
 */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include "choice.h"
#include "options.h"
#include "writer.h"

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_PROCESS = 3,
	EXIT_NO_SERVER = 4,
	EXIT_PROTOCOL = 5,
	EXIT_PERMISSION = 77,
};

struct command {
	const char *name;
	const char *table;     /* the one that it is about; NULL: what --table says */
	const char *arguments; /* "[NAME..]" in the usage line; "" for none */
	const char *options;   /* names of those that it takes, with spaces between */
	const struct own_option
		*own;         /* NULL, or options of its own, ended by one without a name */
	const char *summary;  /* one line of `procctl help` */
	const char *text;     /* what it does, in a paragraph */
	const char *examples; /* lines, each "command   what it shows" */
	/* What is after the options is in options->arguments. Returns the exit code. */
	int (*run)(const struct options *options);
};

extern const struct command command_subscribe, command_ps, command_tree, command_get,
	command_show, command_table, command_system, command_cpu, command_gpu, command_power,
	command_sensors, command_disks, command_net, command_groups, command_threads,
	command_regions, command_footprint, command_ledger, command_mem, command_attributes,
	command_limits, command_doctor, command_status, command_server, command_help;

/* All of them, ended by NULL. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

/* `procctl help`, `procctl help --raw` and `procctl help NAME`, to stdout. */
void command_print_overview(void);
void command_print_raw(void);
void command_print_help(const struct command *command);

/* One line to stderr, "procctl: ...", without a control character in it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Begins it on stdout as the options say. */
void begin_output(
	struct writer *writer, const struct options *options, enum writer_shape shape);

/*
 * Ends the output: EXIT_DONE, or EXIT_FAILED after a complaint when something could not
 * be written. A reader that went away is no failure: it has seen enough.
 */
int finish_output(void);

#endif

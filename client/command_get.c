/* Values for scripts: one a line, in the order in which they were asked for. */
#include <stdio.h>
#include <stdlib.h>

#include "attach.h"
#include "command.h"
#include "explain.h"
#include "format.h"
#include "subject.h"
#include "tree.h"

/* One value and nothing else on a line. What is missing is an empty line, and is complained
 * about. Returns the exit code. */
static int put(const struct options *options, const struct sheet *sheet, size_t row, size_t i)
{
	const struct procmon_attribute *attribute = sheet->columns[i];
	const struct procmon_value *value = sheet_cell(sheet, row, i);
	char number[FORMAT_MAX];

	if (value->state != PROCMON_OK) {
		char *why = explain_state(attribute, value->state);
		complain("%s of process %u: %s", attribute->name, sheet->rows[row].pid, why);
		free(why);
		putchar('\n');
		return value->state == PROCMON_DENIED ? EXIT_PERMISSION : EXIT_FAILED;
	}
	if (options->units == UNITS_HUMAN || !format_exact(number, value))
		puts(format_cell(number, attribute, value));
	else
		puts(number);
	return EXIT_DONE;
}

/* What is denied weighs more than what is missing otherwise. */
static int worse(int a, int b)
{
	return a == EXIT_PERMISSION || b == EXIT_DONE ? a : b;
}

static int put_row(const struct options *options, const struct sheet *sheet, size_t row)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < sheet->column_count; i++)
		code = worse(code, put(options, sheet, row, i));
	return code;
}

/* All rows of a family; else those of the pids in their order. */
static int print(const struct options *options, struct sheet *sheet)
{
	int code = EXIT_DONE;

	if (options->children) {
		sheet_sort(sheet, NULL, 0);
		tree_arrange(sheet);
		for (size_t row = 0; row < sheet->row_count; row++)
			code = worse(code, put_row(options, sheet, row));
		return code;
	}
	for (size_t i = 0; i < options->pid_count; i++)
		for (size_t row = 0; row < sheet->row_count; row++)
			if (sheet->rows[row].pid == options->pids[i])
				code = worse(code, put_row(options, sheet, row));
	return code;
}

static int get(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	struct procmon_table *table = NULL;
	struct subject subject = {0};
	struct sheet sheet = {0};
	int code = attach_server(options, attach_flags(options), &connection);

	if (code == EXIT_DONE)
		code = subject_init_exact(&subject, connection, options, options->arguments,
			options->argument_count - 1);
	if (code == EXIT_DONE)
		code = attach_sample(connection, options, subject.table, &subject.wanted,
			subject_has_rate(&subject), &table);
	/* a script that counts lines must not get fewer */
	if (code == EXIT_DONE && attach_count_missing(options, table) > 0)
		code = EXIT_NO_PROCESS;
	if (code == EXIT_DONE) {
		subject_fill(&subject, &sheet, table);
		code = print(options, &sheet);
		int output = finish_output();
		code = output == EXIT_DONE ? code : output;
	}
	sheet_finish(&sheet);
	procmon_release(table);
	subject_finish(&subject);
	procmon_release(connection);
	return code;
}

static int run(const struct options *options)
{
	struct options own = *options;
	char *error = NULL;
	int code = EXIT_USAGE;

	own.pids = NULL;
	own.pid_count = 0;
	if (options->argument_count < 2)
		complain("say what of which process: procctl get mem.footprint 1234");
	else if (options_set_pids(
			 &own, options->arguments[options->argument_count - 1], &error) < 0)
		complain("%s", error);
	else
		code = get(&own);
	free(error);
	free(own.pids);
	return code;
}

const struct command command_get = {
	.name = "get",
	.arguments = "ATTR.. PID,..",
	.options = "interval children cpu units no-start",
	.summary = "values of a process for scripts, one a line",
	.text = "Prints the value of each ATTR of each process, one a line, in the "
		"order in which they were asked for, and of a group its members as "
		"'procctl attributes' lists them. Values are exact, in base units, "
		"unless --units human is given. A value that is missing is an empty "
		"line and a line on standard error that says why; the exit code "
		"then is 77 where it was denied, else 1. With --children each "
		"process is followed by those below it.",
	.examples = "  procctl get mem.footprint 1\n"
		    "  procctl get cpu.usage,cpu.threads comm 1\n"
		    "  procctl get --children mem.footprint 1234 | awk '{ n += $1 } END { "
		    "print n }'\n",
	.run = run,
};

/* Values for scripts: one a line, in the order in which they were asked for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "attach.h"
#include "command.h"
#include "explain.h"
#include "format.h"
#include "oneshot.h"
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
		complain("%s of process %" PRIu64 ": %s", attribute->name, sheet->rows[row].pid,
			why);
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
static int put_rows(const struct options *options, struct sheet *sheet)
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

static int print(
	const struct options *options, struct subject *subject, struct procmon_table **tables)
{
	struct sheet sheet;
	int code, output;

	/* a script that counts lines must not get fewer */
	if (attach_count_missing(options, *tables) > 0)
		return EXIT_NO_PROCESS;
	subject_fill(subject, &sheet, tables);
	code = put_rows(options, &sheet);
	output = finish_output();
	sheet_finish(&sheet);
	return output == EXIT_DONE ? code : output;
}

static int choose(struct subject *subject, struct procmon_connection *connection,
	const struct options *options)
{
	return subject_init_exact(
		subject, connection, options, options->arguments, options->argument_count - 1);
}

static int get(const struct options *options)
{
	return oneshot_run(&(const struct oneshot){choose, print}, options);
}

static int run(const struct options *options)
{
	if (options->argument_count < 2) {
		complain("say what of which process: procctl get mem.footprint 1234");
		return EXIT_USAGE;
	}
	return oneshot_run_pids(options, options->arguments[options->argument_count - 1], get);
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

/* Processes under their parents. */
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "command.h"
#include "subject.h"
#include "tree.h"

static const char defaults[] = "cpu.usage,mem.footprint,cpu.threads,age";

static int print(
	const struct options *options, struct subject *subject, struct procmon_table *table)
{
	int code = attach_check_pids(options, table);
	struct sheet sheet;
	struct writer writer;

	if (code != EXIT_DONE)
		return code;
	subject_fill(subject, &sheet, table);
	if (options->sum)
		tree_sum(&sheet);
	if (options->sort)
		subject_arrange(subject, &sheet);
	else
		sheet_sort(&sheet, NULL, 0);
	tree_arrange(&sheet);
	begin_output(&writer, options, WRITER_SINGLE);
	if (writer.format == &format_table) {
		sheet.tree = true;
		tree_draw(&sheet, tree_can_utf8());
	}
	writer_sheet(&writer, &sheet);
	writer_end(&writer);
	sheet_finish(&sheet);
	return finish_output();
}

static int show(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	struct procmon_table *table = NULL;
	struct subject subject = {0};
	int code = attach_server(options, attach_flags(options), &connection);

	if (code == EXIT_DONE)
		code = subject_init_tree(&subject, connection, options, defaults);
	if (code == EXIT_DONE)
		code = attach_sample(connection, options, subject.table, &subject.wanted,
			subject_has_rate(&subject), &table);
	if (code == EXIT_DONE)
		code = print(options, &subject, table);
	procmon_release(table);
	subject_finish(&subject);
	procmon_release(connection);
	return code;
}

/* The arguments are roots, and these come with all that is below them. */
static int run(const struct options *options)
{
	struct options own = *options;
	char *error = NULL;
	int code = EXIT_USAGE;

	own.pids = NULL;
	own.pid_count = 0;
	if (options->argument_count > 1)
		complain("'procctl tree' takes one PID or a list with commas");
	else if (options->argument_count == 1 &&
		 options_set_pids(&own, options->arguments[0], &error) < 0)
		complain("%s", error);
	else {
		own.children = own.pid_count > 0;
		code = show(&own);
	}
	free(error);
	free(own.pids);
	return code;
}

const struct command command_tree = {
	.name = "tree",
	.arguments = "[PID,..]",
	.options = "attrs interval sum sort cpu units output no-header time states no-start",
	.summary = "processes under their parents",
	.text = "Prints the processes once, each under its parent; with PID these "
		"and what is below them. --sum adds to each what is below it, as "
		"far as that can be added (memory that processes share is then "
		"counted more than once, but for mem.footprint and mem.pss). --sort "
		"is the order of siblings. Where the last attribute is a text, it "
		"stands in place of the name.",
	.examples = "  procctl tree\n"
		    "  procctl tree 1 --attrs cmdline\n"
		    "  procctl tree --sum --sort mem.footprint --attrs mem.footprint\n",
	.run = run,
};

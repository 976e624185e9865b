/* Processes under their parents. */
#include "command.h"
#include "oneshot.h"
#include "view.h"

/* The pids are roots, and these come with all that is below them. */
static int show(const struct options *options)
{
	struct options own = *options;

	own.children = options->pid_count > 0;
	own.tree = true;
	return view_run(&own);
}

static int run(const struct options *options)
{
	if (options->argument_count > 1) {
		complain("'procctl tree' takes one PID or a list with commas");
		return EXIT_USAGE;
	}
	return oneshot_run_pids(
		options, options->argument_count ? options->arguments[0] : NULL, show);
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

#include <stdio.h>

#include "command.h"

static int run(const struct options *options)
{
	if (options->argument_count == 0) {
		if (options->raw)
			command_print_raw();
		else
			command_print_overview();
		return finish_output();
	}
	const struct command *command = command_find(options->arguments[0]);
	if (!command) {
		complain("there is no command \"%s\"; 'procctl help' lists them",
			options->arguments[0]);
		return EXIT_USAGE;
	}
	command_print_help(command);
	return finish_output();
}

const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.options = "raw",
	.summary = "how to use a command",
	.text = "Lists the commands, or says how to use one of them. --raw lists "
		"all there is for programs, with tabs between: values, commands, "
		"options.",
	.examples = "  procctl help ps\n",
	.run = run,
};

/*
 * procctl: what the processes of this machine are doing, on the command line. It is a
 * client of procmond like any other: all it knows comes through procmon.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "text.h"

/* The command that a cut or misspelt name is near to; NULL if to none. */
static const struct command *near_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strncmp(name, commands[i]->name, strlen(name)) == 0 ||
			text_distance(name, commands[i]->name, 2) <= 2)
			return commands[i];
	return NULL;
}

static int refuse(const char *name)
{
	const struct command *near = near_command(name);

	if (*name == '-')
		complain("options follow the command: procctl COMMAND %s ...", name);
	else if (near)
		complain("there is no command \"%s\"; near: %s", name, near->name);
	else
		complain("there is no command \"%s\"; 'procctl help' lists them", name);
	return EXIT_USAGE;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct options options;
	int code = EXIT_USAGE;

	if (options_parse(&options, command, argc, argv) == 0) {
		if (options.help) {
			command_print_help(command);
			code = finish_output();
		} else if (options.argument_count > 0 && !*command->arguments)
			complain("'procctl %s' takes no argument \"%s\"", command->name,
				options.arguments[0]);
		else
			code = command->run(&options);
	}
	options_finish(&options);
	return code;
}

/* What the caller closed must not become the connection to the server. Such an output fails. */
static void open_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	open_standard_files();
	if (argc < 2) {
		complain("which command? 'procctl help' lists them");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("procctl %s\n", PROCMON_VERSION);
		return finish_output();
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		command_print_overview();
		return finish_output();
	}
	const struct command *command = command_find(argv[1]);
	return command ? run(command, argc - 1, argv + 1) : refuse(argv[1]);
}

/* The commands, their help, and how procctl talks to people. */
#include "command.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "screen.h"
#include "text.h"

const struct command *const commands[] = {
	&command_subscribe,
	&command_ps,
	&command_tree,
	&command_get,
	&command_show,
	&command_table,
	&command_system,
	&command_cpu,
	&command_gpu,
	&command_power,
	&command_sensors,
	&command_disks,
	&command_net,
	&command_groups,
	&command_threads,
	&command_regions,
	&command_footprint,
	&command_ledger,
	&command_mem,
	&command_attributes,
	&command_limits,
	&command_status,
	&command_doctor,
	&command_server,
	&command_help,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

void command_print_overview(void)
{
	printf("Usage: procctl COMMAND [OPTION..]\n\n"
	       "Shows what this machine and its processes are doing.\n\nCommands:\n");
	for (size_t i = 0; commands[i]; i++)
		printf("  %-11s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nTry:\n"
	       "  procctl subscribe --attrs mem,gpu   memory and GPU use, live\n"
	       "  procctl ps --sort cpu.usage --top 10\n"
	       "  procctl system                      the machine as a whole\n"
	       "  procctl help subscribe              the options of a command\n");
}

void command_print_raw(void)
{
	options_print_values(stdout);
	for (size_t i = 0; commands[i]; i++) {
		printf("command\t%s\t%s\t%s\t%s\n", commands[i]->name,
			*commands[i]->arguments ? commands[i]->arguments : "-",
			commands[i]->summary, commands[i]->table ? commands[i]->table : "-");
		options_print_raw(commands[i], stdout);
	}
}

/* A paragraph in lines that fit any terminal. */
static void print_paragraph(const char *text)
{
	enum { WIDTH = 79 };

	while (strlen(text) > WIDTH) {
		int length = WIDTH;
		while (length > 0 && text[length] != ' ')
			length--;
		printf("%.*s\n", length, text);
		text += length + 1;
	}
	printf("%s\n", text);
}

void command_print_help(const struct command *command)
{
	printf("Usage: procctl %s [OPTION..]%s%s\n\n", command->name,
		*command->arguments ? " " : "", command->arguments);
	print_paragraph(command->text);
	printf("\nOptions:\n");
	options_print(command, stdout);
	printf("\nExamples:\n%s", command->examples);
}

void complain(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return;
	char *clean = xcalloc((size_t)length + 1, 1);
	text_sanitise(clean, (size_t)length + 1, text, (size_t)length);
	fprintf(stderr, "procctl: %s\n", clean);
	free(clean);
	free(text);
}

/* Asked of the pipe itself: errno may be long gone. */
static bool reader_is_gone(void)
{
	struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP));
}

void begin_output(struct writer *writer, const struct options *options, enum writer_shape shape)
{
	writer_begin(writer, writer_find_format(options->format ? options->format : "table"),
		stdout, shape);
	if (options->units != UNITS_DEFAULT)
		writer->human = options->units == UNITS_HUMAN;
	writer->states = options->states;
	writer->no_header = options->no_header;
	writer->time = options->time;
	writer->width = screen_width();
	writer->utf8 = screen_can_utf8();
}

int finish_output(void)
{
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || reader_is_gone())
		return EXIT_DONE;
	complain("cannot write: %s", errno ? strerror(errno) : "the output failed");
	return EXIT_FAILED;
}

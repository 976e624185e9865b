/* The mappings of a process, as vmmap(1) shows them. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "attach.h"
#include "clock.h"
#include "command.h"
#include "regions.h"
#include "shot.h"

/* Two looks are different requests: nothing is sampled meanwhile. Returns EXIT_DONE, or an exit code
 * after a complaint. */
static int wait_between(struct procmon_connection *connection, uint64_t ns)
{
	static const uint64_t millisecond_ns = 1000000;
	uint64_t end_ms = clock_now_ms() + ns / millisecond_ns, now_ms;

	for (;;) {
		now_ms = clock_now_ms();
		if (now_ms >= end_ms)
			return EXIT_DONE;
		int result = procmon_dispatch(connection, (int)(end_ms - now_ms));
		if (result < 0) {
			complain("the server is gone");
			return attach_exit_code(result);
		}
	}
}

/* Its flags, into a new text; NULL: it is not there any more. */
static char *read_flags(const struct target *process, struct procmon_connection *connection,
	const struct options *options)
{
	static char attribute[] = "flags";
	char *const list[] = {attribute}, *flags = NULL;
	uint32_t pid = process->pid;
	struct procmon_table *table = NULL;
	struct options own = {.no_start = options->no_start, .pids = &pid, .pid_count = 1};
	struct subject subject;
	struct procmon_value value = {0};

	if (subject_init_exact(&subject, connection, &own, list, 1) == EXIT_DONE &&
		shot_take(connection, &subject, &table) == EXIT_DONE &&
		procmon_table_get_count(table) == 1) {
		procmon_row_get_value(
			procmon_table_get_row(table, 0), subject.columns.items[0]->id, &value);
		flags = xstrdup(value.state == PROCMON_OK ? value.text : "");
	}
	procmon_release(table);
	subject_finish(&subject);
	return flags;
}

/* Why there is nothing. */
static int tell_no_memory(const struct target *process, struct procmon_connection *connection,
	const struct options *options)
{
	char *flags = read_flags(process, connection, options);
	bool is_kernel = flags && strstr(flags, "kernel");

	if (flags)
		complain("process %u (%s) has no memory of its own: it is %s", process->pid,
			process->name, is_kernel ? "a kernel thread" : "ending");
	else
		complain("there is no process %u", process->pid);
	int code = flags ? EXIT_FAILED : EXIT_NO_PROCESS;
	free(flags);
	return code;
}

static int difference(struct regions *before, struct procmon_connection *connection,
	const struct options *options)
{
	struct regions after = {0};
	int code = wait_between(connection, options->diff_ns);

	if (code == EXIT_DONE)
		code = regions_read(&after, connection, options, &before->process);
	if (code == EXIT_DONE)
		code = regions_print_difference(before, &after);
	regions_finish(&after);
	return code;
}

static int show(const struct target *process, struct procmon_connection *connection,
	const struct options *options)
{
	struct regions regions;
	int code = regions_read(&regions, connection, options, process);

	if (code == EXIT_DONE && regions.sheet.row_count == 0 && !regions.sheet.incomplete)
		code = tell_no_memory(process, connection, options);
	else if (code == EXIT_DONE && options->find.text)
		code = regions_print_found(&regions, procmon_get_server(connection));
	else if (code == EXIT_DONE && options->diff_ns)
		code = difference(&regions, connection, options);
	else if (code == EXIT_DONE)
		code = regions_print(&regions);
	regions_finish(&regions);
	return code;
}

/* What cannot be done at once. */
static const char *find_contradiction(const struct options *options)
{
	bool orders = options->sort || options->top;

	if (options->argument_count != 1)
		return options->argument_count ? "mappings are shown of one process at a time"
					       : "mappings of which process? procctl regions "
						 "1234";
	if (options->find.text && options->diff_ns)
		return "--find and --diff do not go together";
	if (options->find.text && orders)
		return "--find shows one mapping: leave --sort and --top out";
	if (options->diff_ns && (orders || options->attrs))
		return "--diff has an order and columns of its own: leave --attrs, --sort and "
		       "--top out";
	return NULL;
}

static int run(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	struct target process = {0};
	const char *wrong = find_contradiction(options);

	if (wrong) {
		complain("%s", wrong);
		return EXIT_USAGE;
	}
	int code = attach_server(options, attach_flags(options), &connection);
	if (code == EXIT_DONE)
		code = target_find(connection, options->arguments[0], &process);
	if (code == EXIT_DONE)
		code = show(&process, connection, options);
	target_finish(&process);
	procmon_release(connection);
	return code;
}

const struct command command_regions = {
	.name = "regions",
	.table = "region",
	.arguments = "PID|NAME",
	.options = "sizes find diff attrs sort top units output no-header time states no-start",
	.summary = "the mappings of a process",
	.text = "Prints table REGION, the mappings of a process in the order of their "
		"addresses, and what they come to by what they are for. That is cheap; "
		"--sizes adds how much of each is in memory, dirty or swapped, for which the "
		"kernel walks page tables. --find prints the mapping that an address is in, "
		"where that is in the file, and the build id of the file. --diff prints "
		"what was mapped and unmapped, grew and shrank in that time. An address with "
		"0x or a letter is hexadecimal; digits only are that, too, as tables "
		"print them, unless nothing is mapped there: then they are decimal, as json "
		"has them.",
	.examples = "  procctl regions 1234\n"
		    "  procctl regions 1234 --sizes --sort mem.dirty --top 10\n"
		    "  procctl regions 1234 --diff 1s --sizes\n"
		    "  procctl regions 1234 -o json\n",
	.run = run,
};

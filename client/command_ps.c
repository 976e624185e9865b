#include <stdio.h>

#include "attach.h"
#include "command.h"
#include "oneshot.h"

static const char defaults[] =
	"uid,state,cpu.usage,cpu.total,mem.footprint,mem.resident,cpu.threads,age";

static int print(
	const struct options *options, struct subject *subject, struct procmon_table *table)
{
	int code = attach_check_pids(options, table);
	struct sheet sheet;
	struct writer writer;

	if (code != EXIT_DONE)
		return code;
	subject_fill(subject, &sheet, table);
	/* without a wish the order is ps's own: by pid */
	if (options->sort || options->top || subject->table != PROCMON_PROCESS)
		subject_arrange(subject, &sheet);
	else
		sheet_sort(&sheet, NULL, 0);
	begin_output(&writer, options, WRITER_SINGLE);
	writer_sheet(&writer, &sheet);
	writer_end(&writer);
	sheet_finish(&sheet);
	return finish_output();
}

static int choose(struct subject *subject, struct procmon_connection *connection,
	const struct options *options)
{
	return subject_init(subject, connection, options, defaults);
}

static int run(const struct options *options)
{
	return oneshot_run(&(const struct oneshot){choose, print}, options);
}

const struct command command_ps = {
	.name = "ps",
	.arguments = "",
	.options = "table attrs interval pid children sort top cpu units output no-header time "
		   "states no-start",
	.summary = "one table of what is now",
	.text = "Prints a table once. Rates like cpu.usage need two samples: they "
		"take half a second. Processes are in the order of their pids, "
		"unless --sort or --top is given; --top alone goes by the first "
		"number with a unit.",
	.examples = "  procctl ps\n"
		    "  procctl ps --sort cpu.usage --top 10\n"
		    "  procctl ps --attrs mem,cmdline --sort mem.footprint\n"
		    "  procctl ps --pid 1,2 --attrs all -o json\n",
	.run = run,
};

#include "command.h"
#include "view.h"

const struct command command_ps = {
	.name = "ps",
	.arguments = "",
	.options = "table attrs interval pid children sort top cpu units output no-header time "
		   "states no-start",
	.summary = "one table of what is now",
	.text = "Prints a table once. Rates like cpu.usage need two samples: they "
		"take half a second. Processes are in the order of their pids, "
		"unless --sort or --top is given; --top alone goes by the first "
		"number with a unit. Other tables are in the order of names, unless "
		"one of these is given.",
	.examples = "  procctl ps\n"
		    "  procctl ps --sort cpu.usage --top 10\n"
		    "  procctl ps --attrs mem,cmdline --sort mem.footprint\n"
		    "  procctl ps --pid 1,2 --attrs all -o json\n",
	.run = view_run,
};

/* One table, once: any by its name, and those of the machine by short names. */
#include "command.h"
#include "oneshot.h"
#include "view.h"

#define OPTIONS "attrs interval sort top cpu units output no-header time states no-start"

/* A table about processes takes them as arguments, all others take none. */
static int run_targets(const struct options *options)
{
	if (options->argument_count == 1)
		return oneshot_run_pids(options, options->arguments[0], view_run);
	complain(options->argument_count ? "several processes are one list with commas: 1,2,3"
					 : "threads of which process? procctl threads 1234");
	return EXIT_USAGE;
}

static int run_named(const struct options *options)
{
	struct options own = *options;
	const char *name = options->argument_count ? options->arguments[0] : NULL;

	own.table = NULL;
	if (options_set_table(&own, name) < 0)
		return EXIT_USAGE;
	own.arguments++;
	own.argument_count--;
	return own.argument_count ? run_targets(&own) : view_run(&own);
}

const struct command command_table = {
	.name = "table",
	.arguments = "TABLE [PID,..]",
	.options = OPTIONS,
	.summary = "any table once, by its name",
	.text = "Prints a table once, as 'procctl ps' does: process, system, cpu, gpu, "
		"power, sensor, disk, network, coalition, thread, region, footprint, "
		"ledger, server or session; "
		"the commands that show one of them are names of it, too. thread, "
		"region, footprint and ledger want to know of which processes: the "
		"mappings, the memory by what it is for, and the accounts that the "
		"kernel keeps. What is shown without --attrs is "
		"what most people want; --attrs all shows details, too. Rows are in "
		"the order of their names unless --sort or --top is given.",
	.examples = "  procctl table network\n"
		    "  procctl table cpu --attrs all -o json\n"
		    "  procctl table thread 1234 --sort cpu.usage\n"
		    "  procctl table region 1234 --attrs all -o csv\n"
		    "  procctl table footprint 1234\n",
	.run = run_named,
};

const struct command command_system = {
	.name = "system",
	.table = "system",
	.arguments = "",
	.options = OPTIONS,
	.summary = "the machine as a whole",
	.text = "Prints table SYSTEM: the memory, the load and the times of the machine, "
		"a value a line. json, jsonl and csv have one row.",
	.examples = "  procctl system\n"
		    "  procctl system --attrs all\n",
	.run = view_run,
};

const struct command command_cpu = {
	.name = "cpu",
	.table = "cpu",
	.arguments = "",
	.options = OPTIONS,
	.summary = "the cores: use, frequency, temperature",
	.text = "Prints table CPU: how busy each core is and with what, how fast it runs "
		"and how warm it is.",
	.examples = "  procctl cpu\n"
		    "  procctl cpu --top 4\n",
	.run = view_run,
};

const struct command command_gpu = {
	.name = "gpu",
	.table = "gpu",
	.arguments = "",
	.options = OPTIONS,
	.summary = "the GPUs: use, memory, power",
	.text = "Prints table GPU: how busy each GPU is, its memory, power and "
		"temperature. One that sleeps is not woken. What processes use of it "
		"is in group gpu of 'procctl ps'.",
	.examples = "  procctl gpu\n"
		    "  procctl gpu --attrs all -o json\n",
	.run = view_run,
};

const struct command command_power = {
	.name = "power",
	.table = "power",
	.arguments = "",
	.options = OPTIONS,
	.summary = "batteries, supplies, energy meters",
	.text = "Prints table POWER: the power that batteries, supplies and energy meters "
		"of chips tell, and how full batteries are.",
	.examples = "  procctl power\n"
		    "  procctl power -i 2s\n",
	.run = view_run,
};

const struct command command_sensors = {
	.name = "sensors",
	.table = "sensor",
	.arguments = "",
	.options = OPTIONS,
	.summary = "temperatures, fans, voltages",
	.text = "Prints table SENSOR: temperatures with their limits, fans, voltages and "
		"currents.",
	.examples = "  procctl sensors\n"
		    "  procctl sensors --sort temperature\n",
	.run = view_run,
};

const struct command command_disks = {
	.name = "disks",
	.table = "disk",
	.arguments = "",
	.options = OPTIONS,
	.summary = "disks: what they read and write",
	.text = "Prints table DISK: what each disk and partition reads and writes a "
		"second, how busy it is, and how long it takes to answer.",
	.examples = "  procctl disks\n"
		    "  procctl disks --sort write.rate --top 3\n",
	.run = view_run,
};

const struct command command_net = {
	.name = "net",
	.table = "network",
	.arguments = "",
	.options = OPTIONS,
	.summary = "network interfaces: what they carry",
	.text = "Prints table NETWORK: what each interface receives and sends a second, "
		"and its errors.",
	.examples = "  procctl net\n"
		    "  procctl net --attrs all -o json\n",
	.run = view_run,
};

const struct command command_groups = {
	.name = "groups",
	.table = "coalition",
	.arguments = "",
	.options = "tree " OPTIONS,
	.summary = "groups of processes: cgroups",
	.text = "Prints table COALITION: what the control groups use, that is services, "
		"sessions and containers. A group has in it what is in the groups below "
		"it. --tree puts each under the one that it is part of.",
	.examples = "  procctl groups\n"
		    "  procctl groups --tree\n"
		    "  procctl groups --sort mem.current --top 10\n",
	.run = view_run,
};

const struct command command_threads = {
	.name = "threads",
	.table = "thread",
	.arguments = "PID,..",
	.options = OPTIONS,
	.summary = "the threads of processes",
	.text = "Prints table THREAD: the threads of the processes, with what each "
		"does. Of several processes the id comes first.",
	.examples = "  procctl threads 1234\n"
		    "  procctl threads 1234 --sort cpu.usage --top 5\n",
	.run = run_targets,
};

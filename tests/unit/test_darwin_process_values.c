/* The values of table PROCESS on simulated Macs. 24 ticks are a microsecond: a tick is 125/3 ns. */
#include "darwin_cell.h"

static uint64_t number(struct watch *watch, int pid, const char *name)
{
	return cell_u64(watch, watch_find(watch, pid), name);
}

static const char *text(struct watch *watch, int pid, const char *name)
{
	return cell_text(watch, watch_find(watch, pid), name);
}

static struct watch *begin(const char *name)
{
	sim_boot(name);
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	return watch;
}

struct expected {
	const char *name;
	uint64_t value;
};

static void check_numbers(
	struct watch *watch, int pid, const struct expected *expected, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = number(watch, pid, expected[i].name);
		if (value != expected[i].value)
			test_fail(__FILE__, __LINE__, "%s of %d is %lld, expected %lld",
				expected[i].name, pid, (long long)value,
				(long long)expected[i].value);
	}
}

#define CHECK_NUMBERS(watch, pid, expected)                                                    \
	check_numbers(watch, pid, expected, sizeof(expected) / sizeof *(expected))
#define NONE        ABSENT_U64(STATE_NONE)
#define DENIED      ABSENT_U64(STATE_DENIED)
#define UNSUPPORTED ABSENT_U64(STATE_UNSUPPORTED)

TEST(times_of_rusage)
{
	static const struct expected expected[] = {
		/* 2400000000 / 24 us, 1200000000 / 24 us */
		{"cpu.user", 100000000000}, {"cpu.system", 50000000000},
		{"cpu.total", 150000000000},
		/* 2640000000 / 24 us */
		{"start.boot", 110000000000}, {"cpu.children_user", 1000000},
		{"cpu.children_system", 2000000}, {"cpu.children_elapsed", 10000000000},
		{"cpu.qos_default", 1000}, {"cpu.qos_maintenance", 2000},
		{"cpu.qos_background", 3000}, {"cpu.qos_utility", 4000},
		{"cpu.qos_legacy", 5000}, {"cpu.qos_user_initiated", 6000},
		{"cpu.qos_user_interactive", 7000}, {"cpu.billed_system", 10000},
		{"cpu.serviced_system", 20000}, {"cpu.runnable_lifetime", 200000000000},
		{"cpu.performance_user", 50000000000}, {"cpu.performance_system", 25000000000},
		{"cpu.secure", 0}, /* macOS 14.5 knows it */
	};
	struct watch *watch = begin("m1");

	CHECK_NUMBERS(watch, 501, expected);
	watch_close(watch);
}

TEST(the_rest_of_rusage)
{
	static const struct expected expected[] = {
		{"wakeups.idle", 77},
		{"wakeups.interrupt", 8888},
		{"wakeups.children_idle", 3},
		{"wakeups.children_interrupt", 4},
		{"faults.children_major", 5},
		{"faults.major", 1234},
		{"mem.wired", 65536},
		{"mem.resident", 314572800},
		{"mem.footprint", 209715200},
		{"mem.footprint_lifetime_peak", 419430400},
		{"mem.footprint_interval_peak", 419430401},
		{"disk.read", 10485760},
		{"disk.written", 5242880},
		{"disk.logical_written", 6291456},
		{"cpu.instructions", 900000000000},
		{"cpu.cycles", 300000000000},
		{"cpu.performance_instructions", 600000000000},
		{"cpu.performance_cycles", 200000000000},
		{"energy.cpu", 50000000000},
		{"energy.cpu_performance", 40000000000},
		{"energy.billed", 1000},
		{"energy.serviced", 2000},
		/* macOS 15 is the first to tell it */
		{"mem.neural", UNSUPPORTED},
		{"mem.neural_lifetime_peak", UNSUPPORTED},
		{"mem.neural_interval_peak", UNSUPPORTED},
	};
	struct watch *watch = begin("m1");

	CHECK_NUMBERS(watch, 501, expected);
	watch_close(watch);
}

/* A third of a nanosecond is cut, the ticks are not: 1 tick, 41.67 ns; 24000001 ticks, 1000000041.67. */
TEST(ticks_are_multiplied_first)
{
	struct watch *watch = begin("m1");

	sim_set_u64("process", "501", "user", 1);
	sim_set_u64("process", "501", "system", 24000001);
	watch_list(watch);
	CHECK_INT(number(watch, 501, "cpu.user"), 41);
	CHECK_INT(number(watch, 501, "cpu.system"), 1000000041);
	watch_close(watch);
}

/* Programs for Intel are told of a clock of nanoseconds there, but the kernel goes on to count so. */
TEST(rosetta)
{
	sim_boot("m1");
	sim_set("mach", "", "timebase", "1/1");
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	CHECK_INT(number(watch, 501, "cpu.user"), 100000000000);
	watch_close(watch);
}

/* A tick is a nanosecond there, and neither energy nor kinds of cores are told. */
TEST(intel)
{
	static const struct expected expected[] = {
		{"cpu.user", 300000000000},
		{"cpu.total", 400000000000},
		{"mem.footprint", 268435456},
		{"cpu.instructions", 1200000000000},
		{"energy.cpu", UNSUPPORTED},
		{"energy.cpu_performance", UNSUPPORTED},
		{"cpu.performance_user", UNSUPPORTED},
		{"cpu.performance_cycles", UNSUPPORTED},
		{"cpu.secure", UNSUPPORTED},
	};
	struct watch *watch = begin("intel");

	CHECK_NUMBERS(watch, 501, expected);
	watch_close(watch);
}

/* Without counters of the CPU. A process that did not run has 0 of all. */
TEST(virtual_machine)
{
	static const struct expected expected[] = {
		{"cpu.user", 300000000000},
		{"cpu.instructions", UNSUPPORTED},
		{"cpu.cycles", UNSUPPORTED},
		{"energy.cpu", UNSUPPORTED},
		{"cpu.performance_user", UNSUPPORTED},
	};
	struct watch *watch = begin("vm");

	CHECK_NUMBERS(watch, 501, expected);
	sim_set_u64("process", "501", "user", 0);
	sim_set_u64("process", "501", "system", 0);
	watch_list(watch);
	CHECK_INT(number(watch, 501, "cpu.instructions"), 0);
	CHECK_INT(number(watch, 501, "energy.cpu"), 0);
	/* one that does count it */
	sim_set_u64("process", "501", "user", 1);
	sim_set_u64("process", "501", "energy_nj", 5);
	watch_list(watch);
	CHECK_INT(number(watch, 501, "energy.cpu"), 5);
	watch_close(watch);
}

/* The neural engine's memory since macOS 15; on an older one of the same kind it is not told. */
TEST(other_macs)
{
	static const struct {
		const char *name;
		uint64_t neural, secure;
	} macs[] = {
		{"m1-ultra", UNSUPPORTED, UNSUPPORTED}, /* macOS 13.6 */
		{"m2-pro", UNSUPPORTED, 0},             /* 14.5 */
		{"m3-max", 33554432, 0},
		{"m4-pro", 33554432, 0},
		{"m5-max", 33554432, 0},
		{"a18", 33554432, 0},
	};

	for (size_t i = 0; i < sizeof macs / sizeof *macs; i++) {
		struct watch *watch = begin(macs[i].name);
		/* (7200000000 + 2400000000) / 24 us */
		CHECK_INT(number(watch, 501, "cpu.total"), 400000000000);
		CHECK_INT(number(watch, 501, "energy.cpu"), 900000000000);
		CHECK_INT(number(watch, 501, "mem.neural"), macs[i].neural);
		CHECK_INT(number(watch, 501, "cpu.secure"), macs[i].secure);
		watch_close(watch);
	}
}

/* Old kernels refuse the newer versions of rusage, once. */
TEST(older_versions_of_rusage)
{
	sim_boot("m1");
	sim_set("libproc", "", "rusage", "5");
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	CHECK_INT(number(watch, 501, "cpu.user"), 100000000000);
	CHECK_INT(number(watch, 501, "mem.footprint_lifetime_peak"), 419430400);
	CHECK_INT(number(watch, 501, "energy.cpu"), UNSUPPORTED);
	CHECK_INT(number(watch, 501, "cpu.performance_user"), UNSUPPORTED);
	CHECK_INT(sim_calls("proc_pid_rusage", 6), 1);
	CHECK_INT(sim_calls("proc_pid_rusage", 4), 1);
	watch_close(watch);

	sim_boot("m1");
	sim_set("libproc", "", "rusage", "3");
	sim_forget_calls();
	watch = watch_open(NULL, NULL, NULL);
	watch_list(watch);
	CHECK_INT(number(watch, 501, "cpu.user"), 100000000000);
	CHECK_INT(number(watch, 501, "disk.read"), 10485760);
	CHECK_INT(number(watch, 501, "mem.footprint_lifetime_peak"), UNSUPPORTED);
	CHECK_INT(number(watch, 501, "cpu.qos_default"), UNSUPPORTED);
	watch_list(watch);
	CHECK_INT(number(watch, 640, "cpu.user"), 10000000);
	CHECK_INT(sim_calls("proc_pid_rusage", 6), 1);
	CHECK_INT(sim_calls("proc_pid_rusage", 4), 1);
	CHECK_INT(sim_calls("proc_pid_rusage", 2), 2);
	watch_close(watch);
}

TEST(of_the_task)
{
	static const struct expected expected[] = {
		{"mem.virtual", 420000000000},
		/* 240000000 / 24 us, 120000000 / 24 us */
		{"cpu.threads_user", 10000000000},
		{"cpu.threads_system", 5000000000},
		{"cpu.threads", 30},
		{"cpu.threads_running", 2},
		{"policy", 1},
		{"priority", 46},
		{"faults.total", 500000},
		{"faults.copy", 3000},
		{"mach.sent", 70000},
		{"mach.received", 60000},
		{"calls.mach", 90000},
		/* the kernel counts no further than that: it stands still */
		{"calls.unix", UNSUPPORTED},
		{"switches.lifetime", 400000},
		{"workqueue.threads", 12},
		{"workqueue.running", 2},
		{"workqueue.blocked", 10},
		{"workqueue.state", 0},
		/* 4096 - 1000 - 1 */
		{"mach.ports", 3095},
		{"files.open", 7},
		{"files.table", 100},
		{"files.sockets", 3},
		{"net.connections", 2},
	};
	struct watch *watch = begin("m1");

	CHECK_NUMBERS(watch, 501, expected);
	CHECK_INT(number(watch, 640, "workqueue.threads"), NONE);
	CHECK_INT(number(watch, 640, "files.sockets"), 0);
	CHECK_INT(number(watch, 710, "mach.ports"), NONE); /* a zombie */
	CHECK_INT(number(watch, 710, "cpu.threads"), NONE);
	/* newer kernels may say it so */
	sim_fail("proc_pidinfo", 12, 640, 22, 1);
	CHECK_INT(number(watch, 640, "workqueue.threads"), NONE);
	sim_fail("proc_pidinfo", 32, 640, 22, 1);
	CHECK_INT(number(watch, 640, "mach.ports"), NONE);
	sim_fail("proc_pidinfo", 32, 640, 5, 1);
	CHECK_INT(number(watch, 640, "mach.ports"), ABSENT_U64(STATE_FAILED));
	sim_set("process", "640", "ports", "0 0");
	CHECK_INT(number(watch, 640, "mach.ports"), NONE);
	watch_close(watch);
}

TEST(of_bsd)
{
	static const struct expected zsh[] = {
		{"pid", 640},
		{"ppid", 501},
		{"unique_id", 5000},
		{"parent_unique_id", 4711},
		{"pgid", 640},
		{"sid", 640},
		{"uid", 501},
		{"gid", 20},
		{"ruid", 501},
		{"rgid", 20},
		{"svuid", 501},
		{"svgid", 20},
		{"status", 2},
		{"nice", 5},
		{"jobc", 0},
		{"tty.device", 0x10000001},
		{"tty.pgid", 700},
		{"bsd_flags", 0x40F0},
		{"app_sleep", 0},
		{"tracer", NONE},
		{"coalition", 600},
		{"children", 2},
		{"responsible.pid", 501},
		{"responsible.unique_id", 4711},
		{"start.time", 1714000200ull * 1000000000},
	};
	struct watch *watch = begin("m1");

	CHECK_NUMBERS(watch, 640, zsh);
	CHECK_TEXT(text(watch, 640, "comm"), "zsh");
	CHECK_TEXT(text(watch, 640, "tty.name"), "ttys001");
	CHECK_TEXT(text(watch, 640, "flags"), "leader,terminal");
	CHECK_INT(number(watch, 501, "tty.device"), NONE);
	CHECK_TEXT(text(watch, 501, "tty.name"), "");
	CHECK_TEXT(text(watch, 501, "flags"), "application,donor");
	CHECK_INT(number(watch, 501, "responsible.pid"), 501);
	CHECK_INT(number(watch, 501, "start.time"), 1714000100250000000);
	CHECK_INT(number(watch, 501, "children"), 1);
	CHECK_INT(number(watch, 0, "children"), 1);
	CHECK_INT(number(watch, 710, "sid"), NONE); /* a zombie */
	watch_close(watch);
}

TEST(flags_and_terminals)
{
	struct watch *watch = begin("m1");

	/* System, traced, exiting, background by others, suppressed, translated, changed rights */
	sim_set("process", "640", "flags", "0x2812007");
	sim_set("process", "640", "tdev", "0");
	sim_set("process", "640", "tpgid", NULL);
	watch_list(watch);
	CHECK_TEXT(text(watch, 640, "flags"),
		"kernel,exiting,suppressed,background,translated,privileged,traced");
	CHECK_TEXT(text(watch, 640, "tty.name"), "console");
	CHECK_INT(number(watch, 640, "tty.pgid"), NONE);
	CHECK_INT(number(watch, 640, "app_sleep"), 1);
	CHECK_INT(number(watch, 640, "tracer"), 501);
	sim_set("process", "640", "tdev", "0x0B000003");
	sim_set("process", "640", "flags", "0");
	watch_list(watch);
	CHECK_TEXT(text(watch, 640, "tty.name"), "");
	CHECK_INT(number(watch, 640, "tty.device"), 0x0B000003);
	CHECK_TEXT(text(watch, 640, "flags"), "");
	watch_close(watch);
}

/* Of another user's, sysctl has what the short answer lacks: who leads a session, and its terminal. */
TEST(flags_of_other_users)
{
	struct watch *watch = begin("m1");

	sim_set("process", "700", "flags", "0x60F0");
	watch_list(watch);
	CHECK_INT(number(watch, 700, "bsd_flags"), 0x60F0);
	CHECK_TEXT(text(watch, 700, "flags"), "leader,terminal,privileged");
	CHECK_INT(number(watch, 700, "tty.pgid"), 700);
	CHECK_INT(number(watch, 700, "jobc"), 1);
	watch_close(watch);
}

TEST(states)
{
	struct watch *watch = begin("m1");

	CHECK_TEXT(text(watch, 501, "state"), "R");
	CHECK_TEXT(text(watch, 640, "state"), "S");
	CHECK_TEXT(text(watch, 710, "state"), "Z");
	sim_set("process", "640", "status", "4");
	watch_list(watch);
	CHECK_TEXT(text(watch, 640, "state"), "T");
	sim_set("process", "640", "flags", "2");
	watch_list(watch);
	CHECK_TEXT(text(watch, 640, "state"), "t");
	sim_set("process", "640", "status", "1");
	watch_list(watch);
	CHECK_TEXT(text(watch, 640, "state"), "I");
	watch_close(watch);
}

TESTS(CASE(times_of_rusage), CASE(the_rest_of_rusage), CASE(ticks_are_multiplied_first),
	CASE(rosetta), CASE(intel), CASE(virtual_machine), CASE(other_macs),
	CASE(older_versions_of_rusage), CASE(of_the_task), CASE(of_bsd),
	CASE(flags_and_terminals), CASE(flags_of_other_users), CASE(states));

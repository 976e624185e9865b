/* Table SYSTEM of macOS. Pages of the fixtures are 16 KiB, of m1.mac 1048576 of them. */
#include <errno.h>

#include "darwin_cell.h"
#include "test.h"

#define PAGE UINT64_C(16384)

static struct watch *open_system(const char *fixture)
{
	sim_boot(fixture);
	struct watch *watch = watch_open_table(TABLE_SYSTEM, NULL, NULL);

	watch_list(watch);
	return watch;
}

static void close_system(struct watch *watch)
{
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

#define CELL(name) cell_u64(watch, 0, name)
#define NOTHING    ABSENT_U64(STATE_NONE)
#define FAILED     ABSENT_U64(STATE_FAILED)

TEST(memory_is_counted_in_pages_of_the_kernel)
{
	struct watch *watch = open_system("m1");

	CHECK_INT(watch->births, 1);
	CHECK_INT(CELL("mem.total"), 17179869184);
	/* 60000 - 10000 that were read ahead */
	CHECK_INT(CELL("mem.free"), 50000 * PAGE);
	CHECK_INT(CELL("mem.speculative"), 10000 * PAGE);
	CHECK_INT(CELL("mem.active"), 300000 * PAGE);
	CHECK_INT(CELL("mem.inactive"), 290000 * PAGE);
	CHECK_INT(CELL("mem.wired"), 150000 * PAGE);
	CHECK_INT(CELL("mem.purgeable"), 5000 * PAGE);
	CHECK_INT(CELL("mem.throttled"), 0);
	CHECK_INT(CELL("mem.file"), 200000 * PAGE);
	CHECK_INT(CELL("mem.internal"), 400000 * PAGE);
	CHECK_INT(CELL("mem.compressed"), 100000 * PAGE);
	CHECK_INT(CELL("mem.uncompressed"), 250000 * PAGE);
	/* sysmond's 37 and 38 */
	CHECK_INT(CELL("mem.size"), (1048576 + 250000) * PAGE);
	CHECK_INT(CELL("mem.occupied"), (1048576 - 50000) * PAGE);
	/* Activity Monitor: App Memory and Cached Files */
	CHECK_INT(CELL("mem.app"), (400000 - 5000) * PAGE);
	CHECK_INT(CELL("mem.cached"), (200000 + 5000) * PAGE);
	CHECK_INT(CELL("mem.available"), (50000 + 205000) * PAGE);
	CHECK_INT(CELL("mem.used"), (1048576 - 255000) * PAGE);
	close_system(watch);
}

TEST(events_since_boot)
{
	struct watch *watch = open_system("m1");

	CHECK_INT(CELL("faults.total"), 12000000000);
	CHECK_INT(CELL("faults.copy"), 800000000);
	CHECK_INT(CELL("faults.zero_filled"), 9000000000);
	CHECK_INT(CELL("paging.page_ins"), 3000000);
	CHECK_INT(CELL("paging.page_outs"), 40000);
	CHECK_INT(CELL("paging.reactivations"), 1200000);
	CHECK_INT(CELL("paging.lookups"), 6000000);
	CHECK_INT(CELL("paging.hits"), 5000000);
	CHECK_INT(CELL("paging.purges"), 20000);
	CHECK_INT(CELL("paging.decompressions"), 700000);
	CHECK_INT(CELL("paging.compressions"), 900000);
	CHECK_INT(CELL("swap.in"), 3000 * PAGE);
	CHECK_INT(CELL("swap.out"), 4000 * PAGE);
	sim_advance(2000000000);
	CHECK_INT(CELL("faults.total"), 12000010000); /* 5000 a second */
	close_system(watch);
}

TEST(pages_under_rosetta)
{
	sim_boot("m1");
	/* what a program for Intel is told, where the kernel has 16 KiB and 24 MHz */
	sim_set("sysctl", "", "hw.pagesize", "u64 4096");
	sim_set("sysctl", "", "vm.pagesize", "u64 4096");
	sim_set("sysctl", "", "hw.machine", "text x86_64");
	sim_set("mach", "", "timebase", "1/1");
	struct watch *watch = watch_open_table(TABLE_SYSTEM, NULL, NULL);

	watch_list(watch);
	CHECK_INT(CELL("mem.free"), 50000 * PAGE);
	CHECK_INT(CELL("mem.total"), 17179869184);
	CHECK_TEXT(cell_text(watch, 0, "host.machine"), "arm64");
	close_system(watch);
}

TEST(a_difference_that_cannot_be_is_no_value)
{
	struct watch *watch = open_system("m1");

	sim_set("host", "", "speculative_count", "60001");
	sim_set("host", "", "purgeable_count", "400001");
	CHECK_INT(CELL("mem.free"), FAILED);
	CHECK_INT(CELL("mem.available"), FAILED);
	CHECK_INT(CELL("mem.occupied"), FAILED);
	CHECK_INT(CELL("mem.used"), FAILED);
	CHECK_INT(CELL("mem.app"), FAILED);
	CHECK_INT(CELL("mem.cached"), 600001 * PAGE);
	/* no sum without a whole */
	watch_close(watch);
	sim_boot("m1");
	sim_set("sysctl", "", "hw.memsize", NULL);
	watch = watch_open_table(TABLE_SYSTEM, NULL, NULL);
	watch_list(watch);
	CHECK_INT(CELL("mem.total"), NOTHING);
	CHECK_INT(CELL("mem.size"), NOTHING);
	CHECK_INT(CELL("mem.used"), FAILED);
	CHECK_INT(CELL("mem.free"), 50000 * PAGE);
	close_system(watch);
}

/* ------------------------------------------------------- the count and the rate limit */

/* macOS 27: the answer from memory has 104 words, and who has room for 38 is told so. */
TEST(the_struct_has_grown)
{
	struct watch *watch = open_system("m1");

	sim_set("host", "", "vm_count", "104");
	sim_set("host", "", "rate", "2");
	sim_forget_calls();
	for (int i = 0; i < 5; i++)
		CHECK_INT(CELL("mem.wired"), 150000 * PAGE);
	/* two are answered, the third is made again with 104, and all after it have that */
	CHECK_INT(sim_calls("host_statistics64", 4), 6);
	sim_advance(1000000000);
	CHECK_INT(CELL("faults.total"), 12000005000);
	CHECK_INT(sim_calls("host_statistics64", 4), 7);
	close_system(watch);
}

TEST(counts_of_all_versions)
{
	static const char *const counts[] = {"38", "40", "62", "104"};

	for (int i = 0; i < 4; i++) {
		struct watch *watch = open_system("m1");
		sim_set("host", "", "vm_count", counts[i]);
		sim_set("host", "", "rate", "1");
		for (int call = 0; call < 3; call++)
			CHECK_INT(CELL("mem.uncompressed"), 250000 * PAGE);
		close_system(watch);
	}
}

/* Beyond the rate it is the latest answer; it is not asked for more than once a second. */
TEST(a_limited_answer_stands_still)
{
	struct watch *watch = open_system("m1");

	sim_set("host", "", "rate", "1");
	CHECK_INT(CELL("faults.total"), 12000000000);
	sim_advance(500000000);
	CHECK_INT(CELL("faults.total"), 12000000000);
	sim_advance(500000000);
	CHECK_INT(CELL("faults.total"), 12000005000);
	CHECK_INT(watch->provider
			  ->sources[watch->platform
					    ->bindings[cell_attribute(watch, "faults.total")]
					    .source]
			  .period_ns,
		1000000000);
	close_system(watch);
}

TEST(statistics_that_fail)
{
	struct watch *watch = open_system("m1");

	sim_fail("host_statistics64", 4, -1, 5, 1); /* KERN_FAILURE */
	CHECK_INT(CELL("mem.free"), FAILED);
	sim_fail("host_statistics64", 4, -1, 8, 1); /* KERN_NO_ACCESS */
	CHECK_INT(CELL("mem.free"), ABSENT_U64(STATE_DENIED));
	sim_fail("host_statistics64", 4, -1, 46, 1); /* KERN_NOT_SUPPORTED */
	CHECK_INT(CELL("mem.free"), ABSENT_U64(STATE_UNSUPPORTED));
	/* too large, but it does not say how large it is */
	sim_fail("host_statistics64", 4, -1, -307, 1);
	CHECK_INT(CELL("mem.free"), FAILED);
	CHECK_INT(CELL("mem.free"), 50000 * PAGE);
	close_system(watch);
}

/* ------------------------------------------------------------------------------- CPU */

TEST(times_of_all_cores)
{
	struct watch *watch = open_system("m1");

	/* user 10000 + 20000 + 30000 + 40000 ticks of 10 ms, and so on */
	CHECK_INT(CELL("cpu.cores"), 4);
	CHECK_INT(CELL("cpu.user"), 1000000000000);
	CHECK_INT(CELL("cpu.system"), 260000000000);
	CHECK_INT(CELL("cpu.nice"), 1000000000);
	CHECK_INT(CELL("cpu.idle"), 7400000000000);
	CHECK_INT(CELL("cpu.busy"), 1261000000000);
	CHECK_INT(CELL("cpu.capacity"), 8661000000000);
	sim_advance(1000000000);
	/* 20 + 50 + 100 ticks user, 10 system, 70 + 50 + 100 idle: 400 in all, four cores */
	CHECK_INT(CELL("cpu.user"), 1001700000000);
	CHECK_INT(CELL("cpu.busy"), 1262800000000);
	CHECK_INT(CELL("cpu.capacity"), 8665000000000);
	close_system(watch);
}

TEST(ticks_of_32_bits_go_on)
{
	struct watch *watch = open_system("m1");

	sim_set("processor", "3", "user", "4294967290");
	/* 60000 of the others */
	CHECK_INT(CELL("cpu.user"), 42950272900000000);
	sim_set("processor", "3", "user", "4"); /* 10 later */
	CHECK_INT(CELL("cpu.user"), 42950273000000000);
	close_system(watch);
}

TEST(a_core_more)
{
	struct watch *watch = open_system("m1");

	CHECK_INT(CELL("cpu.user"), 1000000000000);
	sim_add("[processor 4]\nuser = 50\n");
	CHECK_INT(CELL("cpu.cores"), 5);
	CHECK_INT(CELL("cpu.user"), 1000500000000);
	sim_fail("host_processor_info", 2, -1, 5, 1);
	CHECK_INT(CELL("cpu.user"), FAILED);
	close_system(watch);
}

TEST(threads_and_processes)
{
	struct watch *watch = open_system("m1");

	CHECK_INT(CELL("threads.total"), 3100);
	CHECK_INT(CELL("processes.total"), 620);
	/* the set is asked for once */
	CHECK_INT(sim_calls("processor_set_default", -1), 1);
	CHECK_INT(sim_calls("processor_set_statistics", 4), 2);
	CHECK_INT(sim_calls("mach_host_self", -1), 1);
	sim_fail("processor_set_statistics", 4, -1, 5, 1);
	CHECK_INT(CELL("threads.total"), FAILED);
	sim_set("host", "", "threads", "0xffffffff");
	CHECK_INT(CELL("threads.total"), FAILED);
	close_system(watch);
	watch = open_system("m1");
	sim_fail("processor_set_default", -1, -1, 8, 1);
	CHECK_INT(CELL("threads.total"), ABSENT_U64(STATE_DENIED));
	CHECK_INT(CELL("threads.total"), 3100);
	close_system(watch);
}

/* --------------------------------------------------------------------------- sysctls */

static void check_near(double value, double expected)
{
	CHECK(value > expected - 1e-9 && value < expected + 1e-9);
}

TEST(loads)
{
	struct watch *watch = open_system("m1");

	/* 4096, 3072 and 2048 of 2048 */
	check_near(cell_f64(watch, 0, "load.1"), 2.0);
	check_near(cell_f64(watch, 0, "load.5"), 1.5);
	check_near(cell_f64(watch, 0, "load.15"), 1.0);
	double load = 0;
	sim_set("sysctl", "", "vm.loadavg",
		"bytes 000000000000000000000000000000000000000000000000");
	CHECK_INT(cell_field(watch, 0, "load.1", &load, sizeof load), STATE_FAILED);
	sim_set("sysctl", "", "vm.loadavg", "bytes 00000000");
	CHECK_INT(cell_field(watch, 0, "load.1", &load, sizeof load), STATE_FAILED);
	sim_set("sysctl", "", "vm.loadavg", NULL);
	CHECK_INT(cell_field(watch, 0, "load.1", &load, sizeof load), STATE_NONE);
	close_system(watch);
}

TEST(swap_space)
{
	struct watch *watch = open_system("m1");

	CHECK_INT(CELL("swap.total"), 2147483648);
	CHECK_INT(CELL("swap.used"), 536870912);
	sim_fail("vm.swapusage", -1, -1, EPERM, 1);
	CHECK_INT(CELL("swap.used"), ABSENT_U64(STATE_DENIED));
	close_system(watch);
}

TEST(pressure_of_memory)
{
	struct watch *watch = open_system("m1");

	CHECK_TEXT(cell_text(watch, 0, "pressure.memory_level"), "normal");
	check_near(cell_f64(watch, 0, "pressure.memory_share"), 0.38); /* 62 % are free */
	sim_set("sysctl", "", "kern.memorystatus_vm_pressure_level", "u32 2");
	CHECK_TEXT(cell_text(watch, 0, "pressure.memory_level"), "warning");
	sim_set("sysctl", "", "kern.memorystatus_vm_pressure_level", "u32 4");
	CHECK_TEXT(cell_text(watch, 0, "pressure.memory_level"), "critical");
	sim_set("sysctl", "", "kern.memorystatus_vm_pressure_level", "u32 3");
	CHECK_TEXT(cell_text(watch, 0, "pressure.memory_level"), "");
	sim_set("sysctl", "", "kern.memorystatus_level", "u32 101");
	double share = cell_f64(watch, 0, "pressure.memory_share");
	CHECK(share != share);
	sim_set("sysctl", "", "kern.memorystatus_level", NULL);
	share = cell_f64(watch, 0, "pressure.memory_share");
	CHECK(share != share);
	close_system(watch);
}

TEST(the_system_itself)
{
	struct watch *watch = open_system("m1");

	CHECK_TEXT(cell_text(watch, 0, "host.name"), "mac.local");
	CHECK_TEXT(cell_text(watch, 0, "host.system"), "Darwin");
	CHECK_TEXT(cell_text(watch, 0, "host.kernel"), "23.5.0");
	CHECK_TEXT(cell_text(watch, 0, "host.machine"), "arm64");
	CHECK(strncmp(cell_text(watch, 0, "host.kernel_build"), "Darwin Kernel Version", 21) ==
		0);
	/* what cannot change is asked for once */
	CHECK_INT(sim_calls("kern.version", -1), 1);
	CHECK_INT(sim_calls("kern.hostname", -1), 5);
	CHECK_INT(CELL("boot.time"), 1764000000250000000);
	CHECK_INT(CELL("files.open"), 9000);
	CHECK_INT(CELL("files.inodes"), 180000);
	CHECK_INT(CELL("limit.files"), 245760);
	CHECK_INT(CELL("limit.processes"), 4000);
	CHECK_INT(CELL("limit.threads"), 20480);
	sim_set("sysctl", "", "kern.num_files", NULL);
	CHECK_INT(CELL("files.open"), NOTHING);
	sim_set("sysctl", "", "kern.boottime", "timeval 0 0");
	CHECK_INT(CELL("boot.time"), NOTHING);
	sim_set("sysctl", "", "kern.boottime", NULL);
	CHECK_INT(CELL("boot.time"), NOTHING);
	close_system(watch);
}

/* ----------------------------------------------------------------------------- sums */

TEST(network_of_the_machine)
{
	struct watch *watch = open_system("m1");

	/* en0, en5 and awdl0 count; anpi0, utun0 and lo0 do not */
	CHECK_INT(CELL("net.received"), 5000000000 + 1000 + 500);
	CHECK_INT(CELL("net.sent"), 700000000 + 2000 + 600);
	CHECK_INT(CELL("net.packets_received"), 6000000 + 10 + 5);
	CHECK_INT(CELL("net.packets_sent"), 3000000 + 20 + 6);
	CHECK_INT(CELL("net.errors_received"), 3);
	CHECK_INT(CELL("net.errors_sent"), 0);
	CHECK_INT(CELL("net.dropped_received"), 2);
	CHECK_INT(CELL("net.dropped_sent"), 7);
	/* one that goes leaves its part, and what comes anew is added */
	sim_remove("interface", "en5");
	CHECK_INT(CELL("net.received"), 5000001500);
	sim_set("interface", "awdl0", "ibytes", "100");
	CHECK_INT(CELL("net.received"), 5000001600);
	sim_fail("ifmib", 1, -1, EPERM, 1);
	CHECK_INT(CELL("net.received"), ABSENT_U64(STATE_DENIED));
	close_system(watch);
}

TEST(an_interface_that_does_not_count)
{
	struct watch *watch = open_system("m1");

	/* 600 bytes of 700 million: too little to matter */
	sim_set("interface", "awdl0", "ibytes", "0");
	CHECK_INT(CELL("net.received"), 5000001000);
	sim_set("interface", "en0", "ibytes", "0");
	CHECK_INT(CELL("net.received"), NOTHING);
	CHECK_INT(CELL("net.packets_received"), NOTHING);
	CHECK_INT(CELL("net.sent"), 1400002600); /* its counters have begun anew */
	close_system(watch);
}

/* Of m1.mac one disk has hardware behind it; the others are what APFS makes of it, and an image. */
TEST(disks_of_the_machine)
{
	struct watch *watch = open_system("m1");

	CHECK_INT(CELL("disk.read"), 15230596993024);
	CHECK_INT(CELL("disk.written"), 6288013434880);
	CHECK_INT(CELL("disk.reads"), 482000000);
	CHECK_INT(CELL("disk.writes"), 165807382);
	/* a registry that does not answer: no disk is forgotten, or it would count anew */
	sim_fail("IOServiceGetMatchingServices", -1, -1, 0x2BD, 1);
	CHECK_INT(CELL("disk.read"), FAILED);
	CHECK_INT(CELL("disk.read"), 15230596993024);
	sim_advance(1000000000);
	CHECK_INT(CELL("disk.read"), 15230597293024); /* 300,000 a second */
	/* the driver begins anew */
	sim_set("entry", "2001", "Statistics.Bytes (Read)", "u64 5000");
	CHECK_INT(CELL("disk.read"), 15230597298024);
	/* it is pulled, and its part stays */
	sim_set("entry", "2001", "Statistics.Bytes (Read)", NULL);
	CHECK_INT(CELL("disk.read"), 15230597298024);
	sim_remove("entry", "2001");
	CHECK_INT(CELL("disk.read"), 15230597298024);
	close_system(watch);
}

/* What each says of itself is the same parts of its memory: see the fixtures. */
TEST(other_machines)
{
	static const struct {
		const char *name;
		uint64_t gigabytes;
	} machines[] = {{"a18", 8}, {"intel", 16}, {"m1-ultra", 128}, {"m2-pro", 16},
		{"m3-max", 64}, {"m4-pro", 48}, {"m5-max", 128}, {"vm", 8}};

	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
		struct watch *watch = open_system(machines[i].name);
		uint64_t part = (machines[i].gigabytes << 30) / 128;
		CHECK_INT(CELL("mem.total"), 128 * part);
		CHECK_INT(CELL("mem.free"), 6 * part);       /* 4/64 - 1/64 */
		CHECK_INT(CELL("mem.app"), 47 * part);       /* 24/64 less 1/128 */
		CHECK_INT(CELL("mem.cached"), 33 * part);    /* 16/64 and 1/128 */
		CHECK_INT(CELL("mem.available"), 39 * part); /* free and cached */
		CHECK_INT(CELL("mem.used"), 89 * part);
		/* beyond the rate, whatever the size of the struct */
		for (int call = 0; call < 9; call++)
			CHECK_INT(CELL("mem.compressed"), 8 * part);
		CHECK_INT(CELL("net.received"),
			strcmp(machines[i].name, "m3-max") == 0 ? NOTHING : 9000000000);
		CHECK_INT(CELL("net.sent"), 600000000);
		close_system(watch);
	}
}

TESTS(CASE(memory_is_counted_in_pages_of_the_kernel), CASE(events_since_boot),
	CASE(pages_under_rosetta), CASE(a_difference_that_cannot_be_is_no_value),
	CASE(the_struct_has_grown), CASE(counts_of_all_versions),
	CASE(a_limited_answer_stands_still), CASE(statistics_that_fail),
	CASE(times_of_all_cores), CASE(ticks_of_32_bits_go_on), CASE(a_core_more),
	CASE(threads_and_processes), CASE(loads), CASE(swap_space), CASE(pressure_of_memory),
	CASE(the_system_itself), CASE(network_of_the_machine), CASE(disks_of_the_machine),
	CASE(other_machines), CASE(an_interface_that_does_not_count));

/* Table PROCESS on a simulated Mac: what is told of memory by name ports, by ledgers and by maps. */
#include "darwin/process/samples.h"
#include "darwin_cell.h"

enum {
	KERNEL = 0,
	DAEMON = 88,
	SAFARI = 501,
	SHELL = 640,
	SETUID = 700,
	ZOMBIE = 710,
	PAGE = 16384
};

/* All of the numbers are made up, and different. */
static const char some[] =
	"[task 501]\n"
	"region_count = 3000\npage_size = 16384\nresident_size_peak = 500000000\n"
	"device = 1000\ninternal = 100000000\ninternal_peak = 200000000\n"
	"external = 50000000\nexternal_peak = 60000000\nreusable = 7000\n"
	"purgeable_volatile_pmap = 10000000\npurgeable_volatile_resident = 12000000\n"
	"compressed = 30000000\ncompressed_peak = 40000000\ncompressed_lifetime = 90000000\n"
	"ledger_purgeable_nonvolatile = 100\nledger_purgeable_volatile = 200\n"
	"ledger_tag_network_nonvolatile = 300\nledger_tag_network_volatile = 400\n"
	"ledger_tag_media_footprint = 500\nledger_tag_media_nofootprint = 600\n"
	"ledger_tag_graphics_footprint = 700\nledger_tag_graphics_footprint_compressed = 80\n"
	"ledger_tag_graphics_nofootprint = 800\nledger_tag_neural_footprint = 900\n"
	"ledger_tag_neural_nofootprint = 1000\ndecompressions = 77\nledger_swapins = 8192\n"
	"task_timer_wakeups_bin_1 = 11\ntask_timer_wakeups_bin_2 = 22\ntask_pset_switches = "
	"44\n"
	"[ledger_template]\n"
	"cpu_time = sched ns\ntkm_private = physmem bytes\ntkm_shared = physmem bytes\n"
	"phys_mem = physmem bytes\nwired_mem = physmem bytes\ninternal = physmem bytes\n"
	"iokit_mapped = mappings bytes\npage_table = physmem bytes\n"
	"phys_footprint = physmem bytes\ninternal_compressed = physmem bytes\n"
	"external = physmem bytes\nplatform_idle_wakeups = power count\n"
	"interrupt_wakeups = power count\ncpu_time_billed_to_me = sched ns\n"
	"cpu_time_billed_to_others = sched ns\n"
	"[ledger 501]\n"
	"tkm_private = 65536 0\ntkm_shared = 3000 1000\niokit_mapped = 4096 0\n"
	"page_table = 300000 100000\ncpu_time_billed_to_me = 48 12\n"
	"cpu_time_billed_to_others = 24000000\n"
	"[ledger_policy]\n"
	"foreign = allowed\n"
	"[ledger 88]\n"
	"cpu_time = 72000000\nphys_mem = 800000 0\nwired_mem = 4096 0\ninternal = 500000 0\n"
	"phys_footprint = 900000 200000\ninternal_compressed = 60000 20000\n"
	"external = 250000 0\nplatform_idle_wakeups = 5\ninterrupt_wakeups = 55\n"
	"page_table = 16384 0\n"
	"[regions 501]\n"
	"0x100000000 = size=0x8000 share=cow private_resident=2 shared_resident=1\n"
	"0x120000000 = size=0x10000 wired=1 private_resident=3\n"
	"0x130000000 = size=0x4000 share=shared shared_resident=1\n"
	"0x140000000 = size=0x20000 share=private_aliased\n"
	"0x180000000 = size=0x10000000 submap=1\n"
	"0x700000000 = size=0x40000 share=empty\n";

static struct watch *begin(const char *more)
{
	sim_boot("m1");
	sim_remove("ledger_template", "");
	sim_remove("ledger", "501");
	sim_remove("task", "501");
	sim_remove("regions", "501");
	sim_add(some);
	sim_add(more);
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_tick(watch);
	return watch;
}

static uint64_t number(struct watch *watch, int pid, const char *name)
{
	return cell_u64(watch, watch_find(watch, pid), name);
}

static void check(struct watch *watch, int pid, const char *name, uint64_t expected)
{
	uint64_t value = number(watch, pid, name);

	if (value != expected)
		test_fail(__FILE__, __LINE__, "%s of %d is %llu, expected %llu", name, pid,
			(unsigned long long)value, (unsigned long long)expected);
}

static void check_state(struct watch *watch, int pid, const char *name, enum cell_state state)
{
	check(watch, pid, name, ABSENT_U64(state));
}

/* -------------------------------------------------------------------------- our own */

TEST(memory_by_name_port)
{
	struct watch *watch = begin("");

	check(watch, SAFARI, "mem.page_size", PAGE);
	check(watch, SAFARI, "mem.peak", 500000000);
	check(watch, SAFARI, "mem.devices", 1000);
	check(watch, SAFARI, "mem.anonymous", 100000000);
	check(watch, SAFARI, "mem.anonymous_peak", 200000000);
	check(watch, SAFARI, "mem.file", 50000000);
	check(watch, SAFARI, "mem.file_peak", 60000000);
	check(watch, SAFARI, "mem.reusable", 7000);
	check(watch, SAFARI, "mem.swap", 30000000);
	check(watch, SAFARI, "mem.swap_peak", 40000000);
	check(watch, SAFARI, "mem.swap_total", 90000000);
	check(watch, SAFARI, "mem.purgeable_used", 100);
	check(watch, SAFARI, "mem.purgeable_volatile", 200);
	check(watch, SAFARI, "mem.network_counted", 300);
	check(watch, SAFARI, "mem.network_other", 400);
	check(watch, SAFARI, "mem.media_counted", 500);
	check(watch, SAFARI, "mem.media_other", 600);
	check(watch, SAFARI, "mem.graphics_counted", 780);
	check(watch, SAFARI, "mem.graphics_other", 800);
	check(watch, SAFARI, "mem.neural_counted", 900);
	check(watch, SAFARI, "mem.neural_other", 1000);
	check(watch, SAFARI, "mem.decompressions", 77);
	check(watch, SAFARI, "mem.swapped_in", 8192);
	check(watch, SAFARI, "wakeups.timer_2ms", 11);
	check(watch, SAFARI, "wakeups.timer_5ms", 22);
	check(watch, SAFARI, "switches.clusters", 44);
	/* the map is walked for these: 100 + 30 MB less 10 */
	check(watch, SAFARI, "mem.purgeable", 12000000);
	check(watch, SAFARI, "mem.anonymous_total", 120000000);
	CHECK_INT(sim_held(), 0);
	watch_close(watch);
}

TEST(accounts)
{
	struct watch *watch = begin("");

	check(watch, SAFARI, "mem.page_tables", 200000);
	check(watch, SAFARI, "mem.kernel_private", 65536);
	check(watch, SAFARI, "mem.kernel_shared", 2000);
	check(watch, SAFARI, "mem.drivers", 4096);
	check(watch, SAFARI, "cpu.billed_to_me", 2000); /* 48 ticks of 125/3 ns */
	check(watch, SAFARI, "cpu.billed_to_others", 1000000000);
	/* Below 0 for a moment, and one that this kernel does not have. */
	sim_set("ledger", "501", "page_table", "100 200");
	sim_set("ledger_template", "", "iokit_mapped", NULL);
	watch_tick(watch);
	check_state(watch, SAFARI, "mem.page_tables", STATE_FAILED);
	check_state(watch, SAFARI, "mem.drivers", STATE_UNSUPPORTED);
	check(watch, SAFARI, "mem.kernel_private", 65536);
	/* A policy refuses it, which is no reason to ask for nothing else. */
	watch_tick(watch);
	sim_fail("ledger", 1, SAFARI, 1, 1);
	check_state(watch, SAFARI, "mem.page_tables", STATE_DENIED);
	check(watch, SAFARI, "mem.swap", 30000000);
	watch_tick(watch);
	sim_fail("ledger", 1, SAFARI, 22, 1);
	check_state(watch, SAFARI, "mem.page_tables", STATE_FAILED);
	watch_tick(watch);
	sim_fail("ledger", 2, -1, 22, 1);
	sim_set("ledger_template", "", "tkm_shared", NULL);
	check_state(watch, SAFARI, "mem.kernel_private", STATE_FAILED);
	watch_tick(watch);
	check(watch, SAFARI, "mem.kernel_private", 65536);
	check_state(watch, SAFARI, "mem.kernel_shared", STATE_UNSUPPORTED);
	watch_close(watch);
}

/* Two pages and three; one and one. Private: cow, private, aliased and empty, not the cache. */
TEST(sums_of_the_map)
{
	struct watch *watch = begin("");

	check(watch, SAFARI, "mem.resident_private", 5 * PAGE);
	check(watch, SAFARI, "mem.resident_shared", 2 * PAGE);
	check(watch, SAFARI, "mem.regions", 6);
	check(watch, SAFARI, "mem.virtual_private", 0x8000 + 0x10000 + 0x20000 + 0x40000);
	sim_forget_calls();
	check(watch, SAFARI, "mem.regions", 6);
	CHECK_INT(sim_calls("proc_pidinfo", 7), 6 + 1);
	CHECK_INT(sim_all_calls(), 7 + 2);              /* page size, and whose it is */
	check(watch, SHELL, "mem.resident_private", 0); /* it has no regions here */
	watch_close(watch);
}

/* Where counts are by footprint there is one more, which is no region. */
TEST(what_is_made_up_is_no_region)
{
	struct watch *watch = begin("[region_footprint]\non = 1\n"
				    "[regions 501]\nowned = internal=7 private_resident=7\n");

	check(watch, SAFARI, "mem.regions", 6);
	check(watch, SAFARI, "mem.resident_private", 5 * PAGE);
	check(watch, SAFARI, "mem.virtual_private", 0x8000 + 0x10000 + 0x20000 + 0x40000);
	watch_close(watch);
}

/* Rosetta's programs have pages of 4 KiB, but objects are counted in the kernel's. */
TEST(a_program_of_rosetta)
{
	struct watch *watch = begin("[process 501]\nflags = 0x2000010\n"
				    "[task 501]\npage_size = 4096\n");

	check(watch, SAFARI, "mem.page_size", 4096);
	check(watch, SAFARI, "mem.resident_private", 5 * PAGE);
	watch_close(watch);
}

/* -------------------------------------------------------------------------- others' */

TEST(others_by_their_ledger)
{
	struct watch *watch = begin("");

	check(watch, DAEMON, "mem.footprint", 700000);
	check(watch, DAEMON, "mem.resident", 800000);
	check(watch, DAEMON, "mem.wired", 4096);
	check(watch, DAEMON, "cpu.total", UINT64_C(3000000000)); /* 72 million ticks */
	check(watch, DAEMON, "wakeups.idle", 5);
	check(watch, DAEMON, "wakeups.interrupt", 55);
	check_state(watch, DAEMON, "cpu.user", STATE_DENIED);
	check_state(watch, DAEMON, "disk.read", STATE_DENIED);
	check(watch, DAEMON, "mem.swap", 40000);
	check(watch, DAEMON, "mem.anonymous", 500000);
	check(watch, DAEMON, "mem.file", 250000);
	check_state(
		watch, DAEMON, "mem.reusable", STATE_UNSUPPORTED); /* not in this template */
	check_state(watch, DAEMON, "mem.peak", STATE_DENIED);
	check(watch, DAEMON, "mem.page_tables", 16384);
	check_state(watch, DAEMON, "wakeups.timer_2ms", STATE_DENIED);
	check_state(watch, DAEMON, "mem.purgeable", STATE_DENIED);
	check_state(watch, DAEMON, "mem.resident_private", STATE_DENIED);
	CHECK_INT(sim_held(), 0);
	watch_close(watch);
}

TEST(others_whose_ledger_is_closed)
{
	struct watch *watch = begin("[ledger_policy]\nforeign = denied\n");

	check_state(watch, DAEMON, "mem.footprint", STATE_DENIED);
	check_state(watch, DAEMON, "mem.swap", STATE_DENIED);
	check_state(watch, DAEMON, "mem.page_tables", STATE_DENIED);
	CHECK_INT(sim_calls("ledger", -1), 1); /* the probe at the start */
	check(watch, SAFARI, "mem.footprint", 209715200);
	check(watch, SAFARI, "mem.page_tables", 200000);
	watch_close(watch);
}

/* One call, and one that says whose it is, for all that is wanted of the row in a sampling. */
TEST(one_ledger_a_sampling)
{
	struct watch *watch = begin("");

	check(watch, DAEMON, "mem.footprint", 700000);
	watch_tick(watch);
	sim_forget_calls();
	check(watch, DAEMON, "mem.footprint", 700000);
	check(watch, DAEMON, "mem.swap", 40000);
	check(watch, DAEMON, "mem.page_tables", 16384);
	CHECK_INT(sim_calls("ledger", 1), 1);
	CHECK_INT(sim_all_calls(), 2);
	watch_close(watch);
}

/* A name port takes both users to be ours: of one that has only the effective one there is all but
 * that. It is no other user's. */
TEST(another_real_user)
{
	struct watch *watch = begin("[process 501]\nruid = 502\n");

	check_state(watch, SAFARI, "mem.peak", STATE_DENIED);
	check_state(watch, SAFARI, "wakeups.timer_2ms", STATE_DENIED);
	check_state(watch, SAFARI, "mem.purgeable", STATE_DENIED);
	check(watch, SAFARI, "mem.footprint", 209715200);
	check(watch, SAFARI, "mem.resident_private", 5 * PAGE);
	watch_close(watch);
}

TEST(root_sees_all_but_the_kernels_map)
{
	struct watch *watch = begin("[caller]\nuid = 0\n[task 88]\ninternal = 12345\n");

	check(watch, DAEMON, "mem.anonymous", 12345);
	sim_forget_calls();
	check_state(watch, KERNEL, "mem.regions", STATE_DENIED);
	CHECK_INT(sim_calls("proc_pidinfo", 7), 0);
	watch_close(watch);
}

/* -------------------------------------------------------------------- ends and failures */

TEST(zombies_have_no_memory)
{
	struct watch *watch = begin("");

	check_state(watch, ZOMBIE, "mem.swap", STATE_NONE);
	check_state(watch, ZOMBIE, "wakeups.timer_2ms", STATE_NONE);
	check_state(watch, ZOMBIE, "mem.page_tables", STATE_NONE);
	check_state(watch, ZOMBIE, "mem.purgeable", STATE_NONE);
	check_state(watch, ZOMBIE, "mem.regions", STATE_NONE);
	CHECK_INT(sim_calls("task_name_for_pid", -1), 0);
	/* one that becomes one after the list */
	sim_set("process", "501", "status", "5");
	check_state(watch, SAFARI, "mem.swap", STATE_NONE);
	check_state(watch, SAFARI, "mem.purgeable", STATE_NONE);
	check_state(watch, SAFARI, "mem.page_tables", STATE_NONE);
	check_state(watch, SAFARI, "mem.regions", STATE_NONE);
	watch_close(watch);
}

static int read_source(struct watch *watch, uint32_t slot, uint32_t source)
{
	static struct darwin_task_vm sample; /* the largest of them */

	return watch_read_slot(watch, slot, source, &sample);
}

/* It ends in the middle, and its pid is another process's at once. */
TEST(a_pid_that_is_used_again)
{
	static const uint32_t sources[] = {SOURCE_task_vm, SOURCE_task_power,
		SOURCE_task_purgeable, SOURCE_accounts, SOURCE_regions};

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		struct watch *watch = begin("");
		uint32_t slot = watch_find(watch, SAFARI);
		CHECK_INT(read_source(watch, slot, sources[i]), STATE_OK);
		watch_tick(watch);
		sim_set_u64("process", "501", "uniqueid", 6000);
		CHECK_INT(read_source(watch, slot, sources[i]), SAMPLE_GONE);
		CHECK_INT(sim_held(), 0);
		watch_close(watch);
	}
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		struct watch *watch = begin("");
		uint32_t slot = watch_find(watch, SAFARI);
		sim_remove("process", "501");
		CHECK_INT(read_source(watch, slot, sources[i]), SAMPLE_GONE);
		CHECK_INT(sim_held(), 0);
		watch_close(watch);
	}
}

TEST(calls_that_fail)
{
	struct watch *watch = begin("");

	sim_fail("task_info", 22, SAFARI, 4, 1); /* it began another program */
	check_state(watch, SAFARI, "mem.swap", STATE_NONE);
	sim_fail("task_info", 22, SAFARI, 46, 1);
	check_state(watch, SAFARI, "mem.swap", STATE_UNSUPPORTED);
	sim_fail("task_info", 23, SAFARI, 46, 1);
	check_state(watch, SAFARI, "mem.purgeable", STATE_UNSUPPORTED);
	sim_fail("task_info", 23, SAFARI, 4, 1);
	check_state(watch, SAFARI, "mem.purgeable", STATE_NONE);
	sim_fail("proc_pidinfo", 7, SAFARI, 12, 1);
	check_state(watch, SAFARI, "mem.regions", STATE_FAILED);
	check(watch, SAFARI, "mem.swap", 30000000);
	CHECK_INT(sim_held(), 0);
	watch_close(watch);
}

/* A port, what it tells, the port back, and whose it was. */
TEST(the_number_of_calls)
{
	struct watch *watch = begin("");

	sim_forget_calls();
	check(watch, SAFARI, "mem.swap", 30000000);
	CHECK_INT(sim_calls("task_name_for_pid", -1), 1);
	CHECK_INT(sim_calls("task_info", 22), 1);
	CHECK_INT(sim_calls("mach_port_deallocate", -1), 1);
	CHECK_INT(sim_calls("proc_pidinfo", 17), 1);
	CHECK_INT(sim_all_calls(), 4);
	watch_close(watch);
}

TESTS(CASE(memory_by_name_port), CASE(accounts), CASE(sums_of_the_map),
	CASE(what_is_made_up_is_no_region), CASE(a_program_of_rosetta),
	CASE(others_by_their_ledger), CASE(others_whose_ledger_is_closed),
	CASE(one_ledger_a_sampling), CASE(another_real_user),
	CASE(root_sees_all_but_the_kernels_map), CASE(zombies_have_no_memory),
	CASE(a_pid_that_is_used_again), CASE(calls_that_fail), CASE(the_number_of_calls))

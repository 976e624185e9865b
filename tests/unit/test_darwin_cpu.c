/* Table CPU on the simulated Macs: ticks of the kernel, states of the hardware, kinds of cores. */
#include "darwin_cell.h"

#define S  UINT64_C(1000000000)
#define MS UINT64_C(1000000)

static const uint64_t none = ABSENT_U64(STATE_NONE);

static struct watch *open_cpu(const char *fixture)
{
	static const char *const names[] = {
		"time.busy", "active.time", "frequency.hardware_max"};
	struct watch *watch;
	uint32_t wanted = 0;

	sim_boot(fixture);
	watch = watch_open_table(TABLE_CPU, NULL, NULL);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		wanted |= UINT32_C(1)
			  << watch->platform->bindings[cell_attribute(watch, names[i])].source;
	watch->provider->want(watch->handle, wanted);
	watch_list(watch);
	return watch;
}

static void finish(struct watch *watch)
{
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static uint32_t core(struct watch *watch, uint64_t number)
{
	uint32_t slot = cell_find_u64(watch, "number", number);

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "there is no core %u", (unsigned)number);
	return slot;
}

static uint64_t cell(struct watch *watch, uint64_t number, const char *name)
{
	return cell_u64(watch, core(watch, number), name);
}

static void tick(struct watch *watch, uint64_t ns)
{
	sim_advance(ns);
	watch_list(watch);
}

/* ------------------------------------------------------------------------------- ticks */

/* Core 0 has 10000 ticks user, 5000 system, 200000 idle, 100 nice, of 10 ms each. */
TEST(ticks_of_the_kernel_are_times)
{
	struct watch *watch = open_cpu("m1");

	CHECK_INT(cell(watch, 0, "time.user"), 10000 * 10 * (int64_t)MS);
	CHECK_INT(cell(watch, 0, "time.system"), 5000 * 10 * (int64_t)MS);
	CHECK_INT(cell(watch, 0, "time.nice"), 100 * 10 * (int64_t)MS);
	CHECK_INT(cell(watch, 0, "time.idle"), 200000 * 10 * (int64_t)MS);
	CHECK_INT(cell(watch, 0, "time.busy"), 15100 * 10 * (int64_t)MS);
	CHECK_TEXT(cell_text(watch, core(watch, 3), "name"), "cpu3");
	tick(watch, S); /* 20 more user, 10 system, 70 idle */
	CHECK_INT(cell(watch, 0, "time.busy"), 15130 * 10 * (int64_t)MS);
	CHECK_INT(cell(watch, 0, "time.idle"), 200070 * 10 * (int64_t)MS);
	finish(watch);
}

/* One call and what it gave back, whatever the number of cores. */
TEST(one_call_tells_of_all_cores)
{
	struct watch *watch = open_cpu("m1-ultra");

	CHECK_INT(watch->count, 20);
	sim_forget_calls();
	tick(watch, S);
	for (uint64_t i = 0; i < 20; i++)
		cell(watch, i, "time.busy");
	CHECK_INT(sim_calls("host_processor_info", -1), 1);
	CHECK_INT(sim_calls("vm_deallocate", -1), 1);
	CHECK_INT((int64_t)sim_all_calls(), 2);
	finish(watch);
}

TEST(ticks_of_32_bits_wrap_around)
{
	struct watch *watch = open_cpu("vm");

	sim_set("processor", "1", "user", "4294967290");
	watch_list(watch);
	CHECK_INT(cell(watch, 1, "time.user"), INT64_C(4294967290) * 10 * (int64_t)MS);
	sim_set("processor", "1", "user", "10"); /* 16 more */
	watch_list(watch);
	CHECK_INT(cell(watch, 1, "time.user"), INT64_C(4294967306) * 10 * (int64_t)MS);
	finish(watch);
}

/* htop-dev/htop#368: an idle core whose ticks do not move. */
TEST(of_a_core_that_stands_nobody_knows_how_long_it_idled)
{
	struct watch *watch = open_cpu("vm");
	uint64_t busy;

	sim_set("processor", "0", "user", "2000");
	sim_set("processor", "0", "system", "600");
	sim_set("processor", "0", "idle", "95000");
	sim_set("processor", "0", "nice", "7");
	watch_list(watch);
	busy = cell(watch, 0, "time.busy");
	tick(watch, 40 * MS); /* shorter than a tick can be late */
	CHECK_INT(cell(watch, 0, "time.idle"), INT64_C(950000) * (int64_t)MS);
	tick(watch, S);
	CHECK(cell(watch, 0, "time.idle") == none);
	CHECK_INT(cell(watch, 0, "time.busy"), busy);
	sim_set("processor", "0", "idle", "95100");
	watch_list(watch);
	CHECK_INT(cell(watch, 0, "time.idle"), INT64_C(951000) * (int64_t)MS);
	finish(watch);
}

TEST(a_call_that_fails_leaves_the_rows)
{
	struct watch *watch = open_cpu("vm");
	struct row_scope scope = {.all = true};

	sim_fail("host_processor_info", -1, -1, 5, 1);
	CHECK(watch->provider->list(watch->handle, &watch->roster, &scope) < 0);
	CHECK_INT(watch->deaths, 0);
	watch_list(watch);
	CHECK_INT(watch->births, 0);
	finish(watch);
}

/* A core that is taken away leaves the table. */
TEST(cores_come_and_go)
{
	struct watch *watch = open_cpu("vm");

	sim_remove("processor", "1");
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	sim_add("[processor 1]\nuser = 5\n");
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	finish(watch);
}

/* ------------------------------------------------------------------------------- kinds */

TEST(cores_of_an_m1_pro_are_of_two_kinds)
{
	struct watch *watch = open_cpu("m1");

	CHECK_TEXT(cell_text(watch, core(watch, 1), "type"), "efficiency");
	CHECK_TEXT(cell_text(watch, core(watch, 2), "type"), "performance");
	CHECK_TEXT(cell_text(watch, core(watch, 2), "model"), "Apple M1 Pro");
	CHECK_INT(cell(watch, 1, "cluster"), 0);
	CHECK_INT(cell(watch, 2, "cluster"), 1);
	CHECK_INT(cell(watch, 2, "core"), 2);
	CHECK_INT(cell(watch, 2, "socket"), 0);
	CHECK(cell(watch, 2, "frequency.base") == none);
	finish(watch);
}

/* The Super cores are the last six. */
TEST(cores_of_an_m5_max_are_super_and_performance)
{
	struct watch *watch = open_cpu("m5-max");

	CHECK_TEXT(cell_text(watch, core(watch, 0), "type"), "performance");
	CHECK_TEXT(cell_text(watch, core(watch, 11), "type"), "performance");
	CHECK_TEXT(cell_text(watch, core(watch, 12), "type"), "super");
	CHECK_TEXT(cell_text(watch, core(watch, 17), "type"), "super");
	CHECK_INT(cell(watch, 11, "cluster"), 1);
	finish(watch);
}

TEST(without_names_of_levels_letters_will_do)
{
	struct watch *watch;

	sim_boot("m5-max");
	sim_set("sysctl", "", "hw.nperflevels", "u32 3");
	watch = watch_open_table(TABLE_CPU, NULL, NULL);
	watch_list(watch);
	CHECK_TEXT(cell_text(watch, core(watch, 0), "type"), "middle");
	CHECK_TEXT(cell_text(watch, core(watch, 12), "type"), "performance");
	finish(watch);
}

TEST(intel_macs_and_virtual_machines_have_no_kinds)
{
	struct watch *watch = open_cpu("intel");

	CHECK_INT(watch->count, 4);
	CHECK_TEXT(cell_text(watch, core(watch, 0), "type"), "");
	CHECK(cell(watch, 0, "cluster") == none);
	CHECK(cell(watch, 0, "core") == none); /* two of them share one, but which? */
	CHECK_INT(cell(watch, 0, "frequency.base"), 2400000000);
	CHECK(cell(watch, 0, "active.time") == none);
	CHECK(cell(watch, 0, "time.busy") < none);
	finish(watch);
	watch = open_cpu("vm");
	CHECK_TEXT(cell_text(watch, core(watch, 0), "type"), "");
	CHECK_INT(cell(watch, 1, "core"), 1);
	CHECK(cell(watch, 0, "frequency.now") == none);
	finish(watch);
}

static const char *why_not(struct watch *watch, const char *name)
{
	enum cell_state state;

	return watch->provider->unsupported(watch->provider->context,
		watch->platform->bindings[cell_attribute(watch, name)].source, &state);
}

TEST(the_catalog_says_why_there_are_no_states)
{
	struct watch *watch = open_cpu("intel");

	CHECK(why_not(watch, "active.time"));
	CHECK(why_not(watch, "frequency.hardware_max"));
	CHECK(!why_not(watch, "time.busy"));
	finish(watch);
	watch = open_cpu("m1");
	CHECK(!why_not(watch, "active.time"));
	finish(watch);
}

/* ------------------------------------------------------------------------------ states */

/*
 * cpu0 is ECPU000: 20 % at 600 MHz, 20 % at 2064 MHz, so 1332 MHz. cpu1 is ECPU010, which sleeps. cpu2 is
 * PCPU000: half of the time at 3228 MHz; cpu3 is PCPU010: 25 % each at 600 and 3228 MHz, 1914 MHz.
 * The first two samples are 14 ms apart.
 */
TEST(states_of_an_m1_pro)
{
	struct watch *watch = open_cpu("m1");

	CHECK_INT(cell(watch, 0, "active.time"), 5600000);      /* 40 % of 14 ms */
	CHECK_INT(cell(watch, 0, "active.idle_time"), 8400000); /* the rest */
	CHECK_INT(cell(watch, 0, "active.off_time"), 0);
	CHECK_INT(cell(watch, 0, "frequency.now"), 1332000000);
	CHECK_INT(cell(watch, 1, "active.time"), 0);
	CHECK(cell(watch, 1, "frequency.now") == none);
	CHECK_INT(cell(watch, 2, "frequency.now"), 3228000000);
	CHECK_INT(cell(watch, 3, "frequency.now"), 1914000000);
	CHECK_INT(cell(watch, 0, "frequency.hardware_min"), 600000000);
	CHECK_INT(cell(watch, 0, "frequency.hardware_max"), 2064000000);
	CHECK_INT(cell(watch, 3, "frequency.hardware_max"), 3228000000);
	tick(watch, S); /* 1.004 s later, of which the core ran half */
	CHECK_INT(cell(watch, 2, "active.time"), 7000000 + 502000000);
	CHECK_INT(cell(watch, 2, "active.idle_time"), 7000000 + 502000000);
	finish(watch);
}

/* One subscription and one sample for ten cores and two sources. */
TEST(states_of_all_cores_are_one_sample)
{
	struct watch *watch = open_cpu("m4-pro");

	cell(watch, 0, "active.time");
	sim_forget_calls();
	tick(watch, S);
	for (uint64_t i = 0; i < 14; i++) {
		cell(watch, i, "active.time");
		cell(watch, i, "frequency.hardware_max");
	}
	CHECK_INT(sim_calls("IOReportCreateSamples", -1), 1);
	CHECK_INT(sim_calls("IOReportCreateSubscription", -1), 0);
	CHECK_INT(sim_calls("IORegistryEntryCreateCFProperty", -1), 0);
	finish(watch);
}

/* Tables in kHz, and DOWN is no activity: ECPU is at 1020 and 2592 MHz for 10 % each, PCPU000 at 4512. */
TEST(states_of_an_m4_pro)
{
	struct watch *watch = open_cpu("m4-pro");

	CHECK_INT(cell(watch, 0, "frequency.now"), 1806000000);
	CHECK_INT(cell(watch, 0, "active.time"), 2800000);     /* 20 % of 14 ms */
	CHECK_INT(cell(watch, 0, "active.off_time"), 4200000); /* 30 % */
	CHECK_INT(cell(watch, 4, "frequency.now"), 4512000000);
	CHECK_INT(cell(watch, 9, "frequency.now"), 4512000000); /* PCPU100 */
	CHECK(cell(watch, 5, "frequency.now") == none);
	CHECK_INT(cell(watch, 5, "active.off_time"), 14000000);
	CHECK_INT(cell(watch, 13, "frequency.hardware_min"), 1260000000);
	finish(watch);
}

/* cpu0 to cpu5 are MCPU0 (voltage-states22-sram), cpu11 is MCPU1_5, cpu17 is PCPU5 (5-sram). */
TEST(states_of_an_m5_max)
{
	struct watch *watch = open_cpu("m5-max");

	CHECK_INT(cell(watch, 0, "frequency.now"), 4380000000);
	CHECK(cell(watch, 6, "frequency.now") == none);
	CHECK_INT(cell(watch, 11, "frequency.now"), 1344000000);
	CHECK_INT(cell(watch, 12, "frequency.now"), 1308000000);
	CHECK_INT(cell(watch, 17, "frequency.now"), 4608000000);
	CHECK_INT(cell(watch, 17, "frequency.hardware_max"), 4608000000);
	finish(watch);
}

/* A chip that nobody knew has its tables under other keys: acc-clusters says which. */
TEST(clusters_say_where_their_tables_are)
{
	struct watch *watch;

	sim_boot("m5-max");
	sim_set("sysctl", "", "machdep.cpu.brand_string", "text Apple M9");
	watch = watch_open_table(TABLE_CPU, NULL, NULL);
	watch->provider->want(watch->handle, UINT32_MAX);
	watch_list(watch);
	CHECK_INT(cell(watch, 0, "frequency.now"), 4380000000);
	CHECK_INT(cell(watch, 11, "frequency.now"), 1344000000);
	finish(watch);
}

/* The last core is DIE_1_PCPU1_CPU3; cpu10 and cpu11 are the second die's efficiency cores. */
TEST(states_of_an_m1_ultra)
{
	struct watch *watch = open_cpu("m1-ultra");

	CHECK(cell(watch, 0, "frequency.now") == none);
	CHECK_INT(cell(watch, 10, "frequency.now"), 2064000000);
	CHECK_INT(cell(watch, 19, "frequency.now"), 3228000000);
	CHECK(cell(watch, 18, "frequency.now") == none);
	finish(watch);
}

/* Its efficiency cores have five states and six steps: times are right, frequencies nobody knows. */
TEST(a_table_that_does_not_fit_costs_the_frequency)
{
	struct watch *watch = open_cpu("m2-pro");
	uint64_t unsupported = ABSENT_U64(STATE_UNSUPPORTED);

	cell(watch, 0, "active.time");
	tick(watch, S);
	CHECK(cell(watch, 0, "active.time") < none);
	CHECK(cell(watch, 0, "frequency.now") == unsupported);
	CHECK(cell(watch, 0, "frequency.hardware_max") == none);
	CHECK_INT(cell(watch, 9, "frequency.now"), 3504000000);
	finish(watch);
}

/* vladkens/macmon#9: DOWN for 40 %, active for 4 %. */
TEST(states_of_an_m3_max)
{
	struct watch *watch = open_cpu("m3-max");
	uint64_t active, off;

	cell(watch, 0, "active.time");
	tick(watch, S);
	active = cell(watch, 0, "active.time");
	off = cell(watch, 0, "active.off_time");
	CHECK_INT(off / active, 10);
	CHECK_INT(cell(watch, 0, "frequency.now"), 744000000);
	finish(watch);
}

/* Nothing says of which kind a core is, so that no channel is known to be its own. */
TEST(an_a18_tells_no_kinds)
{
	struct watch *watch = open_cpu("a18");

	CHECK_INT(watch->count, 6);
	CHECK_TEXT(cell_text(watch, core(watch, 0), "type"), "");
	CHECK(cell(watch, 0, "active.time") == none);
	CHECK(cell(watch, 0, "time.busy") < none);
	finish(watch);
}

/* As many cores as channels, or nobody knows which is which. */
TEST(kinds_of_another_size_have_no_states)
{
	struct watch *watch;

	sim_boot("m1");
	sim_remove("entry", "919"); /* cpu9 */
	watch = watch_open_table(TABLE_CPU, NULL, NULL);
	watch->provider->want(watch->handle, UINT32_MAX);
	watch_list(watch);
	CHECK(cell(watch, 2, "active.time") == none);
	CHECK_INT(cell(watch, 0, "frequency.now"), 1332000000);
	finish(watch);
}

TESTS(CASE(ticks_of_the_kernel_are_times), CASE(one_call_tells_of_all_cores),
	CASE(ticks_of_32_bits_wrap_around),
	CASE(of_a_core_that_stands_nobody_knows_how_long_it_idled),
	CASE(a_call_that_fails_leaves_the_rows), CASE(cores_come_and_go),
	CASE(cores_of_an_m1_pro_are_of_two_kinds),
	CASE(cores_of_an_m5_max_are_super_and_performance),
	CASE(without_names_of_levels_letters_will_do),
	CASE(intel_macs_and_virtual_machines_have_no_kinds),
	CASE(the_catalog_says_why_there_are_no_states), CASE(states_of_an_m1_pro),
	CASE(states_of_all_cores_are_one_sample), CASE(states_of_an_m4_pro),
	CASE(states_of_an_m5_max), CASE(clusters_say_where_their_tables_are),
	CASE(states_of_an_m1_ultra), CASE(a_table_that_does_not_fit_costs_the_frequency),
	CASE(states_of_an_m3_max), CASE(an_a18_tells_no_kinds),
	CASE(kinds_of_another_size_have_no_states));

/* Table POWER on the simulated Macs: rails, and how they stall. */
#include "darwin_cell.h"

#define S UINT64_C(1000000000)

static const uint64_t none = ABSENT_U64(STATE_NONE), gone = ABSENT_U64(SAMPLE_GONE);

static struct watch *open_power(const char *fixture)
{
	struct watch *watch;

	sim_boot(fixture);
	watch = watch_open_table(TABLE_POWER, NULL, NULL);
	watch_list(watch);
	return watch;
}

static void finish(struct watch *watch)
{
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static uint32_t rail(struct watch *watch, const char *name)
{
	uint32_t slot = cell_find(watch, "name", name);

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "there is no rail %s", name);
	return slot;
}

static uint64_t read_rail(struct watch *watch, const char *name, const char *attribute)
{
	return cell_u64(watch, rail(watch, name), attribute);
}

static uint32_t count_rails(struct watch *watch)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < watch->count; i++)
		count += watch->rows[i].alive &&
			 strcmp(cell_text(watch, i, "kind"), "ioreport") == 0;
	return count;
}

static void tick(struct watch *watch, uint64_t ns)
{
	sim_advance(ns);
	watch_list(watch);
}

/* package CPU 3 clusters GPU SRAM ANE DRAM DCS DISP PCIe: cores, fabric, detail and GPU0 are no rails. */
TEST(an_m1_pro_has_twelve_rails)
{
	struct watch *watch = open_power("m1");

	CHECK_INT(count_rails(watch), 12);
	CHECK_TEXT(cell_text(watch, rail(watch, "PACC1_CPU"), "part_of"), "CPU");
	CHECK_TEXT(cell_text(watch, rail(watch, "CPU"), "part_of"), "package");
	CHECK_TEXT(cell_text(watch, rail(watch, "package"), "part_of"), "");
	CHECK_INT(read_rail(watch, "package", "in_total"), 1);
	CHECK_INT(read_rail(watch, "GPU", "in_total"), 0);
	CHECK_INT(read_rail(watch, "DRAM", "in_total"), 1);
	CHECK(read_rail(watch, "DISP", "in_total") == none);
	finish(watch);
}

/*
 * The first two samples are at 0 and 0.014 s: 10 ms apart, and each takes 4 ms. The next one is
 * at 1.018 s, after 1.004 s. Counters are whole mJ: CPU 1008 and 1611, GPU in nJ.
 */
TEST(an_m1_pro_tells_power_at_every_sampling)
{
	struct watch *watch = open_power("m1");

	CHECK_INT(read_rail(watch, "CPU", "energy.total"), 0);
	CHECK(read_rail(watch, "CPU", "power.now") == ABSENT_U64(STATE_PENDING));
	CHECK_INT(read_rail(watch, "package", "energy.total"), 0);
	tick(watch, S);
	CHECK_INT(read_rail(watch, "CPU", "energy.total"), 603000000);
	CHECK_INT(read_rail(watch, "CPU", "power.now"), 600); /* 603 mJ / 1.004 s = 600.6 mW */
	/* 400 * 0.014 = 5.6 and 400 * 1.018 = 407.2: 206 and 607 */
	CHECK_INT(read_rail(watch, "PACC0_CPU", "energy.total"), 401000000);
	CHECK_INT(read_rail(watch, "GPU", "energy.total"), 301200000); /* 0.3 W for 1.004 s */
	CHECK_INT(read_rail(watch, "GPU", "power.now"), 300);
	CHECK_INT(read_rail(watch, "ANE", "power.now"), 0); /* the CPU of its publisher moved */
	CHECK_INT(read_rail(watch, "package", "energy.total"), 904200000);
	CHECK_INT(read_rail(watch, "package", "power.now"), 900);
	/* uJ: 70 and 5090 */
	CHECK_INT(read_rail(watch, "PCIe ports", "energy.total"), 5020000);
	/* The same tick: there is nothing new. */
	CHECK(read_rail(watch, "CPU", "energy.total") == gone);
	CHECK(read_rail(watch, "CPU", "power.now") == gone);
	finish(watch);
}

/*
 * Batches at 2.2, 4.4, 6.6 s. CPU has 2 W. Samples at 0.014, 1.018, 2.022, 3.026 (which sees
 * the batch of 2.2 s, 4400 mJ), 4.030, 5.034 (4.4 s: 8800 mJ), 6.038, 7.042 s (6.6 s: 13200).
 */
TEST(an_m4_pro_with_macos_27_tells_it_in_batches)
{
	struct watch *watch = open_power("m4-pro");

	CHECK(read_rail(watch, "CPU", "energy.total") ==
		gone); /* pending: it has no beginning */
	CHECK_INT(read_rail(watch, "GPU", "energy.total"), 0);
	tick(watch, S);
	CHECK(read_rail(watch, "CPU", "energy.total") == gone);
	tick(watch, S);
	CHECK(read_rail(watch, "CPU", "energy.total") == gone);
	CHECK_INT(read_rail(watch, "GPU", "power.now"), 500);
	tick(watch, S);
	CHECK_INT(read_rail(watch, "CPU", "energy.total"), 0); /* here it begins */
	CHECK(read_rail(watch, "CPU", "power.now") == ABSENT_U64(STATE_PENDING));
	tick(watch, S);
	CHECK(read_rail(watch, "CPU", "energy.total") == gone);
	tick(watch, S);
	CHECK_INT(read_rail(watch, "CPU", "energy.total"), 4400000000);
	CHECK_INT(read_rail(watch, "CPU", "power.now"), 2191); /* 4.4 J / 2.008 s */
	CHECK_INT(read_rail(watch, "PACC1_CPU", "energy.total"), 880000000);
	CHECK_INT(read_rail(watch, "ANE", "power.now"), 0);
	tick(watch, S);
	CHECK(read_rail(watch, "CPU", "energy.total") == gone);
	tick(watch, S);
	CHECK_INT(read_rail(watch, "CPU", "energy.total"), 8800000000);
	finish(watch);
}

/* The latest batch is the one of 29.4 s. */
TEST(rails_of_an_m5_max_stall)
{
	struct watch *watch = open_power("m5-max");

	CHECK_INT(count_rails(watch), 8); /* package CPU PCPU MCPU0 MCPU1 GPU ANE DRAM */
	for (int i = 0; i < 33; i++) {
		tick(watch, S);
		read_rail(watch, "CPU", "power.now");
	}
	CHECK(read_rail(watch, "CPU", "energy.total") < none);
	CHECK(read_rail(watch, "MCPU0", "power.now") < none);
	for (int i = 0; i < 4; i++) {
		tick(watch, S);
		read_rail(watch, "GPU", "power.now");
	}
	CHECK(read_rail(watch, "CPU", "energy.total") == none);
	CHECK(read_rail(watch, "CPU", "power.now") == none);
	CHECK(read_rail(watch, "ANE", "power.now") == none);
	CHECK(read_rail(watch, "package", "power.now") == none);
	tick(watch, S);
	CHECK_INT(read_rail(watch, "GPU", "power.now"), 700);
	finish(watch);
}

/*
 * Dies are added up: batches of 1 s, of which each sample sees one. At 0.0135 s nothing has come yet, at 1.017 s the first one,
 * at 2.0205 s the second: 1.0035 s later. CPU 3 + 4 J, ANE 0 + 0.05 J, DRAM 0.7 + 0.7 J.
 */
TEST(an_m1_ultra_is_the_sum_of_its_dies)
{
	struct watch *watch = open_power("m1-ultra");

	read_rail(watch, "CPU", "energy.total");
	tick(watch, S);
	CHECK_INT(read_rail(watch, "CPU", "energy.total"), 0);
	tick(watch, S);
	CHECK_INT(read_rail(watch, "CPU", "energy.total"), 7000000000);
	CHECK_INT(read_rail(watch, "ANE", "energy.total"), 50000000);
	CHECK_INT(read_rail(watch, "DRAM", "energy.total"), 1400000000);
	CHECK_INT(read_rail(watch, "DIE_1_PACC0_CPU", "energy.total"), 3000000000);
	CHECK_INT(read_rail(watch, "CPU", "power.now"), 6975); /* 7 J / 1.0035 s */
	CHECK_INT(read_rail(watch, "PCIe ports", "power.now"), 500);
	finish(watch);
}

/* ANE tells INT64_MIN all the time; the GPU is switched off, and its 20 mW are of what is left on. */
TEST(a_channel_that_tells_nothing_has_no_value)
{
	struct watch *watch = open_power("m2-pro");

	read_rail(watch, "CPU", "energy.total");
	for (int i = 0; i < 6; i++) {
		tick(watch, S);
		read_rail(watch, "CPU", "energy.total");
	}
	CHECK(read_rail(watch, "ANE", "energy.total") == none);
	CHECK(read_rail(watch, "package", "power.now") == none);
	CHECK_INT(read_rail(watch, "CPU", "power.now"), 260);
	CHECK_INT(read_rail(watch, "GPU", "power.now"), 20);
	finish(watch);
}

/* The GPU switches off: its energy stands still, which is 0 W and no stall. */
TEST(a_gpu_that_is_switched_off_takes_nothing)
{
	struct watch *watch = open_power("m2-pro");

	sim_set("report", "Energy Model / - / GPU Energy", "until_ns", "1500000000");
	read_rail(watch, "CPU", "energy.total");
	for (int i = 0; i < 9; i++) {
		tick(watch, S);
		read_rail(watch, "CPU", "energy.total");
	}
	CHECK_INT(read_rail(watch, "GPU", "power.now"), 0);
	finish(watch);
}

/* The second cluster sleeps, and takes 0 mJ of what the power manager publishes. */
TEST(a_cluster_that_sleeps_takes_no_power)
{
	struct watch *watch = open_power("m3-max");

	read_rail(watch, "CPU", "energy.total");
	for (int i = 0; i < 9; i++) {
		tick(watch, S);
		read_rail(watch, "CPU", "energy.total");
	}
	CHECK_INT(read_rail(watch, "PACC1_CPU", "power.now"), 0);
	CHECK_INT(read_rail(watch, "ANE", "power.now"), 0);
	CHECK_INT(read_rail(watch, "CPU", "power.now"), 160);
	finish(watch);
}

TEST(an_a18_has_no_power_of_its_cpu)
{
	struct watch *watch = open_power("a18");

	read_rail(watch, "GPU", "energy.total");
	for (int i = 0; i < 7; i++) {
		tick(watch, S);
		read_rail(watch, "GPU", "energy.total");
	}
	CHECK(read_rail(watch, "CPU", "power.now") == none);
	CHECK(read_rail(watch, "PCPU", "power.now") == none);
	CHECK(read_rail(watch, "package", "power.now") == none);
	CHECK_INT(read_rail(watch, "GPU", "power.now"), 90);
	CHECK_INT(read_rail(watch, "DRAM", "power.now"), 60);
	finish(watch);
}

/* Counters that begin anew add nothing, and go on from there. */
TEST(a_counter_that_shrinks_begins_anew)
{
	struct watch *watch = open_power("m1");
	uint64_t before;

	read_rail(watch, "DRAM", "energy.total");
	tick(watch, S);
	before = read_rail(watch, "DRAM", "energy.total");
	CHECK_INT(before, 201000000);
	sim_set("report", "Energy Model / - / DRAM0", "value", "0");
	tick(watch, S);
	CHECK(read_rail(watch, "DRAM", "energy.total") == gone);
	sim_set("report", "Energy Model / - / DRAM0", "value", "70");
	tick(watch, S);
	CHECK_INT(read_rail(watch, "DRAM", "energy.total"), 201000000); /* a new beginning */
	sim_set("report", "Energy Model / - / DRAM0", "value", "170");
	tick(watch, S);
	CHECK_INT(read_rail(watch, "DRAM", "energy.total"), 301000000);
	finish(watch);
}

TESTS(CASE(an_m1_pro_has_twelve_rails), CASE(an_m1_pro_tells_power_at_every_sampling),
	CASE(an_m4_pro_with_macos_27_tells_it_in_batches), CASE(rails_of_an_m5_max_stall),
	CASE(an_m1_ultra_is_the_sum_of_its_dies),
	CASE(a_channel_that_tells_nothing_has_no_value),
	CASE(a_gpu_that_is_switched_off_takes_nothing),
	CASE(a_cluster_that_sleeps_takes_no_power), CASE(an_a18_has_no_power_of_its_cpu),
	CASE(a_counter_that_shrinks_begins_anew));

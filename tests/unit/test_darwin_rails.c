/* Rails: names and units of channels of energy, which of them count, and what becomes of them. */
#include "darwin/report/rails.h"

#include <string.h>

#include "darwin/report/chips.h"
#include "test.h"

#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

/* ------------------------------------------------------------------------ names, units */

static bool is_unit(const char *label, uint64_t numerator, uint64_t denominator)
{
	struct scale scale = {0, 0};

	return rail_unit(label, &scale) && scale.numerator == numerator &&
	       scale.denominator == denominator;
}

TEST(units_are_read_without_the_blanks_around_them)
{
	struct scale scale;

	CHECK(is_unit("J", 1000000000, 1));
	CHECK(is_unit("mJ", 1000000, 1));
	CHECK(is_unit(" mJ  ", 1000000, 1));
	CHECK(is_unit("uJ", 1000, 1));
	CHECK(is_unit("nJ", 1, 1));
	CHECK(is_unit("pJ", 1, 1000));
	CHECK(!rail_unit("", &scale));
	CHECK(!rail_unit("mW", &scale));
	CHECK(!rail_unit("MJ", &scale));
	CHECK(!rail_unit("mJ mJ mJ mJ mJ mJ mJ", &scale));
	CHECK(!rail_unit(NULL, &scale));
}

static bool is(const char *name, const char *pattern)
{
	const char *begin;

	return rail_name_is(name, pattern, &begin);
}

TEST(names_are_taken_as_a_whole)
{
	CHECK(is("CPU Energy", "CPU Energy"));
	CHECK(is("DIE_1_CPU Energy", "CPU Energy"));
	CHECK(is("DIE0 GPU0", "GPU#~"));
	CHECK(is("PRIM MCPU0", "MCPU#"));
	CHECK(is("GPU0_1", "GPU#~"));
	CHECK(is("PACC0_CPU12", "PACC#_CPU#"));
	CHECK(!is("GPU SRAM0", "GPU#~"));
	CHECK(!is("GPU Energy", "GPU"));
	CHECK(!is("ECPUDTL00", "ECPU"));
	CHECK(!is("PACC0_CPM", "PACC#_CPU"));
	CHECK(!is("A B GPU0", "GPU#~")); /* two tokens */
	CHECK(!is("MCPU0_0", "MCPU#"));  /* a core */
	CHECK(!is("GPU0_", "GPU#~"));
	CHECK(!is("GPU0_1_2", "GPU#~"));
	CHECK(!is("DIE_GPU0", "GPU#~"));
	CHECK(!is("DIE_0GPU0", "GPU#~"));
}

/* --------------------------------------------------------------------------------- plan */

struct plan {
	struct rails rails;
	struct rail_channel channels[32];
};

static void plan(struct plan *self, const struct rail_input *inputs, uint32_t count)
{
	memset(self, 0, sizeof *self);
	rails_plan(&self->rails, inputs, count, self->channels);
}

static const char *rail_name(const struct plan *self, uint32_t channel)
{
	uint8_t rail = self->channels[channel].rail;

	return rail == RAIL_NONE ? "-" : self->rails.items[rail].name;
}

static const char *part_of(const struct plan *self, const char *name)
{
	const struct rail *rail = rails_find(&self->rails, name);

	CHECK(rail);
	return rail->part_of == RAIL_NONE ? "-" : self->rails.items[rail->part_of].name;
}

static uint64_t in_total(const struct plan *self, const char *name)
{
	return rails_find(&self->rails, name)->in_total;
}

/* Of kennss/SiliconScope: PowerSampler.swift, an M1 Pro. */
TEST(an_m1_pro_has_totals_and_clusters)
{
	static const struct rail_input inputs[] = {
		{"EACC_CPU0", "mJ", false},
		{"EACC_CPU", "mJ", false},
		{"PACC0_CPU", "mJ", false},
		{"PACC1_CPU", "mJ", false},
		{"PACC0_CPM", "mJ", false},
		{"CPU Energy", "mJ", false},
		{"GPU0", "mJ", false},
		{"GPU SRAM0", "mJ", false},
		{"GPU Energy", "nJ", false},
		{"ANE0", "mJ", false},
		{"DRAM0", "mJ", false},
		{"ECPUDTL00", "mJ", false},
	};
	struct plan self;

	plan(&self, inputs, 12);
	CHECK_TEXT(rail_name(&self, 0), "-"); /* its cluster has a sum */
	CHECK_TEXT(rail_name(&self, 1), "EACC_CPU");
	CHECK_TEXT(rail_name(&self, 4), "-");
	CHECK_TEXT(rail_name(&self, 5), "CPU");
	CHECK_TEXT(rail_name(&self, 6), "-"); /* GPU Energy is the same */
	CHECK_TEXT(rail_name(&self, 7), "GPU SRAM");
	CHECK_TEXT(rail_name(&self, 8), "GPU");
	CHECK_TEXT(rail_name(&self, 11), "-");
	CHECK_INT(self.rails.count, 9); /* package CPU EACC PACC0 PACC1 GPU SRAM ANE DRAM */
	CHECK_TEXT(part_of(&self, "PACC1_CPU"), "CPU");
	CHECK_TEXT(part_of(&self, "CPU"), "package");
	CHECK_TEXT(part_of(&self, "GPU"), "package");
	CHECK_TEXT(part_of(&self, "ANE"), "package");
	CHECK_TEXT(part_of(&self, "DRAM"), "-");
	CHECK_TEXT(part_of(&self, "package"), "-");
	CHECK_INT(in_total(&self, "package"), 1);
	CHECK_INT(in_total(&self, "CPU"), 0);
	CHECK_INT(in_total(&self, "EACC_CPU"), 0);
	CHECK_INT(in_total(&self, "DRAM"), 1);
	CHECK(in_total(&self, "GPU SRAM") == ABSENT_U64(STATE_NONE));
	CHECK(!self.rails.items[self.channels[5].rail].composed);
}

/* Without sums the cores are added up, never both. */
TEST(cores_count_where_clusters_have_no_sum)
{
	static const struct rail_input inputs[] = {
		{"ECPU0", "mJ", false},
		{"ECPU1", "mJ", false},
		{"PCPU0", "mJ", false},
		{"GPU0", "mJ", false},
	};
	struct plan self;

	plan(&self, inputs, 4);
	CHECK_TEXT(rail_name(&self, 0), "ECPU");
	CHECK_TEXT(rail_name(&self, 1), "ECPU");
	CHECK_TEXT(rail_name(&self, 2), "PCPU");
	CHECK_TEXT(rail_name(&self, 3), "GPU");
	CHECK(rails_find(&self.rails, "CPU")->composed);
	CHECK_TEXT(part_of(&self, "ECPU"), "CPU");
}

/* lablup/all-smi#424: an M1 Ultra. */
TEST(two_dies_are_one_rail)
{
	static const struct rail_input inputs[] = {
		{"DIE_0_CPU Energy", "mJ", false},
		{"DIE_1_CPU Energy", "mJ", false},
		{"DIE_0_EACC_CPU", "mJ", false},
		{"DIE_1_EACC_CPU", "mJ", false},
		{"GPU0_0", "mJ", false},
		{"ANE0_0", "mJ", false},
		{"ANE0_1", "mJ", false},
		{"GPU Energy", "nJ", false},
		{"PCIe Port 0 Energy", "uJ", false},
		{"PCIe Port 3 Energy", "uJ", false},
	};
	struct plan self;

	plan(&self, inputs, 10);
	CHECK_TEXT(rail_name(&self, 0), "CPU");
	CHECK_TEXT(rail_name(&self, 1), "CPU");
	CHECK_TEXT(rail_name(&self, 2), "DIE_0_EACC_CPU");
	CHECK_TEXT(rail_name(&self, 3), "DIE_1_EACC_CPU");
	CHECK_TEXT(rail_name(&self, 4), "-");
	CHECK_TEXT(rail_name(&self, 5), "ANE");
	CHECK_TEXT(rail_name(&self, 6), "ANE");
	CHECK_TEXT(rail_name(&self, 9), "PCIe ports");
	CHECK_INT(self.rails.publisher_count, 3);
}

/* kennss/SiliconScope#30: an M5 Max. */
TEST(an_m5_max_has_bare_names)
{
	static const struct rail_input inputs[] = {
		{"PCPU", "mJ", false},
		{"MCPU0", "mJ", false},
		{"MCPU1", "mJ", false},
		{"PACC_0", "mJ", false},
		{"MCPU0_0", "mJ", false},
		{"PCPM", "mJ", false},
		{"MCPM0", "mJ", false},
		{"CPU Energy", "mJ", false},
		{"GPU Energy", "nJ", false},
	};
	struct plan self;

	plan(&self, inputs, 9);
	CHECK_TEXT(rail_name(&self, 0), "PCPU");
	CHECK_TEXT(rail_name(&self, 2), "MCPU1");
	for (uint32_t i = 3; i < 7; i++)
		CHECK_TEXT(rail_name(&self, i), "-");
	CHECK_INT(self.rails.count, 6);
}

/* The first M1 has in PMP what its Energy Model lacks. */
TEST(spare_channels_fill_gaps_only)
{
	static const struct rail_input inputs[] = {
		{"CPU Energy", "mJ", false},
		{"GPU Energy", "nJ", false},
		{"ECPU", "mJ", true},
		{"GPU", "mJ", true},
		{"ANE", "mJ", true},
		{"DRAM", "mJ", true},
	};
	struct plan self;

	plan(&self, inputs, 6);
	CHECK_TEXT(rail_name(&self, 2), "ECPU");
	CHECK_TEXT(rail_name(&self, 3), "-");
	CHECK_TEXT(rail_name(&self, 4), "ANE");
	CHECK_TEXT(rail_name(&self, 5), "DRAM");
	CHECK(self.channels[4].publisher != self.channels[0].publisher);
}

TEST(what_has_no_unit_of_energy_is_nothing)
{
	static const struct rail_input inputs[] = {
		{"CPU Energy", "bananas", false},
		{"DRAM0", "", false},
	};
	struct plan self;

	plan(&self, inputs, 2);
	CHECK_INT(self.rails.count, 0);
	CHECK_TEXT(rail_name(&self, 0), "-");
	rails_plan(&self.rails, inputs, 2, NULL);
	CHECK_INT(self.rails.count, 0);
}

/* ------------------------------------------------------------------------------- account */

enum { CPU, PACC, GPU, ANE };
static const struct rail_input four[] = {
	{"CPU Energy", "mJ", false},
	{"PACC_CPU", "mJ", false},
	{"GPU Energy", "nJ", false},
	{"ANE0", "mJ", false},
};

static void step(struct plan *self, uint64_t now_ns, int64_t cpu, int64_t gpu, int64_t ane,
	bool gpu_slept)
{
	rails_begin(&self->rails);
	rails_add(&self->rails, &self->channels[CPU], cpu);
	rails_add(&self->rails, &self->channels[PACC], cpu == INT64_MIN ? cpu : cpu / 2);
	rails_add(&self->rails, &self->channels[GPU], gpu);
	rails_add(&self->rails, &self->channels[ANE], ane);
	rails_end(&self->rails, now_ns, gpu_slept);
}

static const struct rail *find(const struct plan *self, const char *name)
{
	const struct rail *rail = rails_find(&self->rails, name);

	CHECK(rail);
	return rail;
}

/* 2 J in 1 s are 2 W. */
TEST(energy_by_time_is_power)
{
	struct plan self;

	plan(&self, four, 4);
	CHECK_INT(find(&self, "CPU")->total_state, STATE_PENDING);
	step(&self, 10 * S, 5, 7, 0, false); /* nobody knows of which time that is */
	CHECK_INT(find(&self, "CPU")->total_state, STATE_OK);
	CHECK_INT(find(&self, "CPU")->total_nj, 0);
	CHECK_INT(find(&self, "CPU")->power_state, STATE_PENDING);
	step(&self, 11 * S, 2000, 500000000, 0, false);
	CHECK_INT(find(&self, "CPU")->total_nj, 2000000000);
	CHECK_INT(find(&self, "CPU")->power_uw, 2000000);
	CHECK_INT(find(&self, "PACC_CPU")->power_uw, 1000000);
	CHECK_INT(find(&self, "GPU")->power_uw, 500000);
	/* The others of its publisher have moved, so that is a measured 0. */
	CHECK_INT(find(&self, "ANE")->power_state, STATE_OK);
	CHECK_INT(find(&self, "ANE")->power_uw, 0);
	CHECK_INT(find(&self, "package")->power_uw, 2500000);
	CHECK_INT(find(&self, "package")->total_nj, 2500000000);
}

/* lablup/all-smi#410: batches 2.2 s apart; sampled each second. 6.6 J in 2.2 s are 3 W; by the samplings
 * it was between 10 and 13 s. */
TEST(between_two_batches_the_last_one_holds)
{
	struct plan self;
	uint64_t change;

	plan(&self, four, 4);
	step(&self, 10 * S, 3, 1, 0, false);
	change = find(&self, "CPU")->change;
	step(&self, 11 * S, 0, 1, 0, false);
	step(&self, 12 * S, 0, 1, 0, false);
	CHECK_INT(find(&self, "CPU")->change, change);
	CHECK_INT(find(&self, "CPU")->total_state, STATE_OK);
	step(&self, 13 * S, 6600, 1, 300, false);
	CHECK(find(&self, "CPU")->change > change);
	CHECK_INT(find(&self, "CPU")->total_nj, 6600000000);
	CHECK_INT(find(&self, "CPU")->power_uw, 2200000);
	CHECK_INT(find(&self, "ANE")->power_uw, 100000); /* 0.3 J in 3 s */
	/* CPU and ANE had something new, and the GPU all the time. */
	CHECK_INT(find(&self, "package")->total_nj, 6600000000 + 300000000 + 3);
}

TEST(a_rail_that_stalls_has_no_value)
{
	struct plan self;

	plan(&self, four, 4);
	step(&self, 10 * S, 3, 1, 0, false);
	step(&self, 11 * S, 1000, 1, 0, false);
	step(&self, 15 * S + 999 * MS, 0, 1, 0, false);
	CHECK_INT(find(&self, "CPU")->total_state, STATE_OK);
	step(&self, 16 * S, 0, 1, 0, false);
	CHECK_INT(find(&self, "CPU")->total_state, STATE_NONE);
	CHECK_INT(find(&self, "CPU")->power_state, STATE_NONE);
	CHECK_INT(find(&self, "ANE")->power_state, STATE_NONE);
	CHECK_INT(find(&self, "package")->power_state, STATE_NONE);
	CHECK_INT(find(&self, "GPU")->power_state, STATE_OK);
	/* It comes back: 9 J since 11 s are 1 W. */
	step(&self, 20 * S, 9000, 1, 0, false);
	CHECK_INT(find(&self, "CPU")->total_nj, 10000000000);
	CHECK_INT(find(&self, "CPU")->power_uw, 1000000);
	CHECK_INT(find(&self, "package")->power_state, STATE_OK);
}

/* It never moved at all: from the first step on 5 s. */
TEST(a_rail_that_never_moves_has_no_value)
{
	struct plan self;

	plan(&self, four, 4);
	step(&self, 10 * S, 0, 1, 0, false);
	CHECK_INT(find(&self, "CPU")->total_state, STATE_PENDING);
	step(&self, 15 * S, 0, 1, 0, false);
	CHECK_INT(find(&self, "CPU")->total_state, STATE_NONE);
}

/* A GPU that is switched off takes nothing, and its driver says nothing. */
TEST(a_sleeping_gpu_takes_no_power)
{
	struct plan self;

	plan(&self, four, 4);
	step(&self, 10 * S, 3, 1, 0, false);
	step(&self, 11 * S, 1000, 0, 0, true);
	CHECK_INT(find(&self, "GPU")->power_uw, 0);
	CHECK_INT(find(&self, "GPU")->power_state, STATE_OK);
	for (uint64_t i = 12; i < 20; i++)
		step(&self, i * S, 1000, 0, 0, true);
	CHECK_INT(find(&self, "GPU")->power_state, STATE_OK);
	for (uint64_t i = 20; i < 30; i++)
		step(&self, i * S, 1000, 0, 0, false);
	CHECK_INT(find(&self, "GPU")->power_state, STATE_NONE);
}

/* kennss/SiliconScope#12: the A18's CPU stands at 0 under load, while DRAM and ANE beside it move. */
TEST(a_processor_that_takes_nothing_was_not_measured)
{
	struct plan self;

	plan(&self, four, 4);
	for (uint64_t i = 10; i < 20; i++)
		step(&self, i * S, 0, 90000000, 50, false);
	CHECK_INT(find(&self, "CPU")->power_state, STATE_NONE);
	CHECK_INT(find(&self, "PACC_CPU")->power_state, STATE_NONE);
	CHECK_INT(find(&self, "ANE")->power_uw, 50000);
	CHECK_INT(find(&self, "GPU")->power_uw, 90000);
	CHECK_INT(find(&self, "package")->power_state, STATE_NONE);
}

TEST(no_data_and_shrinking_counters_add_nothing)
{
	struct plan self;

	plan(&self, four, 4);
	step(&self, 10 * S, 3, 1, 1, false);
	step(&self, 11 * S, 1000, 1, 1000, false);
	step(&self, 12 * S, 1000, 1, INT64_MIN, false);
	CHECK_INT(find(&self, "ANE")->total_nj, 1000000000);
	step(&self, 13 * S, 1000, 1, 1000, false); /* of which time, if not of 2 s? */
	CHECK_INT(find(&self, "ANE")->total_nj, 1000000000);
	step(&self, 14 * S, 1000, 1, 1000, false);
	CHECK_INT(find(&self, "ANE")->total_nj, 2000000000);
	CHECK_INT(find(&self, "ANE")->power_uw, 1000000);
	step(&self, 15 * S, 1000, -5, INT64_MAX, false);
	CHECK_INT(find(&self, "ANE")->total_nj, 2000000000);
	CHECK_INT(find(&self, "GPU")->total_nj, 4);
	CHECK_INT(find(&self, "CPU")->total_nj, 5000000000);
}

/* Another subscription: the account goes on. */
TEST(a_plan_keeps_the_account)
{
	static const struct rail_input more[] = {
		{"DRAM0", "mJ", false},
		{"CPU Energy", "mJ", false},
	};
	struct plan self;

	plan(&self, four, 4);
	step(&self, 10 * S, 3, 1, 1, false);
	step(&self, 11 * S, 1000, 1, 1, false);
	rails_plan(&self.rails, more, 2, self.channels);
	CHECK_INT(find(&self, "CPU")->total_nj, 1000000000);
	CHECK(!rails_find(&self.rails, "ANE"));
	rails_begin(&self.rails);
	rails_add(&self.rails, &self.channels[1], 500);
	rails_end(&self.rails, 12 * S, false);
	CHECK_INT(find(&self, "CPU")->power_uw, 500000);
}

TESTS(CASE(units_are_read_without_the_blanks_around_them), CASE(names_are_taken_as_a_whole),
	CASE(an_m1_pro_has_totals_and_clusters), CASE(cores_count_where_clusters_have_no_sum),
	CASE(two_dies_are_one_rail), CASE(an_m5_max_has_bare_names),
	CASE(spare_channels_fill_gaps_only), CASE(what_has_no_unit_of_energy_is_nothing),
	CASE(energy_by_time_is_power), CASE(between_two_batches_the_last_one_holds),
	CASE(a_rail_that_stalls_has_no_value), CASE(a_rail_that_never_moves_has_no_value),
	CASE(a_sleeping_gpu_takes_no_power),
	CASE(a_processor_that_takes_nothing_was_not_measured),
	CASE(no_data_and_shrinking_counters_add_nothing), CASE(a_plan_keeps_the_account));

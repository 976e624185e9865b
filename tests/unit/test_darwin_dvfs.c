/* States of cores and GPUs: names, DVFS tables, frequencies; and which channel is which core. */
#include <string.h>

#include "darwin/report/chips.h"
#include "darwin/report/cores.h"
#include "darwin/report/residency.h"
#include "test.h"

/* ------------------------------------------------------------------------------- names */

TEST(states_and_units_have_names)
{
	CHECK_INT(state_role("IDLE"), ROLE_IDLE);
	CHECK_INT(state_role("DOWN"), ROLE_OFF);
	CHECK_INT(state_role("OFF"), ROLE_OFF);
	CHECK_INT(state_role("V0P5"), ROLE_ACTIVE);
	CHECK_INT(state_role("P1"), ROLE_ACTIVE);
	CHECK_INT(residency_unit("24Mticks"), 24000000);
	CHECK_INT(residency_unit(" 24Mticks "), 24000000);
	CHECK_INT(residency_unit("ticks"), 0);
	CHECK_INT(residency_unit("24Mticks/s"), 0);
	CHECK_INT(residency_unit(""), 0);
	CHECK_INT(residency_unit(NULL), 0);
}

/* ------------------------------------------------------------------------- DVFS tables */

static void decode(struct dvfs *dvfs, const uint32_t *words, size_t count)
{
	uint8_t bytes[512];

	for (size_t i = 0; i < count; i++)
		for (int at = 0; at < 4; at++)
			bytes[i * 4 + (size_t)at] = (uint8_t)(words[i] >> (8 * at));
	dvfs_decode(dvfs, bytes, count * 4);
}

TEST(tables_are_in_hz_or_in_khz)
{
	/* voltage-states1-sram of an M1: frequency and voltage */
	static const uint32_t hz[] = {600000000, 781, 972000000, 781, 2064000000, 812};
	/* of an M4: macmon#11 */
	static const uint32_t khz[] = {1020000, 400, 2592000, 700};
	/* voltage-states9: the first entry is the GPU switched off */
	static const uint32_t gpu[] = {0, 400, 396000000, 610, 1278000000, 900};
	struct dvfs dvfs;

	decode(&dvfs, hz, 6);
	CHECK_INT(dvfs.count, 3);
	CHECK_INT(dvfs.hz[0], 600000000);
	CHECK_INT(dvfs.hz[2], 2064000000);
	decode(&dvfs, khz, 4);
	CHECK_INT(dvfs.count, 2);
	CHECK_INT(dvfs.hz[0], 1020000000);
	CHECK_INT(dvfs.hz[1], 2592000000);
	decode(&dvfs, gpu, 6);
	CHECK_INT(dvfs.count, 2);
	CHECK_INT(dvfs.hz[0], 396000000);
}

TEST(what_cannot_be_frequencies_is_no_table)
{
	/* of an M1 without sram */
	static const uint32_t zeros[] = {0, 612, 0, 684};
	/* voltage-states5 of the A18: exelban/stats#3625 */
	static const uint32_t reciprocals[] = {0x015816, 0x249, 0xcb2c, 0x276, 0x9e06, 0x28f};
	static const uint32_t one_hz[] = {1, 660, 1, 670};
	static const uint32_t falling[] = {2064000000, 812, 600000000, 781};
	struct dvfs dvfs;

	decode(&dvfs, zeros, 4);
	CHECK_INT(dvfs.count, 0);
	decode(&dvfs, reciprocals, 6);
	CHECK_INT(dvfs.count, 0);
	decode(&dvfs, one_hz, 4);
	CHECK_INT(dvfs.count, 0);
	decode(&dvfs, falling, 4);
	CHECK_INT(dvfs.count, 0);
	dvfs_decode(&dvfs, (const uint8_t *)"abcdefg", 7);
	CHECK_INT(dvfs.count, 0);
}

/* -------------------------------------------------------------------------- residency */

static const uint8_t roles[] = {ROLE_OFF, ROLE_IDLE, ROLE_ACTIVE, ROLE_ACTIVE};
static const struct dvfs two = {.hz = {1000000000, 3000000000}, .count = 2};

/* Of 24 million ticks 6 are switched off, 6 idle, 3 at 1 GHz and 9 at 3 GHz: active for half of the time,
 * at (3 * 1 + 9 * 3) / 12 = 2.5 GHz. */
TEST(frequency_is_a_mean_of_the_active_time)
{
	static const int64_t growth[] = {6000000, 6000000, 3000000, 9000000};
	struct residency self;

	residency_init(&self, 24000000);
	CHECK(!self.stepped);
	residency_step(&self, roles, growth, 4, &two);
	CHECK(self.stepped);
	CHECK_INT(self.frequency_hz, 2500000000);
	CHECK(self.active_share == 0.5);
	CHECK_INT(residency_ns(&self, self.active), 500000000);
	CHECK_INT(residency_ns(&self, self.idle), 250000000);
	CHECK_INT(residency_ns(&self, self.off), 250000000);
	residency_step(&self, roles, growth, 4, &two);
	CHECK_INT(residency_ns(&self, self.active), 1000000000);
}

TEST(a_core_that_slept_has_no_frequency)
{
	static const int64_t asleep[] = {12000000, 12000000, 0, 0}, nothing[4] = {0};
	struct residency self;

	residency_init(&self, 24000000);
	residency_step(&self, roles, asleep, 4, &two);
	CHECK(self.frequency_hz == ABSENT_U64(STATE_NONE));
	CHECK(self.active_share == 0.0);
	residency_step(&self, roles, nothing, 4, &two);
	CHECK(self.active_share != self.active_share);
}

/* dehydratedpotato/socpowerbud#8: an M2 whose cores have a state less than the table. */
TEST(a_table_of_another_length_gives_no_frequency)
{
	static const struct dvfs three = {.hz = {1, 2, 3}, .count = 3};
	static const int64_t growth[] = {0, 0, 3000000, 9000000};
	struct residency self;

	residency_init(&self, 24000000);
	residency_step(&self, roles, growth, 4, &three);
	CHECK(self.frequency_hz == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(residency_ns(&self, self.active), 500000000);
	residency_step(&self, roles, growth, 4, NULL);
	CHECK(self.frequency_hz == ABSENT_U64(STATE_UNSUPPORTED));
}

TEST(a_step_that_is_not_whole_counts_nothing)
{
	static const int64_t none[] = {INT64_MIN, 0, 3000000, 0}, back[] = {0, -1, 3000000, 0};
	struct residency self;

	residency_init(&self, 24000000);
	residency_step(&self, roles, none, 4, &two);
	residency_step(&self, roles, back, 4, &two);
	CHECK(!self.stepped);
	CHECK_INT(self.active, 0);
	CHECK(self.frequency_hz == ABSENT_U64(STATE_NONE));
}

/* A year: 3.15e7 s are 7.6e14 ticks, whose product with 1e9 has no room. */
TEST(long_times_do_not_overflow)
{
	struct residency self;

	residency_init(&self, 24000000);
	CHECK_INT(residency_ns(&self, UINT64_C(757382400000000)), INT64_C(31557600000000000));
}

/* ------------------------------------------------------------------------------- cores */

static bool is_core(
	const char *name, char letter, uint32_t die, uint32_t cluster, uint32_t core)
{
	struct core_name got;

	return core_name_parse(name, &got) && got.letter == letter && got.die == die &&
	       got.cluster == cluster && got.core == core;
}

TEST(names_of_cores_say_where_they_are)
{
	struct core_name got;

	CHECK(is_core("ECPU0", 'E', 0, 0, 0));
	CHECK(is_core("PCPU10", 'P', 0, 0, 10));
	CHECK(is_core("PCPU130", 'P', 0, 1, 130)); /* op06072/NeoAsitop#2 */
	CHECK(is_core("ECPU010", 'E', 0, 0, 10));
	CHECK(is_core("DIE_0_PCPU_CPU3", 'P', 0, 0, 3)); /* macmon#17 */
	CHECK(is_core("DIE_1_PCPU1_CPU0", 'P', 1, 1, 0));
	CHECK(is_core("MCPU1_5", 'M', 0, 1, 5));
	CHECK(!core_name_parse("ECPM", &got));
	CHECK(!core_name_parse("PCPU", &got));
	CHECK(!core_name_parse("PCPU1_", &got));
	CHECK(!core_name_parse("PCPU1_CPU0 idle", &got));
	CHECK(!core_name_parse("DIE_x_PCPU0", &got));
	CHECK(!core_name_parse("", &got));
	CHECK(!core_name_parse("cpu0", &got));
}

static int compare(const char *a, const char *b)
{
	struct core_name left, right;

	CHECK(core_name_parse(a, &left) && core_name_parse(b, &right));
	return core_name_compare(&left, &right);
}

TEST(cores_are_in_order_of_speed_and_place)
{
	CHECK(compare("PCPU0", "ECPU0") < 0);
	CHECK(compare("PCPU0", "MCPU0_0") < 0);
	CHECK(compare("MCPU0_0", "ECPU0") < 0);
	CHECK(compare("PCPU9", "PCPU10") < 0);
	CHECK(compare("DIE_0_PCPU1_CPU3", "DIE_1_PCPU_CPU0") < 0);
	CHECK(compare("DIE_0_PCPU_CPU3", "DIE_0_PCPU1_CPU0") < 0);
	CHECK(compare("XCPU0", "YCPU0") < 0);
	CHECK_INT(compare("ECPU1", "ECPU1"), 0);
	CHECK_INT(core_speed('S'), 0);
	CHECK(core_speed('?') > core_speed('E'));
}

/* ------------------------------------------------------------------------------- chips */

TEST(chips_have_keys)
{
	CHECK_TEXT(chip_key(chip_find("Apple M1"), 'E', 0), "voltage-states1-sram");
	CHECK_TEXT(chip_key(chip_find("Apple M4 Pro"), 'P', 0), "voltage-states5-sram");
	CHECK_TEXT(chip_key(chip_find("Apple M1 Ultra"), 'P', 1), "voltage-states13-sram");
	CHECK_TEXT(chip_key(chip_find("Apple M5"), 'E', 0), "voltage-states1-sram");
	CHECK_TEXT(chip_key(chip_find("Apple M5 Max"), 'P', 0), "voltage-states5-sram");
	CHECK_TEXT(chip_key(chip_find("Apple M5 Max"), 'M', 1), "voltage-states23-sram");
	CHECK_TEXT(chip_key(chip_find("Apple M5 Pro"), 'M', 7), "voltage-states23-sram");
	CHECK(!chip_key(chip_find("Apple M5 Max"), 'E', 0));
	CHECK_TEXT(chip_key(chip_find("Apple A18 Pro"), 'P', 0), "voltage-states5-sram");
	CHECK_TEXT(
		chip_key(chip_find("Intel(R) Core(TM) i9"), 'M', 0), "voltage-states22-sram");
	CHECK_TEXT(chip_key(chip_find(""), 'E', 0), "voltage-states1-sram");
}

TESTS(CASE(states_and_units_have_names), CASE(tables_are_in_hz_or_in_khz),
	CASE(what_cannot_be_frequencies_is_no_table),
	CASE(frequency_is_a_mean_of_the_active_time), CASE(a_core_that_slept_has_no_frequency),
	CASE(a_table_of_another_length_gives_no_frequency),
	CASE(a_step_that_is_not_whole_counts_nothing), CASE(long_times_do_not_overflow),
	CASE(names_of_cores_say_where_they_are), CASE(cores_are_in_order_of_speed_and_place),
	CASE(chips_have_keys));

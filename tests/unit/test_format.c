/* Every unit as people read it, and exact numbers as programs read them. */
#include "format.h"

#include <time.h>

#include "test.h"

static const char *show_u64(enum procmon_unit unit, uint64_t number)
{
	static char out[FORMAT_MAX];
	struct procmon_value value = {.type = PROCMON_U64, .u64 = number};

	return format_value(out, unit, &value);
}

static const char *show_f64(enum procmon_unit unit, double number)
{
	static char out[FORMAT_MAX];
	struct procmon_value value = {.type = PROCMON_F64, .f64 = number};

	return format_value(out, unit, &value);
}

static const char *show_i64(enum procmon_unit unit, int64_t number)
{
	static char out[FORMAT_MAX];
	struct procmon_value value = {.type = PROCMON_I64, .i64 = number};

	return format_value(out, unit, &value);
}

TEST(bytes_have_about_three_digits)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {{0, "0"}, {1, "1B"}, {1023, "1023B"}, {1024, "1.0K"}, {4096, "4.0K"},
		{1536, "1.5K"}, {102348, "99.9K"}, {102400, "100K"}, {1047552, "1023K"},
		{1048051, "1023K"}, {1048064, "1.0M"}, {1048576, "1.0M"}, {12897485, "12.3M"},
		{1073741824, "1.0G"}, {1099511627776, "1.0T"}, {1125899906842624, "1.0P"},
		{UINT64_MAX, "16.0E"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK_TEXT(show_u64(PROCMON_BYTES, cases[i].bytes), cases[i].text);
	CHECK_TEXT(show_f64(PROCMON_BYTES_PER_SECOND, 0), "0");
	CHECK_TEXT(show_f64(PROCMON_BYTES_PER_SECOND, 12.75), "12.8B/s");
	CHECK_TEXT(show_f64(PROCMON_BYTES_PER_SECOND, 1.5 * 1048576), "1.5M/s");
}

TEST(durations)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {{0, "0"}, {1, "1ns"}, {850, "850ns"}, {1200, "1.2us"}, {999999, "1.0ms"},
		{12300000, "12.3ms"}, {999400000, "999ms"}, {999600000, "1.00s"},
		{1234567890, "1.23s"}, {59990000000, "59.99s"}, {59996000000, "1:00.0"},
		{62300000000, "1:02.3"}, {3599940000000, "59:59.9"}, {3600000000000, "1:00:00"},
		{7384000000000, "2:03:04"}, {86399000000000, "23:59:59"},
		{86400000000000, "1d00:00"}, {273900000000000, "3d04:05"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK_TEXT(show_u64(PROCMON_NANOSECONDS, cases[i].ns), cases[i].text);
	CHECK_TEXT(show_u64(PROCMON_NANOSECONDS_SINCE_BOOT, 7384000000000), "2:03:04");
}

TEST(other_units)
{
	CHECK_TEXT(show_u64(PROCMON_NO_UNIT, 4294967295), "4294967295");
	CHECK_TEXT(show_u64(PROCMON_COUNT, 1234567), "1234567");
	CHECK_TEXT(show_i64(PROCMON_NO_UNIT, -20), "-20");
	CHECK_TEXT(show_f64(PROCMON_CORES, 0.1234), "12.3%");
	CHECK_TEXT(show_f64(PROCMON_CORES, 3.5), "350.0%");
	CHECK_TEXT(show_f64(PROCMON_CORES, 0), "0");
	CHECK_TEXT(show_f64(PROCMON_RATIO, 1), "100.0%");
	CHECK_TEXT(show_u64(PROCMON_HERTZ, 2400000000), "2.4GHz");
	CHECK_TEXT(show_u64(PROCMON_HERTZ, 50), "50Hz");
	CHECK_TEXT(show_u64(PROCMON_NANOJOULES, 1234567890), "1.2J");
	CHECK_TEXT(show_u64(PROCMON_NANOJOULES, 12), "12nJ");
	CHECK_TEXT(show_u64(PROCMON_MILLIWATTS, 850), "850mW");
	CHECK_TEXT(show_u64(PROCMON_MILLIWATTS, 15300), "15.3W");
	CHECK_TEXT(show_i64(PROCMON_MILLICELSIUS, 45125), "45.1\302\260C");
	CHECK_TEXT(show_i64(PROCMON_MILLICELSIUS, -3000), "-3.0\302\260C");
	CHECK_TEXT(show_f64(PROCMON_PER_SECOND, 12.34), "12.3/s");
	CHECK_TEXT(show_i64(PROCMON_MILLIVOLTS, 1108), "1.108V");
	CHECK_TEXT(show_i64(PROCMON_MILLIVOLTS, -12040), "-12.040V");
	CHECK_TEXT(show_i64(PROCMON_MILLIAMPERES, 650), "650mA");
	CHECK_TEXT(show_i64(PROCMON_MILLIAMPERES, -1250), "-1.2A");
	CHECK_TEXT(show_u64(PROCMON_ROTATIONS_PER_MINUTE, 12345), "12345rpm");
	CHECK_TEXT(show_u64(PROCMON_ROTATIONS_PER_MINUTE, 0), "0");
	CHECK_TEXT(show_f64(PROCMON_PER_SECOND, 999.9), "999.9/s");
	CHECK_TEXT(show_f64(PROCMON_PER_SECOND, 9999), "9999/s");
	CHECK_TEXT(show_f64(PROCMON_PER_SECOND, 123456.7), "123k/s");
	CHECK_TEXT(show_f64(PROCMON_PER_SECOND, 1500000), "1.5M/s");
	CHECK_TEXT(show_u64((enum procmon_unit)99, 7), "7"); /* a newer server's unit */
}

/* What machines have: also as floating point, large, and near nothing. */
TEST(units_of_devices)
{
	CHECK_TEXT(show_u64(PROCMON_HERTZ, 3193000000), "3.2GHz");
	CHECK_TEXT(show_u64(PROCMON_HERTZ, 800000000), "800MHz");
	CHECK_TEXT(show_u64(PROCMON_HERTZ, 999950000), "1.0GHz");
	CHECK_TEXT(show_i64(PROCMON_MILLICELSIUS, 45200), "45.2\302\260C");
	CHECK_TEXT(show_i64(PROCMON_MILLICELSIUS, 105000), "105.0\302\260C");
	CHECK_TEXT(show_u64(PROCMON_MILLIWATTS, 12345), "12.3W");
	CHECK_TEXT(show_f64(PROCMON_MILLIWATTS, 850.4), "850mW");
	CHECK_TEXT(show_f64(PROCMON_MILLIWATTS, 0.25), "0.2mW");
	CHECK_TEXT(show_i64(PROCMON_MILLIWATTS, -15300), "-15.3W");
	CHECK_TEXT(show_u64(PROCMON_MILLIWATTS, 2500000), "2.5kW");
	CHECK_TEXT(show_u64(PROCMON_NANOJOULES, 1234000000000), "1.2kJ");
	CHECK_TEXT(show_u64(PROCMON_NANOJOULES, 180000000000000), "180kJ");
	CHECK_TEXT(show_u64(PROCMON_NANOJOULES, 3600000000000000), "3.6MJ");
	CHECK_TEXT(show_f64(PROCMON_NANOSECONDS, 84300.7), "84.3us");
	CHECK_TEXT(show_f64(PROCMON_NANOSECONDS, 1234567.8), "1.2ms");
	CHECK_TEXT(show_f64(PROCMON_NANOSECONDS, 0.4), "0.4ns");
	CHECK_TEXT(show_f64(PROCMON_NANOSECONDS, 2.5e9), "2.50s");
	CHECK_TEXT(show_f64(PROCMON_RATIO, 0.4217), "42.2%");
	CHECK_TEXT(show_u64(PROCMON_COUNT, 123456789012), "123456789012");
	CHECK(strlen(show_f64(PROCMON_BYTES_PER_SECOND, 1e300)) < FORMAT_MAX);
	CHECK(strlen(show_f64(PROCMON_NANOSECONDS, 1e300)) < FORMAT_MAX);
}

TEST(moments)
{
	char out[FORMAT_MAX];

	setenv("TZ", "UTC", 1);
	CHECK_TEXT(show_u64(PROCMON_NANOSECONDS_SINCE_1970, 1795230676123456789),
		"2026-11-21 03:11:16");
	format_utc_time(out, 1795230676000000042);
	CHECK_TEXT(out, "2026-11-21T03:11:16.000000042Z");
}

TEST(stamps)
{
	char out[FORMAT_MAX];

	setenv("TZ", "UTC", 1);
	format_stamp(out, 1795230676123956789);
	CHECK_TEXT(out, "2026-11-21T03:11:16.123+00:00");
	setenv("TZ", "XXX+3:30", 1); /* west of Greenwich */
	tzset();
	format_stamp(out, 1795230676000000000);
	CHECK_TEXT(out, "2026-11-20T23:41:16.000-03:30");
}

static const char *show_ending(uint64_t status)
{
	static const struct procmon_attribute attribute = {
		.table = PROCMON_PROCESS, .id = 3, .name = "exit.status", .type = PROCMON_U64};
	static char out[FORMAT_MAX];
	struct procmon_value value = {.type = PROCMON_U64, .u64 = status};

	CHECK(format_differs(&attribute));
	return format_cell(out, &attribute, &value);
}

TEST(endings)
{
	CHECK_TEXT(show_ending(0), "exit 0");
	CHECK_TEXT(show_ending(7 << 8), "exit 7");
	CHECK_TEXT(show_ending(255 << 8), "exit 255");
	CHECK_TEXT(show_ending(9), "signal 9 (KILL)");
	CHECK_TEXT(show_ending(11 | 128), "signal 11 (SEGV, core)");
	CHECK_TEXT(show_ending(35), "signal 35");
	CHECK_TEXT(show_ending(35 | 128), "signal 35 (core)");
}

TEST(intervals)
{
	char out[FORMAT_MAX];
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {{100000000, "100ms"}, {500000000, "500ms"}, {1000000000, "1s"},
		{1500000000, "1.5s"}, {60000000000, "1m"}, {90000000000, "90s"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		format_interval(out, cases[i].ns);
		CHECK_TEXT(out, cases[i].text);
	}
}

TEST(what_is_missing_is_a_dash)
{
	char out[FORMAT_MAX];

	for (int state = PROCMON_NONE; state <= PROCMON_FAILED; state++) {
		struct procmon_value value = {
			.state = (enum procmon_state)state, .type = PROCMON_U64, .u64 = 7};
		CHECK_TEXT(format_value(out, PROCMON_BYTES, &value), "-");
		CHECK(!format_exact(out, &value));
	}
}

TEST(exact_numbers_read_back)
{
	static const double numbers[] = {0, 0.1, 1.0 / 3, 0.123, 1e-300, 12345678.9, 5e-324,
		1.7976931348623157e308, 0.30000000000000004};
	struct procmon_value value = {.type = PROCMON_U64, .u64 = UINT64_MAX};
	char out[FORMAT_MAX];

	CHECK(format_exact(out, &value));
	CHECK_TEXT(out, "18446744073709551615");
	value = (struct procmon_value){.type = PROCMON_I64, .i64 = INT64_MIN};
	CHECK(format_exact(out, &value));
	CHECK_TEXT(out, "-9223372036854775808");
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		value = (struct procmon_value){.type = PROCMON_F64, .f64 = numbers[i]};
		CHECK(format_exact(out, &value));
		CHECK(strtod(out, NULL) == numbers[i]);
	}
	value.f64 = 0.1;
	format_exact(out, &value);
	CHECK_TEXT(out, "0.1");
	value = (struct procmon_value){.type = PROCMON_TEXT, .text = "x"};
	CHECK(!format_exact(out, &value));
}

TEST(every_unit_has_a_name)
{
	for (int unit = PROCMON_COUNT; unit <= PROCMON_ROTATIONS_PER_MINUTE; unit++)
		CHECK(*format_unit_name((enum procmon_unit)unit));
	CHECK_TEXT(format_unit_name((enum procmon_unit)99), "");
}

TESTS(CASE(bytes_have_about_three_digits), CASE(durations), CASE(other_units),
	CASE(units_of_devices), CASE(moments), CASE(stamps), CASE(endings), CASE(intervals),
	CASE(what_is_missing_is_a_dash), CASE(exact_numbers_read_back),
	CASE(every_unit_has_a_name))

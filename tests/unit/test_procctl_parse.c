/* What people type after -i, -n, -p and --size. */
#include "../../client/parse.h"

#include "limit.h"
#include "test.h"

static uint64_t interval(const char *text)
{
	uint64_t ns = 0;
	char *error = NULL;

	if (parse_interval(text, &ns, &error) == 0)
		return ns;
	CHECK(error && strstr(error, text) && strstr(error, "500ms"));
	free(error);
	return 0;
}

TEST(intervals)
{
	CHECK_INT(interval("500ms"), 500000000);
	CHECK_INT(interval("2s"), 2000000000);
	CHECK_INT(interval("2"), 2000000000);
	CHECK_INT(interval("1.5s"), 1500000000);
	CHECK_INT(interval("0.5"), 500000000);
	CHECK_INT(interval("1m"), 60000000000);
	CHECK_INT(interval("1.5min"), 90000000000);
	CHECK_INT(interval("60m"), 3600000000000);
	CHECK_INT(interval("100ms"), 100000000);
}

TEST(intervals_are_rounded_up_to_the_grid)
{
	CHECK_INT(interval("1ms"), 100000000);
	CHECK_INT(interval("101ms"), 200000000);
	CHECK_INT(interval("0.25"), 300000000);
	CHECK_INT(interval("0.000000001"), 100000000);
}

TEST(bad_intervals)
{
	static const char *const bad[] = {"", "0", "0s", "-1s", "+1s", " 1s", "1 s", "1h", "s",
		"ms", ".5s", "1.", "1.s", "1e3", "0x10", "inf", "nan", "1s2", "61m", "3601",
		"99999999999999999999", "1,5s"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_INT(interval(bad[i]), 0);
}

TEST(the_longest_interval)
{
	for (int seconds = INTERVAL_OPTION_MAX_S - 1; seconds <= INTERVAL_OPTION_MAX_S + 1;
		seconds++) {
		char text[16];
		snprintf(text, sizeof text, "%d", seconds);
		CHECK_INT(interval(text),
			seconds <= INTERVAL_OPTION_MAX_S ? seconds * 1000000000ll : 0);
	}
}

TEST(sizes)
{
	static const char *const bad[] = {"", "0", "64", "1M", "2047K", "-64M", "64 M", "64m",
		"64MiB", "M", "1.5G", "16777216T", "99999999999999999999"};
	uint64_t size = 0;
	char *error = NULL;

	CHECK_INT(parse_size("64M", &size, &error), 0);
	CHECK_INT(size, 64 << 20);
	CHECK_INT(parse_size("2048K", &size, &error), 0);
	CHECK_INT(size, 2 << 20);
	CHECK_INT(parse_size("2097152", &size, &error), 0);
	CHECK_INT(size, 2 << 20);
	CHECK_INT(parse_size("3G", &size, &error), 0);
	CHECK_INT(size, INT64_C(3) << 30);
	CHECK_INT(parse_size("1T", &size, &error), 0);
	CHECK_INT(size, INT64_C(1) << 40);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(parse_size(bad[i], &size, &error) < 0);
		CHECK(error && strstr(error, bad[i]) && strstr(error, "64M"));
		free(error);
	}
	CHECK_INT(size, INT64_C(1) << 40);
}

TEST(durations)
{
	static const char *const bad[] = {
		"", "s", "-1", "1h", "soon", "1.", "99999999999999999999"};
	uint64_t ns = 7;
	char *error = NULL;

	CHECK_INT(parse_duration("0.25", &ns, &error), 0);
	CHECK_INT(ns, 250000000); /* not rounded */
	CHECK_INT(parse_duration("0", &ns, &error), 0);
	CHECK_INT(ns, 0);
	CHECK_INT(parse_duration("1440m", &ns, &error), 0);
	CHECK_INT(ns, 86400000000000);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(parse_duration(bad[i], &ns, &error) < 0);
		CHECK(error && strstr(error, "duration"));
		free(error);
	}
	CHECK_INT(ns, 86400000000000);
}

TEST(counts)
{
	static const char *const bad[] = {"", "0", "-1", "+1", "1x", " 1", "4294967296", "1.0"};
	uint32_t count = 0;
	char *error = NULL;

	CHECK_INT(parse_count("1", &count, &error), 0);
	CHECK_INT(count, 1);
	CHECK_INT(parse_count("4294967295", &count, &error), 0);
	CHECK_INT(count, 4294967295);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(parse_count(bad[i], &count, &error) < 0);
		CHECK(error && *error);
		free(error);
	}
	CHECK_INT(count, 4294967295); /* untouched by failures */
}

TEST(addresses)
{
	struct parsed_address address;
	char *error = NULL;

	CHECK_INT(parse_address("0x7fFf1000", &address, &error), 0);
	CHECK(address.number == 0x7fff1000 && !address.is_either);
	CHECK_INT(parse_address("7FFF1000", &address, &error), 0);
	CHECK(address.number == 0x7fff1000 && !address.is_either);
	CHECK_INT(parse_address("0X10", &address, &error), 0);
	CHECK(address.number == 16 && !address.is_either);
	CHECK_INT(parse_address("10", &address, &error), 0);
	CHECK(address.number == 16 && address.is_either && address.decimal == 10);
	CHECK_INT(parse_address("ffffffffffffffff", &address, &error), 0);
	CHECK(address.number == UINT64_MAX);
	/* too long for hexadecimal */
	CHECK_INT(parse_address("18446744073709551615", &address, &error), 0);
	CHECK(address.number == UINT64_MAX && !address.is_either);
}

TEST(bad_addresses)
{
	static const char *const bad[] = {"", "0x", "x1", "-1", "+1", "0x-1", " 1", "1 ", "12g",
		"0x1ffffffffffffffff", "1ffffffffffffffff", "18446744073709551616", "0x0x1",
		"\x10", "1.5"};
	struct parsed_address address = {.number = 7};
	char *error = NULL;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(parse_address(bad[i], &address, &error) < 0);
		CHECK(error && *error);
		free(error);
	}
	CHECK_INT(address.number, 7);
}

TEST(pids)
{
	uint32_t *pids = NULL;
	size_t count = 0;
	char *error = NULL;

	CHECK_INT(parse_pids("1", &pids, &count, &error), 0);
	CHECK_INT(count, 1);
	CHECK_INT(pids[0], 1);
	free(pids);
	CHECK_INT(parse_pids("7,1,7,2147483647", &pids, &count, &error), 0);
	CHECK_INT(count, 3); /* 7 once */
	CHECK_INT(pids[0], 7);
	CHECK_INT(pids[2], 2147483647);
	free(pids);
}

TEST(bad_pids)
{
	static const char *const bad[] = {"", "0", ",", "1,", ",1", "1,,2", "1 2", "a", "1,a",
		"-1", "2147483648", "99999999999999999999999"};
	uint32_t *pids = NULL;
	size_t count = 0;
	char *error = NULL;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(parse_pids(bad[i], &pids, &count, &error) < 0);
		CHECK(error && *error);
		free(error);
	}
	CHECK(!pids);
}

TEST(too_many_pids)
{
	char *list = calloc(1100, 8), *at = list, *error = NULL;
	uint32_t *pids = NULL;
	size_t count = 0;

	for (int i = 1; i <= 1024; i++)
		at += sprintf(at, "%s%d", i > 1 ? "," : "", i);
	CHECK_INT(parse_pids(list, &pids, &count, &error), 0);
	CHECK_INT(count, 1024);
	free(pids);
	sprintf(at, ",1025");
	CHECK(parse_pids(list, &pids, &count, &error) < 0);
	CHECK(strstr(error, "more than 1024"));
	free(error);
	free(list);
}

TESTS(CASE(intervals), CASE(intervals_are_rounded_up_to_the_grid), CASE(bad_intervals),
	CASE(the_longest_interval), CASE(sizes), CASE(durations), CASE(counts), CASE(addresses),
	CASE(bad_addresses), CASE(pids), CASE(bad_pids), CASE(too_many_pids))

/* From the names after --attrs to attributes. */
#include "choice.h"

#include <errno.h>
#include <stdlib.h>

#include "test.h"

#define ATTRIBUTE(id_, name_, ...)                                                             \
	&(const struct procmon_attribute)                                                      \
	{                                                                                      \
		.table = PROCMON_PROCESS, .id = id_, .name = name_, __VA_ARGS__                \
	}

static const struct procmon_attribute *const items[] = {
	ATTRIBUTE(1, "pid"),
	ATTRIBUTE(2, "comm"),
	ATTRIBUTE(3, "cmdline", .cost = PROCMON_SLOW),
	ATTRIBUTE(4, "cpu.usage", .kind = PROCMON_DERIVED, .input = 5),
	ATTRIBUTE(5, "cpu.total", .kind = PROCMON_COUNTER),
	ATTRIBUTE(6, "mem.footprint", .kind = PROCMON_GAUGE),
	ATTRIBUTE(7, "mem.resident", .kind = PROCMON_GAUGE),
	ATTRIBUTE(8, "mem.pss", .cost = PROCMON_SLOW),
	ATTRIBUTE(9, "faults.total", .kind = PROCMON_COUNTER),
	ATTRIBUTE(10, "start.time"),
	ATTRIBUTE(11, "age", .kind = PROCMON_DERIVED, .input = 10),
	ATTRIBUTE(12, "memory"),
	ATTRIBUTE(13, "mem.wired", .state = PROCMON_UNSUPPORTED),
	ATTRIBUTE(14, "gpu.time", .state = PROCMON_UNSUPPORTED),
	ATTRIBUTE(15, "gpu.memory", .state = PROCMON_UNSUPPORTED),
	ATTRIBUTE(16, "gpu.devices", .state = PROCMON_UNSUPPORTED, .cost = PROCMON_SLOW),
	ATTRIBUTE(17, "mem.stack", .detail = true),
	ATTRIBUTE(18, "io.time", .kind = PROCMON_COUNTER, .cost = PROCMON_SLOW),
	ATTRIBUTE(19, "io.count", .kind = PROCMON_COUNTER, .cost = PROCMON_SLOW),
	ATTRIBUTE(20, "io.latency", .kind = PROCMON_DERIVED, .input = 18, .other = 19),
	ATTRIBUTE(21, "mem.share", .kind = PROCMON_DERIVED, .input = 6, .other = 7),
};

static const struct choice available = {.items = (const struct procmon_attribute **)items,
	.count = sizeof items / sizeof *items};

/* The names that a list stands for, with spaces; or the error. */
static const char *select_names(const char *list)
{
	static char out[512];
	struct choice choice = {0};
	char *error = NULL;

	out[0] = '\0';
	if (choice_parse(&choice, &available, list, &error) < 0) {
		snprintf(out, sizeof out, "error: %s", error);
		free(error);
	} else
		for (size_t i = 0; i < choice.count; i++) {
			strcat(out, i ? " " : "");
			strcat(out, choice.items[i]->name);
		}
	choice_finish(&choice);
	return out;
}

TEST(whole_names)
{
	CHECK_TEXT(select_names("pid"), "pid");
	CHECK_TEXT(select_names("mem.pss,pid"), "mem.pss pid");
	CHECK_TEXT(select_names("pid, comm"), "pid comm");
	CHECK_TEXT(select_names("pid,comm,pid"), "pid comm");
	CHECK_TEXT(select_names("memory"), "memory");
}

TEST(groups_leave_out_what_is_slow)
{
	CHECK_TEXT(select_names("mem"), "mem.footprint mem.resident mem.share");
	CHECK_TEXT(select_names("mem,mem.pss"), "mem.footprint mem.resident mem.share mem.pss");
	CHECK_TEXT(select_names("cpu"), "cpu.usage cpu.total");
	CHECK_TEXT(select_names("all"),
		"pid comm cpu.usage cpu.total mem.footprint mem.resident faults.total "
		"start.time age memory mem.stack io.latency mem.share");
}

TEST(groups_leave_out_what_this_host_cannot_tell)
{
	CHECK_TEXT(select_names("mem"), "mem.footprint mem.resident mem.share");
	CHECK_TEXT(select_names("mem.wired,mem"),
		"mem.wired mem.footprint mem.resident mem.share");
	/* but when nothing would be left, it is to be said why */
	CHECK_TEXT(select_names("gpu"), "gpu.time gpu.memory");
}

TEST(whole_groups)
{
	struct choice choice = {.whole = true};
	char *error = NULL;

	CHECK_INT(choice_parse(&choice, &available, "mem,gpu", &error), 0);
	CHECK_INT(choice.count, 9);
	choice_finish(&choice);
}

TEST(groups_leave_out_details_unless_all_is_asked_for)
{
	CHECK_TEXT(select_names("mem"), "mem.footprint mem.resident mem.share");
	CHECK_TEXT(select_names("mem.*"), "mem.footprint mem.resident mem.stack mem.share");
	CHECK_TEXT(select_names("mem.stack,mem"),
		"mem.stack mem.footprint mem.resident mem.share");
	CHECK(strstr(select_names("all"), "mem.stack"));
	CHECK(strstr(select_names("me.*"), "error: there is no attribute or group"));
	CHECK(strstr(select_names("*"), "error: "));
	CHECK(strstr(select_names(".*"), "error: "));
}

TEST(last_parts_that_are_unique)
{
	CHECK_TEXT(select_names("resident"), "mem.resident");
	CHECK_TEXT(select_names("usage,footprint"), "cpu.usage mem.footprint");
	CHECK_TEXT(select_names("pss"), "mem.pss");
	CHECK_TEXT(select_names("total"),
		"error: \"total\" may be cpu.total, faults.total: say which");
}

TEST(unknown_names_get_near_ones)
{
	CHECK_TEXT(select_names("residnet"),
		"error: there is no attribute \"residnet\"; near: mem.resident");
	CHECK_TEXT(select_names("mem.footprnt"),
		"error: there is no attribute \"mem.footprnt\"; near: mem.footprint");
	CHECK_TEXT(select_names("cmd"), "error: there is no attribute or group \"cmd\"; "
					"'procctl attributes' lists them");
	CHECK(strstr(select_names("pid,xyzzyplugh"), "\"xyzzyplugh\""));
	CHECK_TEXT(
		select_names("fault"), "error: there is no attribute \"fault\"; near: faults");
	/* A group is nearer than "comm", which is as many slips away. */
	CHECK_TEXT(select_names("memm"), "error: there is no attribute \"memm\"; near: mem");
	CHECK(strstr(select_names("mem."), "error"));
	CHECK(strstr(select_names(".pss"), "error"));
	CHECK(strstr(select_names("MEM"), "error"));
}

/* Where only one attribute can be meant, as after --sort. */
TEST(a_group_is_not_one_attribute)
{
	const struct procmon_attribute *found = NULL;
	char *error = NULL;

	CHECK_INT(choice_find(&available, "mem", &found, &error), -ENOENT);
	CHECK_TEXT(error, "\"mem\" is a group: name one of it, such as mem.footprint");
	free(error);
	CHECK_INT(choice_find(&available, "resident", &found, &error), 0);
	CHECK_TEXT(found->name, "mem.resident");
}

TEST(empty_names_are_refused)
{
	CHECK_TEXT(select_names(""), "error: an empty name in \"\"");
	CHECK_TEXT(select_names("pid,"), "error: an empty name in \"pid,\"");
	CHECK_TEXT(select_names(","), "error: an empty name in \",\"");
}

static bool has_rate(const char *list)
{
	struct choice choice = {0};
	char *error = NULL;

	CHECK_INT(choice_parse(&choice, &available, list, &error), 0);
	bool result = choice_has_rate(&choice, &available);
	choice_finish(&choice);
	return result;
}

TEST(only_rates_need_two_samples)
{
	CHECK(has_rate("cpu.usage"));
	CHECK(has_rate("cpu"));
	CHECK(!has_rate("cpu.total"));
	CHECK(!has_rate("age")); /* derived from a constant */
	CHECK(!has_rate("mem"));
	CHECK(has_rate("io.latency")); /* the mean of two counters */
	CHECK(!has_rate("mem.share")); /* of two gauges */
	CHECK(choice_is_slow_rate(items[19], &available));
	CHECK(!choice_is_slow_rate(items[3], &available)); /* cpu.usage */
	CHECK(!choice_is_slow_rate(items[20], &available));
	CHECK(!choice_is_slow_rate(items[17], &available)); /* the counter itself */
}

static size_t count_main(size_t first, size_t count)
{
	const struct choice part = {.items = available.items + first, .count = count};
	struct choice choice = {0};

	choice_add_main(&choice, &part);
	size_t result = choice.count;
	choice_finish(&choice);
	return result;
}

TEST(what_most_people_want)
{
	struct choice choice = {0};

	choice_add_main(&choice, &available);
	for (size_t i = 0; i < choice.count; i++)
		CHECK(!choice.items[i]->detail && choice.items[i]->cost != PROCMON_SLOW &&
			choice.items[i]->state != PROCMON_UNSUPPORTED);
	CHECK_INT(choice.count, 12);
	choice_finish(&choice);
	/* of a table of which this host can tell nothing all is shown, to say why */
	CHECK_INT(count_main(13, 2), 2);
}

TESTS(CASE(whole_names), CASE(groups_leave_out_what_is_slow),
	CASE(groups_leave_out_what_this_host_cannot_tell), CASE(whole_groups),
	CASE(groups_leave_out_details_unless_all_is_asked_for),
	CASE(last_parts_that_are_unique), CASE(unknown_names_get_near_ones),
	CASE(a_group_is_not_one_attribute), CASE(empty_names_are_refused),
	CASE(only_rates_need_two_samples), CASE(what_most_people_want))

/* Forests of processes, whole and broken. */
#include "family.h"

#include "test.h"

/* The pids in order, each with its depth: "1:0 2:1". */
static const char *show(const struct family_member *members, size_t count)
{
	static char out[512];
	struct family family;

	out[0] = '\0';
	family_init(&family, members, count);
	for (size_t i = 0; i < count; i++) {
		size_t at = strlen(out);
		snprintf(out + at, sizeof out - at, "%s%" PRIu64 ":%zu", i ? " " : "",
			members[family.order[i]].pid, family.depths[family.order[i]]);
	}
	family_finish(&family);
	return out;
}

#define SHOW(...)                                                                              \
	show((const struct family_member[]){__VA_ARGS__},                                      \
		sizeof(const struct family_member[]){__VA_ARGS__} /                            \
			sizeof(struct family_member))

TEST(children_follow_their_parents)
{
	CHECK_TEXT(SHOW({1, 0}, {2, 0}, {10, 1}, {11, 2}, {12, 1}, {13, 10}),
		"1:0 10:1 13:2 12:1 2:0 11:1");
	/* a child may have the lower number, and stand before its parent */
	CHECK_TEXT(SHOW({5, 9}, {9, 1}, {1, 0}), "1:0 9:1 5:2");
}

TEST(siblings_stay_as_they_came)
{
	CHECK_TEXT(SHOW({1, 0}, {7, 1}, {3, 1}, {5, 1}), "1:0 7:1 3:1 5:1");
}

TEST(missing_parents_make_roots)
{
	CHECK_TEXT(SHOW({10, 1}, {11, 10}, {20, 999}), "10:0 11:1 20:0");
	CHECK_TEXT(SHOW({4, 0}), "4:0");
	CHECK_TEXT(show(NULL, 0), "");
}

TEST(circles_are_cut)
{
	CHECK_TEXT(SHOW({5, 5}), "5:0");
	CHECK_TEXT(SHOW({1, 2}, {2, 1}), "1:0 2:1");
	CHECK_TEXT(SHOW({2, 1}, {1, 2}), "1:0 2:1"); /* in any order */
	CHECK_TEXT(SHOW({1, 2}, {2, 3}, {3, 1}, {4, 2}), "1:0 3:1 2:2 4:3");
	/* one who only leads into a circle */
	CHECK_TEXT(SHOW({9, 1}, {1, 2}, {2, 1}), "1:0 9:1 2:1");
}

TEST(a_pid_that_is_there_twice)
{
	CHECK_TEXT(SHOW({1, 0}, {7, 1}, {7, 1}, {8, 7}), "1:0 7:1 8:2 7:1");
}

TEST(a_long_chain)
{
	enum { LENGTH = 100000 };
	struct family_member *members = calloc(LENGTH, sizeof *members);
	struct family family;

	for (uint32_t i = 0; i < LENGTH; i++)
		members[i] = (struct family_member){LENGTH - i, LENGTH - i - 1};
	family_init(&family, members, LENGTH);
	CHECK_INT(family.depths[0], LENGTH - 1);
	CHECK_INT(family.order[0], LENGTH - 1);
	family_finish(&family);
	free(members);
}

TEST(marks_spread_to_descendants)
{
	static const struct family_member members[] = {
		{10, 9}, {9, 2}, {2, 1}, {1, 0}, {3, 1}, {11, 3}};
	bool marks[] = {false, false, true, false, false, false};
	struct family family;

	family_init(&family, members, 6);
	family_spread(&family, marks);
	CHECK(marks[0] && marks[1] && marks[2]);
	CHECK(!marks[3] && !marks[4] && !marks[5]);
	family_finish(&family);
}

TESTS(CASE(children_follow_their_parents), CASE(siblings_stay_as_they_came),
	CASE(missing_parents_make_roots), CASE(circles_are_cut),
	CASE(a_pid_that_is_there_twice), CASE(a_long_chain), CASE(marks_spread_to_descendants))

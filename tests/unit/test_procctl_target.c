/* Which processes a word on the command line means. */
#include "target.h"

#include <errno.h>

#include "command.h"
#include "test.h"

/* clang-format off */
static struct target processes[] = {
	{.pid = 1, .name = "systemd", .comm = "systemd"},
	{.pid = 20, .ppid = 1, .name = "bash", .comm = "bash"},
	{.pid = 30, .ppid = 1, .name = "sh", .comm = "sh"},
	{.pid = 40, .ppid = 20, .name = "a-name-of-many-bytes", .comm = "a-name-of-many-"},
	{.pid = 41, .ppid = 40, .name = "python3", .comm = "worker"},
	{.pid = 42, .ppid = 41, .name = "Python3", .comm = "Python3"},
	{.pid = 43, .ppid = 1, .name = "", .comm = "kworker/0:1"},
	{.pid = 44, .ppid = 1, .name = "7", .comm = "7"},
};
/* clang-format on */
enum { COUNT = sizeof processes / sizeof *processes };
static const struct targets all = {processes, COUNT};

static const char *show(const bool *marks)
{
	static char out[256];

	out[0] = '\0';
	for (size_t i = 0; i < COUNT; i++)
		if (marks[i])
			snprintf(out + strlen(out), sizeof out - strlen(out), "%s%u",
				*out ? " " : "", processes[i].pid);
	return out;
}

/* The pids, or the sentence. */
static const char *mean(const char *word)
{
	static char out[512];
	bool marks[COUNT] = {false};
	char *error = NULL;

	if (targets_mark(&all, word, marks, &error) == 0)
		return show(marks);
	snprintf(out, sizeof out, "%s", error);
	free(error);
	return out;
}

TEST(exact_names_come_before_parts)
{
	CHECK_TEXT(mean("sh"), "30"); /* not bash */
	CHECK_TEXT(mean("ash"), "20");
	CHECK_TEXT(mean("s"), "1 20 30 40");
}

TEST(capitals_matter_only_where_they_tell_names_apart)
{
	CHECK_TEXT(mean("python3"), "41");
	CHECK_TEXT(mean("Python3"), "42");
	CHECK_TEXT(mean("PYTHON3"), "41 42");
	CHECK_TEXT(mean("PYTH"), "41 42");
	CHECK_TEXT(mean("SH"), "30");
}

TEST(both_names_count)
{
	CHECK_TEXT(mean("worker"), "41"); /* as a whole; not kworker */
	CHECK_TEXT(mean("a-name-of-many-bytes"), "40");
	CHECK_TEXT(mean("a-name-of-many-"), "40");
	CHECK_TEXT(mean("kworker"), "43");
}

TEST(digits_are_ids)
{
	CHECK_TEXT(mean("41"), "41");
	CHECK_TEXT(mean("41,1"), "1 41");
	CHECK_TEXT(mean("7"), "there is no process 7"); /* though one is called so */
	CHECK_TEXT(mean("4"), "there is no process 4"); /* no part of an id */
}

TEST(words_that_mean_nothing)
{
	CHECK_TEXT(mean("nobody"), "no process is called \"nobody\"");
	CHECK_TEXT(mean(""), "an empty word names no process");
	CHECK(strstr(mean("0"), "is no list of process ids"));
	CHECK(strstr(mean("1,"), "is no list of process ids"));
	CHECK(strstr(mean("99999999999"), "is no list of process ids"));
}

TEST(those_of_a_list_that_are_there_are_marked)
{
	bool marks[COUNT] = {false};
	char *error = NULL;

	CHECK_INT(targets_mark(&all, "5,41,6", marks, &error), -ESRCH);
	CHECK_TEXT(error, "there is no process 5");
	CHECK_TEXT(show(marks), "41");
	free(error);
}

TEST(one_is_picked)
{
	const struct target *target = NULL;
	char *error = NULL;

	CHECK_INT(targets_pick(&all, "bash", &target, &error), 0);
	CHECK_INT(target->pid, 20);
	CHECK_INT(targets_pick(&all, "nobody", &target, &error), -ESRCH);
	free(error);
	CHECK_INT(targets_pick(&all, "pyth", &target, &error), -EINVAL);
	CHECK_TEXT(error, "\"pyth\" means 2 processes, say which one: 41 python3, 42 Python3");
	free(error);
	CHECK_INT(targets_pick(&all, "20,30", &target, &error), -EINVAL);
	CHECK_TEXT(error, "\"20,30\" means 2 processes, say which one: 20 bash, 30 sh");
	free(error);
	CHECK_INT(target->pid, 20); /* untouched by failures */
}

TEST(ten_of_many_are_listed)
{
	struct target many[13];
	const struct targets crowd = {many, 13};
	const struct target *target = NULL;
	char *error = NULL;

	for (size_t i = 0; i < 13; i++)
		many[i] = (struct target){.pid = (uint32_t)i + 1, .name = "x", .comm = "x"};
	CHECK_INT(targets_pick(&crowd, "x", &target, &error), -EINVAL);
	CHECK(strstr(error, "13 processes"));
	CHECK(strstr(error, ": 1 x, 2 x,"));
	CHECK(strstr(error, ", 10 x and 3 more"));
	CHECK(!strstr(error, "11 x"));
	free(error);
}

/* ------------------------------------------------------------------------- many words */

static int choose(const struct target_words *words, const char *expected)
{
	bool marks[COUNT] = {false};
	int code = targets_choose(&all, words, marks);

	CHECK_TEXT(show(marks), expected);
	return code;
}

#define WORDS(...)                                                                             \
	.words = (const char *[]){__VA_ARGS__},                                                \
	.word_count = sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *)
#define EXCLUDED(...)                                                                          \
	.excluded = (const char *[]){__VA_ARGS__},                                             \
	.excluded_count = sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *)

TEST(many_are_chosen)
{
	CHECK_INT(choose(&(struct target_words){WORDS("bash", "30")}, "20 30"), EXIT_DONE);
	CHECK_INT(choose(&(struct target_words){WORDS("bash", "nobody")}, "20"), EXIT_DONE);
	CHECK_INT(choose(&(struct target_words){WORDS("nobody")}, ""), EXIT_NO_PROCESS);
	CHECK_INT(choose(&(struct target_words){.all = true}, "1 20 30 40 41 42 43 44"),
		EXIT_DONE);
}

TEST(some_are_excluded)
{
	CHECK_INT(choose(&(struct target_words){.all = true, EXCLUDED("s", "43,44")}, "41 42"),
		EXIT_DONE);
	/* who is not there need not be excluded */
	CHECK_INT(choose(&(struct target_words){WORDS("sh"), EXCLUDED("nobody", "5")}, "30"),
		EXIT_DONE);
	CHECK_INT(choose(&(struct target_words){WORDS("sh"), EXCLUDED("30")}, ""),
		EXIT_NO_PROCESS);
}

TEST(children_come_along)
{
	CHECK_INT(
		choose(&(struct target_words){WORDS("bash"), .children = true}, "20 40 41 42"),
		EXIT_DONE);
	CHECK_INT(
		choose(&(struct target_words){WORDS("bash"), EXCLUDED("41"), .children = true},
			"20 40 42"),
		EXIT_DONE);
}

TEST(what_cannot_be_is_refused)
{
	bool marks[COUNT] = {false};

	CHECK_INT(targets_choose(&all, &(struct target_words){WORDS("bash", "0")}, marks),
		EXIT_USAGE);
	CHECK_INT(targets_choose(
			  &all, &(struct target_words){WORDS("bash"), EXCLUDED("")}, marks),
		EXIT_USAGE);
}

TESTS(CASE(exact_names_come_before_parts),
	CASE(capitals_matter_only_where_they_tell_names_apart), CASE(both_names_count),
	CASE(digits_are_ids), CASE(words_that_mean_nothing),
	CASE(those_of_a_list_that_are_there_are_marked), CASE(one_is_picked),
	CASE(ten_of_many_are_listed), CASE(many_are_chosen), CASE(some_are_excluded),
	CASE(children_come_along), CASE(what_cannot_be_is_refused))

/* The runner must notice what is wrong with a test: tests that fail on purpose. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void good(void)
{
	CHECK(true);
	CHECK_INT(3, 3);
	CHECK_TEXT("a", "a");
}

static void bad(void)
{
	CHECK_INT(3, 4);
}

static void text(void)
{
	CHECK_TEXT(NULL, "a");
}

static void leak(void)
{
	CHECK(dup(0) >= 0);
}

static void hang(void)
{
	test_timeout(1);
	for (;;)
		pause();
}

static void crash(void)
{
	raise(SIGKILL);
}

static void leave(void)
{
	exit(3);
}

static void skip(void)
{
	test_skip("not today");
}

/* Runs one case through the runner and returns what it printed. */
static const char *run_one(void (*function)(void), int *ret_status)
{
	static char output[4096];
	static char program[] = "dir/inner", *arguments[] = {program, NULL};
	const struct test_case one = {"case", function};
	size_t used = 0;
	ssize_t got;
	int ends[2];

	CHECK(pipe(ends) == 0);
	fflush(stdout);
	if (fork() == 0) {
		dup2(ends[1], STDOUT_FILENO);
		exit(test_main(&one, 1, 1, arguments));
	}
	close(ends[1]);
	while ((got = read(ends[0], output + used, sizeof output - 1 - used)) > 0)
		used += (size_t)got;
	output[used] = '\0';
	close(ends[0]);
	CHECK(wait(ret_status) > 0);
	return output;
}

static void expect(void (*function)(void), int status, const char *line, const char *sum)
{
	int actual;
	const char *output = run_one(function, &actual);

	CHECK_INT(WEXITSTATUS(actual), status);
	if (!strstr(output, line) || !strstr(output, sum))
		test_fail(__FILE__, __LINE__, "expected \"%s\" and \"%s\" in \"%s\"", line, sum,
			output);
}

TEST(passes)
{
	expect(good, 0, "ok   case\n", "inner: 1 passed, 0 failed, 0 skipped\n");
}

TEST(failed_check_names_both_values)
{
	expect(bad, 1, ": 3 is 3, expected 4\n", "inner: 0 passed, 1 failed, 0 skipped\n");
	expect(text, 1, "is \"(null)\", expected \"a\"\n", "0 passed, 1 failed");
}

TEST(leaked_descriptor_fails)
{
	expect(leak, 1, "left open\n", "0 passed, 1 failed, 0 skipped\n");
}

TEST(hanging_test_is_ended)
{
	expect(hang, 1, "FAIL case: timeout\n", "0 passed, 1 failed, 0 skipped\n");
}

TEST(crash_fails)
{
	expect(crash, 1, "FAIL case: signal 9", "0 passed, 1 failed, 0 skipped\n");
}

TEST(unexpected_exit_fails)
{
	expect(leave, 1, "FAIL case: exit status 3\n", "0 passed, 1 failed, 0 skipped\n");
}

TEST(skipped_is_counted)
{
	expect(skip, 0, "skip case: not today\n", "0 passed, 0 failed, 1 skipped\n");
}

TESTS(CASE(passes), CASE(failed_check_names_both_values), CASE(leaked_descriptor_fails),
	CASE(hanging_test_is_ended), CASE(crash_fails), CASE(unexpected_exit_fails),
	CASE(skipped_is_counted))

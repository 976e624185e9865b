/*
 * The test runner: TEST(name) { ... } and one TESTS(name, name ...) at the end of the file.
 *
 * Each test runs in a process of its own, with a timeout, and must close every descriptor
 * that it opens. `FILE NAME..` on the command line runs only these tests, in this process
 * (for a debugger). Output: one line a test, and a last line "FILE: N passed, N failed,
 * N skipped".
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST(name) static void name(void)

struct test_case {
	const char *name;
	void (*function)(void);
};

int test_main(const struct test_case *cases, size_t count, int argc, char **argv);

/* Seconds that a test may take; 20 unless a test sets it first thing. */
void test_timeout(unsigned seconds);
/* Ends the test as skipped, with the reason. */
_Noreturn void test_skip(const char *reason);
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* clang-format off */
#define CASE(name) {#name, name}
/* clang-format on */
#define TESTS(...)                                                                             \
	int main(int argc, char **argv)                                                        \
	{                                                                                      \
		static const struct test_case cases[] = {__VA_ARGS__};                         \
		return test_main(cases, sizeof cases / sizeof *cases, argc, argv);             \
	}

#define CHECK(condition)                                                                       \
	do {                                                                                   \
		if (!(condition))                                                              \
			test_fail(__FILE__, __LINE__, "%s", #condition);                       \
	} while (0)

/* Integers, with both values in the message. */
#define CHECK_INT(actual, expected)                                                            \
	do {                                                                                   \
		long long actual_ = (long long)(actual), expected_ = (long long)(expected);    \
		if (actual_ != expected_)                                                      \
			test_fail(__FILE__, __LINE__, "%s is %lld, expected %lld", #actual,    \
				actual_, expected_);                                           \
	} while (0)

#define CHECK_TEXT(actual, expected)                                                           \
	do {                                                                                   \
		const char *actual_ = (actual), *expected_ = (expected);                       \
		if (!actual_ || strcmp(actual_, expected_) != 0)                               \
			test_fail(__FILE__, __LINE__, "%s is \"%s\", expected \"%s\"",         \
				#actual, actual_ ? actual_ : "(null)", expected_);             \
	} while (0)

#endif

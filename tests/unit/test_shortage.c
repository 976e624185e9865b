/*
 * The server without memory: what it leaves out, and that it has it again afterwards. This
 * program's malloc has no pieces beyond a size, or fails once.
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "stage.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                     \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

#define KIB ((size_t)1024)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

/* Volatile, for the compiler knows that malloc reads no variables. */
static volatile size_t largest = SIZE_MAX; /* piece that is to be had */
static volatile unsigned failures;         /* then so many fail, whatever their size */

static bool fails(size_t size)
{
	bool is_refused = failures > 0 || size > largest;

	failures -= failures > 0;
	if (is_refused)
		errno = ENOMEM;
	return is_refused;
}

void *malloc(size_t size)
{
	return fails(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails(size) ? NULL : __libc_realloc(old, size);
}

/* From now on nothing large is to be had, and the reserve has been used. */
static void become_short(void)
{
	alloc_keep_reserve();
	largest = 512 * KIB;
	alloc_give_reserve();
	CHECK(!alloc_has_room(0));
}

static void recover(void)
{
	largest = SIZE_MAX;
	CHECK(alloc_has_room(0));
}

static struct replica *begin(uint32_t processes)
{
	setup();
	for (uint32_t i = 0; i < processes; i++)
		fake_add(10 + i);
	return new_replica();
}

static int subscribe(struct replica *replica)
{
	return replica_subscribe(replica, sampler, now, SECOND, NULL, 0, A(PID), END);
}

static void end(struct replica *replica)
{
	drop(replica);
	teardown();
}

/* ------------------------------------------------------------------------- the reserve */

TEST(an_allocation_that_fails_once_is_made_with_the_reserve)
{
	char *text;

	alloc_keep_reserve();
	failures = 1;
	text = xstrdup("all the same");
	CHECK_TEXT(text, "all the same");
	CHECK_INT(failures, 0);
	failures = 1;
	text = xreallocarray(text, 100, 1);
	CHECK_TEXT(text, "all the same");
	CHECK(alloc_has_room(0));
	free(text);
}

TEST(what_is_asked_for_must_be_there_beside_the_reserve)
{
	alloc_keep_reserve();
	largest = 2048 * KIB;
	CHECK(alloc_has_room(2048 * KIB));
	CHECK(!alloc_has_room(2049 * KIB));
	become_short();
	CHECK(!alloc_has_room(1));
	recover();
}

static int status_without_memory(bool is_server)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (is_server)
			alloc_keep_reserve();
		failures = 1000;
		xcalloc(1, 1);
	}
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(without_any_memory_a_program_ends_and_does_not_crash)
{
	CHECK_INT(status_without_memory(true), EXIT_FAILURE);
	CHECK_INT(status_without_memory(false), EXIT_FAILURE);
}

/* --------------------------------------------------------------------------- the sampler */

TEST(rows_for_which_there_is_no_memory_are_missing_and_it_is_said_so)
{
	struct replica *replica = begin(600);

	largest = 512 * KIB;
	CHECK_INT(subscribe(replica), 0);
	next_tick();
	CHECK_INT(replica_count(replica), 512);
	CHECK(replica->incomplete);
	largest = SIZE_MAX;
	next_tick();
	CHECK_INT(replica_count(replica), 600);
	CHECK(!replica->incomplete);
	end(replica);
}

TEST(a_sample_that_was_left_out_comes_with_the_next_one)
{
	struct replica *replica = begin(2);

	CHECK_INT(subscribe(replica), 0);
	next_tick();
	fake_add(20);
	become_short();
	next_tick();
	CHECK_INT(replica->frames, 1);
	CHECK_INT(replica->ended, 0);
	recover();
	next_tick();
	CHECK_INT(replica->frames, 2);
	CHECK_INT(replica_count(replica), 3);
	end(replica);
}

TEST(who_asks_once_is_answered_when_there_is_memory_again)
{
	struct replica *replica = begin(2);

	become_short();
	CHECK_INT(replica_subscribe(replica, sampler, now, 0, NULL, 0, A(PID), END), -ENOMEM);
	recover();
	CHECK_INT(replica_subscribe(replica, sampler, now, 0, NULL, 0, A(PID), END), 0);
	become_short();
	for (int i = 0; i < 10; i++)
		next_tick();
	CHECK_INT(replica->frames, 0);
	recover();
	next_tick();
	CHECK_INT(replica->frames, 1);
	CHECK_INT(replica_count(replica), 2);
	end(replica);
}

TEST(the_request_that_holds_most_is_ended_first)
{
	struct replica *small = begin(100), *large = new_replica();

	CHECK_INT(replica_subscribe(small, sampler, now, SECOND, NULL, 0, A(PID), END), 0);
	CHECK_INT(replica_subscribe(large, sampler, now, SECOND, NULL, 0, A(PID),
			  A(MEM_RESIDENT), A(CMDLINE), END),
		0);
	next_tick();
	sampler_end_costliest(sampler);
	CHECK_INT(large->ended_error, -ENOMEM);
	CHECK_INT(small->ended, 0);
	sampler_end_costliest(sampler);
	CHECK_INT(small->ended_error, -ENOMEM);
	sampler_end_costliest(sampler);
	drop(large);
	end(small);
}

#else

#define NEEDS_MALLOC(name)                                                                     \
	TEST(name)                                                                             \
	{                                                                                      \
		test_skip("needs a malloc of its own");                                        \
	}

NEEDS_MALLOC(an_allocation_that_fails_once_is_made_with_the_reserve)
NEEDS_MALLOC(what_is_asked_for_must_be_there_beside_the_reserve)
NEEDS_MALLOC(without_any_memory_a_program_ends_and_does_not_crash)
NEEDS_MALLOC(rows_for_which_there_is_no_memory_are_missing_and_it_is_said_so)
NEEDS_MALLOC(a_sample_that_was_left_out_comes_with_the_next_one)
NEEDS_MALLOC(who_asks_once_is_answered_when_there_is_memory_again)
NEEDS_MALLOC(the_request_that_holds_most_is_ended_first)

#endif

TESTS(CASE(an_allocation_that_fails_once_is_made_with_the_reserve),
	CASE(what_is_asked_for_must_be_there_beside_the_reserve),
	CASE(without_any_memory_a_program_ends_and_does_not_crash),
	CASE(rows_for_which_there_is_no_memory_are_missing_and_it_is_said_so),
	CASE(a_sample_that_was_left_out_comes_with_the_next_one),
	CASE(who_asks_once_is_answered_when_there_is_memory_again),
	CASE(the_request_that_holds_most_is_ended_first))

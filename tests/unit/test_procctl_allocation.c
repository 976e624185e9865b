/* Memory of each kind: it is there, it can be used, and no file stays behind. */
#include "memory/allocation.h"

#include <errno.h>
#include <unistd.h>

#include "test.h"

enum { SIZE = 1 << 20 };

static char directory[64];

static const char *make_directory(void)
{
	snprintf(directory, sizeof directory, "/tmp/allocation.XXXXXX");
	CHECK(mkdtemp(directory));
	return directory;
}

/* rmdir() only takes what is empty. */
static void check_empty(void)
{
	CHECK_INT(rmdir(directory), 0);
}

TEST(memory_of_each_kind_can_be_used)
{
	for (int kind = 0; kind < ALLOCATION_KINDS; kind++) {
		struct allocation memory;

		CHECK_INT(allocation_make(
				  &memory, (enum allocation_kind)kind, SIZE, make_directory()),
			0);
		check_empty();
		CHECK_INT(allocation_act(&memory, ACTION_NOTHING), 0);
		CHECK_INT(allocation_act(&memory, ACTION_READ), 0);
		CHECK_INT(allocation_act(&memory, ACTION_WRITE), 0);
		CHECK_INT(memory.memory[0], 1);
		CHECK_INT(memory.memory[SIZE - 4096], 1);
		allocation_finish(&memory);
		CHECK(!memory.memory);
		allocation_finish(&memory);
	}
}

TEST(what_is_freed_is_gone_but_for_what_the_kernel_may_take)
{
	for (int kind = 0; kind < ALLOCATION_KINDS; kind++) {
		struct allocation memory;

		CHECK_INT(allocation_make(
				  &memory, (enum allocation_kind)kind, SIZE, make_directory()),
			0);
		CHECK_INT(allocation_act(&memory, ACTION_FREE), 0);
		CHECK((memory.memory != NULL) == (kind == KIND_ANON));
		allocation_finish(&memory);
		check_empty();
	}
}

TEST(a_file_that_cannot_be_is_an_error)
{
	const enum allocation_kind kinds[] = {KIND_FILE_PRIVATE, KIND_FILE_SHARED};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct allocation memory;

		CHECK_INT(allocation_make(&memory, kinds[i], SIZE, "/tmp/allocation/missing"),
			-ENOENT);
		int error =
			allocation_make(&memory, kinds[i], (size_t)1 << 60, make_directory());
		CHECK(error == -EFBIG || error == -ENOSPC);
		CHECK(!memory.memory);
		check_empty();
	}
}

TEST(every_case_has_names_and_a_lesson)
{
	for (int kind = 0; kind < ALLOCATION_KINDS; kind++) {
		const char *name = allocation_kind_name((enum allocation_kind)kind);
		CHECK_INT(allocation_find_kind(name), kind);
		for (int action = 0; action < ALLOCATION_ACTIONS; action++)
			CHECK(strlen(allocation_lesson((enum allocation_kind)kind,
				      (enum allocation_action)action)) > 10);
	}
	CHECK_INT(allocation_find_kind("all"), ALLOCATION_KINDS);
	CHECK_INT(allocation_find_kind(""), ALLOCATION_KINDS);
}

TESTS(CASE(memory_of_each_kind_can_be_used),
	CASE(what_is_freed_is_gone_but_for_what_the_kernel_may_take),
	CASE(a_file_that_cannot_be_is_an_error), CASE(every_case_has_names_and_a_lesson))

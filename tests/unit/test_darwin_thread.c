/* Table THREAD on a simulated Mac. */
#include <errno.h>

#include "darwin_cell.h"
#include "darwin_target.h"

/* Flavors of proc_pidinfo(). */
enum { THREAD_INFO = 15, UNIQUE_ID = 17, THREAD_IDS = 28 };

static struct watch *begin(void)
{
	sim_boot("m1");
	struct watch *watch = target_watch(TABLE_THREAD, 501);

	watch_list(watch);
	return watch;
}

static void end(struct watch *watch)
{
	watch_close(watch);
}

TEST(lists_threads)
{
	struct watch *watch = begin();

	CHECK_INT(target_rows(watch), 5);
	CHECK_INT(watch->rows[0].identity, 7001);
	CHECK_INT(watch->rows[0].pid, 501);
	sim_remove("thread", "501 7001");
	sim_set("thread", "501 7100", "name", "new");
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	end(watch);
}

/* Times are nanoseconds, unlike those of processes: 90 s and 45 s, to the microsecond. */
TEST(tells_of_a_thread)
{
	struct watch *watch = begin();

	CHECK_INT(cell_u64(watch, 0, "tid"), 7001);
	CHECK_TEXT(cell_text(watch, 0, "name"), "com.apple.main-thread");
	CHECK_TEXT(cell_text(watch, 0, "state"), "R");
	CHECK_INT(cell_u64(watch, 0, "cpu.user"), 90000000000);
	CHECK_INT(cell_u64(watch, 0, "cpu.system"), 45000000000);
	CHECK_INT(cell_u64(watch, 0, "cpu.total"), 135000000000);
	CHECK_INT(cell_u64(watch, 0, "priority"), 47);
	CHECK_INT(cell_u64(watch, 0, "policy"), 1);
	CHECK_TEXT(cell_text(watch, 1, "name"), "");
	CHECK_INT(cell_u64(watch, 1, "policy"), 4);
	CHECK_TEXT(cell_text(watch, 1, "state"), "S");
	CHECK_TEXT(cell_text(watch, 2, "state"), "D");
	CHECK_TEXT(cell_text(watch, 3, "state"), "T");
	CHECK_TEXT(cell_text(watch, 4, "state"), "I");
	end(watch);
}

/* One call for the list and one a thread. */
TEST(takes_one_call_a_thread)
{
	struct watch *watch = begin();

	sim_forget_calls();
	watch_list(watch);
	for (uint32_t slot = 0; slot < 5; slot++)
		cell_u64(watch, slot, "cpu.total");
	CHECK_INT(sim_calls("proc_pidinfo", THREAD_IDS), 1);
	CHECK_INT(sim_calls("proc_pidinfo", THREAD_INFO), 5);
	CHECK_INT(sim_all_calls(), 6);
	end(watch);
}

/* The first room is for 64: what fills it may have been cut. */
TEST(lists_more_than_fit)
{
	sim_boot("m1");
	for (int id = 8000; id < 8150; id++) {
		char name[32];
		snprintf(name, sizeof name, "501 %d", id);
		sim_set("thread", name, "policy", "1");
	}
	struct watch *watch = target_watch(TABLE_THREAD, 501);

	watch_list(watch);
	CHECK_INT(target_rows(watch), 155);
	end(watch);
}

TEST(a_thread_that_ends_meanwhile)
{
	struct watch *watch = begin();
	unsigned char sample[256];

	sim_remove("thread", "501 7002");
	CHECK_INT(watch_read_slot(watch, 1, 0, sample), SAMPLE_GONE);
	sim_fail("proc_pidinfo", THREAD_INFO, -1, EIO, 1);
	CHECK_INT(watch_read_slot(watch, 0, 0, sample), STATE_FAILED);
	end(watch);
}

static int list(struct watch *watch)
{
	struct row_scope scope = {.all = true};

	return watch->provider->list(watch->handle, &watch->roster, &scope);
}

/* Another process that has its pid is not the target. */
TEST(the_target_ends)
{
	struct watch *watch = begin();

	CHECK(watch->provider->has_target(watch->handle));
	sim_set_u64("process", "501", "uniqueid", 6000);
	CHECK(!watch->provider->has_target(watch->handle));
	CHECK_INT(list(watch), -ESRCH);
	end(watch);
	watch = begin();
	sim_set_u64("process", "501", "status", 5);
	CHECK_INT(list(watch), -ESRCH);
	end(watch);
	watch = begin();
	sim_fail("proc_pidinfo", THREAD_IDS, -1, EIO, 1);
	CHECK_INT(list(watch), -EIO);
	CHECK_INT(list(watch), 0);
	end(watch);
}

/* None, a zombie, another user's, none at all. */
TEST(refuses_targets)
{
	sim_boot("m1");
	struct watch *watch = target_begin(TABLE_THREAD);
	struct target huge = {UINT64_C(1) << 32};

	CHECK_INT(target_try(watch, 999), -ESRCH);
	CHECK_INT(target_try(watch, 710), -ESRCH);
	CHECK_INT(target_try(watch, 88), -EACCES);
	CHECK_INT(
		watch->provider->open(watch->provider->context, &huge, &watch->handle), -ESRCH);
	sim_fail("proc_pidinfo", UNIQUE_ID, 501, EIO, 1);
	CHECK_INT(target_try(watch, 501), -EIO);
	target_end(watch);
}

TESTS(CASE(lists_threads), CASE(tells_of_a_thread), CASE(takes_one_call_a_thread),
	CASE(lists_more_than_fit), CASE(a_thread_that_ends_meanwhile), CASE(the_target_ends),
	CASE(refuses_targets));

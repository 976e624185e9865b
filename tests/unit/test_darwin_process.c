/* Table PROCESS on a simulated Mac: which processes there are, and what is told of whom. */
#include "darwin_cell.h"

/* Flavors of proc_pidinfo(), by their numbers in sys/proc_info.h. */
enum { TBSD = 3, TASK = 4, SHORT_BSD = 13, UNIQUE_ID = 17 };

static struct watch *begin(void)
{
	sim_boot("m1");
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	return watch;
}

static uint64_t number(struct watch *watch, int pid, const char *name)
{
	return cell_u64(watch, watch_find(watch, pid), name);
}

static const char *text(struct watch *watch, int pid, const char *name)
{
	return cell_text(watch, watch_find(watch, pid), name);
}

/* The kernel's own process, other users' and those that have ended are among them. */
TEST(lists_processes)
{
	struct watch *watch = begin();

	CHECK_INT(watch->births, 7);
	CHECK_INT(watch->rows[watch_find(watch, 501)].identity, 4711);
	CHECK_INT(number(watch, 0, "pid"), 0);
	CHECK_INT(number(watch, 710, "status"), 5);
	sim_remove("process", "501");
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	CHECK_INT(watch_find(watch, 501), NO_ROW);
	watch_close(watch);
}

/* 1024 pids are the first room: 4 bytes each. What fills it may have been cut. */
TEST(lists_more_than_fit)
{
	sim_boot("m1");
	for (int pid = 1001; pid <= 2500; pid++) {
		char name[16];
		snprintf(name, sizeof name, "%d", pid);
		sim_set("process", name, "comm", "many");
	}
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	CHECK_INT(watch->births, 1507);
	CHECK_INT(sim_calls("proc_listpids", -1), 2);
	watch_list(watch);
	CHECK_INT(sim_calls("proc_listpids", -1), 3);
	CHECK_INT(watch->births + watch->deaths, 0);
	watch_close(watch);
}

TEST(a_list_that_fails_changes_nothing)
{
	struct watch *watch = begin();
	struct row_scope scope = {.all = true};

	sim_fail("proc_listpids", -1, -1, 1, 1);
	CHECK_INT(watch->provider->list(watch->handle, &watch->roster, &scope), -1);
	/* one whose id is refused, for all that we know, is still there */
	sim_fail("proc_pidinfo", UNIQUE_ID, 501, 1, 2);
	watch_list(watch);
	CHECK_INT(watch->births + watch->deaths, 0);
	watch_close(watch);
}

/* One call for the list, and one a process; another one for each that has ended, until it is known. */
TEST(listing_takes_one_call_a_process)
{
	struct watch *watch = begin();

	CHECK_INT(sim_calls("proc_listpids", -1), 1);
	CHECK_INT(sim_calls("proc_pidinfo", UNIQUE_ID), 7 + 1);
	sim_forget_calls();
	watch_tick(watch);
	CHECK_INT(sim_calls("proc_pidinfo", UNIQUE_ID), 7);
	CHECK_INT(sim_all_calls(), 8);
	watch_close(watch);
}

TEST(only_some_pids)
{
	sim_boot("m1");
	struct watch *watch = watch_open(NULL, NULL, NULL);
	const uint64_t pids[] = {88, 501, 999};

	watch_list_pids(watch, pids, 3);
	CHECK_INT(watch->births, 2);
	CHECK_INT(sim_calls("proc_listpids", -1), 0);
	sim_remove("process", "88");
	watch_list_pids(watch, pids, 3);
	CHECK_INT(watch->births, 0);
	CHECK_INT(watch->deaths, 1);
	watch_close(watch);
}

TEST(a_pid_that_is_used_again_is_another_row)
{
	struct watch *watch = begin();

	sim_set_u64("process", "501", "uniqueid", 6000);
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	CHECK_INT(watch->rows[watch_find(watch, 501)].identity, 6000);
	watch_close(watch);
}

/* Between the list and a read: the kernel compares the id, and the row is gone. */
TEST(a_pid_that_is_used_again_meanwhile)
{
	struct watch *watch = begin();
	uint64_t sample[256];

	sim_set_u64("process", "501", "uniqueid", 6000);
	const struct binding *ppid = &watch->platform->bindings[cell_attribute(watch, "ppid")];
	CHECK_INT(watch_read(watch, 501, ppid->source, sample), SAMPLE_GONE);
	CHECK_INT(watch_find(watch, 501), NO_ROW);
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	/* rusage tells by the time of start: it is known of 640 and is another one then */
	const struct binding *cpu =
		&watch->platform->bindings[cell_attribute(watch, "cpu.total")];
	watch->provider->want(watch->handle, 1u << cpu->source);
	watch_tick(watch);
	watch_list(watch);
	sim_set_u64("process", "640", "proc_start_abstime", 4800000001);
	sim_set_u64("process", "640", "uniqueid", 6001);
	CHECK_INT(watch_read(watch, 640, cpu->source, sample), SAMPLE_GONE);
	/* the first time it must still be there afterwards */
	watch_list(watch);
	sim_set_u64("process", "640", "uniqueid", 6002);
	CHECK_INT(watch_read(watch, 640, cpu->source, sample), SAMPLE_GONE);
	watch_close(watch);
}

/* After exec it has another version of the same id. */
TEST(exec_is_seen)
{
	struct watch *watch = begin();
	uint32_t slot = watch_find(watch, 640);

	CHECK_TEXT(text(watch, 640, "exe"), "/bin/zsh");
	CHECK_TEXT(text(watch, 640, "uuid"), "01234567-89AB-CDEF-0123-456789ABCDEF");
	watch_list(watch);
	CHECK(!watch->rows[slot].touched);
	sim_set_u64("process", "640", "idversion", 2);
	sim_set("process", "640", "path", "/usr/bin/make");
	sim_set("process", "640", "uuid", "FF");
	watch_list(watch);
	CHECK(watch->rows[slot].touched);
	CHECK_TEXT(text(watch, 640, "exe"), "/usr/bin/make");
	CHECK_TEXT(text(watch, 640, "uuid"), "FF000000-0000-0000-0000-000000000000");
	CHECK_INT(watch->births + watch->deaths, 0);
	watch_close(watch);
}

/* What the kernel tells everybody: of WindowServer and of a program that runs with root's rights. */
TEST(tells_of_other_users)
{
	struct watch *watch = begin();

	CHECK_INT(number(watch, 88, "uid"), 88);
	CHECK_INT(number(watch, 88, "ppid"), 1);
	CHECK_TEXT(text(watch, 88, "comm"), "WindowServer");
	CHECK_INT(number(watch, 88, "coalition"), 40);
	CHECK_INT(number(watch, 88, "parent_unique_id"), 1);
	CHECK_INT((int64_t)number(watch, 88, "nice"), -20);
	CHECK_INT(number(watch, 88, "start.time"), 1714000010ull * 1000000000);
	CHECK_TEXT(text(watch, 88, "name"), "WindowServer");
	CHECK_INT(number(watch, 700, "uid"), 0);
	CHECK_INT(number(watch, 700, "ruid"), 501);
	CHECK_INT(number(watch, 700, "tty.device"), 0x10000001);
	CHECK_TEXT(text(watch, 700, "tty.name"), "ttys001");
	CHECK_TEXT(text(watch, 700, "exe"), "/bin/ps");
	watch_close(watch);
}

/* And what it does not: denied, and never 0. */
TEST(denies_what_is_of_other_users)
{
	static const char *const names[] = {"cpu.total", "mem.footprint", "faults.total",
		"cpu.threads", "mach.ports", "files.open", "files.table", "responsible.pid",
		"workqueue.threads", "disk.read", "files.sockets", "start.boot", "energy.cpu"};
	struct watch *watch = begin();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		CHECK_INT(number(watch, 1, names[i]), ABSENT_U64(STATE_DENIED));
		CHECK_INT(number(watch, 88, names[i]), ABSENT_U64(STATE_DENIED));
		CHECK_INT(number(watch, 700, names[i]), ABSENT_U64(STATE_DENIED));
	}
	CHECK_TEXT(text(watch, 88, "cmdline"), "");
	CHECK_TEXT(text(watch, 88, "cwd"), "");
	CHECK_TEXT(text(watch, 88, "state"), "");
	watch_close(watch);
}

TEST(root_sees_all)
{
	sim_boot("m1");
	sim_set("caller", "", "uid", "0");
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	CHECK_INT(number(watch, 88, "cpu.total"), 0);
	CHECK_INT(number(watch, 0, "cpu.threads"), 1);
	/* of the kernel's own process some things must not be asked, or there are none */
	CHECK_INT(number(watch, 0, "workqueue.threads"), ABSENT_U64(STATE_NONE));
	CHECK_TEXT(text(watch, 0, "exe"), "");
	CHECK_TEXT(text(watch, 0, "name"), "kernel_task");
	CHECK_TEXT(text(watch, 0, "cmdline"), "");
	CHECK_INT(number(watch, 0, "sid"), ABSENT_U64(STATE_NONE));
	CHECK_INT(number(watch, 0, "parent_unique_id"), ABSENT_U64(STATE_NONE));
	watch_close(watch);
}

TESTS(CASE(lists_processes), CASE(lists_more_than_fit), CASE(a_list_that_fails_changes_nothing),
	CASE(listing_takes_one_call_a_process), CASE(only_some_pids),
	CASE(a_pid_that_is_used_again_is_another_row), CASE(a_pid_that_is_used_again_meanwhile),
	CASE(exec_is_seen), CASE(tells_of_other_users), CASE(denies_what_is_of_other_users),
	CASE(root_sees_all));

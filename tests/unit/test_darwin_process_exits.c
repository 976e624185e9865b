/* How processes end on a simulated Mac, and what is told then and of those that fail. */
#include <errno.h>

#include "darwin_cell.h"

enum { TBSD = 3, TASK = 4, SHORT_BSD = 13, UNIQUE_ID = 17 };
#define KERN_PROC ((INT64_C(1) << 32) | 14)

/* What a row said when it ended. */
static struct last {
	uint64_t pid, status, time_ns, cpu, total;
} last[16];
static uint32_t last_count;
static struct watch *watching;

static uint64_t field(const char *name, uint32_t slot)
{
	const struct binding *binding =
		&watching->platform->bindings[cell_attribute(watching, name)];
	uint64_t sample[256];

	for (size_t i = 0; i < sizeof sample / sizeof *sample; i++)
		sample[i] = ABSENT_U64(STATE_PENDING);
	CHECK(watching->provider->sources[binding->source].last);
	CHECK_INT(watching->provider->read(watching->handle, slot, binding->source, sample),
		STATE_OK);
	return sample[binding->offset / 8];
}

static void ended(struct roster *roster, uint32_t slot)
{
	struct watch *watch = (struct watch *)roster;

	last[last_count++] = (struct last){watch->rows[slot].pid, field("exit.status", slot),
		field("exit.time", slot), field("exit.cpu", slot), field("cpu.total", slot)};
	watch_remove(watch, slot);
}

static struct watch *begin(enum exits_wanted exits)
{
	static const struct roster_ops ops = {.born = watch_born,
		.died = watch_died,
		.ended = ended,
		.touched = watch_touched};

	sim_boot("m1");
	watching = watch_open(NULL, NULL, NULL);
	watching->roster.ops = &ops;
	last_count = 0;
	watch_list_scope(watching, &(struct row_scope){.all = true, .exits = exits});
	return watching;
}

static void list(struct watch *watch)
{
	watch_list_scope(watch, &(struct row_scope){.all = true, .exits = EXITS_OF_ALL});
}

static uint64_t number(struct watch *watch, int pid, const char *name)
{
	return cell_u64(watch, watch_find(watch, pid), name);
}

/* 768: exit code 3. (24000 + 72000) / 24 us. */
TEST(zombies_tell)
{
	struct watch *watch = begin(EXITS_NONE);

	CHECK_INT(number(watch, 710, "exit.status"), 768);
	CHECK_INT(number(watch, 710, "exit.cpu"), 4000000);
	CHECK(number(watch, 710, "exit.time") > 1700000000ull * 1000000000);
	CHECK_INT(number(watch, 501, "exit.status"), ABSENT_U64(STATE_NONE));
	/* rusage tells the memory that it had */
	sim_set("process", "710", "resident_size", "4096");
	CHECK_INT(number(watch, 710, "mem.resident"), ABSENT_U64(STATE_NONE));
	CHECK_INT(number(watch, 710, "cpu.total"), 4000000);
	watch_close(watch);
}

/* Its parent has waited, and the next process with the pid lives. */
TEST(the_pid_of_a_zombie_is_used_again)
{
	struct watch *watch = begin(EXITS_NONE);

	CHECK_INT(number(watch, 710, "exit.status"), 768);
	sim_set("process", "710", "status", "2");
	sim_set("process", "710", "uniqueid", "9997");
	sim_set("process", "710", "resident_size", "4096");
	watch_list(watch);
	CHECK_INT(number(watch, 710, "exit.status"), ABSENT_U64(STATE_NONE));
	CHECK_INT(number(watch, 710, "mem.resident"), 4096);
	watch_close(watch);
}

/* How another user's process ended everybody may know, and not with how much CPU time. */
TEST(zombies_of_other_users)
{
	struct watch *watch = begin(EXITS_NONE);

	sim_set("process", "700", "status", "5");
	sim_set("process", "700", "xstatus", "9");
	watch_list(watch);
	CHECK(watch->rows[watch_find(watch, 700)].touched);
	CHECK_INT(number(watch, 700, "exit.status"), 9);
	CHECK_INT(number(watch, 700, "exit.cpu"), ABSENT_U64(STATE_DENIED));
	watch_close(watch);
}

/* One that was a zombie in between, one that was not, and one of another user. */
TEST(ends_are_told)
{
	struct watch *watch = begin(EXITS_OF_ALL);

	sim_set("process", "640", "status", "5");
	sim_set("process", "640", "xstatus", "256");
	list(watch);
	CHECK_INT(last_count, 0);
	sim_remove("process", "640");
	sim_remove("process", "501");
	sim_remove("process", "88");
	list(watch);
	CHECK_INT(last_count, 3);
	for (uint32_t i = 0; i < last_count; i++) {
		bool known = last[i].pid == 640;
		CHECK_INT(last[i].status, known ? 256 : ABSENT_U64(STATE_UNSUPPORTED));
		/* ticks: 240000 of each kind */
		CHECK_INT(last[i].cpu, known ? 480000 : ABSENT_U64(STATE_UNSUPPORTED));
		CHECK_INT(last[i].total, known ? 480000 : ABSENT_U64(STATE_PENDING));
		CHECK(last[i].time_ns > 1700000000ull * 1000000000);
	}
	CHECK(strstr(watch->provider->describe_exits(watch->handle), "zombies"));
	watch_close(watch);
}

/* While exits are wanted a row stays until the list says that it has ended. */
TEST(nothing_is_forgotten_before)
{
	struct watch *watch = begin(EXITS_OF_ROWS);
	uint64_t sample[256];
	const struct binding *cpu =
		&watch->platform->bindings[cell_attribute(watch, "cpu.total")];

	watch->provider->want(watch->handle, 1u << cpu->source);
	sim_remove("process", "501");
	CHECK_INT(watch_read(watch, 501, cpu->source, sample), SAMPLE_GONE);
	watch_gate(watch);
	CHECK_INT(watch->rows[watch_find(watch, 501)].activity, ACTIVITY_GONE);
	list(watch);
	CHECK_INT(last_count, 1);
	CHECK_INT(last[0].pid, 501);
	watch_close(watch);
}

TEST(the_gate_finds_the_dead)
{
	struct watch *watch = begin(EXITS_NONE);
	const struct binding *cpu =
		&watch->platform->bindings[cell_attribute(watch, "cpu.total")];

	watch->provider->want(watch->handle, 1u << cpu->source);
	sim_remove("process", "501");
	watch_gate(watch);
	CHECK_INT(watch_find(watch, 501), NO_ROW);
	/* one that it may not ask just now is read */
	sim_fail("proc_pid_rusage", -1, 640, EIO, 1);
	watch_list(watch);
	watch_gate(watch);
	CHECK_INT(watch->rows[watch_find(watch, 640)].activity, ACTIVITY_UNKNOWN);
	watch_close(watch);
}

/* A process that takes on root's rights is another user's from then on, and after exec it may be
 * ours again. */
TEST(rights_change)
{
	struct watch *watch = begin(EXITS_NONE);

	CHECK_INT(number(watch, 640, "cpu.threads"), 1);
	sim_set("process", "640", "uid", "0");
	watch_list(watch);
	CHECK_INT(number(watch, 640, "cpu.threads"), ABSENT_U64(STATE_DENIED));
	sim_set("process", "640", "uid", "501");
	watch_list(watch);
	/* it is not asked again so soon */
	CHECK_INT(number(watch, 640, "cpu.threads"), ABSENT_U64(STATE_DENIED));
	sim_set("process", "640", "idversion", "2");
	watch_list(watch);
	CHECK_INT(number(watch, 640, "cpu.threads"), 1);
	watch_close(watch);
}

static uint64_t state(struct watch *watch, int pid, const char *name, const char *call,
	int64_t selector, int error)
{
	unsigned char sample[8192];
	const struct binding *binding = &watch->platform->bindings[cell_attribute(watch, name)];

	watch_list(watch);
	sim_fail(call, selector, pid, error, 1);
	return (uint64_t)watch_read_slot(
		watch, watch_find(watch, pid), binding->source, sample);
}

/* What each errno means: refused, not there though the process is, failed. */
TEST(errors)
{
	static const struct {
		const char *name, *call;
		int64_t selector;
	} reads[] = {
		{"cpu.threads", "proc_pidinfo", TASK},
		{"ppid", "proc_pidinfo", SHORT_BSD},
		{"start.time", "proc_pidinfo", TBSD},
		{"nice", "proc_pidinfo", TBSD},
		{"cpu.total", "proc_pid_rusage", -1},
		{"coalition", "proc_pidinfo", 20},
		{"files.open", "proc_pidinfo", 1},
		{"cwd", "proc_pidinfo", 9},
		{"sid", "getsid", -1},
		{"state", "proc_pidinfo", SHORT_BSD},
	};

	for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
		struct watch *watch = begin(EXITS_NONE);
		CHECK_INT(
			state(watch, 640, reads[i].name, reads[i].call, reads[i].selector, EIO),
			STATE_FAILED);
		CHECK_INT(state(watch, 640, reads[i].name, reads[i].call, reads[i].selector,
				  ESRCH),
			STATE_NONE);
		watch_close(watch);
	}
}

/* An answer that is short is none. */
TEST(short_answers)
{
	struct watch *watch = begin(EXITS_NONE);

	sim_set("process", "640", "short", "1");
	watch_list(watch);
	CHECK_INT(number(watch, 640, "cpu.threads"), ABSENT_U64(STATE_FAILED));
	CHECK_INT(number(watch, 640, "mach.ports"), ABSENT_U64(STATE_FAILED));
	CHECK_TEXT(cell_text(watch, watch_find(watch, 640), "cwd"), "");
	watch_close(watch);
}

/* sysctl that fails, that has another process by that pid, or no room: there is no value. */
TEST(errors_of_sysctl)
{
	struct watch *watch = begin(EXITS_NONE);

	sim_fail("sysctl", KERN_PROC, -1, EIO, 1);
	CHECK_INT(number(watch, 88, "nice"), ABSENT_U64(STATE_FAILED));
	CHECK_INT(number(watch, 1, "children"), ABSENT_U64(STATE_FAILED));
	watch_list(watch);
	CHECK_INT((int64_t)number(watch, 88, "nice"), -20);
	sim_set("process", "88", "start", "1714000011 0");
	watch_list(watch);
	CHECK_INT(number(watch, 88, "tty.device"), ABSENT_U64(STATE_FAILED));
	sim_set_u64("process", "88", "uniqueid", 9999);
	CHECK_INT(number(watch, 88, "tty.device"), ABSENT_U64(SAMPLE_GONE));
	watch_close(watch);
}

/* More than 1024 at first. */
TEST(sysctl_of_many)
{
	sim_boot("m1");
	for (int pid = 1001; pid <= 3500; pid++) {
		char name[16];
		snprintf(name, sizeof name, "%d", pid);
		sim_set("process", name, "ppid", "88");
	}
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	CHECK_INT(number(watch, 88, "children"), 2500);
	CHECK_INT(number(watch, 3500, "children"), 0);
	CHECK_INT(sim_calls("sysctl", KERN_PROC), 3);
	watch_list(watch);
	CHECK_INT(number(watch, 88, "children"), 2500);
	CHECK_INT(sim_calls("sysctl", KERN_PROC), 4);
	watch_close(watch);
}

/* It says nothing, or only one of both. */
TEST(responsible)
{
	struct watch *watch = begin(EXITS_NONE);

	sim_fail("responsibility_pid", -1, 640, 1, 1);
	CHECK_INT(number(watch, 640, "responsible.pid"), ABSENT_U64(STATE_NONE));
	sim_fail("responsibility_uniqueid", -1, 640, 1, 1);
	CHECK_INT(number(watch, 640, "responsible.unique_id"), ABSENT_U64(STATE_NONE));
	sim_fail("responsibility_pid", -1, 640, 1, 1);
	sim_fail("responsibility_uniqueid", -1, 640, 1, 1);
	CHECK_INT(number(watch, 640, "responsible.pid"), ABSENT_U64(STATE_DENIED));
	sim_set_u64("process", "640", "uniqueid", 9999);
	CHECK_INT(number(watch, 640, "responsible.pid"), ABSENT_U64(SAMPLE_GONE));
	sim_set_u64("process", "501", "uniqueid", 9998);
	CHECK_INT(number(watch, 501, "sid"), ABSENT_U64(SAMPLE_GONE));
	watch_close(watch);
}

TESTS(CASE(zombies_tell), CASE(the_pid_of_a_zombie_is_used_again), CASE(zombies_of_other_users),
	CASE(ends_are_told), CASE(nothing_is_forgotten_before), CASE(the_gate_finds_the_dead),
	CASE(rights_change), CASE(errors), CASE(short_answers), CASE(errors_of_sysctl),
	CASE(sysctl_of_many), CASE(responsible));

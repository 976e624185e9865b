/*
 * What table PROCESS costs on a simulated Mac: kernel calls and allocations of a sampling, which is
 * done here as the core does it: list, gate, and each wanted source of each row, unless the source
 * is gated and the row did nothing.
 */
#include "darwin_cell.h"

/* Flavors of proc_pidinfo(). */
enum { TBSD = 3, TASK = 4, WORKQUEUE = 12, SHORT_BSD = 13, UNIQUE_ID = 17, COALITION = 20 };
#define KERN_PROC ((INT64_C(1) << 32) | 14) /* sysctl kern.proc */

static uint64_t seen[64][32];

static uint32_t want(struct watch *watch, const char *const *names)
{
	uint32_t sources = 0;

	for (; *names; names++)
		sources |=
			1u << watch->platform->bindings[cell_attribute(watch, *names)].source;
	watch->provider->want(watch->handle, sources);
	memset(seen, 0, sizeof seen);
	return sources;
}

static void sample(struct watch *watch, uint32_t sources)
{
	unsigned char bytes[8192];

	watch_tick(watch);
	for (uint32_t slot = 0; slot < watch->count; slot++) {
		const struct watch_row *row = &watch->rows[slot];
		for (uint32_t i = 0; row->alive && i < watch->provider->source_count; i++) {
			const struct source *source = &watch->provider->sources[i];
			bool stale = !source->gated || row->activity == ACTIVITY_UNKNOWN ||
				     row->touched || seen[slot][i] != row->activity;
			if (!(sources >> i & 1) || !stale)
				continue;
			watch_read_slot(watch, slot, i, bytes);
			if (row->activity != ACTIVITY_UNKNOWN)
				seen[slot][i] = row->activity;
		}
	}
}

/* Once, and then what a sampling costs while nobody does anything. */
static struct watch *steady_with(
	const char *ledgers, const char *const *names, uint32_t *ret_sources)
{
	sim_boot("m1");
	sim_set("ledger_policy", "", "foreign", ledgers);
	/* nobody's time goes on by itself */
	sim_set_u64("process", "501", "user", 2400000000);
	sim_set_u64("process", "501", "system", 1200000000);
	struct watch *watch = watch_open(NULL, NULL, NULL);

	*ret_sources = want(watch, names);
	sample(watch, *ret_sources);
	sample(watch, *ret_sources);
	sim_forget_calls();
	sample(watch, *ret_sources);
	return watch;
}

static struct watch *steady(const char *const *names, uint32_t *ret_sources)
{
	return steady_with("denied", names, ret_sources);
}

/*
 * Of the 7 processes 4 are other users' (0, 1, 88, 700), 2 sleep (501, 640) and one is a zombie (710).
 * All sets take 1 call for the list and 7 for the unique ids: 8.
 */
enum { LISTED = 1 + 7, OWN = 3, FOREIGN = 4 };

TEST(names_alone)
{
	uint32_t sources;
	struct watch *watch =
		steady((const char *[]){"pid", "unique_id", "uuid", "parent_unique_id", NULL},
			&sources);

	CHECK_INT(sim_all_calls(), LISTED);
	watch_close(watch);
}

/* One short answer a process: asking whether it ran would cost as much. */
TEST(brief_alone)
{
	uint32_t sources;
	struct watch *watch = steady((const char *[]){"ppid", "uid", "comm", NULL}, &sources);

	CHECK_INT(sim_calls("proc_pidinfo", SHORT_BSD), 7);
	CHECK_INT(sim_all_calls(), LISTED + 7);
	watch_close(watch);
}

/* rusage is what the gate has read; sleepers are not asked for the rest. */
TEST(as_in_a_list_of_processes)
{
	static const char *const names[] = {"comm", "uid", "cpu.total", "mem.footprint",
		"disk.read", "energy.cpu", "cpu.threads", NULL};
	uint32_t sources;
	struct watch *watch = steady(names, &sources);

	CHECK_INT(sim_calls("proc_pid_rusage", -1), OWN);
	CHECK_INT(sim_calls("proc_pidinfo", SHORT_BSD), FOREIGN);
	CHECK_INT(sim_calls("proc_pidinfo", TASK), 0);
	CHECK_INT(sim_all_calls(), LISTED + OWN + FOREIGN);
	/* one that runs: another two */
	sim_set_u64("process", "501", "user", 2400000001);
	sim_forget_calls();
	sample(watch, sources);
	CHECK_INT(sim_calls("proc_pidinfo", TASK), 1);
	CHECK_INT(sim_all_calls(), LISTED + OWN + FOREIGN + 2);
	/* who just ran is read once more, for a thread on a core counts later */
	sim_forget_calls();
	sample(watch, sources);
	CHECK_INT(sim_calls("proc_pidinfo", TASK), 1);
	sim_forget_calls();
	sample(watch, sources);
	CHECK_INT(sim_all_calls(), LISTED + OWN + FOREIGN);
	watch_close(watch);
}

/* Where the ledgers of other users' processes are open, they are read, and it is asked whose that was. */
TEST(with_the_ledgers_of_others)
{
	static const char *const names[] = {"comm", "cpu.total", "mem.footprint", NULL};
	uint32_t sources;
	struct watch *watch = steady_with("allowed", names, &sources);

	CHECK_INT(sim_calls("ledger", -1), FOREIGN);
	CHECK_INT(sim_all_calls(), LISTED + OWN + FOREIGN + 2 * FOREIGN);
	watch_close(watch);
}

/* All that BSD knows: of sleepers nothing, of others sysctl once for all and the short answer each. */
TEST(all_of_bsd)
{
	static const char *const names[] = {"comm", "uid", "nice", "tty.name", "flags",
		"start.time", "coalition", "cpu.total", "children", NULL};
	uint32_t sources;
	struct watch *watch = steady(names, &sources);

	CHECK_INT(sim_calls("sysctl", KERN_PROC), 1);
	CHECK_INT(sim_calls("proc_pidinfo", TBSD), 0);
	CHECK_INT(sim_calls("proc_pidinfo", SHORT_BSD), FOREIGN);
	CHECK_INT(sim_calls("proc_pidinfo", COALITION), 0);
	CHECK_INT(sim_all_calls(), LISTED + OWN + FOREIGN + 1);
	/* one that runs: one answer for both parts */
	sim_set_u64("process", "501", "user", 2400000001);
	sim_forget_calls();
	sample(watch, sources);
	CHECK_INT(sim_calls("proc_pidinfo", TBSD), 1);
	CHECK_INT(sim_calls("proc_pidinfo", SHORT_BSD), FOREIGN);
	watch_close(watch);
}

/* What workers do of those that sleep, and of other users', is done once. */
TEST(paths_and_arguments)
{
	static const char *const names[] = {"exe", "name", "cmdline", "cwd", NULL};
	uint32_t sources;
	struct watch *watch = steady(names, &sources);

	CHECK_INT(sim_all_calls(), LISTED + OWN);
	watch_close(watch);
}

/* A child of who has ended is read again, though it sleeps. */
TEST(orphans_are_read_again)
{
	uint32_t sources;
	struct watch *watch = steady((const char *[]){"ppid", "cpu.total", NULL}, &sources);

	sim_remove("process", "501");
	sim_set("process", "640", "ppid", "1");
	sample(watch, sources);
	CHECK_INT(cell_u64(watch, watch_find(watch, 640), "ppid"), 1);
	watch_close(watch);
}

/* A filter asks for its rows alone, and sysctl for one process at a time. */
TEST(a_filter)
{
	sim_boot("m1");
	struct watch *watch = watch_open(NULL, NULL, NULL);
	const uint64_t pids[] = {88};

	want(watch, (const char *[]){"nice", NULL});
	watch_list_pids(watch, pids, 1);
	watch_gate(watch);
	CHECK_INT((int64_t)cell_u64(watch, watch_find(watch, 88), "nice"), -20);
	sim_forget_calls();
	watch_list_pids(watch, pids, 1);
	watch_gate(watch);
	CHECK_INT((int64_t)cell_u64(watch, watch_find(watch, 88), "nice"), -20);
	/* its unique id, what sysctl says, the short answer */
	CHECK_INT(sim_all_calls(), 3);
	watch_close(watch);
}

/* Wanted by nobody any more: what was kept is given up, and it starts anew. */
TEST(wanted_again)
{
	uint32_t sources;
	struct watch *watch = steady((const char *[]){"cpu.total", NULL}, &sources);

	want(watch, (const char *[]){"pid", NULL});
	sample(watch, 1);
	sources = want(watch, (const char *[]){"cpu.total", NULL});
	sample(watch, sources);
	CHECK_INT(cell_u64(watch, watch_find(watch, 501), "cpu.total"), 150000000000);
	watch_close(watch);
}

/* ------------------------------------------------------------------------ allocations */

static uint64_t allocations;

static void count_allocation(const volatile void *memory, size_t size)
{
	(void)memory, (void)size;
	allocations++;
}

static void ignore_free(const volatile void *memory)
{
	(void)memory;
}

/* Of the sanitizers, with which this is built. */
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
	void (*)(const volatile void *)) __attribute__((weak));

TEST(a_steady_tick_allocates_nothing)
{
	static const char *const names[] = {"comm", "nice", "start.time", "cpu.total", "state",
		"cpu.threads", "workqueue.threads", "mach.ports", "files.open", "children",
		"coalition", "responsible.pid", "sid", "exit.status", NULL};
	uint32_t sources;
	struct watch *watch = steady(names, &sources);

	/* all run; watch_gate() itself allocates two arrays */
	sim_set_u64("process", "501", "user", 2400000100);
	sim_set_u64("process", "640", "user", 240100);
	if (__sanitizer_install_malloc_and_free_hooks)
		__sanitizer_install_malloc_and_free_hooks(count_allocation, ignore_free);
	sample(watch, sources);
	allocations = 0;
	sim_set_u64("process", "501", "user", 2400000200);
	allocations = 0;
	sample(watch, sources);
	uint64_t counted = allocations;
	CHECK(counted <= 2);
	watch_close(watch);
}

TESTS(CASE(names_alone), CASE(brief_alone), CASE(as_in_a_list_of_processes),
	CASE(with_the_ledgers_of_others), CASE(all_of_bsd), CASE(paths_and_arguments),
	CASE(orphans_are_read_again), CASE(a_filter), CASE(wanted_again),
	CASE(a_steady_tick_allocates_nothing));

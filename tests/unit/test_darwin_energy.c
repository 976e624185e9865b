/* What a process costs the battery, on macOS. Process 501 of m1.mac is ours; 24 ticks are a
 * microsecond there. */
#include <errno.h>

#include "darwin_cell.h"
#include "test.h"

static struct watch *open_processes(void)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	return watch;
}

static uint64_t cell(struct watch *watch, int pid, const char *name)
{
	watch_gate(watch);
	return cell_u64(watch, watch_find(watch, pid), name);
}

TEST(apple_silicon_measures_it)
{
	sim_boot("m1");
	sim_set("process", "501", "energy_nj", "3000000000 + 1500000000/s");
	struct watch *watch = open_processes();

	CHECK_INT(cell(watch, 501, "energy.score"), 3000000000);
	CHECK_INT(cell(watch, 501, "energy.estimate"), 3000000000);
	sim_advance(2000000000);
	watch_list(watch);
	/* 1.5 W: 1.5 nJ a ns */
	CHECK_INT(cell(watch, 501, "energy.score"), 6000000000);
	watch_close(watch);
}

/* user 2400000000 and system 1200000000 ticks are 150 s; 77 idle wakeups. */
TEST(power_of_top)
{
	sim_boot("m1");
	struct watch *watch = open_processes();

	CHECK_INT(
		cell(watch, 501, "energy.top_score"), 150000000000ull * 100 + 77ull * 50000000);
	watch_close(watch);
}

TEST(coefficients_where_nothing_is_measured)
{
	sim_boot("m1");
	sim_set("sysctl", "", "kern.hv_vmm_present", "u32 1");
	struct watch *watch = open_processes();

	/*
	 * 72 ticks of the background class are 3000 ns at 80. All others of 3,600,000,000 ticks
	 * are at 100: class by class 24, 48, 96, 120, 144 and 168 ticks, 1000 to 7000 ns, and what is in no
	 * class, 3,599,999,328 ticks, 149,999,972,000 ns.
	 * 77 wakeups of 200 us; 10485760 bytes at 45 and 5242880 at 24.
	 */
	CHECK_INT(cell(watch, 501, "energy.score"),
		3000ull * 80 + (1000 + 2000 + 4000 + 5000 + 6000 + 7000) * 100ull +
			149999972000ull * 100 + 77ull * 20000000 + 10485760ull * 45 +
			5242880ull * 24);
	watch_close(watch);
}

TEST(a_kernel_that_does_not_tell_it)
{
	sim_boot("m1");
	sim_set("libproc", "", "rusage", "4");
	struct watch *watch = open_processes();

	CHECK_INT(cell(watch, 501, "energy.score"), ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(cell(watch, 501, "energy.top_score") < ABSENT_U64(STATE_END));
	watch_close(watch);
}

TEST(other_users)
{
	sim_boot("m1");
	struct watch *watch = open_processes();

	CHECK_INT(cell(watch, 88, "energy.score"), ABSENT_U64(STATE_DENIED));
	CHECK_INT(cell(watch, 88, "energy.top_score"), ABSENT_U64(STATE_DENIED));
	watch_close(watch);
}

/* All of it is of the one call that the gate makes. */
TEST(no_call_of_its_own)
{
	sim_boot("m1");
	struct watch *watch = open_processes();

	cell(watch, 501, "cpu.total");
	sim_forget_calls();
	cell_u64(watch, watch_find(watch, 501), "energy.score");
	cell_u64(watch, watch_find(watch, 501), "energy.top_score");
	CHECK_INT(sim_all_calls(), 0);
	watch_close(watch);
}

TESTS(CASE(apple_silicon_measures_it), CASE(power_of_top),
	CASE(coefficients_where_nothing_is_measured), CASE(a_kernel_that_does_not_tell_it),
	CASE(other_users), CASE(no_call_of_its_own));

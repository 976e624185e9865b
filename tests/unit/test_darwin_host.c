/* The platform on a simulated Mac: what it finds out about the machine, and which processes
 * there are. */
#include "sim.h"
#include "watch.h"

TEST(describes_the_machine)
{
	sim_boot("m1");
	struct watch *watch = watch_open(NULL, NULL, NULL);

	CHECK_TEXT(watch->platform->name, "darwin");
	CHECK_TEXT(platform_describe(watch->platform),
		"macOS 14.5, MacBookPro18,3, ledgers of all users");
	watch_close(watch);
}

TEST(lists_processes)
{
	sim_boot("m1");
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_list(watch);
	CHECK_INT(watch->births, 2);
	CHECK_INT(watch->rows[watch_find(watch, 501)].identity, 4711);
	sim_remove("process", "501");
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	watch_close(watch);
}

TESTS(CASE(describes_the_machine), CASE(lists_processes));

/* The platform on a simulated Mac: what it finds out about the machine. */
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

TESTS(CASE(describes_the_machine));

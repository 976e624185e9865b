/* The platform on a simulated Mac: what it finds out about the machine. */
#include "sim.h"
#include "watch.h"

TEST(describes_the_machine)
{
	sim_boot("m1");
	struct watch *watch = watch_open(NULL, NULL, NULL);

	CHECK_TEXT(watch->platform->name, "darwin");
	CHECK_TEXT(platform_describe(watch->platform), "macOS 14.5, MacBookPro18,3");
	watch_close(watch);
	sim_boot("m4-pro");
	watch = watch_open(NULL, NULL, NULL);
	CHECK_TEXT(platform_describe(watch->platform),
		"macOS 15.5, Mac16,7, ledgers of all users");
	watch_close(watch);
}

/* A slow cell carries its time: the registry says slow where the source is. What is slow on Linux may
 * be fast here. */
TEST(what_is_slow_is_said_to_be)
{
	sim_boot("m1");
	struct watch *watch = watch_open(NULL, NULL, NULL);
	int wrong = 0;

	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		const struct binding *binding = &watch->platform->bindings[i];
		const struct provider *provider = NULL;
		for (uint32_t j = 0; j < watch->platform->provider_count; j++)
			if (watch->platform->providers[j]->table == attributes[i].table)
				provider = watch->platform->providers[j];
		if (!binding->bound || !provider || attributes[i].cost == COST_SLOW ||
			provider->sources[binding->source].lane != LANE_SLOW)
			continue;
		printf("%s.%s is not said to be slow\n", table_name(attributes[i].table),
			attributes[i].name);
		wrong++;
	}
	CHECK_INT(wrong, 0);
	watch_close(watch);
}

TESTS(CASE(describes_the_machine), CASE(what_is_slow_is_said_to_be));

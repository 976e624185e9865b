/* IOReport, as the tables share it: who wants what, one subscription, one sample a tick. */
#include "darwin_cell.h"

#define S UINT64_C(1000000000)

static struct watch *open_power(const char *fixture)
{
	sim_boot(fixture);
	return watch_open_table(TABLE_POWER, NULL, NULL);
}

static uint32_t slot_of(struct watch *watch, const char *name)
{
	for (uint32_t slot = 0; slot < watch->count; slot++)
		if (watch->rows[slot].alive &&
			strcmp(cell_text(watch, slot, "name"), name) == 0)
			return slot;
	test_fail(__FILE__, __LINE__, "there is no row %s", name);
}

/* A tick: lists and reads a source of all rows. */
static void read_all(struct watch *watch, const char *name)
{
	watch_list(watch);
	for (uint32_t slot = 0; slot < watch->count; slot++)
		if (watch->rows[slot].alive)
			cell_u64(watch, slot, name);
}

TEST(nothing_is_opened_before_somebody_wants_it)
{
	sim_boot("m1");
	struct watch *watch = watch_open(NULL, NULL, NULL);

	CHECK_INT(sim_calls("dlopen", -1), 0);
	CHECK_INT(sim_calls("IOReportCopyChannelsInGroup", -1), 0);
	watch_choose(watch, TABLE_CPU);
	struct target target = {0};
	CHECK_INT(watch->provider->open(watch->provider->context, &target, &watch->handle), 0);
	watch_list(watch);
	cell_u64(watch, 0, "time.busy");
	CHECK_INT(sim_calls("IOReportCreateSubscription", -1), 0);
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

/* One subscription, two samples and one growth to begin with, then one of each a tick, whatever the number
 * of rows and of sources. */
TEST(all_rows_share_a_subscription_and_a_sample)
{
	struct watch *watch = open_power("m1");

	read_all(watch, "energy.total");
	CHECK_INT(sim_calls("IOReportCreateSubscription", -1), 1);
	CHECK_INT(sim_calls("IOReportCreateSamples", -1), 2);
	CHECK_INT(sim_calls("IOReportCreateSamplesDelta", -1), 1);
	CHECK_INT(sim_calls("dlopen", -1), 1);
	sim_forget_calls();
	for (int i = 1; i <= 3; i++) {
		sim_advance(S);
		read_all(watch, "energy.total");
		read_all(watch, "power.now");
		CHECK_INT(sim_calls("IOReportCreateSamples", -1), i);
		CHECK_INT(sim_calls("IOReportCreateSamplesDelta", -1), i);
	}
	CHECK_INT(sim_calls("IOReportCreateSubscription", -1), 0);
	CHECK_INT(sim_calls("IOReportCopyChannelsInGroup", -1), 0);
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

/* The second table's group is subscribed with the first one's, whose account goes on. */
TEST(another_table_makes_one_more_subscription)
{
	struct watch *power = open_power("m1"), *cpu = calloc(1, sizeof *cpu);
	struct target target = {0};
	uint32_t slot;

	CHECK(cpu);
	read_all(power, "energy.total");
	slot = slot_of(power, "CPU");
	sim_advance(S);
	watch_list(power);
	CHECK_INT(cell_u64(power, slot, "energy.total") / 1000000, 603); /* see below */
	*cpu = (struct watch){.roster = power->roster, .platform = power->platform};
	for (uint32_t i = 0; i < power->platform->provider_count; i++)
		if (power->platform->providers[i]->table == TABLE_CPU)
			cpu->provider = power->platform->providers[i];
	CHECK_INT(cpu->provider->open(cpu->provider->context, &target, &cpu->handle), 0);
	cpu->provider->want(cpu->handle,
		UINT32_C(1) << power->platform->bindings[cell_attribute(cpu, "active.time")]
				       .source);
	sim_advance(S);
	read_all(cpu, "active.time");
	CHECK_INT(sim_calls("IOReportCreateSubscription", -1), 2);
	/*
	 * The counter at the samples: 2213 at 2.022 s, the last one of the old subscription; 2216 at 2.026 s and
	 * 2224 at 2.040 s, the first ones of the new; 2826 at 3.044 s. What is between the two
	 * subscriptions is lost: 603 + 602 + 8 + 602.
	 */
	sim_advance(S);
	watch_list(power);
	CHECK_INT(cell_u64(power, slot, "energy.total") / 1000000, 1815);
	sim_forget_calls();
	sim_advance(S);
	read_all(power, "energy.total");
	read_all(cpu, "active.time");
	CHECK_INT(sim_calls("IOReportCreateSamples", -1), 1);
	cpu->provider->close(cpu->handle);
	free(cpu);
	sim_advance(S);
	read_all(power, "power.now");
	CHECK_INT(sim_calls("IOReportCreateSubscription", -1), 0);
	watch_close(power);
	CHECK_INT(sim_held(), 0);
}

/* With the table the subscription goes, while the platform stays. */
TEST(who_closes_last_gives_it_back)
{
	struct watch *watch = open_power("m1");
	struct target target = {0};

	read_all(watch, "energy.total");
	CHECK(sim_held() > 100); /* samples and channels */
	watch->provider->close(watch->handle);
	CHECK_INT(sim_held(), 0);
	CHECK_INT(watch->provider->open(watch->provider->context, &target, &watch->handle), 0);
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static const char *why_not(struct watch *watch, const char *name)
{
	enum cell_state state = STATE_OK;
	const struct binding *binding = &watch->platform->bindings[cell_attribute(watch, name)];
	const char *reason =
		watch->provider->unsupported(watch->provider->context, binding->source, &state);

	CHECK(!reason || state == STATE_UNSUPPORTED);
	return reason;
}

static void check_absent(struct watch *watch)
{
	CHECK(why_not(watch, "energy.total"));
	watch_list(watch);
	for (uint32_t slot = 0; slot < watch->count; slot++)
		CHECK(strcmp(cell_text(watch, slot, "kind"), "ioreport") != 0);
	CHECK_INT(sim_calls("IOReportCreateSubscription", -1), 0);
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

TEST(a_mac_without_the_library_lacks_the_rails)
{
	sim_boot("m1");
	sim_set("dl", "", "/usr/lib/libIOReport.dylib", "missing");
	check_absent(watch_open_table(TABLE_POWER, NULL, NULL));
}

TEST(a_library_without_a_function_is_none)
{
	static const char *const names[] = {"IOReportCopyChannelsInGroup",
		"IOReportMergeChannels", "IOReportCreateSubscription", "IOReportCreateSamples",
		"IOReportCreateSamplesDelta", "IOReportStateGetResidency"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		sim_boot("m1");
		sim_set("dl", "", names[i], "missing");
		check_absent(watch_open_table(TABLE_POWER, NULL, NULL));
	}
}

TEST(intel_macs_and_virtual_machines_have_no_groups)
{
	check_absent(open_power("intel"));
	check_absent(open_power("vm"));
}

/* The rest is subscribed all the same. */
TEST(a_group_that_may_not_be_subscribed_is_left_out)
{
	struct watch *watch = open_power("m1");
	uint32_t slot;

	sim_set("report_group", "GPU Stats", "refused", "1");
	watch_list(watch);
	slot = slot_of(watch, "CPU");
	CHECK_INT(cell_u64(watch, slot, "energy.total"), 0);
	sim_advance(S);
	watch_list(watch);
	/*
	 * Samples take 4 ms, and the first two are 10 ms apart: at 0.014 and 1.018 s the counter, which
	 * has 600 mJ more a second, shows 1008 and 1611.
	 */
	CHECK_INT(cell_u64(watch, slot, "energy.total") / 1000000, 603);
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

TEST(a_machine_that_refuses_everything_says_so)
{
	struct watch *watch = open_power("m1");

	sim_set("report_group", "GPU Stats", "refused", "1");
	sim_set("report_group", "Energy Model", "refused", "1");
	watch_list(watch);
	CHECK(cell_u64(watch, slot_of(watch, "CPU"), "energy.total") ==
		ABSENT_U64(STATE_UNSUPPORTED));
	sim_forget_calls();
	sim_advance(S);
	read_all(watch, "energy.total"); /* it is not tried again and again */
	CHECK_INT(sim_calls("IOReportCreateSubscription", -1), 0);
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

TEST(a_sample_that_fails_is_tried_again)
{
	struct watch *watch = open_power("m1");
	uint32_t slot;

	read_all(watch, "energy.total");
	slot = slot_of(watch, "CPU");
	sim_advance(S);
	sim_fail("IOReportCreateSamples", -1, -1, 1, 1);
	CHECK(cell_u64(watch, slot, "energy.total") == ABSENT_U64(STATE_FAILED));
	CHECK(cell_u64(watch, slot, "energy.total") < ABSENT_U64(STATE_END));
	sim_advance(S);
	sim_fail("IOReportCreateSamplesDelta", -1, -1, 1, 1);
	CHECK(cell_u64(watch, slot, "power.now") == ABSENT_U64(STATE_FAILED));
	sim_advance(S);
	CHECK(cell_u64(watch, slot, "power.now") < ABSENT_U64(STATE_END));
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

/* A channel comes late or goes: the next sample has others, and they are looked at anew. */
TEST(channels_that_are_others_are_planned_anew)
{
	struct watch *watch = open_power("m1");
	uint32_t slot;

	read_all(watch, "energy.total");
	slot = slot_of(watch, "DRAM");
	sim_advance(S);
	sim_remove("report", "Energy Model / - / EACC_CPU0");
	/* 53 at 0.014 s, 254 at 1.018 s */
	CHECK_INT(cell_u64(watch, slot, "energy.total") / 1000000, 201);
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

TESTS(CASE(nothing_is_opened_before_somebody_wants_it),
	CASE(all_rows_share_a_subscription_and_a_sample),
	CASE(another_table_makes_one_more_subscription), CASE(who_closes_last_gives_it_back),
	CASE(a_mac_without_the_library_lacks_the_rails),
	CASE(a_library_without_a_function_is_none),
	CASE(intel_macs_and_virtual_machines_have_no_groups),
	CASE(a_group_that_may_not_be_subscribed_is_left_out),
	CASE(a_machine_that_refuses_everything_says_so),
	CASE(a_sample_that_fails_is_tried_again),
	CASE(channels_that_are_others_are_planned_anew));

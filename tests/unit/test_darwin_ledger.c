/* Table LEDGER of a simulated Mac. */
#include "darwin/memory/memory.h"
#include "darwin_target.h"

enum { WANTED = 1 << SOURCE_ledger, SAFARI = 501, DAEMON = 88 };

/* A part of what init_task_ledgers() of xnu-11417 makes; 1 tick is 125/3 ns on an M1. */
static const char some[] =
	"[ledger_template]\n"
	"cpu_time = sched ns\n"
	"phys_footprint = physmem bytes\n"
	"internal = physmem bytes\n"
	"interrupt_wakeups = power count\n"
	"SFI_CLASS_UTILITY = sfi MATUs\n"
	"cpu_time_billed_to_me = sched ns\n"
	"energy_billed_to_me = power nj\n"
	"memorystatus_dirty_time = physmem ns\n"
	"[ledger 501]\n"
	"cpu_time = 24000000\n"                       /* a second */
	"phys_footprint = 8000000 5000000 10000000\n" /* 3 MB of at most 10 */
	"internal = 100 4196\n" /* below 0: it gave back what came otherwise */
	"interrupt_wakeups = 17\n"
	"SFI_CLASS_UTILITY = 3 0\n" /* 125 ns */
	"cpu_time_billed_to_me = 48 24 2400\n"
	"energy_billed_to_me = 9223372036854775000\n"
	"memorystatus_dirty_time = 1000\n"
	"[ledger_policy]\n"
	"foreign = allowed\n"
	"[process 88]\n"
	"uid = 88\n"
	"uniqueid = 4088\n"
	"[ledger 88]\n"
	"phys_footprint = 4096\n";

static void begin(void)
{
	sim_boot("m1");
	sim_remove("ledger_template", "");
	sim_remove("ledger", "501");
	sim_add(some);
}

static struct darwin_ledger read_slot(struct watch *watch, uint32_t slot)
{
	struct darwin_ledger sample;

	target_read(watch, slot, SOURCE_ledger, &sample);
	return sample;
}

static struct darwin_ledger find_account(struct watch *watch, const char *name)
{
	for (uint32_t slot = 0; slot < watch->count; slot++) {
		struct darwin_ledger sample;
		if (!watch->rows[slot].alive)
			continue;
		sample = read_slot(watch, slot);
		if (strcmp(watch_text(&sample.name), name) == 0)
			return sample;
	}
	test_fail(__FILE__, __LINE__, "no account %s", name);
}

static void check(struct watch *watch, const char *name, const char *group, const char *units,
	int64_t balance, int64_t credit, int64_t debit, int64_t limit)
{
	struct darwin_ledger account = find_account(watch, name);

	CHECK_TEXT(watch_text(&account.group), group);
	CHECK_TEXT(watch_text(&account.units), units);
	CHECK_INT(account.balance, balance);
	CHECK_INT(account.credit, credit);
	CHECK_INT(account.debit, debit);
	CHECK_INT(account.limit, limit);
}

TEST(accounts_by_name)
{
	static const int64_t none = ABSENT_I64(STATE_NONE);
	struct watch *watch;
	struct darwin_ledger account;

	begin();
	watch = target_watch(TABLE_LEDGER, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 8);
	CHECK_INT(watch->rows[0].pid, SAFARI);
	check(watch, "cpu_time", "sched", "ns", 1000000000, 1000000000, 0, none);
	check(watch, "phys_footprint", "physmem", "bytes", 3000000, 8000000, 5000000, 10000000);
	check(watch, "internal", "physmem", "bytes", -4096, 100, 4196, none);
	check(watch, "interrupt_wakeups", "power", "count", 17, 17, 0, none);
	check(watch, "SFI_CLASS_UTILITY", "sfi", "ns", 125, 125, 0, none);
	check(watch, "cpu_time_billed_to_me", "sched", "ns", 1000, 2000, 1000, 100000);
	check(watch, "energy_billed_to_me", "power", "nJ", INT64_C(9223372036854775000),
		INT64_C(9223372036854775000), 0, none);
	check(watch, "memorystatus_dirty_time", "physmem", "ns", 1000, 1000, 0, none);
	account = find_account(watch, "phys_footprint");
	CHECK(account.meaning.length > 20);
	CHECK_INT(find_account(watch, "SFI_CLASS_UTILITY").meaning.state, STATE_NONE);
	watch_close(watch);
}

/* The rows are the kernel's, in its order; what it adds is shown, whatever it is. */
TEST(a_template_that_changes)
{
	struct watch *watch;
	struct darwin_ledger account;

	begin();
	watch = target_watch(TABLE_LEDGER, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	account = read_slot(watch, 1);
	CHECK_TEXT(watch_text(&account.name), "phys_footprint");
	sim_add("[ledger_template]\na_name_of_31_letters_and_no_more = new furlongs a "
		"fortnight\n"
		"[ledger 501]\na_name_of_31_letters_and_no_more = 7 0\n");
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 0);
	check(watch, "a_name_of_31_letters_and_no_mor", "new", "furlongs a fortnight", 7, 7, 0,
		ABSENT_I64(STATE_NONE));
	sim_set("ledger_template", "", "cpu_time", NULL);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 0);
	CHECK_INT(watch->deaths, 1);
	CHECK_INT(find_account(watch, "phys_footprint").balance, 3000000);
	watch_close(watch);
}

TEST(more_accounts_than_were_ever_seen)
{
	struct watch *watch;

	begin();
	for (int i = 0; i < 300; i++) {
		char name[32];
		snprintf(name, sizeof name, "account_%d", i);
		sim_set("ledger_template", "", name, "new count");
		sim_set_u64("ledger", "501", name, (uint64_t)i);
	}
	watch = target_watch(TABLE_LEDGER, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 308);
	CHECK_INT(find_account(watch, "account_299").balance, 299);
	watch_close(watch);
}

/* A look is the entries, and whose they are, before and after; the template is read once. */
TEST(the_number_of_calls)
{
	struct watch *watch;

	begin();
	watch = target_watch(TABLE_LEDGER, SAFARI);
	sim_forget_calls();
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(sim_calls("ledger", 1), 1);
	CHECK_INT(sim_calls("ledger", 2), 1);
	sim_forget_calls();
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(sim_calls("ledger", 1), 1);
	CHECK_INT(sim_calls("proc_pidinfo", 17), 2);
	CHECK_INT(sim_all_calls(), 3);
	CHECK_INT(watch->births + watch->deaths, 0);
	watch_close(watch);
}

/* 2^63 ticks of 41 ns are no time. */
TEST(times_that_are_too_long)
{
	struct watch *watch;

	begin();
	sim_set("ledger", "501", "cpu_time", "9223372036854775807");
	watch = target_watch(TABLE_LEDGER, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(find_account(watch, "cpu_time").balance, ABSENT_I64(STATE_FAILED));
	watch_close(watch);
}

TEST(what_the_kernel_refuses)
{
	struct watch *watch;

	begin();
	watch = target_watch(TABLE_LEDGER, DAEMON); /* another user's */
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(find_account(watch, "phys_footprint").balance, 4096);
	sim_set("ledger_policy", "", "foreign", "denied");
	CHECK_INT(target_look(watch, WANTED), STATE_DENIED);
	watch_close(watch);

	watch = target_watch(TABLE_LEDGER, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	sim_fail("ledger", 1, SAFARI, 22, 1); /* EINVAL */
	CHECK_INT(target_look(watch, WANTED), STATE_FAILED);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	sim_set("process", "501", "status", "5");
	CHECK_INT(target_look(watch, WANTED), SAMPLE_GONE);
	watch_close(watch);
}

TEST(the_template_cannot_be_read)
{
	struct watch *watch;

	begin();
	watch = target_watch(TABLE_LEDGER, SAFARI);
	sim_fail("ledger", 2, -1, 1, 1);
	CHECK_INT(target_look(watch, WANTED), STATE_DENIED);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(watch->births, 8);
	watch_close(watch);
}

/* Another process with the same pid is another one, and so is none at all. */
TEST(who_it_is_about)
{
	struct watch *watch;

	begin();
	watch = target_begin(TABLE_LEDGER);
	CHECK_INT(target_try(watch, 4242), -3); /* ESRCH */
	CHECK_INT(target_try(watch, 0), -3);
	CHECK_INT(target_try(watch, UINT32_MAX), -3);
	CHECK_INT(target_try(watch, SAFARI), 0);
	CHECK(watch->provider->has_target(watch->handle));
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	sim_set("process", "501", "uniqueid", "4712");
	CHECK(!watch->provider->has_target(watch->handle));
	CHECK_INT(target_look(watch, WANTED), SAMPLE_GONE);
	sim_remove("process", "501");
	CHECK(!watch->provider->has_target(watch->handle));
	CHECK_INT(target_look(watch, WANTED), SAMPLE_GONE);
	watch_close(watch);
}

/* The probe at the start says what is to be expected. */
TEST(the_platform_says_whose_can_be_read)
{
	struct watch *watch;

	begin();
	watch = watch_open(NULL, NULL, NULL);
	CHECK_TEXT(platform_describe(watch->platform),
		"macOS 14.5, MacBookPro18,3, ledgers of all users");
	CHECK_INT(sim_calls("ledger", -1), 1);
	watch_close(watch);
	sim_set("ledger_policy", "", "foreign", "denied");
	watch = watch_open(NULL, NULL, NULL);
	CHECK_TEXT(platform_describe(watch->platform), "macOS 14.5, MacBookPro18,3");
	watch_close(watch);
}

/* Accounts come with versions: memory of exclaves and all of the neural engine with macOS 15. Those of
 * an M4 Pro are of all users; on Intel's Macs a tick is a nanosecond. */
TEST(kernels_of_all_times)
{
	static const struct {
		const char *machine;
		uint32_t accounts;
	} kernels[] = {{"m1", 56}, {"m1-ultra", 56}, {"m2-pro", 56}, {"vm", 56}, {"intel", 56},
		{"m4-pro", 58}, {"m3-max", 58}, {"m5-max", 58}};
	struct watch *watch;

	for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
		sim_boot(kernels[i].machine);
		watch = target_watch(TABLE_LEDGER, SAFARI);
		CHECK_INT(target_look(watch, WANTED), STATE_OK);
		CHECK_INT(watch->births, kernels[i].accounts);
		for (uint32_t slot = 0; slot < watch->count; slot++) {
			struct darwin_ledger account = read_slot(watch, slot);
			CHECK(account.group.length && account.units.length);
			CHECK(account.meaning.length ||
				strncmp(watch_text(&account.name), "SFI_", 4) == 0);
		}
		watch_close(watch);
	}
	sim_boot("m4-pro");
	watch = target_watch(TABLE_LEDGER, 1);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	/* 2400 million ticks of 24 MHz are 100 s */
	CHECK_INT(find_account(watch, "cpu_time").balance, INT64_C(100000000000));
	CHECK_INT(find_account(watch, "phys_footprint").balance, 16777216);
	watch_close(watch);
	sim_boot("intel");
	watch = target_watch(TABLE_LEDGER, SAFARI);
	CHECK_INT(target_look(watch, WANTED), STATE_OK);
	CHECK_INT(find_account(watch, "cpu_time").balance, 1000000000);
	CHECK_INT(find_account(watch, "SFI_CLASS_UTILITY").balance, 500000);
	watch_close(watch);
}

TESTS(CASE(accounts_by_name), CASE(a_template_that_changes),
	CASE(more_accounts_than_were_ever_seen), CASE(the_number_of_calls),
	CASE(times_that_are_too_long), CASE(what_the_kernel_refuses),
	CASE(the_template_cannot_be_read), CASE(who_it_is_about),
	CASE(the_platform_says_whose_can_be_read), CASE(kernels_of_all_times))

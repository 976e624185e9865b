/* Table COALITION of macOS. Ticks of m1.mac are 125/3 ns. */
#include <errno.h>
#include <stdio.h>

#include "darwin_cell.h"
#include "test.h"

#define NOTHING     ABSENT_U64(STATE_NONE)
#define UNSUPPORTED ABSENT_U64(STATE_UNSUPPORTED)
#define FAILED      ABSENT_U64(STATE_FAILED)

static struct watch *open_booted(void)
{
	struct watch *watch = watch_open_table(TABLE_COALITION, NULL, NULL);

	watch_list(watch);
	return watch;
}

static struct watch *open_coalitions(const char *fixture)
{
	sim_boot(fixture);
	return open_booted();
}

static void close_coalitions(struct watch *watch)
{
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static uint32_t find(struct watch *watch, uint64_t id)
{
	uint32_t slot = cell_find_u64(watch, "id", id);

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "there is no coalition %d", (int)id);
	return slot;
}

static uint64_t cell(struct watch *watch, uint64_t id, const char *name)
{
	return cell_u64(watch, find(watch, id), name);
}

TEST(only_those_of_resources)
{
	struct watch *watch = open_coalitions("m1");

	CHECK_INT(watch->births, 3);
	CHECK_INT(cell_find_u64(watch, "id", 601), NO_ROW);
	sim_remove("coalition", "40");
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	close_coalitions(watch);
}

TEST(what_the_kernel_counts)
{
	struct watch *watch = open_coalitions("m1");

	CHECK_INT(cell(watch, 600, "tasks_started"), 12);
	CHECK_INT(cell(watch, 600, "tasks_exited"), 3);
	CHECK_INT(cell(watch, 600, "time_nonempty"), 90000000000);
	CHECK_INT(cell(watch, 600, "cpu.total"), 300000000000); /* 7200000000 * 125 / 3 */
	CHECK_INT(cell(watch, 600, "cpu.performance"), 200000000000);
	CHECK_INT(cell(watch, 600, "wakeups.interrupt"), 12345);
	CHECK_INT(cell(watch, 600, "wakeups.idle"), 678);
	CHECK_INT(cell(watch, 600, "disk.read"), 104857600);
	CHECK_INT(cell(watch, 600, "disk.written"), 52428800);
	CHECK_INT(cell(watch, 600, "energy.estimate"), 5000000000);
	CHECK_INT(cell(watch, 600, "cpu.instructions"), 9000000000);
	CHECK_INT(cell(watch, 600, "cpu.cycles"), 5000000000);
	CHECK_INT(cell(watch, 600, "cpu.qos_default"), 1000000000);
	CHECK_INT(cell(watch, 600, "cpu.qos_maintenance"), 2000000000);
	CHECK_INT(cell(watch, 600, "cpu.qos_background"), 3000000000);
	CHECK_INT(cell(watch, 600, "cpu.qos_utility"), 4000000000);
	CHECK_INT(cell(watch, 600, "cpu.qos_legacy"), 5000000000);
	CHECK_INT(cell(watch, 600, "cpu.qos_user_initiated"), 6000000000);
	CHECK_INT(cell(watch, 600, "cpu.qos_user_interactive"), 7000000000);
	/* other users' too */
	CHECK_INT(cell(watch, 40, "cpu.total"), 100000000000);
	sim_advance(1000000000);
	CHECK_INT(cell(watch, 600, "cpu.total"), 301000000000);
	close_coalitions(watch);
}

TEST(members)
{
	struct watch *watch = open_coalitions("m1");

	sim_set("coalition", "600", "tasks", "9");
	sim_set("coalition", "40", "tasks", "0");
	watch_list(watch);
	CHECK_INT(cell(watch, 600, "processes"), 9);
	CHECK_INT(cell(watch, 600, "populated"), 1);
	CHECK_INT(cell(watch, 40, "processes"), 0);
	CHECK_INT(cell(watch, 40, "populated"), 0);
	close_coalitions(watch);
}

/* -------------------------------------------------------------------------- versions */

/* macOS 14 has 38 words: neither the neural engine nor the footprint. */
TEST(words_that_are_not_there)
{
	struct watch *watch = open_coalitions("m1");

	CHECK_INT(cell(watch, 600, "mem.footprint"), UNSUPPORTED);
	CHECK_INT(cell(watch, 600, "energy.neural"), UNSUPPORTED);
	CHECK_INT(cell(watch, 600, "neural.time"), UNSUPPORTED);
	CHECK_INT(cell(watch, 600, "energy.gpu"), UNSUPPORTED);
	/* macOS 12: no P-core counters of instructions either, which nobody asks for */
	sim_set("coalitions", "", "words", "35");
	CHECK_INT(cell(watch, 600, "cpu.cycles"), 5000000000);
	/* 10.11 */
	sim_set("coalitions", "", "words", "15");
	CHECK_INT(cell(watch, 600, "cpu.total"), 300000000000);
	CHECK_INT(cell(watch, 600, "cpu.cycles"), UNSUPPORTED);
	CHECK_INT(cell(watch, 600, "cpu.performance"), UNSUPPORTED);
	CHECK_INT(cell(watch, 600, "cpu.qos_default"), UNSUPPORTED);
	/* nothing that is known */
	sim_set("coalitions", "", "words", "8");
	CHECK_INT(cell(watch, 600, "cpu.total"), FAILED);
	close_coalitions(watch);
}

static void boot_15(void)
{
	sim_boot("m1");
	sim_set("coalitions", "", "words", "44");
	sim_set("coalition", "600", "phys_footprint", "327680000"); /* 20000 pages */
	sim_set("coalition", "600", "ane_mach_time", "24000000");
	sim_set("coalition", "600", "ane_energy_nj", "77");
	sim_set("coalition", "600", "gpu_energy_nj", "88");
}

TEST(macos_15_has_44_words)
{
	boot_15();
	struct watch *watch = open_booted();

	CHECK_INT(cell(watch, 600, "mem.footprint"), 327680000);
	CHECK_INT(cell(watch, 600, "neural.time"), 1000000000);
	CHECK_INT(cell(watch, 600, "energy.neural"), 77);
	CHECK_INT(cell(watch, 600, "energy.gpu"), 88);
	CHECK_INT(cell(watch, 40, "energy.gpu"), 0);
	close_coalitions(watch);
}

/* One more, and nobody knows where: what may have moved must at least be possible. */
TEST(macos_26_has_45_words)
{
	boot_15();
	sim_set("coalitions", "", "words", "45");
	sim_set("coalition", "600", "tasks", "9");
	struct watch *watch = open_booted();

	CHECK_INT(cell(watch, 600, "mem.footprint"), 327680000);
	CHECK_INT(cell(watch, 600, "energy.neural"), 77);
	CHECK_INT(cell(watch, 600, "energy.gpu"), NOTHING);
	/* no number of pages */
	sim_set("coalition", "600", "word.40", "327680001");
	CHECK_INT(cell(watch, 600, "mem.footprint"), NOTHING);
	/* memory of nobody; and processes without memory */
	sim_set("coalition", "600", "word.40", "16384");
	sim_set("coalition", "600", "tasks", "0");
	watch_list(watch);
	CHECK_INT(cell(watch, 600, "mem.footprint"), NOTHING);
	sim_set("coalition", "600", "word.40", "0");
	sim_set("coalition", "600", "tasks", "1");
	watch_list(watch);
	CHECK_INT(cell(watch, 600, "mem.footprint"), NOTHING);
	close_coalitions(watch);
}

TEST(counters_that_a_virtual_machine_lacks)
{
	struct watch *watch = open_coalitions("m1");

	/* no instructions in all that time */
	CHECK_INT(cell(watch, 40, "cpu.instructions"), UNSUPPORTED);
	CHECK_INT(cell(watch, 40, "cpu.cycles"), UNSUPPORTED);
	sim_set("coalition", "40", "cpu_time", "0");
	CHECK_INT(cell(watch, 40, "cpu.instructions"), 0);
	close_coalitions(watch);
}

/* ----------------------------------------------------------------------------- energy */

TEST(energy_is_what_was_measured)
{
	struct watch *watch = open_coalitions("m1");

	CHECK_INT(cell(watch, 600, "energy.score"), 5000000000);
	/* the driver counts for whoever runs just then */
	CHECK_INT(cell(watch, 600, "gpu.time_kernel"), UNSUPPORTED);
	sim_advance(1000000000);
	CHECK_INT(cell(watch, 600, "energy.score"), 7000000000); /* 2 W */
	/* top: 100 a ns, 50,000,000 a wakeup */
	CHECK_INT(cell(watch, 600, "energy.top_score"), 30100000000000 + 678 * 50000000ull);
	close_coalitions(watch);
}

static void boot_intel(void)
{
	sim_boot("m1");
	sim_set("sysctl", "", "hw.tbfrequency", "u64 1000000000");
	sim_set("sysctl", "", "hw.optional.arm64", NULL);
	sim_set("sysctl", "", "hw.nperflevels", "u32 1");
	sim_set("coalition", "600", "energy", "0");
}

TEST(energy_by_coefficients_on_intel)
{
	boot_intel();
	struct watch *watch = open_booted();

	CHECK_INT(cell(watch, 600, "cpu.total"), 7200000000); /* ticks are ns */
	CHECK_INT(cell(watch, 600, "gpu.time_kernel"), 1000000);
	CHECK_INT(cell(watch, 600, "energy.estimate"), UNSUPPORTED);
	CHECK_INT(cell(watch, 600, "cpu.performance"), UNSUPPORTED);
	/*
	 * 72,000,000 ns in the background at 80, all others of 7,200,000,000 at 100;
	 * 678 wakeups of 200 us; 104,857,600 bytes at 45, 52,428,800 at 24.
	 */
	CHECK_INT(cell(watch, 600, "energy.score"),
		72000000ull * 80 + 7128000000ull * 100 + 678ull * 20000000 + 104857600ull * 45 +
			52428800ull * 24);
	close_coalitions(watch);
}

TEST(energy_without_classes)
{
	boot_intel();
	sim_set("coalitions", "", "words", "15");
	struct watch *watch = open_booted();

	CHECK_INT(cell(watch, 600, "energy.score"),
		7200000000ull * 100 + 678ull * 20000000 + 104857600ull * 45 + 52428800ull * 24);
	close_coalitions(watch);
}

/* ------------------------------------------------------------------------------ names */

/* As the core does: a row that says "later" is read by a worker. */
static int identify(struct watch *watch, uint64_t id, char *name, char *bundle)
{
	struct {
		struct sample_text name, bundle;
	} sample = {{0}, {0}};
	uint32_t slot = find(watch, id);
	uint32_t source = watch->platform->bindings[cell_attribute(watch, "name")].source;
	char text[1];
	struct job job = {.slot = slot,
		.source = source,
		.provider = watch->provider,
		.sample = &sample,
		.text = text};
	int result = watch->provider->read(watch->handle, slot, source, &sample);

	if (result == SAMPLE_LATER)
		result = watch_run_job(watch, &job);
	snprintf(name, 256, "%s", watch_text(&sample.name));
	snprintf(bundle, 256, "%s", watch_text(&sample.bundle));
	return result;
}

TEST(names_of_launchd)
{
	struct watch *watch = open_coalitions("m1");
	char name[256], bundle[256];

	CHECK_INT(identify(watch, 600, name, bundle), STATE_OK);
	CHECK_TEXT(
		name, "application.com.apple.Safari.1152921500311879833.1152921500311879838");
	CHECK_TEXT(bundle, "com.apple.Safari");
	CHECK_INT(identify(watch, 40, name, bundle), STATE_OK);
	CHECK_TEXT(name, "com.apple.WindowServer");
	CHECK_TEXT(bundle, "");
	CHECK_INT(identify(watch, 1, name, bundle), STATE_OK);
	CHECK_TEXT(name, "com.apple.system");
	CHECK_TEXT(bundle, "com.apple.system");
	/* asked once for each */
	for (int i = 0; i < 3; i++)
		identify(watch, 600, name, bundle);
	CHECK_INT(sim_calls("xpc_coalition_copy_info", -1), 2);
	CHECK_INT(sim_calls("proc_listpids", -1), 0);
	close_coalitions(watch);
}

TEST(names_of_the_oldest_process)
{
	sim_boot("m1");
	sim_set("coalition", "600", "name", NULL);
	sim_set("coalition", "600", "bundle", NULL);
	sim_set("coalition", "40", "not_a_dictionary", "1");
	sim_add("[process 7000]\nuniqueid = 9000\ncoalition = 600\npath = /usr/bin/later\n");
	struct watch *watch = open_booted();
	char name[256], bundle[256];

	identify(watch, 600, name, bundle); /* launchd says nothing */
	CHECK_TEXT(name, "");
	identify(watch, 600, name, bundle);
	CHECK_TEXT(name, "Safari"); /* of .../Safari.app/Contents/MacOS/Safari */
	CHECK_TEXT(bundle, "");
	identify(watch, 40, name, bundle);
	identify(watch, 40, name, bundle);
	CHECK_TEXT(name, "WindowServer"); /* no .app: its last part */
	/* both have been found by one look at all processes */
	CHECK_INT(sim_calls("proc_listpids", -1), 2);
	CHECK_INT(sim_calls("xpc_coalition_copy_info", -1), 2);
	close_coalitions(watch);
}

TEST(nobody_has_a_name_for_it)
{
	sim_boot("m1");
	sim_set("dl", "", "/usr/lib/system/libxpc.dylib", "missing");
	sim_add("[coalition 700]\ntasks_started = 1\n");
	struct watch *watch = open_booted();
	char name[256], bundle[256];

	identify(watch, 700, name, bundle);
	identify(watch, 700, name, bundle);
	CHECK_TEXT(name, "");
	/* not again for 10 seconds */
	sim_forget_calls();
	CHECK_INT(identify(watch, 700, name, bundle), STATE_OK);
	CHECK_INT(sim_all_calls(), 0);
	CHECK_INT(sim_calls("xpc_coalition_copy_info", -1), 0);
	close_coalitions(watch);
}

TEST(a_process_that_ends_before_it_is_asked)
{
	sim_boot("m1");
	sim_set("dl", "", "xpc_release", "missing");
	struct watch *watch = open_booted();
	char name[256], bundle[256];

	identify(watch, 600, name, bundle);
	sim_fail("proc_pidinfo", 11, 501, ESRCH, 1);
	CHECK_INT(identify(watch, 600, name, bundle), STATE_OK);
	CHECK_TEXT(name, "");
	close_coalitions(watch);
}

/* macOS 13 to 26, measured or not, with a footprint or without. */
TEST(other_machines)
{
	static const struct {
		const char *name;
		bool energy, footprint;
	} machines[] = {{"a18", true, true}, {"intel", false, false}, {"m1-ultra", true, false},
		{"m2-pro", true, false}, {"m3-max", true, true}, {"m4-pro", true, true},
		{"m5-max", true, true}};

	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
		struct watch *watch = open_coalitions(machines[i].name);
		CHECK_INT(watch->births, 2);
		CHECK_INT(cell(watch, 600, "cpu.total"), 40000000000);
		CHECK_INT(cell(watch, 600, "cpu.qos_background"), 10000000000);
		CHECK_INT(cell(watch, 600, "mem.footprint"),
			machines[i].footprint ? 209715200 : UNSUPPORTED);
		CHECK_INT(cell(watch, 600, "energy.estimate"),
			machines[i].energy ? 80000000000 : UNSUPPORTED);
		/* 10 s in the background, 30 s else, 300 wakeups, a million bytes in, two out */
		CHECK_INT(cell(watch, 600, "energy.score"),
			machines[i].energy ? 80000000000
					   : 800000000000 + 3000000000000 + 300 * 20000000ull +
						     45000000 + 48000000);
		close_coalitions(watch);
	}
}

/* ----------------------------------------------------------------------------- errors */

static int list(struct watch *watch)
{
	struct row_scope scope = {.all = true};

	return watch->provider->list(watch->handle, &watch->roster, &scope);
}

TEST(calls_that_fail)
{
	struct watch *watch = open_coalitions("m1");

	sim_fail("proc_listcoalitions", -1, -1, EPERM, 1);
	watch->deaths = 0;
	CHECK_INT(list(watch), -EPERM);
	CHECK_INT(watch->deaths, 0);
	sim_fail("coalition_info", -1, 40, EPERM, 1);
	CHECK_INT(cell(watch, 40, "cpu.total"), ABSENT_U64(STATE_DENIED));
	sim_fail("coalition_info", -1, 40, ENOMEM, 1);
	CHECK_INT(cell(watch, 40, "cpu.total"), FAILED);
	/* that of corpses is there, and tells nothing */
	sim_set("coalition", "40", "corpse", "1");
	CHECK_INT(cell(watch, 40, "cpu.total"), NOTHING);
	uint32_t slot = find(watch, 40);
	uint64_t value;
	sim_remove("coalition", "40");
	CHECK_INT(cell_field(watch, slot, "cpu.total", &value, sizeof value), SAMPLE_GONE);
	watch_close(watch);
}

TEST(a_call_for_the_list_and_one_for_each)
{
	struct watch *watch = open_coalitions("m1");

	sim_forget_calls();
	watch_list(watch);
	CHECK_INT(sim_calls("proc_listcoalitions", 2), 1);
	CHECK_INT(sim_all_calls(), 1);
	cell(watch, 1, "cpu.total");
	CHECK_INT(sim_calls("coalition_info", -1), 1);
	close_coalitions(watch);
}

TEST(more_than_there_is_room_for)
{
	char text[64];

	sim_boot("m1");
	for (int i = 0; i < 1100; i++) {
		snprintf(text, sizeof text, "[coalition %d]\ntasks = 1\n", 10000 + i);
		sim_add(text);
	}
	struct watch *watch = open_booted();
	CHECK_INT(watch->births, 1103);
	CHECK_INT(sim_calls("proc_listcoalitions", 2), 2);
	close_coalitions(watch);
}

TESTS(CASE(only_those_of_resources), CASE(what_the_kernel_counts), CASE(members),
	CASE(words_that_are_not_there), CASE(macos_15_has_44_words),
	CASE(macos_26_has_45_words), CASE(counters_that_a_virtual_machine_lacks),
	CASE(energy_is_what_was_measured), CASE(energy_by_coefficients_on_intel),
	CASE(energy_without_classes), CASE(names_of_launchd), CASE(names_of_the_oldest_process),
	CASE(nobody_has_a_name_for_it), CASE(a_process_that_ends_before_it_is_asked),
	CASE(other_machines), CASE(calls_that_fail), CASE(a_call_for_the_list_and_one_for_each),
	CASE(more_than_there_is_room_for));

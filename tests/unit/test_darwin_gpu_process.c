/* GPU time and memory of processes. In the fixture m4-pro WindowServer (440) has two user
 * clients, Safari (501) has one, and one is of a process that has ended (444). */
#include "darwin_cell.h"
#include "gpu/clients.h"

enum { WINDOW_SERVER = 440, SAFARI = 501 };

static struct watch *begin(const char *machine)
{
	struct watch *watch;

	sim_boot(machine);
	watch = watch_open(NULL, NULL, NULL);
	watch_list(watch);
	return watch;
}

static void finish(struct watch *watch)
{
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static uint64_t time_of(struct watch *watch, int pid)
{
	return cell_u64(watch, watch_find(watch, pid), "gpu.time");
}

static uint64_t next_time(struct watch *watch, int pid)
{
	watch_list(watch);
	return time_of(watch, pid);
}

/* 38738170958 + 76336458 of one client's two interfaces, 1000000000 of the other. */
static const uint64_t window_server_ns = 39814507416;

TEST(adds_up_clients_and_interfaces)
{
	struct watch *watch = begin("m4-pro");

	CHECK_INT(time_of(watch, WINDOW_SERVER), window_server_ns);
	CHECK_INT(time_of(watch, SAFARI), 250000000);
	CHECK(time_of(watch, 1) == ABSENT_U64(STATE_NONE));
	sim_advance(2000000000);
	CHECK_INT(next_time(watch, SAFARI), 450000000);
	CHECK_INT(time_of(watch, WINDOW_SERVER), window_server_ns + 100000000);
	CHECK_TEXT(cell_text(watch, watch_find(watch, SAFARI), "gpu.devices"),
		"AGXAcceleratorG16X");
	CHECK_TEXT(cell_text(watch, watch_find(watch, SAFARI), "gpu.source"), "registry");
	finish(watch);
}

/* A client that closes takes nothing with it. */
TEST(what_is_closed_is_kept)
{
	struct watch *watch = begin("m4-pro");

	time_of(watch, SAFARI);
	sim_remove("entry", "1012");
	CHECK_INT(next_time(watch, WINDOW_SERVER), window_server_ns);
	sim_remove("entry", "1011");
	CHECK_INT(next_time(watch, WINDOW_SERVER), window_server_ns);
	/* a new one adds to it */
	sim_add("[entry 1014]\nclass = AGXDeviceUserClient\nparent = 1001\nregistered = 0\n"
		"IOUserClientCreator = text pid 440, WindowServer\n"
		"AppUsage[0].accumulatedGPUTime = u64 5\n");
	CHECK_INT(next_time(watch, WINDOW_SERVER), window_server_ns + 5);
	for (int i = 0; i < 130; i++)
		CHECK_INT(next_time(watch, WINDOW_SERVER), window_server_ns + 5);
	finish(watch);
}

/* What an interface had is not lost when it goes, and what remains does not count twice. */
TEST(counters_never_step_back)
{
	struct watch *watch = begin("m4-pro");

	time_of(watch, SAFARI);
	sim_set("entry", "1013", "AppUsage[0].accumulatedGPUTime", "u64 100");
	CHECK_INT(next_time(watch, SAFARI), 250000000);
	sim_set("entry", "1013", "AppUsage[0].accumulatedGPUTime", "u64 130");
	CHECK_INT(next_time(watch, SAFARI), 250000030);
	sim_set("entry", "1013", "AppUsage[0].accumulatedGPUTime", "text 130");
	CHECK_INT(next_time(watch, SAFARI), 250000030);
	sim_set("entry", "1013", "gone", "1");
	CHECK_INT(next_time(watch, SAFARI), 250000030);
	sim_set("entry", "1013", "AppUsage[0].accumulatedGPUTime", "u64 0xFFFFFFFFFFFFFFF0");
	sim_set("entry", "1013", "gone", "0");
	CHECK_INT(next_time(watch, SAFARI), 250000030);
	finish(watch);
}

/* The pid is another process's, and the client of the first one is still there for a while. */
TEST(a_pid_is_used_again)
{
	struct watch *watch = begin("m4-pro");

	CHECK_INT(time_of(watch, SAFARI), 250000000);
	sim_set("process", "501", "uniqueid", "9000");
	CHECK(next_time(watch, SAFARI) == ABSENT_U64(STATE_NONE));
	sim_remove("entry", "1013");
	sim_add("[entry 1020]\nclass = AGXDeviceUserClient\nparent = 1001\nregistered = 0\n"
		"IOUserClientCreator = text pid 501, other\n"
		"AppUsage[0].accumulatedGPUTime = u64 7\n");
	CHECK_INT(next_time(watch, SAFARI), 7);
	finish(watch);
}

/* The registry's list is not there for once: nothing is forgotten, and nothing counts twice. */
TEST(no_answer_changes_nothing)
{
	struct watch *watch = begin("m4-pro");

	time_of(watch, SAFARI);
	sim_fail("IOServiceGetMatchingServices", -1, -1, 0x2BD, 1);
	CHECK_INT(next_time(watch, SAFARI), 250000000);
	sim_fail("IORegistryEntryGetChildIterator", -1, -1, 0x2BD, 1);
	CHECK_INT(next_time(watch, SAFARI), 250000000);
	sim_fail("IORegistryEntryGetRegistryEntryID", -1, 1013, 0x2BD, 1);
	CHECK_INT(next_time(watch, SAFARI), 250000000);
	sim_fail("IORegistryEntryGetRegistryEntryID", -1, 1001, 0x2BD, 1);
	CHECK_INT(next_time(watch, SAFARI), 250000000);
	sim_fail("IORegistryEntryCreateCFProperty", -1, 1013, 0x2BD, 1);
	CHECK_INT(next_time(watch, SAFARI), 250000000);
	CHECK_INT(next_time(watch, WINDOW_SERVER), window_server_ns);
	finish(watch);
}

TEST(strange_creators_are_nobody)
{
	CHECK_INT(clients_parse_creator("pid 501, Safari"), 501);
	CHECK_INT(clients_parse_creator("pid 501"), 501);
	CHECK_INT(clients_parse_creator("pid , Safari"), 0);
	CHECK_INT(clients_parse_creator("Safari"), 0);
	CHECK_INT(clients_parse_creator("pid 501x"), 0);
	CHECK_INT(clients_parse_creator("pid 99999999999, Safari"), 0);
	CHECK_INT(clients_parse_creator(""), 0);
}

/* Without statistics in an array: 5 and 7 seconds of WindowServer on two GPUs. */
TEST(reads_other_drivers)
{
	struct watch *watch = begin("intel");

	CHECK_INT(time_of(watch, WINDOW_SERVER), 12000000000);
	sim_advance(1000000000);
	CHECK_INT(next_time(watch, WINDOW_SERVER), 12050000000);
	CHECK_TEXT(cell_text(watch, watch_find(watch, WINDOW_SERVER), "gpu.devices"),
		"0000:00:02.0,0000:01:00.0");
	/* it has one open, which does not say how long it had the GPU */
	CHECK(time_of(watch, SAFARI) == ABSENT_U64(STATE_NONE));
	finish(watch);
}

/* The last of 32 places is found too, and those of GPUs that were unplugged are used again. */
TEST(gpus_come_and_go)
{
	struct watch *watch = begin("vm");
	char id[16], text[256];

	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof id, "%d", 3000 + i);
		snprintf(text, sizeof text,
			"[entry %s]\nclass = IOAccelerator\n[entry %d]\nclass = Client\n"
			"parent = %s\nregistered = 0\naccumulatedGPUTime = u64 1\n"
			"IOUserClientCreator = text pid 501, Safari\n",
			id, 4000 + i, id);
		sim_add(text);
		CHECK_INT(next_time(watch, SAFARI), i + 1);
		sim_remove("entry", id);
	}
	finish(watch);
}

TEST(a_machine_without_gpus)
{
	struct watch *watch;

	sim_boot("vm");
	sim_remove("entry", "1001");
	watch = watch_open(NULL, NULL, NULL);
	watch_list(watch);
	CHECK(time_of(watch, WINDOW_SERVER) == ABSENT_U64(STATE_NONE));
	finish(watch);
}

/* One walk a tick, however many rows: the services, the children, and of each client its number and
 * its time, of which nobody's client (444) has none. */
TEST(walks_once_for_all_rows)
{
	struct watch *watch = begin("m4-pro");

	time_of(watch, SAFARI);
	watch_list(watch);
	sim_forget_calls();
	time_of(watch, SAFARI);
	time_of(watch, WINDOW_SERVER);
	time_of(watch, 1);
	CHECK_INT(sim_calls("IOServiceGetMatchingServices", -1), 1);
	CHECK_INT(sim_calls("IORegistryEntryGetChildIterator", -1), 1);
	CHECK_INT(sim_calls("IORegistryEntryGetRegistryEntryID", -1), 5);
	CHECK_INT(sim_calls("IORegistryEntryCreateCFProperty", -1), 3);
	CHECK_INT(sim_calls("IOIteratorNext", -1), 7); /* 1 + 4, and the ends of both */
	CHECK_INT(sim_all_calls(), 17);
	finish(watch);
}

/* ----------------------------------------------------------------------------- memory */

static const char ledgers[] = "[ledger_template]\n"
			      "cpu_time = sched ns\n"
			      "graphics_nofootprint = physmem bytes\n"
			      "graphics_footprint = physmem bytes\n"
			      "graphics_nofootprint_compressed = physmem bytes\n"
			      "graphics_footprint_compressed = physmem bytes\n"
			      "[ledger 501]\ncpu_time = 99\n"
			      "graphics_nofootprint = 1000\n"
			      "graphics_footprint = 500 200\n"
			      "graphics_footprint_compressed = 7\n"
			      "[ledger 440]\ngraphics_footprint = 0 5\n";

static uint64_t memory_of(struct watch *watch, int pid)
{
	return cell_u64(watch, watch_find(watch, pid), "gpu.memory");
}

/* 1000 + 300 + 7; what has more debit than credit is not believed. */
TEST(adds_up_the_memory_of_graphics)
{
	struct watch *watch = begin("m4-pro");

	sim_add(ledgers);
	CHECK_INT(memory_of(watch, SAFARI), 1307);
	CHECK_INT(memory_of(watch, 1), 0);
	CHECK(memory_of(watch, WINDOW_SERVER) == ABSENT_U64(STATE_FAILED));
	CHECK_INT(cell_u64(watch, watch_find(watch, SAFARI), "gpu.memory_system"), 1307);
	watch_list(watch);
	sim_forget_calls();
	CHECK_INT(memory_of(watch, SAFARI), 1307);
	CHECK_INT(sim_calls("ledger", -1), 1);
	CHECK_INT(sim_all_calls(), 2); /* and whether it is still that process */
	finish(watch);
}

TEST(memory_may_be_denied)
{
	struct watch *watch = begin("m4-pro");

	sim_add(ledgers);
	sim_add("[ledger_policy]\nforeign = denied\n");
	CHECK(memory_of(watch, WINDOW_SERVER) == ABSENT_U64(STATE_DENIED));
	CHECK_INT(memory_of(watch, SAFARI), 1307);
	watch_list(watch);
	sim_fail("ledger", -1, -1, 3, 1); /* ESRCH: it has just ended */
	CHECK(memory_of(watch, SAFARI) == ABSENT_U64(STATE_NONE));
	finish(watch);
}

TEST(a_kernel_without_such_accounts)
{
	struct watch *watch = begin("m4-pro");

	sim_remove("ledger_template", "");
	sim_add("[ledger_template]\ncpu_time = sched ns\n");
	CHECK(memory_of(watch, SAFARI) == ABSENT_U64(STATE_UNSUPPORTED));
	sim_set("process", "501", "status", "5");
	watch_list(watch);
	CHECK(memory_of(watch, SAFARI) == ABSENT_U64(STATE_NONE));
	finish(watch);
}

TESTS(CASE(adds_up_clients_and_interfaces), CASE(what_is_closed_is_kept),
	CASE(counters_never_step_back), CASE(a_pid_is_used_again),
	CASE(no_answer_changes_nothing), CASE(strange_creators_are_nobody),
	CASE(reads_other_drivers), CASE(gpus_come_and_go), CASE(a_machine_without_gpus),
	CASE(walks_once_for_all_rows), CASE(adds_up_the_memory_of_graphics),
	CASE(memory_may_be_denied), CASE(a_kernel_without_such_accounts));

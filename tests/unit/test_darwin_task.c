/* Name ports of tasks, and what they tell, on a simulated Mac. */
#include <errno.h>

#include "darwin/task.h"
#include "sim.h"
#include "source.h"
#include "test.h"

enum { SAFARI = 501, DAEMON = 88, VM = 22, PURGEABLE = 23, POWER = 26 };

static const uint64_t unsupported = ABSENT_U64(STATE_UNSUPPORTED);

static const char some[] =
	"[process 88]\nuid = 88\nruid = 88\n"
	"[task 501]\n"
	"region_count = 3000\npage_size = 16384\nresident_size_peak = 500000000\n"
	"device = 1000\ninternal = 100000000\ninternal_peak = 200000000\n"
	"external = 50000000\nexternal_peak = 60000000\nreusable = 7000\nreusable_peak = 8000\n"
	"purgeable_volatile_pmap = 10000000\npurgeable_volatile_resident = 12000000\n"
	"compressed = 30000000\ncompressed_peak = 40000000\ncompressed_lifetime = 90000000\n"
	"ledger_purgeable_nonvolatile = 100\nledger_purgeable_novolatile_compressed = 20\n"
	"ledger_purgeable_volatile = 200\nledger_purgeable_volatile_compressed = 30\n"
	"ledger_tag_network_nonvolatile = 300\nledger_tag_network_nonvolatile_compressed = 40\n"
	"ledger_tag_network_volatile = 400\nledger_tag_network_volatile_compressed = 50\n"
	"ledger_tag_media_footprint = 500\nledger_tag_media_footprint_compressed = 60\n"
	"ledger_tag_media_nofootprint = 600\nledger_tag_media_nofootprint_compressed = 70\n"
	"ledger_tag_graphics_footprint = 700\nledger_tag_graphics_footprint_compressed = 80\n"
	"ledger_tag_graphics_nofootprint = 800\n"
	"ledger_tag_graphics_nofootprint_compressed = 90\n"
	"ledger_tag_neural_footprint = 900\nledger_tag_neural_footprint_compressed = 1\n"
	"ledger_tag_neural_nofootprint = 1000\nledger_tag_neural_nofootprint_compressed = 2\n"
	"decompressions = 77\nledger_swapins = 8192\n"
	"task_timer_wakeups_bin_1 = 11\ntask_timer_wakeups_bin_2 = 22\n"
	"task_gpu_utilisation = 333\ntask_pset_switches = 44\n";

static void begin(void)
{
	sim_boot("m1");
	sim_remove("task", "501");
	sim_add(some);
}

static struct task_vm read_vm(uint32_t room, uint32_t *ret_room)
{
	struct task_words words = {.vm = room};
	struct task_vm vm;

	CHECK_INT(task_read_vm(SAFARI, &words, &vm), 0);
	*ret_room = words.vm;
	return vm;
}

TEST(memory_of_a_task)
{
	uint32_t room;
	struct task_vm vm;

	begin();
	vm = read_vm(task_words_of(2305, false).vm, &room);
	CHECK_INT(vm.regions, 3000);
	CHECK_INT(vm.page_size, 16384);
	CHECK_INT(vm.resident_peak, 500000000);
	CHECK_INT(vm.device, 1000);
	CHECK_INT(vm.internal, 100000000);
	CHECK_INT(vm.internal_peak, 200000000);
	CHECK_INT(vm.external, 50000000);
	CHECK_INT(vm.external_peak, 60000000);
	CHECK_INT(vm.reusable, 7000);
	CHECK_INT(vm.reusable_peak, 8000);
	CHECK_INT(vm.compressed, 30000000);
	CHECK_INT(vm.compressed_peak, 40000000);
	CHECK_INT(vm.compressed_lifetime, 90000000);
	CHECK_INT(vm.purgeable_used, 120);
	CHECK_INT(vm.purgeable_volatile, 230);
	CHECK_INT(vm.network, 340);
	CHECK_INT(vm.network_other, 450);
	CHECK_INT(vm.media, 560);
	CHECK_INT(vm.media_other, 670);
	CHECK_INT(vm.graphics, 780);
	CHECK_INT(vm.graphics_other, 890);
	CHECK_INT(vm.neural, 901);
	CHECK_INT(vm.neural_other, 1002);
	CHECK_INT(vm.decompressions, 77);
	CHECK_INT(vm.swapins, 8192);
	CHECK_INT(sim_held(), 0);
}

/* Each kernel fills what it has: rev0 .. rev7, in words; ours is rev6. */
TEST(kernels_of_all_times)
{
	static const struct {
		uint32_t own, got;
		bool accounts, decompressions, swapins;
	} kernels[] = {
		{36, 36, false, false, false},
		{38, 38, false, false, false},
		{42, 42, false, false, false},
		{84, 84, true, false, false},
		{86, 86, true, false, false},
		{87, 87, true, true, false},
		{89, 89, true, true, true},
		{93, 89, true, true, true},
	};

	begin();
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
		uint32_t room;
		struct task_vm vm;
		sim_set_u64("mach", "", "task_vm_words", kernels[i].own);
		vm = read_vm(89, &room);
		CHECK_INT(room, kernels[i].got);
		CHECK_INT(vm.compressed, 30000000);
		CHECK_INT(vm.graphics, kernels[i].accounts ? 780 : unsupported);
		CHECK_INT(vm.decompressions, kernels[i].decompressions ? 77 : unsupported);
		CHECK_INT(vm.swapins, kernels[i].swapins ? 8192 : unsupported);
	}
}

/* Whose log gets a line for each call is not asked for more than it has. */
TEST(nothing_is_written_into_the_log)
{
	struct task_words words = task_words_of(2100, false); /* macOS 12.0 */
	struct task_vm vm;
	uint32_t room;

	begin();
	CHECK_INT(words.vm, 87);
	CHECK_INT(task_words_of(2104, false).vm, 89);
	sim_set_u64("mach", "", "task_vm_words", 87);
	CHECK_INT(task_read_vm(SAFARI, &words, &vm), 0);
	CHECK_INT(sim_calls("log", -1), 0);
	/* one that is older than its version says: once */
	sim_set_u64("mach", "", "task_vm_words", 84);
	CHECK_INT(task_read_vm(SAFARI, &words, &vm), 0);
	CHECK_INT(task_read_vm(SAFARI, &words, &vm), 0);
	CHECK_INT(words.vm, 84);
	CHECK_INT(sim_calls("log", -1), 1);
	read_vm(36, &room);
	CHECK_INT(room, 36);
	CHECK_INT(sim_calls("log", -1), 1);
}

/* 100 + 30 MB less 10 that are mapped and volatile. */
TEST(purgeable_memory)
{
	struct task_purgeable purgeable;

	begin();
	CHECK_INT(task_read_purgeable(SAFARI, &purgeable), 0);
	CHECK_INT(purgeable.resident, 12000000);
	CHECK_INT(purgeable.anonymous, 120000000);
	sim_set("task", "501", "purgeable_volatile_pmap", "999999999");
	CHECK_INT(task_read_purgeable(SAFARI, &purgeable), 0);
	CHECK_INT(purgeable.anonymous, 0);
	CHECK_INT(sim_calls("log", -1), 0);
	CHECK_INT(sim_held(), 0);
}

TEST(power)
{
	struct task_words words = task_words_of(2305, false);
	struct task_power power;

	begin();
	CHECK_INT(task_read_power(SAFARI, &words, &power), 0);
	CHECK_INT(power.timers_1, 11);
	CHECK_INT(power.timers_2, 22);
	CHECK_INT(power.gpu_ns, 333);
	CHECK_INT(power.cluster_switches, 44);
	sim_set_u64("mach", "", "task_power_words", words.power - 4);
	CHECK_INT(task_read_power(SAFARI, &words, &power), 0);
	CHECK_INT(power.timers_2, 22);
	CHECK_INT(power.cluster_switches, unsupported);
	sim_set_u64("mach", "", "task_power_words", 4); /* does not know it */
	CHECK_INT(task_read_power(SAFARI, &words, &power), -ESRCH);
	CHECK_INT(sim_held(), 0);
}

/* Under Rosetta what the kernel has in the place of the switches is another thing. */
TEST(power_for_a_translated_program)
{
	struct task_words words = task_words_of(2305, true);
	struct task_power power;

	begin();
	CHECK_INT(words.power, 22);
	CHECK_INT(task_read_power(SAFARI, &words, &power), 0);
	CHECK_INT(power.timers_2, 22);
	CHECK_INT(power.cluster_switches, unsupported);
}

/* Accounts that are below 0 for a moment are no amounts. */
TEST(accounts_below_0)
{
	uint32_t room;
	struct task_vm vm;

	begin();
	sim_set("task", "501", "ledger_tag_media_footprint", "-16384");
	sim_set("task", "501", "ledger_tag_network_volatile_compressed", "-1");
	vm = read_vm(89, &room);
	CHECK_INT(vm.media, ABSENT_U64(STATE_FAILED));
	CHECK_INT(vm.network_other, ABSENT_U64(STATE_FAILED));
	CHECK_INT(vm.network, 340);
}

/* ------------------------------------------------------------------------------ ports */

static int try_vm(uint32_t pid)
{
	struct task_words words = {.vm = 89};
	struct task_vm vm;

	return task_read_vm(pid, &words, &vm);
}

TEST(who_gets_a_port)
{
	begin();
	CHECK_INT(try_vm(SAFARI), 0);
	CHECK_INT(try_vm(DAEMON), -EPERM);
	CHECK_INT(try_vm(1), -EPERM);
	CHECK_INT(try_vm(4242), -EPERM);          /* there is none, which it does not say */
	sim_set("process", "501", "ruid", "502"); /* both must be ours */
	CHECK_INT(try_vm(SAFARI), -EPERM);
	sim_set("process", "501", "ruid", "501");
	sim_set("caller", "", "ruid", "502");
	CHECK_INT(try_vm(SAFARI), -EPERM);
	sim_set("caller", "", "uid", "0");
	CHECK_INT(try_vm(DAEMON), 0);
	sim_set("process", "88", "status", "5"); /* a zombie */
	CHECK_INT(try_vm(DAEMON), -EPERM);
	CHECK_INT(sim_held(), 0);
	CHECK_INT(sim_calls("task_for_pid", -1), 0);
}

/* It ends between two calls: a port to nowhere (4), or a name that is none any more. */
TEST(it_ends_meanwhile)
{
	struct task_words words = task_words_of(2305, false);
	struct task_power power;
	struct task_purgeable purgeable;

	begin();
	sim_fail("task_info", VM, SAFARI, 4, 1);
	CHECK_INT(try_vm(SAFARI), -ESRCH);
	sim_fail("task_info", POWER, SAFARI, 0x10000003, 1);
	CHECK_INT(task_read_power(SAFARI, &words, &power), -ESRCH);
	sim_fail("task_info", PURGEABLE, SAFARI, 46, 1); /* KERN_NOT_SUPPORTED */
	CHECK_INT(task_read_purgeable(SAFARI, &purgeable), -EINVAL);
	CHECK_INT(sim_held(), 0);
	CHECK_INT(try_vm(SAFARI), 0);
	CHECK_INT(
		task_words_of(2305, false).power, words.power); /* a failure changes nothing */
}

TEST(the_number_of_calls)
{
	begin();
	sim_forget_calls();
	CHECK_INT(try_vm(SAFARI), 0);
	CHECK_INT(sim_calls("task_name_for_pid", -1), 1);
	CHECK_INT(sim_calls("task_info", VM), 1);
	CHECK_INT(sim_calls("mach_port_deallocate", -1), 1);
	CHECK_INT(sim_all_calls(), 3);
	sim_forget_calls();
	CHECK_INT(try_vm(DAEMON), -EPERM);
	CHECK_INT(sim_all_calls(), 1);
}

TESTS(CASE(memory_of_a_task), CASE(kernels_of_all_times), CASE(nothing_is_written_into_the_log),
	CASE(purgeable_memory), CASE(power), CASE(power_for_a_translated_program),
	CASE(accounts_below_0), CASE(who_gets_a_port), CASE(it_ends_meanwhile),
	CASE(the_number_of_calls))

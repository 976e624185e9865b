/* Table GPU: which GPUs there are, and what their drivers tell. Expected values are those of the
 * fixtures, in the units of the attributes. */
#include <math.h>

#include "gpu/gpu.h"
#include "sim.h"
#include "value.h"
#include "watch.h"

static struct watch *open_gpus(const char *machine)
{
	struct watch *watch;

	sim_boot(machine);
	watch = watch_open_table(TABLE_GPU, NULL, NULL);
	watch_list(watch);
	return watch;
}

static void finish(struct watch *watch)
{
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static struct darwin_gpu_identity identity_of(struct watch *watch, uint32_t slot)
{
	struct darwin_gpu_identity sample;

	CHECK_INT(watch_read_slot(watch, slot, SOURCE_gpu_identity, &sample), STATE_OK);
	return sample;
}

static const char *name_of(struct watch *watch, uint32_t slot)
{
	struct darwin_gpu_name sample;

	CHECK_INT(watch_read_slot(watch, slot, SOURCE_gpu_name, &sample), STATE_OK);
	return watch_text(&sample.name);
}

static struct darwin_gpu_statistics statistics_of(struct watch *watch, uint32_t slot)
{
	struct darwin_gpu_statistics sample;

	CHECK_INT(watch_read_slot(watch, slot, SOURCE_gpu_statistics, &sample), STATE_OK);
	return sample;
}

static bool is_none(double number)
{
	return isnan(number);
}

static void check_apple(
	const char *machine, const char *name, const char *driver, uint64_t cores)
{
	struct watch *watch = open_gpus(machine);
	struct darwin_gpu_identity identity = identity_of(watch, 0);

	CHECK_INT(watch->births, 1);
	CHECK_TEXT(name_of(watch, 0), name);
	CHECK_TEXT(watch_text(&identity.driver), driver);
	CHECK_TEXT(watch_text(&identity.kind), "gpu");
	CHECK_INT(identity.cores, cores);
	CHECK_INT(identity.address.state, STATE_NONE);
	CHECK_INT(identity.pci_id.state, STATE_NONE);
	finish(watch);
}

TEST(names_apple_gpus)
{
	check_apple("m1", "Apple M1 Pro", "AGXAcceleratorG13X", 16);
	check_apple("m4-pro", "Apple M4 Pro", "AGXAcceleratorG16X", 20);
	check_apple("m5-max", "Apple M5 Max", "AGXAcceleratorG17X", 40);
	check_apple("m1-ultra", "Apple M1 Ultra", "AGXAcceleratorG13X", 64);
}

TEST(reads_apple_statistics)
{
	struct watch *watch = open_gpus("m4-pro");
	struct darwin_gpu_statistics sample = statistics_of(watch, 0);

	CHECK(sample.busy == 0.27 && sample.renderer == 0.24 && sample.tiler == 0.13);
	CHECK_INT(sample.system_used, 650788864);
	CHECK_INT(sample.system_allocated, 5043453952);
	CHECK_INT(sample.recoveries, 0);
	CHECK(sample.total == ABSENT_U64(STATE_NONE)); /* it has no memory of its own */
	CHECK(sample.used == ABSENT_U64(STATE_NONE));
	CHECK(sample.temperature_mc == ABSENT_I64(STATE_NONE));
	CHECK(sample.fan_rpm == ABSENT_U64(STATE_NONE) && is_none(sample.fan));
	finish(watch);
}

TEST(tells_whether_it_is_switched_off)
{
	struct watch *watch = open_gpus("m1");
	struct darwin_gpu_state sample;

	CHECK_INT(watch_read_slot(watch, 0, SOURCE_gpu_state, &sample), STATE_OK);
	CHECK_TEXT(watch_text(&sample.state), "active");
	sim_set("entry", "1001", "AGCInfo.poweredOffByAGC", "u32 1");
	CHECK_INT(watch_read_slot(watch, 0, SOURCE_gpu_state, &sample), STATE_OK);
	CHECK_TEXT(watch_text(&sample.state), "suspended");
	sim_set("entry", "1001", "AGCInfo.poweredOffByAGC", NULL);
	CHECK_INT(watch_read_slot(watch, 0, SOURCE_gpu_state, &sample), STATE_NONE);
	finish(watch);
}

static uint32_t slot_of(struct watch *watch, const char *name)
{
	for (uint32_t i = 0; i < watch->count; i++)
		if (strcmp(name_of(watch, i), name) == 0)
			return i;
	test_fail(__FILE__, __LINE__, "there is no %s", name);
}

TEST(reads_an_intel_gpu)
{
	struct watch *watch = open_gpus("intel");
	uint32_t slot = slot_of(watch, "Intel HD Graphics 630");
	struct darwin_gpu_identity identity = identity_of(watch, slot);
	struct darwin_gpu_statistics sample = statistics_of(watch, slot);
	struct darwin_gpu_state state;

	CHECK_INT(watch->births, 2);
	CHECK_TEXT(watch_text(&identity.driver), "IntelAccelerator");
	CHECK_TEXT(watch_text(&identity.address), "0000:00:02.0");
	CHECK_TEXT(watch_text(&identity.pci_id), "8086:591b");
	CHECK(identity.cores == ABSENT_U64(STATE_NONE));
	CHECK(sample.busy == 0.27);
	CHECK_INT(sample.system_used, 268435456);
	/* inUseVidMemoryBytes is 0 there, of a memory that it does not have */
	CHECK(sample.used == ABSENT_U64(STATE_NONE) && sample.total == ABSENT_U64(STATE_NONE));
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_gpu_state, &state), STATE_UNSUPPORTED);
	finish(watch);
}

TEST(reads_a_gpu_of_amd)
{
	struct watch *watch = open_gpus("intel");
	uint32_t slot = slot_of(watch, "Radeon Pro 560");
	struct darwin_gpu_identity identity = identity_of(watch, slot);
	struct darwin_gpu_statistics sample = statistics_of(watch, slot);

	CHECK_TEXT(watch_text(&identity.address), "0000:01:00.0");
	CHECK_TEXT(watch_text(&identity.pci_id), "1002:67ef");
	CHECK(sample.busy == 0.64);
	CHECK_INT(sample.frequency_hz, 1300000000);
	CHECK_INT(sample.frequency_memory_hz, 750000000);
	CHECK_INT(sample.temperature_mc, 71000);
	CHECK_INT(sample.power_mw, 38000);
	CHECK_INT(sample.total, 4294967296); /* 4096 MiB */
	CHECK_INT(sample.used, 1073741824);
	CHECK_INT(sample.system_used, 134217728);
	CHECK(sample.fan == 0.17 && sample.fan_rpm == ABSENT_U64(STATE_NONE));
	finish(watch);
}

static struct darwin_gpu_statistics fill(const char *entry, uint64_t memory)
{
	struct darwin_gpu_statistics sample;
	CFMutableDictionaryRef all;

	sim_add(entry);
	all = sim_properties(sim_section("entry", "1"));
	gpu_statistics_fill(all, memory, &sample);
	property_release(all);
	sim_remove("entry", "1");
	return sample;
}

TEST(believes_no_nonsense)
{
	struct darwin_gpu_statistics sample = fill("[entry 1]\n"
						   "Device Utilization % = u64 101\n"
						   "Tiler Utilization % = text 5\n"
						   "Temperature(C) = u64 0\n"
						   "Core Clock(MHz) = i64 -1\n"
						   "Fan Speed(%) = u64 0\n"
						   "Fan Speed(RPM) = u64 0\n"
						   "Total Power(W) = u64 0\n",
		ABSENT_U64(STATE_NONE));

	CHECK(is_none(sample.busy) && is_none(sample.tiler) && is_none(sample.renderer));
	CHECK(sample.temperature_mc == ABSENT_I64(STATE_NONE));
	CHECK(sample.frequency_hz == ABSENT_U64(STATE_FAILED));
	CHECK(sample.fan == 0 && sample.fan_rpm == 0);
	CHECK(sample.power_mw == ABSENT_U64(STATE_NONE));
	sample = fill("[entry 1]\nTemperature(C) = u64 200\n", 0);
	CHECK(sample.temperature_mc == ABSENT_I64(STATE_FAILED));
	CHECK_INT(sim_held(), 0);
}

TEST(knows_the_keys_of_other_drivers)
{
	struct darwin_gpu_statistics sample = fill("[entry 1]\n"
						   "vramUsedBytes = u64 1932735283\n"
						   "vramFreeBytes = u64 6653214925\n"
						   "Fan Speed(RPM) = u64 1200\n",
		ABSENT_U64(STATE_NONE));

	CHECK_INT(sample.total, 8585950208); /* their sum */
	CHECK_INT(sample.fan_rpm, 1200);
	sample = fill(
		"[entry 1]\ninUseVidMemoryBytes = u64 7\ninUseSysMemoryBytes = u64 8\n", 100);
	CHECK_INT(sample.used, 7);
	CHECK_INT(sample.system_used, 8);
	CHECK_INT(sample.total, 100);
}

TEST(a_virtual_gpu_tells_nothing)
{
	struct watch *watch = open_gpus("vm");
	struct darwin_gpu_identity identity = identity_of(watch, 0);
	struct darwin_gpu_statistics sample;

	CHECK_INT(watch->births, 1);
	CHECK_TEXT(name_of(watch, 0), "AppleParavirtGPU");
	CHECK_TEXT(watch_text(&identity.driver), "AppleParavirtGPU");
	CHECK_INT(watch_read_slot(watch, 0, SOURCE_gpu_statistics, &sample), STATE_NONE);
	finish(watch);
}

TEST(no_gpu_at_all)
{
	struct watch *watch;

	sim_boot("vm");
	sim_remove("entry", "1001");
	watch = watch_open_table(TABLE_GPU, NULL, NULL);
	watch_list(watch);
	CHECK_INT(watch->births, 0);
	finish(watch);
}

TEST(two_of_a_kind_are_told_apart)
{
	struct watch *watch;

	sim_boot("intel");
	sim_add("[entry 1020]\nclass = IOPCIDevice\nvendor-id = data 02100000\n"
		"device-id = data ef670000\npcidebug = text 7:0:0\n"
		"VRAM,totalsize = u64 8589934592\n"
		"model = text Radeon Pro 560\n"
		"[entry 1021]\nclass = AMDRadeonX4000_AMDBaffinGraphicsAccelerator\n"
		"conforms = IOAccelerator\nparent = 1020\nPerformanceStatistics = "
		"dictionary\n");
	watch = watch_open_table(TABLE_GPU, NULL, NULL);
	watch_list(watch);
	CHECK_INT(watch->births, 3);
	CHECK_INT(statistics_of(watch, slot_of(watch, "Radeon Pro 560 (0000:07:00.0)")).total,
		8589934592);
	slot_of(watch, "Radeon Pro 560 (0000:01:00.0)");
	slot_of(watch, "Intel HD Graphics 630");
	finish(watch);
}

/* It is pulled out while it is looked at, and the kernel does not answer. */
TEST(gpus_go)
{
	struct watch *watch = open_gpus("m1");
	struct darwin_gpu_statistics sample;
	int error;

	sim_fail("IOServiceGetMatchingServices", -1, -1, kIOReturnNoMemory, 1);
	watch->provider->close(watch->handle);
	CHECK_INT(watch->provider->open(
			  watch->provider->context, &(struct target){0}, &watch->handle),
		0);
	error = watch->provider->list(
		watch->handle, &watch->roster, &(struct row_scope){.all = true});
	CHECK(error < 0);
	watch->rows[0].alive = false; /* of the table that was closed */
	watch->count = 0;
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	sim_set("entry", "1001", "gone", "1");
	CHECK_INT(watch_read_slot(watch, 0, SOURCE_gpu_statistics, &sample), STATE_OK);
	CHECK(is_none(sample.busy) && sample.system_used == ABSENT_U64(STATE_NONE));
	finish(watch);
}

/* One of Apple's, with what IOReport has of it: in each second half a second is OFF, and a quarter each is at
 * 400 and 800 MHz; 2 J a second. */
static const char reported[] =
	"[entry 1]\nclass = AGXAcceleratorG13X\nconforms = IOAccelerator\nmodel = text Apple "
	"M1\n"
	"[entry 2]\nclass = AppleARMIODevice\nname = pmgr\n"
	"voltage-states9 = data 00000000 90010000 0084d717 58020000 0008af2f 62020000\n"
	"[report Energy Model / - / GPU Energy]\nunit = nJ\nvalue = 7 + 2000000000/s\n"
	"[report GPU Stats / GPU Performance States / GPUPH]\nunit = 24Mticks\n"
	"state OFF = 0 + 12000000/s\nstate P1 = 0 + 6000000/s\nstate P2 = 0 + 6000000/s\n";

TEST(reads_what_is_reported)
{
	struct darwin_gpu_statistics sample;
	struct watch *watch;

	sim_boot("vm");
	sim_remove("entry", "1001");
	sim_add(reported);
	watch = watch_open_table(TABLE_GPU, NULL, NULL);
	watch_list(watch);
	sample = statistics_of(watch, 0);
	CHECK(sample.power_mw == ABSENT_U64(STATE_PENDING));
	sim_advance(1000000000);
	sample = statistics_of(watch, 0);
	CHECK_INT(sample.power_mw, 2000);
	CHECK_INT(sample.energy_nj, 2000000000);
	/* 1 s and the 10 ms between the first two samples, half of each */
	CHECK_INT(sample.active_ns, 505000000);
	CHECK_INT(sample.off_ns, 505000000);
	CHECK_INT(sample.frequency_hz, 600000000);
	CHECK_INT(sample.frequency_max_hz, 800000000);
	CHECK(is_none(sample.busy)); /* its driver tells nothing */
	finish(watch);
}

/* A steady look at statistics asks the registry once, and one at identities never. */
TEST(asks_for_no_more_than_it_needs)
{
	struct watch *watch = open_gpus("m1");

	statistics_of(watch, 0);
	sim_forget_calls();
	statistics_of(watch, 0);
	CHECK_INT(sim_calls("IORegistryEntryCreateCFProperty", -1), 1);
	CHECK(sim_all_calls() <= 2); /* and a sample of IOReport, unless it is of this tick */
	sim_forget_calls();
	identity_of(watch, 0);
	CHECK_INT(sim_all_calls(), 0);
	finish(watch);
}

TESTS(CASE(names_apple_gpus), CASE(reads_apple_statistics),
	CASE(tells_whether_it_is_switched_off), CASE(reads_an_intel_gpu),
	CASE(reads_a_gpu_of_amd), CASE(believes_no_nonsense),
	CASE(knows_the_keys_of_other_drivers), CASE(a_virtual_gpu_tells_nothing),
	CASE(no_gpu_at_all), CASE(two_of_a_kind_are_told_apart), CASE(gpus_go),
	CASE(reads_what_is_reported), CASE(asks_for_no_more_than_it_needs));

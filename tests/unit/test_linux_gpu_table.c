/* Table GPU: sysfs on a substitute tree, and NVIDIA's GPUs by a substitute for their library. */
#include <limits.h>
#include <math.h>
#include <sys/inotify.h>
#include <sys/mman.h>

#include "../nvml/driver.h"
#include "clock.h"
#include "linux/gpu/gpus.h"
#include "linux/nvml/nvml_session.h"
#include "linux/sysfs.h"
#include "linux_tree.h"

#define MIB    (UINT64_C(1) << 20)
#define CARD   "sys/class/drm/card0/"
#define DEVICE "sys/class/drm/card0/device/"
#define NVIDIA "sys/bus/pci/devices/0000:01:00.0/"

static struct watch *watch;
static struct driver *driver;

static struct linux_gpu_identity identity;
static struct linux_gpu_state power_state;
static struct linux_gpu_name name;
static struct linux_gpu_load load;
static struct linux_gpu_memory memory;
static struct linux_gpu_power power;
static struct linux_gpu_limits limits;
static struct linux_gpu_link link_;

/* ----------------------------------------------------------------------------- the tree */

static void open_table(void)
{
	watch = watch_open_table(TABLE_GPU, tree_procfs, tree_sysfs);
	watch->provider->want(watch->handle, (1u << GPUS_SOURCE_COUNT) - 1);
	watch_list(watch);
}

/* An AMD card with a renderer. */
static void put_card(void)
{
	tree_put(DEVICE "uevent", "DRIVER=amdgpu\nPCI_ID=1002:744C\n"
				  "PCI_SLOT_NAME=0000:03:00.0\n");
	tree_put(DEVICE "power/runtime_status", "active\n");
	tree_link("sys/class/drm/renderD128", "card0");
	tree_put(DEVICE "gpu_busy_percent", "42\n");
	tree_put(DEVICE "mem_info_vram_total", "1000\n");
	tree_put(DEVICE "mem_info_vram_used", "400\n");
	tree_put(DEVICE "hwmon/hwmon12/temp1_input", "99000\n");
	tree_put(DEVICE "hwmon/hwmon4/temp1_input", "51000\n");
	tree_put(DEVICE "hwmon/hwmon4/power1_average", "12345678\n");
	tree_put(DEVICE "pp_dpm_sclk", "0: 500Mhz *\n1: 2000Mhz\n");
	tree_put(DEVICE "current_link_speed", "8.0 GT/s PCIe\n");
}

static void begin(void)
{
	tree_begin();
	put_card();
	open_table();
}

static void end(void)
{
	watch_close(watch);
}

static uint32_t slot_of(const char *address, const char *kind)
{
	for (uint32_t slot = 0; slot < watch->count; slot++) {
		if (!watch->rows[slot].alive)
			continue;
		CHECK_INT(watch->provider->read(
				  watch->handle, slot, SOURCE_gpu_identity, &identity),
			STATE_OK);
		if (strcmp(watch_text(&identity.address), address) == 0 &&
			strcmp(watch_text(&identity.kind), kind) == 0)
			return slot;
	}
	test_fail(__FILE__, __LINE__, "no %s at %s", kind, address);
}

static int ask(uint32_t slot, uint32_t source, void *sample)
{
	return watch_read_slot(watch, slot, source, sample);
}

static int state_of_f64(double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof bits);
	return isnan(number) ? (int)(bits & 0xFF) : STATE_OK;
}

/* ------------------------------------------------------------------------------ parsers */

static int levels(const char *text, uint64_t *now, uint64_t *most)
{
	return gpus_parse_levels(text, strlen(text), now, most);
}

TEST(levels_of_a_clock)
{
	uint64_t now, most;

	CHECK_INT(levels("0: 500Mhz\n1: 2482Mhz *\n2: 2400Mhz\n", &now, &most), 0);
	CHECK_INT(now, 2482);
	CHECK_INT(most, 2482);
	CHECK_INT(levels("S: 19Mhz *\n0: 500Mhz\n1: 2500MHz", &now, &most), 0);
	CHECK_INT(now, 19);
	CHECK_INT(most, 2500);
	CHECK_INT(levels("0: 500Mhz\n", &now, &most), 0);
	CHECK(now == UINT64_MAX);
	CHECK_INT(levels("0: 5", &now, &most), -EBADMSG);
	CHECK_INT(levels("", &now, &most), -EBADMSG);
	CHECK_INT(levels("0: -5Mhz *\n:::\n*\n", &now, &most), -EBADMSG);
	CHECK_INT(levels("0: 99999999999999999999999Mhz *", &now, &most), 0);
	CHECK(gpus_scaled(now, 1000000) > INT64_MAX / 100);
}

TEST(queues_of_v3d)
{
	static const char good[] = "queue\ttimestamp\tjobs\truntime\n"
				   "bin\t239\t22620\t174\nrender\t239\t2\t1000\n";
	static const char *const broken[] = {"", "queue\n", "bin\t1\t2\t3\n",
		"queue\ttimestamp\tjobs\truntime\nbin\t239\t226\n",
		"queue\ttimestamp\tjobs\truntime\nbin\t239\t226\t-1\n"};
	uint64_t busy_ns;

	CHECK_INT(gpus_parse_queues(good, sizeof good - 1, &busy_ns), 0);
	CHECK_INT(busy_ns, 1174);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		CHECK_INT(gpus_parse_queues(broken[i], strlen(broken[i]), &busy_ns), -EBADMSG);
}

TEST(speed_of_a_link)
{
	uint64_t speed;

	CHECK_INT(gpus_parse_speed("2.5 GT/s PCIe", &speed), 0);
	CHECK_INT(speed, 2500000000);
	CHECK_INT(gpus_parse_speed("64.0 GT/s PCIe", &speed), 0);
	CHECK_INT(speed, 64000000000);
	CHECK_INT(gpus_parse_speed("Unknown", &speed), -ENODATA);
	CHECK_INT(gpus_parse_speed("Unknown speed", &speed), -ENODATA);
	CHECK_INT(gpus_parse_speed("", &speed), -EBADMSG);
	CHECK_INT(gpus_parse_speed("8.0 MT/s", &speed), -EBADMSG);
	CHECK_INT(gpus_parse_speed("-8.0 GT/s", &speed), -EBADMSG);
	CHECK_INT(gpus_parse_speed("nan GT/s", &speed), -EBADMSG);
	CHECK_INT(gpus_parse_speed("1e300 GT/s", &speed), -EBADMSG);
}

static const char pci_ids[] = "# comment\n"
			      "1001  Kolter\n\t744c  Not this one\n"
			      "1002  AMD\n\t73bf  Navi 21\n"
			      "\t744c  Navi 31 [Radeon RX 7900]\n\t\t1002 744d  Subsystem\n"
			      "1003  ULSI\n\t744d  Nor this\n";

TEST(names_of_pci_devices)
{
	char text[NVML_TEXT];
	size_t size = sizeof pci_ids - 1;

	CHECK(gpus_parse_pci_ids(pci_ids, size, "1002:744c", text));
	CHECK_TEXT(text, "Navi 31 [Radeon RX 7900]");
	CHECK(!gpus_parse_pci_ids(pci_ids, size, "1002:744d", text));
	CHECK(!gpus_parse_pci_ids(pci_ids, size, "9999:744c", text));
	CHECK(!gpus_parse_pci_ids(pci_ids, size, "", text));
	for (size_t length = 0; length < size; length++)
		gpus_parse_pci_ids(pci_ids, length, "1002:744c", text);
}

TEST(numbers_of_files)
{
	static const struct {
		const char *text;
		int result;
		int64_t number;
	} cases[] = {{"42\n", 0, 42}, {"0", 0, 0}, {"-7 \n", 0, -7}, {"", -EBADMSG, 0},
		{"\n", -EBADMSG, 0}, {"4x\n", -EBADMSG, 0}, {"4 5\n", -EBADMSG, 0},
		{"N/A\n", -EBADMSG, 0}};
	int64_t number;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CHECK_INT(sysfs_parse_number(cases[i].text, strlen(cases[i].text), &number),
			cases[i].result);
		if (!cases[i].result)
			CHECK_INT(number, cases[i].number);
	}
}

/* -------------------------------------------------------------------------------- sysfs */

TEST(all_of_a_card)
{
	begin();
	CHECK_INT(watch->births, 1);
	uint32_t slot = slot_of("0000:03:00.0", "gpu");
	CHECK_TEXT(watch_text(&identity.driver), "amdgpu");
	CHECK_TEXT(watch_text(&identity.node), "card0,renderD128");
	CHECK_TEXT(watch_text(&identity.pci_id), "1002:744c");
	CHECK_INT(ask(slot, SOURCE_gpu_state, &power_state), STATE_OK);
	CHECK_TEXT(watch_text(&power_state.state), "active");
	CHECK_INT(ask(slot, SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "amdgpu 1002:744c");
	CHECK_INT(name.uuid.state, STATE_NONE);
	CHECK_INT(ask(slot, SOURCE_gpu_load, &load), STATE_OK);
	CHECK(load.busy > 0.4199 && load.busy < 0.4201);
	CHECK_INT(load.frequency_hz, 500000000);
	CHECK_INT(state_of_f64(load.busy_memory), STATE_UNSUPPORTED);
	CHECK(load.busy_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(ask(slot, SOURCE_gpu_memory, &memory), STATE_OK);
	CHECK_INT(memory.used, 400);
	CHECK_INT(memory.total, 1000);
	CHECK_INT(ask(slot, SOURCE_gpu_power, &power), STATE_OK);
	CHECK_INT(power.power_mw, 12345);
	CHECK_INT(power.temperature_mc, 51000); /* of the first hwmon by number */
	CHECK(power.temperature_hot_mc == ABSENT_I64(STATE_UNSUPPORTED));
	CHECK_INT(ask(slot, SOURCE_gpu_limits, &limits), STATE_OK);
	CHECK_INT(limits.frequency_hz, 2000000000);
	CHECK_INT(ask(slot, SOURCE_gpu_link, &link_), STATE_OK);
	CHECK_INT(link_.speed, 8000000000);
	end();
}

TEST(garbage_costs_one_cell)
{
	begin();
	tree_put(DEVICE "gpu_busy_percent", "101\n");
	tree_put(DEVICE "mem_busy_percent", "100\n");
	tree_put(DEVICE "mem_info_vram_used", "1001\n");
	tree_put(DEVICE "pp_dpm_sclk", "nothing\n");
	CHECK_INT(ask(0, SOURCE_gpu_load, &load), STATE_OK);
	CHECK_INT(state_of_f64(load.busy), STATE_FAILED);
	CHECK(load.busy_memory == 1);
	CHECK(load.frequency_hz == ABSENT_U64(STATE_FAILED));
	CHECK_INT(ask(0, SOURCE_gpu_memory, &memory), STATE_OK);
	CHECK(memory.used == ABSENT_U64(STATE_FAILED));
	CHECK_INT(memory.total, 1000);
	end();
}

TEST(what_is_denied)
{
	begin();
	CHECK(chmod(tree_path(DEVICE "gpu_busy_percent"), 0) == 0);
	become_nobody();
	CHECK_INT(ask(0, SOURCE_gpu_load, &load), STATE_OK);
	CHECK_INT(state_of_f64(load.busy), STATE_DENIED);
	CHECK_INT(load.frequency_hz, 500000000);
	end();
}

TEST(a_list_of_names_is_used)
{
	tree_begin();
	put_card();
	tree_put("pci.ids", pci_ids);
	setenv("PROCMON_PCI_IDS", tree_path("pci.ids"), 1);
	open_table();
	CHECK_INT(ask(0, SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "Navi 31 [Radeon RX 7900]");
	tree_put(DEVICE "product_name", "Instinct of its own\n"); /* it was asked already */
	CHECK_INT(ask(0, SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "Navi 31 [Radeon RX 7900]");
	end();
	unsetenv("PROCMON_PCI_IDS");
}

TEST(two_of_a_kind_are_told_apart)
{
	tree_begin();
	put_card();
	tree_put("sys/class/drm/renderD129/device/uevent",
		"DRIVER=amdgpu\nPCI_ID=1002:744C\nPCI_SLOT_NAME=0000:04:00.0\n");
	tree_put("sys/class/drm/renderD129/device/power/runtime_status", "active\n");
	open_table();
	CHECK_INT(watch->births, 2);
	CHECK_INT(ask(slot_of("0000:04:00.0", "gpu"), SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "amdgpu 1002:744c 0000:04:00.0");
	CHECK_INT(ask(slot_of("0000:03:00.0", "gpu"), SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "amdgpu 1002:744c 0000:03:00.0");
	end();
}

TEST(a_screen_is_no_gpu)
{
	tree_begin();
	put_card();
	tree_put("sys/class/drm/card1/device/uevent",
		"DRIVER=ast\nPCI_SLOT_NAME=0000:05:00.0\n");
	tree_put("sys/class/drm/card0-DP-1/device/uevent",
		"DRIVER=x\nPCI_SLOT_NAME=0000:06:00.0\n");
	open_table();
	CHECK_INT(watch->births, 1);
	end();
}

/* ------------------------------------------------------------------------------ power */

static void put_status(const char *status)
{
	tree_put(DEVICE "power/runtime_status", status);
}

/* All that must not be opened of a device that sleeps. */
static int watch_files(void)
{
	static const char *const files[] = {"gpu_busy_percent", "mem_info_vram_total",
		"mem_info_vram_used", "hwmon/hwmon4/temp1_input", "hwmon/hwmon4/power1_average",
		"pp_dpm_sclk", "current_link_speed", "hwmon"};
	int notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char path[128];

	CHECK(notify >= 0);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, DEVICE "%s", files[i]);
		CHECK(inotify_add_watch(notify, tree_path(path), IN_OPEN) >= 0);
	}
	return notify;
}

static bool was_opened(int notify)
{
	char events[4096];

	return read(notify, events, sizeof events) > 0;
}

static const struct {
	uint32_t source;
	void *sample;
} slow[] = {{SOURCE_gpu_load, &load}, {SOURCE_gpu_memory, &memory}, {SOURCE_gpu_power, &power},
	{SOURCE_gpu_limits, &limits}, {SOURCE_gpu_link, &link_}};

static void ask_all(int expected)
{
	watch_list(watch);
	for (size_t i = 0; i < sizeof slow / sizeof *slow; i++)
		CHECK_INT(ask(0, slow[i].source, slow[i].sample), expected);
}

TEST(nothing_of_a_sleeping_gpu_is_opened)
{
	static const char *const asleep[] = {
		"suspended\n", "suspending\n", "resuming\n", "?\n"};

	begin();
	int notify = watch_files();
	for (size_t i = 0; i < sizeof asleep / sizeof *asleep; i++) {
		put_status(asleep[i]);
		ask_all(STATE_ASLEEP);
		CHECK_INT(ask(0, SOURCE_gpu_name, &name), STATE_OK);
		CHECK_TEXT(watch_text(&name.name), "amdgpu 1002:744c");
		CHECK_INT(name.uuid.state, STATE_ASLEEP);
		CHECK_INT(ask(0, SOURCE_gpu_state, &power_state), STATE_OK);
		CHECK(!was_opened(notify));
	}
	put_status("active\n");
	ask_all(STATE_OK);
	CHECK(was_opened(notify)); /* the test would have seen it */
	close(notify);
	end();
}

TEST(who_falls_asleep_before_the_worker_comes_is_not_opened)
{
	struct job job = {.slot = 0, .source = SOURCE_gpu_load, .sample = &load};

	begin();
	int notify = watch_files();
	job.provider = watch->provider;
	CHECK_INT(watch->provider->job_prepare(watch->handle, &job), STATE_OK);
	put_status("suspended\n");
	CHECK_INT(watch->provider->job_run(&job), STATE_ASLEEP);
	CHECK(!was_opened(notify));
	watch->provider->job_release(&job);
	close(notify);
	end();
}

TEST(what_cannot_sleep_is_active)
{
	begin();
	put_status("unsupported\n");
	ask_all(STATE_OK);
	CHECK_INT(ask(0, SOURCE_gpu_state, &power_state), STATE_OK);
	CHECK_TEXT(watch_text(&power_state.state), "active");
	CHECK(power_state.active_ms == ABSENT_U64(STATE_NONE));
	tree_remove(DEVICE "power");
	ask_all(STATE_OK);
	end();
}

/* -------------------------------------------------------------------------------- rests */

static struct gpus_place place;
static struct gpus_rest rest;
static uint64_t now_ns = 1000 * SECOND_NS;

static bool allows(uint64_t seconds)
{
	now_ns += seconds * SECOND_NS;
	return gpus_rest_allows(&rest, &place, now_ns);
}

static void begin_rest(void)
{
	tree_begin();
	put_card();
	tree_put(DEVICE "power/control", "auto\n");
	tree_put(DEVICE "power/autosuspend_delay_ms", "8000\n");
	snprintf(place.card, sizeof place.card, "%s/class/drm/card0", tree_sysfs);
	snprintf(place.device, sizeof place.device, "%s/class/drm/card0/device", tree_sysfs);
}

TEST(an_idle_gpu_may_fall_asleep)
{
	begin_rest();
	CHECK(allows(0));
	CHECK(allows(4));
	gpus_rest_active(&rest, now_ns);
	CHECK(allows(4));
	CHECK(!allows(1)); /* for 5 s nothing happened */
	CHECK(!allows(9));
	/* After 10 s it would sleep if it could: somebody else keeps it awake. */
	CHECK(allows(1));
	CHECK(allows(59));
	CHECK(!allows(1));
	CHECK(allows(10));
	CHECK(allows(119));
	CHECK(!allows(1));
	/* Once it slept all begins anew. */
	gpus_rest_asleep(&rest, now_ns);
	CHECK(allows(4));
	CHECK(!allows(1));
}

TEST(what_stays_on_anyway_is_always_read)
{
	begin_rest();
	tree_put(DEVICE "power/control", "on\n");
	for (int i = 0; i < 100; i++)
		CHECK(allows(1));
	tree_put(DEVICE "power/control", "auto\n");
	tree_put(CARD "card0-DP-1/enabled", "enabled\n");
	for (int i = 0; i < 100; i++)
		CHECK(allows(1));
	tree_put(CARD "card0-DP-1/enabled", "disabled\n");
	CHECK(!allows(6));
}

/* ------------------------------------------------------------------------------- NVIDIA */

static void map_driver(void)
{
	char path[64];
	int file;

	snprintf(path, sizeof path, "%s/script", tree_root);
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(file >= 0 && ftruncate(file, sizeof *driver) == 0);
	driver = mmap(NULL, sizeof *driver, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(driver != MAP_FAILED);
	close(file);
	setenv("NVML_SCRIPT", path, 1);
}

static const struct driver_values values = {.name = "NVIDIA Test",
	.uuid = "GPU-1234",
	.gpu = 31,
	.memory = 32,
	.encoder = 33,
	.decoder = 34,
	.clock = {1001, 1002, 1003, 1004},
	.clock_max = {2001, 2002, 2003, 2004},
	.performance = 8,
	.fan = 35,
	.power = 36036,
	.power_limit = 37037,
	.energy = 38038,
	.temperature = 39,
	.memory_temperature = 40};

static void put_nvidia(const char *control)
{
	tree_put(NVIDIA "vendor", "0x10de\n");
	tree_put(NVIDIA "class", "0x030200\n");
	tree_put(NVIDIA "uevent", "DRIVER=nvidia\nPCI_ID=10DE:2330\n"
				  "PCI_SLOT_NAME=0000:01:00.0\n");
	tree_put(NVIDIA "power/runtime_status", "active\n");
	tree_put(NVIDIA "power/control", control);
}

static void prepare_nvidia(int version)
{
	char self[PATH_MAX - 16], library[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	CHECK(length > 0);
	tree_begin();
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(library, sizeof library, "%s/nvml-v%d.so", self, version);
	setenv("PROCMON_NVML", library, 1);
	tree_put("proc/driver/nvidia/version", "NVRM\n");
	tree_put("sys/module/nvidia/refcnt", "7\n");
	put_nvidia("on\n");
	map_driver();
	driver->device_count = 1;
	driver->devices[0].bus = 1;
	driver->devices[0].total = 1024 * MIB;
	driver->devices[0].used = 100 * MIB;
	driver->devices[0].reserved = 10 * MIB;
	driver->devices[0].values = values;
}

static void begin_nvidia(int version)
{
	prepare_nvidia(version);
	open_table();
}

/* All that was loaded was unloaded, and nothing was called in between. */
static void end_nvidia(void)
{
	end();
	CHECK_INT(driver->bad_calls, 0);
	CHECK_INT(driver->inits, driver->shutdowns);
	CHECK_INT(driver->loads, driver->unloads);
}

static void check_values(int version)
{
	CHECK_INT(ask(0, SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "NVIDIA Test");
	CHECK_TEXT(watch_text(&name.uuid), "GPU-1234");
	CHECK_INT(ask(0, SOURCE_gpu_load, &load), STATE_OK);
	CHECK(load.busy == 0.31 && load.busy_memory == 0.32);
	CHECK(load.busy_encoder == 0.33 && load.busy_decoder == 0.34);
	CHECK_INT(load.frequency_hz, 1001000000);
	CHECK_INT(load.frequency_memory_hz, 1003000000);
	CHECK_INT(load.frequency_video_hz, 1004000000);
	CHECK_INT(load.performance, 8);
	CHECK_INT(ask(0, SOURCE_gpu_memory, &memory), STATE_OK);
	CHECK_INT(memory.total, 1024 * MIB);
	CHECK_INT(memory.used, (version == 3 ? 100 : 110) * MIB);
	CHECK(memory.reserved == (version == 3 ? 10 * MIB : ABSENT_U64(STATE_UNSUPPORTED)));
	CHECK_INT(ask(0, SOURCE_gpu_power, &power), STATE_OK);
	CHECK_INT(power.power_mw, 36036);
	CHECK(power.energy_nj ==
		(version > 1 ? 38038 * UINT64_C(1000000) : ABSENT_U64(STATE_UNSUPPORTED)));
	CHECK_INT(power.temperature_mc, 39000);
	CHECK(power.temperature_memory_mc ==
		(version > 1 ? 40000 : ABSENT_I64(STATE_UNSUPPORTED)));
	CHECK(power.fan == 0.35);
	CHECK_INT(ask(0, SOURCE_gpu_limits, &limits), STATE_OK);
	CHECK_INT(limits.frequency_hz, 2001000000);
	CHECK_INT(limits.frequency_memory_hz, 2003000000);
	CHECK_INT(limits.power_mw, 37037);
}

static void check_driver(int version)
{
	begin_nvidia(version);
	CHECK_INT(driver->calls, 0);
	check_values(version);
	end_nvidia();
}

TEST(a_driver_of_2016)
{
	check_driver(1);
}

TEST(a_driver_of_2020)
{
	check_driver(2);
}

TEST(a_driver_of_today)
{
	check_driver(3);
}

TEST(what_nvidia_does_not_tell)
{
	begin_nvidia(3);
	driver->devices[0].value_code = 3;
	CHECK_INT(ask(0, SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "nvidia 10de:2330");
	CHECK_INT(ask(0, SOURCE_gpu_load, &load), STATE_OK);
	CHECK_INT(state_of_f64(load.busy), STATE_UNSUPPORTED);
	CHECK(load.frequency_hz == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(ask(0, SOURCE_gpu_memory, &memory), STATE_OK);
	CHECK_INT(memory.total, 1024 * MIB);
	driver->devices[0].value_code = 4;
	watch_list(watch);
	CHECK_INT(ask(0, SOURCE_gpu_load, &load), STATE_OK);
	CHECK_INT(state_of_f64(load.busy), STATE_DENIED);
	/* An error of one call, and what cannot be true. */
	driver->devices[0].value_code = 999;
	watch_list(watch);
	CHECK_INT(ask(0, SOURCE_gpu_power, &power), STATE_OK);
	CHECK(power.power_mw == ABSENT_U64(STATE_FAILED));
	CHECK(power.temperature_mc == ABSENT_I64(STATE_FAILED));
	driver->devices[0].value_code = 0;
	driver->devices[0].values.gpu = 101;
	driver->devices[0].values.temperature = 100000;
	driver->devices[0].values.power = UINT32_MAX;
	driver->devices[0].values.memory_temperature = 0;
	watch_list(watch);
	CHECK_INT(ask(0, SOURCE_gpu_load, &load), STATE_OK);
	CHECK_INT(state_of_f64(load.busy), STATE_FAILED);
	CHECK(load.busy_memory == 0.32);
	CHECK_INT(ask(0, SOURCE_gpu_power, &power), STATE_OK);
	CHECK(power.power_mw == ABSENT_U64(STATE_FAILED));
	CHECK(power.temperature_mc == ABSENT_I64(STATE_FAILED));
	CHECK(power.temperature_memory_mc == ABSENT_I64(STATE_UNSUPPORTED));
	CHECK(power.fan == 0.35);
	end_nvidia();
}

TEST(memory_that_is_shared_with_the_cpu)
{
	begin_nvidia(3);
	driver->devices[0].memory_code = 3;
	CHECK_INT(ask(0, SOURCE_gpu_memory, &memory), STATE_OK);
	CHECK(memory.total == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(memory.used == ABSENT_U64(STATE_UNSUPPORTED));
	end_nvidia();
}

TEST(a_sleeping_nvidia_gpu_is_not_even_loaded_for)
{
	begin_nvidia(3);
	tree_put(NVIDIA "power/runtime_status", "suspended\n");
	for (int i = 0; i < 3; i++)
		ask_all(STATE_ASLEEP);
	CHECK_INT(ask(0, SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "nvidia 10de:2330");
	CHECK_INT(driver->inits, 0);
	CHECK_INT(driver->calls, 0);
	/* When it is awake it gets its name, and keeps it. */
	tree_put(NVIDIA "power/runtime_status", "active\n");
	watch_list(watch);
	CHECK_INT(ask(0, SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "NVIDIA Test");
	tree_put(NVIDIA "power/runtime_status", "suspended\n");
	watch_list(watch);
	CHECK_INT(ask(0, SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "NVIDIA Test");
	CHECK_TEXT(watch_text(&name.uuid), "GPU-1234");
	end_nvidia();
}

TEST(nobody_asks_for_what_nobody_wants)
{
	begin_nvidia(3);
	watch->provider->want(
		watch->handle, 1u << SOURCE_gpu_identity | 1u << SOURCE_gpu_state);
	watch_list(watch);
	CHECK_INT(ask(0, SOURCE_gpu_identity, &identity), STATE_OK);
	CHECK_INT(ask(0, SOURCE_gpu_state, &power_state), STATE_OK);
	CHECK_INT(driver->inits, 0);
	end_nvidia();
}

TEST(instances_of_a_partitioned_gpu)
{
	struct driver_values *part;

	prepare_nvidia(3);
	driver->devices[0].instances = 2;
	part = &driver->devices[0].instance_values[0];
	snprintf(part->name, sizeof part->name, "NVIDIA Test MIG 1g.5gb");
	snprintf(part->uuid, sizeof part->uuid, "MIG-1");
	part->total = 5 * MIB;
	part->used = 2 * MIB;
	part[1] = part[0];
	snprintf(part[1].uuid, sizeof part->uuid, "MIG-2");
	part[1].used = 3 * MIB;
	open_table();
	CHECK_INT(watch->births, 1); /* before the library was asked nobody knows of them */
	CHECK_INT(ask(0, SOURCE_gpu_load, &load), STATE_OK);
	CHECK_INT(state_of_f64(load.busy), STATE_UNSUPPORTED);
	watch_list(watch);
	CHECK_INT(watch->births, 2);
	for (uint32_t slot = 1; slot <= 2; slot++) {
		CHECK_INT(ask(slot, SOURCE_gpu_memory, &memory), STATE_OK);
		CHECK_INT(memory.total, 5 * MIB);
		CHECK_INT(memory.used, (1 + slot) * MIB);
		CHECK_INT(ask(slot, SOURCE_gpu_power, &power), STATE_OK);
		CHECK(power.power_mw == ABSENT_U64(STATE_UNSUPPORTED));
		CHECK(power.temperature_mc == ABSENT_I64(STATE_UNSUPPORTED));
		CHECK_INT(ask(slot, SOURCE_gpu_link, &link_), STATE_NONE);
		CHECK_INT(ask(slot, SOURCE_gpu_name, &name), STATE_OK);
		CHECK_TEXT(watch_text(&name.name), slot == 1 ? "NVIDIA Test MIG 1g.5gb MIG-1"
							     : "NVIDIA Test MIG 1g.5gb MIG-2");
	}
	/* One is deleted. */
	driver->devices[0].instances = 1;
	watch_list(watch);
	CHECK_INT(ask(0, SOURCE_gpu_memory, &memory), STATE_OK);
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	end_nvidia();
}

static void await_row(void)
{
	for (int i = 0; i < 1000 && watch->births == 0; i++) {
		pause_ms(5);
		watch_list(watch);
	}
	CHECK_INT(watch->births, 1);
}

TEST(a_gpu_that_sysfs_hides)
{
	prepare_nvidia(3);
	tree_remove("sys/bus");
	open_table();
	CHECK_INT(watch->births, 0);
	await_row();
	CHECK_INT(ask(0, SOURCE_gpu_state, &power_state), STATE_UNSUPPORTED);
	CHECK_INT(ask(0, SOURCE_gpu_link, &link_), STATE_UNSUPPORTED);
	check_values(3);
	end_nvidia();
}

TEST(a_gpu_that_is_not_ours)
{
	begin_nvidia(3);
	driver->devices[0].handle_code = 4;
	CHECK_INT(ask(0, SOURCE_gpu_load, &load), STATE_UNSUPPORTED);
	end_nvidia();
}

TEST(a_hanging_driver_is_failed)
{
	begin_nvidia(3);
	driver->hangs = 1;
	uint64_t start_ns = clock_now_ns();
	CHECK_INT(ask(0, SOURCE_gpu_load, &load), STATE_FAILED);
	CHECK_INT(ask(0, SOURCE_gpu_power, &power), STATE_FAILED);
	CHECK(clock_now_ns() - start_ns < SECOND_NS);
	CHECK_INT(ask(0, SOURCE_gpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "nvidia 10de:2330");
	driver->hangs = 0;
	end();
}

/* ------------------------------------------------------- processes and GPUs at once */

static struct nvml *nvml;

static void begin_library(void)
{
	prepare_nvidia(3);
	tree_put_process(100, "S", 5000);
	driver->devices[0].process_count = 1;
	driver->devices[0].processes[0] =
		(struct driver_process){.pid = 100, .lists = DRIVER_COMPUTE, .memory = MIB};
	nvml = nvml_create(tree_procfs, tree_sysfs);
}

static int wait_gpu(enum nvml_part part, struct nvml_gpu *gpu)
{
	return nvml_wait_gpu(nvml, part, "0000:01:00.0", "", gpu);
}

TEST(processes_cost_no_questions_about_gpus)
{
	struct nvml_use use;

	begin_library();
	nvml_want(nvml, true);
	nvml_begin_part(nvml, NVML_LOAD); /* nobody wants it */
	nvml_begin(nvml);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	CHECK_INT(driver->devices[0].value_calls, 0);
	nvml_destroy(nvml);
	CHECK_INT(driver->bad_calls, 0);
}

TEST(gpus_alone_list_no_processes)
{
	struct nvml_gpu gpu;
	struct nvml_use use;

	begin_library();
	driver->devices[0].list_code = 999; /* it would be an error */
	nvml_want_gpus(nvml, true);
	nvml_begin_part(nvml, NVML_LOAD);
	CHECK_INT(wait_gpu(NVML_LOAD, &gpu), STATE_OK);
	CHECK_INT(gpu.busy, 31);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_FAILED); /* nobody wants it */
	CHECK_INT(nvml_state(nvml), STATE_PENDING);
	CHECK(!nvml_knows(nvml, 100));
	nvml_destroy(nvml);
	CHECK_INT(driver->bad_calls, 0);
}

TEST(both_want_it_and_one_goes)
{
	struct nvml_gpu gpu;
	struct nvml_use use;

	begin_library();
	nvml_want(nvml, true);
	nvml_want_gpus(nvml, true);
	nvml_begin(nvml);
	nvml_begin_part(nvml, NVML_POWER);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	CHECK_INT(wait_gpu(NVML_POWER, &gpu), STATE_OK);
	CHECK_INT(gpu.power, 36036);

	nvml_want(nvml, false);
	CHECK_INT(driver->shutdowns, 0);
	CHECK(!nvml_knows(nvml, 100));
	nvml_begin(nvml); /* asks nothing */
	nvml_begin_part(nvml, NVML_POWER);
	CHECK_INT(wait_gpu(NVML_POWER, &gpu), STATE_OK);

	/* Who comes back waits for processes of its own, and for sums that begin anew. */
	nvml_want(nvml, true);
	CHECK_INT(nvml_state(nvml), STATE_PENDING);
	nvml_begin(nvml);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	CHECK_INT(use.time_ns, 0);
	nvml_want_gpus(nvml, false);
	CHECK_INT(wait_gpu(NVML_POWER, &gpu), STATE_FAILED);
	nvml_begin(nvml);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	CHECK_INT(driver->inits, 1);
	nvml_want(nvml, false);
	nvml_destroy(nvml);
	CHECK_INT(driver->shutdowns, 1);
	CHECK_INT(driver->bad_calls, 0);
}

static struct nvml_session session;
static struct nvml_now now = {.mono_ns = 1000 * SECOND_NS, .real_us = 1700000000000000};

static int sample_load(uint64_t seconds)
{
	now.mono_ns += seconds * SECOND_NS;
	now.real_us += seconds * 1000000;
	struct nvml_snapshot *snapshot = nvml_session_sample(&session, &now);
	int state = snapshot->state;
	free(snapshot);
	return state;
}

TEST(watching_gpus_keeps_none_awake)
{
	prepare_nvidia(3);
	put_nvidia("auto\n");
	nvml_session_open(&session, tree_procfs, tree_sysfs, getenv("PROCMON_NVML"));
	session.parts = 1u << NVML_LOAD;
	/* It works: it is kept. */
	for (int i = 0; i < 20; i++)
		CHECK_INT(sample_load(1), STATE_OK);
	CHECK_INT(driver->shutdowns, 0);
	/* It does not: after a while it is let go. */
	driver->devices[0].values.gpu = 0;
	for (int i = 0; i < 5; i++)
		CHECK_INT(sample_load(1), STATE_OK);
	CHECK_INT(driver->shutdowns, 1);
	CHECK_INT(sample_load(1), STATE_ASLEEP);
	/* Then it sleeps, and somebody wakes it. */
	tree_put(NVIDIA "power/runtime_status", "suspended\n");
	CHECK_INT(sample_load(60), STATE_ASLEEP);
	CHECK_INT(driver->inits, 1);
	tree_put(NVIDIA "power/runtime_status", "active\n");
	CHECK_INT(sample_load(1), STATE_OK);
	CHECK_INT(driver->inits, 2);
	/* Memory that comes and goes is use, too. */
	for (int i = 0; i < 20; i++) {
		driver->devices[0].used += MIB;
		CHECK_INT(sample_load(1), STATE_OK);
	}
	CHECK_INT(driver->shutdowns, 1);
	nvml_session_close(&session);
	CHECK_INT(driver->bad_calls, 0);
	CHECK_INT(driver->inits, driver->shutdowns);
}

TESTS(CASE(levels_of_a_clock), CASE(queues_of_v3d), CASE(speed_of_a_link),
	CASE(names_of_pci_devices), CASE(numbers_of_files), CASE(all_of_a_card),
	CASE(garbage_costs_one_cell), CASE(what_is_denied), CASE(a_list_of_names_is_used),
	CASE(two_of_a_kind_are_told_apart), CASE(a_screen_is_no_gpu),
	CASE(nothing_of_a_sleeping_gpu_is_opened),
	CASE(who_falls_asleep_before_the_worker_comes_is_not_opened),
	CASE(what_cannot_sleep_is_active), CASE(an_idle_gpu_may_fall_asleep),
	CASE(what_stays_on_anyway_is_always_read), CASE(a_driver_of_2016),
	CASE(a_driver_of_2020), CASE(a_driver_of_today), CASE(what_nvidia_does_not_tell),
	CASE(memory_that_is_shared_with_the_cpu),
	CASE(a_sleeping_nvidia_gpu_is_not_even_loaded_for),
	CASE(nobody_asks_for_what_nobody_wants), CASE(instances_of_a_partitioned_gpu),
	CASE(a_gpu_that_sysfs_hides), CASE(a_gpu_that_is_not_ours),
	CASE(a_hanging_driver_is_failed), CASE(processes_cost_no_questions_about_gpus),
	CASE(gpus_alone_list_no_processes), CASE(both_want_it_and_one_goes),
	CASE(watching_gpus_keeps_none_awake))

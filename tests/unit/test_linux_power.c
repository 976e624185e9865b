/* Table POWER: meters, batteries and adapters. */
#include "linux/power/power.h"

#include "clock.h"
#include "linux/power/rapl.h"
#include "linux_tree.h"

/* ---------------------------------------------------------------------------- numbers */

#define MJ UINT64_C(1000000000) /* in µJ: more than a second's worth of any processor */

TEST(a_meter_begins_with_what_its_counter_has)
{
	struct meter meter = {0};

	CHECK_INT(meter_add(&meter, 500, 1000, 1), 0);
	CHECK_INT(meter.total, 500);
	CHECK_INT(meter_add(&meter, 700, 1000, 2), 0);
	CHECK_INT(meter.total, 700);
	CHECK_INT(meter_add(&meter, 700, 1000, 3), 0);
	CHECK_INT(meter.total, 700);
}

TEST(a_meter_wraps_around)
{
	struct meter meter = {0};

	meter_add(&meter, 4 * MJ - 10, 4 * MJ, 1);
	CHECK_INT(meter_add(&meter, 30, 4 * MJ, SECOND_NS), 0);
	CHECK_INT(meter.total, 4 * MJ + 30);
	CHECK_INT(meter_add(&meter, 50, 4 * MJ, 2 * SECOND_NS), 0);
	CHECK_INT(meter.total, 4 * MJ + 50);
}

/* 3 kJ within a second: the machine slept, and the counter began anew. */
TEST(a_meter_that_begins_anew_has_not_wrapped)
{
	struct meter meter = {0};

	meter_add(&meter, MJ, 4 * MJ, 1);
	CHECK_INT(meter_add(&meter, 70, 4 * MJ, SECOND_NS), 0);
	CHECK_INT(meter.total, MJ + 70);
	meter = (struct meter){0};
	meter_add(&meter, 900, 0, 1);
	CHECK_INT(meter_add(&meter, 5, 0, 100 * SECOND_NS), 0);
	CHECK_INT(meter.total, 905);
}

TEST(a_meter_that_may_have_wrapped_unseen_says_so)
{
	struct meter meter = {0};

	CHECK_INT(meter_add(&meter, 100, 60 * MJ, 1), 0);
	CHECK_INT(meter_add(&meter, 300, 60 * MJ, 61 * SECOND_NS), -ERANGE);
	CHECK_INT(meter.total, 300);
	CHECK_INT(meter_add(&meter, 400, 60 * MJ, 62 * SECOND_NS), 0);
	CHECK_INT(meter.total, 400);
	CHECK_INT(meter_add(&meter, 500, 60 * MJ, 121 * SECOND_NS), 0);
}

TEST(a_reading_beyond_the_range_is_none)
{
	struct meter meter = {0};

	CHECK_INT(meter_add(&meter, 1001, 1000, 1), -EBADMSG);
	CHECK_INT(meter.read_ns, 0);
	CHECK_INT(meter_add(&meter, 1000, 1000, 1), 0);
}

TEST(amounts_are_converted_or_impossible)
{
	uint64_t failed = ABSENT_U64(STATE_FAILED);

	CHECK_INT(power_of_sensor(1500), 1500);
	CHECK_INT(power_of_sensor(0), 0);
	CHECK(power_of_sensor(-1) == failed);
	CHECK(power_of_sensor(INT64_C(100000000001)) == failed);
	CHECK_INT(power_of_battery(-1500), 1500);
	CHECK_INT(power_of_current(-2000000, 12000000), 24000000);
	CHECK_INT(power_of_current(2000000, 12000000), 24000000);
	CHECK(power_of_current(2000000, -1) == failed);
	CHECK(power_of_current(INT64_C(1000000001), 1) == failed);
	CHECK(power_of_current(1000000000, 1000000000) == failed);    /* a megawatt */
	CHECK_INT(energy_of_energy(1000000), INT64_C(3600000000000)); /* 1 Wh */
	CHECK(energy_of_energy(-1) == failed);
	CHECK(energy_of_energy(NUMBER_LIMIT) == failed);
	CHECK_INT(energy_of_charge(1000000, 1000000), INT64_C(3600000000000)); /* 1 Ah, 1 V */
	CHECK(energy_of_charge(-1, 1) == failed);
	CHECK(energy_of_charge(1, NUMBER_LIMIT) == failed);
}

/* --------------------------------------------------------------------------- the table */

static struct watch *open_power(void)
{
	struct watch *watch = watch_open_table(TABLE_POWER, tree_procfs, tree_sysfs);

	watch_list(watch);
	return watch;
}

/* At once: the table looks for devices only every few seconds. */
static void reopen(struct watch **watch)
{
	watch_close(*watch);
	*watch = open_power();
}

/* The slot of the row with that name, or NO_ROW. */
static uint32_t slot_of(struct watch *watch, const char *name)
{
	struct linux_power_meter meter;

	for (uint32_t slot = 0; slot < watch->count; slot++)
		if (watch->rows[slot].alive &&
			watch_read_slot(watch, slot, SOURCE_power_meter, &meter) == STATE_OK &&
			strcmp(watch_text(&meter.name), name) == 0)
			return slot;
	return NO_ROW;
}

static int read_named(struct watch *watch, const char *name, uint32_t source, void *sample)
{
	uint32_t slot = slot_of(watch, name);

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "no row \"%s\"", name);
	return watch_read_slot(watch, slot, source, sample);
}

static void put_zone(const char *zone, const char *name, const char *energy)
{
	char path[128];

	snprintf(path, sizeof path, "sys/class/powercap/%s/name", zone);
	tree_put(path, name);
	snprintf(path, sizeof path, "sys/class/powercap/%s/max_energy_range_uj", zone);
	tree_put(path, "262143328850\n");
	snprintf(path, sizeof path, "sys/class/powercap/%s/energy_uj", zone);
	tree_put(path, energy);
}

TEST(a_host_without_any_meter_says_so)
{
	struct watch *watch;

	tree_begin();
	watch = open_power();
	CHECK_INT(watch->births, 0);
	for (uint32_t i = 0; i < POWER_SOURCE_COUNT; i++) {
		enum cell_state state = STATE_OK;
		const char *reason =
			watch->provider->unsupported(watch->provider->context, i, &state);
		if (i == SOURCE_power_meter) {
			CHECK(!reason);
			continue;
		}
		CHECK(reason && strstr(reason, "found on this host"));
		CHECK_INT(state, STATE_UNSUPPORTED);
	}
	watch_close(watch);
}

TEST(a_package_that_shows_twice_is_one)
{
	struct watch *watch;

	tree_begin();
	put_zone("intel-rapl-mmio:0", "package-0\n", "5\n");
	watch = open_power();
	CHECK_INT(watch->births, 1);
	put_zone("intel-rapl:0", "package-0\n", "6\n");
	put_zone("intel-rapl:0:0", "core\n", "7\n");
	tree_put("sys/class/powercap/intel-rapl:1/name", "no meter\n");
	tree_put("sys/class/powercap/dtpm:0/name", "other\n");
	put_zone("intel-rapl:2:0", "orphan\n", "8\n");
	reopen(&watch);
	CHECK_INT(watch->births, 2);
	struct linux_power_energy energy;
	CHECK_INT(read_named(watch, "package-0", SOURCE_power_energy, &energy), STATE_OK);
	CHECK_INT(energy.total_nj, 6000);
	CHECK_INT(read_named(watch, "package-0 core", SOURCE_power_energy, &energy), STATE_OK);
	CHECK_INT(energy.total_nj, 7000);
	watch_close(watch);
}

TEST(energy_that_may_not_be_read_is_denied_and_says_what_to_do)
{
	struct linux_power_energy energy;
	struct linux_power_limits limits;
	struct watch *watch;

	tree_begin();
	put_zone("intel-rapl:0", "package-0\n", "6\n");
	tree_put("sys/class/powercap/intel-rapl:0/constraint_0_name", "long_term\n");
	tree_put("sys/class/powercap/intel-rapl:0/constraint_0_power_limit_uw", "15000000\n");
	CHECK_INT(chmod(tree_path("sys/class/powercap/intel-rapl:0/energy_uj"), 0), 0);
	become_nobody();
	watch = open_power();
	CHECK_INT(read_named(watch, "package-0", SOURCE_power_energy, &energy), STATE_DENIED);
	CHECK(strstr(watch->provider->sources[SOURCE_power_energy].remedy, "0440"));
	CHECK_INT(read_named(watch, "package-0", SOURCE_power_limits, &limits), STATE_OK);
	CHECK_INT(limits.limit_uw, 15000000);
	watch_close(watch);
}

TEST(energy_is_added_up_and_garbage_fails_alone)
{
	static const char *const broken[] = {"", "x\n", "-5\n", "262143328851\n", "1 2\n"};
	struct linux_power_energy energy;
	struct watch *watch;

	tree_begin();
	put_zone("intel-rapl:0", "package-0\n", "262143328000\n");
	watch = open_power();
	CHECK_INT(read_named(watch, "package-0", SOURCE_power_energy, &energy), STATE_OK);
	CHECK_INT(energy.total_nj, INT64_C(262143328000000));
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		put_zone("intel-rapl:0", "package-0\n", broken[i]);
		if (read_named(watch, "package-0", SOURCE_power_energy, &energy) == STATE_OK)
			CHECK(energy.total_nj == ABSENT_U64(STATE_FAILED));
	}
	pause_ms(10); /* 10 J may have come by then */
	put_zone("intel-rapl:0", "package-0\n", "150\n");
	CHECK_INT(read_named(watch, "package-0", SOURCE_power_energy, &energy), STATE_OK);
	CHECK_INT(energy.total_nj, INT64_C(262143329000000));
	tree_remove("sys/class/powercap/intel-rapl:0/energy_uj");
	CHECK_INT(read_named(watch, "package-0", SOURCE_power_energy, &energy), STATE_NONE);
	watch_close(watch);
}

TEST(a_limit_that_is_switched_off_is_none)
{
	struct linux_power_limits limits;
	struct watch *watch;

	tree_begin();
	put_zone("intel-rapl:0", "package-0\n", "6\n");
	tree_put("sys/class/powercap/intel-rapl:0/enabled", "0\n");
	tree_put("sys/class/powercap/intel-rapl:0/constraint_1_name", "long_term\n");
	tree_put("sys/class/powercap/intel-rapl:0/constraint_1_power_limit_uw", "15000000\n");
	watch = open_power();
	CHECK_INT(read_named(watch, "package-0", SOURCE_power_limits, &limits), STATE_OK);
	CHECK(limits.limit_uw == ABSENT_U64(STATE_NONE));
	tree_put("sys/class/powercap/intel-rapl:0/enabled", "1\n");
	CHECK_INT(read_named(watch, "package-0", SOURCE_power_limits, &limits), STATE_OK);
	CHECK_INT(limits.limit_uw, 15000000);
	CHECK(limits.short_uw == ABSENT_U64(STATE_NONE));
	tree_put("sys/class/powercap/intel-rapl:0/constraint_1_power_limit_uw", "what\n");
	CHECK_INT(read_named(watch, "package-0", SOURCE_power_limits, &limits), STATE_OK);
	CHECK(limits.limit_uw == ABSENT_U64(STATE_FAILED));
	watch_close(watch);
}

TEST(sensors_of_gpus_and_batteries_are_no_meters)
{
	struct watch *watch;

	tree_begin();
	tree_put("sys/class/hwmon/hwmon0/name", "amdgpu\n");
	tree_put("sys/class/hwmon/hwmon0/power1_average", "1000\n");
	tree_put("sys/devices/gpu/drm/card0/dev", "226:0\n");
	tree_link("sys/class/hwmon/hwmon0/device", "../../../devices/gpu");
	tree_put("sys/class/hwmon/hwmon1/name", "BAT0\n");
	tree_put("sys/class/hwmon/hwmon1/power1_input", "1000\n");
	tree_put("sys/devices/BAT0/uevent", "\n");
	tree_link("sys/devices/BAT0/subsystem", "../../class/power_supply");
	tree_link("sys/class/hwmon/hwmon1/device", "../../../devices/BAT0");
	tree_put("sys/class/hwmon/hwmon2/name", "coretemp\n");
	tree_put("sys/class/hwmon/hwmon2/temp1_input", "41000\n");
	tree_put("sys/class/hwmon/hwmon2/power_input", "1\n");
	tree_put("sys/class/hwmon/hwmon2/power1_max", "1\n");
	tree_put("sys/class/hwmon/hwmon2/powerx_input", "1\n");
	tree_put("sys/class/hwmon/hwmon2/energy1_average", "1\n");
	tree_put("sys/class/hwmon/hwmon2/power1234567890123456789012_input", "1\n");
	watch = open_power();
	CHECK_INT(watch->births, 0);
	watch_close(watch);
}

#define CARD "sys/devices/0000:03:00.0"
#define CHIP CARD "/sub/hw"

/* A chip whose device is part of a card that is in this state of rest. */
static void put_chip_of_card(const char *status)
{
	tree_put(CARD "/power/runtime_status", status);
	tree_link(CARD "/subsystem", "../../bus/pci");
	tree_put(CHIP "/name", "chip\n");
	tree_put(CHIP "/power2_input", "2500000\n");
	tree_put(CHIP "/power2_average", "9\n");
	tree_put(CHIP "/power2_cap", "7500000\n");
	tree_put(CHIP "/energy3_input", "4000\n");
	tree_link(CHIP "/device", "../../sub");
	tree_link("sys/class/hwmon/hwmon0", "../../devices/0000:03:00.0/sub/hw");
}

TEST(a_sensor_that_sleeps_is_not_woken)
{
	static const char *const asleep[] = {"suspended\n", "suspending\n", "resuming\n"};
	struct linux_power_draw draw;
	struct linux_power_energy energy;
	struct linux_power_limits limits;
	struct watch *watch;

	tree_begin();
	put_chip_of_card("active\n");
	watch = open_power();
	CHECK_INT(watch->births, 2);
	for (size_t i = 0; i < sizeof asleep / sizeof *asleep; i++) {
		tree_put(CARD "/power/runtime_status", asleep[i]);
		CHECK_INT(read_named(watch, "chip power2", SOURCE_power_draw, &draw),
			STATE_ASLEEP);
		CHECK_INT(read_named(watch, "chip power2", SOURCE_power_limits, &limits),
			STATE_ASLEEP);
		CHECK_INT(read_named(watch, "chip energy3", SOURCE_power_energy, &energy),
			STATE_ASLEEP);
	}
	tree_put(CARD "/power/runtime_status", "active\n");
	CHECK_INT(read_named(watch, "chip power2", SOURCE_power_draw, &draw), STATE_OK);
	CHECK_INT(draw.now_uw, 2500000);
	CHECK_INT(read_named(watch, "chip power2", SOURCE_power_limits, &limits), STATE_OK);
	CHECK_INT(limits.limit_uw, 7500000);
	CHECK_INT(read_named(watch, "chip energy3", SOURCE_power_energy, &energy), STATE_OK);
	CHECK_INT(energy.total_nj, 4000000);
	watch_close(watch);
}

TEST(a_sensor_that_may_not_be_read_is_denied)
{
	struct linux_power_draw draw;
	struct watch *watch;

	tree_begin();
	tree_put("sys/class/hwmon/hwmon0/name", "power_meter\n");
	tree_put("sys/class/hwmon/hwmon0/power1_average", "2500000\n");
	CHECK_INT(chmod(tree_path("sys/class/hwmon/hwmon0/power1_average"), 0), 0);
	become_nobody();
	watch = open_power();
	CHECK_INT(read_named(watch, "power_meter power1", SOURCE_power_draw, &draw),
		STATE_DENIED);
	CHECK(watch->provider->sources[SOURCE_power_draw].remedy);
	watch_close(watch);
}

/* ----------------------------------------------------------------- batteries, adapters */

TEST(a_battery_counts_charge_at_the_voltage_that_it_was_made_for)
{
	struct linux_battery_charge charge;
	struct watch *watch;

	tree_begin();
	tree_put("sys/class/power_supply/BAT1/type", "Battery\n");
	tree_put("sys/class/power_supply/BAT1/charge_now", "2000000\n");
	tree_put("sys/class/power_supply/BAT1/charge_full", "4000000\n");
	tree_put("sys/class/power_supply/BAT1/charge_full_design", "0\n");
	watch = open_power();
	CHECK_INT(read_named(watch, "BAT1", SOURCE_battery_charge, &charge), STATE_OK);
	CHECK(charge.energy == ABSENT_U64(STATE_NONE)); /* at no voltage that is known */
	CHECK(charge.level != charge.level);
	CHECK_INT(charge.status.state, STATE_NONE);
	tree_put("sys/class/power_supply/BAT1/voltage_now", "12345678\n");
	tree_put("sys/class/power_supply/BAT1/voltage_min_design", "10000000\n");
	tree_put("sys/class/power_supply/BAT1/status", "Not charging\n");
	CHECK_INT(read_named(watch, "BAT1", SOURCE_battery_charge, &charge), STATE_OK);
	CHECK_INT(charge.energy, INT64_C(72000000000000)); /* 20 Wh */
	CHECK_INT(charge.full, INT64_C(144000000000000));
	CHECK(charge.design == ABSENT_U64(STATE_NONE));
	CHECK_TEXT(watch_text(&charge.status), "not charging");
	watch_close(watch);
}

TEST(details_that_a_battery_does_not_know_are_none)
{
	struct linux_battery_details details;
	struct watch *watch;

	tree_begin();
	tree_put("sys/class/power_supply/BAT0/type", "Battery\n");
	tree_put("sys/class/power_supply/BAT0/cycle_count", "0\n");
	tree_put("sys/class/power_supply/BAT0/technology", "Unknown\n");
	tree_put("sys/class/power_supply/BAT0/manufacturer", " \n");
	watch = open_power();
	CHECK_INT(read_named(watch, "BAT0", SOURCE_battery_details, &details), STATE_OK);
	CHECK(details.cycles == ABSENT_U64(STATE_NONE));
	CHECK(!details.technology.bytes && !details.manufacturer.bytes);
	CHECK(!details.model.bytes && !details.health.bytes);
	tree_put("sys/class/power_supply/BAT0/cycle_count", "-7\n");
	tree_put("sys/class/power_supply/BAT0/health", "Over voltage\n");
	CHECK_INT(read_named(watch, "BAT0", SOURCE_battery_details, &details), STATE_OK);
	CHECK(details.cycles == ABSENT_U64(STATE_FAILED));
	CHECK_TEXT(watch_text(&details.health), "over voltage");
	watch_close(watch);
}

/* Current and voltage of USB-C are those of the contract, and 0 where they are not known. */
TEST(the_power_of_an_adapter_is_measured_or_none)
{
	struct linux_power_draw draw;
	struct watch *watch;

	tree_begin();
	tree_put("sys/class/power_supply/usb/type", "USB\n");
	tree_put("sys/class/power_supply/usb/current_now", "2250000\n");
	tree_put("sys/class/power_supply/usb/voltage_now", "20000000\n");
	tree_put("sys/class/power_supply/BAT0/type", "Battery\n");
	tree_put("sys/class/power_supply/BAT0/current_now", "1250000\n");
	tree_put("sys/class/power_supply/BAT0/voltage_now", "12000000\n");
	watch = open_power();
	CHECK_INT(read_named(watch, "usb", SOURCE_power_draw, &draw), STATE_NONE);
	CHECK_INT(read_named(watch, "BAT0", SOURCE_power_draw, &draw), STATE_OK);
	CHECK_INT(draw.now_uw, 15000000);
	tree_put("sys/class/power_supply/usb/power_now", "7654321\n");
	CHECK_INT(read_named(watch, "usb", SOURCE_power_draw, &draw), STATE_OK);
	CHECK_INT(draw.now_uw, 7654321);
	watch_close(watch);
}

TEST(what_is_in_the_place_of_a_device_is_not_taken_for_it)
{
	struct linux_adapter_state adapter;
	struct watch *watch;
	uint32_t slot;

	tree_begin();
	tree_put("sys/class/power_supply/AC/type", "Mains\n");
	tree_put("sys/class/power_supply/AC/online", "1\n");
	tree_put("sys/class/power_supply/odd/type", "BMS\n");
	watch = open_power();
	CHECK_INT(watch->births, 1);
	slot = slot_of(watch, "AC");
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_adapter_state, &adapter), STATE_OK);
	CHECK_INT(adapter.online, 1);
	tree_put("sys/class/power_supply/AC/online", "3\n");
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_adapter_state, &adapter), STATE_FAILED);
	tree_put("sys/class/power_supply/new/type", "Mains\n");
	tree_put("sys/class/power_supply/new/online", "0\n");
	char command[256];
	snprintf(command, sizeof command,
		"cd %s/sys/class/power_supply && mv AC ../old && mv new AC", tree_root);
	CHECK_INT(system(command), 0);
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_adapter_state, &adapter), SAMPLE_GONE);
	watch_close(watch);
}

TESTS(CASE(a_meter_begins_with_what_its_counter_has), CASE(a_meter_wraps_around),
	CASE(a_meter_that_begins_anew_has_not_wrapped),
	CASE(a_meter_that_may_have_wrapped_unseen_says_so),
	CASE(a_reading_beyond_the_range_is_none), CASE(amounts_are_converted_or_impossible),
	CASE(a_host_without_any_meter_says_so), CASE(a_package_that_shows_twice_is_one),
	CASE(energy_that_may_not_be_read_is_denied_and_says_what_to_do),
	CASE(energy_is_added_up_and_garbage_fails_alone),
	CASE(a_limit_that_is_switched_off_is_none),
	CASE(sensors_of_gpus_and_batteries_are_no_meters),
	CASE(a_sensor_that_sleeps_is_not_woken), CASE(a_sensor_that_may_not_be_read_is_denied),
	CASE(a_battery_counts_charge_at_the_voltage_that_it_was_made_for),
	CASE(details_that_a_battery_does_not_know_are_none),
	CASE(the_power_of_an_adapter_is_measured_or_none),
	CASE(what_is_in_the_place_of_a_device_is_not_taken_for_it))

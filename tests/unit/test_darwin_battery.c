/* Table POWER on simulated Macs: the battery, the adapter and the rails of the board. */
#include <math.h>

#include "darwin/power/power.h"
#include "darwin_cell.h"

#define NONE   ABSENT_U64(STATE_NONE)
#define MINUTE UINT64_C(60000000000)

static struct watch *open_at(const char *machine)
{
	struct watch *watch;

	sim_boot(machine);
	watch = watch_open_table(TABLE_POWER, NULL, NULL);
	watch_list(watch);
	return watch;
}

static void done(struct watch *watch)
{
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static uint32_t row(struct watch *watch, const char *name)
{
	uint32_t slot = cell_find(watch, "name", name);

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "there is no %s", name);
	return slot;
}

static uint64_t value(struct watch *watch, const char *name, const char *attribute)
{
	return cell_u64(watch, row(watch, name), attribute);
}

/* With a sign: what is absent stays INT64_MIN and its state. */
static int64_t signed_value(struct watch *watch, const char *attribute)
{
	struct darwin_battery_gauge gauge;

	if (watch_read_slot(watch, row(watch, "battery"), SOURCE_battery_gauge, &gauge))
		return 4711;
	return strcmp(attribute, "current") == 0   ? gauge.milliamperes
	       : strcmp(attribute, "voltage") == 0 ? gauge.millivolts
						   : gauge.millicelsius;
}

TEST(a_battery_that_is_discharged)
{
	struct watch *watch = open_at("m1");
	uint32_t battery = row(watch, "battery");

	CHECK_TEXT(cell_text(watch, battery, "kind"), "battery");
	CHECK_TEXT(cell_text(watch, battery, "battery.status"), "discharging");
	CHECK(fabs(cell_f64(watch, battery, "battery.level") - 0.81) < 1e-9);
	/* mAh * 11586 mV * 3600000: 6974, 8747 and 8579 */
	CHECK_INT(value(watch, "battery", "battery.energy"), 290882750400000);
	CHECK_INT(value(watch, "battery", "battery.full"), 364833871200000);
	CHECK_INT(value(watch, "battery", "battery.design"), 357826658400000);
	CHECK_INT(value(watch, "battery", "battery.time_left"), 221 * MINUTE);
	CHECK_INT(value(watch, "battery", "battery.time_to_full"), NONE);
	CHECK_INT(value(watch, "battery", "battery.cycles"), 87);
	CHECK_TEXT(cell_text(watch, battery, "battery.model"), "bq40z651");
	CHECK_TEXT(cell_text(watch, battery, "battery.manufacturer"), "");
	CHECK_INT(signed_value(watch, "current"), -1889); /* 2^64 - 1889 in the registry */
	CHECK_INT(signed_value(watch, "voltage"), 11586);
	CHECK_INT(signed_value(watch, "temperature"), 30600);
	/* 1889 mA * 11586 mV = 21885954 µW, in mW */
	CHECK_INT(value(watch, "battery", "power.now"), 21885);
	CHECK_INT(value(watch, "battery", "in_total"), NONE);
	CHECK_INT(value(watch, "adapter", "adapter.online"), 0);
	CHECK_INT(value(watch, "adapter", "adapter.rating"), NONE);
	CHECK_TEXT(cell_text(watch, row(watch, "adapter"), "adapter.model"), "");
	/* what a row is not */
	CHECK_INT(value(watch, "battery", "adapter.online"), NONE);
	CHECK_INT(value(watch, "adapter", "battery.energy"), NONE);
	CHECK_INT(value(watch, "system", "battery.cycles"), NONE);
	done(watch);
}

TEST(a_battery_that_is_charged)
{
	struct watch *watch = open_at("m4-pro");
	uint32_t battery = row(watch, "battery");

	CHECK_TEXT(cell_text(watch, battery, "battery.status"), "charging");
	CHECK_INT(value(watch, "battery", "battery.time_left"), NONE);
	CHECK_INT(value(watch, "battery", "battery.time_to_full"), 75 * MINUTE);
	CHECK_INT(
		value(watch, "battery", "battery.energy"), 225000000000000); /* 5000 * 12500 */
	CHECK_INT(signed_value(watch, "current"), 2512);
	CHECK_INT(value(watch, "battery", "power.now"), 31400); /* 2512 * 12500 µW */
	CHECK_INT(value(watch, "adapter", "adapter.online"), 1);
	CHECK_INT(value(watch, "adapter", "adapter.rating"), 100000);
	CHECK_TEXT(cell_text(watch, row(watch, "adapter"), "adapter.model"), "pd charger");
	CHECK_INT(value(watch, "adapter", "power.now"), 62500); /* PDTR */
	done(watch);
}

/* In mAh; numbers of 32 bits, and a current of 16. */
TEST(a_battery_of_an_intel)
{
	struct watch *watch = open_at("intel");
	uint32_t battery = row(watch, "battery");

	CHECK_TEXT(cell_text(watch, battery, "battery.status"), "full");
	CHECK(fabs(cell_f64(watch, battery, "battery.level") - 0.96) < 1e-9); /* 6000 / 6250 */
	/* * 12800 mV * 3600000 */
	CHECK_INT(value(watch, "battery", "battery.energy"), 276480000000000);
	CHECK_INT(value(watch, "battery", "battery.full"), 288000000000000);
	CHECK_INT(value(watch, "battery", "battery.design"), 307307520000000);
	CHECK_INT(signed_value(watch, "current"), 64200 - 65536);
	CHECK_TEXT(cell_text(watch, battery, "battery.manufacturer"), "SMP");
	CHECK_INT(value(watch, "adapter", "adapter.rating"), 87000);
	CHECK_TEXT(cell_text(watch, row(watch, "adapter"), "adapter.model"),
		"87W USB-C Power Adapter");
	CHECK_INT(value(watch, "adapter", "power.now"), 0);
	sim_set("entry", "710", "FullyCharged", "bool no");
	CHECK_TEXT(cell_text(watch, battery, "battery.status"), "not charging");
	done(watch);
}

/* macOS 27 has them in BatteryData alone: 2994, 5793 and 5760 mAh at 10 V. */
TEST(a_battery_of_macos_27)
{
	struct watch *watch = open_at("m5-max");

	CHECK_INT(value(watch, "battery", "battery.energy"), 107784000000000);
	CHECK_INT(value(watch, "battery", "battery.full"), 208548000000000);
	CHECK_INT(value(watch, "battery", "battery.design"), 207360000000000);
	CHECK_INT(value(watch, "battery", "battery.cycles"), 5);
	CHECK_INT(signed_value(watch, "current"), -800); /* there is but Amperage */
	CHECK(fabs(cell_f64(watch, row(watch, "battery"), "battery.level") - 0.54) < 1e-9);
	done(watch);
}

/* Nothing that is not there is 0, and nothing that cannot be is shown. */
TEST(properties_that_are_missing_or_wrong)
{
	static const char *const keys[] = {"AppleRawCurrentCapacity", "AppleRawMaxCapacity",
		"DesignCapacity", "CycleCount", "InstantAmperage", "Amperage", "Temperature",
		"CurrentCapacity", "AvgTimeToEmpty", "DeviceName", "ExternalConnected"};
	struct watch *watch = open_at("m1");

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		sim_set("entry", "710", keys[i], NULL);
	CHECK_INT(value(watch, "battery", "battery.energy"), NONE);
	CHECK_INT(value(watch, "battery", "battery.full"), NONE);
	CHECK_INT(value(watch, "battery", "battery.design"), NONE);
	CHECK_INT(value(watch, "battery", "battery.cycles"), NONE);
	CHECK_INT(value(watch, "battery", "battery.time_left"), NONE);
	CHECK_INT(value(watch, "battery", "power.now"), NONE);
	CHECK_INT(value(watch, "adapter", "adapter.online"), NONE);
	CHECK(isnan(cell_f64(watch, row(watch, "battery"), "battery.level")));
	CHECK_INT(signed_value(watch, "current"), ABSENT_I64(STATE_NONE));
	CHECK_INT(signed_value(watch, "temperature"), ABSENT_I64(STATE_NONE));
	CHECK_TEXT(cell_text(watch, row(watch, "battery"), "battery.model"), "");
	sim_add("[entry 710]\nVoltage = u64 0\nTemperature = i64 -9223372036854775808\n"
		"InstantAmperage = i64 -9223372036854775808\nAppleRawMaxCapacity = u64 0\n"
		"CurrentCapacity = u64 101\nMaxCapacity = u64 100\nCycleCount = text many\n"
		"AvgTimeToEmpty = u64 0\n");
	CHECK_INT(signed_value(watch, "voltage"), ABSENT_I64(STATE_NONE));
	CHECK_INT(signed_value(watch, "current"), ABSENT_I64(STATE_NONE));
	CHECK_INT(signed_value(watch, "temperature"), ABSENT_I64(STATE_NONE));
	CHECK_INT(value(watch, "battery", "battery.full"), NONE);
	CHECK_INT(value(watch, "battery", "battery.cycles"), NONE);
	CHECK_INT(value(watch, "battery", "battery.time_left"), NONE);
	CHECK(isnan(cell_f64(watch, row(watch, "battery"), "battery.level")));
	sim_add("[entry 710]\nInstantAmperage = u64 4294965796\n"); /* 2^32 - 1500 */
	CHECK_INT(signed_value(watch, "current"), -1500);
	done(watch);
}

TEST(a_mac_without_a_battery)
{
	struct watch *watch = open_at("m1-ultra");
	const struct provider *provider = watch->provider;
	enum cell_state state = STATE_OK;

	CHECK_INT(cell_find(watch, "name", "battery"), NO_ROW);
	CHECK_INT(cell_find(watch, "name", "adapter"), NO_ROW);
	CHECK(provider->unsupported(provider->context, SOURCE_battery_charge, &state));
	CHECK_INT(state, STATE_UNSUPPORTED);
	CHECK(provider->unsupported(provider->context, SOURCE_adapter_state, &state));
	/* the driver is there, and says that there is none */
	sim_add("[entry 710]\nclass = AppleSmartBattery\nBatteryInstalled = bool no\n");
	CHECK(provider->unsupported(provider->context, SOURCE_battery_gauge, &state));
	sim_set("entry", "710", "BatteryInstalled", "bool yes");
	CHECK(!provider->unsupported(provider->context, SOURCE_battery_gauge, &state));
	done(watch);
}

TEST(a_battery_that_goes)
{
	struct watch *watch = open_at("m1");
	uint32_t battery = row(watch, "battery");

	sim_remove("entry", "710");
	CHECK_INT(cell_u64(watch, battery, "battery.energy"), NONE);
	CHECK_INT(cell_u64(watch, battery, "battery.cycles"), NONE);
	CHECK_INT(cell_u64(watch, battery, "power.now"), NONE);
	CHECK_INT(signed_value(watch, "current"), 4711);
	CHECK_INT(cell_u64(watch, row(watch, "adapter"), "adapter.online"), NONE);
	done(watch);
}

/* ------------------------------------------------------------------------------ the board */

TEST(rails_of_the_board)
{
	struct watch *watch = open_at("m1");

	CHECK_TEXT(cell_text(watch, row(watch, "system"), "kind"), "smc");
	CHECK_INT(value(watch, "system", "power.now"), 12750);
	CHECK_INT(value(watch, "DC input", "power.now"), 25500);
	CHECK_INT(value(watch, "battery rail", "power.now"), 125);
	CHECK_INT(value(watch, "system", "in_total"), 0);
	CHECK_INT(value(watch, "DC input", "in_total"), NONE);
	CHECK_INT(cell_find(watch, "name", "backlight"), NO_ROW);
	done(watch);
}

TEST(rails_of_an_intel)
{
	struct watch *watch = open_at("intel");

	CHECK_INT(value(watch, "system", "power.now"), 21500);
	CHECK_INT(value(watch, "CPU, high side", "power.now"), 12500);
	CHECK_INT(value(watch, "CPU cores", "power.now"), 8250);
	done(watch);
}

TEST(a_rail_that_says_what_cannot_be)
{
	struct watch *watch = open_at("m1");

	sim_set("smc", "", "PSTR", "flt nan");
	sim_set("smc", "", "PDTR", "flt 90000");
	sim_set("smc", "", "PPBR", "flt -3.5"); /* it is charged */
	CHECK_INT(value(watch, "system", "power.now"), NONE);
	CHECK_INT(value(watch, "DC input", "power.now"), NONE);
	CHECK_INT(value(watch, "battery rail", "power.now"), 3500);
	sim_fail("smc", 5, 0x50535452, (int)0xE00002D6, 1);
	CHECK_INT(value(watch, "system", "power.now"), ABSENT_U64(STATE_FAILED));
	done(watch);
}

TEST(without_an_smc)
{
	struct watch *watch = open_at("vm");

	CHECK_INT(cell_find(watch, "name", "system"), NO_ROW);
	done(watch);
	sim_boot("m1");
	sim_fail("IOServiceOpen", -1, -1, (int)0xE00002E2, 1);
	watch = watch_open_table(TABLE_POWER, NULL, NULL);
	watch_list(watch);
	CHECK_INT(cell_find(watch, "name", "system"), NO_ROW);
	CHECK_INT(value(watch, "adapter", "power.now"), NONE);
	CHECK_INT(value(watch, "battery", "power.now"), 21885);
	done(watch);
}

/* What there is is found once; then a call a value. */
TEST(calls)
{
	struct watch *watch = open_at("m1");

	sim_forget_calls();
	watch_list(watch);
	value(watch, "system", "power.now");
	CHECK_INT(sim_calls("smc", 9), 0);
	CHECK_INT(sim_calls("smc", 5), 1);
	CHECK_INT(sim_calls("IOServiceOpen", -1), 0);
	done(watch);
}

TESTS(CASE(a_battery_that_is_discharged), CASE(a_battery_that_is_charged),
	CASE(a_battery_of_an_intel), CASE(a_battery_of_macos_27),
	CASE(properties_that_are_missing_or_wrong), CASE(a_mac_without_a_battery),
	CASE(a_battery_that_goes), CASE(rails_of_the_board), CASE(rails_of_an_intel),
	CASE(a_rail_that_says_what_cannot_be), CASE(without_an_smc), CASE(calls));

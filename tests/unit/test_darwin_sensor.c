/* Table SENSOR on simulated Macs: which sensors there are, what they are called, and what they say. */
#include <math.h>

#include "darwin/sensor/sensor.h"
#include "darwin_listed.h"

#define CALL     "smc"
#define ALL      ((1U << SENSOR_SOURCE_COUNT) - 1)
#define BIT(one) (1U << SOURCE_sensor##one)

enum { READ = 5, INDEX = 8, INFO = 9 };

static struct watch *open_at(const char *machine)
{
	struct watch *watch;

	sim_boot(machine);
	watch = watch_open_table(TABLE_SENSOR, NULL, NULL);
	return watch;
}

static struct watch *look_at(const char *machine)
{
	struct watch *watch = open_at(machine);

	CHECK_INT(listed_look(watch, ALL), STATE_OK);
	return watch;
}

static void done(struct watch *watch)
{
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static struct darwin_sensor who(struct watch *watch, uint32_t slot)
{
	struct darwin_sensor sample;

	CHECK_INT(watch_read_slot(watch, slot, SOURCE_sensor, &sample), STATE_OK);
	return sample;
}

/* The row of that label and kind, or NO_ROW. */
static uint32_t find_row(struct watch *watch, const char *label, const char *kind)
{
	for (uint32_t i = 0; i < watch->count; i++) {
		if (!watch->rows[i].alive)
			continue;
		struct darwin_sensor sample = who(watch, i);
		if (strcmp(watch_text(&sample.label), label) == 0 &&
			strcmp(watch_text(&sample.kind), kind) == 0)
			return i;
	}
	return NO_ROW;
}

static uint32_t row(struct watch *watch, const char *label, const char *kind)
{
	uint32_t slot = find_row(watch, label, kind);

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "there is no %s %s", kind, label);
	return slot;
}

static const char *name_of(struct watch *watch, const char *label, const char *kind)
{
	struct darwin_sensor sample = who(watch, row(watch, label, kind));

	return watch_text(&sample.name);
}

/* In thousandths; a state that is none as 1000000 + it. */
static int64_t number(struct watch *watch, const char *label, const char *kind, uint32_t source)
{
	int64_t value = 0;
	int state = watch_read_slot(watch, row(watch, label, kind), source, &value);

	return state == STATE_OK ? value : 1000000 + state;
}

#define TEMPERATURE(watch, label) number(watch, label, "temperature", SOURCE_sensor_temperature)

TEST(names_of_an_m1)
{
	struct watch *watch = look_at("m1");

	CHECK_TEXT(name_of(watch, "Tp01", "temperature"), "CPU performance cores 1");
	CHECK_TEXT(name_of(watch, "Tp09", "temperature"), "CPU efficiency cores 1");
	CHECK_TEXT(name_of(watch, "Tg05", "temperature"), "GPU 1");
	CHECK_TEXT(name_of(watch, "TCMz", "temperature"), "CPU, hottest place");
	CHECK_TEXT(name_of(watch, "TB1T", "temperature"), "battery 1");
	CHECK_TEXT(name_of(watch, "TH0x", "temperature"), "SSD 0, highest");
	CHECK_TEXT(name_of(watch, "TH0a", "temperature"), "SSD TH0a");
	CHECK_TEXT(name_of(watch, "TC10", "temperature"), "TC10"); /* nobody knows */
	CHECK_TEXT(name_of(watch, "VD0R", "voltage"), "adapter voltage");
	CHECK_TEXT(name_of(watch, "F0Ac", "fan"), "fan 1");
	CHECK_TEXT(name_of(watch, "PMU tdie1", "temperature"), "SoC die 1");
	CHECK_TEXT(name_of(watch, "PMU TP3w", "temperature"), "PMU TP3w");
	struct darwin_sensor pressure = who(watch, find_row(watch, "", "cooling"));
	CHECK_TEXT(watch_text(&pressure.name), "thermal pressure");
	CHECK_INT(pressure.label.state, STATE_NONE);
	struct darwin_sensor die = who(watch, row(watch, "PMU tdie1", "temperature"));
	CHECK_TEXT(watch_text(&die.chip), "HID");
	done(watch);
}

TEST(values_of_an_m1)
{
	struct watch *watch = look_at("m1");

	CHECK_INT(TEMPERATURE(watch, "Tp01"), 45500);
	CHECK_INT(TEMPERATURE(watch, "TCMb"), 47524); /* 47.52415 */
	CHECK_INT(TEMPERATURE(watch, "TB0T"), 31600); /* 31.59999 */
	CHECK_INT(TEMPERATURE(watch, "PMU TP3w"), 37125);
	CHECK_INT(number(watch, "VD0R", "voltage", SOURCE_sensor_voltage), 20125);
	CHECK_INT(number(watch, "ID0R", "current", SOURCE_sensor_current), 1250);
	CHECK_INT(
		number(watch, "PMU vbuck0", "voltage", SOURCE_sensor_voltage), 813); /* 812.5 */
	CHECK_INT(number(watch, "PMU ibuck0", "current", SOURCE_sensor_current), -1500);
	/* what a row is not: it has no such value */
	CHECK_INT(number(watch, "VD0R", "voltage", SOURCE_sensor_temperature),
		1000000 + STATE_NONE);
	CHECK_INT(number(watch, "Tp01", "temperature", SOURCE_sensor_current),
		1000000 + STATE_NONE);
	CHECK_INT(
		number(watch, "Tp01", "temperature", SOURCE_sensor_fan), 1000000 + STATE_NONE);
	CHECK_INT(
		number(watch, "Tp01", "temperature", SOURCE_sensor_duty), 1000000 + STATE_NONE);
	done(watch);
}

TEST(fans_of_an_m1)
{
	struct watch *watch = look_at("m1");
	struct darwin_sensor_limits limits;

	CHECK_INT(number(watch, "F0Ac", "fan", SOURCE_sensor_fan), 1331); /* 1330.5 */
	CHECK_INT(number(watch, "F0Ac", "fan", SOURCE_sensor_target), 1320);
	CHECK_INT(number(watch, "F1Ac", "fan", SOURCE_sensor_fan), 0); /* it stands still */
	watch_read_slot(watch, row(watch, "F0Ac", "fan"), SOURCE_sensor_limits, &limits);
	CHECK_INT(limits.fan_min, 1200);
	CHECK_INT(limits.fan_max, 5779);
	CHECK_INT(limits.cooling_max, ABSENT_U64(STATE_NONE));
	watch_read_slot(
		watch, row(watch, "Tp01", "temperature"), SOURCE_sensor_limits, &limits);
	CHECK_INT(limits.fan_max, ABSENT_U64(STATE_NONE));
	done(watch);
}

/* 0 and 6.7 degrees of cores that sleep, and what never says anything. */
TEST(what_cannot_be_is_no_row)
{
	struct watch *watch = look_at("m1");

	CHECK_INT(find_row(watch, "Tp0X", "temperature"), NO_ROW);
	CHECK_INT(find_row(watch, "Tp0b", "temperature"), NO_ROW);
	CHECK_INT(find_row(watch, "TH1a", "temperature"), NO_ROW);
	CHECK_INT(find_row(watch, "PMU tdev4", "temperature"), NO_ROW);
	CHECK_INT(find_row(watch, "TR0Z", "temperature"), NO_ROW);
	CHECK_INT(find_row(watch, "PMU tcal", "temperature"), NO_ROW);
	CHECK_INT(find_row(watch, "VRTC", "voltage"), NO_ROW); /* a whole number */
	done(watch);
}

/* The battery's gauge and the SSD are services of HID as well. */
TEST(no_sensor_is_there_twice)
{
	struct watch *watch = look_at("m1");

	CHECK_INT(find_row(watch, "gas gauge battery", "temperature"), NO_ROW);
	CHECK_INT(find_row(watch, "NAND CH0 temp", "temperature"), NO_ROW);
	/* 1 pressure; 2 fans; of the SMC 16 temperatures but for TR0Z, Tp0X, Tp0b and TH1a, 1 voltage,
	 * 1 current; of HID 2 temperatures, 1 voltage, 1 current */
	CHECK_INT(listed_rows(watch), 1 + 2 + (17 - 4) + 2 + 4);
	done(watch);
}

TEST(services_of_the_same_name_are_one)
{
	struct watch *watch = look_at("m1");

	CHECK_INT(TEMPERATURE(watch, "PMU tdie1"), 38000); /* of 37.5 and 38.5 */
	sim_set("hid", "3", "event", NULL);
	listed_look(watch, ALL);
	CHECK_INT(TEMPERATURE(watch, "PMU tdie1"), 37500);
	sim_set("hid", "2", "event", "15 150");
	listed_look(watch, ALL);
	CHECK_INT(TEMPERATURE(watch, "PMU tdie1"), 1000000 + STATE_NONE);
	done(watch);
}

TEST(a_row_stays_when_its_sensor_falls_asleep)
{
	struct watch *watch = look_at("m1");

	sim_set("smc", "", "Tp01", "flt 6.7");
	sim_set("smc", "", "Tg05", "flt nan");
	sim_set("smc", "", "TB1T", "flt 129");
	sim_set("smc", "", "TCMb", "flt error 0x85");
	sim_set("smc", "", "TCMz", NULL);
	listed_look(watch, ALL);
	CHECK_INT(TEMPERATURE(watch, "Tp01"), 1000000 + STATE_NONE);
	CHECK_INT(TEMPERATURE(watch, "Tg05"), 1000000 + STATE_NONE);
	CHECK_INT(TEMPERATURE(watch, "TB1T"), 1000000 + STATE_NONE);
	CHECK_INT(TEMPERATURE(watch, "TCMb"), 1000000 + STATE_FAILED);
	CHECK_INT(TEMPERATURE(watch, "TCMz"), 1000000 + STATE_NONE);
	sim_set("smc", "", "Tp01", "flt 44");
	listed_look(watch, ALL);
	CHECK_INT(TEMPERATURE(watch, "Tp01"), 44000);
	done(watch);
}

TEST(a_row_comes_when_its_sensor_wakes_up)
{
	struct watch *watch = look_at("m1");

	sim_set("smc", "", "Tp0X", "flt 43");
	for (int i = 0; i < 16; i++)
		listed_look(watch, BIT());
	CHECK_TEXT(name_of(watch, "Tp0X", "temperature"), "CPU performance cores 7");
	listed_look(watch, BIT(_temperature));
	CHECK_INT(TEMPERATURE(watch, "Tp0X"), 43000);
	done(watch);
}

/* What is on the desk at 10 degrees is not broken, and what is inside of a processor is. */
TEST(how_cold_it_may_be)
{
	struct watch *watch = open_at("m1");

	sim_set("smc", "", "TAOL", "flt 10");
	sim_set("smc", "", "TCMb", "flt 10");
	listed_look(watch, ALL);
	CHECK_INT(TEMPERATURE(watch, "TAOL"), 10000);
	CHECK_INT(find_row(watch, "TCMb", "temperature"), NO_ROW);
	done(watch);
}

TEST(pressure)
{
	struct watch *watch = look_at("m5-max");
	struct darwin_sensor_limits limits;

	CHECK_INT(number(watch, "", "cooling", SOURCE_sensor_cooling), 2);
	watch_read_slot(watch, row(watch, "", "cooling"), SOURCE_sensor_limits, &limits);
	CHECK_INT(limits.cooling_max, 4);
	CHECK_INT(limits.fan_max, ABSENT_U64(STATE_NONE));
	sim_set("notify", "", "com.apple.system.thermalpressurelevel", "5");
	listed_look(watch, ALL);
	CHECK_INT(number(watch, "", "cooling", SOURCE_sensor_cooling),
		(int64_t)ABSENT_U64(STATE_FAILED));
	sim_fail("notify_get_state", -1, -1, 1, 1);
	listed_look(watch, ALL);
	CHECK_INT(number(watch, "", "cooling", SOURCE_sensor_cooling),
		(int64_t)ABSENT_U64(STATE_FAILED));
	CHECK_TEXT(thermal_word(3), "trapping");
	CHECK(!thermal_word(5));
	done(watch);
	sim_fail("notify_register_check", -1, -1, 1, 1);
	watch = look_at("vm");
	CHECK_INT(number(watch, "", "cooling", SOURCE_sensor_cooling), 0);
	done(watch);
	sim_boot("vm");
	sim_fail("notify_register_check", -1, -1, 1, 1);
	watch = watch_open_table(TABLE_SENSOR, NULL, NULL);
	listed_look(watch, ALL);
	CHECK_INT(number(watch, "", "cooling", SOURCE_sensor_cooling),
		(int64_t)ABSENT_U64(STATE_FAILED));
	done(watch);
}

/* ------------------------------------------------------------------------ other machines */

TEST(an_m4_pro)
{
	struct watch *watch = look_at("m4-pro");

	CHECK_TEXT(name_of(watch, "Te0S", "temperature"), "CPU efficiency cores 2");
	CHECK_TEXT(name_of(watch, "Tg1U", "temperature"), "GPU 3");
	CHECK_TEXT(name_of(watch, "Ts1P", "temperature"), "Ts1P"); /* no core of this chip */
	CHECK_TEXT(name_of(watch, "TG0C", "temperature"), "battery gauge TG0C");
	CHECK_INT(TEMPERATURE(watch, "TG0C"), 30000);
	CHECK_INT(find_row(watch, "Tp0V", "temperature"), NO_ROW); /* 8.3 */
	/* HID says where they are, which is a key of the SMC */
	CHECK_INT(find_row(watch, "PMU tdie1", "temperature"), NO_ROW);
	CHECK_INT(TEMPERATURE(watch, "PMU tdie2"), 36500);
	CHECK_INT(number(watch, "F0Ac", "fan", SOURCE_sensor_fan), 2317);
	double duty = 0;
	CHECK_INT(watch_read_slot(watch, row(watch, "F0Ac", "fan"), SOURCE_sensor_duty, &duty),
		STATE_OK);
	CHECK(fabs(duty - 0.25) < 1e-9);
	done(watch);
}

TEST(an_m5_max)
{
	struct watch *watch = look_at("m5-max");

	/* 0x422A3000: 2^5 * (1 + 0x2A3000 / 2^23) = 42.546875 */
	CHECK_INT(TEMPERATURE(watch, "Tp00"), 42547);
	CHECK_TEXT(name_of(watch, "Tp00", "temperature"), "CPU Tp00");
	CHECK_TEXT(name_of(watch, "Ts0P", "temperature"), "CPU super cores Ts0P");
	CHECK_TEXT(name_of(watch, "Tm0p", "temperature"), "memory Tm0p");
	done(watch);
}

TEST(an_m1_ultra)
{
	struct watch *watch = look_at("m1-ultra");

	CHECK_INT(TEMPERATURE(watch, "PMU tdie1"), 41500); /* of 40 and 43, one a die */
	CHECK_INT(find_row(watch, "GPU MTR Temp Sensor1", "temperature"), NO_ROW);
	CHECK_INT(find_row(watch, "noname", "temperature"), NO_ROW);
	CHECK_INT(number(watch, "F1Ac", "fan", SOURCE_sensor_fan), 1329); /* 1329.25 */
	done(watch);
}

TEST(an_m2_pro)
{
	struct watch *watch = look_at("m2-pro");

	CHECK_INT(find_row(watch, "Tp01", "temperature"), NO_ROW); /* 6.7 */
	CHECK_INT(find_row(watch, "Tp02", "temperature"), NO_ROW); /* 8.425 */
	CHECK_TEXT(name_of(watch, "Tp1h", "temperature"), "CPU efficiency cores 1");
	CHECK_TEXT(name_of(watch, "TCDX", "temperature"), "TCDX");
	CHECK_INT(TEMPERATURE(watch, "PMU TP1g"), 35250);
	CHECK_INT(find_row(watch, "F0Ac", "fan"), NO_ROW);
	done(watch);
}

TEST(an_m3_max)
{
	struct watch *watch = look_at("m3-max");

	CHECK_TEXT(name_of(watch, "Tf04", "temperature"), "CPU performance cores 1");
	CHECK_TEXT(name_of(watch, "Tf14", "temperature"), "GPU 1");
	CHECK_INT(TEMPERATURE(watch, "PMU tdie1"), 40250); /* of 40 and 40.5 */
	CHECK_INT(find_row(watch, "Tf4E", "temperature"), NO_ROW);
	done(watch);
}

TEST(an_a18)
{
	struct watch *watch = look_at("a18");

	CHECK_TEXT(name_of(watch, "Te05", "temperature"), "CPU efficiency cores Te05");
	CHECK_INT(TEMPERATURE(watch, "Tg0G"), 33500);
	done(watch);
}

TEST(an_intel)
{
	struct watch *watch = look_at("intel");

	CHECK_TEXT(name_of(watch, "TC1C", "temperature"), "CPU core 1");
	CHECK_TEXT(name_of(watch, "TG0P", "temperature"), "GPU proximity");
	CHECK_TEXT(name_of(watch, "F0Ac", "fan"), "fan Left side");
	CHECK_TEXT(name_of(watch, "F1Ac", "fan"), "fan Right side");
	CHECK_INT(TEMPERATURE(watch, "TC0D"), 61250);
	CHECK_INT(find_row(watch, "TC7C", "temperature"), NO_ROW);        /* -127 */
	CHECK_INT(find_row(watch, "TW0P", "temperature"), NO_ROW);        /* 129 */
	CHECK_INT(find_row(watch, "TG0D", "temperature"), NO_ROW);        /* -70 */
	CHECK_INT(number(watch, "F0Ac", "fan", SOURCE_sensor_fan), 2160); /* 2160.25 */
	CHECK_INT(number(watch, "F1Ac", "fan", SOURCE_sensor_fan), 1999); /* 1998.5 */
	CHECK_INT(number(watch, "VC0C", "voltage", SOURCE_sensor_voltage), 875);
	CHECK_INT(number(watch, "IC0R", "current", SOURCE_sensor_current), 3500);
	CHECK_INT(find_row(watch, "ID0R", "current"), NO_ROW); /* unplugged: 0 A */
	CHECK_INT(sim_calls("IOHIDEventSystemClientCreate", -1), 0);
	done(watch);
}

TEST(a_virtual_machine)
{
	struct watch *watch = look_at("vm");
	enum cell_state state = STATE_OK;
	const struct provider *provider = watch->provider;

	CHECK_INT(listed_rows(watch), 1);
	CHECK_INT(number(watch, "", "cooling", SOURCE_sensor_cooling), 0);
	CHECK(provider->unsupported(provider->context, SOURCE_sensor_fan, &state));
	CHECK_INT(state, STATE_UNSUPPORTED);
	CHECK(!provider->unsupported(provider->context, SOURCE_sensor_cooling, &state));
	CHECK(!provider->unsupported(provider->context, SOURCE_sensor, &state));
	done(watch);
	watch = open_at("m1");
	provider = watch->provider;
	CHECK(!provider->unsupported(provider->context, SOURCE_sensor_fan, &state));
	done(watch);
}

/* ----------------------------------------------------------------------- when it does not go */

TEST(without_the_smc_there_is_hid)
{
	struct watch *watch = open_at("m1");

	sim_fail("IOServiceOpen", -1, -1, (int)0xE00002E2, 1);
	CHECK_INT(listed_look(watch, ALL), STATE_OK);
	CHECK_INT(TEMPERATURE(watch, "gas gauge battery"), 31600);
	CHECK_TEXT(name_of(watch, "gas gauge battery", "temperature"), "battery");
	CHECK_TEXT(name_of(watch, "NAND CH0 temp", "temperature"), "SSD channel 0 temp");
	CHECK_INT(find_row(watch, "Tp01", "temperature"), NO_ROW);
	done(watch);
}

TEST(without_hid_there_is_the_smc)
{
	static const char *const absent[] = {
		"[dl]\n/System/Library/Frameworks/IOKit.framework/IOKit = missing\n",
		"[dl]\nIOHIDServiceClientCopyEvent = missing\n",
		"[hid]\nrefused = 1\n",
	};

	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
		struct watch *watch = open_at("m1");
		sim_add(absent[i]);
		CHECK_INT(listed_look(watch, ALL), STATE_OK);
		CHECK_INT(TEMPERATURE(watch, "Tp01"), 45500);
		CHECK_INT(find_row(watch, "PMU tdie1", "temperature"), NO_ROW);
		done(watch);
	}
}

/* The keys cannot be counted now: next time. Until then nothing of HID is shown either, which may be
 * the same. */
TEST(an_smc_that_answers_later)
{
	struct watch *watch = open_at("m1");

	sim_fail(CALL, INFO, 0x234B4559, (int)0xE00002D6, 1);
	CHECK_INT(listed_look(watch, ALL), STATE_OK);
	CHECK_INT(listed_rows(watch), 1);
	CHECK_INT(listed_look(watch, ALL), STATE_OK);
	CHECK_INT(TEMPERATURE(watch, "Tp01"), 45500);
	done(watch);
}

TEST(a_value_that_cannot_be_read)
{
	struct watch *watch = look_at("m1");

	sim_fail(CALL, READ, 0x54703031, (int)0xE00002D6, 1); /* Tp01 */
	sim_fail(CALL, READ, 0x46304163, (int)0xE00002E2, 1); /* F0Ac */
	listed_look(watch, ALL);
	CHECK_INT(TEMPERATURE(watch, "Tp01"), 1000000 + STATE_FAILED);
	CHECK_INT(number(watch, "F0Ac", "fan", SOURCE_sensor_fan),
		(int64_t)ABSENT_U64(STATE_DENIED));
	listed_look(watch, ALL);
	CHECK_INT(TEMPERATURE(watch, "Tp01"), 45500);
	done(watch);
}

/* ------------------------------------------------------------------------------- how often */

TEST(asks_for_what_is_wanted)
{
	struct watch *watch = look_at("m1");

	sim_forget_calls();
	CHECK_INT(listed_look(watch, BIT(_temperature)), STATE_OK);
	/* 13 temperatures of the SMC that live; 2 of HID, of which one is two services */
	CHECK_INT(sim_calls(CALL, READ), 13);
	CHECK_INT(sim_calls("IOHIDServiceClientCopyEvent", -1), 3);
	CHECK_INT(sim_calls(CALL, INDEX), 0);
	CHECK_INT(sim_calls(CALL, INFO), 0);
	CHECK_INT(sim_calls("notify_get_state", -1), 0);
	sim_forget_calls();
	CHECK_INT(listed_look(watch, BIT(_fan)), STATE_OK);
	CHECK_INT(sim_calls(CALL, READ), 2);
	CHECK_INT(sim_calls("IOConnectCallStructMethod", -1), 2);
	CHECK_INT(sim_all_calls(), 2 + 2);
	CHECK_INT(listed_look(watch, BIT(_limits) | BIT(_target)), STATE_OK);
	CHECK_INT(sim_calls(CALL, READ), 2 + 6);
	sim_forget_calls();
	CHECK_INT(listed_look(watch, BIT(_cooling)), STATE_OK);
	CHECK_INT(sim_all_calls(), 1);
	sim_forget_calls();
	CHECK_INT(listed_look(watch, BIT()), STATE_OK);
	CHECK_INT(sim_all_calls(), 0);
	done(watch);
}

/* Who closes the table and opens it again asks for values, not for keys. */
TEST(keys_are_found_once)
{
	struct watch *watch = look_at("m1");

	watch->provider->close(watch->handle);
	memset(watch->rows, 0, watch->count * sizeof *watch->rows);
	watch->count = watch->usable_count = watch->released_count = 0;
	CHECK_INT(sim_held(), 0);
	sim_forget_calls();
	struct target target = {0};
	CHECK_INT(watch->provider->open(watch->provider->context, &target, &watch->handle), 0);
	CHECK_INT(listed_look(watch, BIT(_temperature)), STATE_OK);
	CHECK_INT(sim_calls(CALL, INDEX), 0);
	CHECK_INT(sim_calls(CALL, INFO), 0);
	CHECK_INT(sim_calls("IOServiceOpen", -1), 1);
	done(watch);
}

/* A job that comes back when nobody is there any more. */
TEST(a_job_outlives_the_table)
{
	struct watch *watch = open_at("m1");
	struct job job = {
		.slot = UINT32_MAX, .source = SOURCE_LISTING, .provider = watch->provider};

	CHECK_INT(watch->provider->job_prepare(watch->handle, &job), STATE_OK);
	watch->provider->close(watch->handle);
	CHECK_INT(watch->provider->job_run(&job), STATE_OK);
	CHECK(sim_held() > 0);
	watch->provider->job_release(&job);
	CHECK_INT(sim_held(), 0);
	platform_destroy(watch->platform);
	free(watch);
}

TESTS(CASE(names_of_an_m1), CASE(values_of_an_m1), CASE(fans_of_an_m1),
	CASE(what_cannot_be_is_no_row), CASE(no_sensor_is_there_twice),
	CASE(services_of_the_same_name_are_one), CASE(a_row_stays_when_its_sensor_falls_asleep),
	CASE(a_row_comes_when_its_sensor_wakes_up), CASE(how_cold_it_may_be), CASE(pressure),
	CASE(an_m4_pro), CASE(an_m5_max), CASE(an_m1_ultra), CASE(an_m2_pro), CASE(an_m3_max),
	CASE(an_a18), CASE(an_intel), CASE(a_virtual_machine),
	CASE(without_the_smc_there_is_hid), CASE(without_hid_there_is_the_smc),
	CASE(an_smc_that_answers_later), CASE(a_value_that_cannot_be_read),
	CASE(asks_for_what_is_wanted), CASE(keys_are_found_once),
	CASE(a_job_outlives_the_table));

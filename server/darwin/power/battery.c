/*
 * Sources battery_charge, battery_details and battery_gauge. Older systems say all of it in the entry
 * itself, macOS 27 what is measured of the charge in a dictionary in it alone (BatteryData), under other
 * names: sebhildebrandt/systeminformation#1041.
 */
#include "battery.h"

#include <math.h>
#include <string.h>

#include "../registry.h"
#include "power.h"

/* 1000 Ah and 1000 V are more than any battery here has. A year has 525,600 minutes. */
enum {
	CHARGE_MAX = 1000000,
	VOLTAGE_MAX = 1000000,
	CURRENT_MAX = 1000000,
	NO_MINUTES = 65535,
	WORD_SIZE = 64,
};

#define MINUTE_NS UINT64_C(60000000000)

/* ------------------------------------------------------------------------------ the entry */

/* On desktops the driver may be there nevertheless. */
static bool is_installed(io_registry_entry_t entry)
{
	CFTypeRef value = registry_property(entry, "BatteryInstalled");
	bool installed = true;

	property_bool(value, &installed);
	property_release(value);
	return installed;
}

uint64_t battery_find(void)
{
	io_registry_entry_t entry = registry_service("AppleSmartBattery");
	uint64_t id = entry && is_installed(entry) ? registry_id(entry) : 0;

	registry_release(entry);
	return id;
}

CFDictionaryRef battery_properties(uint64_t id)
{
	CFDictionaryRef properties = NULL;
	struct registry_walk walk;

	for (registry_services(&walk, "AppleSmartBattery"); registry_next(&walk);)
		if (registry_id(walk.entry) == id && !properties)
			properties = registry_properties(walk.entry);
	return properties;
}

/* Where there is a battery there is an adapter, plugged in or not. */
void power_find_battery(struct powers *self, power_visit *visit, void *context)
{
	struct power_finding finding = {.kind = POWER_BATTERY,
		.name = "battery",
		.part_of = "",
		.in_total = ABSENT_U64(STATE_NONE),
		.number = battery_find()};

	(void)self;
	if (!finding.number)
		return;
	visit(context, &finding);
	finding.kind = POWER_ADAPTER;
	finding.name = "adapter";
	visit(context, &finding);
}

static CFTypeRef in_data(CFDictionaryRef properties, const char *key)
{
	return property_get(property_dictionary(property_get(properties, "BatteryData")), key);
}

/* A number that is not negative and below a limit. */
static bool number_up_to(CFTypeRef value, uint64_t limit, uint64_t *ret_number)
{
	return property_u64(value, ret_number) && *ret_number <= limit;
}

/* ------------------------------------------------------------------------------ electricity */

/* Less than nothing comes as a word without a sign, of 16, 32 or 64 bits: no battery has 32 A. */
static int64_t with_sign(int64_t number)
{
	if (number > INT16_MAX && number <= UINT16_MAX)
		return number - UINT16_MAX - 1;
	if (number > INT32_MAX && number <= UINT32_MAX)
		return number - UINT32_MAX - 1;
	return number;
}

bool battery_current(CFDictionaryRef properties, int64_t *ret_milliamperes)
{
	if (!property_i64(property_get(properties, "InstantAmperage"), ret_milliamperes) &&
		!property_i64(property_get(properties, "Amperage"), ret_milliamperes))
		return false;
	*ret_milliamperes = with_sign(*ret_milliamperes);
	return *ret_milliamperes > -CURRENT_MAX && *ret_milliamperes < CURRENT_MAX;
}

bool battery_voltage(CFDictionaryRef properties, int64_t *ret_millivolts)
{
	uint64_t number;

	if (!number_up_to(property_get(properties, "Voltage"), VOLTAGE_MAX, &number) ||
		number == 0)
		return false;
	*ret_millivolts = (int64_t)number;
	return true;
}

/* In hundredths of a degree. */
static int64_t temperature_of(CFDictionaryRef properties)
{
	int64_t number;

	if (!property_i64(property_get(properties, "Temperature"), &number) || number <= 0 ||
		number >= 12500)
		return ABSENT_I64(STATE_NONE);
	return number * 10;
}

/* 1 mA at 1 mV is 1 µW. */
int power_draw_battery(struct power_job *job, struct darwin_power_draw *sample)
{
	CFDictionaryRef properties = battery_properties(job->number);
	int64_t current, voltage;
	bool is_known =
		battery_current(properties, &current) && battery_voltage(properties, &voltage);

	property_release(properties);
	if (!is_known)
		return STATE_NONE;
	sample->now = (uint64_t)(current < 0 ? -current : current) * (uint64_t)voltage;
	return STATE_OK;
}

/* ----------------------------------------------------------------------------------- charge */

/*
 * A charge in mAh under the first name that there is. What is called MaxCapacity and CurrentCapacity is
 * per cent on Apple Silicon, and mAh before.
 */
static bool charge_of(CFDictionaryRef properties, const char *raw, const char *data,
	const char *old, uint64_t *ret_charge)
{
	uint64_t most;

	if (number_up_to(property_get(properties, raw), CHARGE_MAX, ret_charge) ||
		number_up_to(in_data(properties, data), CHARGE_MAX, ret_charge))
		return true;
	return property_u64(property_get(properties, "MaxCapacity"), &most) && most > 100 &&
	       number_up_to(property_get(properties, old), CHARGE_MAX, ret_charge);
}

/* 1 mAh at 1 mV is 3.6 mJ. The voltage that it was made for nobody tells. */
static uint64_t energy_of(CFDictionaryRef properties, bool is_known, uint64_t charge)
{
	int64_t voltage;

	if (!is_known || !battery_voltage(properties, &voltage))
		return ABSENT_U64(STATE_NONE);
	return charge * (uint64_t)voltage * 3600000;
}

/* A gauge that has not learnt how much it holds says 0. */
static uint64_t size_of(CFDictionaryRef properties, const char *raw, const char *data)
{
	uint64_t charge = 0;
	bool is_known = charge_of(properties, raw, data, "MaxCapacity", &charge);

	return energy_of(properties, is_known && charge > 0, charge);
}

static double level_of(CFDictionaryRef properties)
{
	uint64_t now, most;

	if (!property_u64(property_get(properties, "CurrentCapacity"), &now) ||
		!property_u64(property_get(properties, "MaxCapacity"), &most) || most == 0 ||
		now > most)
		return absent_f64(STATE_NONE);
	return (double)now / (double)most;
}

static bool is_true(CFDictionaryRef properties, const char *key)
{
	bool truth = false;

	return property_bool(property_get(properties, key), &truth) && truth;
}

static const char *status_of(CFDictionaryRef properties)
{
	if (is_true(properties, "IsCharging"))
		return "charging";
	if (!is_true(properties, "ExternalConnected"))
		return "discharging";
	return is_true(properties, "FullyCharged") ? "full" : "not charging";
}

/* In minutes; those that do not apply say 65535, or 0 until the gauge has an idea. */
static uint64_t time_of(CFDictionaryRef properties, const char *key, bool applies)
{
	uint64_t minutes;

	if (!applies || !number_up_to(property_get(properties, key), NO_MINUTES - 1, &minutes))
		return ABSENT_U64(STATE_NONE);
	return minutes ? minutes * MINUTE_NS : ABSENT_U64(STATE_NONE);
}

static void fill_charge(CFDictionaryRef properties, struct darwin_battery_charge *sample)
{
	uint64_t charge = 0;
	bool is_known = charge_of(properties, "AppleRawCurrentCapacity", "RemainingCapacity",
		"CurrentCapacity", &charge);
	const char *status = status_of(properties);

	sample->level = level_of(properties);
	sample->status = device_text(status);
	sample->energy = energy_of(properties, is_known, charge);
	sample->full = size_of(properties, "AppleRawMaxCapacity", "FullChargeCapacity");
	sample->design = size_of(properties, "DesignCapacity", "DesignCapacity");
	sample->until_empty =
		time_of(properties, "AvgTimeToEmpty", strcmp(status, "discharging") == 0);
	sample->until_full =
		time_of(properties, "AvgTimeToFull", strcmp(status, "charging") == 0);
}

/* ---------------------------------------------------------------------------------- sources */

static const char *without_battery(const struct host *host, enum cell_state *ret_state)
{
	(void)host;
	(void)ret_state;
	return battery_find() ? NULL : "this machine has no battery";
}

static int prepare(struct devices *self, void *row, void **ret_data)
{
	return power_job_prepare(self, row, POWER_IS(BATTERY), ret_data);
}

static int charge_run(void *data, struct job *job)
{
	CFDictionaryRef properties = battery_properties(((struct power_job *)data)->number);

	if (!properties)
		return STATE_NONE;
	fill_charge(properties, job->sample);
	property_release(properties);
	return STATE_OK;
}

/* Into the next part of the job's text. */
static struct sample_text text_of(CFDictionaryRef properties, const char *key, char *text)
{
	property_text(property_get(properties, key), text, WORD_SIZE);
	return device_text(text);
}

static int details_run(void *data, struct job *job)
{
	CFDictionaryRef properties = battery_properties(((struct power_job *)data)->number);
	struct darwin_battery_details *sample = job->sample;

	if (!properties)
		return STATE_NONE;
	if (!number_up_to(property_get(properties, "CycleCount"), 1000000, &sample->cycles) &&
		!number_up_to(in_data(properties, "CycleCount"), 1000000, &sample->cycles))
		sample->cycles = ABSENT_U64(STATE_NONE);
	sample->manufacturer = text_of(properties, "Manufacturer", job->text);
	sample->model = text_of(properties, "DeviceName", job->text + WORD_SIZE);
	property_release(properties);
	return STATE_OK;
}

static int gauge_run(void *data, struct job *job)
{
	CFDictionaryRef properties = battery_properties(((struct power_job *)data)->number);
	struct darwin_battery_gauge *sample = job->sample;

	if (!properties)
		return STATE_NONE;
	if (!battery_voltage(properties, &sample->millivolts))
		sample->millivolts = ABSENT_I64(STATE_NONE);
	if (!battery_current(properties, &sample->milliamperes))
		sample->milliamperes = ABSENT_I64(STATE_NONE);
	sample->millicelsius = temperature_of(properties);
	property_release(properties);
	return STATE_OK;
}

#define SOURCE(name_, text_size_, period_s)                                                    \
	const struct device_source battery_##name_##_source = {                                \
		.source = {.name = #name_,                                                     \
			.sample_size = sizeof(struct darwin_battery_##name_),                  \
			.text_size = text_size_,                                               \
			.lane = LANE_SLOW,                                                     \
			.period_ns = (period_s)*UINT64_C(1000000000)},                         \
		.unsupported = without_battery,                                                \
		.prepare = prepare,                                                            \
		.run = name_##_run,                                                            \
		.release = power_job_release,                                                  \
	};

SOURCE(charge, 0, 2)
SOURCE(details, 2 * WORD_SIZE, 60)
SOURCE(gauge, 0, 2)

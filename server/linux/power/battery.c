/*
 * Sources charge and details: what a battery says of itself. Some count energy, some only charge,
 * which is energy at the voltage that the battery was made for.
 */
#include <math.h>
#include <string.h>

#include "../sysfs.h"
#include "power.h"

/* 100 kWh, 1 kAh and 1 kV are more than any battery here has, and their products fit. */
#define ENERGY_MAX  INT64_C(100000000000)
#define CHARGE_MAX  INT64_C(1000000000)
#define VOLTAGE_MAX INT64_C(1000000000)
/* A year. */
#define SECONDS_MAX INT64_C(31536000)

enum { WORD_SIZE = 64 };

static bool is_up_to(int64_t number, int64_t limit)
{
	return number >= 0 && number <= limit;
}

/* 1 µWh is 3.6 mJ. */
uint64_t energy_of_energy(int64_t amount)
{
	return is_up_to(amount, ENERGY_MAX) ? (uint64_t)amount * 3600000
					    : ABSENT_U64(STATE_FAILED);
}

/* 1 µAh at 1 µV is 3.6 nJ. */
uint64_t energy_of_charge(int64_t amount, int64_t voltage)
{
	if (!is_up_to(amount, CHARGE_MAX) || !is_up_to(voltage, VOLTAGE_MAX))
		return ABSENT_U64(STATE_FAILED);
	return (uint64_t)amount * (uint64_t)voltage / 5 * 18;
}

/* What it was made for, else what it has. */
static int read_voltage(int directory, int64_t *ret_voltage)
{
	int error = sysfs_number(directory, "voltage_min_design", ret_voltage);

	if (error || *ret_voltage <= 0)
		error = sysfs_number(directory, "voltage_now", ret_voltage);
	return error;
}

static uint64_t read_amount(int directory, const char *energy, const char *charge)
{
	int64_t amount = 0, voltage = 0;
	int error = sysfs_number(directory, energy, &amount);

	if (error == 0)
		return energy_of_energy(amount);
	if (sysfs_state(error) == STATE_NONE)
		error = sysfs_number(directory, charge, &amount);
	if (error == 0)
		error = read_voltage(directory, &voltage);
	return error ? ABSENT_U64(sysfs_state(error)) : energy_of_charge(amount, voltage);
}

/* A gauge that has not learnt how much it holds says 0, or nothing. */
static uint64_t read_size(int directory, const char *energy, const char *charge)
{
	uint64_t amount = read_amount(directory, energy, charge);

	return amount == 0 ? ABSENT_U64(STATE_NONE) : amount;
}

static double read_level(int directory)
{
	int64_t percent = 0;

	if (sysfs_number(directory, "capacity", &percent) < 0 || !is_up_to(percent, 100))
		return (double)NAN;
	return (double)percent / 100;
}

static uint64_t read_seconds(int directory, const char *now, const char *average)
{
	int64_t seconds = 0;
	int error = sysfs_number(directory, now, &seconds);

	if (sysfs_state(error) == STATE_NONE)
		error = sysfs_number(directory, average, &seconds);
	if (error)
		return ABSENT_U64(sysfs_state(error));
	return is_up_to(seconds, SECONDS_MAX) ? (uint64_t)seconds : ABSENT_U64(STATE_FAILED);
}

/* Into the next part of the job's text. "Unknown" is none. */
static struct sample_text read_text(int directory, const char *name, char *text)
{
	int length = sysfs_text(directory, name, text, WORD_SIZE);

	if (length < 0)
		return (struct sample_text){.state = sysfs_state(length)};
	if (strcmp(text, "Unknown") == 0)
		return (struct sample_text){.state = STATE_NONE};
	return device_text(text);
}

/* The kernel's words begin with a capital, ours do not. */
static struct sample_text read_word(int directory, const char *name, char *text)
{
	struct sample_text word = read_text(directory, name, text);

	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text += 'a' - 'A';
	return word;
}

static const char *battery_unsupported(const struct host *host, enum cell_state *ret_state)
{
	(void)ret_state;
	return power_host_has(host, POWER_BATTERIES)
		       ? NULL
		       : "no battery found on this host (none in class/power_supply)";
}

static int battery_prepare(struct devices *self, void *row, void **ret_data)
{
	(void)self;
	return power_job_prepare(row, POWER_BATTERIES, ret_data);
}

/* ---------------------------------------------------------------------------- sources */

static int charge_run(void *data, struct job *job)
{
	struct linux_battery_charge *sample = job->sample;
	int directory = ((const struct power_job *)data)->directory;

	sample->status = read_word(directory, "status", job->text);
	sample->energy = read_amount(directory, "energy_now", "charge_now");
	sample->full = read_size(directory, "energy_full", "charge_full");
	sample->design = read_size(directory, "energy_full_design", "charge_full_design");
	sample->level = read_level(directory);
	sample->until_empty = read_seconds(directory, "time_to_empty_now", "time_to_empty_avg");
	sample->until_full = read_seconds(directory, "time_to_full_now", "time_to_full_avg");
	return STATE_OK;
}

/* Most that do not count say 0, so that it is none. */
static uint64_t read_cycles(int directory)
{
	int64_t count = 0;
	int error = sysfs_number(directory, "cycle_count", &count);

	if (error)
		return ABSENT_U64(sysfs_state(error));
	if (count == 0)
		return ABSENT_U64(STATE_NONE);
	return is_up_to(count, 1000000) ? (uint64_t)count : ABSENT_U64(STATE_FAILED);
}

static int details_run(void *data, struct job *job)
{
	struct linux_battery_details *sample = job->sample;
	int directory = ((const struct power_job *)data)->directory;
	char *text = job->text;

	sample->health = read_word(directory, "health", text);
	sample->technology = read_text(directory, "technology", text + WORD_SIZE);
	sample->manufacturer = read_text(directory, "manufacturer", text + 2 * WORD_SIZE);
	sample->model = read_text(directory, "model_name", text + 3 * WORD_SIZE);
	sample->cycles = read_cycles(directory);
	return STATE_OK;
}

const struct device_source battery_charge_source = {
	.source = {.name = "charge",
		.sample_size = sizeof(struct linux_battery_charge),
		.text_size = WORD_SIZE,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(2000000000)},
	.unsupported = battery_unsupported,
	.prepare = battery_prepare,
	.run = charge_run,
	.release = power_job_release,
};

const struct device_source battery_details_source = {
	.source = {.name = "details",
		.sample_size = sizeof(struct linux_battery_details),
		.text_size = 4 * WORD_SIZE,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(60000000000)},
	.unsupported = battery_unsupported,
	.prepare = battery_prepare,
	.run = details_run,
	.release = power_job_release,
};

/*
 * Source draw: the power of the moment, as a sensor says it, or a battery's gauge: that may say
 * power, or current and voltage. Those of an adapter are what was agreed upon, not what flows.
 */
#include "../sysfs.h"
#include "power.h"

enum { KINDS = POWER_IS(HWMON_POWER) | POWER_BATTERIES | POWER_IS(ADAPTER) };

/* 100 kW, 1 kA and 1 kV are more than anything here has, and their products fit. */
#define POWER_MAX   INT64_C(100000000000)
#define CURRENT_MAX INT64_C(1000000000)
#define VOLTAGE_MAX INT64_C(1000000000)

static bool is_up_to(int64_t number, int64_t limit)
{
	return number >= 0 && number <= limit;
}

static int64_t magnitude(int64_t number)
{
	return number < 0 ? -number : number;
}

uint64_t power_of_sensor(int64_t power)
{
	return is_up_to(power, POWER_MAX) ? (uint64_t)power : ABSENT_U64(STATE_FAILED);
}

uint64_t power_of_battery(int64_t power)
{
	return power_of_sensor(magnitude(power));
}

uint64_t power_of_current(int64_t current, int64_t voltage)
{
	current = magnitude(current);
	if (!is_up_to(current, CURRENT_MAX) || !is_up_to(voltage, VOLTAGE_MAX))
		return ABSENT_U64(STATE_FAILED);
	return power_of_sensor(current * voltage / 1000000);
}

/* Some have the moment, some an average of the last seconds. */
static int read_sensor(const struct power_job *own, uint64_t *ret_uw)
{
	int64_t power = 0;
	int error =
		sysfs_number(own->directory, power_channel_file(own, "_input").name, &power);

	if (sysfs_state(error) == STATE_NONE)
		error = sysfs_number(
			own->directory, power_channel_file(own, "_average").name, &power);
	if (error)
		return sysfs_state(error);
	*ret_uw = power_of_sensor(power);
	return STATE_OK;
}

static int read_supply(const struct power_job *own, uint64_t *ret_uw)
{
	int64_t power = 0, current = 0, voltage = 0;
	int error = sysfs_number(own->directory, "power_now", &power);

	if (error == 0) {
		*ret_uw = power_of_battery(power);
		return STATE_OK;
	}
	if (sysfs_state(error) != STATE_NONE || own->kind == POWER_ADAPTER)
		return sysfs_state(error);
	error = sysfs_number(own->directory, "current_now", &current);
	if (error == 0)
		error = sysfs_number(own->directory, "voltage_now", &voltage);
	if (error)
		return sysfs_state(error);
	*ret_uw = power_of_current(current, voltage);
	return STATE_OK;
}

static const char *draw_unsupported(const struct host *host, enum cell_state *ret_state)
{
	(void)ret_state;
	return power_host_has(host, KINDS)
		       ? NULL
		       : "no power meter found on this host (no power sensor in class/hwmon, "
			 "nothing in class/power_supply); see power.average for those that "
			 "count energy";
}

static int draw_prepare(struct devices *self, void *row, void **ret_data)
{
	(void)self;
	return power_job_prepare(row, KINDS, ret_data);
}

static int draw_run(void *data, struct job *job)
{
	struct linux_power_draw *sample = job->sample;
	const struct power_job *own = data;

	if (power_job_asleep(own))
		return STATE_ASLEEP;
	if (own->kind == POWER_HWMON_POWER)
		return read_sensor(own, &sample->now_uw);
	return read_supply(own, &sample->now_uw);
}

const struct device_source power_draw_source = {
	.source = {.name = "draw",
		.sample_size = sizeof(struct linux_power_draw),
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(2000000000),
		.remedy = "sensors that are for root alone: run procmond as root, or let a "
			  "group read the files power*_input and power*_average of the sensor "
			  "in /sys/class/hwmon, at each boot"},
	.unsupported = draw_unsupported,
	.prepare = draw_prepare,
	.run = draw_run,
	.release = power_job_release,
};

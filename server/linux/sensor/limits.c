/*
 * Source sensor_limits: what the values are measured against. Who set it up rarely changes it, and
 * chips keep it in registers, so that it is read once a minute.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../sysfs.h"
#include "clock.h"
#include "sensor.h"

/* 65535 kelvins: drives say so where they have no limit. */
enum { NO_LIMIT_MILLICELSIUS = 65261850 };
/* THERMAL_TEMP_INVALID: a trip point that is not in use. */
enum { UNSET_MILLICELSIUS = -274000, TRIP_POINTS_MAX = 64 };

static const struct limit {
	enum sensor_kind kind;
	enum channel_file file;
	size_t offset;
} limits[] = {
#define LIMIT(kind_, file_, field)                                                             \
	{                                                                                      \
		SENSOR_##kind_, CHANNEL_##file_, offsetof(struct linux_sensor_limits, field)   \
	}
	LIMIT(TEMPERATURE, MAX, temperature_max),
	LIMIT(TEMPERATURE, MAX_HYST, temperature_max_hyst),
	LIMIT(TEMPERATURE, CRIT, temperature_crit),
	LIMIT(TEMPERATURE, CRIT_HYST, temperature_crit_hyst),
	LIMIT(TEMPERATURE, EMERGENCY, temperature_emergency),
	LIMIT(TEMPERATURE, MIN, temperature_min),
	LIMIT(TEMPERATURE, LCRIT, temperature_lcrit),
	LIMIT(VOLTAGE, MAX, voltage_max),
	LIMIT(VOLTAGE, CRIT, voltage_crit),
	LIMIT(VOLTAGE, MIN, voltage_min),
	LIMIT(VOLTAGE, LCRIT, voltage_lcrit),
	LIMIT(CURRENT, MAX, current_max),
	LIMIT(CURRENT, CRIT, current_crit),
	LIMIT(CURRENT, MIN, current_min),
	LIMIT(CURRENT, LCRIT, current_lcrit),
	LIMIT(FAN, MIN, fan_min),
	LIMIT(FAN, MAX, fan_max),
#undef LIMIT
};

enum { LIMITS = sizeof limits / sizeof *limits };

/* Those of fans have no sign, and other words for no value. */
static void set(void *sample, const struct limit *limit, enum cell_state state, int64_t number)
{
	uint64_t bits = (uint64_t)number;

	if (state != STATE_OK)
		bits = limit->kind == SENSOR_FAN ? ABSENT_U64(state)
						 : (uint64_t)ABSENT_I64(state);
	memcpy((char *)sample + limit->offset, &bits, sizeof bits);
}

static void clear(struct linux_sensor_limits *sample)
{
	for (int i = 0; i < LIMITS; i++)
		set(sample, &limits[i], STATE_NONE, 0);
	sample->temperature_throttle = ABSENT_I64(STATE_NONE);
	sample->cooling_max = ABSENT_U64(STATE_NONE);
}

static void read_channel(const struct sensor_reading *self, struct linux_sensor_limits *sample)
{
	for (int i = 0; i < LIMITS; i++) {
		const struct limit *limit = &limits[i];
		int64_t number = 0;
		if (limit->kind != self->channel.kind)
			continue;
		enum cell_state state = sensor_read(self, limit->file, &number);
		if (state == STATE_FAILED && number == NO_LIMIT_MILLICELSIUS)
			state = STATE_NONE;
		set(sample, limit, state, number);
	}
}

/* ------------------------------------------------------------------------------ zones */

/* Keeps the lowest temperature; why there is none, as long as there is none. */
static void keep_lower(int64_t *kept, enum cell_state state, int64_t number)
{
	bool absent = *kept < ABSENT_I64(STATE_END);

	if (state == STATE_OK && (absent || number < *kept))
		*kept = number;
	else if (state != STATE_OK && absent)
		*kept = ABSENT_I64(state);
}

/*
 * A zone's trip points (Documentation/driver-api/thermal/sysfs-api.rst): at "critical" the machine
 * is switched off, at "passive" what heats it is slowed down. 0 and less is a point that
 * nobody has set.
 */
static void read_zone(const struct sensor_reading *self, struct linux_sensor_limits *sample)
{
	char path[64], type[32];

	for (int i = 0; i < TRIP_POINTS_MAX; i++) {
		int64_t number = 0;
		snprintf(path, sizeof path, "trip_point_%d_type", i);
		if (sysfs_text(self->chip->directory, path, type, sizeof type) < 0)
			return;
		snprintf(path, sizeof path, "trip_point_%d_temp", i);
		enum cell_state state = sensor_read_file(self, path, &number);
		if (state == STATE_OK ? number <= 0 : number == UNSET_MILLICELSIUS)
			continue;
		if (strcmp(type, "critical") == 0)
			keep_lower(&sample->temperature_crit, state, number);
		else if (strcmp(type, "passive") == 0)
			keep_lower(&sample->temperature_throttle, state, number);
	}
}

/* ------------------------------------------------------------------------- the source */

static void read_cooling(const struct sensor_reading *self, struct linux_sensor_limits *sample)
{
	int64_t number = 0;
	enum cell_state state = sensor_read_file(self, "max_state", &number);

	sample->cooling_max = state == STATE_OK ? (uint64_t)number : ABSENT_U64(state);
}

static int prepare(struct devices *table, void *row, void **ret_reading)
{
	return sensor_prepare(table, row, SOURCE_sensor_limits, ret_reading);
}

static int run(void *data, struct job *job)
{
	static void (*const readers[CHIP_CLASSES])(
		const struct sensor_reading *, struct linux_sensor_limits *) = {
		[CHIP_HWMON] = read_channel,
		[CHIP_ZONE] = read_zone,
		[CHIP_COOLING] = read_cooling,
	};
	const struct sensor_reading *reading = data;
	int result = sensor_begin(reading);

	if (result != STATE_OK)
		return result;
	clear(job->sample);
	readers[reading->chip->class](reading, job->sample);
	chip_leave(reading->chip);
	return STATE_OK;
}

const struct device_source sensor_limits_source = {
	.source = {.name = "sensor_limits",
		.sample_size = sizeof(struct linux_sensor_limits),
		.lane = LANE_SLOW,
		.period_ns = 60 * SECOND_NS,
		.remedy = SENSOR_REMEDY},
	.prepare = prepare,
	.run = run,
	.release = sensor_release,
	.finish = sensor_finish,
};

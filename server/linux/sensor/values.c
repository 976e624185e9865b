/*
 * Sources sensor_temperature, _fan, _target, _duty, _voltage, _current, _humidity, _cooling, _alarm
 * and _fault: what is measured now, one number of a row each.
 */
#include "clock.h"
#include "sensor.h"

/* What a source needs of a row. */
static const struct {
	uint32_t kinds; /* bit mask */
	uint32_t files; /* bit mask: any of them */
} needs[SENSOR_SOURCE_COUNT] = {
	[SOURCE_sensor_temperature] = {1U << SENSOR_TEMPERATURE, 1U << CHANNEL_INPUT},
	[SOURCE_sensor_fan] = {1U << SENSOR_FAN, 1U << CHANNEL_INPUT},
	[SOURCE_sensor_target] = {1U << SENSOR_FAN, 1U << CHANNEL_TARGET},
	[SOURCE_sensor_duty] = {1U << SENSOR_FAN, 1U << CHANNEL_DUTY},
	[SOURCE_sensor_voltage] = {1U << SENSOR_VOLTAGE, 1U << CHANNEL_INPUT},
	[SOURCE_sensor_current] = {1U << SENSOR_CURRENT, 1U << CHANNEL_INPUT},
	[SOURCE_sensor_humidity] = {1U << SENSOR_HUMIDITY, 1U << CHANNEL_INPUT},
	[SOURCE_sensor_cooling] = {1U << SENSOR_COOLING, 1U << CHANNEL_INPUT},
	[SOURCE_sensor_alarm] = {UINT32_MAX, CHANNEL_ALARMS},
	[SOURCE_sensor_fault] = {UINT32_MAX, 1U << CHANNEL_FAULT},
};

static int prepare(
	struct devices *table, struct sensor_row *row, uint32_t source, void **ret_reading)
{
	if (!(needs[source].kinds >> row->channel.kind & 1) ||
		!(needs[source].files & row->channel.files))
		return STATE_NONE;
	return sensor_prepare(table, row, source, ret_reading);
}

/* What is measured, unless the chip says that nothing is connected or that it is broken. */
static enum cell_state read_input(const struct sensor_reading *self, int64_t *ret_number)
{
	enum cell_state state;
	int64_t fault;

	if (sensor_read(self, CHANNEL_FAULT, &fault) == STATE_OK && fault)
		return STATE_NONE;
	state = sensor_read(self, CHANNEL_INPUT, ret_number);
	/* intel_powerclamp while it does nothing: "indicates invalid state". */
	if (self->channel.kind == SENSOR_COOLING && state == STATE_FAILED && *ret_number == -1)
		return STATE_NONE;
	return state;
}

/* Is any limit passed? One alarm is enough; that there is none takes all of them. */
static enum cell_state read_alarm(const struct sensor_reading *self, int64_t *ret_alarm)
{
	enum cell_state result = STATE_OK;

	*ret_alarm = 0;
	for (int file = CHANNEL_FIRST_ALARM; file < CHANNEL_FILES; file++) {
		int64_t alarm;
		enum cell_state state = sensor_read(self, (enum channel_file)file, &alarm);
		if (state == STATE_OK && alarm) {
			*ret_alarm = 1;
			return STATE_OK;
		}
		if (state != STATE_OK && channel_has(&self->channel, (enum channel_file)file))
			result = state;
	}
	return result;
}

static enum cell_state read_number(const struct sensor_reading *self, int64_t *ret_number)
{
	switch (self->source) {
	case SOURCE_sensor_target:
		return sensor_read(self, CHANNEL_TARGET, ret_number);
	case SOURCE_sensor_duty:
		return sensor_read(self, CHANNEL_DUTY, ret_number);
	case SOURCE_sensor_fault:
		return sensor_read(self, CHANNEL_FAULT, ret_number);
	case SOURCE_sensor_alarm:
		return read_alarm(self, ret_number);
	default:
		return read_input(self, ret_number);
	}
}

static int run_number(void *data, struct job *job)
{
	const struct sensor_reading *reading = data;
	int result = sensor_begin(reading);

	if (result != STATE_OK)
		return result;
	result = read_number(reading, job->sample);
	chip_leave(reading->chip);
	return result;
}

/* A part of `whole`, which sensor_read() lets no number exceed. */
static int run_ratio(void *data, struct job *job, double whole)
{
	const struct sensor_reading *reading = data;
	double *sample = job->sample;
	int result = sensor_begin(reading);
	int64_t number = 0;

	if (result != STATE_OK)
		return result;
	result = read_number(reading, &number);
	chip_leave(reading->chip);
	*sample = (double)number / whole;
	return result;
}

static int run_duty(void *data, struct job *job)
{
	return run_ratio(data, job, 255);
}

static int run_humidity(void *data, struct job *job)
{
	return run_ratio(data, job, 100000);
}

#define VALUE(name_, run_)                                                                     \
	static int prepare_##name_(struct devices *table, void *row, void **ret_reading)       \
	{                                                                                      \
		return prepare(table, row, SOURCE_sensor_##name_, ret_reading);                \
	}                                                                                      \
	const struct device_source sensor_##name_##_source = {                                 \
		.source = {.name = "sensor_" #name_,                                           \
			.sample_size = sizeof(struct linux_sensor_##name_),                    \
			.lane = LANE_SLOW,                                                     \
			.period_ns = 2 * SECOND_NS,                                            \
			.remedy = SENSOR_REMEDY},                                              \
		.prepare = prepare_##name_,                                                    \
		.run = run_,                                                                   \
		.release = sensor_release,                                                     \
		.finish = sensor_finish,                                                       \
	};

VALUE(temperature, run_number)
VALUE(fan, run_number)
VALUE(target, run_number)
VALUE(duty, run_duty)
VALUE(voltage, run_number)
VALUE(current, run_number)
VALUE(humidity, run_humidity)
VALUE(cooling, run_number)
VALUE(alarm, run_number)
VALUE(fault, run_number)

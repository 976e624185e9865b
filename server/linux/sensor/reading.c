/* Reading: what the slow sources have in common: a job for one row, and one file of it. */
#include <errno.h>
#include <stdlib.h>

#include "../sysfs.h"
#include "sensor.h"

/*
 * What no hardware can measure: below absolute zero, or beyond what anything stands that has a
 * sensor in it. What only looks odd (-128 of a pin with nothing connected) is what the chip says.
 * 65535 is a fan's register with all bits set: its controller does not know.
 */
static const struct range {
	int64_t low, high;
} ranges[SENSOR_KINDS] = {
	[SENSOR_TEMPERATURE] = {-273150, 1000000},    /* m°C */
	[SENSOR_FAN] = {0, 65534},                    /* revolutions a minute */
	[SENSOR_VOLTAGE] = {-1000000000, 1000000000}, /* mV */
	[SENSOR_CURRENT] = {-1000000000, 1000000000}, /* mA */
	[SENSOR_HUMIDITY] = {0, 100000},              /* thousandths of a percent */
	[SENSOR_COOLING] = {0, INT32_MAX},
};
static const struct range duty_range = {0, 255}, flag_range = {0, 1};

static const struct range *range_of(const struct channel *channel, enum channel_file file)
{
	if (file == CHANNEL_DUTY)
		return &duty_range;
	if (file == CHANNEL_FAULT || file >= CHANNEL_FIRST_ALARM)
		return &flag_range;
	return &ranges[channel->kind];
}

/* EPERM comes from drivers whose device is being reset: it is no matter of permissions. */
static enum cell_state state_of(int error)
{
	switch (error) {
	case 0:
		return STATE_OK;
	case -ENOENT: /* there is no such file, or no such chip any more */
	case -ENODEV:
	case -ENXIO:
	case -ENODATA: /* nothing is connected, or it is switched off */
	case -EAGAIN:  /* nothing was measured yet */
	case -EOPNOTSUPP:
		return STATE_NONE;
	case -EACCES:
		return STATE_DENIED;
	default:
		return STATE_FAILED;
	}
}

int sensor_prepare(
	struct devices *table, struct sensor_row *row, uint32_t source, void **ret_reading)
{
	struct sensor_chip *chip = row->chip;
	uint64_t read_ns = row->read_ns[source];

	/* SAMPLE_GONE leaves the cell, and its age, as they are. */
	if (chip->period_ns && read_ns && table->now_ns - read_ns < chip->period_ns)
		return SAMPLE_GONE;
	if (chip_hangs(chip))
		return STATE_FAILED;
	struct sensor_reading *reading = malloc(sizeof *reading);
	if (!reading)
		return STATE_FAILED;
	*reading = (struct sensor_reading){
		.chip = chip_retain(chip),
		.channel = row->channel,
		.source = source,
		.prepared_ns = table->now_ns,
	};
	*ret_reading = reading;
	return STATE_OK;
}

void sensor_release(void *data)
{
	struct sensor_reading *reading = data;

	chip_release(reading->chip);
	free(reading);
}

int sensor_finish(struct devices *table, void *row, void *data, struct job *job, int result)
{
	const struct sensor_reading *reading = data;
	struct sensor_row *own = row;

	(void)table;
	(void)job;
	if (result != SAMPLE_GONE)
		own->read_ns[reading->source] = reading->prepared_ns;
	return result;
}

int sensor_begin(const struct sensor_reading *self)
{
	if (chip_asleep(self->chip))
		return STATE_ASLEEP;
	return chip_enter(self->chip);
}

static enum cell_state read_within(const struct sensor_reading *self, const char *path,
	const struct range *range, int64_t *ret_number)
{
	int error = sysfs_number(self->chip->directory, path, ret_number);

	if (error == 0 && (*ret_number < range->low || *ret_number > range->high))
		return STATE_FAILED;
	return state_of(error);
}

enum cell_state sensor_read_file(
	const struct sensor_reading *self, const char *path, int64_t *ret_number)
{
	return read_within(self, path, &ranges[self->channel.kind], ret_number);
}

enum cell_state sensor_read(
	const struct sensor_reading *self, enum channel_file file, int64_t *ret_number)
{
	char path[CHANNEL_PATH_MAX];

	if (!channel_has(&self->channel, file))
		return STATE_NONE;
	if (self->chip->class == CHIP_ZONE)
		return sensor_read_file(self, "temp", ret_number);
	if (self->chip->class == CHIP_COOLING)
		return sensor_read_file(self, "cur_state", ret_number);
	channel_path(&self->channel, file, path);
	return read_within(self, path, range_of(&self->channel, file), ret_number);
}

/*
 * Source sensor: who a row is. The names are made anew at each find: another chip of the same
 * kind changes what it takes to tell them apart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "sensor.h"

enum { NAME_MAX_BYTES = 512 };

/* "coretemp"; of several "coretemp.0", "nvme0", "jc42 0-0018". */
static void name_chip(const struct sensor_chip *self, char *name, size_t size)
{
	bool by_device = self->alike && *self->device;

	if (!self->alike)
		snprintf(name, size, "%s", self->name);
	else if (self->class != CHIP_HWMON)
		snprintf(name, size, "%s %u", self->name, self->number);
	else if (!by_device || self->ordinal)
		snprintf(name, size, "%s %s%s#%u", self->name, self->device,
			by_device ? " " : "", self->ordinal + 1);
	else if (strncmp(self->device, self->name, strlen(self->name)) == 0)
		snprintf(name, size, "%s", self->device);
	else
		snprintf(name, size, "%s %s", self->name, self->device);
}

/* Some drivers call several channels of a chip the same. */
static bool label_is_unique(struct sensors *self, const struct sensor_row *row)
{
	const struct sensor_row *other;

	for (uint32_t slot = 0; (other = devices_next(&self->devices, &slot));)
		if (other != row && other->chip == row->chip && other->label &&
			strcmp(other->label, row->label) == 0)
			return false;
	return true;
}

static void name_row(struct sensors *self, const struct sensor_row *row, char *name)
{
	char channel[CHANNEL_NAME_MAX], chip[NAME_MAX_BYTES / 2];

	name_chip(row->chip, chip, sizeof chip);
	if (row->chip->class != CHIP_HWMON) {
		snprintf(name, NAME_MAX_BYTES, "%s", chip);
		return;
	}
	channel_name(&row->channel, channel);
	if (!row->label)
		snprintf(name, NAME_MAX_BYTES, "%s %s", chip, channel);
	else if (label_is_unique(self, row))
		snprintf(name, NAME_MAX_BYTES, "%s %s", chip, row->label);
	else
		snprintf(name, NAME_MAX_BYTES, "%s %s %s", chip, row->label, channel);
}

void sensor_name_rows(struct sensors *self)
{
	char name[NAME_MAX_BYTES];
	struct sensor_row *row;

	for (uint32_t slot = 0; (row = devices_next(&self->devices, &slot));) {
		if (!row->chip)
			continue;
		name_row(self, row, name);
		if (row->name && strcmp(row->name, name) == 0)
			continue;
		free(row->name);
		row->name = xstrdup(name);
	}
}

static int read_who(struct devices *table, void *memory, void *sample)
{
	static const char *const kinds[SENSOR_KINDS] = {
		[SENSOR_TEMPERATURE] = "temperature",
		[SENSOR_FAN] = "fan",
		[SENSOR_VOLTAGE] = "voltage",
		[SENSOR_CURRENT] = "current",
		[SENSOR_HUMIDITY] = "humidity",
		[SENSOR_COOLING] = "cooling",
	};
	const struct sensor_row *row = memory;

	(void)table;
	*(struct linux_sensor *)sample = (struct linux_sensor){
		.name = device_text(row->name),
		.kind = device_text(kinds[row->channel.kind]),
		.chip = device_text(row->chip->name),
		.label = device_text(row->label),
		.device = device_text(row->chip->device),
	};
	return STATE_OK;
}

const struct device_source sensor_source = {
	.source = {.name = "sensor",
		.sample_size = sizeof(struct linux_sensor),
		.lane = LANE_FAST},
	.read = read_who,
};

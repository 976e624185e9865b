#include "sensor.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../sysfs.h"
#include "alloc.h"
#include "clock.h"

static const struct device_source *const sources[SENSOR_SOURCE_COUNT] = {
	[SOURCE_sensor] = &sensor_source,
	[SOURCE_sensor_temperature] = &sensor_temperature_source,
	[SOURCE_sensor_fan] = &sensor_fan_source,
	[SOURCE_sensor_target] = &sensor_target_source,
	[SOURCE_sensor_duty] = &sensor_duty_source,
	[SOURCE_sensor_voltage] = &sensor_voltage_source,
	[SOURCE_sensor_current] = &sensor_current_source,
	[SOURCE_sensor_humidity] = &sensor_humidity_source,
	[SOURCE_sensor_cooling] = &sensor_cooling_source,
	[SOURCE_sensor_alarm] = &sensor_alarm_source,
	[SOURCE_sensor_fault] = &sensor_fault_source,
	[SOURCE_sensor_limits] = &sensor_limits_source,
};

/* ------------------------------------------------------------------------------- rows */

static void read_label(struct sensor_row *row)
{
	char path[CHANNEL_PATH_MAX], label[128];

	channel_path(&row->channel, CHANNEL_LABEL, path);
	row->labelled = true;
	if (sysfs_text(row->chip->directory, path, label, sizeof label) > 0)
		row->label = xstrdup(label);
}

static void found(struct sensors *self, struct sensor_chip *chip, const struct channel *channel)
{
	char key[PATH_MAX + 256];
	struct sensor_row *row;
	bool is_new;

	snprintf(key, sizeof key, "%d %s %u %d %u %s", chip->class, chip->name, chip->ordinal,
		channel->kind, channel->number, chip->path);
	row = devices_found(&self->devices, key, &is_new);
	if (!row)
		return;
	/* The same device may come back as another folder within one find. */
	if (row->chip != chip) {
		chip_release(row->chip);
		row->chip = chip_retain(chip);
	}
	row->channel = *channel;
	/* A sleeping chip is not even asked for a text. */
	if (channel_has(channel, CHANNEL_LABEL) && !row->labelled && !chip_asleep(chip))
		read_label(row);
}

static void forget(struct devices *table, void *memory)
{
	struct sensor_row *row = memory;

	(void)table;
	chip_release(row->chip);
	free(row->label);
	free(row->name);
}

/* Of a chip that cannot be listed, as far as that went. */
static void find_rows(struct sensors *self, struct sensor_chip *chip)
{
	struct channel_list list;

	if (chip->class != CHIP_HWMON) {
		struct channel whole = {
			chip->class == CHIP_ZONE ? SENSOR_TEMPERATURE : SENSOR_COOLING,
			chip->number, 1U << CHANNEL_INPUT};
		found(self, chip, &whole);
		return;
	}
	channel_list_read(&list, chip->directory);
	for (size_t i = 0; i < list.count; i++)
		if (channel_tells(&list.channels[i]))
			found(self, chip, &list.channels[i]);
	channel_list_finish(&list);
}

/* ------------------------------------------------------------------------------- chips */

static struct sensor_chip *known_chip(
	const struct sensors *self, enum chip_class class, uint32_t number)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof path, "%s/class/%s/%s%u", self->devices.host->sysfs,
		chip_class_folder(class), chip_class_prefix(class), number);
	if (stat(path, &status) < 0)
		return NULL;
	for (size_t i = 0; i < self->chip_count; i++) {
		struct sensor_chip *chip = self->chips[i];
		if (chip->class == class && chip->number == number &&
			chip->inode == status.st_ino && chip->filesystem == status.st_dev)
			return chip;
	}
	return NULL;
}

/* Kernels before 4.20 did not link what they made of a thermal zone to that zone. Its name is
 * the zone's type, with '_' for '-'. */
static bool is_of_zone(const struct sensors *self, const struct sensor_chip *chip)
{
	if (chip->class != CHIP_HWMON || *chip->path)
		return false;
	for (size_t i = 0; i < self->chip_count; i++) {
		const char *type = self->chips[i]->name, *name = chip->name;
		if (self->chips[i]->class != CHIP_ZONE)
			continue;
		while (*type && *name == (*type == '-' ? '_' : *type))
			type++, name++;
		if (!*type && !*name)
			return true;
	}
	return false;
}

/* Chips are met in the order of their numbers, so that this is the same each time. */
static void compare_with_others(struct sensors *self, struct sensor_chip *chip)
{
	chip->ordinal = 0;
	chip->alike = false;
	for (size_t i = 0; i < self->chip_count; i++) {
		struct sensor_chip *other = self->chips[i];
		if (other == chip || other->finding != self->devices.finding ||
			other->class != chip->class || strcmp(other->name, chip->name) != 0)
			continue;
		other->alike = chip->alike = true;
		chip->ordinal += strcmp(other->path, chip->path) == 0;
	}
}

/* One that does not say what it is, has gone, or is broken costs nobody else's rows. */
static void find_chip(struct sensors *self, enum chip_class class, uint32_t number)
{
	struct sensor_chip *chip = known_chip(self, class, number);

	if (!chip) {
		if (chip_create(self->devices.host->sysfs, class, number, &chip) < 0)
			return;
		self->chips =
			xreallocarray(self->chips, self->chip_count + 1, sizeof *self->chips);
		self->chips[self->chip_count++] = chip;
	}
	if (is_of_zone(self, chip) || chip_is_left_to_gpu(chip))
		return;
	compare_with_others(self, chip);
	chip->finding = self->devices.finding;
	find_rows(self, chip);
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

/* The numbers of PREFIXn in a folder, ascending; to be freed. */
static int list_numbers(
	const char *folder, const char *prefix, uint32_t **ret_numbers, size_t *ret_count)
{
	size_t length = strlen(prefix), count = 0;
	DIR *directory = opendir(folder);
	uint32_t *numbers = NULL;
	const struct dirent *entry;
	char *end;

	*ret_numbers = NULL;
	*ret_count = 0;
	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(directory))) {
		const char *digits = entry->d_name + length;
		if (strncmp(entry->d_name, prefix, length) != 0 || *digits < '0' ||
			*digits > '9')
			continue;
		unsigned long number = strtoul(digits, &end, 10);
		if (*end || number > UINT32_MAX)
			continue;
		numbers = xreallocarray(numbers, count + 1, sizeof *numbers);
		numbers[count++] = (uint32_t)number;
	}
	closedir(directory);
	if (count)
		qsort(numbers, count, sizeof *numbers, compare_numbers);
	*ret_numbers = numbers;
	*ret_count = count;
	return 0;
}

static int find_class(struct sensors *self, enum chip_class class)
{
	char folder[PATH_MAX];
	uint32_t *numbers;
	size_t count;
	int error;

	snprintf(folder, sizeof folder, "%s/class/%s", self->devices.host->sysfs,
		chip_class_folder(class));
	error = list_numbers(folder, chip_class_prefix(class), &numbers, &count);
	for (size_t i = 0; i < count; i++)
		find_chip(self, class, numbers[i]);
	free(numbers);
	return error;
}

static void release_gone(struct sensors *self)
{
	size_t kept = 0;

	for (size_t i = 0; i < self->chip_count; i++)
		if (self->chips[i]->finding == self->devices.finding)
			self->chips[kept++] = self->chips[i];
		else
			chip_release(self->chips[i]);
	self->chip_count = kept;
}

/* Zones come first: what hwmon has of them is left out. */
static int find(struct devices *table)
{
	static const enum chip_class order[] = {CHIP_ZONE, CHIP_HWMON, CHIP_COOLING};
	struct sensors *self = (struct sensors *)table;
	int error = 0;

	for (size_t i = 0; i < CHIP_CLASSES && !error; i++)
		error = find_class(self, order[i]);
	if (!error)
		release_gone(self);
	sensor_name_rows(self);
	return error;
}

static void close_table(struct devices *table)
{
	struct sensors *self = (struct sensors *)table;

	for (size_t i = 0; i < self->chip_count; i++)
		chip_release(self->chips[i]);
	free(self->chips);
}

const struct device_table sensor_table = {
	.id = TABLE_SENSOR,
	.sources = sources,
	.source_count = SENSOR_SOURCE_COUNT,
	.size = sizeof(struct sensors),
	.row_size = sizeof(struct sensor_row),
	.find = find,
	.forget = forget,
	.close = close_table,
	.find_period_ns = 10 * SECOND_NS,
};

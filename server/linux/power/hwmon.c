/*
 * Which sensors of power and energy there are in class/hwmon
 * (Documentation/hwmon/sysfs-interface.rst). Those of GPUs are not for this table, and those that
 * the kernel makes of batteries say what the batteries say.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../chip_place.h"
#include "../parse.h"
#include "../sysfs.h"
#include "alloc.h"
#include "power.h"

struct chip {
	char path[POWER_PATH_SIZE]; /* of the directory that has the files */
	char name[64], device[64];  /* "ina226", "1-0040" */
	char *status;               /* see struct power_finding */
};

struct chips {
	struct chip *chips;
	uint32_t count, capacity;
};

/* The last part of where a link points to; "": it is none. */
static void read_link_name(const char *path, const char *link, char *name, size_t size)
{
	char full[POWER_PATH_SIZE + 32], target[PATH_MAX];
	ssize_t length;
	const char *slash;

	snprintf(full, sizeof full, "%s/%s", path, link);
	length = readlink(full, target, sizeof target - 1);
	target[length > 0 ? length : 0] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
}

static bool has(const char *path, const char *name)
{
	char full[POWER_PATH_SIZE + 32];

	snprintf(full, sizeof full, "%s/%s", path, name);
	return sysfs_has(AT_FDCWD, full);
}

static bool read_chip_name(struct chip *self)
{
	char full[POWER_PATH_SIZE + 32];

	snprintf(full, sizeof full, "%s/name", self->path);
	return sysfs_text(AT_FDCWD, full, self->name, sizeof self->name) > 0;
}

/* Drivers of the old kind have their files in the directory of the device. */
static bool read_chip(const char *path, struct chip *ret_chip)
{
	struct chip_place place;

	read_link_name(path, "device", ret_chip->device, sizeof ret_chip->device);
	if (has(path, "device/drm") || !chip_place_find(&place, path))
		return false;
	snprintf(ret_chip->path, sizeof ret_chip->path, "%s", path);
	if (!read_chip_name(ret_chip)) {
		snprintf(ret_chip->path, sizeof ret_chip->path, "%.*s/device",
			(int)(sizeof ret_chip->path - sizeof "/device"), path);
		if (!read_chip_name(ret_chip))
			return false;
	}
	ret_chip->status = *place.status ? xstrdup(place.status) : NULL;
	return true;
}

static void read_chips(const struct host *host, struct chips *self)
{
	char folder[POWER_PATH_SIZE / 2], path[POWER_PATH_SIZE];
	DIR *directory;
	const struct dirent *entry;

	snprintf(folder, sizeof folder, "%s/class/hwmon", host->sysfs);
	directory = opendir(folder);
	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) > 64)
			continue;
		if (self->count == self->capacity) {
			self->capacity = self->capacity ? self->capacity * 2 : 16;
			self->chips =
				xreallocarray(self->chips, self->capacity, sizeof *self->chips);
		}
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		self->count += read_chip(path, &self->chips[self->count]);
	}
	closedir(directory);
}

static bool has_twin(const struct chips *self, const struct chip *chip)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < self->count; i++)
		count += strcmp(self->chips[i].name, chip->name) == 0;
	return count > 1;
}

/* "power1" of "power1_input"; false: it is no such file. A sensor that has both the moment and an
 * average is one. */
static bool parse_channel(
	const char *file, char channel[CHANNEL_SIZE], enum power_kind *ret_kind)
{
	bool power = strncmp(file, "power", 5) == 0;
	const char *number = file + (power ? 5 : 6), *ending = strchr(file, '_');
	size_t length = ending ? (size_t)(ending - file) : 0;

	if ((!power && strncmp(file, "energy", 6) != 0) || !ending || ending == number ||
		length >= CHANNEL_SIZE ||
		strspn(number, "0123456789") != (size_t)(ending - number))
		return false;
	if (strcmp(ending, "_input") != 0 && (!power || strcmp(ending, "_average") != 0))
		return false;
	memcpy(channel, file, length);
	channel[length] = '\0';
	*ret_kind = power ? POWER_HWMON_POWER : POWER_HWMON_ENERGY;
	return true;
}

/* "ina226 VDD_CPU", "ina226 power2"; with the device where there are several of these chips. */
static void name_channel(
	const struct chip *chip, bool twin, const char *channel, char name[POWER_NAME_SIZE])
{
	char full[POWER_PATH_SIZE + 64], label[64];

	snprintf(full, sizeof full, "%s/%s_label", chip->path, channel);
	if (sysfs_text(AT_FDCWD, full, label, sizeof label) < 0)
		snprintf(label, sizeof label, "%s", channel);
	snprintf(name, POWER_NAME_SIZE, "%.40s%s%.40s %.40s", chip->name, twin ? " " : "",
		twin ? chip->device : "", label);
}

static void scan_chip(const struct chip *chip, bool twin,
	void (*visit)(void *context, const struct power_finding *finding), void *context)
{
	char channel[CHANNEL_SIZE], name[POWER_NAME_SIZE];
	struct power_finding finding = {.path = chip->path,
		.channel = channel,
		.name = name,
		.part_of = "",
		.status = chip->status,
		.in_total = ABSENT_U64(STATE_NONE)};
	DIR *directory = opendir(chip->path);
	const struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (!parse_channel(entry->d_name, channel, &finding.kind))
			continue;
		name_channel(chip, twin, channel, name);
		visit(context, &finding);
	}
	closedir(directory);
}

void power_scan_hwmon(const struct host *host,
	void (*visit)(void *context, const struct power_finding *finding), void *context)
{
	struct chips chips = {0};

	read_chips(host, &chips);
	for (uint32_t i = 0; i < chips.count; i++)
		scan_chip(&chips.chips[i], has_twin(&chips, &chips.chips[i]), visit, context);
	for (uint32_t i = 0; i < chips.count; i++)
		free(chips.chips[i].status);
	free(chips.chips);
}

/*
 * All zones stand side by side in class/powercap: intel-rapl:0 is a package, intel-rapl:0:1 a
 * part of it, intel-rapl-mmio:0 the same package by another way. AMD's have Intel's names.
 */
#include "rapl.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../host.h"
#include "../read.h"
#include "../sysfs.h"
#include "alloc.h"

static const char registers[] = "intel-rapl:";
static const char memory[] = "intel-rapl-mmio:";

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* "package-0", "core" ...; false: it has none. */
static bool read_name(const char *powercap, const char *file, char name[RAPL_NAME_SIZE])
{
	char path[RAPL_PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s/name", powercap, file);
	return sysfs_text(AT_FDCWD, path, name, RAPL_NAME_SIZE) > 0;
}

/* The part behind the second colon of "intel-rapl:0:1"; NULL: it is a zone of its own. */
static char *part_behind(char *file)
{
	return strchr(strchr(file, ':') + 1, ':');
}

static void join(char name[RAPL_NAME_SIZE], const char *whole, const char *part)
{
	size_t length = strnlen(whole, RAPL_NAME_SIZE - 1);

	memcpy(name, whole, length);
	snprintf(name + length, RAPL_NAME_SIZE - length, " %s", part);
}

/* What the zone is, by its name and its place. Memory is no part of its package, though its zone
 * stands below. */
static bool describe(const char *powercap, const char *file, struct rapl_zone *zone)
{
	char whole[RAPL_NAME_SIZE], outer[RAPL_NAME_SIZE], name[RAPL_NAME_SIZE];
	char *part;
	bool is_memory;

	*zone = (struct rapl_zone){0};
	snprintf(whole, sizeof whole, "%s", file);
	part = part_behind(whole);
	if (!read_name(powercap, file, name))
		return false;
	if (!part) {
		memcpy(zone->name, name, sizeof name);
		zone->package = zone->adds_up = begins_with(name, "package");
		return true;
	}
	*part = '\0';
	if (!read_name(powercap, whole, outer))
		return false;
	is_memory = strcmp(name, "dram") == 0;
	join(zone->name, outer, name);
	zone->adds_up = is_memory;
	if (!is_memory)
		memcpy(zone->part_of, outer, sizeof outer);
	return true;
}

static bool read_zone(const char *powercap, const char *file, struct rapl_zone *zone)
{
	char path[RAPL_PATH_SIZE + 32];
	int64_t range;

	if (strlen(file) >= RAPL_NAME_SIZE || !describe(powercap, file, zone))
		return false;
	snprintf(zone->path, sizeof zone->path, "%s/%s", powercap, file);
	snprintf(path, sizeof path, "%s/max_energy_range_uj", zone->path);
	if (sysfs_number(AT_FDCWD, path, &range) == 0 && range > 0)
		zone->range = (uint64_t)range;
	snprintf(path, sizeof path, "%s/energy_uj", zone->path);
	return sysfs_has(AT_FDCWD, path);
}

struct zones {
	struct rapl_zone *zones;
	uint32_t count, capacity;
};

static bool has_name(const struct zones *self, const char *name)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (strcmp(self->zones[i].name, name) == 0)
			return true;
	return false;
}

static void add(struct zones *self, const char *powercap, const char *file)
{
	struct rapl_zone zone;

	if (!read_zone(powercap, file, &zone) || has_name(self, zone.name))
		return;
	if (self->count == self->capacity) {
		self->capacity = self->capacity ? self->capacity * 2 : 8;
		self->zones = xreallocarray(self->zones, self->capacity, sizeof *self->zones);
	}
	self->zones[self->count++] = zone;
}

static void add_all(struct zones *self, const char *powercap, const char *beginning)
{
	DIR *directory = opendir(powercap);
	const struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (begins_with(entry->d_name, beginning))
			add(self, powercap, entry->d_name);
	closedir(directory);
}

void rapl_scan(const struct host *host,
	void (*visit)(void *context, const struct rapl_zone *zone), void *context)
{
	struct zones zones = {0};
	char powercap[RAPL_PATH_SIZE / 2];

	snprintf(powercap, sizeof powercap, "%s/class/powercap", host->sysfs);
	add_all(&zones, powercap, registers);
	add_all(&zones, powercap, memory);
	for (uint32_t i = 0; i < zones.count; i++)
		visit(context, &zones.zones[i]);
	free(zones.zones);
}

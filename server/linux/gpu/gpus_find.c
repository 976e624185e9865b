#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nvml/nvml_power.h"
#include "../parse.h"
#include "../read.h"
#include "alloc.h"
#include "gpus.h"

static struct gpus_place *add(struct gpus *self)
{
	if (self->count == self->capacity) {
		self->capacity = self->capacity ? 2 * self->capacity : 8;
		self->places =
			xreallocarray(self->places, self->capacity, sizeof *self->places);
	}
	struct gpus_place *place = &self->places[self->count++];
	memset(place, 0, sizeof *place);
	return place;
}

static void copy_value(const struct scan *line, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);

	if ((size_t)(line->end - line->at) > length && memcmp(line->at, key, length) == 0)
		snprintf(value, size, "%.*s", (int)((size_t)(line->end - line->at) - length),
			line->at + length);
}

/* Where it is among the devices of sysfs. */
static void read_path(const char *sysfs, const char *device, char address[GPUS_ADDRESS])
{
	char *root = realpath(sysfs, NULL), *path = realpath(device, NULL);
	const char *at = path ? path : device;
	size_t length = root ? strlen(root) : 0;

	if (root && strncmp(at, root, length) == 0 && at[length] == '/')
		at += length + 1;
	if (strncmp(at, "devices/", 8) == 0)
		at += 8;
	snprintf(address, GPUS_ADDRESS, "%.*s", GPUS_ADDRESS - 1, at);
	free(root);
	free(path);
}

/* What the bus says of the device, without asking it. */
static void identify(const char *sysfs, struct gpus_place *place)
{
	char path[GPUS_PATH + 64], text[4096];
	struct scan scan, line;
	ssize_t length;

	snprintf(path, sizeof path, "%s/uevent", place->device);
	length = read_file(AT_FDCWD, path, text, sizeof text);
	scan = (struct scan){text, text + (length > 0 ? length : 0)};
	while (scan_line(&scan, &line)) {
		copy_value(&line, "DRIVER=", place->driver, sizeof place->driver);
		copy_value(&line, "PCI_SLOT_NAME=", place->address, sizeof place->address);
		copy_value(&line, "PCI_ID=", place->pci_id, sizeof place->pci_id);
		copy_value(
			&line, "OF_COMPATIBLE_0=", place->compatible, sizeof place->compatible);
	}
	for (char *at = place->pci_id; *at; at++)
		if (*at >= 'A' && *at <= 'F')
			*at = (char)(*at + ('a' - 'A'));
	if (!place->address[0])
		read_path(sysfs, place->device, place->address);
}

struct gpus_place *gpus_place_of(struct gpus *self, const char *address)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (strcmp(self->places[i].address, address) == 0)
			return &self->places[i];
	return NULL;
}

static void add_node(struct gpus *self, const char *class, const char *node)
{
	const char *sysfs = self->devices.host->sysfs;
	struct gpus_place found = {0}, *place;
	size_t length;

	snprintf(
		found.device, sizeof found.device, "%s/class/%s/%s/device", sysfs, class, node);
	identify(sysfs, &found);
	place = gpus_place_of(self, found.address); /* of its other node */
	if (!place) {
		place = add(self);
		*place = found;
		place->kind = strcmp(class, "accel") == 0 ? GPUS_ACCELERATOR : GPUS_GPU;
	}
	length = strlen(place->node);
	snprintf(place->node + length, sizeof place->node - length, "%s%s", length ? "," : "",
		node);
	if (strncmp(node, "card", 4) == 0)
		snprintf(place->card, sizeof place->card, "%s/class/%s/%s", sysfs, class, node);
}

/* Entries with a prefix and a number: card0, but not card0-DP-1. */
static void add_nodes(struct gpus *self, const char *class, const char *prefix)
{
	char path[GPUS_PATH];
	const struct dirent *entry;
	DIR *stream;

	snprintf(path, sizeof path, "%s/class/%s", self->devices.host->sysfs, class);
	stream = opendir(path);
	if (!stream)
		return;
	while ((entry = readdir(stream)) && self->count < GPUS_MAX) {
		size_t length = strlen(prefix);
		if (strncmp(entry->d_name, prefix, length) == 0 && entry->d_name[length] &&
			!entry->d_name[length + strspn(entry->d_name + length, "0123456789")])
			add_node(self, class, entry->d_name);
	}
	closedir(stream);
}

/* A card that cannot draw is a mere screen. */
static void drop_screens(struct gpus *self)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < self->count; i++)
		if (self->places[i].kind != GPUS_GPU || strstr(self->places[i].node, "renderD"))
			self->places[kept++] = self->places[i];
	self->count = kept;
}

/* NVIDIA's driver need not have any node there, and a GPU without driver has none. */
static void add_nvidia(struct gpus *self)
{
	struct nvml_power power = {.sysfs = self->devices.host->sysfs};

	nvml_power_find(&power);
	for (uint32_t i = 0; i < power.count && self->count < GPUS_MAX; i++) {
		if (gpus_place_of(self, power.addresses[i]))
			continue;
		struct gpus_place *place = add(self);
		snprintf(place->device, sizeof place->device, "%s/bus/pci/devices/%s",
			power.sysfs, power.addresses[i]);
		identify(power.sysfs, place);
		snprintf(place->address, sizeof place->address, "%s", power.addresses[i]);
	}
}

void gpus_find(struct gpus *self)
{
	self->count = 0;
	add_nodes(self, "drm", "card");
	add_nodes(self, "drm", "renderD");
	drop_screens(self);
	add_nodes(self, "accel", "accel");
	add_nvidia(self);
}

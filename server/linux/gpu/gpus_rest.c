/*
 * When a GPU is left alone. Drivers count a read of sysfs as use: amdgpu until Linux 6.12, and
 * Intel's. Who looks every second would keep a laptop's second GPU awake for ever. So one that
 * may sleep, shows no picture and has not worked for IDLE_NS is not read for as long as it takes
 * to fall asleep. If it has not then, somebody else keeps it awake, reading it does no harm, and
 * the next try comes later each time.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../read.h"
#include "../sysfs.h"
#include "clock.h"
#include "gpus.h"

#define IDLE_NS         (5 * SECOND_NS)
#define MARGIN_NS       (2 * SECOND_NS)
#define DELAY_NS        (5 * SECOND_NS) /* where it is not told */
#define DELAY_MAX_NS    (60 * SECOND_NS)
#define DISTANCE_NS     (60 * SECOND_NS)
#define DISTANCE_MAX_NS (3600 * SECOND_NS)

static void read_power(const struct gpus_place *place, const char *file, char text[32])
{
	char path[GPUS_PATH + 64];

	snprintf(path, sizeof path, "%s/power/%s", place->device, file);
	read_file_line(AT_FDCWD, path, text, 32);
}

static bool may_sleep(const struct gpus_place *place)
{
	char text[32];

	read_power(place, "control", text);
	return strcmp(text, "auto") == 0;
}

/* How long it must not be used before the kernel suspends it. */
static uint64_t delay_ns(const struct gpus_place *place)
{
	char path[GPUS_PATH + 64];
	int64_t ms;

	snprintf(path, sizeof path, "%s/power/autosuspend_delay_ms", place->device);
	if (sysfs_number(AT_FDCWD, path, &ms) < 0 || ms < 0)
		return DELAY_NS;
	return (uint64_t)ms < DELAY_MAX_NS / 1000000 ? (uint64_t)ms * 1000000 : DELAY_MAX_NS;
}

/* Is a screen on? Connectors, card0-DP-1, are directories of the card. */
static bool shows_picture(const struct gpus_place *place)
{
	const char *name = strrchr(place->card, '/');
	DIR *stream = name ? opendir(place->card) : NULL;
	const struct dirent *entry;
	bool shows = false;

	if (!stream)
		return false;
	size_t length = strlen(++name);
	while (!shows && (entry = readdir(stream))) {
		char path[2 * GPUS_PATH], text[32];
		if (strncmp(entry->d_name, name, length) != 0 || entry->d_name[length] != '-')
			continue;
		snprintf(path, sizeof path, "%s/%s/enabled", place->card, entry->d_name);
		read_file_line(AT_FDCWD, path, text, sizeof text);
		shows = strcmp(text, "enabled") == 0;
	}
	closedir(stream);
	return shows;
}

void gpus_rest_active(struct gpus_rest *self, uint64_t now_ns)
{
	self->active_ns = now_ns;
}

void gpus_rest_asleep(struct gpus_rest *self, uint64_t now_ns)
{
	*self = (struct gpus_rest){.active_ns = now_ns};
}

/* It did not fall asleep. */
static void end_rest(struct gpus_rest *self, uint64_t now_ns)
{
	self->rest_ns = 0;
	self->distance_ns = self->distance_ns ? 2 * self->distance_ns : DISTANCE_NS;
	if (self->distance_ns > DISTANCE_MAX_NS)
		self->distance_ns = DISTANCE_MAX_NS;
	self->free_ns = now_ns + self->distance_ns;
}

bool gpus_rest_allows(struct gpus_rest *self, const struct gpus_place *place, uint64_t now_ns)
{
	if (self->rest_ns) {
		if (now_ns < self->rest_ns + delay_ns(place) + MARGIN_NS)
			return false;
		end_rest(self, now_ns);
	}
	if (!self->active_ns)
		self->active_ns = now_ns;
	if (now_ns < self->free_ns || now_ns < self->active_ns + IDLE_NS)
		return true;
	if (!may_sleep(place) || shows_picture(place)) {
		self->active_ns = now_ns; /* look again after a while */
		return true;
	}
	self->rest_ns = now_ns;
	return false;
}

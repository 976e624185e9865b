#include "chip_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"
#include "sysfs.h"

/* "pci", "i2c": the bus or class of a device's folder; "" for a folder that is none. */
static void subsystem_of(const char *path, char *name, size_t size)
{
	char link[PLACE_PATH_MAX + 16];

	snprintf(link, sizeof link, "%s/subsystem", path);
	sysfs_link_name(link, name, size);
}

static bool is_display(const char *path)
{
	char file[PLACE_PATH_MAX + 16], class[32];

	snprintf(file, sizeof file, "%s/drm", path);
	if (sysfs_has(AT_FDCWD, file))
		return true;
	snprintf(file, sizeof file, "%s/class", path);
	return sysfs_text(AT_FDCWD, file, class, sizeof class) > 0 &&
	       strncmp(class, "0x03", 4) == 0;
}

/*
 * The nearest device above that must not be woken by looking: a GPU, a disk, what is plugged in.
 * A bus controller may sleep between two transfers, and waking it is how a sensor behind it is
 * read; the one on a graphics card is not, for it wakes the card.
 */
static bool may_sleep(const char *path, const char *name, bool *behind_i2c)
{
	char subsystem[32];

	subsystem_of(path, subsystem, sizeof subsystem);
	if (strcmp(subsystem, "i2c") == 0)
		*behind_i2c = true;
	if (strcmp(subsystem, "pci") == 0)
		return !*behind_i2c || is_display(path);
	if (*behind_i2c)
		return false;
	/* An interface of a USB device has a colon in its name, and sleeps when it likes. */
	return strcmp(subsystem, "scsi") == 0 ||
	       (strcmp(subsystem, "usb") == 0 && !strchr(name, ':'));
}

static void find_status(struct chip_place *self)
{
	char path[PLACE_PATH_MAX], *slash;
	bool behind_i2c = false;

	snprintf(path, sizeof path, "%s", self->path);
	while ((slash = strrchr(path, '/')) && slash > path) {
		if (may_sleep(path, slash + 1, &behind_i2c)) {
			snprintf(self->status, sizeof self->status, "%s/power/runtime_status",
				path);
			return;
		}
		*slash = '\0';
	}
}

/* The name of the disk, which a SCSI device has in a folder of its own. */
static bool find_disk(const struct chip_place *self, char *name, size_t size)
{
	char path[PLACE_PATH_MAX + 16];
	const struct dirent *entry;
	DIR *directory;
	bool found = false;

	snprintf(path, sizeof path, "%s/block", self->path);
	directory = opendir(path);
	while (directory && !found && (entry = readdir(directory)))
		if (entry->d_name[0] != '.') {
			snprintf(name, size, "%s", entry->d_name);
			found = true;
		}
	if (directory)
		closedir(directory);
	return found;
}

bool chip_place_find(struct chip_place *self, const char *chip)
{
	char link[PLACE_PATH_MAX], subsystem[32];
	const char *last;

	*self = (struct chip_place){.path = ""};
	snprintf(link, sizeof link, "%s/device", chip);
	if (!realpath(link, self->path)) {
		self->path[0] = '\0';
		return true;
	}
	subsystem_of(self->path, subsystem, sizeof subsystem);
	last = strrchr(self->path, '/') + 1;
	if (strcmp(subsystem, "power_supply") == 0 ||
		strncmp(last, "thermal_zone", strlen("thermal_zone")) == 0)
		return false;
	if (strcmp(subsystem, "scsi") != 0 || !find_disk(self, self->name, sizeof self->name))
		snprintf(self->name, sizeof self->name, "%s", last);
	find_status(self);
	if (is_display(self->path))
		snprintf(self->control, sizeof self->control, "%s/power/control", self->path);
	return true;
}

/* A device on its way between the states counts as asleep: a read would wait for it. A kernel
 * without power management has no such file. */
bool chip_place_asleep(const char *status)
{
	char text[32];
	ssize_t length = read_file_line(AT_FDCWD, status, text, sizeof text);

	if (length < 0)
		return length != -ENOENT;
	return strcmp(text, "active") != 0 && strcmp(text, "unsupported") != 0;
}

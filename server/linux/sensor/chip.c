#include "chip.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../chip_place.h"
#include "../sysfs.h"
#include "alloc.h"
#include "clock.h"
#include "platform.h"

/* A little less than 10 s, so that a tick that comes early is not skipped. */
#define DRIVE_PERIOD_NS (9900 * UINT64_C(1000000))

static const struct {
	const char *folder, *prefix, *name; /* the file that says what it is */
} classes[CHIP_CLASSES] = {
	[CHIP_HWMON] = {"hwmon", "hwmon", "name"},
	[CHIP_ZONE] = {"thermal", "thermal_zone", "type"},
	[CHIP_COOLING] = {"thermal", "cooling_device", "type"},
};

const char *chip_class_folder(enum chip_class class)
{
	return classes[class].folder;
}

const char *chip_class_prefix(enum chip_class class)
{
	return classes[class].prefix;
}

/* ---------------------------------------------------------------------------- what it is */

/* Very old drivers have their files beside the folder of the class, in the device's. */
static int open_files(const char *path, enum chip_class class)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), device;

	if (directory < 0)
		return -errno;
	if (class != CHIP_HWMON || faccessat(directory, "name", F_OK, 0) == 0)
		return directory;
	device = openat(directory, "device", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (device < 0)
		return directory;
	close(directory);
	return device;
}

static bool is_drive(const char *name)
{
	return strcmp(name, "nvme") == 0 || strcmp(name, "drivetemp") == 0;
}

static int identify(struct sensor_chip *self, const char *path)
{
	char name[128];
	struct chip_place place;
	struct stat status;
	int result = sysfs_text(self->directory, classes[self->class].name, name, sizeof name);

	if (result < 0 || stat(path, &status) < 0)
		return result < 0 ? result : -errno;
	if (!*name || !chip_place_find(&place, path))
		return -ENODEV;
	self->filesystem = status.st_dev;
	self->inode = status.st_ino;
	self->name = xstrdup(name);
	self->device = xstrdup(place.name);
	self->path = xstrdup(place.path);
	self->status = *place.status ? xstrdup(place.status) : NULL;
	self->control =
		self->class == CHIP_HWMON && *place.control ? xstrdup(place.control) : NULL;
	self->period_ns = is_drive(name) ? DRIVE_PERIOD_NS : 0;
	return 0;
}

/* ------------------------------------------------------------------------------ counting */

static void init_gate(struct sensor_chip *self)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&self->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&self->left, &monotonic);
	pthread_condattr_destroy(&monotonic);
	atomic_init(&self->references, 1);
}

int chip_create(const char *sysfs, enum chip_class class, uint32_t number,
	struct sensor_chip **ret_chip)
{
	char path[PATH_MAX];
	int result;

	snprintf(path, sizeof path, "%s/class/%s/%s%u", sysfs, classes[class].folder,
		classes[class].prefix, number);
	result = open_files(path, class);
	if (result < 0)
		return result;
	struct sensor_chip *self = xcalloc(1, sizeof *self);
	self->class = class;
	self->number = number;
	self->directory = result;
	init_gate(self);
	result = identify(self, path);
	if (result < 0)
		chip_release(self);
	else
		*ret_chip = self;
	return result;
}

struct sensor_chip *chip_retain(struct sensor_chip *self)
{
	atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed);
	return self;
}

void chip_release(struct sensor_chip *self)
{
	if (!self || atomic_fetch_sub_explicit(&self->references, 1, memory_order_acq_rel) > 1)
		return;
	close(self->directory);
	pthread_cond_destroy(&self->left);
	pthread_mutex_destroy(&self->lock);
	free(self->name);
	free(self->device);
	free(self->path);
	free(self->status);
	free(self->control);
	free(self);
}

/* ------------------------------------------------------------------------------- reading */

bool chip_is_left_to_gpu(const struct sensor_chip *self)
{
	char control[32];

	return self->control &&
	       sysfs_text(AT_FDCWD, self->control, control, sizeof control) > 0 &&
	       strcmp(control, "auto") == 0;
}

bool chip_asleep(const struct sensor_chip *self)
{
	return self->status && chip_place_asleep(self->status);
}

static void wait_until(struct sensor_chip *self, uint64_t until_ns)
{
	struct timespec until = {(time_t)(until_ns / SECOND_NS), (long)(until_ns % SECOND_NS)};

	pthread_cond_timedwait(&self->left, &self->lock, &until);
}

int chip_enter(struct sensor_chip *self)
{
	uint64_t now_ns = clock_now_ns(), patience_ns = now_ns + CHIP_PATIENCE_NS;
	int result = STATE_OK;

	pthread_mutex_lock(&self->lock);
	while (self->entered_ns && result == STATE_OK) {
		uint64_t hanging_ns = self->entered_ns + CHIP_PATIENCE_NS;
		if (now_ns >= hanging_ns)
			result = STATE_FAILED;
		else if (now_ns >= patience_ns)
			result = SAMPLE_GONE;
		else
			wait_until(self, hanging_ns < patience_ns ? hanging_ns : patience_ns);
		now_ns = clock_now_ns();
	}
	if (result == STATE_OK)
		self->entered_ns = now_ns;
	pthread_mutex_unlock(&self->lock);
	return result;
}

void chip_leave(struct sensor_chip *self)
{
	pthread_mutex_lock(&self->lock);
	self->entered_ns = 0;
	pthread_cond_signal(&self->left);
	pthread_mutex_unlock(&self->lock);
}

bool chip_hangs(struct sensor_chip *self)
{
	pthread_mutex_lock(&self->lock);
	bool hangs = self->entered_ns && clock_now_ns() >= self->entered_ns + CHIP_PATIENCE_NS;
	pthread_mutex_unlock(&self->lock);
	return hangs;
}

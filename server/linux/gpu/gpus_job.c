#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../parse.h"
#include "../read.h"
#include "../sysfs.h"
#include "alloc.h"
#include "gpus.h"

/* --------------------------------------------------------------------- the loop's thread */

void gpus_ask_library(struct gpus *self, enum nvml_part part)
{
	if (self->asked[part] == self->devices.round)
		return;
	self->asked[part] = self->devices.round;
	nvml_begin_part(self->devices.host->nvml, part);
}

int gpus_job_prepare(
	struct devices *table, void *memory_row, enum nvml_part part, void **ret_job)
{
	struct gpus *self = (struct gpus *)table;
	struct gpus_row *row = memory_row;
	enum cell_state state = gpus_row_state(self, row);
	struct gpus_job *job;

	if (state != STATE_OK)
		return state;
	*ret_job = job = xcalloc(1, sizeof *job);
	job->place = row->place;
	job->part = part;
	job->directory = -1;
	if (part != NVML_PARTS && gpus_is_library_row(self, row)) {
		gpus_ask_library(self, part);
		job->nvml = nvml_hold(table->host->nvml);
	}
	return STATE_OK;
}

/* -------------------------------------------------------------------------- any thread */

void gpus_job_release(void *data)
{
	struct gpus_job *self = data;

	if (self->nvml)
		nvml_release(self->nvml);
	free(self);
}

static bool comes_before(const char *a, const char *b)
{
	size_t length = strlen(a), other = strlen(b);

	return length != other ? length < other : strcmp(a, b) < 0;
}

/* The first one; the others are of parts of the GPU. */
static void look_into(struct gpus_job *self, const char *name, char folder[GPUS_WORD])
{
	int directory = openat(self->directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = directory < 0 ? NULL : fdopendir(directory);
	char first[GPUS_WORD / 2] = "";
	const struct dirent *entry;

	if (!stream) {
		if (directory >= 0)
			close(directory);
		return;
	}
	while ((entry = readdir(stream))) {
		size_t length = strlen(entry->d_name);
		if (entry->d_name[0] != '.' && length < sizeof first &&
			(!first[0] || comes_before(entry->d_name, first)))
			memcpy(first, entry->d_name, length + 1);
	}
	closedir(stream);
	if (first[0])
		snprintf(folder, GPUS_WORD, "%s/%s", name, first);
}

static const char *folder_of(struct gpus_job *self, enum gpus_folder folder)
{
	static const char *const names[] = {"hwmon", "devfreq"};

	if (!self->looked[folder])
		look_into(self, names[folder], self->folders[folder]);
	self->looked[folder] = true;
	return self->folders[folder];
}

static int run_library(struct gpus_job *self, gpus_fill *fill, void *sample)
{
	int state = nvml_wait_gpu(
		self->nvml, self->part, self->place.address, self->place.uuid, &self->gpu);

	if (state == STATE_NONE)
		return STATE_UNSUPPORTED;
	if (state == STATE_OK)
		fill(self, sample);
	return state;
}

int gpus_job_run(
	struct gpus_job *self, gpus_fill *of_library, gpus_fill *of_sysfs, void *sample)
{
	if (!gpus_awake(self->place.device))
		return STATE_ASLEEP;
	if (self->nvml)
		return run_library(self, of_library, sample);
	if (!self->place.device[0])
		return STATE_UNSUPPORTED;
	self->directory = open(self->place.device, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self->directory < 0)
		return errno == ENOENT ? SAMPLE_GONE : STATE_FAILED;
	of_sysfs(self, sample);
	close(self->directory);
	/* It may have fallen asleep meanwhile: then drivers refuse with all sorts of errors. */
	return self->failed && !gpus_awake(self->place.device) ? STATE_ASLEEP : STATE_OK;
}

enum cell_state gpus_state_of(int error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return STATE_DENIED;
	case -ENOENT:
	case -ENOTDIR:
	case -EOPNOTSUPP:
	case -EINVAL:
	case -ENODATA:
		return STATE_UNSUPPORTED;
	default:
		return STATE_FAILED;
	}
}

static int read_number(struct gpus_job *self, const struct gpus_file *file, int64_t *ret_number)
{
	const char *folder = "";
	char path[GPUS_PATH + 64];
	int directory = self->directory;

	switch (file->where) {
	case GPUS_OF_DEVICE:
		return sysfs_number(directory, file->path, ret_number);
	case GPUS_OF_CARD:
		folder = self->place.card;
		directory = AT_FDCWD;
		break;
	case GPUS_OF_HWMON:
		folder = folder_of(self, GPUS_HWMON);
		break;
	case GPUS_OF_DEVFREQ:
		folder = folder_of(self, GPUS_DEVFREQ);
		break;
	}
	if (!folder[0])
		return -ENOENT;
	snprintf(path, sizeof path, "%s/%s", folder, file->path);
	return sysfs_number(directory, path, ret_number);
}

uint64_t gpus_number(struct gpus_job *self, const struct gpus_file *files, uint64_t most)
{
	int64_t number = -1;
	int error = -ENOENT;

	for (; files->path && error == -ENOENT; files++) {
		error = read_number(self, files, &number);
		self->failed |= error < 0 && error != -ENOENT;
		if (error == -ENOENT)
			continue;
		if (error < 0)
			return ABSENT_U64(gpus_state_of(error));
		if (number < 0 || number >= NUMBER_LIMIT ||
			gpus_scaled((uint64_t)number, files->scale) > most)
			return ABSENT_U64(STATE_FAILED);
		return gpus_scaled((uint64_t)number, files->scale);
	}
	return ABSENT_U64(STATE_UNSUPPORTED);
}

int gpus_read(struct gpus_job *self, const char *path, char *text, size_t size)
{
	ssize_t length = read_file(self->directory, path, text, size);

	self->failed |= length < 0 && length != -ENOENT;
	return (int)length;
}

enum cell_state gpus_read_levels(
	struct gpus_job *self, const char *path, uint64_t *ret_now, uint64_t *ret_most)
{
	char text[4096];
	int length = gpus_read(self, path, text, sizeof text);

	if (length < 0)
		return (enum cell_state)gpus_state_of(length);
	return gpus_parse_levels(text, (size_t)length, ret_now, ret_most) < 0 ? STATE_FAILED
									      : STATE_OK;
}

void gpus_hwmon_text(struct gpus_job *self, const char *file, char *text, size_t size)
{
	char path[GPUS_WORD + 64];

	text[0] = '\0';
	if (!folder_of(self, GPUS_HWMON)[0])
		return;
	snprintf(path, sizeof path, "%s/%s", self->folders[GPUS_HWMON], file);
	sysfs_text(self->directory, path, text, size);
}

double gpus_ratio(uint64_t percent)
{
	if (!gpus_is_known(percent))
		return absent_f64((enum cell_state)(UINT64_MAX - percent));
	return (double)percent / 100;
}

uint64_t gpus_scaled(uint64_t number, uint64_t scale)
{
	return gpus_is_known(number) ? saturating_multiply(number, scale) : number;
}

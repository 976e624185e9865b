/*
 * Source gpu_name: what people call it. The driver knows best (NVIDIA's library; a file of
 * amdgpu, for boards that have their name in a chip of their own; a file of amdxdna), else the
 * list of PCI devices that pciutils brings along, else it is driver and number. What was told
 * once is kept while the GPU sleeps.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../read.h"
#include "../sysfs.h"
#include "clock.h"
#include "gpus.h"

#define PERIOD_NS (2 * SECOND_NS)

enum { PCI_IDS_SIZE = 8 << 20, TEXT_SIZE = 512 };

static const char *const lists[] = {"/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids"};

struct name_job {
	void *job; /* a struct gpus_job; NULL: it sleeps */
	struct gpus_place place;
	char name[NVML_TEXT], uuid[NVML_TEXT];
	bool named;
	bool twin; /* another one has the same name */
	int state; /* of the device, when it was asked */
	const char *list;
	bool real;
};

/* Will they have the same name? */
static bool are_alike(const struct gpus_place *a, const struct gpus_place *b)
{
	return a->kind == b->kind && strcmp(a->driver, b->driver) == 0 &&
	       strcmp(a->pci_id, b->pci_id) == 0 && strcmp(a->compatible, b->compatible) == 0 &&
	       strcmp(a->name, b->name) == 0;
}

static bool has_twin(struct gpus *self, const struct gpus_row *row)
{
	const struct gpus_row *other;
	uint32_t slot = 0;

	while ((other = devices_next(&self->devices, &slot)))
		if (other != row && are_alike(&other->place, &row->place))
			return true;
	return false;
}

static int prepare(struct devices *table, void *memory_row, void **ret_data)
{
	struct gpus_row *row = memory_row;
	struct name_job *self = calloc(1, sizeof *self);

	if (!self)
		return STATE_FAILED;
	self->place = row->place;
	memcpy(self->name, row->name, sizeof self->name);
	memcpy(self->uuid, row->uuid, sizeof self->uuid);
	self->named = row->named;
	self->twin = has_twin((struct gpus *)table, row);
	self->list = getenv("PROCMON_PCI_IDS");
	self->real = table->host->real;
	if (!self->named)
		gpus_job_prepare(table, row, NVML_NAMES, &self->job);
	*ret_data = self;
	return STATE_OK;
}

static void release(void *data)
{
	struct name_job *self = data;

	if (self->job)
		gpus_job_release(self->job);
	free(self);
}

/* ------------------------------------------------------------------------------- asking */

static void of_library(struct gpus_job *self, void *memory)
{
	struct name_job *name = memory;

	memcpy(name->name, self->gpu.name, sizeof name->name);
	memcpy(name->uuid, self->gpu.uuid, sizeof name->uuid);
}

static void of_sysfs(struct gpus_job *self, void *memory)
{
	struct name_job *name = memory;

	if (sysfs_text(self->directory, "product_name", name->name, sizeof name->name) <= 0)
		sysfs_text(self->directory, "vbnv", name->name, sizeof name->name);
	sysfs_text(self->directory, "unique_id", name->uuid, sizeof name->uuid);
}

static bool look_up(const char *path, const char *id, char name[NVML_TEXT])
{
	char *bytes = malloc(PCI_IDS_SIZE);
	ssize_t length = bytes ? read_file(AT_FDCWD, path, bytes, PCI_IDS_SIZE) : -1;
	bool found = length > 0 && gpus_parse_pci_ids(bytes, (size_t)length, id, name);

	free(bytes);
	return found;
}

/* The list is the machine's own: it says nothing of a substitute tree, unless it is named. */
static bool look_everywhere(const struct name_job *self, char name[NVML_TEXT])
{
	if (!self->place.pci_id[0])
		return false;
	if (self->list && self->list[0])
		return look_up(self->list, self->place.pci_id, name);
	for (size_t i = 0; self->real && i < sizeof lists / sizeof *lists; i++)
		if (look_up(lists[i], self->place.pci_id, name))
			return true;
	return false;
}

static void make_up(const struct gpus_place *place, char name[NVML_TEXT])
{
	const char *what = place->pci_id[0]       ? place->pci_id
			   : place->compatible[0] ? place->compatible
						  : place->address;

	snprintf(name, NVML_TEXT, "%.30s%s%.60s", place->driver, place->driver[0] ? " " : "",
		what);
}

static void ask(struct name_job *self)
{
	int state =
		self->job ? gpus_job_run(self->job, of_library, of_sysfs, self) : STATE_ASLEEP;

	self->state = state == SAMPLE_GONE ? STATE_FAILED : state;
	if (self->place.kind == GPUS_INSTANCE) {
		memcpy(self->name, self->place.name, sizeof self->name);
		memcpy(self->uuid, self->place.uuid, sizeof self->uuid);
	}
	self->named = self->name[0] && state == STATE_OK;
	if (self->name[0])
		return;
	if (!look_everywhere(self, self->name))
		make_up(&self->place, self->name);
	/* A driver without file of its name will not get one. */
	self->named = state == STATE_OK && !((struct gpus_job *)self->job)->nvml;
}

static int run(void *data, struct job *job)
{
	struct name_job *self = data;
	struct linux_gpu_name *sample = job->sample;
	char *uuid = job->text, *name = job->text + NVML_TEXT;

	if (!self->named)
		ask(self);
	memcpy(uuid, self->uuid, sizeof self->uuid);
	snprintf(name, TEXT_SIZE - NVML_TEXT, "%s%s%s", self->name, self->twin ? " " : "",
		!self->twin                         ? ""
		: self->place.kind == GPUS_INSTANCE ? self->place.uuid
						    : self->place.address);
	sample->name = device_text(name);
	sample->uuid = device_text(uuid);
	if (!uuid[0] && self->state != STATE_OK)
		sample->uuid.state = (uint32_t)self->state;
	return STATE_OK;
}

static int finish(
	struct devices *table, void *memory_row, void *data, struct job *job, int result)
{
	const struct name_job *self = data;
	struct gpus_row *row = memory_row;

	(void)table;
	(void)job;
	if (result == STATE_OK && strcmp(row->place.driver, self->place.driver) == 0) {
		memcpy(row->name, self->name, sizeof row->name);
		memcpy(row->uuid, self->uuid, sizeof row->uuid);
		row->named = self->named;
	}
	return result;
}

const struct device_source gpu_name_source = {
	.source = {.name = "gpu_name",
		.sample_size = sizeof(struct linux_gpu_name),
		.text_size = TEXT_SIZE,
		.lane = LANE_SLOW,
		.period_ns = PERIOD_NS},
	.unsupported = gpus_unsupported,
	.prepare = prepare,
	.run = run,
	.release = release,
	.finish = finish,
};

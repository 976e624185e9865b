#include "gpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../process/gpu/gpu_device.h"
#include "clock.h"

/* They come and go with their drivers, docks and adapters. */
#define FIND_NS (5 * SECOND_NS)

static const struct device_source *const sources[GPUS_SOURCE_COUNT] = {
	[SOURCE_gpu_identity] = &gpu_identity_source,
	[SOURCE_gpu_state] = &gpu_state_source,
	[SOURCE_gpu_name] = &gpu_name_source,
	[SOURCE_gpu_load] = &gpu_load_source,
	[SOURCE_gpu_memory] = &gpu_memory_source,
	[SOURCE_gpu_power] = &gpu_power_source,
	[SOURCE_gpu_limits] = &gpu_limits_source,
	[SOURCE_gpu_link] = &gpu_link_source,
};

const char *gpus_unsupported(const struct host *host, enum cell_state *ret_state)
{
	char path[4096];

	*ret_state = STATE_UNSUPPORTED;
	if (gpu_devices_any(host->sysfs))
		return NULL;
	snprintf(path, sizeof path, "%s/driver/nvidia", host->procfs);
	return access(path, F_OK) == 0 ? NULL : host->no_gpu;
}

static bool has_driver(const struct host *host)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/driver/nvidia/version", host->procfs);
	return access(path, F_OK) == 0;
}

/* NVIDIA's library is only loaded for what it alone can tell. */
static void want_library(struct gpus *self)
{
	static const uint32_t asked = 1u << SOURCE_gpu_name | 1u << SOURCE_gpu_load |
				      1u << SOURCE_gpu_memory | 1u << SOURCE_gpu_power |
				      1u << SOURCE_gpu_limits;
	const struct host *host = self->devices.host;
	bool wanted = (self->devices.wanted & asked) && host->nvml && has_driver(host) &&
		      !nvml_unsupported(host->nvml);

	if (wanted != self->nvml)
		nvml_want_gpus(host->nvml, wanted);
	self->nvml = wanted;
	if (!wanted)
		self->told_count = 0;
}

static void found(struct gpus *self, const struct gpus_place *place)
{
	char key[GPUS_ADDRESS + NVML_TEXT + 1];
	struct gpus_row *row;
	bool is_new;

	snprintf(key, sizeof key, "%s/%s", place->address, place->uuid);
	row = devices_found(&self->devices, key, &is_new);
	if (!row)
		return;
	if (strcmp(row->place.driver, place->driver) != 0) {
		row->named = false; /* another driver has another name for it */
		row->name[0] = row->uuid[0] = '\0';
	}
	row->place = *place;
}

static bool has_nvidia(const struct gpus *self)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (strcmp(self->places[i].driver, "nvidia") == 0)
			return true;
	return false;
}

/* Of those that sysfs has the instances, and those that it hides (in some containers). */
static void find_told(struct gpus *self)
{
	int count;

	if (!self->nvml)
		return;
	count = nvml_gpus(self->devices.host->nvml, self->told, GPUS_TOLD);
	if (count >= 0) /* else they are what they were */
		self->told_count = (uint32_t)count;
	if (!self->told_count && !has_nvidia(self)) /* there is no row yet that asks */
		gpus_ask_library(self, NVML_NAMES);
	for (uint32_t i = 0; i < self->told_count; i++) {
		const struct nvml_gpu *told = &self->told[i];
		const struct gpus_place *known = gpus_place_of(self, told->address);
		struct gpus_place place = {.kind = GPUS_GPU, .driver = "nvidia"};
		if (known && !told->instance)
			continue;
		if (known)
			place = *known;
		snprintf(place.address, sizeof place.address, "%s", told->address);
		if (told->instance) {
			place.kind = GPUS_INSTANCE;
			place.node[0] = '\0';
			memcpy(place.uuid, told->uuid, sizeof place.uuid);
			memcpy(place.name, told->name, sizeof place.name);
		}
		found(self, &place);
	}
}

static int find(struct devices *table)
{
	struct gpus *self = (struct gpus *)table;

	if (!self->found_ns || table->now_ns - self->found_ns >= FIND_NS) {
		gpus_find(self);
		self->found_ns = table->now_ns;
	}
	want_library(self);
	for (uint32_t i = 0; i < self->count; i++)
		found(self, &self->places[i]);
	find_told(self);
	return 0;
}

static void close_table(struct devices *table)
{
	struct gpus *self = (struct gpus *)table;

	if (self->nvml)
		nvml_want_gpus(table->host->nvml, false);
	free(self->places);
}

const struct device_table gpu_table = {
	.id = TABLE_GPU,
	.sources = sources,
	.source_count = GPUS_SOURCE_COUNT,
	.size = sizeof(struct gpus),
	.row_size = sizeof(struct gpus_row),
	.close = close_table,
	.find = find,
};

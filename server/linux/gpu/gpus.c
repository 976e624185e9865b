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

const char *gpus_unsupported(const struct linux_host *host, enum cell_state *ret_state)
{
	char path[4096];

	*ret_state = STATE_UNSUPPORTED;
	if (gpu_devices_any(host->sysfs))
		return NULL;
	snprintf(path, sizeof path, "%s/driver/nvidia", host->procfs);
	return access(path, F_OK) == 0 ? NULL : host->no_gpu;
}

/* NVIDIA's library is only loaded for what it alone can tell. */
static void want_library(struct gpus *self)
{
	static const uint32_t asked = 1u << SOURCE_gpu_name | 1u << SOURCE_gpu_load |
				      1u << SOURCE_gpu_memory | 1u << SOURCE_gpu_power |
				      1u << SOURCE_gpu_limits;
	struct nvml *nvml = self->devices.host->nvml;
	bool wanted = false;

	for (uint32_t i = 0; i < self->count; i++)
		wanted |= strcmp(self->places[i].driver, "nvidia") == 0;
	wanted = wanted && (self->devices.wanted & asked) && nvml && !nvml_unsupported(nvml);
	if (wanted != self->nvml)
		nvml_want_gpus(nvml, wanted);
	self->nvml = wanted;
	if (!wanted)
		self->instance_count = 0;
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

static void find_instances(struct gpus *self)
{
	int count = self->nvml ? nvml_instances(self->devices.host->nvml, self->instances,
					 GPUS_INSTANCES)
			       : 0;

	if (count >= 0) /* else they are what they were */
		self->instance_count = (uint32_t)count;
	for (uint32_t i = 0; i < self->instance_count; i++) {
		const struct nvml_gpu *instance = &self->instances[i];
		for (uint32_t j = 0; j < self->count; j++) {
			if (strcmp(self->places[j].address, instance->address) != 0)
				continue;
			struct gpus_place place = self->places[j];
			place.kind = GPUS_INSTANCE;
			place.node[0] = '\0';
			memcpy(place.uuid, instance->uuid, sizeof place.uuid);
			memcpy(place.name, instance->name, sizeof place.name);
			found(self, &place);
		}
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
	find_instances(self);
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

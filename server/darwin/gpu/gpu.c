#include "gpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../report/ioreport.h"
#include "alloc.h"

/* ---------------------------------------------------------------------------- rows */

/* Two of the same kind are told apart by where they are. */
static void name_rows(struct devices *devices)
{
	uint32_t slot = 0, other_slot;
	struct gpu_row *row, *other;

	while ((row = devices_next(devices, &slot))) {
		const struct accelerator *accelerator = &row->accelerator;
		const char *name =
			*accelerator->model ? accelerator->model : accelerator->driver;
		bool is_alone = true;
		snprintf(row->name, sizeof row->name, "%s", name);
		for (other_slot = 0; (other = devices_next(devices, &other_slot));)
			is_alone &= other == row ||
				    strcmp(other->accelerator.model, accelerator->model) != 0;
		if (!is_alone && *accelerator->address)
			snprintf(row->name, sizeof row->name, "%s (%s)", name,
				accelerator->address);
	}
}

static int find(struct devices *devices)
{
	struct registry_walk walk;
	bool complete = registry_services(&walk, ACCELERATOR_CLASS), is_new, any_new = false;

	while (registry_next(&walk)) {
		uint64_t id = registry_id(walk.entry);
		struct gpu_row *row = id ? devices_found_number(devices, id, 0, &is_new) : NULL;
		complete &= id != 0;
		if (!row || !is_new)
			continue;
		any_new = true;
		row->entry = registry_keep(walk.entry);
		accelerator_describe(&row->accelerator, row->entry);
	}
	if (any_new)
		name_rows(devices);
	return complete ? 0 : -EIO;
}

static void forget(struct devices *devices, void *memory)
{
	struct gpu_row *row = memory;

	(void)devices;
	registry_release(row->entry);
}

/* ------------------------------------------------------------------------- identity */

static int identity_read(struct devices *devices, void *memory, void *out)
{
	const struct gpu_row *row = memory;

	(void)devices;
	*(struct darwin_gpu_identity *)out = (struct darwin_gpu_identity){
		.kind = device_text("gpu"),
		.address = device_text(row->accelerator.address),
		.driver = device_text(row->accelerator.driver),
		.pci_id = device_text(row->accelerator.pci_id),
		.cores = row->accelerator.cores,
	};
	return STATE_OK;
}

static const struct device_source gpu_identity_source = {
	.source = {.name = "gpu_identity",
		.sample_size = sizeof(struct darwin_gpu_identity),
		.lane = LANE_FAST},
	.read = identity_read,
};

/* ----------------------------------------------------------------------------- name */

/* It is known, and a slow source all the same: on Linux to find it out is. */
static int name_prepare(struct devices *devices, void *memory, void **ret_data)
{
	(void)devices;
	*ret_data = xstrdup(((const struct gpu_row *)memory)->name);
	return STATE_OK;
}

static int name_run(void *data, struct job *job)
{
	snprintf(job->text, GPU_NAME, "%s", (const char *)data);
	((struct darwin_gpu_name *)job->sample)->name = device_text(job->text);
	return STATE_OK;
}

static const struct device_source gpu_name_source = {
	.source = {.name = "gpu_name",
		.sample_size = sizeof(struct darwin_gpu_name),
		.text_size = GPU_NAME,
		.lane = LANE_SLOW},
	.prepare = name_prepare,
	.run = name_run,
};

/* ---------------------------------------------------------------------------- state */

/* Apple's GPUs are switched off by the firmware between two pieces of work (AGC). */
static int state_read(struct devices *devices, void *memory, void *out)
{
	const struct gpu_row *row = memory;
	CFTypeRef information;
	uint64_t off;

	(void)devices;
	if (!row->accelerator.is_apple)
		return STATE_UNSUPPORTED;
	information = registry_property(row->entry, "AGCInfo");
	off = property_sample(property_dictionary(information), "poweredOffByAGC");
	property_release(information);
	if (off == ABSENT_U64(STATE_NONE))
		return STATE_NONE;
	((struct darwin_gpu_state *)out)->state = device_text(off ? "suspended" : "active");
	return STATE_OK;
}

static const struct device_source gpu_state_source = {
	.source = {.name = "gpu_state",
		.sample_size = sizeof(struct darwin_gpu_state),
		.lane = LANE_FAST},
	.read = state_read,
};

/* ---------------------------------------------------------------------------- table */

static int gpu_open(struct devices *devices, const struct target *target)
{
	struct gpus *self = (struct gpus *)devices;
	struct reports *reports = devices->host->reports;
	struct rails *rails = xcalloc(1, sizeof *rails);

	(void)target;
	if (reports_list_rails(reports, rails))
		for (uint32_t i = 0; i < rails->count && !*self->rail; i++)
			if (rails->items[i].kind == RAIL_GPU)
				memcpy(self->rail, rails->items[i].name, sizeof self->rail);
	free(rails);
	reports_want(reports, REPORTS_OF_GPU, REPORT_GPU | (*self->rail ? REPORT_ENERGY : 0));
	return 0;
}

static void gpu_close(struct devices *devices)
{
	reports_want(devices->host->reports, REPORTS_OF_GPU, 0);
}

static const struct device_source *const sources[GPU_SOURCE_COUNT] = {
	[SOURCE_gpu_identity] = &gpu_identity_source,
	[SOURCE_gpu_state] = &gpu_state_source,
	[SOURCE_gpu_name] = &gpu_name_source,
	[SOURCE_gpu_statistics] = &gpu_statistics_source,
};

const struct device_table gpu_table = {
	.id = TABLE_GPU,
	.sources = sources,
	.source_count = GPU_SOURCE_COUNT,
	.size = sizeof(struct gpus),
	.row_size = sizeof(struct gpu_row),
	.open = gpu_open,
	.close = gpu_close,
	.find = find,
	.forget = forget,
	.find_period_ns = UINT64_C(2000000000), /* one is plugged in */
};

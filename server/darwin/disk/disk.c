#include "disk.h"

#include <stdio.h>
#include <string.h>

#include "alloc.h"

static const char *const kinds[] = {
	[DISK_WHOLE] = "disk",
	[DISK_PARTITION] = "partition",
	[DISK_IMAGE] = "loop",
	[DISK_MEMORY] = "memory",
	[DISK_OPTICAL] = "optical",
	[DISK_CONTAINER] = "container",
	[DISK_VOLUME] = "volume",
	[DISK_SNAPSHOT] = "snapshot",
	[DISK_MAPPED] = "mapped",
	[DISK_RAID] = "raid",
};

bool disk_is_counted(const struct disk *self)
{
	return self->kind == DISK_WHOLE || self->kind == DISK_OPTICAL;
}

static int device_read(struct devices *devices, void *memory, void *out)
{
	const struct disk *row = memory;

	(void)devices;
	*(struct darwin_disk_device *)out = (struct darwin_disk_device){
		.name = device_text(row->name),
		.number = device_text(row->number),
		.kind = device_text(kinds[row->kind]),
		.lower = device_text(row->lower),
		.counted = disk_is_counted(row),
		.size = row->size,
	};
	return STATE_OK;
}

static const struct device_source disk_device_source = {
	.source = {.name = "disk_device",
		.sample_size = sizeof(struct darwin_disk_device),
		.lane = LANE_FAST},
	.read = device_read,
};

/* ----------------------------------------------------------------------------- facts */

/* They are known, and a slow source all the same: on Linux to find them out is. */
struct facts {
	char texts[4][DISK_TEXT];
	uint64_t rotational, removable, read_only;
};

static int facts_prepare(struct devices *devices, void *memory, void **ret_data)
{
	const struct disk *row = memory;
	struct facts *facts = xcalloc(1, sizeof *facts);

	(void)devices;
	snprintf(facts->texts[0], DISK_TEXT, "%s", row->model);
	snprintf(facts->texts[1], DISK_TEXT, "%s", row->label);
	snprintf(facts->texts[2], DISK_TEXT, "%s", row->serial);
	snprintf(facts->texts[3], DISK_TEXT, "%s", row->wwid);
	facts->rotational = row->rotational;
	facts->removable = row->removable;
	facts->read_only = row->read_only;
	*ret_data = facts;
	return STATE_OK;
}

static int facts_run(void *data, struct job *job)
{
	const struct facts *facts = data;

	memcpy(job->text, facts->texts, sizeof facts->texts);
	*(struct darwin_disk_facts *)job->sample = (struct darwin_disk_facts){
		.model = device_text(job->text),
		.label = device_text(job->text + DISK_TEXT),
		.serial = device_text(job->text + 2 * DISK_TEXT),
		.wwid = device_text(job->text + 3 * DISK_TEXT),
		.rotational = facts->rotational,
		.removable = facts->removable,
		.read_only = facts->read_only,
	};
	return STATE_OK;
}

static const struct device_source disk_facts_source = {
	.source = {.name = "disk_facts",
		.sample_size = sizeof(struct darwin_disk_facts),
		.text_size = 4 * DISK_TEXT,
		.lane = LANE_SLOW},
	.prepare = facts_prepare,
	.run = facts_run,
};

/* ----------------------------------------------------------------------------- table */

static void disk_forget(struct devices *devices, void *memory)
{
	const struct disk *row = memory;

	(void)devices;
	registry_release(row->statistics);
}

static void disk_close(struct devices *devices)
{
	disk_mounts_free((struct disks *)devices);
}

static const struct device_source *const sources[DISK_SOURCE_COUNT] = {
	[SOURCE_disk_device] = &disk_device_source,
	[SOURCE_disk_io] = &disk_io_source,
	[SOURCE_disk_facts] = &disk_facts_source,
	[SOURCE_disk_mount] = &disk_mount_source,
	[SOURCE_disk_space] = &disk_space_source,
};

const struct device_table disk_table = {
	.id = TABLE_DISK,
	.sources = sources,
	.source_count = DISK_SOURCE_COUNT,
	.size = sizeof(struct disks),
	.row_size = sizeof(struct disk),
	.close = disk_close,
	.find = disk_find,
	.forget = disk_forget,
};

/* Table DISK: its sources, and that of what a row is. */
#include "disk.h"

#include <stdlib.h>

#include "alloc.h"

static const struct device_source *const sources[DISK_SOURCE_COUNT] = {
	[SOURCE_disk_device] = &disk_device_source,
	[SOURCE_disk_io] = &disk_io_source,
	[SOURCE_disk_errors] = &disk_errors_source,
	[SOURCE_disk_facts] = &disk_facts_source,
	[SOURCE_disk_raid] = &disk_raid_source,
	[SOURCE_disk_mount] = &disk_mount_source,
	[SOURCE_disk_space] = &disk_space_source,
};

static const char *const kinds[] = {
	[DISK_WHOLE] = "disk",
	[DISK_PARTITION] = "partition",
	[DISK_RAID] = "raid",
	[DISK_MAPPED] = "mapped",
	[DISK_LOOP] = "loop",
	[DISK_MEMORY] = "memory",
	[DISK_OPTICAL] = "optical",
	[DISK_FLOPPY] = "floppy",
	[DISK_PATH] = "path",
};

static int device_read(struct devices *self, void *memory, void *out)
{
	const struct disk *row = memory;

	(void)self;
	*(struct linux_disk_device *)out = (struct linux_disk_device){
		.name = device_text(row->name),
		.number = device_text(row->number),
		.kind = device_text(kinds[row->kind]),
		.lower = device_text(row->lower),
		.counted = row->counted,
		.sectors = row->sectors,
	};
	return STATE_OK;
}

const struct device_source disk_device_source = {
	.source = {.name = "disk_device",
		.sample_size = sizeof(struct linux_disk_device),
		.lane = LANE_FAST},
	.read = device_read,
};

char *disk_directory(const struct devices *self, const struct disk *row)
{
	return *row->place ? xasprintf("%s/block/%s", self->host->sysfs, row->place) : NULL;
}

static void disk_forget(struct devices *self, void *memory)
{
	struct disk *row = memory;

	(void)self;
	free(row->mount);
}

static void disk_close(struct devices *memory)
{
	struct disks *self = (struct disks *)memory;

	whole_file_finish(&self->stats);
	whole_file_finish(&self->mounts);
	free(self->looks);
}

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

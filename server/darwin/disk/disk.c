#include "disk.h"

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
		.model = device_text(row->model),
		.label = device_text(row->label),
		.serial = device_text(row->serial),
		.wwid = device_text(row->wwid),
		.counted = disk_is_counted(row),
		.size = row->size,
		.rotational = row->rotational,
		.removable = row->removable,
		.read_only = row->read_only,
	};
	return STATE_OK;
}

static const struct device_source disk_device_source = {
	.source = {.name = "disk_device",
		.sample_size = sizeof(struct darwin_disk_device),
		.lane = LANE_FAST},
	.read = device_read,
};

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

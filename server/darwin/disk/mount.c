/*
 * Sources disk_mount and disk_space: where a volume is mounted, and what room there is. The
 * kernel has the list of mounts in memory; how much is free it may have to ask the filesystem, which a
 * worker does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/param.h>

#include "alloc.h"
#include "disk.h"
#include "source.h"

_Static_assert(sizeof(struct statfs) == 2168, "statfs");
_Static_assert(sizeof(((struct statfs *)0)->f_mntonname) == DISK_POINT, "f_mntonname");

struct disk_mounts {
	struct statfs *list;
	int capacity, count;
	uint64_t round; /* when they were read last */
};

void disk_mounts_free(struct disks *self)
{
	if (self->mounts)
		free(self->mounts->list);
	free(self->mounts);
}

/* ---------------------------------------------------------------------------- mounts */

/* The kernel cuts the list silently at the end of the room. */
static void read_mounts(struct disk_mounts *self)
{
	for (;;) {
		int size = self->capacity * (int)sizeof *self->list;
		int count = size ? getfsstat(self->list, size, MNT_NOWAIT) : 0;
		self->count = count < 0 ? 0 : count;
		if (size && count < self->capacity)
			return;
		self->capacity = self->capacity ? self->capacity * 2 : 32;
		self->list =
			xreallocarray(self->list, (size_t)self->capacity, sizeof *self->list);
	}
}

/* "disk3s1s1"; empty: nothing below /dev. */
static const char *device_of(const struct statfs *mount)
{
	static const char dev[] = "/dev/";

	if (strncmp(mount->f_mntfromname, dev, sizeof dev - 1) != 0)
		return "";
	return mount->f_mntfromname + sizeof dev - 1;
}

static struct disk *row_of(struct devices *devices, const char *name)
{
	uint32_t slot = 0;
	struct disk *row;

	while ((row = devices_next(devices, &slot)))
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

/* Once a round. The first place counts, if there are several. */
static void find_mounts(struct disks *self)
{
	struct disk_mounts *mounts = self->mounts;

	if (!mounts)
		mounts = self->mounts = xcalloc(1, sizeof *mounts);
	if (mounts->round == self->devices.round)
		return;
	mounts->round = self->devices.round;
	read_mounts(mounts);
	for (int i = 0; i < mounts->count; i++) {
		const struct statfs *mount = &mounts->list[i];
		struct disk *row =
			*device_of(mount) ? row_of(&self->devices, device_of(mount)) : NULL;
		if (!row || row->mount_round == mounts->round)
			continue;
		row->mount_round = mounts->round;
		memcpy(row->point, mount->f_mntonname, sizeof row->point);
		memcpy(row->filesystem, mount->f_fstypename, sizeof row->filesystem);
	}
}

static bool is_mounted(const struct disks *self, const struct disk *row)
{
	return row->mount_round && row->mount_round == self->devices.round;
}

static int mount_read(struct devices *devices, void *memory, void *out)
{
	const struct disk *row = memory;

	find_mounts((struct disks *)devices);
	if (!is_mounted((struct disks *)devices, row))
		return STATE_NONE;
	*(struct darwin_disk_mount *)out = (struct darwin_disk_mount){
		.point = device_text(row->point),
		.filesystem = device_text(row->filesystem),
	};
	return STATE_OK;
}

const struct device_source disk_mount_source = {
	.source = {.name = "disk_mount",
		.sample_size = sizeof(struct darwin_disk_mount),
		.lane = LANE_FAST},
	.read = mount_read,
};

/* ------------------------------------------------------------------------------ room */

struct question {
	char point[DISK_POINT], name[DISK_NAME];
};

static int prepare(struct devices *devices, void *memory, void **ret_data)
{
	const struct disk *row = memory;
	struct question *question;

	find_mounts((struct disks *)devices);
	if (!is_mounted((struct disks *)devices, row))
		return STATE_NONE;
	*ret_data = question = xcalloc(1, sizeof *question);
	memcpy(question->point, row->point, sizeof question->point);
	memcpy(question->name, row->name, sizeof question->name);
	return STATE_OK;
}

static uint64_t bytes_of(uint64_t blocks, const struct statfs *mount)
{
	return mount->f_bsize && blocks <= INT64_MAX / mount->f_bsize
		       ? blocks * mount->f_bsize
		       : ABSENT_U64(STATE_FAILED);
}

static int run(void *data, struct job *job)
{
	const struct question *question = data;
	struct darwin_disk_space *sample = job->sample;
	struct statfs mount;

	if (statfs(question->point, &mount) != 0)
		return errno == ENOENT ? STATE_NONE : host_state_of(errno);
	if (strcmp(device_of(&mount), question->name) != 0)
		return STATE_NONE; /* something else is mounted over it */
	sample->total = bytes_of(mount.f_blocks, &mount);
	sample->used = mount.f_bfree <= mount.f_blocks
			       ? bytes_of(mount.f_blocks - mount.f_bfree, &mount)
			       : ABSENT_U64(STATE_FAILED);
	sample->available = bytes_of(mount.f_bavail, &mount);
	return STATE_OK;
}

const struct device_source disk_space_source = {
	.source = {.name = "disk_space",
		.sample_size = sizeof(struct darwin_disk_space),
		.lane = LANE_SLOW},
	.prepare = prepare,
	.run = run,
};

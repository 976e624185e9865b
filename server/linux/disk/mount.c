/*
 * Sources disk_mount and disk_space: where a device is mounted, as we see it, and what room
 * there is. The first is one file for all rows; the second waits for the filesystem, which
 * may hang: slow lane.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"
#include "disk.h"

/* ------------------------------------------------------------------- parsers */

static struct scan next_word(struct scan *self)
{
	const char *space = memchr(self->at, ' ', (size_t)(self->end - self->at));
	struct scan word = {self->at, space ? space : self->end};

	self->at = space ? space + 1 : self->end;
	return word;
}

static bool is_text(struct scan text, const char *other)
{
	size_t length = strlen(other);

	return (size_t)(text.end - text.at) == length && memcmp(text.at, other, length) == 0;
}

static bool parse_device(struct scan word, struct mount_line *line)
{
	int64_t major, minor;

	if (!scan_number(&word, &major) || word.at == word.end || *word.at++ != ':' ||
		!scan_number(&word, &minor) || major < 0 || minor < 0 || major > UINT32_MAX ||
		minor > UINT32_MAX)
		return false;
	line->major = (uint32_t)major;
	line->minor = (uint32_t)minor;
	return true;
}

/* 36 35 98:0 /root /point options optional.. - type source options */
bool mount_line_parse(struct scan line, struct mount_line *ret_line)
{
	struct scan word = next_word(&line);

	if (!scan_number(&word, &ret_line->id) || ret_line->id < 0)
		return false;
	next_word(&line);
	if (!parse_device(next_word(&line), ret_line))
		return false;
	ret_line->root = next_word(&line);
	ret_line->point = next_word(&line);
	do
		word = next_word(&line);
	while (line.at < line.end && !is_text(word, "-"));
	ret_line->type = next_word(&line);
	ret_line->source = next_word(&line);
	return ret_line->type.at < ret_line->type.end &&
	       ret_line->point.at < ret_line->point.end;
}

static bool is_octal(const char *at, const char *end)
{
	return end - at >= 4 && at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' &&
	       at[2] <= '7' && at[3] >= '0' && at[3] <= '7';
}

char *mount_unescape(struct scan text)
{
	char *all = xcalloc((size_t)(text.end - text.at) + 1, 1), *out = all;

	while (text.at < text.end) {
		if (is_octal(text.at, text.end)) {
			*out++ = (char)((text.at[1] - '0') << 6 | (text.at[2] - '0') << 3 |
					(text.at[3] - '0'));
			text.at += 4;
		} else
			*out++ = *text.at++;
	}
	return all;
}

/* ------------------------------------------------------------------- the mounts */

/* Some filesystems (btrfs) have a number of their own: then the name of the source tells. */
static bool is_of(const struct disk *row, const struct mount_line *line)
{
	static const char dev[] = "/dev/";
	struct scan name = line->source;

	if (line->major)
		return row->major == line->major && row->minor == line->minor;
	if (name.end - name.at < (ptrdiff_t)sizeof dev ||
		memcmp(name.at, dev, sizeof dev - 1) != 0)
		return false;
	name.at += sizeof dev - 1;
	return is_text(name, row->name) || (*row->alias && is_text(name, row->alias));
}

/* The first mount counts, and before all those of the whole filesystem: what is bound into
 * another place comes later, or is a part of it. */
static void take_mount(struct disk *row, const struct mount_line *line)
{
	if (row->mount && (!is_text(line->root, "/") || row->mount_is_whole))
		return;
	free(row->mount);
	row->mount = mount_unescape(line->point);
	row->mount_is_whole = is_text(line->root, "/");
	row->mount_id = line->id;
	row->mount_major = line->major;
	row->mount_minor = line->minor;
	snprintf(row->filesystem, sizeof row->filesystem, "%.*s",
		(int)(line->type.end - line->type.at), line->type.at);
}

static void forget_mounts(struct devices *self)
{
	struct disk *row;

	for (uint32_t slot = 0; (row = devices_next(self, &slot));) {
		free(row->mount);
		row->mount = NULL;
		row->mount_is_whole = false;
	}
}

static bool can_be_ours(const struct mount_line *line)
{
	return line->major || (line->source.at < line->source.end && *line->source.at == '/');
}

int disk_mounts_take(struct disks *self)
{
	struct devices *devices = &self->devices;
	struct scan scan, text;
	struct mount_line line;

	if (self->mounts_round == devices->round)
		return self->mounts_error;
	self->mounts_round = devices->round;
	forget_mounts(devices);
	self->mounts_error =
		whole_file_read(&self->mounts, devices->host->procfs, "self/mountinfo");
	if (self->mounts_error < 0)
		return self->mounts_error;
	scan = (struct scan){self->mounts.bytes, self->mounts.bytes + self->mounts.length};
	while (scan_line(&scan, &text)) {
		struct disk *row;
		if (!mount_line_parse(text, &line) || !can_be_ours(&line))
			continue;
		for (uint32_t slot = 0; (row = devices_next(devices, &slot));)
			if (is_of(row, &line))
				take_mount(row, &line);
	}
	whole_file_finish(&self->mounts);
	return 0;
}

static int mount_read(struct devices *self, void *memory, void *out)
{
	const struct disk *row = memory;
	struct linux_disk_mount *sample = out;
	int error = disk_mounts_take((struct disks *)self);

	if (error < 0)
		return (int)sysfs_state(error);
	if (!row->mount)
		return STATE_NONE;
	sample->point = device_text(row->mount);
	sample->filesystem = device_text(row->filesystem);
	return STATE_OK;
}

const struct device_source disk_mount_source = {
	.source = {.name = "disk_mount",
		.sample_size = sizeof(struct linux_disk_mount),
		.lane = LANE_FAST,
		.period_ns = UINT64_C(10000000000)},
	.read = mount_read,
};

/* ------------------------------------------------------------------- the space */

static const char *space_unsupported(const struct host *host, enum cell_state *ret_state)
{
	(void)ret_state;
	return host->real ? NULL
			  : "the mounts in another --procfs are not those of this machine";
}

struct space_job {
	char *point, *procfs;
	int64_t id;
	dev_t device;
};

static int space_prepare(struct devices *self, void *memory, void **ret_data)
{
	const struct disk *row = memory;
	struct space_job *job;
	int error = disk_mounts_take((struct disks *)self);

	if (error < 0)
		return (int)sysfs_state(error);
	if (!row->mount)
		return STATE_NONE;
	job = xcalloc(1, sizeof *job);
	job->point = xstrdup(row->mount);
	job->procfs = xstrdup(self->host->procfs);
	job->id = row->mount_id;
	job->device = makedev(row->mount_major, row->mount_minor);
	*ret_data = job;
	return STATE_OK;
}

/* The line mnt_id of fdinfo, proc(5); -1: it is not there. */
static int64_t mount_of(const char *procfs, int file)
{
	static const char key[] = "mnt_id:";
	char path[4096], text[1024];
	struct scan scan, line;
	int64_t id = -1;
	ssize_t length;

	snprintf(path, sizeof path, "%s/self/fdinfo/%d", procfs, file);
	length = read_file(AT_FDCWD, path, text, sizeof text);
	scan = (struct scan){text, text + (length > 0 ? length : 0)};
	while (scan_line(&scan, &line)) {
		if (line.end - line.at < (ptrdiff_t)sizeof key ||
			memcmp(line.at, key, sizeof key - 1) != 0)
			continue;
		line.at += sizeof key - 1;
		return scan_number(&line, &id) ? id : -1;
	}
	return -1;
}

/* A path leads to what was mounted there last, or to nothing that is mounted if something lies
 * over a directory above. Files of btrfs have the number of their subvolume, which mountinfo does
 * not show: there the mount itself tells. */
static bool is_shown(const struct space_job *self, int file)
{
	struct stat status;

	if (fstat(file, &status) == 0 && status.st_dev == self->device)
		return true;
	return mount_of(self->procfs, file) == self->id;
}

static int room_of(int file, struct linux_disk_space *sample)
{
	struct statvfs filesystem;
	uint64_t unit;

	if (fstatvfs(file, &filesystem) < 0)
		return (int)sysfs_state(-errno);
	if (filesystem.f_bfree > filesystem.f_blocks)
		return STATE_FAILED;
	unit = filesystem.f_frsize;
	sample->total = saturating_multiply(filesystem.f_blocks, unit);
	sample->used = saturating_multiply(filesystem.f_blocks - filesystem.f_bfree, unit);
	sample->available = saturating_multiply(filesystem.f_bavail, unit);
	return STATE_OK;
}

static int space_run(void *data, struct job *job)
{
	const struct space_job *self = data;
	int file = open(self->point, O_PATH | O_CLOEXEC), state;

	if (file < 0)
		return (int)sysfs_state(-errno);
	state = is_shown(self, file) ? room_of(file, job->sample) : STATE_NONE;
	close(file);
	return state;
}

static void space_release(void *data)
{
	struct space_job *job = data;

	free(job->point);
	free(job->procfs);
	free(job);
}

const struct device_source disk_space_source = {
	.source = {.name = "disk_space",
		.sample_size = sizeof(struct linux_disk_space),
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(10000000000),
		.remedy = "our user may not enter the directory that it is mounted in: run "
			  "procmond as the user who may, or as root"},
	.unsupported = space_unsupported,
	.prepare = space_prepare,
	.run = space_run,
	.release = space_release,
};

/*
 * Source disk_raid: how the arrays of md are; Documentation/admin-guide/md.rst. Its files may
 * wait for a lock of the array: slow lane.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"

enum { TEXT = 64 };

double disk_progress_parse(const char *text)
{
	struct scan scan = {text, text + strlen(text)};
	int64_t done, all;

	if (!scan_number(&scan, &done))
		return NAN; /* none, delayed */
	while (scan.at < scan.end && (*scan.at == ' ' || *scan.at == '/'))
		scan.at++;
	if (!scan_number(&scan, &all) || all <= 0 || done < 0 || done > all)
		return NAN;
	return (double)done / (double)all;
}

static struct sample_text text_of(int directory, const char *path, char *text)
{
	const char *const paths[] = {path, NULL};

	return sysfs_sample_text(directory, paths, text, TEXT);
}

static int raid_prepare(struct devices *self, void *memory, void **ret_data)
{
	const struct disk *row = memory;

	*ret_data = row->kind == DISK_RAID ? disk_directory(self, row) : NULL;
	return *ret_data ? STATE_OK : STATE_NONE;
}

static int raid_run(void *path, struct job *job)
{
	struct linux_disk_raid *sample = job->sample;
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char progress[TEXT];

	if (directory < 0)
		return (int)sysfs_state(-errno);
	sample->level = text_of(directory, "md/level", job->text);
	sample->state = text_of(directory, "md/array_state", job->text + TEXT);
	sample->action = text_of(directory, "md/sync_action", job->text + 2 * TEXT);
	sample->disks = sysfs_natural(directory, "md/raid_disks");
	sample->missing = sysfs_natural(directory, "md/degraded");
	sysfs_text(directory, "md/sync_completed", progress, sizeof progress);
	sample->progress = disk_progress_parse(progress);
	close(directory);
	return STATE_OK;
}

const struct device_source disk_raid_source = {
	.source = {.name = "disk_raid",
		.sample_size = sizeof(struct linux_disk_raid),
		.text_size = 3 * TEXT,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(5000000000)},
	.prepare = raid_prepare,
	.run = raid_run,
};

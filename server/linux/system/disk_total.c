/*
 * Source disk_total: /proc/diskstats (Documentation/admin-guide/iostats.rst of the kernel), all
 * disks of the machine together.
 *
 * A disk counts if it has hardware behind it: /sys/block/NAME, which partitions do not have, with
 * a link `device`, which what is made in software does not have (loop, ram, zram, dm, md, zvol,
 * nbd): their reads are those of the disks below them, or of no disk. One path of several to the
 * same NVMe disk is `hidden`, and what has others below it (`slaves`) counts there.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../read.h"
#include "fields.h"
#include "system.h"

/* Columns of the file, from 1. Discards came with Linux 4.18. */
enum { NAME = 3, READS = 4, READ = 6, WRITES = 8, WRITTEN = 10, DISCARDED = 17 };
/* And what is made of them, in the order of struct linux_disk_total. */
enum { TOTAL_READS, TOTAL_WRITES, TOTAL_READ, TOTAL_WRITTEN, TOTAL_DISCARDED, DISK_TOTALS };

struct disk_line {
	char name[TOTALS_NAME_MAX]; /* as in /sys/block, where "/" is written "!" */
	uint64_t values[DISK_TOTALS];
	bool discards;
};

static int scan_name(struct scan *line, char name[TOTALS_NAME_MAX])
{
	size_t length = 0;

	while (line->at < line->end && *line->at == ' ')
		line->at++;
	for (; line->at < line->end && *line->at != ' '; line->at++) {
		if (length == TOTALS_NAME_MAX - 1)
			return -EBADMSG;
		name[length++] = *line->at == '/' ? '!' : *line->at;
	}
	name[length] = '\0';
	return length && name[0] != '.' ? 0 : -EBADMSG;
}

static int scan_disk(struct scan line, struct disk_line *ret)
{
	int64_t numbers[DISCARDED + 1] = {0};
	int column = 1;

	for (; column <= DISCARDED; column++) {
		if (column == NAME) {
			if (scan_name(&line, ret->name) < 0)
				return -EBADMSG;
			continue;
		}
		if (!scan_number(&line, &numbers[column]))
			break;
		if (numbers[column] < 0 || numbers[column] >= NUMBER_LIMIT)
			return -EBADMSG;
	}
	ret->values[TOTAL_READS] = (uint64_t)numbers[READS];
	ret->values[TOTAL_WRITES] = (uint64_t)numbers[WRITES];
	ret->values[TOTAL_READ] = (uint64_t)numbers[READ];
	ret->values[TOTAL_WRITTEN] = (uint64_t)numbers[WRITTEN];
	ret->values[TOTAL_DISCARDED] = (uint64_t)numbers[DISCARDED];
	ret->discards = column > DISCARDED;
	return column > WRITTEN ? 0 : -EBADMSG;
}

/* ------------------------------------------------------------------- what is a disk */

static bool is_stacked(const struct host *host, const char *name)
{
	char path[4096];
	const struct dirent *entry;
	bool found = false;
	DIR *directory;

	snprintf(path, sizeof path, "%s/block/%s/slaves", host->sysfs, name);
	directory = opendir(path);
	if (!directory)
		return false;
	while (!found && (entry = readdir(directory)))
		found = entry->d_name[0] != '.';
	closedir(directory);
	return found;
}

static bool is_hidden(const struct host *host, const char *name)
{
	char path[4096], text[8];

	snprintf(path, sizeof path, "%s/block/%s/hidden", host->sysfs, name);
	read_file_line(AT_FDCWD, path, text, sizeof text);
	return strcmp(text, "1") == 0;
}

static bool is_disk(const struct host *host, const char *name)
{
	char path[TOTALS_NAME_MAX + 32];

	snprintf(path, sizeof path, "block/%s/device", name);
	return system_has(host, SYS, path) && !is_stacked(host, name) && !is_hidden(host, name);
}

/* ------------------------------------------------------------------------ the source */

static void add_disk(struct system *self, const struct disk_line *disk, bool *discards)
{
	enum { NO_DISK = 1, DISK };
	bool is_new;
	struct total_part *part = totals_part(&self->disks, disk->name, &is_new);

	if (!part)
		return;
	if (is_new)
		part->rank = is_disk(self->devices.host, disk->name) ? DISK : NO_DISK;
	totals_add(&self->disks, part, disk->values, DISK_TOTALS, part->rank == DISK);
	*discards &= disk->discards || part->rank != DISK;
}

static int disk_total_read(struct devices *devices, void *row, void *memory)
{
	struct system *self = (struct system *)(void *)devices;
	struct linux_disk_total *sample = memory;
	const uint64_t *sums = self->disks.sums;
	struct scan text, line;
	struct disk_line disk;
	bool discards = true;
	int result = system_file(devices, PROC, "diskstats", &text);

	(void)row;
	if (result < 0)
		return (int)system_state(result);
	for (struct scan scan = text; scan_line(&scan, &line);)
		if (scan_disk(line, &disk) < 0)
			return STATE_FAILED;
	totals_begin(&self->disks);
	while (scan_line(&text, &line) && scan_disk(line, &disk) == 0)
		add_disk(self, &disk, &discards);
	totals_end(&self->disks);
	*sample = (struct linux_disk_total){sums[TOTAL_READS], sums[TOTAL_WRITES],
		sums[TOTAL_READ], sums[TOTAL_WRITTEN],
		discards ? sums[TOTAL_DISCARDED] : ABSENT_U64(STATE_NONE)};
	return STATE_OK;
}

static const char *disk_total_unsupported(const struct host *host, enum cell_state *ret_state)
{
	const char *lacking = system_lacks(host, PROC, "diskstats", NO_FILE, ret_state);

	return lacking ? lacking
		       : system_lacks(host, SYS, "block",
				 "/sys/block is hidden, as in many containers, and without it "
				 "disks cannot be told from their partitions",
				 ret_state);
}

const struct device_source disk_total_source = {
	.source = {.name = "disks",
		.sample_size = sizeof(struct linux_disk_total),
		.lane = LANE_FAST},
	.unsupported = disk_total_unsupported,
	.read = disk_total_read,
};

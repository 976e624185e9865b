/*
 * Source io: io.stat, or blkio's, of all block devices together.
 *
 * The kernel counts the same bytes for a device and for the one that carries it (LVM, LUKS,
 * RAID), so those that carry others are left out. Which they are is in sysfs: holders of the
 * device or of its partitions.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"
#include "coalition.h"

enum { LOOK_AGAIN_ROUNDS = 10 };

/* ------------------------------------------------------------------------------ devices */

static bool has_entries(int directory, const char *name)
{
	int file = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = file < 0 ? NULL : fdopendir(file);
	const struct dirent *entry;
	bool found = false;

	if (!entries) {
		if (file >= 0)
			close(file);
		return false;
	}
	while (!found && (entry = readdir(entries)))
		found = entry->d_name[0] != '.';
	closedir(entries);
	return found;
}

/* Its directory has one for each partition, which has holders in turn. */
static bool carries(const struct host *host, uint64_t device)
{
	char path[4096];
	DIR *directory;
	const struct dirent *entry;
	bool found;

	snprintf(path, sizeof path, "%s/dev/block/%u:%u", host->sysfs, (unsigned)(device >> 32),
		(unsigned)(device & UINT32_MAX));
	directory = opendir(path);
	if (!directory)
		return false;
	found = has_entries(dirfd(directory), "holders");
	while (!found && (entry = readdir(directory))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/holders", entry->d_name);
		found = has_entries(dirfd(directory), path);
	}
	closedir(directory);
	return found;
}

static bool is_carrier(struct coalitions *table, uint64_t device)
{
	struct block_device *known;

	if (table->devices.round - table->block_devices_round >= LOOK_AGAIN_ROUNDS) {
		table->block_devices_round = table->devices.round;
		table->block_device_count = 0;
	}
	for (uint32_t i = 0; i < table->block_device_count; i++)
		if (table->block_devices[i].device == device)
			return table->block_devices[i].carries;
	table->block_devices = xreallocarray(table->block_devices,
		table->block_device_count + 1, sizeof *table->block_devices);
	known = &table->block_devices[table->block_device_count++];
	*known = (struct block_device){device, carries(table->devices.host, device)};
	return known->carries;
}

/* --------------------------------------------------------------------------- adding up */

static struct device_share *share_of(struct coalition *row, uint64_t device)
{
	for (uint32_t i = 0; i < row->share_count; i++)
		if (row->shares[i].device == device)
			return &row->shares[i];
	row->shares = xreallocarray(row->shares, row->share_count + 1, sizeof *row->shares);
	row->shares[row->share_count] = (struct device_share){.device = device};
	return &row->shares[row->share_count++];
}

void io_add_up(struct coalitions *table, struct coalition *row, struct io_reader *reader)
{
	while (io_reader_next(reader)) {
		uint64_t *before = &share_of(row, reader->device)->values[reader->value];
		/* Less than before: another device got its number. */
		uint64_t grown = reader->number - (reader->number < *before ? 0 : *before);
		*before = reader->number;
		if (!is_carrier(table, reader->device))
			row->io[reader->value] += grown;
	}
}

/* Adds the mask of what is garbage; returns the state of what could not be read. */
static int add_older(
	struct coalitions *table, struct coalition *row, bool operations, uint32_t *broken)
{
	ssize_t length = coalition_read_older(table, row, CONTROLLER_BLKIO,
		operations ? "blkio.throttle.io_serviced_recursive"
			   : "blkio.throttle.io_service_bytes_recursive");
	struct io_reader reader;

	if (length < 0)
		return coalition_state_of(length);
	io_reader_init_older(&reader, table->buffer, (size_t)length, operations);
	io_add_up(table, row, &reader);
	*broken |= reader.broken;
	return STATE_OK;
}

static int add_unified(struct coalitions *table, struct coalition *row, uint32_t *broken)
{
	ssize_t length = coalition_read(table, row, "io.stat", KEPT_IO);
	struct io_reader reader;

	if (length < 0)
		return coalition_state_of(length);
	io_reader_init(&reader, table->buffer, (size_t)length);
	io_add_up(table, row, &reader);
	*broken |= reader.broken;
	return STATE_OK;
}

static int io_read(struct devices *devices, void *memory, void *result)
{
	struct coalitions *table = coalitions_of(devices);
	struct coalition *row = memory;
	struct linux_coalition_io *sample = result;
	uint64_t *fields[IO_VALUES] = {&sample->read, &sample->written, &sample->reads,
		&sample->writes, &sample->discarded, &sample->discards};
	uint32_t broken = 0;
	int state;

	if (coalition_has_older(table, CONTROLLER_BLKIO)) {
		state = add_older(table, row, false, &broken);
		if (state == STATE_OK)
			state = add_older(table, row, true, &broken);
	} else {
		state = add_unified(table, row, &broken);
	}
	for (int i = 0; i < IO_VALUES; i++)
		*fields[i] = broken >> i & 1 ? ABSENT_U64(STATE_FAILED) : row->io[i];
	return state;
}

static const char *io_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return controller_unsupported(host, "io", CONTROLLER_BLKIO);
}

const struct device_source coalition_io_source = {
	.source = {.name = "coalition_io",
		.sample_size = sizeof(struct linux_coalition_io),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = io_unsupported,
	.read = io_read,
};

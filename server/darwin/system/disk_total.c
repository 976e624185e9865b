/*
 * Source disk_total: all disks that have hardware behind them, together: the drivers whose disk is
 * counted in table DISK. A driver stays what it is, so that its disk is looked at once; one that has
 * no medium has no traffic.
 */
#include <stdio.h>

#include "../disk/disk.h"
#include "../registry.h"
#include "system.h"

enum { BYTES_READ, READS, BYTES_WRITTEN, WRITES, DISK_TOTALS };
static const char *const keys[DISK_TOTALS] = {
	"Bytes (Read)", "Operations (Read)", "Bytes (Write)", "Operations (Write)"};

enum rank { RANK_UNKNOWN, RANK_COUNTED, RANK_OTHER };

static enum rank rank_of(io_registry_entry_t driver)
{
	struct registry_walk walk;
	enum rank rank = RANK_UNKNOWN;

	for (registry_children(&walk, driver); registry_next(&walk);) {
		struct disk disk = {.kind = DISK_WHOLE};
		if (rank || !registry_is(walk.entry, "IOMedia") ||
			!disk_describe(&disk, walk.entry))
			continue;
		rank = disk_is_counted(&disk) ? RANK_COUNTED : RANK_OTHER;
		registry_release(disk.statistics);
	}
	return rank;
}

/* False: it has been pulled, or says nothing. */
static bool read_values(io_registry_entry_t driver, uint64_t *values)
{
	CFTypeRef value = registry_property(driver, "Statistics");
	CFDictionaryRef statistics = property_dictionary(value);
	bool known = statistics != NULL;

	for (int i = 0; known && i < DISK_TOTALS; i++) {
		values[i] = property_sample(statistics, keys[i]);
		known = values[i] < ABSENT_U64(STATE_END);
	}
	property_release(value);
	return known;
}

static void add_driver(struct totals *totals, io_registry_entry_t driver)
{
	uint64_t values[DISK_TOTALS], id = registry_id(driver);
	struct total_part *part;
	char key[32];
	bool is_new;

	snprintf(key, sizeof key, "%llx", (unsigned long long)id);
	part = id ? totals_part(totals, key, &is_new) : NULL;
	if (!part)
		return;
	if (part->rank == RANK_UNKNOWN)
		part->rank = rank_of(driver);
	if (part->rank == RANK_COUNTED && read_values(driver, values))
		totals_add(totals, part, values, DISK_TOTALS, true);
}

static int disk_total_read(struct devices *devices, void *row, void *out)
{
	struct system *self = (struct system *)devices;
	const uint64_t *sums = self->disks.sums;
	struct registry_walk walk;

	(void)row;
	if (!registry_services(&walk, "IOBlockStorageDriver"))
		return STATE_FAILED;
	totals_begin(&self->disks);
	while (registry_next(&walk))
		add_driver(&self->disks, walk.entry);
	totals_end(&self->disks);
	*(struct darwin_disk_total *)out = (struct darwin_disk_total){
		.bytes_read = sums[BYTES_READ],
		.reads = sums[READS],
		.bytes_written = sums[BYTES_WRITTEN],
		.writes = sums[WRITES],
	};
	return STATE_OK;
}

const struct device_source disk_total_source = {
	.source = {.name = "disk_total",
		.sample_size = sizeof(struct darwin_disk_total),
		.lane = LANE_FAST},
	.read = disk_total_read,
};

/* Source disk_io: what the driver of a disk, or APFS of a volume, has counted. */
#include "disk.h"
#include "source.h"

/* Each of the first ten fields of the sample: what drivers call it, and what APFS does. NULL: it does not count
 * it. IOKit's IOBlockStorageDriver.h has the former. */
static const struct {
	const char *driver, *apfs;
} keys[DISK_COUNTS] = {
	{"Bytes (Read)", "Bytes read from block device"},
	{"Operations (Read)", "Read requests sent to block device"},
	{"Total Time (Read)", NULL},
	{"Errors (Read)", NULL},
	{"Retries (Read)", NULL},
	{"Bytes (Write)", "Bytes written to block device"},
	{"Operations (Write)", "Write requests sent to block device"},
	{"Total Time (Write)", NULL},
	{"Errors (Write)", NULL},
	{"Retries (Write)", NULL},
};

_Static_assert(sizeof(struct darwin_disk_io) == (DISK_COUNTS + 2) * sizeof(uint64_t), "keys");

static uint64_t count_on(struct disk_count *self, uint64_t now)
{
	if (now > INT64_MAX)
		return ABSENT_U64(STATE_FAILED);
	if (now < self->last)
		self->lost += self->last;
	self->last = now;
	return self->lost + now;
}

static uint64_t both(uint64_t reads, uint64_t writes)
{
	return reads > INT64_MAX || writes > INT64_MAX ? ABSENT_U64(STATE_NONE)
						       : reads + writes;
}

static void fill(struct disk *row, CFDictionaryRef statistics, uint64_t *fields)
{
	bool is_apfs = row->kind == DISK_VOLUME || row->kind == DISK_CONTAINER;

	for (int i = 0; i < DISK_COUNTS; i++) {
		const char *key = is_apfs ? keys[i].apfs : keys[i].driver;
		uint64_t now = key ? property_sample(statistics, key) : ABSENT_U64(STATE_NONE);
		fields[i] =
			now == ABSENT_U64(STATE_NONE) ? now : count_on(&row->counts[i], now);
	}
}

static int io_read(struct devices *devices, void *memory, void *out)
{
	struct disk *row = memory;
	struct darwin_disk_io *sample = out;
	CFTypeRef value;
	CFDictionaryRef statistics;

	(void)devices;
	if (!row->statistics)
		return STATE_NONE;
	value = registry_property(row->statistics, "Statistics");
	statistics = property_dictionary(value);
	if (statistics)
		fill(row, statistics, &sample->read_bytes);
	property_release(value);
	if (!statistics)
		return STATE_NONE; /* it has been pulled: the next list finds out */
	sample->errors = both(sample->read_errors, sample->write_errors);
	sample->retries = both(sample->read_retries, sample->write_retries);
	return STATE_OK;
}

const struct device_source disk_io_source = {
	.source = {.name = "disk_io",
		.sample_size = sizeof(struct darwin_disk_io),
		.lane = LANE_FAST},
	.read = io_read,
};

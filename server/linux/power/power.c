#include "power.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../chip_place.h"
#include "../read.h"
#include "alloc.h"

static const struct device_source *const sources[POWER_SOURCE_COUNT] = {
	[SOURCE_power_meter] = &power_meter_source,
	[SOURCE_power_energy] = &power_energy_source,
	[SOURCE_power_draw] = &power_draw_source,
	[SOURCE_power_limits] = &power_limits_source,
	[SOURCE_battery_charge] = &battery_charge_source,
	[SOURCE_battery_details] = &battery_details_source,
	[SOURCE_adapter_state] = &adapter_state_source,
};

/* ------------------------------------------------------------------------------ rows */

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static void fill_row(struct power_row *row, const struct power_finding *finding, uint64_t inode)
{
	row->kind = finding->kind;
	row->inode = inode;
	row->in_total = finding->in_total;
	row->range = finding->range;
	copy(row->path, sizeof row->path, finding->path);
	copy(row->channel, sizeof row->channel, finding->channel);
	copy(row->name, sizeof row->name, finding->name);
	copy(row->part_of, sizeof row->part_of, finding->part_of);
	row->status = finding->status ? xstrdup(finding->status) : NULL;
}

/* Names and numbers of devices are used again; the inode of a directory of sysfs is not. */
static void found(void *context, const struct power_finding *finding)
{
	struct devices *self = context;
	char key[POWER_PATH_SIZE + 64];
	struct power_row *row;
	struct stat status;
	bool is_new;

	if (stat(finding->path, &status) < 0)
		return;
	snprintf(key, sizeof key, "%s %s %llu", finding->path, finding->channel,
		(unsigned long long)status.st_ino);
	row = devices_found(self, key, &is_new);
	if (row && is_new)
		fill_row(row, finding, status.st_ino);
}

static void forget(struct devices *self, void *memory)
{
	struct power_row *row = memory;

	(void)self;
	free(row->status);
}

static void scan_all(const struct host *host,
	void (*visit)(void *context, const struct power_finding *finding), void *context)
{
	power_scan_rapl(host, visit, context);
	power_scan_hwmon(host, visit, context);
	power_scan_supplies(host, visit, context);
}

static int find(struct devices *self)
{
	scan_all(self->host, found, self);
	return 0;
}

static void note_kind(void *context, const struct power_finding *finding)
{
	uint32_t *kinds = context;

	*kinds |= UINT32_C(1) << finding->kind;
}

bool power_host_has(const struct host *host, uint32_t kinds)
{
	uint32_t there = 0;

	scan_all(host, note_kind, &there);
	return there & kinds;
}

/* ------------------------------------------------------------------------------ jobs */

int power_job_prepare(const struct power_row *row, uint32_t kinds, void **ret_data)
{
	struct power_job *job;
	struct stat status;
	int directory;

	if (!(kinds >> row->kind & 1))
		return STATE_NONE;
	directory = open(row->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return SAMPLE_GONE; /* the next find() tells what became of it */
	if (fstat(directory, &status) < 0 || status.st_ino != row->inode) {
		close(directory);
		return SAMPLE_GONE;
	}
	job = xcalloc(1, sizeof *job);
	job->kind = row->kind;
	job->directory = directory;
	memcpy(job->channel, row->channel, sizeof job->channel);
	job->status = row->status ? xstrdup(row->status) : NULL;
	*ret_data = job;
	return STATE_OK;
}

void power_job_release(void *data)
{
	struct power_job *job = data;

	close(job->directory);
	free(job->status);
	free(job);
}

bool power_job_asleep(const struct power_job *job)
{
	return job->status && chip_place_asleep(job->status);
}

struct power_file power_channel_file(const struct power_job *job, const char *ending)
{
	struct power_file file;

	snprintf(file.name, sizeof file.name, "%s%s", job->channel, ending);
	return file;
}

/* ---------------------------------------------------------------------- source meter */

static const char *const kind_names[] = {
	[POWER_RAPL] = "rapl",
	[POWER_HWMON_POWER] = "hwmon",
	[POWER_HWMON_ENERGY] = "hwmon",
	[POWER_BATTERY] = "battery",
	[POWER_DEVICE_BATTERY] = "device battery",
	[POWER_ADAPTER] = "adapter",
};

static int meter_read(struct devices *self, void *memory, void *sample_memory)
{
	struct linux_power_meter *sample = sample_memory;
	const struct power_row *row = memory;

	(void)self;
	sample->name = device_text(row->name);
	sample->kind = device_text(kind_names[row->kind]);
	sample->part_of = device_text(row->part_of);
	sample->in_total = row->in_total;
	return STATE_OK;
}

/* What was found out with the row. */
const struct device_source power_meter_source = {
	.source = {.name = "meter",
		.sample_size = sizeof(struct linux_power_meter),
		.lane = LANE_FAST},
	.read = meter_read,
};

const struct device_table power_table = {
	.id = TABLE_POWER,
	.sources = sources,
	.source_count = POWER_SOURCE_COUNT,
	.size = sizeof(struct devices),
	.row_size = sizeof(struct power_row),
	.find = find,
	.forget = forget,
	.find_period_ns = UINT64_C(5000000000),
};

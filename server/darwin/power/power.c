#include "power.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static const struct device_source *const sources[POWER_SOURCE_COUNT] = {
	[SOURCE_power_meter] = &power_meter_source,
	[SOURCE_power_energy] = &power_energy_source,
	[SOURCE_power_draw] = &power_draw_source,
	[SOURCE_battery_charge] = &battery_charge_source,
	[SOURCE_battery_details] = &battery_details_source,
	[SOURCE_battery_gauge] = &battery_gauge_source,
	[SOURCE_adapter_state] = &adapter_state_source,
};

/* In the order in which people read them. */
static void (*const finders[])(struct powers *self, power_visit *visit, void *context) = {
	power_find_rails,
	power_find_board,
	power_find_battery,
};

/* ------------------------------------------------------------------------------ rows */

static void found(void *context, const struct power_finding *finding)
{
	struct devices *devices = context;
	char key[POWER_NAME_SIZE + 16];
	struct power_row *row;
	bool is_new;

	snprintf(key, sizeof key, "%d %s", (int)finding->kind, finding->name);
	row = devices_found(devices, key, &is_new);
	if (!row)
		return;
	row->number = finding->number; /* a battery that was changed has another id */
	if (!is_new)
		return;
	row->kind = finding->kind;
	row->in_total = finding->in_total;
	snprintf(row->name, sizeof row->name, "%s", finding->name);
	snprintf(row->part_of, sizeof row->part_of, "%s", finding->part_of);
}

static int find(struct devices *devices)
{
	struct powers *self = (struct powers *)(void *)devices;

	for (size_t i = 0; i < sizeof finders / sizeof *finders; i++)
		finders[i](self, found, devices);
	return 0;
}

static int open_table(struct devices *devices, const struct target *target)
{
	struct powers *self = (struct powers *)(void *)devices;

	(void)target;
	self->board = board_open();
	self->has_rails = reports_list_rails(devices->host->reports, &self->rails);
	/* The states of the GPU tell whether it rests when its energy stands still. */
	if (self->has_rails)
		reports_want(
			devices->host->reports, REPORTS_OF_POWER, REPORT_ENERGY | REPORT_GPU);
	return 0;
}

static void close_table(struct devices *devices)
{
	reports_want(devices->host->reports, REPORTS_OF_POWER, 0);
	board_release(((struct powers *)(void *)devices)->board);
}

/* ------------------------------------------------------------------------------ jobs */

int power_job_prepare(
	struct devices *self, const struct power_row *row, uint32_t kinds, void **ret_data)
{
	struct power_job *job;

	if (!(kinds >> row->kind & 1))
		return STATE_NONE;
	job = xcalloc(1, sizeof *job);
	job->kind = row->kind;
	job->number = row->number;
	memcpy(job->name, row->name, sizeof job->name);
	job->reports = reports_retain(self->host->reports);
	job->board = board_retain(((struct powers *)(void *)self)->board);
	job->asked_ns = reports_now_ns();
	*ret_data = job;
	return STATE_OK;
}

void power_job_release(void *data)
{
	struct power_job *job = data;

	reports_release(job->reports);
	board_release(job->board);
	free(job);
}

/* ------------------------------------------------------------------------ source draw */

static power_draw *const draws[POWER_KINDS] = {
	[POWER_RAIL] = power_draw_rail,
	[POWER_BOARD] = power_draw_board,
	[POWER_BATTERY] = power_draw_battery,
	[POWER_ADAPTER] = power_draw_adapter,
};

static int draw_prepare(struct devices *self, void *row, void **ret_data)
{
	return power_job_prepare(self, row, UINT32_MAX, ret_data);
}

static int draw_run(void *data, struct job *job)
{
	struct power_job *own = data;

	return draws[own->kind] ? draws[own->kind](own, job->sample) : STATE_NONE;
}

static int draw_finish(
	struct devices *self, void *memory, void *data, struct job *job, int result)
{
	const struct power_job *own = data;

	(void)self, (void)job;
	return own->kind == POWER_RAIL
		       ? power_rail_finish(memory, SOURCE_power_draw, own, result)
		       : result;
}

const struct device_source power_draw_source = {
	.source = {.name = "draw",
		.sample_size = sizeof(struct darwin_power_draw),
		.lane = LANE_SLOW},
	.prepare = draw_prepare,
	.run = draw_run,
	.release = power_job_release,
	.finish = draw_finish,
};

/* ---------------------------------------------------------------------- source meter */

static const char *const kind_names[POWER_KINDS] = {
	[POWER_RAIL] = "ioreport",
	[POWER_BOARD] = "smc",
	[POWER_BATTERY] = "battery",
	[POWER_ADAPTER] = "adapter",
};

static int meter_read(struct devices *self, void *memory, void *sample_memory)
{
	struct darwin_power_meter *sample = sample_memory;
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
		.sample_size = sizeof(struct darwin_power_meter),
		.lane = LANE_FAST},
	.read = meter_read,
};

const struct device_table power_table = {
	.id = TABLE_POWER,
	.sources = sources,
	.source_count = POWER_SOURCE_COUNT,
	.size = sizeof(struct powers),
	.row_size = sizeof(struct power_row),
	.open = open_table,
	.close = close_table,
	.find = find,
	.find_period_ns = UINT64_C(5000000000),
};

/*
 * Source gpu_statistics: what the driver of a GPU tells of it in the dictionary
 * PerformanceStatistics, each by keys of its own; what it does not tell is absent. Of Apple's own it is
 * joined by what IOReport has: which time it was switched on, in which steps of frequency, and its energy. Both
 * are calls into the driver, so a worker makes them.
 */
#include <stdlib.h>
#include <string.h>

#include "../report/ioreport.h"
#include "alloc.h"
#include "gpu.h"

enum { PER_CENT_MAX = 100 };

/* The first of these keys that has a number. NULL ends them. */
static uint64_t first_of(CFDictionaryRef statistics, const char *const *keys)
{
	uint64_t number = ABSENT_U64(STATE_NONE);

	for (; *keys && number == ABSENT_U64(STATE_NONE); keys++)
		number = property_sample(statistics, *keys);
	return number;
}
#define FIRST_OF(statistics, ...) first_of(statistics, (const char *const[]){__VA_ARGS__, NULL})

static bool is_there(uint64_t number)
{
	return number != ABSENT_U64(STATE_NONE);
}

static double ratio_of(uint64_t per_cent)
{
	if (!is_there(per_cent))
		return absent_f64(STATE_NONE);
	if (per_cent > PER_CENT_MAX)
		return absent_f64(STATE_FAILED);
	return (double)per_cent / PER_CENT_MAX;
}

static uint64_t scaled(uint64_t number, uint64_t scale)
{
	if (!is_there(number))
		return number;
	return number > INT64_MAX / scale ? ABSENT_U64(STATE_FAILED) : number * scale;
}

/* A driver without a sensor tells 0. */
static int64_t millicelsius_of(uint64_t celsius)
{
	if (!is_there(celsius) || celsius == 0)
		return ABSENT_I64(STATE_NONE);
	return celsius > 150 ? ABSENT_I64(STATE_FAILED) : (int64_t)celsius * 1000;
}

static uint64_t without_0(uint64_t number)
{
	return number ? number : ABSENT_U64(STATE_NONE);
}

static void fill_memory(
	CFDictionaryRef statistics, uint64_t memory, struct darwin_gpu_statistics *sample)
{
	uint64_t vram = property_sample(statistics, "vramUsedBytes");
	uint64_t rest = property_sample(statistics, "vramFreeBytes");

	sample->total = memory;
	if (!is_there(memory) && is_there(vram) && is_there(rest))
		sample->total = vram + rest;
	sample->used = vram;
	if (!is_there(vram) && is_there(sample->total))
		sample->used = property_sample(statistics, "inUseVidMemoryBytes");
	sample->system_used = FIRST_OF(
		statistics, "In use system memory", "inUseSysMemoryBytes", "gartUsedBytes");
	sample->system_allocated = property_sample(statistics, "Alloc system memory");
}

/* A driver that knows only a part of the highest speed tells 0 for the speed. */
static void fill_fan(CFDictionaryRef statistics, struct darwin_gpu_statistics *sample)
{
	uint64_t per_cent = property_sample(statistics, "Fan Speed(%)");

	sample->fan_rpm = property_sample(statistics, "Fan Speed(RPM)");
	sample->fan = ratio_of(per_cent);
	if (sample->fan_rpm == 0 && is_there(per_cent) && per_cent)
		sample->fan_rpm = ABSENT_U64(STATE_NONE);
}

void gpu_statistics_fill(
	CFDictionaryRef statistics, uint64_t memory, struct darwin_gpu_statistics *sample)
{
	sample->busy =
		ratio_of(FIRST_OF(statistics, "Device Utilization %", "GPU Activity(%)"));
	sample->renderer = ratio_of(property_sample(statistics, "Renderer Utilization %"));
	sample->tiler = ratio_of(property_sample(statistics, "Tiler Utilization %"));
	sample->frequency_hz = scaled(property_sample(statistics, "Core Clock(MHz)"), 1000000);
	sample->frequency_memory_hz =
		scaled(property_sample(statistics, "Memory Clock(MHz)"), 1000000);
	sample->power_mw =
		scaled(without_0(property_sample(statistics, "Total Power(W)")), 1000);
	sample->temperature_mc = millicelsius_of(property_sample(statistics, "Temperature(C)"));
	sample->recoveries = property_sample(statistics, "recoveryCount");
	sample->active_ns = sample->off_ns = sample->frequency_max_hz = sample->energy_nj =
		ABSENT_U64(STATE_NONE);
	fill_memory(statistics, memory, sample);
	fill_fan(statistics, sample);
}

/* ------------------------------------------------------------------------- IOReport */

static void fill_times(
	struct reports *reports, uint64_t asked_ns, struct darwin_gpu_statistics *sample)
{
	struct report_times times;
	int state = reports_read_gpu(reports, asked_ns, &times);

	if (state == STATE_OK) {
		sample->active_ns = times.active_ns;
		sample->off_ns = times.off_ns;
		sample->frequency_hz = times.frequency_hz;
		sample->frequency_max_hz = times.frequency_max_hz;
		return;
	}
	sample->active_ns = sample->off_ns = sample->frequency_hz = sample->frequency_max_hz =
		ABSENT_U64(state);
}

static void fill_energy(struct reports *reports, uint64_t asked_ns, const char *name,
	struct darwin_gpu_statistics *sample)
{
	struct report_rail rail;
	int state = *name ? reports_read_rail(reports, asked_ns, name, &rail) : STATE_NONE;

	sample->energy_nj = state == STATE_OK ? rail.total_nj : ABSENT_U64(state);
	if (state != STATE_OK)
		sample->power_mw = ABSENT_U64(state);
	else
		sample->power_mw =
			rail.power_uw > INT64_MAX ? rail.power_uw : rail.power_uw / 1000;
}

/* ----------------------------------------------------------------------------- jobs */

struct query {
	io_registry_entry_t entry;
	uint64_t memory, asked_ns;
	struct reports *reports; /* NULL: it is none of Apple's own, and not in them */
	char rail[RAIL_NAME];
};

static int prepare(struct devices *devices, void *memory, void **ret_data)
{
	const struct gpu_row *row = memory;
	struct query *query = xcalloc(1, sizeof *query);

	query->entry = registry_keep(row->entry);
	query->memory = row->accelerator.memory;
	query->asked_ns = reports_now_ns();
	if (row->accelerator.is_apple)
		query->reports = reports_retain(devices->host->reports);
	memcpy(query->rail, ((struct gpus *)devices)->rail, sizeof query->rail);
	*ret_data = query;
	return STATE_OK;
}

static int run(void *data, struct job *job)
{
	const struct query *query = data;
	CFTypeRef value = registry_property(query->entry, "PerformanceStatistics");
	CFDictionaryRef statistics = property_dictionary(value);
	bool is_told = statistics || query->reports;

	gpu_statistics_fill(statistics, query->memory, job->sample);
	property_release(value);
	if (query->reports) {
		fill_times(query->reports, query->asked_ns, job->sample);
		fill_energy(query->reports, query->asked_ns, query->rail, job->sample);
	}
	return is_told ? STATE_OK : STATE_NONE;
}

static void release(void *data)
{
	struct query *query = data;

	registry_release(query->entry);
	if (query->reports)
		reports_release(query->reports);
	free(query);
}

const struct device_source gpu_statistics_source = {
	.source = {.name = "gpu_statistics",
		.sample_size = sizeof(struct darwin_gpu_statistics),
		.lane = LANE_SLOW},
	.prepare = prepare,
	.run = run,
	.release = release,
};

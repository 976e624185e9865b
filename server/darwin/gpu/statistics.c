/*
 * Source gpu_statistics: what the driver of a GPU tells of it in the dictionary
 * PerformanceStatistics. Each driver has keys of its own, and what it does not tell is absent. To ask
 * is a call into the driver, so a worker does it.
 */
#include <stdlib.h>

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
	fill_memory(statistics, memory, sample);
	fill_fan(statistics, sample);
}

/* ----------------------------------------------------------------------------- jobs */

struct query {
	io_registry_entry_t entry;
	uint64_t memory;
};

static int prepare(struct devices *devices, void *memory, void **ret_data)
{
	const struct gpu_row *row = memory;
	struct query *query = xcalloc(1, sizeof *query);

	(void)devices;
	*query = (struct query){registry_keep(row->entry), row->accelerator.memory};
	*ret_data = query;
	return STATE_OK;
}

static int run(void *data, struct job *job)
{
	const struct query *query = data;
	CFTypeRef value = registry_property(query->entry, "PerformanceStatistics");
	CFDictionaryRef statistics = property_dictionary(value);

	if (statistics)
		gpu_statistics_fill(statistics, query->memory, job->sample);
	property_release(value);
	return statistics ? STATE_OK : STATE_NONE;
}

static void release(void *data)
{
	struct query *query = data;

	registry_release(query->entry);
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

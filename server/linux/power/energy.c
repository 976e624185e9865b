/*
 * Source energy: what a meter counted. RAPL's counters wrap around within minutes, so the
 * readings are added up; the core may be asked more seldom than that, which meter.c finds out.
 */
#include "../parse.h"
#include "../sysfs.h"
#include "clock.h"
#include "power.h"
#include "rapl.h"

enum { KINDS = POWER_IS(RAPL) | POWER_IS(HWMON_ENERGY) };

struct visitor {
	void (*visit)(void *context, const struct power_finding *finding);
	void *context;
};

static void visit_zone(void *context, const struct rapl_zone *zone)
{
	const struct visitor *visitor = context;
	struct power_finding finding = {
		.kind = POWER_RAPL,
		.path = zone->path,
		.channel = "",
		.name = zone->name,
		.part_of = zone->part_of,
		.in_total = zone->adds_up,
		.range = zone->range,
	};

	visitor->visit(visitor->context, &finding);
}

void power_scan_rapl(const struct host *host,
	void (*visit)(void *context, const struct power_finding *finding), void *context)
{
	struct visitor visitor = {visit, context};

	rapl_scan(host, visit_zone, &visitor);
}

static const char *energy_unsupported(const struct host *host, enum cell_state *ret_state)
{
	(void)ret_state;
	return power_host_has(host, KINDS)
		       ? NULL
		       : "no energy meter found on this host (no RAPL zone in class/powercap, "
			 "no energy sensor in class/hwmon)";
}

static int energy_prepare(struct devices *self, void *row, void **ret_data)
{
	(void)self;
	return power_job_prepare(row, KINDS, ret_data);
}

static int energy_run(void *data, struct job *job)
{
	struct linux_power_energy *sample = job->sample;
	struct power_job *own = data;
	int64_t counter = 0;
	const char *name = "energy_uj";
	struct power_file file = power_channel_file(own, "_input");
	int error;

	if (power_job_asleep(own))
		return STATE_ASLEEP;
	if (own->kind != POWER_RAPL)
		name = file.name;
	error = sysfs_number(own->directory, name, &counter);
	own->read_ns = clock_now_ns();
	if (error)
		return sysfs_state(error);
	if (counter < 0)
		return STATE_FAILED;
	sample->total_nj = (uint64_t)counter;
	return STATE_OK;
}

/* Here the counter becomes a sum. */
static int energy_finish(
	struct devices *self, void *memory, void *data, struct job *job, int result)
{
	struct linux_power_energy *sample = job->sample;
	const struct power_job *own = data;
	struct power_row *row = memory;

	(void)self;
	if (result != STATE_OK)
		return result;
	if (meter_add(&row->meter, sample->total_nj, row->range, own->read_ns) < 0)
		sample->total_nj = ABSENT_U64(STATE_FAILED);
	else
		sample->total_nj = saturating_multiply(row->meter.total, 1000);
	return STATE_OK;
}

const struct device_source power_energy_source = {
	.source = {.name = "energy",
		.sample_size = sizeof(struct linux_power_energy),
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(100000000),
		.remedy = RAPL_REMEDY},
	.unsupported = energy_unsupported,
	.prepare = energy_prepare,
	.run = energy_run,
	.release = power_job_release,
	.finish = energy_finish,
};

/*
 * Source residency: the time that the hardware counted a core in its states, and the frequency at
 * which it ran; and source steps: between which frequencies it can be. By IOReport, see ioreport.h.
 */
#include <stdlib.h>

#include "alloc.h"
#include "cpu.h"

/* What a worker has. */
struct core_job {
	struct reports *reports;
	uint64_t asked_ns;
	struct report_core core;
};

static const char *unsupported(const struct host *host, enum cell_state *ret_state)
{
	(void)ret_state;
	return reports_available(host->reports) & REPORT_CORES
		       ? NULL
		       : "this Mac does not tell the states of its cores (IOReport's CPU "
			 "Stats: Apple silicon, not in virtual machines)";
}

static int prepare(struct devices *devices, void *row, void **ret_data)
{
	struct cpus *self = cpus_of(devices);
	const struct cpu_kind *kind = cpu_kind_of(self, row);
	struct core_job *job;

	if (!kind)
		return STATE_NONE;
	job = xcalloc(1, sizeof *job);
	*job = (struct core_job){
		.reports = reports_retain(devices->host->reports),
		.asked_ns = reports_now_ns(),
		.core = kind->place,
	};
	*ret_data = job;
	return STATE_OK;
}

static void release(void *data)
{
	struct core_job *job = data;

	reports_release(job->reports);
	free(job);
}

static int residency_run(void *data, struct job *job)
{
	struct darwin_cpu_residency *sample = job->sample;
	const struct core_job *own = data;
	struct report_times times = {0};
	int state = reports_read_core(own->reports, own->asked_ns, &own->core, &times);

	sample->active = times.active_ns;
	sample->idle = times.idle_ns;
	sample->off = times.off_ns;
	sample->frequency = times.frequency_hz;
	return state;
}

const struct device_source cpu_residency_source = {
	.source = {.name = "cpu_residency",
		.sample_size = sizeof(struct darwin_cpu_residency),
		.lane = LANE_SLOW},
	.unsupported = unsupported,
	.prepare = prepare,
	.run = residency_run,
	.release = release,
};

static int steps_run(void *data, struct job *job)
{
	struct darwin_cpu_steps *sample = job->sample;
	const struct core_job *own = data;
	struct report_times times = {0};
	int state = reports_read_core(own->reports, own->asked_ns, &own->core, &times);

	sample->min = times.frequency_min_hz;
	sample->max = times.frequency_max_hz;
	return state;
}

/* They do not change; but to find them once, the core's states must be known. */
const struct device_source cpu_steps_source = {
	.source = {.name = "cpu_steps",
		.sample_size = sizeof(struct darwin_cpu_steps),
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(60000000000)},
	.unsupported = unsupported,
	.prepare = prepare,
	.run = steps_run,
	.release = release,
};

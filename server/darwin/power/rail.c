/*
 * Rails of Apple's chips, and source energy: what they counted since somebody looks (see rails.h).
 */
#include "power.h"

void power_find_rails(struct powers *self, power_visit *visit, void *context)
{
	for (uint32_t i = 0; self->has_rails && i < self->rails.count; i++) {
		const struct rail *rail = &self->rails.items[i];
		struct power_finding finding = {
			.kind = POWER_RAIL,
			.name = rail->name,
			.part_of = rail->part_of == RAIL_NONE
					   ? ""
					   : self->rails.items[rail->part_of].name,
			.in_total = rail->in_total,
		};
		visit(context, &finding);
	}
}

/* Between two batches nothing is said: what was said still holds, and is of when it was said. */
int power_rail_finish(
	struct power_row *row, uint32_t source, const struct power_job *job, int result)
{
	if (result != STATE_OK || job->stalled)
		return result;
	if (job->change == row->seen[source])
		return SAMPLE_GONE;
	row->seen[source] = job->change;
	return STATE_OK;
}

static const char *energy_unsupported(const struct host *host, enum cell_state *ret_state)
{
	(void)ret_state;
	return reports_available(host->reports) & REPORT_ENERGY
		       ? NULL
		       : "this Mac has no energy meters that users may read (IOReport's Energy "
			 "Model: Apple silicon, not in virtual machines)";
}

static int energy_prepare(struct devices *self, void *row, void **ret_data)
{
	return power_job_prepare(self, row, POWER_IS(RAIL), ret_data);
}

static int energy_run(void *data, struct job *job)
{
	struct darwin_power_energy *sample = job->sample;
	struct power_job *own = data;
	struct report_rail rail;
	int state = reports_read_rail(own->reports, own->asked_ns, own->name, &rail);

	own->change = rail.change;
	own->stalled = rail.stalled;
	sample->total = rail.total_nj;
	return state;
}

static int energy_finish(
	struct devices *self, void *memory, void *data, struct job *job, int result)
{
	(void)self, (void)job;
	return power_rail_finish(memory, SOURCE_power_energy, data, result);
}

int power_draw_rail(struct power_job *job, struct darwin_power_draw *sample)
{
	struct report_rail rail;
	int state = reports_read_rail(job->reports, job->asked_ns, job->name, &rail);

	job->change = rail.change;
	job->stalled = rail.stalled;
	sample->now = rail.power_uw;
	return state;
}

const struct device_source power_energy_source = {
	.source = {.name = "energy",
		.sample_size = sizeof(struct darwin_power_energy),
		.lane = LANE_SLOW},
	.unsupported = energy_unsupported,
	.prepare = energy_prepare,
	.run = energy_run,
	.release = power_job_release,
	.finish = energy_finish,
};

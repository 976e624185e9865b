/*
 * Source process_energy: what a process costs the battery, see ../energy.h. rusage has all of it:
 * this makes no call of its own.
 */
#include "../energy.h"
#include "process.h"

static struct energy_use use_of(const struct rusage_info_named *usage)
{
	const struct rusage_info_v5 *v5 = &usage->v5;

	return (struct energy_use){
		.cpu = v5->ri_user_time + v5->ri_system_time,
		.classes = {v5->ri_cpu_time_qos_default, v5->ri_cpu_time_qos_maintenance,
			v5->ri_cpu_time_qos_background, v5->ri_cpu_time_qos_utility,
			v5->ri_cpu_time_qos_legacy, v5->ri_cpu_time_qos_user_initiated,
			v5->ri_cpu_time_qos_user_interactive},
		.idle_wakeups = v5->ri_pkg_idle_wkups,
		.read = v5->ri_diskio_bytesread,
		.written = v5->ri_diskio_byteswritten,
		.energy_nj = usage->ri_energy_nj,
	};
}

static int energy_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_process_energy *sample = memory;
	struct energy_use use;
	int result = row_usage(self, slot);

	if (result != STATE_OK)
		return result;
	use = use_of(&self->usages[slot]);
	if (self->usage_flavor < RUSAGE_INFO_V6)
		use.energy_nj = ABSENT_U64(STATE_UNSUPPORTED);
	sample->score = energy_score(self->host, &use);
	sample->top_score = energy_top_score(self->host, &use);
	return STATE_OK;
}

const struct process_source process_energy_source = {
	.source = {.name = "process_energy",
		.sample_size = sizeof(struct darwin_process_energy),
		.lane = LANE_FAST,
		.last = true,
		.remedy = REMEDY_OTHERS},
	.read = energy_read,
};

/* Source gpu_limits: how fast it may run and what it may draw. They seldom change. */
#include "clock.h"
#include "gpus.h"

#define MHZ          UINT64_C(1000000)
#define HERTZ_MAX    (20000 * MHZ)
#define POWER_MAX_UW UINT64_C(20000000000)
#define PERIOD_NS    (5 * SECOND_NS)

static const struct gpus_file frequency[] = {{GPUS_OF_CARD, "gt/gt0/rps_RP0_freq_mhz", MHZ},
	{GPUS_OF_CARD, "gt_RP0_freq_mhz", MHZ},
	{GPUS_OF_DEVICE, "tile0/gt0/freq0/rp0_freq", MHZ},
	{GPUS_OF_DEVICE, "npu_max_frequency_mhz", MHZ}, {GPUS_OF_DEVFREQ, "max_freq", 1},
	{.path = NULL}},
			      power[] = {{GPUS_OF_HWMON, "power1_cap", 1},
				      {GPUS_OF_HWMON, "power1_max", 1},
				      {GPUS_OF_HWMON, "power2_max", 1}, {.path = NULL}};

static int prepare(struct devices *table, void *row, void **ret_data)
{
	return gpus_job_prepare(table, row, NVML_LIMITS, ret_data);
}

static void of_library(struct gpus_job *self, void *memory)
{
	struct linux_gpu_limits *sample = memory;

	sample->frequency_hz = gpus_scaled(self->gpu.clock_max, MHZ);
	sample->frequency_memory_hz = gpus_scaled(self->gpu.clock_memory_max, MHZ);
	sample->power_mw = self->gpu.power_limit;
}

/* The highest of amdgpu's levels. */
static uint64_t read_level(struct gpus_job *self, const char *file)
{
	uint64_t now, most;
	enum cell_state state = gpus_read_levels(self, file, &now, &most);

	return state == STATE_OK ? gpus_scaled(most, MHZ) : ABSENT_U64(state);
}

static void of_sysfs(struct gpus_job *self, void *memory)
{
	struct linux_gpu_limits *sample = memory;
	uint64_t power_uw = gpus_number(self, power, POWER_MAX_UW);

	sample->frequency_hz = read_level(self, "pp_dpm_sclk");
	if (sample->frequency_hz == ABSENT_U64(STATE_UNSUPPORTED))
		sample->frequency_hz = gpus_number(self, frequency, HERTZ_MAX);
	sample->frequency_memory_hz = read_level(self, "pp_dpm_mclk");
	/* With 0 Intel's drivers say that there is none. */
	sample->power_mw = power_uw == 0             ? ABSENT_U64(STATE_NONE)
			   : gpus_is_known(power_uw) ? power_uw / 1000
						     : power_uw;
}

static int run(void *data, struct job *job)
{
	return gpus_job_run(data, of_library, of_sysfs, job->sample);
}

const struct device_source gpu_limits_source = {
	.source = {.name = "gpu_limits",
		.sample_size = sizeof(struct linux_gpu_limits),
		.lane = LANE_SLOW,
		.period_ns = PERIOD_NS,
		.remedy = GPUS_REMEDY},
	.unsupported = gpus_unsupported,
	.prepare = prepare,
	.run = run,
	.release = gpus_job_release,
};

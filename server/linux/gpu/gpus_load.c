/*
 * Source gpu_load: how much it works, and how fast it runs. What drivers have:
 *
 *	amdgpu   gpu_busy_percent, mem_busy_percent, vcn_busy_percent; hwmon or pp_dpm_sclk
 *	i915     residency in RC6 and the frequencies of its first GT, below the card
 *	xe       the same below the device's tile0/gt0
 *	v3d      gpu_stats, the run time of each queue
 *	ivpu     npu_busy_time_us, npu_current_frequency_mhz
 *	others   devfreq
 */
#include <errno.h>

#include "clock.h"
#include "gpus.h"

#define MHZ       UINT64_C(1000000)
#define HERTZ_MAX (20000 * MHZ)
#define MS        UINT64_C(1000000) /* in ns */
#define PERIOD_NS SECOND_NS

static const struct gpus_file
	busy[] = {{GPUS_OF_DEVICE, "gpu_busy_percent", 1}, {.path = NULL}},
	busy_memory[] = {{GPUS_OF_DEVICE, "mem_busy_percent", 1}, {.path = NULL}},
	busy_video[] = {{GPUS_OF_DEVICE, "vcn_busy_percent", 1}, {.path = NULL}},
	busy_time[] = {{GPUS_OF_DEVICE, "npu_busy_time_us", 1000}, {.path = NULL}},
	idle_time[] = {{GPUS_OF_CARD, "gt/gt0/rc6_residency_ms", MS},
		{GPUS_OF_CARD, "power/rc6_residency_ms", MS},
		{GPUS_OF_DEVICE, "tile0/gt0/gtidle/idle_residency_ms", MS}, {.path = NULL}},
	frequency[] = {{GPUS_OF_HWMON, "freq1_input", 1},
		{GPUS_OF_CARD, "gt/gt0/rps_act_freq_mhz", MHZ},
		{GPUS_OF_CARD, "gt_act_freq_mhz", MHZ},
		{GPUS_OF_DEVICE, "tile0/gt0/freq0/act_freq", MHZ},
		{GPUS_OF_DEVICE, "npu_current_frequency_mhz", MHZ},
		{GPUS_OF_DEVFREQ, "cur_freq", 1}, {.path = NULL}},
	frequency_memory[] = {{GPUS_OF_HWMON, "freq2_input", 1}, {.path = NULL}};

static int prepare(struct devices *table, void *row, void **ret_data)
{
	return gpus_job_prepare(table, row, NVML_LOAD, ret_data);
}

static void of_library(struct gpus_job *self, void *memory)
{
	struct linux_gpu_load *sample = memory;
	const struct nvml_gpu *gpu = &self->gpu;

	sample->busy = gpus_ratio(gpu->busy);
	sample->busy_memory = gpus_ratio(gpu->busy_memory);
	sample->busy_video = absent_f64(STATE_UNSUPPORTED);
	sample->busy_encoder = gpus_ratio(gpu->busy_encoder);
	sample->busy_decoder = gpus_ratio(gpu->busy_decoder);
	sample->busy_ns = sample->idle_ns = ABSENT_U64(STATE_UNSUPPORTED);
	sample->frequency_hz = gpus_scaled(gpu->clock, MHZ);
	sample->frequency_memory_hz = gpus_scaled(gpu->clock_memory, MHZ);
	sample->frequency_video_hz = gpus_scaled(gpu->clock_video, MHZ);
	sample->performance = gpu->performance;
}

/* ns, added over the queues; or one number of the driver. */
static uint64_t read_busy_time(struct gpus_job *self)
{
	char text[4096];
	uint64_t busy_ns;
	int length = gpus_read(self, "gpu_stats", text, sizeof text);

	if (length == -ENOENT)
		return gpus_number(self, busy_time, INT64_MAX);
	if (length < 0)
		return ABSENT_U64(gpus_state_of(length));
	if (gpus_parse_queues(text, (size_t)length, &busy_ns) < 0)
		return ABSENT_U64(STATE_FAILED);
	return busy_ns;
}

/* The level that is in use, where no sensor knows it better. */
static uint64_t read_level(struct gpus_job *self, const char *file)
{
	uint64_t now, most;
	enum cell_state state = gpus_read_levels(self, file, &now, &most);

	if (state == STATE_OK && now == UINT64_MAX)
		state = STATE_UNSUPPORTED;
	return state == STATE_OK ? gpus_scaled(now, MHZ) : ABSENT_U64(state);
}

static uint64_t read_frequency(
	struct gpus_job *self, const struct gpus_file *files, const char *levels)
{
	uint64_t hz = gpus_number(self, files, HERTZ_MAX);

	return hz == ABSENT_U64(STATE_UNSUPPORTED) ? read_level(self, levels) : hz;
}

static void of_sysfs(struct gpus_job *self, void *memory)
{
	struct linux_gpu_load *sample = memory;

	sample->busy = gpus_ratio(gpus_number(self, busy, 100));
	sample->busy_memory = gpus_ratio(gpus_number(self, busy_memory, 100));
	sample->busy_video = gpus_ratio(gpus_number(self, busy_video, 100));
	sample->busy_encoder = sample->busy_decoder = absent_f64(STATE_UNSUPPORTED);
	sample->busy_ns = read_busy_time(self);
	sample->idle_ns = gpus_number(self, idle_time, INT64_MAX);
	sample->frequency_hz = read_frequency(self, frequency, "pp_dpm_sclk");
	sample->frequency_memory_hz = read_frequency(self, frequency_memory, "pp_dpm_mclk");
	sample->frequency_video_hz = sample->performance = ABSENT_U64(STATE_UNSUPPORTED);
}

static int run(void *data, struct job *job)
{
	return gpus_job_run(data, of_library, of_sysfs, job->sample);
}

/* Has it grown by at least a tenth of the time? */
static bool has_grown(uint64_t before, uint64_t now, uint64_t elapsed_ns)
{
	return gpus_is_known(before) && gpus_is_known(now) && now >= before &&
	       now - before >= elapsed_ns / 10;
}

/* Who was not idle for more than nine tenths of the time has worked. */
static bool has_worked(
	const struct gpus_row *row, const struct linux_gpu_load *sample, uint64_t elapsed_ns)
{
	if (sample->busy > 0 || has_grown(row->busy_ns, sample->busy_ns, elapsed_ns))
		return true;
	return gpus_is_known(row->idle_ns) && gpus_is_known(sample->idle_ns) &&
	       sample->idle_ns >= row->idle_ns &&
	       sample->idle_ns - row->idle_ns < elapsed_ns / 10 * 9;
}

static int finish(
	struct devices *table, void *memory_row, void *data, struct job *job, int result)
{
	const struct linux_gpu_load *sample = job->sample;
	struct gpus_row *row = memory_row;
	uint64_t now_ns = table->now_ns;

	(void)data;
	if (result != STATE_OK)
		return result;
	if (row->read_ns && has_worked(row, sample, now_ns - row->read_ns))
		gpus_rest_active(&row->rest, now_ns);
	row->read_ns = now_ns;
	row->busy_ns = sample->busy_ns;
	row->idle_ns = sample->idle_ns;
	return result;
}

const struct device_source gpu_load_source = {
	.source = {.name = "gpu_load",
		.sample_size = sizeof(struct linux_gpu_load),
		.lane = LANE_SLOW,
		.period_ns = PERIOD_NS,
		.remedy = GPUS_REMEDY},
	.unsupported = gpus_unsupported,
	.prepare = prepare,
	.run = run,
	.release = gpus_job_release,
	.finish = finish,
};

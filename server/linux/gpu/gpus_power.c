/*
 * Source gpu_power: the sensors of the GPU's hwmon, by Documentation/hwmon/sysfs-interface.rst:
 * uW, uJ, mV, thousandths of a degree. Which temperature is which its label says; one without
 * label is the GPU's own.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "gpus.h"

#define POWER_MAX_UW UINT64_C(20000000000)

enum {
	TEMPERATURES = 8, /* sensors that are looked at */
	MILLICELSIUS_MAX = 250000,
	VOLTAGE_MAX_MV = 100000,
	RPM_MAX = 100000,
	PWM_MAX = 255,
};

static const struct gpus_file power[] = {{GPUS_OF_HWMON, "power1_average", 1},
	{GPUS_OF_HWMON, "power1_input", 1}, {.path = NULL}},
			      energy[] = {{GPUS_OF_HWMON, "energy1_input", 1000},
				      {GPUS_OF_HWMON, "energy2_input", 1000}, {.path = NULL}},
			      voltage[] = {{GPUS_OF_HWMON, "in0_input", 1}, {.path = NULL}},
			      speed[] = {{GPUS_OF_HWMON, "fan1_input", 1}, {.path = NULL}},
			      drive[] = {{GPUS_OF_HWMON, "pwm1", 1}, {.path = NULL}};

static int prepare(struct devices *table, void *row, void **ret_data)
{
	return gpus_job_prepare(table, row, NVML_POWER, ret_data);
}

static int64_t millicelsius(int64_t celsius)
{
	return celsius < ABSENT_I64(STATE_END) ? celsius : celsius * 1000;
}

static void of_library(struct gpus_job *self, void *memory)
{
	struct linux_gpu_power *sample = memory;
	const struct nvml_gpu *gpu = &self->gpu;

	sample->power_mw = gpu->power;
	sample->energy_nj = gpus_scaled(gpu->energy, 1000000);
	sample->voltage_mv = sample->fan_rpm = ABSENT_U64(STATE_UNSUPPORTED);
	sample->temperature_mc = millicelsius(gpu->temperature);
	sample->temperature_hot_mc = ABSENT_I64(STATE_UNSUPPORTED);
	sample->temperature_memory_mc = millicelsius(gpu->temperature_memory);
	sample->fan = gpus_ratio(gpu->fan);
}

/* ------------------------------------------------------------------------- temperatures */

/* Which one a label means; NULL: none of ours. */
static int64_t *of_label(struct linux_gpu_power *sample, const char *label)
{
	if (strncmp(label, "edge", 4) == 0 || strncmp(label, "pkg", 3) == 0 || !label[0])
		return &sample->temperature_mc;
	if (strncmp(label, "junction", 8) == 0)
		return &sample->temperature_hot_mc;
	if (strncmp(label, "mem", 3) == 0 || strncmp(label, "vram", 4) == 0)
		return &sample->temperature_memory_mc;
	return NULL;
}

static int64_t read_temperature(struct gpus_job *self, const char *file)
{
	const struct gpus_file files[] = {{GPUS_OF_HWMON, file, 1}, {.path = NULL}};
	uint64_t number = gpus_number(self, files, MILLICELSIUS_MAX);

	if (!gpus_is_known(number))
		return ABSENT_I64((int64_t)(UINT64_MAX - number));
	return (int64_t)number;
}

/* They are numbered from 1, with gaps. */
static void read_temperatures(struct gpus_job *self, struct linux_gpu_power *sample)
{
	const int64_t none = ABSENT_I64(STATE_UNSUPPORTED);

	sample->temperature_mc = sample->temperature_hot_mc = sample->temperature_memory_mc =
		none;
	for (int i = 1; i <= TEMPERATURES; i++) {
		char file[32], label[32];
		snprintf(file, sizeof file, "temp%d_label", i);
		gpus_hwmon_text(self, file, label, sizeof label);
		snprintf(file, sizeof file, "temp%d_input", i);
		int64_t *temperature = of_label(sample, label);
		if (temperature && *temperature == none)
			*temperature = read_temperature(self, file);
	}
}

static void of_sysfs(struct gpus_job *self, void *memory)
{
	struct linux_gpu_power *sample = memory;
	uint64_t power_uw = gpus_number(self, power, POWER_MAX_UW);
	uint64_t pwm = gpus_number(self, drive, PWM_MAX);

	sample->power_mw = gpus_is_known(power_uw) ? power_uw / 1000 : power_uw;
	sample->energy_nj = gpus_number(self, energy, INT64_MAX);
	sample->voltage_mv = gpus_number(self, voltage, VOLTAGE_MAX_MV);
	read_temperatures(self, sample);
	sample->fan_rpm = gpus_number(self, speed, RPM_MAX);
	sample->fan = gpus_is_known(pwm) ? (double)pwm / PWM_MAX : gpus_ratio(pwm);
}

static int run(void *data, struct job *job)
{
	return gpus_job_run(data, of_library, of_sysfs, job->sample);
}

const struct device_source gpu_power_source = {
	.source = {.name = "gpu_power",
		.sample_size = sizeof(struct linux_gpu_power),
		.lane = LANE_SLOW,
		.period_ns = SECOND_NS,
		.remedy = GPUS_REMEDY},
	.unsupported = gpus_unsupported,
	.prepare = prepare,
	.run = run,
	.release = gpus_job_release,
};

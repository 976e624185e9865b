/*
 * Source gpu_link: its PCI Express link. These files look like constants of the bus, but the
 * kernel reads them from the device, and newer ones wake it for that.
 */
#include <errno.h>

#include "clock.h"
#include "gpus.h"

#define PERIOD_NS (5 * SECOND_NS)

enum { LANES_MAX = 64 };

static const struct gpus_file width[] = {{GPUS_OF_DEVICE, "current_link_width", 1},
	{.path = NULL}},
			      width_max[] = {
				      {GPUS_OF_DEVICE, "max_link_width", 1}, {.path = NULL}};

static int prepare(struct devices *table, void *row, void **ret_data)
{
	return gpus_job_prepare(table, row, NVML_PARTS, ret_data);
}

static uint64_t read_speed(struct gpus_job *self, const char *file)
{
	char text[64];
	uint64_t speed;
	int length = gpus_read(self, file, text, sizeof text - 1);

	if (length < 0)
		return ABSENT_U64(gpus_state_of(length));
	text[length] = '\0';
	length = gpus_parse_speed(text, &speed);
	if (length == 0)
		return speed;
	return ABSENT_U64(length == -ENODATA ? STATE_UNSUPPORTED : STATE_FAILED);
}

/* 0 lanes: there is no such link, as with what is part of the processor. */
static uint64_t some(uint64_t lanes)
{
	return lanes == 0 ? ABSENT_U64(STATE_NONE) : lanes;
}

static void of_sysfs(struct gpus_job *self, void *memory)
{
	struct linux_gpu_link *sample = memory;

	sample->speed = read_speed(self, "current_link_speed");
	sample->speed_max = read_speed(self, "max_link_speed");
	sample->width = some(gpus_number(self, width, LANES_MAX));
	sample->width_max = gpus_number(self, width_max, 255);
	/* 255: the device does not know. */
	sample->width_max = sample->width_max == 255 ? ABSENT_U64(STATE_UNSUPPORTED)
						     : some(sample->width_max);
}

static int run(void *data, struct job *job)
{
	const struct gpus_job *self = data;

	if (self->place.kind == GPUS_INSTANCE)
		return STATE_NONE; /* it is the GPU's */
	return gpus_job_run(data, NULL, of_sysfs, job->sample);
}

const struct device_source gpu_link_source = {
	.source = {.name = "gpu_link",
		.sample_size = sizeof(struct linux_gpu_link),
		.lane = LANE_SLOW,
		.period_ns = PERIOD_NS,
		.remedy = GPUS_REMEDY},
	.unsupported = gpus_unsupported,
	.prepare = prepare,
	.run = run,
	.release = gpus_job_release,
};

/*
 * Source model: what the processor is called, and the frequency that Intel promises. Two sysctls,
 * which could not block; but on Linux it takes a worker, and an attribute is slow or is not.
 */
#include <string.h>

#include "cpu.h"

enum { MODEL_SIZE = 128 };

static int prepare(struct devices *devices, void *row, void **ret_data)
{
	(void)devices, (void)row;
	*ret_data = NULL;
	return STATE_OK;
}

/* hw.cpufrequency is there on Intel Macs only. */
static int run(void *data, struct job *job)
{
	struct darwin_cpu_model *sample = job->sample;

	(void)data;
	host_sysctl_text("machdep.cpu.brand_string", job->text, MODEL_SIZE);
	sample->text = device_text(job->text);
	if (!host_sysctl("hw.cpufrequency", &sample->base) || !sample->base)
		sample->base = ABSENT_U64(STATE_NONE);
	return STATE_OK;
}

const struct device_source cpu_model_source = {
	.source = {.name = "cpu_model",
		.sample_size = sizeof(struct darwin_cpu_model),
		.text_size = MODEL_SIZE,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(60000000000)},
	.prepare = prepare,
	.run = run,
};

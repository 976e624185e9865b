/*
 * Source gpu_memory: the memory of the whole GPU. amdgpu tells of its own, of the part of it
 * that the CPU sees (all of it, where the BIOS allows), and of what it may use of the machine's
 * (GTT); ivpu of the machine's that it uses; Intel's and other drivers only by process.
 */
#include "clock.h"
#include "gpus.h"

static const struct gpus_file
	used[] = {{GPUS_OF_DEVICE, "mem_info_vram_used", 1}, {.path = NULL}},
	total[] = {{GPUS_OF_DEVICE, "mem_info_vram_total", 1}, {.path = NULL}},
	visible_used[] = {{GPUS_OF_DEVICE, "mem_info_vis_vram_used", 1}, {.path = NULL}},
	visible_total[] = {{GPUS_OF_DEVICE, "mem_info_vis_vram_total", 1}, {.path = NULL}},
	system_used[] = {{GPUS_OF_DEVICE, "mem_info_gtt_used", 1},
		{GPUS_OF_DEVICE, "npu_memory_utilization", 1}, {.path = NULL}},
	system_total[] = {{GPUS_OF_DEVICE, "mem_info_gtt_total", 1}, {.path = NULL}};

static int prepare(struct devices *table, void *row, void **ret_data)
{
	return gpus_job_prepare(table, row, NVML_MEMORY, ret_data);
}

static void of_library(struct gpus_job *self, void *memory)
{
	struct linux_gpu_memory *sample = memory;

	sample->used = self->gpu.memory_used;
	sample->total = self->gpu.memory_total;
	sample->reserved = self->gpu.memory_reserved;
	device_fill(&sample->visible_used, &sample->system_total, STATE_UNSUPPORTED);
}

/* More than all cannot be used. */
static uint64_t part_of(uint64_t part, uint64_t whole)
{
	return gpus_is_known(part) && gpus_is_known(whole) && part > whole
		       ? ABSENT_U64(STATE_FAILED)
		       : part;
}

static void of_sysfs(struct gpus_job *self, void *memory)
{
	struct linux_gpu_memory *sample = memory;

	sample->reserved = ABSENT_U64(STATE_UNSUPPORTED);
	sample->total = gpus_number(self, total, INT64_MAX);
	sample->used = part_of(gpus_number(self, used, INT64_MAX), sample->total);
	sample->visible_total = gpus_number(self, visible_total, INT64_MAX);
	sample->visible_used =
		part_of(gpus_number(self, visible_used, INT64_MAX), sample->visible_total);
	sample->system_total = gpus_number(self, system_total, INT64_MAX);
	sample->system_used =
		part_of(gpus_number(self, system_used, INT64_MAX), sample->system_total);
}

static int run(void *data, struct job *job)
{
	return gpus_job_run(data, of_library, of_sysfs, job->sample);
}

const struct device_source gpu_memory_source = {
	.source = {.name = "gpu_memory",
		.sample_size = sizeof(struct linux_gpu_memory),
		.lane = LANE_SLOW,
		.period_ns = SECOND_NS,
		.remedy = GPUS_REMEDY},
	.unsupported = gpus_unsupported,
	.prepare = prepare,
	.run = run,
	.release = gpus_job_release,
};

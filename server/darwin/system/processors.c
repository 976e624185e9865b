/*
 * Source processors: host_processor_info(PROCESSOR_CPU_LOAD_INFO), the ticks of each core, 100 a
 * second, 32 bits wide. Unlike host_statistics() it is answered as often as it is asked.
 * Source processor_set: how many tasks and threads there are.
 */
#include <mach/mach.h>
#include <mach/mach_host.h>
#include <mach/processor_info.h>
#include <mach/processor_set.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "system.h"

#define TICK_NS UINT64_C(10000000)

static void make_room(struct system *self, uint32_t count)
{
	if (count <= self->processor_count)
		return;
	self->processors = xreallocarray(self->processors, count, sizeof *self->processors);
	memset(self->processors + self->processor_count, 0,
		(count - self->processor_count) * sizeof *self->processors);
	self->processor_count = count;
}

/* What was counted before the first look counts as well. */
static void add(struct system *self, const uint32_t *ticks, uint32_t count)
{
	make_room(self, count);
	for (uint32_t core = 0; core < count; core++)
		for (int i = 0; i < CPU_STATE_MAX; i++) {
			uint32_t now = ticks[core * CPU_STATE_MAX + (uint32_t)i];
			uint32_t *last = &self->processors[core].ticks[i];
			self->ticks[i] += (uint32_t)(now - *last);
			*last = now;
		}
}

static void fill(const struct system *self, struct darwin_processors *sample)
{
	sample->user = self->ticks[CPU_STATE_USER] * TICK_NS;
	sample->nice = self->ticks[CPU_STATE_NICE] * TICK_NS;
	sample->system = self->ticks[CPU_STATE_SYSTEM] * TICK_NS;
	sample->idle = self->ticks[CPU_STATE_IDLE] * TICK_NS;
	sample->busy = sample->user + sample->nice + sample->system;
	sample->capacity = sample->busy + sample->idle;
}

static int processors_read(struct devices *devices, void *row, void *out)
{
	struct system *self = (struct system *)devices;
	struct darwin_processors *sample = out;
	natural_t cores = 0;
	processor_info_array_t ticks = NULL;
	mach_msg_type_number_t count = 0;
	kern_return_t result = host_processor_info(
		devices->host->port, PROCESSOR_CPU_LOAD_INFO, &cores, &ticks, &count);

	(void)row;
	if (result != KERN_SUCCESS)
		return system_state(result);
	if (count / CPU_STATE_MAX < cores)
		cores = count / CPU_STATE_MAX;
	add(self, (const uint32_t *)ticks, cores);
	vm_deallocate(mach_task_self(), (vm_address_t)ticks, count * sizeof *ticks);
	sample->cores = cores;
	fill(self, sample);
	return STATE_OK;
}

const struct device_source processors_source = {
	.source = {.name = "processors",
		.sample_size = sizeof(struct darwin_processors),
		.lane = LANE_FAST},
	.read = processors_read,
};

/* ---------------------------------------------------------------------- processor_set */

static int set_read(struct devices *devices, void *row, void *out)
{
	struct system *self = (struct system *)devices;
	struct processor_set_load_info info = {0};
	mach_msg_type_number_t count = PROCESSOR_SET_LOAD_INFO_COUNT;
	kern_return_t result = KERN_SUCCESS;
	processor_set_name_t set = MACH_PORT_NULL;

	(void)row;
	if (!self->set) {
		result = processor_set_default(devices->host->port, &set);
		self->set = result == KERN_SUCCESS ? set : 0;
	}
	if (result == KERN_SUCCESS)
		result = processor_set_statistics(self->set, PROCESSOR_SET_LOAD_INFO,
			(processor_set_info_t)&info, &count);
	if (result != KERN_SUCCESS)
		return system_state(result);
	if (count < PROCESSOR_SET_LOAD_INFO_COUNT || info.task_count < 0 ||
		info.thread_count < 0)
		return STATE_FAILED;
	*(struct darwin_processor_set *)out = (struct darwin_processor_set){
		.tasks = (uint64_t)info.task_count, .threads = (uint64_t)info.thread_count};
	return STATE_OK;
}

const struct device_source processor_set_source = {
	.source = {.name = "processor_set",
		.sample_size = sizeof(struct darwin_processor_set),
		.lane = LANE_FAST},
	.read = set_read,
};

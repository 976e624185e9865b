/*
 * Source clock: the CPU time of a process in nanoseconds, ended threads included. The gate
 * has read it already. Where pids are not ours to ask for, stat has it in clock ticks.
 */
#include "process.h"

static int clock_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_clock *sample = memory;
	uint64_t ticks;
	int result;

	if (self->flags[slot] & ROW_CLOCKED) {
		sample->total_ns = self->clocks[slot];
		return STATE_OK;
	}
	result = stat_read_ticks(self, slot, &ticks);
	if (result == STATE_OK)
		sample->total_ns = saturating_multiply(ticks, self->host->tick_ns);
	return result;
}

const struct process_source clock_source = {
	.source = {.name = "clock",
		.sample_size = sizeof(struct linux_clock),
		.lane = LANE_FAST,
		.gated = true,
		.last = true,
		.remedy = REMEDY_HIDDEN},
	.read = clock_read,
};

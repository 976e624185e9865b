/* Source task_power: TASK_POWER_INFO_V2 by a name port. What it tells of the GPU are 0 on Apple
 * Silicon, and ns on Intel's Macs. */
#include "process.h"

static int task_power_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_task_power *sample = memory;
	int state;

	if (row_has_no_port(self, slot, &state))
		return state;
	return row_port_state(self, slot,
		task_read_power(self->rows[slot].pid, &self->task_words, &sample->power));
}

const struct process_source task_power_source = {
	.source = {.name = "task_power",
		.sample_size = sizeof(struct darwin_task_power),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = task_power_read,
};

/* Source ports: PROC_PIDIPCTABLEINFO. The first entry of the table is none (xnu: osfmk/ipc/ipc_space.c),
 * and a task that is ending has no table: EINVAL. */
#include <errno.h>

#include "process.h"

static int ports_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_ports *sample = memory;
	struct proc_ipctableinfo info;
	int result = row_info(self, slot, PROC_PIDIPCTABLEINFO, 0, &info, sizeof info);

	if (result == STATE_FAILED && errno == EINVAL)
		return STATE_NONE;
	if (result != STATE_OK)
		return result;
	if (info.table_size <= info.table_free)
		return STATE_NONE;
	sample->used = (uint64_t)info.table_size - info.table_free - 1;
	return STATE_OK;
}

const struct process_source ports_source = {
	.source = {.name = "ports",
		.sample_size = sizeof(struct darwin_ports),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = ports_read,
};

/* Source children: how many processes name it as their parent. They are counted together. */
#include "process.h"

static int children_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_children *sample = memory;

	return kinfo_children(self, self->rows[slot].pid, &sample->count) ? STATE_OK
									  : STATE_FAILED;
}

const struct process_source children_source = {
	.source = {.name = "children",
		.sample_size = sizeof(struct darwin_children),
		.lane = LANE_FAST},
	.read = children_read,
};

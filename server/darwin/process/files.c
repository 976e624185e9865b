/*
 * Source files: how many descriptors are open. PROC_PIDTBSDINFO has the size of the table instead, of
 * which most may be free, and so has PROC_PIDLISTFDS without room; with room it lists the open ones,
 * as far as they fit.
 */
#include <stdlib.h>

#include "alloc.h"
#include "process.h"

static int list(struct processes *self, uint32_t slot, int *ret_used)
{
	const struct row *row = &self->rows[slot];
	const struct process_job job = {.pid = row->pid, .identity = row->identity};
	int result;

	for (;;) {
		if (self->fds_size) {
			result = job_info(
				&job, PROC_PIDLISTFDS, 0, self->fds, self->fds_size, ret_used);
			if (result != STATE_OK || *ret_used < self->fds_size)
				return result;
		}
		self->fds_size =
			self->fds_size ? self->fds_size * 2 : 256 * (int)sizeof *self->fds;
		self->fds = xreallocarray(self->fds, (size_t)self->fds_size, 1);
	}
}

static int files_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_files *sample = memory;
	int used = 0, result;

	if (row_is_denied(self, slot))
		return STATE_DENIED;
	result = list(self, slot, &used);
	if (result == STATE_DENIED)
		row_note_denied(self, slot);
	sample->open = (uint64_t)used / sizeof *self->fds;
	return result;
}

const struct process_source files_source = {
	.source = {.name = "files",
		.sample_size = sizeof(struct darwin_files),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = files_read,
};

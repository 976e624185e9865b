/*
 * Source exe: where the link /proc/PID/exe points to. " (deleted)" at its end is the
 * kernel's word for a program file that is no more; it stays, for a path without it would
 * name another file, or none.
 */
#include <errno.h>
#include <unistd.h>

#include "process.h"

static int exe_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_exe *sample = memory;
	int directory, error, result = row_enter(self, slot, &directory);
	ssize_t length;

	if (result != STATE_OK)
		return result;
	length = readlinkat(directory, "exe", self->exe, sizeof self->exe);
	error = errno;
	row_leave(self, slot, directory);
	if (length < 0) {
		result = row_state_of(self, slot, error);
		/* Kernel threads and zombies have no program. */
		return result == STATE_UNSUPPORTED ? STATE_NONE : result;
	}
	sample->path = (struct sample_text){.bytes = self->exe, .length = (uint32_t)length};
	return STATE_OK;
}

const struct process_source exe_source = {
	.source = {.name = "exe",
		.sample_size = sizeof(struct linux_exe),
		.lane = LANE_FAST,
		.gated = true},
	.read = exe_read,
};

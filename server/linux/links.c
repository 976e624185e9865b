/*
 * Sources exe and links: where the links /proc/PID/exe, cwd and root point to. Reading a link
 * does not look at what it points to, so it cannot block. " (deleted)" at its end is the
 * kernel's word for a file that is no more; it stays, for a path without it would name
 * another file, or none.
 */
#include <errno.h>
#include <unistd.h>

#include "process.h"

/* The length or a negative errno. */
static ssize_t read_link(int directory, const char *name, char bytes[PATH_SIZE])
{
	ssize_t length = readlinkat(directory, name, bytes, PATH_SIZE);
	int error = length < 0 ? errno : 0, living;

	if (error != ENOENT)
		return error ? -error : length;
	living = tasks_open_living(directory);
	if (living < 0)
		return -error;
	length = readlinkat(living, name, bytes, PATH_SIZE);
	close(living);
	return length < 0 ? -error : length;
}

int row_read_link(struct processes *self, uint32_t slot, const char *name,
	char bytes[PATH_SIZE], struct sample_text *ret_path)
{
	int directory, result = row_enter(self, slot, &directory);
	ssize_t length;

	if (result != STATE_OK)
		return result;
	length = read_link(directory, name, bytes);
	row_leave(self, slot, directory);
	if (length < 0) {
		result = row_state_of(self, slot, (int)-length);
		return result == STATE_UNSUPPORTED ? STATE_NONE : result;
	}
	*ret_path = (struct sample_text){.bytes = bytes, .length = (uint32_t)length};
	return STATE_OK;
}

static int exe_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_exe *sample = memory;

	return row_read_link(self, slot, "exe", self->exe, &sample->path);
}

static int links_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_links *sample = memory;
	int result = row_read_link(self, slot, "cwd", self->cwd, &sample->cwd);

	if (result != STATE_OK)
		return result;
	return row_read_link(self, slot, "root", self->root, &sample->root);
}

const struct process_source exe_source = {
	.source = {.name = "exe",
		.sample_size = sizeof(struct linux_exe),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_TRACED},
	.read = exe_read,
};

const struct process_source links_source = {
	.source = {.name = "links",
		.sample_size = sizeof(struct linux_links),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_TRACED},
	.read = links_read,
};

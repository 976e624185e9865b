/*
 * Sources exe and links: where the links /proc/PID/exe, cwd and root point to. Reading a link
 * does not look at what it points to, so it cannot block. " (deleted)" at its end is the
 * kernel's word for a file that is no more; it stays, for a path without it would name
 * another file, or none.
 */
#include <errno.h>
#include <unistd.h>

#include "process.h"

struct link {
	const char *name;
	char *bytes;
	struct sample_text *path;
};

static int read_link(void *context, int directory)
{
	struct link *link = context;
	ssize_t length = readlinkat(directory, link->name, link->bytes, PATH_SIZE);

	if (length < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	*link->path = (struct sample_text){.bytes = link->bytes, .length = (uint32_t)length};
	return 0;
}

int row_read_link(struct processes *self, uint32_t slot, const char *name,
	char bytes[PATH_SIZE], struct sample_text *ret_path)
{
	return row_read_shared(self, slot, read_link, &(struct link){name, bytes, ret_path});
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

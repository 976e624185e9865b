/*
 * Source cgroup: /proc/PID/cgroup, a line "ID:CONTROLLERS:PATH" for each hierarchy. ID 0 is
 * the unified one; cgroups(7).
 */
#include <errno.h>
#include <string.h>

#include "process.h"

int cgroup_parse(const char *bytes, size_t length, struct sample_text *ret_path)
{
	size_t path_length;
	const char *path = cgroup_mount_choose_path(bytes, length, &path_length);

	*ret_path = (struct sample_text){.state = STATE_NONE};
	if (!path)
		return -EBADMSG;
	*ret_path = (struct sample_text){.bytes = path, .length = (uint32_t)path_length};
	return 0;
}

static int cgroup_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_cgroup *sample = memory;
	size_t length;
	int result = row_read(self, slot, FILE_CGROUP, &length);

	if (result != STATE_OK)
		return result;
	if (cgroup_parse(self->buffer, length, &sample->path) < 0)
		return length ? STATE_FAILED : STATE_NONE; /* no hierarchy is mounted */
	if (sample->path.length > sizeof self->cgroup)
		sample->path.length = sizeof self->cgroup;
	memcpy(self->cgroup, sample->path.bytes, sample->path.length);
	sample->path.bytes = self->cgroup;
	return STATE_OK;
}

static const char *cgroup_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return host_lacks_file(host, "cgroup")
		       ? "this kernel was built without cgroups (CONFIG_CGROUPS)"
		       : NULL;
}

const struct process_source cgroup_source = {
	.source = {.name = "cgroup",
		.sample_size = sizeof(struct linux_cgroup),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.unsupported = cgroup_unsupported,
	.read = cgroup_read,
};

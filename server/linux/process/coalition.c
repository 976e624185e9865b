/*
 * Source coalition: the id of the cgroup. The kernel tells it of a pidfd, for the unified
 * hierarchy. Otherwise it is the inode number of the cgroup's directory, which is the same.
 */
#include <errno.h>
#include <sys/stat.h>

#include "pidfd_info.h"
#include "process.h"

static bool is_told(const struct host *host)
{
	return host_has(host, FEATURE_PIDFD_INFO) && host->cgroups.controllers &&
	       !*host->cgroups.controllers;
}

static int by_directory(struct processes *self, uint32_t slot, uint64_t *ret_id)
{
	const struct cgroup_mount *mount = &self->host->cgroups;
	char directory[8192];
	struct stat inode;
	const char *path;
	size_t length, path_length;
	int result = row_read(self, slot, FILE_CGROUP, &length);

	if (result != STATE_OK)
		return result;
	path = cgroup_mount_path(mount, self->buffer, length, &path_length);
	if (!path)
		return STATE_NONE;
	/* Not below what is mounted here: in a container. */
	if (!cgroup_mount_directory(mount, path, path_length, directory, sizeof directory))
		return STATE_UNSUPPORTED;
	if (stat(directory, &inode) < 0) /* "PATH (deleted)" is that of a zombie */
		return errno == ENOENT ? STATE_NONE : row_state_of(self, slot, errno);
	*ret_id = inode.st_ino;
	return STATE_OK;
}

static int coalition_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_coalition *sample = memory;
	int pidfd = self->rows[slot].pidfd;
	struct pidfd_answer answer;

	/* The kernel refuses where the parent is outside our namespace: ESRCH, as of the dead. */
	if (pidfd >= 0 && is_told(self->host) &&
		pidfd_ask(pidfd, PIDFD_ANSWER_CGROUP, &answer) == 0) {
		sample->id = answer.cgroup;
		return STATE_OK;
	}
	if (self->host->cgroups.point)
		return by_directory(self, slot, &sample->id);
	return row_has_pid(self, slot) ? STATE_UNSUPPORTED : SAMPLE_GONE;
}

static const char *coalition_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	if (!host->cgroups.controllers && !host->real)
		return "the substitute that --procfs names has no self/cgroup, which tells "
		       "what "
		       "cgroups there are";
	if (!host->cgroups.controllers)
		return "this kernel was built without cgroups (CONFIG_CGROUPS)";
	if (!is_told(host) && !host->cgroups.point)
		return "no cgroup file system is mounted: mount -t cgroup2 none "
		       "/sys/fs/cgroup, or use Linux 6.13, which tells the id without";
	return NULL;
}

const struct process_source coalition_source = {
	.source = {.name = "coalition",
		.sample_size = sizeof(struct linux_coalition),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.unsupported = coalition_unsupported,
	.read = coalition_read,
};

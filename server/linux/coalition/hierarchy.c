/*
 * Hierarchy: where the hierarchies of cgroups are mounted, and why a table or a source has
 * nothing to say.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"
#include "coalition.h"

static const char *const controller_names[CONTROLLERS] = {
	"cpu", "cpuacct", "memory", "blkio", "pids", "freezer"};

/* ------------------------------------------------------------------------------- mounts */

static void take_line(struct hierarchies *self, const char *line, size_t length)
{
	if (self->meant.controllers)
		cgroup_mount_take(&self->meant, line, length);
	for (int i = 0; i < CONTROLLERS; i++)
		cgroup_mount_take(&self->older[i], line, length);
}

void hierarchies_find(struct hierarchies *self, const struct host *host)
{
	FILE *file = cgroup_mount_open_self(host, "mountinfo");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	*self = (struct hierarchies){0};
	cgroup_mount_choose_own(&self->meant, host);
	for (int i = 0; i < CONTROLLERS; i++)
		self->older[i].controllers = xstrdup(controller_names[i]);
	if (!file)
		return;
	while ((length = getline(&line, &size, file)) > 0)
		take_line(self, line, (size_t)length - (line[length - 1] == '\n'));
	free(line);
	fclose(file);
	cgroup_mount_relocate(&self->meant, host);
	for (int i = 0; i < CONTROLLERS; i++)
		cgroup_mount_relocate(&self->older[i], host);
}

void hierarchies_release(struct hierarchies *self)
{
	cgroup_mount_finish(&self->meant);
	for (int i = 0; i < CONTROLLERS; i++)
		cgroup_mount_finish(&self->older[i]);
}

/* -------------------------------------------------------------------------- why not */

static const char *why_no_rows(const struct hierarchies *self)
{
	if (!self->meant.controllers)
		return "this kernel was built without cgroups (CONFIG_CGROUPS)";
	if (!self->meant.point || access(self->meant.point, F_OK) < 0)
		return "the cgroup file system is not mounted here: mount -t cgroup2 none "
		       "/sys/fs/cgroup";
	return NULL;
}

const char *coalition_unsupported(const struct host *host, enum cell_state *ret_state)
{
	struct hierarchies hierarchies;
	const char *reason;

	*ret_state = STATE_UNSUPPORTED;
	hierarchies_find(&hierarchies, host);
	reason = why_no_rows(&hierarchies);
	hierarchies_release(&hierarchies);
	return reason;
}

/* Does the uppermost cgroup of the unified hierarchy have the controller? */
static bool is_available(const struct hierarchies *self, const char *controller)
{
	char path[4096], line[1024];
	size_t length = strlen(controller);

	if (!hierarchies_unified(self))
		return false;
	snprintf(path, sizeof path, "%s/cgroup.controllers", self->meant.point);
	read_file_line(AT_FDCWD, path, line, sizeof line);
	for (const char *at = line; (at = strstr(at, controller)); at += length)
		if ((at == line || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

const char *controller_unsupported(
	const struct host *host, const char *unified, enum controller older)
{
	struct hierarchies hierarchies;
	const char *reason;

	hierarchies_find(&hierarchies, host);
	reason = why_no_rows(&hierarchies);
	if (!reason && !is_available(&hierarchies, unified) &&
		(older == CONTROLLERS || !hierarchies.older[older].point))
		reason =
			"the cgroup controller for it is not enabled: built out of the kernel, "
			"switched off at boot (cgroup_disable, on a Raspberry Pi for want of "
			"cgroup_enable=memory), or kept from this container";
	hierarchies_release(&hierarchies);
	return reason;
}

/*
 * Cgroup mount: where the directories of cgroups are, for the hierarchy whose paths attribute
 * cgroup shows: the unified one, else the first of the older ones; cgroups(7).
 */
#ifndef LINUX_CGROUP_MOUNT_H
#define LINUX_CGROUP_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct host;

struct cgroup_mount {
	char *controllers; /* of the hierarchy, "" for the unified one; NULL: there are none */
	char *point;       /* where it is mounted; NULL: nowhere */
	char *root;        /* the cgroup that is seen there, mostly "/" */
};

/* Looks for it in what the kernel says of ourselves, or in self/ of a substitute procfs. */
void cgroup_mount_init(struct cgroup_mount *self, const struct host *host);
void cgroup_mount_finish(struct cgroup_mount *self);

/* ------------------------------------------------------------------------ its parts */

/* Mounts and cgroups are those of ourselves, and no other procfs of the kernel knows us as
 * "self". NULL and errno. */
FILE *cgroup_mount_open_self(const struct host *host, const char *name);
/* Sets the controllers of the hierarchy that is meant. */
void cgroup_mount_choose_own(struct cgroup_mount *self, const struct host *host);
/* Where the kernel has it mounted, as we see it: what is below /sys is below host->sysfs. */
void cgroup_mount_relocate(struct cgroup_mount *self, const struct host *host);

/* ------------------------------------------------------------------- its pure parts */

/* The controllers of the hierarchy in a file /proc/PID/cgroup; NULL: there is none. */
const char *cgroup_mount_choose(const char *bytes, size_t length, size_t *ret_length);
/* The path in it. */
const char *cgroup_mount_choose_path(const char *bytes, size_t length, size_t *ret_length);
/* The path in the hierarchy of the mount, from such a file; NULL: it is not there. */
const char *cgroup_mount_path(
	const struct cgroup_mount *self, const char *bytes, size_t length, size_t *ret_length);
/* Takes a line of /proc/self/mountinfo, if it mounts this hierarchy and shows more of it than
 * what was found so far. */
void cgroup_mount_take(struct cgroup_mount *self, const char *bytes, size_t length);
/* The directory of a path; false: it cannot be seen there. */
bool cgroup_mount_directory(const struct cgroup_mount *self, const char *path, size_t length,
	char *directory, size_t size);

#endif

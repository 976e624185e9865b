/*
 * Host: what the Linux backend knows of the machine that it runs on, found out once by
 * platform_create() and constant from then on.
 */
#ifndef LINUX_HOST_H
#define LINUX_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroup_mount.h"

struct platform_config;

/* What not every kernel or every procfs gives; features.c has a sentence about each. */
enum feature {
	FEATURE_PIDFD,
	FEATURE_PIDFD_INODE,
	FEATURE_CLOCK,
	FEATURE_FORK_RANGE,
	FEATURE_FD_SIZE,
	FEATURE_SMAPS_ROLLUP,
	FEATURE_CHILDREN,
	FEATURE_SOCKET_NAMES,
	FEATURE_PIDFD_INFO,
	FEATURE_PIDFD_EXIT,
	FEATURE_TASKSTATS,
	FEATURE_PEER_PIDFD,
	FEATURE_COUNT,
};

struct host {
	char *procfs, *sysfs;
	/*
	 * The procfs is the kernel's own, so that a directory of it, once opened, stays with
	 * its process for ever. A substitute tree of plain files gives no such promise.
	 */
	bool real;
	/* The pids in it are those of our pid namespace: pid system calls mean the same. */
	bool native;
	int depth;         /* of our pid namespace: see namespace_depth(); 0 is unknown */
	uint32_t features; /* bit mask by enum feature */
	uint64_t tick_ns;  /* of the times in stat: 10 ms on every common kernel */
	char *no_gpu;      /* what is said where there is no GPU */
	struct cgroup_mount cgroups;
	struct nvml *nvml; /* of NVIDIA's GPUs, if there are any */
	char description[256];
};

static inline bool host_has(const struct host *self, enum feature feature)
{
	return self->features >> feature & 1;
}

/*
 * Finds out what kind of procfs it is and which features there are, less those named in
 * config->without. -EINVAL: an unknown name; then `error` lists the known ones.
 */
int host_init(struct host *self, const struct platform_config *config, char *error,
	size_t error_size);
void host_finish(struct host *self);

/* The part of host_init() that is about features: probes them, and takes out `without`. */
int features_init(struct host *host, const char *without, char *error, size_t error_size);

/* Is there no such file in the directory of a process? Then the kernel was built without it. */
bool host_lacks_file(const struct host *self, const char *name);

/* Are the pids those of the whole machine? */
bool host_is_first_namespace(const struct host *self);

/* "pidfd", "clock" ... */
const char *feature_name(enum feature feature);

#endif

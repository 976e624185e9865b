#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "alloc.h"
#include "namespace.h"
#include "nvml/nvml.h"
#include "platform.h"

static bool is_real(const char *procfs)
{
	struct statfs filesystem;

	return statfs(procfs, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
}

/* Is the procfs that of our own pid namespace? The name of the link "self" alone could be equal by
 * chance. */
static bool is_native(const char *procfs)
{
	char path[4096];
	int64_t pid;

	snprintf(path, sizeof path, "%s/self/status", procfs);
	return namespace_depth(path, &pid) == 1 && pid == getpid();
}

static void describe(struct host *self)
{
	struct utsname system;
	size_t size = sizeof self->description;
	int length = 0;

	if (uname(&system) == 0)
		length = snprintf(
			self->description, size, "%s %s, with", system.sysname, system.release);
	for (int i = 0; i < FEATURE_COUNT && (size_t)length < size; i++)
		if (host_has(self, (enum feature)i))
			length += snprintf(self->description + length, size - (size_t)length,
				" %s", feature_name((enum feature)i));
	if (!self->features)
		snprintf(
			self->description + length, size - (size_t)length, " plain files only");
}

/* A pidfd and a directory for each process are more than the usual soft limit. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int host_init(
	struct host *self, const struct platform_config *config, char *error, size_t error_size)
{
	long ticks = sysconf(_SC_CLK_TCK);
	int64_t pid;
	int result;

	memset(self, 0, sizeof *self);
	self->procfs = xstrdup(config->procfs ? config->procfs : "/proc");
	self->sysfs = xstrdup(config->sysfs ? config->sysfs : "/sys");
	self->no_gpu = xasprintf("no GPU found on this host (no render node in %s/class/drm, "
				 "no NVIDIA driver in %s/driver/nvidia)",
		self->sysfs, self->procfs);
	self->tick_ns = UINT64_C(1000000000) / (uint64_t)(ticks > 0 ? ticks : 100);
	self->real = is_real(self->procfs);
	self->native = self->real && is_native(self->procfs);
	self->depth = namespace_depth("/proc/self/status", &pid);
	result = features_init(self, config->without, error, error_size);
	if (result < 0) {
		host_finish(self);
		return result;
	}
	self->nvml = nvml_create(self->procfs, self->sysfs);
	cgroup_mount_init(&self->cgroups, self);
	describe(self);
	raise_descriptor_limit();
	return 0;
}

void host_finish(struct host *self)
{
	nvml_destroy(self->nvml);
	free(self->procfs);
	free(self->sysfs);
	free(self->no_gpu);
	cgroup_mount_finish(&self->cgroups);
}

/*
 * Source gpu. No driver is read by this version, so all there is to do is to say why: there
 * is no GPU, or there is one.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

static bool has_render_node(const char *sysfs)
{
	char path[4096];
	const struct dirent *entry;
	bool found = false;
	DIR *stream;

	snprintf(path, sizeof path, "%s/class/drm", sysfs);
	stream = opendir(path);
	if (!stream)
		return false;
	while (!found && (entry = readdir(stream)))
		found = strncmp(entry->d_name, "renderD", 7) == 0;
	closedir(stream);
	return found;
}

static bool has_nvidia_driver(const char *procfs)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/driver/nvidia", procfs);
	return access(path, F_OK) == 0;
}

static const char *gpu_unsupported(const struct linux_host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	if (has_render_node(host->sysfs) || has_nvidia_driver(host->procfs))
		return "a GPU is present, but its driver is not read by this version";
	return host->no_gpu;
}

const struct process_source gpu_source = {
	.source = {.name = "gpu",
		.sample_size = sizeof(struct linux_gpu),
		.lane = LANE_FAST,
		.gated = false},
	.unsupported = gpu_unsupported,
};

/* One descriptor of a GPU: what the kernel tells of it, and which client it is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gpu.h"

/* The number may be that of another file by now, and reading that one might wake a device. */
static bool is_still(int directory, uint32_t fd, const char *node)
{
	char name[32], path[64];
	ssize_t length;

	snprintf(name, sizeof name, "fd/%u", (unsigned)fd);
	length = readlinkat(directory, name, path, sizeof path - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return gpu_node_is(node, path);
}

int gpu_fdinfo_read(int directory, uint32_t fd, const char *node, struct drm_client *ret_client)
{
	char name[32], text[16384];
	ssize_t length;

	if (!is_still(directory, fd, node))
		return -ESTALE;
	snprintf(name, sizeof name, "fdinfo/%u", (unsigned)fd);
	length = read_file(directory, name, text, sizeof text);
	if (length < 0)
		return length == -ENOENT ? -ESTALE : (int)length;
	return drm_parse(text, (size_t)length, ret_client) && ret_client->has_id ? 0 : -ENODATA;
}

bool gpu_file_slow(const struct gpu *gpu, const struct gpu_file *file)
{
	return drm_driver_find(gpu->devices.list[file->device].driver)->slow;
}

void gpu_file_take(struct processes *self, struct gpu *gpu, uint32_t slot,
	struct gpu_file *file, const struct drm_client *reading, uint64_t now_ns)
{
	const struct gpu_row *row = &gpu->rows[slot];

	file->client = gpu_client_find(gpu, reading);
	/* The row had a value already: what this client did while it could not be read would
	 * be a jump of it. */
	if ((file->flags & FILE_WAITED) && (row->flags & GPU_ANSWERED))
		file->client->rebase = true;
	file->flags = 0;
	gpu_client_hold(self, file->client, slot);
	gpu_client_read(file->client, reading, now_ns, gpu->tick_ns);
}

void gpu_file_identify(
	struct processes *self, struct gpu *gpu, uint32_t slot, struct gpu_file *file)
{
	struct drm_client reading;
	int directory, result;

	if (gpu_file_slow(gpu, file))
		return;
	if (!gpu_device_awake(&gpu->devices, file->device, gpu->tick_ns)) {
		file->flags |= FILE_WAITED;
		gpu->waiting = true;
		return;
	}
	if (row_enter(self, slot, &directory) != STATE_OK)
		return;
	result = gpu_fdinfo_read(
		directory, file->fd, gpu->devices.list[file->device].node, &reading);
	row_leave(self, slot, directory);
	if (result == 0)
		gpu_file_take(self, gpu, slot, file, &reading, clock_now_ns());
	else if (result == -ENODATA)
		file->flags |= FILE_SILENT;
	else {
		file->flags |= result == -ESTALE ? FILE_STALE : FILE_FAILED;
		gpu->rows[slot].flags |= GPU_RESCAN; /* at the next tick */
	}
}

/*
 * Source gpu: work and memory of GPUs, of every process.
 *
 * Most of it is read in the tick: one fdinfo text for each client of a GPU driver. Rows with
 * something that may block are a worker's (gpu_job.c). A device that sleeps is not read at
 * all, and a tick asks each device once whether it does.
 */
#include "gpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

/* The inode of the first pid namespace is fixed in the kernel. KFD knows processes by their
 * pids there. */
static bool has_first_pids(const struct host *host)
{
	char path[4096], link[64] = "";

	if (!host->real)
		return true;
	snprintf(path, sizeof path, "%s/self/ns/pid", host->procfs);
	return readlink(path, link, sizeof link - 1) > 0 &&
	       strcmp(link, "pid:[4026531836]") == 0;
}

struct gpu *gpu_get(struct processes *self)
{
	struct gpu *gpu = self->gpu;
	uint32_t old;

	if (!gpu) {
		gpu = self->gpu = xcalloc(1, sizeof *gpu);
		gpu_devices_init(&gpu->devices, self->host->sysfs);
		gpu->own_pid = self->host->native ? (uint32_t)getpid() : 0;
		gpu->kfd_pids = has_first_pids(self->host);
		gpu->nvml = self->host->nvml && !nvml_unsupported(self->host->nvml);
		if (gpu->nvml)
			nvml_want(self->host->nvml, true);
	}
	old = gpu->capacity;
	if (old < self->capacity) {
		gpu->capacity = self->capacity;
		gpu->rows = xreallocarray(gpu->rows, gpu->capacity, sizeof *gpu->rows);
		memset(gpu->rows + old, 0, (gpu->capacity - old) * sizeof *gpu->rows);
	}
	return gpu;
}

struct gpu_use *gpu_use_get(struct gpu *gpu, uint32_t slot)
{
	struct gpu_row *row = &gpu->rows[slot];

	if (!row->use) {
		row->use = xcalloc(1, sizeof *row->use);
		row->use->nvml_state = row->use->kfd_state = STATE_NONE;
	}
	return row->use;
}

static void forget_row(struct processes *self, uint32_t slot)
{
	struct gpu *gpu = self->gpu;

	if (!gpu || slot >= gpu->capacity)
		return;
	gpu_drop_files(self, gpu, slot);
	free(gpu->rows[slot].use);
	free(gpu->rows[slot].known.words);
	memset(&gpu->rows[slot], 0, sizeof gpu->rows[slot]);
}

static void give_up(struct processes *self)
{
	struct gpu *gpu = self->gpu;

	if (!gpu)
		return;
	if (gpu->nvml)
		nvml_want(self->host->nvml, false);
	for (uint32_t slot = 0; slot < gpu->capacity; slot++)
		forget_row(self, slot);
	gpu_clients_finish(gpu);
	gpu_devices_finish(&gpu->devices);
	free(gpu->rows);
	free(gpu);
	self->gpu = NULL;
}

static void gpu_want(struct processes *self, bool wanted)
{
	if (wanted)
		gpu_get(self);
	else
		give_up(self);
}

/* ---------------------------------------------------------------------------- reading */

static bool is_read_here(const struct gpu *gpu, const struct gpu_file *file, uint32_t slot)
{
	return file->client && file->client->charged == slot &&
	       file->client->tick_ns != gpu->tick_ns && !gpu_file_slow(gpu, file);
}

/*
 * One descriptor, and so its client. False: it is not what it was. A driver that does not answer
 * for once (it may be interrupted, and then writes nothing) is asked again at the next tick.
 */
static bool read_client(
	struct processes *self, struct gpu *gpu, uint32_t slot, struct gpu_file *file)
{
	const char *node = gpu->devices.list[file->device].node;
	struct drm_client reading;
	int directory, result;

	if (row_enter(self, slot, &directory) != STATE_OK)
		return true; /* the next list finds it dead */
	result = gpu_fdinfo_read(directory, file->fd, node, &reading);
	row_leave(self, slot, directory);
	file->flags &= (uint8_t)~FILE_FAILED;
	if (result == -ESTALE || (result == 0 && !gpu_client_is(file->client, &reading)))
		file->flags |= FILE_STALE;
	else if (result < 0)
		file->flags |= FILE_FAILED;
	else
		gpu_client_read(file->client, &reading, clock_now_ns(), gpu->tick_ns);
	return !(file->flags & FILE_STALE);
}

/* The clients that are charged to the row, each once. */
static bool read_clients(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	struct gpu_use *use = gpu->rows[slot].use;

	for (uint32_t i = 0; i < use->count; i++) {
		struct gpu_file *file = &use->files[i];
		if (is_read_here(gpu, file, slot) &&
			gpu_device_awake(&gpu->devices, file->device, gpu->tick_ns) &&
			!read_client(self, gpu, slot, file))
			return false;
	}
	gpu_credit(gpu, slot);
	return true;
}

static void begin_tick(struct processes *self, struct gpu *gpu)
{
	gpu->tick_ns = self->now_ns;
	if (gpu->disputed)
		gpu_clients_settle(self, gpu);
	if (gpu->nvml)
		nvml_begin(self->host->nvml);
	gpu_scan(self, gpu);
}

static int gpu_read(struct processes *self, uint32_t slot, void *sample)
{
	struct gpu *gpu = gpu_get(self);

	if (gpu->tick_ns != self->now_ns)
		begin_tick(self, gpu);
	if (gpu->rows[slot].use && !read_clients(self, gpu, slot)) {
		gpu_scan_row(self, gpu, slot);
		if (!read_clients(self, gpu, slot))
			gpu->rows[slot].flags |= GPU_RESCAN; /* it changes while we look */
	}
	if (gpu_must_wait(self, gpu, slot))
		return SAMPLE_LATER;
	return gpu_fill(gpu, slot, gpu->texts, sample);
}

/* --------------------------------------------------------------------------- the source */

static bool has_kfd(const char *sysfs)
{
	char path[GPU_PATH_SIZE];

	snprintf(path, sizeof path, "%s/class/kfd/kfd", sysfs);
	return access(path, F_OK) == 0;
}

static const char *gpu_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	if (gpu_devices_any(host->sysfs) || has_kfd(host->sysfs) ||
		(host->nvml && !nvml_unsupported(host->nvml)))
		return NULL;
	return host->no_gpu;
}

const struct process_source gpu_source = {
	.source = {.name = "gpu",
		.sample_size = sizeof(struct linux_gpu),
		.text_size = GPU_TEXTS_SIZE,
		.lane = LANE_EITHER,
		.gated = false,
		.remedy = REMEDY_TRACED},
	.unsupported = gpu_unsupported,
	.read = gpu_read,
	.want = gpu_want,
	.forget = forget_row,
	.prepare = gpu_job_prepare,
	.run = gpu_job_run,
	.finish = gpu_job_finish,
	.release = gpu_job_release,
};

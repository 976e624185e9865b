/*
 * GPU job: what only workers may read. The fdinfo of drivers that wait for the device; KFD's
 * files; and the answer of NVIDIA's library, for which somebody has to wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "gpu.h"

struct gpu_job_file {
	uint32_t fd;
	char node[GPU_NAME_SIZE];
	char status_path[GPU_PATH_SIZE];
	int result; /* of gpu_fdinfo_read(); -EBUSY: the device has fallen asleep */
	uint64_t read_ns;
	struct drm_client reading;
};

/* All that the worker needs: the row, the table and the platform may go while it runs. */
struct gpu_job {
	uint32_t pid;
	struct nvml *nvml; /* NULL: not asked */
	int nvml_state;
	struct nvml_use nvml_use;
	char *sysfs; /* NULL: KFD is not asked */
	struct kfd_topology topology;
	int kfd_state;
	struct kfd_use kfd_use;
	uint32_t file_count;
	struct gpu_job_file files[];
};

static struct gpu_job *job_of(const struct job *job)
{
	return ((const struct process_job *)(const void *)job->context)->data;
}

/* ----------------------------------------------------------------------- what is there */

/* A slow descriptor that is read for this row: it may be new, or a client charged to it. */
static bool is_job_file(struct gpu *gpu, const struct gpu_file *file, uint32_t slot)
{
	return gpu_file_slow(gpu, file) && !(file->flags & FILE_SILENT) &&
	       (!file->client || file->client->charged == slot) &&
	       gpu_device_awake(&gpu->devices, file->device, gpu->tick_ns);
}

static uint32_t count_files(struct gpu *gpu, uint32_t slot)
{
	const struct gpu_use *use = gpu->rows[slot].use;
	uint32_t count = 0;

	for (uint32_t i = 0; use && i < use->count; i++)
		count += is_job_file(gpu, &use->files[i], slot);
	return count;
}

/*
 * Has NVIDIA's library something to say of the row? Who was known is asked until it says that
 * he is not any more. Where the descriptors are not for us nobody else tells, and before its
 * first sampling it might be anybody.
 */
static bool may_use_nvidia(const struct gpu_row *row, struct nvml *nvml, uint32_t pid)
{
	return (row->flags & GPU_NVIDIA) || (row->use && row->use->nvml_state != STATE_NONE) ||
	       nvml_knows(nvml, pid) ||
	       ((row->flags & GPU_DENIED) && nvml_state(nvml) == STATE_PENDING);
}

/* A state that the library answers anyway needs no worker to wait for it. */
static bool asks_nvml(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	struct nvml *nvml = self->host->nvml;
	int state;

	if (!gpu->nvml || !may_use_nvidia(&gpu->rows[slot], nvml, self->pids[slot]))
		return false;
	state = nvml_state(nvml);
	if (state == STATE_OK || state == STATE_PENDING)
		return true;
	gpu_take_nvml(gpu_use_get(gpu, slot), state, NULL);
	return false;
}

bool gpu_must_wait(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	return asks_nvml(self, gpu, slot) || count_files(gpu, slot) > 0 ||
	       ((gpu->rows[slot].flags & GPU_KFD) && gpu->kfd_pids);
}

/* ---------------------------------------------------------------------------- the job */

int gpu_job_prepare(struct processes *self, struct job *job)
{
	struct process_job *own = (struct process_job *)(void *)job->context;
	struct gpu *gpu = gpu_get(self);
	struct gpu_row *row = &gpu->rows[job->slot];
	uint32_t count = count_files(gpu, job->slot), next = 0;
	struct gpu_job *data = xcalloc(1, sizeof *data + count * sizeof *data->files);

	own->data = data;
	data->pid = self->pids[job->slot];
	if (asks_nvml(self, gpu, job->slot))
		data->nvml = nvml_hold(self->host->nvml);
	if ((row->flags & GPU_KFD) && gpu->kfd_pids) {
		if (!gpu->kfd.count)
			kfd_topology_read(&gpu->kfd, self->host->sysfs);
		data->topology = gpu->kfd;
		data->sysfs = xstrdup(self->host->sysfs);
	}
	for (uint32_t i = 0; row->use && i < row->use->count && next < count; i++) {
		const struct gpu_file *file = &row->use->files[i];
		struct gpu_job_file *mine = &data->files[next];
		if (!is_job_file(gpu, file, job->slot))
			continue;
		mine->fd = file->fd;
		memcpy(mine->node, gpu->devices.list[file->device].node, sizeof mine->node);
		gpu_device_status_path(&gpu->devices, file->device, mine->status_path);
		next++;
	}
	data->file_count = next;
	return STATE_OK;
}

/* The device may have fallen asleep while the job was waiting for its turn. */
static void read_job_file(int directory, struct gpu_job_file *file)
{
	file->result = -EBUSY;
	if (!gpu_status_awake(file->status_path))
		return;
	file->result = gpu_fdinfo_read(directory, file->fd, file->node, &file->reading);
	file->read_ns = clock_now_ns();
}

int gpu_job_run(struct job *job)
{
	int directory = ((const struct process_job *)(const void *)job->context)->directory;
	struct gpu_job *data = job_of(job);

	for (uint32_t i = 0; i < data->file_count; i++)
		read_job_file(directory, &data->files[i]);
	if (data->sysfs)
		data->kfd_state =
			kfd_read(&data->topology, data->sysfs, data->pid, &data->kfd_use);
	if (data->nvml)
		data->nvml_state = nvml_wait(data->nvml, data->pid, &data->nvml_use);
	/* Both go by pid: it was this process's all the time if the process is still there. */
	return directory_is_there(directory) ? STATE_OK : SAMPLE_GONE;
}

void gpu_job_release(struct job *job)
{
	struct gpu_job *data = job_of(job);

	if (data->nvml)
		nvml_release(data->nvml);
	free(data->sysfs);
	free(data);
}

/* ------------------------------------------------------------------------- its result */

/* The descriptor as the row has it now, if it still has it. By the name of the device: the list
 * of devices may be another one by now. */
static struct gpu_file *file_of(
	const struct gpu *gpu, struct gpu_use *use, const struct gpu_job_file *mine)
{
	for (uint32_t i = 0; use && i < use->count; i++)
		if (use->files[i].fd == mine->fd &&
			strcmp(gpu->devices.list[use->files[i].device].node, mine->node) == 0)
			return &use->files[i];
	return NULL;
}

static void take_file(
	struct processes *self, struct gpu *gpu, uint32_t slot, const struct gpu_job_file *mine)
{
	struct gpu_file *file = file_of(gpu, gpu->rows[slot].use, mine);

	if (!file)
		return;
	if (mine->result == -ESTALE || (mine->result == 0 && file->client &&
					       !gpu_client_is(file->client, &mine->reading))) {
		file->flags |= FILE_STALE;
		gpu->rows[slot].flags |= GPU_RESCAN;
	} else if (mine->result == -EBUSY) {
		gpu_device_note_asleep(&gpu->devices, file->device);
	} else if (mine->result == -ENODATA && !file->client) {
		file->flags |= FILE_SILENT;
	} else if (mine->result < 0) {
		file->flags |= FILE_FAILED;
	} else if (!file->client) {
		gpu_file_take(self, gpu, slot, file, &mine->reading, mine->read_ns);
	} else {
		file->flags &= (uint8_t)~FILE_FAILED;
		gpu_client_read(file->client, &mine->reading, mine->read_ns, gpu->tick_ns);
	}
}

/* The driver goes by pids, and tells of processes that were there when it was asked. Of who was
 * asked for just in case only an answer counts. */
static void take_nvml(
	struct processes *self, struct gpu_use *use, uint32_t slot, const struct gpu_job *data)
{
	bool is_other = data->nvml_state == STATE_OK && data->nvml_use.start_ticks &&
			data->nvml_use.start_ticks != gpu_row_start(self, slot);
	bool uses_it =
		(self->gpu->rows[slot].flags & GPU_NVIDIA) || use->nvml_state != STATE_NONE;

	if (data->nvml_state == STATE_OK || uses_it)
		gpu_take_nvml(use, is_other ? STATE_NONE : data->nvml_state, &data->nvml_use);
}

int gpu_job_finish(struct processes *self, struct job *job, int result)
{
	const struct gpu_job *data = job_of(job);
	struct gpu *gpu;
	struct gpu_use *use;

	if (result != STATE_OK)
		return result;
	if (!self->gpu)
		return STATE_PENDING; /* nobody wants it any more: it shall not begin anew */
	gpu = gpu_get(self);
	use = gpu_use_get(gpu, job->slot);
	for (uint32_t i = 0; i < data->file_count; i++)
		take_file(self, gpu, job->slot, &data->files[i]);
	gpu_credit(gpu, job->slot);
	if (data->sysfs)
		gpu_take_kfd(use, data->kfd_state, &data->kfd_use);
	if (data->nvml)
		take_nvml(self, use, job->slot, data);
	return gpu_fill(gpu, job->slot, job->text, job->sample);
}

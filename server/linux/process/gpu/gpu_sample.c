/*
 * GPU sample: the sums of a row. What counts is what is charged to it.
 *
 * A device that sleeps works for nobody and its board has no power, so it adds nothing; a row
 * whose devices all sleep is asleep. A number to which no driver contributes is not known.
 */
#include <stdio.h>
#include <string.h>

#include "gpu.h"

/* What there is of a row, by source. */
struct sums {
	bool has_fdinfo, has_kfd, has_nvml;         /* told something */
	bool asleep, pending, failed, denied, mute; /* these do not */
	uint64_t time_ns[GPU_CLASSES];
	bool timed[GPU_CLASSES];
	uint64_t device, system, shared, garbage;
	bool has_device, has_system, has_shared;
};

static bool is_number(uint64_t value)
{
	return value <= ABSENT_U64(STATE_END);
}

static uint64_t number_or_unsupported(bool known, uint64_t value)
{
	return known ? value : ABSENT_U64(STATE_UNSUPPORTED);
}

/* ----------------------------------------------------------------------------- fdinfo */

/* Has an earlier descriptor of the row the same client? */
static bool is_duplicate(const struct gpu_use *use, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++)
		if (use->files[i].client == use->files[index].client)
			return true;
	return false;
}

static void add_file(
	struct gpu *gpu, struct gpu_use *use, uint32_t index, uint32_t slot, struct sums *sums)
{
	const struct gpu_file *file = &use->files[index];
	const struct gpu_client *client = file->client;

	if ((file->flags & FILE_SILENT) || !gpu->devices.list[file->device].driver[0])
		sums->mute = true;
	else if (!gpu_device_awake(&gpu->devices, file->device, gpu->tick_ns))
		sums->asleep = true;
	else if (file->flags & FILE_FAILED)
		sums->failed = true;
	else if (!client)
		sums->pending = true;
	else {
		sums->has_fdinfo = true;
		for (int i = 0; client->meter.known && i < GPU_CLASSES; i++)
			use->timed[i] = true;
		sums->has_device |= client->memory.known;
		sums->has_system |= client->memory.known;
		sums->has_shared |= client->memory.known;
		if (client->charged != slot || is_duplicate(use, index))
			return;
		sums->device += client->memory.device;
		sums->system += client->memory.system;
		sums->shared += client->memory.shared;
	}
}

/* Board memory of the GPU at `address` that fdinfo charges to the row. */
static uint64_t device_bytes(
	const struct gpu *gpu, const struct gpu_use *use, uint32_t slot, const char *address)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < use->count; i++) {
		const struct gpu_file *file = &use->files[i];
		if (file->client && file->client->charged == slot && !is_duplicate(use, i) &&
			strcmp(gpu->devices.list[file->device].address, address) == 0)
			sum += file->client->memory.device;
	}
	return sum;
}

/* ------------------------------------------------------------------------ KFD, NVIDIA */

/* Credits what a counter went on by. One that begins anew adds to what had been reached. */
static void credit(struct gpu_use *use, enum gpu_class class, uint64_t before, uint64_t now)
{
	if (!is_number(now))
		return;
	use->time_ns[class] += is_number(before) && before <= now ? now - before : now;
	use->timed[class] = true;
}

/*
 * KFD's buffers are in the address space of a DRM client, and kernels count them there as well,
 * newer ones at least: what both have is taken once, by the larger figure.
 */
static void add_kfd(
	const struct gpu *gpu, const struct gpu_use *use, uint32_t slot, struct sums *sums)
{
	for (uint32_t i = 0; i < use->kfd.count; i++) {
		const struct kfd_gpu_use *one = &use->kfd.gpus[i];
		uint64_t counted = device_bytes(gpu, use, slot, one->address);
		if (one->vram > counted)
			sums->device += one->vram - counted;
	}
	sums->has_kfd = sums->has_device = true;
}

static uint64_t copy_time(const struct kfd_use *use)
{
	uint64_t sum_ns = 0;

	for (uint32_t i = 0; i < use->count; i++)
		sum_ns += use->gpus[i].copy_ns;
	return sum_ns;
}

void gpu_take_kfd(struct gpu_use *use, int state, const struct kfd_use *told)
{
	use->kfd_state = state;
	if (state != STATE_OK)
		return;
	credit(use, GPU_COPY, copy_time(&use->kfd), copy_time(told));
	use->kfd = *told;
}

static void add_nvml(const struct nvml_use *use, struct sums *sums)
{
	if (is_number(use->memory)) {
		sums->device += use->memory;
		sums->has_device = true;
	}
	sums->has_nvml = true;
}

/* NVML tells nothing of engines that copy and enhance. */
void gpu_take_nvml(struct gpu_use *use, int state, const struct nvml_use *told)
{
	const struct nvml_use *before = &use->nvml;

	use->nvml_state = state;
	if (state != STATE_OK)
		return;
	credit(use, GPU_RENDER, before->time_render_ns, told->time_render_ns);
	credit(use, GPU_COMPUTE, before->time_compute_ns, told->time_compute_ns);
	credit(use, GPU_VIDEO, before->time_video_ns, told->time_video_ns);
	credit(use, GPU_OTHER, before->time_other_ns, told->time_other_ns);
	if (is_number(told->garbage))
		use->garbage += before->garbage <= told->garbage
					? told->garbage - before->garbage
					: told->garbage;
	use->nvml = *told;
}

static void add_state(int state, struct sums *sums)
{
	sums->asleep |= state == STATE_ASLEEP;
	sums->pending |= state == STATE_PENDING;
	sums->failed |= state == STATE_FAILED;
	sums->denied |= state == STATE_DENIED;
}

/* ------------------------------------------------------------------------------ texts */

static void fill_texts(const struct gpu *gpu, const struct gpu_use *use,
	const struct sums *sums, char texts[GPU_TEXTS_SIZE], struct linux_gpu *sample)
{
	enum { SOURCES_SIZE = 64 };
	struct gpu_words sources = {texts, SOURCES_SIZE, 0};
	struct gpu_words devices = {texts + SOURCES_SIZE, GPU_TEXTS_SIZE - SOURCES_SIZE, 0};

	for (uint32_t i = 0; i < use->count; i++)
		gpu_words_add(&devices, gpu_device_label(&gpu->devices, use->files[i].device));
	if (sums->has_fdinfo)
		gpu_words_add(&sources, "fdinfo");
	if (sums->has_kfd) {
		gpu_words_add(&sources, "kfd");
		for (uint32_t i = 0; i < use->kfd.count; i++)
			gpu_words_add(&devices, use->kfd.gpus[i].address);
	}
	if (sums->has_nvml) {
		gpu_words_add(&sources, "nvml");
		gpu_words_add(&devices, use->nvml.devices);
	}
	sample->source = gpu_words_get(&sources);
	sample->devices = gpu_words_get(&devices);
}

/* ------------------------------------------------------------------------------ a row */

static void fill_numbers(const struct sums *sums, struct linux_gpu *sample)
{
	uint64_t *const times[GPU_CLASSES] = {
		[GPU_RENDER] = &sample->time_render_ns,
		[GPU_COMPUTE] = &sample->time_compute_ns,
		[GPU_COPY] = &sample->time_copy_ns,
		[GPU_VIDEO] = &sample->time_video_ns,
		[GPU_ENHANCE] = &sample->time_enhance_ns,
		[GPU_OTHER] = &sample->time_other_ns,
	};
	uint64_t total_ns = 0;
	bool timed = false;

	for (int i = 0; i < GPU_CLASSES; i++) {
		*times[i] = number_or_unsupported(sums->timed[i], sums->time_ns[i]);
		total_ns += sums->timed[i] ? sums->time_ns[i] : 0;
		timed |= sums->timed[i];
	}
	sample->time_ns = number_or_unsupported(timed, total_ns);
	sample->memory_device = number_or_unsupported(sums->has_device, sums->device);
	sample->memory_system = number_or_unsupported(sums->has_system, sums->system);
	sample->memory_shared = number_or_unsupported(sums->has_shared, sums->shared);
	sample->memory = number_or_unsupported(
		sums->has_device || sums->has_system, sums->device + sums->system);
	sample->garbage = sums->garbage;
}

/* It has closed all that we know of: the work that was done for it stays. */
static void fill_former(const struct sums *sums, int state, struct linux_gpu *sample)
{
	fill_numbers(sums, sample);
	sample->memory = sample->memory_device = sample->memory_system = sample->memory_shared =
		ABSENT_U64(state);
	sample->devices = sample->source = (struct sample_text){.state = (uint32_t)state};
}

static void sum_up(struct gpu *gpu, uint32_t slot, struct sums *sums)
{
	struct gpu_use *use = gpu->rows[slot].use;

	for (uint32_t i = 0; i < use->count; i++)
		add_file(gpu, use, i, slot, sums);
	for (int i = 0; i < GPU_CLASSES; i++) {
		sums->time_ns[i] = use->time_ns[i];
		sums->timed[i] = use->timed[i];
	}
	sums->garbage = use->garbage;
	if ((gpu->rows[slot].flags & GPU_KFD) && use->kfd_state == STATE_OK)
		add_kfd(gpu, use, slot, sums);
	else if (gpu->rows[slot].flags & GPU_KFD)
		add_state(use->kfd_state, sums);
	if (use->nvml_state == STATE_OK)
		add_nvml(&use->nvml, sums);
	else
		add_state(use->nvml_state, sums);
	/* It has the device open, but that is not known to the driver's library. */
	sums->mute |= (gpu->rows[slot].flags & GPU_NVIDIA) && !gpu->nvml;
}

/* Nothing was told: why? */
static int state_without(const struct sums *sums, const struct gpu_row *row)
{
	if (sums->pending || !(row->flags & GPU_SCANNED))
		return STATE_PENDING;
	if (sums->asleep)
		return STATE_ASLEEP;
	if (sums->failed)
		return STATE_FAILED;
	if (sums->denied || (row->flags & GPU_DENIED))
		return STATE_DENIED;
	return STATE_NONE;
}

int gpu_fill(
	struct gpu *gpu, uint32_t slot, char texts[GPU_TEXTS_SIZE], struct linux_gpu *sample)
{
	struct gpu_row *row = &gpu->rows[slot];
	struct sums sums = {0};

	if (!row->use)
		return state_without(&sums, row);
	sum_up(gpu, slot, &sums);
	if (sums.has_fdinfo || sums.has_kfd || sums.has_nvml) {
		row->flags |= GPU_ANSWERED;
	} else {
		int state = state_without(&sums, row);
		bool former = (row->flags & GPU_ANSWERED) &&
			      (state == STATE_NONE || state == STATE_DENIED);
		if (state != STATE_NONE && !former)
			return state;
		if (!sums.mute) {
			if (!former)
				return STATE_NONE;
			fill_former(&sums, state, sample);
			return STATE_OK;
		}
	}
	fill_numbers(&sums, sample);
	fill_texts(gpu, row->use, &sums, texts, sample);
	return STATE_OK;
}

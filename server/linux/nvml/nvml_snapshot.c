/* Nvml snapshot: the devices, and the sums over all of them, by process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../process/samples.h"
#include "alloc.h"
#include "nvml_session.h"

/* The sum has no value if one part has none. */
static void add(uint64_t *sum, uint64_t value, int state)
{
	if (state != STATE_OK)
		*sum = ABSENT_U64(state);
	else if (*sum < ABSENT_U64(STATE_END))
		*sum += value;
}

static void add_address(struct nvml_use *use, const char *address)
{
	size_t length = strlen(use->devices);

	if (length + 1 + strlen(address) < sizeof use->devices)
		snprintf(use->devices + length, sizeof use->devices - length, "%s%s",
			length ? "," : "", address);
}

static void add_account(struct nvml_use *use, const struct nvml_device *device,
	const struct nvml_account *account)
{
	int state = device->time_state;

	use->garbage += account->garbage;
	add(&use->time_render_ns, account->render_ns, state);
	add(&use->time_compute_ns, account->compute_ns, state);
	add(&use->time_other_ns, account->other_ns, state);
	add(&use->time_video_ns, account->video_ns, state);
	add(&use->time_ns,
		account->render_ns + account->compute_ns + account->other_ns +
			account->video_ns,
		state);
	if (!account->listed)
		return;
	add(&use->memory, account->memory,
		account->memory == UINT64_MAX ? STATE_UNSUPPORTED : STATE_OK);
	use->start_ticks = account->start_ticks;
	add_address(use, device->address);
}

static int compare_pids(const void *a, const void *b)
{
	const struct nvml_process *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

static struct nvml_process *process_of(struct nvml_snapshot *self, uint32_t pid)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (self->processes[i].pid == pid)
			return &self->processes[i];
	return NULL;
}

/* Who is on any device now. */
static void add_listed(struct nvml_snapshot *self, const struct nvml_accounts *accounts)
{
	for (uint32_t i = 0; i < accounts->count; i++) {
		const struct nvml_account *account = &accounts->items[i];
		if (account->listed && !process_of(self, account->pid))
			self->processes[self->count++].pid = account->pid;
	}
}

/* What they did, also on those where they are not any more. */
static void add_device(struct nvml_snapshot *self, const struct nvml_device *device)
{
	for (uint32_t i = 0; i < device->accounts.count; i++) {
		const struct nvml_account *account = &device->accounts.items[i];
		struct nvml_process *process = process_of(self, account->pid);
		if (process)
			add_account(&process->use, device, account);
	}
}

static void add_gpus(
	struct nvml_snapshot *self, struct nvml_gpu *gpus, const struct nvml_session *session)
{
	self->gpus = gpus;
	for (uint32_t i = 0; i < session->device_count; i++) {
		const struct nvml_device *device = &session->devices[i];
		gpus[self->gpu_count++] = device->gpu;
		for (uint32_t part = 0; part < device->part_count; part++)
			gpus[self->gpu_count++] = device->parts[part];
	}
}

_Static_assert(_Alignof(struct nvml_process) >= _Alignof(struct nvml_gpu), "they lie in a row");

struct nvml_snapshot *nvml_snapshot_create(const struct nvml_session *self)
{
	size_t most = 0, gpus = self->device_count;

	for (uint32_t i = 0; i < self->device_count; i++) {
		most += self->devices[i].accounts.count;
		gpus += self->devices[i].part_count;
	}
	struct nvml_snapshot *snapshot =
		xcalloc(1, sizeof *snapshot + most * sizeof snapshot->processes[0] +
				   gpus * sizeof *snapshot->gpus);
	snapshot->state = STATE_OK;
	add_gpus(snapshot, (struct nvml_gpu *)(void *)&snapshot->processes[most], self);
	for (uint32_t i = 0; i < self->device_count; i++)
		add_listed(snapshot, &self->devices[i].accounts);
	for (uint32_t i = 0; i < self->device_count; i++)
		add_device(snapshot, &self->devices[i]);
	qsort(snapshot->processes, snapshot->count, sizeof snapshot->processes[0],
		compare_pids);
	return snapshot;
}

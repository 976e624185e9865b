#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "gpu.h"

static struct gpu_client **bucket_of(struct gpu *gpu, uint64_t id)
{
	return &gpu->buckets[id % GPU_BUCKETS];
}

/* Ids are unique for a PCI device, else for a driver. */
static void name_device(const struct drm_client *reading, char name[GPU_NAME_SIZE])
{
	snprintf(name, GPU_NAME_SIZE, "%s",
		reading->address[0] ? reading->address : reading->driver);
}

bool gpu_client_is(const struct gpu_client *self, const struct drm_client *reading)
{
	char device[GPU_NAME_SIZE];

	name_device(reading, device);
	return self->id == reading->id && strcmp(self->device, device) == 0;
}

struct gpu_client *gpu_client_find(struct gpu *gpu, const struct drm_client *reading)
{
	struct gpu_client **bucket = bucket_of(gpu, reading->id), *client;

	for (client = *bucket; client; client = client->next)
		if (gpu_client_is(client, reading))
			return client;
	client = xcalloc(1, sizeof *client);
	client->id = reading->id;
	client->charged = NONE;
	name_device(reading, client->device);
	client->next = *bucket;
	*bucket = client;
	return client;
}

/* ---------------------------------------------------------------------------- holders */

uint64_t gpu_row_start(struct processes *processes, uint32_t slot)
{
	struct row *row = &processes->rows[slot];
	int directory;

	if (row->start_ticks || row_enter(processes, slot, &directory) != STATE_OK)
		return row->start_ticks;
	directory_start(directory, &row->start_ticks);
	row_leave(processes, slot, directory);
	return row->start_ticks;
}

static bool started_before(struct processes *processes, uint32_t slot, uint32_t other)
{
	uint64_t start = gpu_row_start(processes, slot),
		 other_start = gpu_row_start(processes, other);

	if (start != other_start)
		return start < other_start;
	return processes->rows[slot].identity < processes->rows[other].identity;
}

static bool is_holder(const struct gpu_client *self, uint32_t slot)
{
	for (uint32_t i = 0; i < self->holder_count; i++)
		if (self->holders[i] == slot)
			return true;
	return false;
}

/* Charges it to the holder that started first. What it did before is not the newcomer's. A
 * worker may find that one when another row has been told of it already: once a tick is it. */
static void charge(struct processes *processes, struct gpu_client *self)
{
	uint32_t first = self->holder_count ? self->holders[0] : NONE;
	struct gpu *gpu = processes->gpu;

	for (uint32_t i = 1; i < self->holder_count; i++)
		if (self->holders[i] != first &&
			started_before(processes, self->holders[i], first))
			first = self->holders[i];
	if (first == self->charged)
		return;
	if (self->told_ns == gpu->tick_ns && is_holder(self, self->charged)) {
		gpu->disputed = self->disputed = true;
		return;
	}
	self->charged = first;
	self->rebase |= self->credited;
}

void gpu_client_hold(struct processes *processes, struct gpu_client *self, uint32_t slot)
{
	if (self->holder_count == self->holder_capacity) {
		self->holder_capacity = self->holder_capacity ? self->holder_capacity * 2 : 4;
		self->holders = xreallocarray(
			self->holders, self->holder_capacity, sizeof *self->holders);
	}
	self->holders[self->holder_count++] = slot;
	charge(processes, self);
}

void gpu_clients_settle(struct processes *processes, struct gpu *gpu)
{
	gpu->disputed = false;
	for (int i = 0; i < GPU_BUCKETS; i++)
		for (struct gpu_client *client = gpu->buckets[i]; client; client = client->next)
			if (client->disputed) {
				client->disputed = false;
				charge(processes, client);
			}
}

static void destroy(struct gpu_client *self)
{
	free(self->holders);
	free(self);
}

void gpu_client_drop(
	struct processes *processes, struct gpu *gpu, struct gpu_client *self, uint32_t slot)
{
	struct gpu_client **link = bucket_of(gpu, self->id);

	for (uint32_t i = 0; i < self->holder_count; i++)
		if (self->holders[i] == slot) {
			self->holders[i] = self->holders[--self->holder_count];
			break;
		}
	if (self->holder_count) {
		charge(processes, self);
		return;
	}
	while (*link != self)
		link = &(*link)->next;
	*link = self->next;
	destroy(self);
}

void gpu_clients_finish(struct gpu *gpu)
{
	for (int i = 0; i < GPU_BUCKETS; i++)
		for (struct gpu_client *client = gpu->buckets[i], *next; client;
			client = next) {
			next = client->next;
			destroy(client);
		}
}

/* ---------------------------------------------------------------------------- reading */

void gpu_client_read(struct gpu_client *self, const struct drm_client *reading, uint64_t now_ns,
	uint64_t tick_ns)
{
	drm_meter_add(&self->meter, reading, now_ns);
	self->memory = reading->memory;
	self->tick_ns = tick_ns;
	if (!self->rebase)
		return;
	self->rebase = false;
	memcpy(self->credited_ns, self->meter.time_ns, sizeof self->credited_ns);
	self->credited_garbage = self->meter.garbage;
}

static void credit(struct gpu_client *self, struct gpu_use *use)
{
	for (int i = 0; i < GPU_CLASSES; i++) {
		use->time_ns[i] += self->meter.time_ns[i] - self->credited_ns[i];
		self->credited_ns[i] = self->meter.time_ns[i];
	}
	use->garbage += self->meter.garbage - self->credited_garbage;
	self->credited_garbage = self->meter.garbage;
	self->credited = true;
}

void gpu_credit(struct gpu *gpu, uint32_t slot)
{
	struct gpu_use *use = gpu->rows[slot].use;

	for (uint32_t i = 0; i < use->count; i++) {
		struct gpu_client *client = use->files[i].client;
		if (!client || client->charged != slot)
			continue;
		credit(client, use);
		client->told_ns = gpu->tick_ns;
	}
}

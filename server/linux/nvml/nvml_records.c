#include "nvml_records.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

enum {
	PID_LIMIT = 4 << 20, /* of every Linux kernel */
	ROOM_FIRST = 64,
	ROOM_MAX = 1 << 16,
};

static uint32_t record_pid(const unsigned char *record)
{
	uint32_t pid;

	memcpy(&pid, record, sizeof pid);
	return pid;
}

static uint64_t record_memory(const unsigned char *record)
{
	uint64_t memory;

	memcpy(&memory, record + 8, sizeof memory);
	return memory;
}

bool nvml_record_plausible(const unsigned char *record, uint64_t total)
{
	uint32_t pid = record_pid(record);
	uint64_t memory = record_memory(record);

	return pid != 0 && pid <= PID_LIMIT &&
	       (memory == UINT64_MAX || total == 0 || memory <= total);
}

static bool all_plausible(
	const unsigned char *buffer, uint32_t count, uint32_t stride, uint64_t total)
{
	for (uint32_t i = 0; i < count; i++)
		if (!nvml_record_plausible(buffer + (size_t)i * stride, total))
			return false;
	return true;
}

uint32_t nvml_records_stride(const unsigned char *buffer, size_t size, uint32_t count,
	uint32_t promised, uint64_t total)
{
	static const uint32_t strides[] = {16, 24, 32};
	size_t written = size;

	while (written > 0 && buffer[written - 1] == NVML_PATTERN)
		written--;
	/* The end of the last record may be left as it was, so anything above the next
	 * smaller size counts; and no record was ever smaller than its name says. */
	for (uint32_t i = 0; i < 3; i++)
		if (strides[i] >= promised && written <= (size_t)count * strides[i])
			return strides[i];
	/* More was written than that many records: the driver has cleared the buffer. */
	for (uint32_t i = 0; i < 3; i++)
		if (strides[i] >= promised && all_plausible(buffer, count, strides[i], total))
			return strides[i];
	return promised;
}

static void add_record(struct nvml_listing *self, uint32_t first, const unsigned char *record,
	enum nvml_list list)
{
	uint32_t pid = record_pid(record);
	uint64_t memory = record_memory(record);
	uint32_t i = first;

	while (i < self->count && self->items[i].pid != pid)
		i++;
	if (i == self->count) {
		if (self->count == self->capacity) {
			self->capacity = self->capacity ? 2 * self->capacity : ROOM_FIRST;
			self->items =
				xreallocarray(self->items, self->capacity, sizeof *self->items);
		}
		self->items[self->count++] = (struct nvml_listed){pid, 0, memory};
	}
	struct nvml_listed *item = &self->items[i];
	item->kinds |= 1u << list;
	if (item->memory == UINT64_MAX || (memory != UINT64_MAX && memory > item->memory))
		item->memory = memory;
}

/* Fills the buffer from one list; it grows until all records fit. */
static int read_list(struct nvml_listing *self, const struct nvml_library *library,
	enum nvml_list list, void *device, uint32_t *ret_count)
{
	uint32_t room = self->room ? self->room : ROOM_FIRST;

	for (;;) {
		unsigned count = room;
		if (room > self->room) {
			self->buffer = xreallocarray(self->buffer, room, NVML_RECORD_MAX);
			self->room = room;
		}
		memset(self->buffer, NVML_PATTERN, (size_t)self->room * NVML_RECORD_MAX);
		int code = library->processes[list](device, &count, self->buffer);
		*ret_count = count <= room ? count : room;
		if (code != NVML_INSUFFICIENT_SIZE)
			return code;
		if (room == ROOM_MAX)
			return NVML_UNKNOWN;
		/* It says what it needs, but processes come all the time. */
		room = count > room && count < ROOM_MAX / 2 ? count + ROOM_FIRST : 2 * room;
		if (room > ROOM_MAX)
			room = ROOM_MAX;
	}
}

static void add_list(struct nvml_listing *self, uint32_t first, uint32_t count,
	uint32_t promised, enum nvml_list list, uint64_t total)
{
	uint32_t stride = nvml_records_stride(
		self->buffer, (size_t)self->room * NVML_RECORD_MAX, count, promised, total);

	for (uint32_t i = 0; i < count; i++) {
		const unsigned char *record = self->buffer + (size_t)i * stride;
		if (nvml_record_plausible(record, total))
			add_record(self, first, record, list);
		else
			self->garbage++;
	}
}

int nvml_listing_add(struct nvml_listing *self, const struct nvml_library *library,
	void *device, uint64_t total)
{
	uint32_t first = self->count, count;
	int result = NVML_NOT_SUPPORTED;

	for (enum nvml_list list = 0; list < NVML_LISTS; list++) {
		if (!library->processes[list])
			continue;
		int code = read_list(self, library, list, device, &count);
		switch (code) {
		case NVML_SUCCESS:
			add_list(self, first, count, library->record_size[list], list, total);
			result = NVML_SUCCESS;
			break;
		case NVML_NOT_FOUND:
		case NVML_NO_DATA:
			result = NVML_SUCCESS;
			break;
		case NVML_NOT_SUPPORTED:
		case NVML_NO_PERMISSION:
		case NVML_FUNCTION_NOT_FOUND:
			break;
		default:
			return code;
		}
	}
	return result;
}

void nvml_listing_clear(struct nvml_listing *self)
{
	self->count = self->garbage = 0;
}

void nvml_listing_finish(struct nvml_listing *self)
{
	free(self->items);
	free(self->buffer);
	memset(self, 0, sizeof *self);
}

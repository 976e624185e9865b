#include "frame.h"

#include <assert.h>
#include <stdlib.h>

#include "alloc.h"

struct frame_part *frame_part_create(size_t size)
{
	struct frame_part *self = xcalloc(1, sizeof *self + size);

	self->references = 1;
	self->size = size;
	return self;
}

struct frame_part *frame_part_retain(struct frame_part *self)
{
	self->references++;
	return self;
}

void frame_part_release(struct frame_part *self)
{
	assert(self->references > 0);
	if (--self->references == 0)
		free(self);
}

struct frame *frame_create(uint64_t tick)
{
	struct frame *self = xcalloc(1, sizeof *self);

	self->references = 1;
	self->tick = tick;
	return self;
}

void frame_add_part(struct frame *self, struct frame_part *part)
{
	self->parts = xreallocarray(self->parts, self->part_count + 1, sizeof *self->parts);
	self->parts[self->part_count++] = part;
	self->size_bytes += part->size;
}

struct frame *frame_retain(struct frame *self)
{
	self->references++;
	return self;
}

void frame_release(struct frame *self)
{
	if (!self)
		return;
	assert(self->references > 0);
	if (--self->references)
		return;
	for (uint32_t i = 0; i < self->part_count; i++)
		frame_part_release(self->parts[i]);
	free(self->parts);
	free(self);
}

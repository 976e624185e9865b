#include "frame.h"

#include <assert.h>
#include <stdlib.h>

#include "alloc.h"

struct frame *frame_create(uint64_t tick)
{
	struct frame *self = xcalloc(1, sizeof *self);

	self->references = 1;
	self->tick = tick;
	return self;
}

void frame_add_part(struct frame *self, uint8_t *bytes, size_t size)
{
	self->parts = xreallocarray(self->parts, self->part_count + 1, sizeof *self->parts);
	self->parts[self->part_count++] = (struct frame_part){bytes, size};
	self->size_bytes += size;
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
		free(self->parts[i].bytes);
	free(self->parts);
	free(self);
}

/*
 * Frame: the encoded bytes of what changed in a view, shared by all who get it.
 *
 * Made once, never changed, counted. A frame has one part, or several if the table is
 * large. The bytes of a part are a ServerMessage without its `request` field: a session
 * writes its own prefix and request number before them (fields of a protobuf message may
 * stand in any order), so the bytes are the same for everybody.
 */
#ifndef SERVER_FRAME_H
#define SERVER_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct frame_part {
	uint8_t *bytes; /* owned by the frame */
	size_t size;
};

struct frame {
	uint32_t references;
	uint32_t part_count;
	uint64_t tick;     /* the receiver has seen everything up to this tick afterwards */
	size_t size_bytes; /* of all parts */
	struct frame_part *parts;
};

struct frame *frame_create(uint64_t tick);
/* Takes the bytes (malloc'd). */
void frame_add_part(struct frame *self, uint8_t *bytes, size_t size);

struct frame *frame_retain(struct frame *self);
void frame_release(struct frame *self); /* accepts NULL */

#endif

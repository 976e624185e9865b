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

/* Counted on its own: a reader that is in the middle of one holds no more than that one. */
struct frame_part {
	uint32_t references;
	size_t size;
	uint8_t bytes[];
};

struct frame {
	uint32_t references;
	uint32_t part_count;
	uint64_t tick;     /* the receiver has seen everything up to this tick afterwards */
	size_t size_bytes; /* of all parts */
	struct frame_part **parts;
};

/* A part with room for so many bytes, to be filled before it is shared. */
struct frame_part *frame_part_create(size_t size);
struct frame_part *frame_part_retain(struct frame_part *self);
void frame_part_release(struct frame_part *self);

struct frame *frame_create(uint64_t tick);
/* Takes the caller's reference. */
void frame_add_part(struct frame *self, struct frame_part *part);

struct frame *frame_retain(struct frame *self);
void frame_release(struct frame *self); /* accepts NULL */

#endif

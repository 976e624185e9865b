/*
 * Output: the bytes on their way to one client.
 *
 * What the socket takes at once is never copied; what it does not take waits in a queue,
 * by reference for the shared bytes of a frame. Of a frame of several parts one is under
 * way at a time, so a reader holds at most WIRE_PART_MAX of queued bytes however large
 * the table is.
 */
#ifndef SERVER_OUTPUT_H
#define SERVER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

struct evbuffer;

struct output {
	int fd;                 /* non-blocking, owned by the session */
	int error;              /* negative errno once the peer is gone; nothing is sent then */
	struct evbuffer *queue; /* what the socket did not take */
	struct frame *frame;    /* retained until it is all written, or NULL */
	uint32_t request;       /* that the frame belongs to */
	uint32_t next_part;     /* of the frame; all before it are under way */
};

/* -ENOMEM. */
int output_init(struct output *self, int fd);
void output_finish(struct output *self);

/* Sends a whole message, prefix included; copies what has to wait. */
void output_send(struct output *self, const uint8_t *bytes, size_t size);

/* Sends a frame, each part with its prefix and the request's number in front. The output
 * must be drained. */
void output_send_frame(struct output *self, uint32_t request, struct frame *frame);

/* Gives up the parts that are not under way; true if there are any. */
bool output_forget_parts(struct output *self);

/* The socket takes bytes again. */
void output_flush(struct output *self);

/* The memory that output_forget_parts() would give back: this output's share of what it
 * has not begun to send. (The part under way stays: at most WIRE_PART_MAX.) */
size_t output_held_bytes(const struct output *self);

/* Nothing waits, neither bytes nor parts, and the peer is there. */
bool output_drained(const struct output *self);

#endif

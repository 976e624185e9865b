/* Stream: messages over a non-blocking socket, however the bytes come in and go out. */
#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

struct stream_buffer {
	uint8_t *bytes;
	size_t start, end, capacity; /* what is in it lies from start to end */
};

struct stream {
	int fd; /* owned; -1: none */
	struct stream_buffer in, out;
};

void stream_init(struct stream *self, int fd);
void stream_finish(struct stream *self);

/* Appends a message to what is to be sent. -ENOMEM. */
int stream_queue(struct stream *self, const ProtobufCMessage *message);
/* Does something wait to be sent? */
bool stream_has_output(const struct stream *self);
/* Sends what the socket takes now. A negative errno when the peer takes no more. */
int stream_flush(struct stream *self);

/* Reads once. The number of bytes, 0 at the end, -EAGAIN: nothing there; or a negative errno. */
ssize_t stream_fill(struct stream *self);
/* Takes a message of at most WIRE_FRAME_MAX bytes out of what was read; it stays where it is
 * until stream_fill. 1, 0: none is whole, -EPROTO. */
int stream_next(struct stream *self, const uint8_t **ret_message, size_t *ret_size);

#endif

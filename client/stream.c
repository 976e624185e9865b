#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system.h"

enum {
	BUFFER_MIN = 16 * 1024,
	READ_MIN = 4 * 1024, /* room for a read that is worth the call */
};

void stream_init(struct stream *self, int fd)
{
	*self = (struct stream){.fd = fd};
}

void stream_finish(struct stream *self)
{
	if (self->fd >= 0)
		close(self->fd);
	free(self->in.bytes);
	free(self->out.bytes);
	stream_init(self, -1);
}

/* Makes room for `more` bytes at the end. */
static int buffer_reserve(struct stream_buffer *self, size_t more)
{
	size_t used = self->end - self->start, capacity = self->capacity;

	if (self->capacity - self->end >= more)
		return 0;
	if (self->start) {
		memmove(self->bytes, self->bytes + self->start, used);
		self->start = 0;
		self->end = used;
	}
	if (capacity < BUFFER_MIN)
		capacity = BUFFER_MIN;
	while (capacity - used < more)
		capacity *= 2;
	if (capacity == self->capacity)
		return 0;
	uint8_t *bytes = realloc(self->bytes, capacity);
	if (!bytes)
		return -ENOMEM;
	self->bytes = bytes;
	self->capacity = capacity;
	return 0;
}

static void buffer_consume(struct stream_buffer *self, size_t size)
{
	self->start += size;
	if (self->start == self->end)
		self->start = self->end = 0;
}

int stream_queue(struct stream *self, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);

	if (buffer_reserve(&self->out, WIRE_PREFIX_MAX + size) < 0)
		return -ENOMEM;
	self->out.end += wire_put_prefix(self->out.bytes + self->out.end, size);
	self->out.end += protobuf_c_message_pack(message, self->out.bytes + self->out.end);
	return 0;
}

bool stream_has_output(const struct stream *self)
{
	return self->out.end > self->out.start;
}

int stream_flush(struct stream *self)
{
	while (stream_has_output(self)) {
		ssize_t sent = system_send(self->fd, self->out.bytes + self->out.start,
			self->out.end - self->out.start);

		if (sent >= 0)
			buffer_consume(&self->out, (size_t)sent);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

ssize_t stream_fill(struct stream *self)
{
	/* A message and its prefix fit, and a message that is over the limit has been refused by
	 * its prefix: the buffer stays below twice that. */
	if (buffer_reserve(&self->in, READ_MIN) < 0)
		return -ENOMEM;
	for (;;) {
		ssize_t size = recv(self->fd, self->in.bytes + self->in.end,
			self->in.capacity - self->in.end, 0);

		if (size >= 0) {
			self->in.end += (size_t)size;
			return size;
		}
		if (errno == EWOULDBLOCK)
			return -EAGAIN;
		if (errno != EINTR)
			return -errno;
	}
}

int stream_next(struct stream *self, const uint8_t **ret_message, size_t *ret_size)
{
	if (self->in.start == self->in.end)
		return 0;
	const uint8_t *start = self->in.bytes + self->in.start;
	int result = wire_next(
		start, self->in.end - self->in.start, WIRE_FRAME_MAX, ret_message, ret_size);
	if (result < 0)
		return -EPROTO;
	if (result > 0)
		buffer_consume(&self->in, (size_t)(*ret_message - start) + *ret_size);
	return result;
}

#include "output.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire.h"

enum {
	REQUEST_TAG = 1 << 3, /* ServerMessage.request, a varint */
	HEADER_MAX = WIRE_PREFIX_MAX + 1 + WIRE_PREFIX_MAX, /* prefix, tag, number */
};

int output_init(struct output *self, int fd)
{
	*self = (struct output){.fd = fd, .queue = evbuffer_new()};
	return self->queue ? 0 : -ENOMEM;
}

bool output_forget_parts(struct output *self)
{
	bool cut = self->frame && self->next_part < self->frame->part_count;

	frame_release(self->frame);
	self->frame = NULL;
	return cut;
}

void output_finish(struct output *self)
{
	output_forget_parts(self);
	if (self->queue)
		evbuffer_free(self->queue);
	*self = (struct output){.fd = -1};
}

/* Writes what the socket takes now; returns how much that was. */
static size_t write_now(struct output *self, const struct iovec *pieces, int count)
{
	ssize_t written;

	if (self->error || evbuffer_get_length(self->queue) > 0)
		return 0; /* after what waits already */
	do
		written = writev(self->fd, pieces, count);
	while (written < 0 && errno == EINTR);
	if (written >= 0)
		return (size_t)written;
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
		self->error = -errno;
	return 0;
}

/* A message with a hole is worse than none: when memory is short the session ends. */
static void check_queued(struct output *self, int result)
{
	if (result < 0)
		self->error = -ENOMEM;
}

void output_send(struct output *self, const uint8_t *bytes, size_t size)
{
	struct iovec piece = {.iov_base = (void *)bytes, .iov_len = size};
	size_t written = write_now(self, &piece, 1);

	if (!self->error && written < size)
		check_queued(self, evbuffer_add(self->queue, bytes + written, size - written));
}

static void release_part(const void *bytes, size_t size, void *part)
{
	(void)bytes;
	(void)size;
	frame_part_release(part);
}

static void queue_part(struct output *self, struct frame_part *part, size_t from)
{
	int result = evbuffer_add_reference(self->queue, part->bytes + from, part->size - from,
		release_part, frame_part_retain(part));

	if (result < 0)
		frame_part_release(part);
	check_queued(self, result);
}

static size_t put_header(uint8_t header[HEADER_MAX], uint32_t request, size_t size)
{
	uint8_t number[WIRE_PREFIX_MAX];
	size_t number_size = wire_put_prefix(number, request); /* a varint like any other */
	size_t at = wire_put_prefix(header, 1 + number_size + size);

	header[at++] = REQUEST_TAG;
	for (size_t i = 0; i < number_size; i++)
		header[at++] = number[i];
	return at;
}

static void send_part(struct output *self, struct frame_part *part)
{
	uint8_t header[HEADER_MAX];
	size_t header_size = put_header(header, self->request, part->size), written;
	struct iovec pieces[] = {
		{.iov_base = header, .iov_len = header_size},
		{.iov_base = part->bytes, .iov_len = part->size},
	};

	written = write_now(self, pieces, 2);
	if (self->error || written == header_size + part->size)
		return;
	if (written < header_size) {
		check_queued(self,
			evbuffer_add(self->queue, header + written, header_size - written));
		written = header_size;
	}
	if (!self->error)
		queue_part(self, part, written - header_size);
}

/* Part after part, as long as the socket takes them whole. */
static void send_parts(struct output *self)
{
	while (self->frame && !self->error && evbuffer_get_length(self->queue) == 0) {
		if (self->next_part == self->frame->part_count)
			output_forget_parts(self);
		else
			send_part(self, self->frame->parts[self->next_part++]);
	}
}

void output_send_frame(struct output *self, uint32_t request, struct frame *frame)
{
	assert(!self->frame);
	assert(frame->part_count > 0);
	if (self->error)
		return;
	self->request = request;
	self->next_part = 0;
	self->frame = frame_retain(frame);
	send_parts(self);
}

void output_flush(struct output *self)
{
	while (!self->error && evbuffer_get_length(self->queue) > 0) {
		int written = evbuffer_write(self->queue, self->fd);

		if (written < 0 && errno != EINTR) {
			if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
				self->error = -errno;
			return;
		}
		if (evbuffer_get_length(self->queue) == 0)
			send_parts(self);
	}
}

size_t output_held_bytes(const struct output *self)
{
	size_t rest = 0;

	if (!self->frame || self->error)
		return 0;
	for (uint32_t i = self->next_part; i < self->frame->part_count; i++)
		rest += self->frame->parts[i]->size;
	return rest / self->frame->references;
}

bool output_drained(const struct output *self)
{
	return !self->error && !self->frame && evbuffer_get_length(self->queue) == 0;
}

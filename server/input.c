#include "input.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "wire.h"

#define FIRST_SIZE 512 /* holds a Hello and a usual request */

void input_finish(struct input *self)
{
	free(self->bytes);
	*self = (struct input){0};
}

static void make_room(struct input *self, size_t message_max)
{
	size_t max = message_max + WIRE_PREFIX_MAX;

	if (self->used < self->size)
		return;
	self->size = self->size ? self->size * 2 : FIRST_SIZE;
	if (self->size > max)
		self->size = max;
	assert(self->size > self->used); /* else a whole message was not taken */
	self->bytes = xreallocarray(self->bytes, self->size, 1);
}

ssize_t input_read(struct input *self, int fd, size_t message_max)
{
	ssize_t size;

	make_room(self, message_max);
	/* Not recvmsg: descriptors that a client may try to pass are dropped by the
	 * kernel. */
	size = read(fd, self->bytes + self->used, self->size - self->used);
	if (size < 0)
		return -errno;
	self->used += (size_t)size;
	return size;
}

int input_next(
	struct input *self, size_t message_max, const uint8_t **ret_message, size_t *ret_size)
{
	int result;

	if (self->used == self->taken)
		return 0;
	result = wire_next(self->bytes + self->taken, self->used - self->taken, message_max,
		ret_message, ret_size);
	if (result > 0)
		self->taken = (size_t)(*ret_message + *ret_size - self->bytes);
	return result;
}

size_t input_compact(struct input *self)
{
	if (self->taken == self->used) {
		input_finish(self);
	} else if (self->taken > 0) {
		self->used -= self->taken;
		memmove(self->bytes, self->bytes + self->taken, self->used);
		self->taken = 0;
	}
	return self->used;
}

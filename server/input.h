/*
 * Input: the bytes that came from one client, cut into messages.
 *
 * It holds no memory between messages: most clients say three things in their life.
 */
#ifndef SERVER_INPUT_H
#define SERVER_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct input {
	uint8_t *bytes; /* NULL when there are none */
	size_t size, used;
	size_t taken; /* of the used: messages that were handed out */
};

void input_finish(struct input *self);

/*
 * Reads once from a non-blocking descriptor. A message may be message_max bytes long, and
 * all whole messages must have been taken. Returns like read(2), or a negative errno.
 */
ssize_t input_read(struct input *self, int fd, size_t message_max);

/* Hands out the next message, as wire_next() does. It is valid until input_compact(). */
int input_next(
	struct input *self, size_t message_max, const uint8_t **ret_message, size_t *ret_size);

/* Forgets what was handed out. Returns the number of bytes that are left. */
size_t input_compact(struct input *self);

#endif

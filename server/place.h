/*
 * Place: the path where one server alone listens.
 *
 * A lock file beside the socket is held for life and never removed. The socket is bound, and
 * unlinked, only by the holder of the lock; so what is in the way is nobody's, unless
 * somebody answers there.
 */
#ifndef SERVER_PLACE_H
#define SERVER_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "path.h"

struct place {
	char path[PATH_SOCKET_MAX + 1];
	int lock_fd;  /* -1: not taken */
	dev_t device; /* of the socket's file that we bound */
	ino_t inode;
};

/*
 * Takes the lock of the socket `path`, whose directory must be prepared. If another server is
 * just starting or ending there, waits for it, at most 2 s. Unless `shared`, a socket that is
 * answered without a lock counts as served too: a service manager holds it.
 *
 * -EBUSY: another server serves the place; -EPERM: something there is no lock file of ours,
 * and is left as it is; or another negative errno. `error` says it in words.
 */
int place_take(
	struct place *self, const char *path, bool shared, char *error, size_t error_size);

/* The same for a place that was ours, without waiting. */
int place_take_again(struct place *self, char *error, size_t error_size);

/* Listens at the path, in place of a socket that nobody answers. Returns a non-blocking
 * descriptor, or a negative errno as above. */
int place_listen(struct place *self, char *error, size_t error_size);

/* Is the socket that place_listen() made still the one at the path? */
bool place_is_ours(const struct place *self);

/* Removes the socket if it is. */
void place_remove_socket(const struct place *self);

/* Gives the lock back. */
void place_leave(struct place *self);

#endif

/*
 * Listener: where clients come in. It lets in our own user and root, unless they are in another pid
 * namespace, as many as there is room and descriptors for; the others wait.
 */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <event2/event_struct.h>
#include <stdbool.h>

#include "place.h"
#include "platform.h"
#include "session.h"

struct listener {
	struct place place;
	int fd;         /* -1: nobody can come in */
	bool inherited; /* the socket is the service manager's: it is not ours to remove */
	bool starved;   /* no descriptor was free, and it was said */
	struct event_base *base; /* borrowed, like the next */
	struct sessions *sessions;
	const struct platform *platform; /* borrowed: whose strangers are refused; or NULL */
	struct event readable, retry;
};

/*
 * Listens at `path`; with inherited_fd >= 0 on that socket instead, which is taken. Errors are
 * those of place.h.
 */
int listener_open(struct listener *self, const char *path, int inherited_fd, char *error,
	size_t error_size);

/* Lets clients in from now on, but for those that are strangers to `platform`; NULL: them, too. */
void listener_start(struct listener *self, struct event_base *base, struct sessions *sessions,
	const struct platform *platform);

/* Looks whether clients still find the socket at its path, and if not listens anew. -ESTALE:
 * that is not possible (now). */
int listener_check(struct listener *self);

/*
 * Before the server ends for lack of clients: removes the socket and lets in those who came in
 * the meantime. If there was one, listens again and returns false.
 */
bool listener_retire(struct listener *self);

/* Removes the socket if it is ours, and gives the lock back. */
void listener_close(struct listener *self);

#endif

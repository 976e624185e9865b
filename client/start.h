/* Starting a server when there is none. */
#ifndef CLIENT_START_H
#define CLIENT_START_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Starts procmond for the socket at `path` (absolute), detached from this process: it is no
 * child of ours, has none of our descriptors and sends us no signal. Of several that are
 * started at once one stays. Returns 0 when it was started, before it listens; or a negative
 * errno with a sentence in `error`.
 */
int start_server(const char *path, char *error, size_t error_size);

/*
 * Of that: a fork without a signal to the parent when the child ends. The library must not disturb
 * a program that has its own idea of SIGCHLD; nor may it run handlers of pthread_atfork,
 * which can wait for a lock that is held by a thread that the child does not have. And the wait
 * for that child: 0 or a negative errno.
 */
pid_t start_fork(void);
int start_wait(pid_t pid);

#endif

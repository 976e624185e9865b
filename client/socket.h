/* Socket: finding the server's socket, and being sure whose it is. */
#ifndef CLIENT_SOCKET_H
#define CLIENT_SOCKET_H

#include <stddef.h>
#include <stdint.h>

/* Sleeps that long; shorter when a signal comes. */
void socket_pause(uint64_t duration_ns);

/*
 * Connects to `path` before the deadline (by clock_now_ns). Returns a non-blocking descriptor;
 * or a negative errno with a sentence in `error`. -ENOENT, -ECONNREFUSED: nobody listens;
 * -EPERM: the directory is unsafe, or who listens is neither our user nor root; -ETIMEDOUT.
 */
int socket_connect(const char *path, uint64_t deadline_ns, char *error, size_t error_size);

#endif

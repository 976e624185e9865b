/* Starting a server when there is none. */
#ifndef CLIENT_START_H
#define CLIENT_START_H

#include <stddef.h>

/*
 * Starts procmond for the socket at `path` (absolute), detached from this process: it is no
 * child of ours, has none of our descriptors and sends us no signal. Of several that are
 * started at once one stays. Returns 0 when it was started, before it listens; or a negative
 * errno with a sentence in `error`.
 */
int start_server(const char *path, char *error, size_t error_size);

#endif

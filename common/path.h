/*
 * Where the socket is. One function, used by the server and by every client, so that both
 * always mean the same place.
 */
#ifndef COMMON_PATH_H
#define COMMON_PATH_H

#include <stddef.h>

#include "limit.h" /* PATH_SOCKET_MAX: sun_path is 108 bytes on Linux, 104 on macOS, with the NUL */

/*
 * Writes the path of this user's socket: $PROCMON_SOCKET; else
 *   on Linux $XDG_RUNTIME_DIR/procmond/socket if that directory is ours; else
 *   /run/user/UID/procmond/socket if /run/user/UID exists; as root /run/procmond/socket;
 *   else /tmp/procmond-UID/socket;
 *   on macOS procmond/socket in the user's cache directory (getconf DARWIN_USER_CACHE_DIR).
 * Creates nothing. Returns 0, -ENAMETOOLONG (longer than PATH_SOCKET_MAX) or another
 * negative errno.
 */
int path_socket(char *out, size_t out_size);

/*
 * Makes sure that the directory of `socket` exists and is safe: ours, mode 0700, a real
 * directory and no link. Creates it (0700) if it is missing, and its parents never. Touches nothing else. Returns
 * 0; or a negative errno with one sentence in `error` that names the path, what is wrong
 * and what to do. -EPERM: there is something unsafe at the place.
 */
int path_prepare_directory(const char *socket, char *error, size_t error_size);

/* The same check without creating: may a client trust what is at this path? */
int path_check_directory(const char *socket, char *error, size_t error_size);

/* "<directory of socket>/<name>" into out; returns 0 or -ENAMETOOLONG. */
int path_beside(const char *socket, const char *name, char *out, size_t out_size);

#endif

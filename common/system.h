/*
 * What Linux and macOS offer under different names. Each function is in system_linux.c and in
 * system_darwin.c, and nothing else is there.
 */
#ifndef COMMON_SYSTEM_H
#define COMMON_SYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What this program is called, without folders. */
const char *system_program_name(void);

/* The path of this program: 0 or a negative errno. */
int system_program_path(char *out, size_t out_size);

/*
 * Who is at the other end of a Unix socket: 0 or a negative errno. The uid is that of whoever
 * connected, or called listen(). *ret_pid may be NULL, and is 0 if it is not known.
 */
int system_peer(int fd, uid_t *ret_uid, uint64_t *ret_pid);

/* send() that raises no SIGPIPE, on a socket that system_quieten() was called for. */
void system_quieten(int fd);
ssize_t system_send(int fd, const void *bytes, size_t size);

/* Closes all descriptors from `first` to `last`; safe between fork and exec. */
void system_close_range(unsigned first, unsigned last);

#endif

/* Namespace: which processes there are depends on who looks: each pid namespace, each container
 * with its own, has its own ones and sees those of the namespaces within. */
#ifndef LINUX_NAMESPACE_H
#define LINUX_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * From a line "NSpid:" (proc(5)): how many pids the process has, one in each namespace from that of the
 * procfs down to its own; the first of them goes to *ret_pid. 0: it is not seen from the procfs, or
 * there is no such file or line.
 */
int namespace_depth(const char *path, int64_t *ret_pid);

/* Whoever connected to the Unix socket `fd`: 1 in another pid namespace than we are, whose depth is
 * `ours`, 0 in the same one, or a negative errno, -ESRCH when he is gone. -ENOPROTOOPT before Linux 6.5. */
int namespace_of_peer_differs(int fd, int ours);

#endif

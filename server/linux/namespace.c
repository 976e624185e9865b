#include "namespace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parse.h"
#include "read.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

int namespace_depth(const char *path, int64_t *ret_pid)
{
	char text[4096];
	ssize_t length = read_file(AT_FDCWD, path, text, sizeof text);
	struct scan scan = {text, text + (length > 0 ? length : 0)}, line;
	int64_t inner;
	int depth = 1;

	while (scan_line(&scan, &line)) {
		if (line.end - line.at < 6 || memcmp(line.at, "NSpid:", 6) != 0)
			continue;
		line.at += 6;
		if (!scan_number(&line, ret_pid) || *ret_pid <= 0)
			return 0;
		while (scan_number(&line, &inner))
			depth++;
		return depth;
	}
	return 0;
}

/*
 * The descriptor that the kernel gives us is of the very process that connected, so that its number
 * can be used again meanwhile. What it says of it needs no permission, as asking for the namespace
 * itself would.
 */
static int depth_of_peer(int fd)
{
	char path[64];
	int64_t pid;
	int pidfd, depth;
	socklen_t size = sizeof pidfd;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0)
		return -errno;
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
	depth = namespace_depth(path, &pid);
	close(pidfd);
	return depth > 0 ? depth : -ESRCH;
}

int namespace_of_peer_differs(int fd, int ours)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	int depth;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	/* No number in our namespace: it is neither in ours nor in one within. */
	if (peer.pid <= 0)
		return 1;
	depth = depth_of_peer(fd);
	if (depth < 0)
		return depth;
	return depth != ours;
}

#include "system.h"

#include <errno.h>
#include <libproc.h>
#include <mach-o/dyld.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTED = 256 }; /* descriptors in one call */

const char *system_program_name(void)
{
	return getprogname();
}

/* dyld makes it absolute; a link stays one, and so outlives what it leads to. */
int system_program_path(char *out, size_t out_size)
{
	uint32_t size = (uint32_t)out_size;

	return _NSGetExecutablePath(out, &size) == 0 ? 0 : -ENAMETOOLONG;
}

int system_peer(int fd, uid_t *ret_uid, uint64_t *ret_pid)
{
	pid_t pid = 0;
	socklen_t size = sizeof pid;
	gid_t gid;

	if (getpeereid(fd, ret_uid, &gid) < 0)
		return -errno;
	if (ret_pid)
		*ret_pid = getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &size) == 0 && pid > 0
				   ? (uint64_t)pid
				   : 0;
	return 0;
}

void system_quieten(int fd)
{
	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
}

/* Newer headers have MSG_NOSIGNAL, older kernels do not. */
ssize_t system_send(int fd, const void *bytes, size_t size)
{
	return send(fd, bytes, size, 0);
}

/* Closes those of a list; false: there was none. */
static bool close_listed(
	const struct proc_fdinfo *list, size_t count, unsigned first, unsigned last)
{
	bool closed = false;

	for (size_t i = 0; i < count; i++) {
		unsigned fd = (unsigned)list[i].proc_fd;
		if (fd >= first && fd <= last && close((int)fd) == 0)
			closed = true;
	}
	return closed;
}

/* proc_pidinfo() is a system call and nothing more. It tells of as many as there is room for, and of
 * the rest when these are closed. */
void system_close_range(unsigned first, unsigned last)
{
	struct proc_fdinfo list[LISTED];
	int size;

	do {
		size = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, list, sizeof list);
	} while (size > 0 && close_listed(list, (size_t)size / sizeof *list, first, last));
}

#include "system.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CLOSE_BY_HAND 65536 /* all that are likely, where there is no limit worth the name */

const char *system_program_name(void)
{
	return program_invocation_short_name;
}

int system_program_path(char *out, size_t out_size)
{
	ssize_t length = readlink("/proc/self/exe", out, out_size - 1);

	if (length < 0)
		return -errno;
	out[length] = '\0';
	return 0;
}

int system_peer(int fd, uid_t *ret_uid, uint64_t *ret_pid)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	*ret_uid = peer.uid;
	if (ret_pid)
		*ret_pid = (uint64_t)(peer.pid > 0 ? peer.pid
						   : 0); /* 0: of another pid namespace */
	return 0;
}

void system_quieten(int fd)
{
	(void)fd; /* each send says it */
}

ssize_t system_send(int fd, const void *bytes, size_t size)
{
	return send(fd, bytes, size, MSG_NOSIGNAL);
}

void system_close_range(unsigned first, unsigned last)
{
	long limit;

#ifdef SYS_close_range
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return; /* Linux 5.9 */
#endif
	limit = sysconf(_SC_OPEN_MAX);
	if (limit < 0 || limit > CLOSE_BY_HAND)
		limit = CLOSE_BY_HAND;
	for (unsigned fd = first; fd <= last && fd < (unsigned long)limit; fd++)
		close((int)fd);
}

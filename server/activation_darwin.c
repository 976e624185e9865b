#include "activation.h"

#include <errno.h>
#include <fcntl.h>
#include <launch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

#define SOCKET_NAME "Listener" /* as in what `procctl server install` writes */

static bool get_path(int fd, char *ret_path, size_t path_size)
{
	struct sockaddr_un address;
	socklen_t size = sizeof address;
	size_t length;

	memset(&address, 0, sizeof address);
	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 ||
		address.sun_family != AF_UNIX || address.sun_path[0] != '/')
		return false;
	length = strnlen(address.sun_path, sizeof address.sun_path);
	if (length >= path_size)
		return false;
	memcpy(ret_path, address.sun_path, length);
	ret_path[length] = '\0';
	return true;
}

/*
 * launch_activate_socket(3) fails with ESRCH where launchd has not started us. It stays the socket of
 * launchd, which listens on it again when we have ended.
 */
int activation_take(char *ret_path, size_t path_size)
{
	int *fds = NULL, taken = -1;
	size_t count = 0;
	int error = launch_activate_socket(SOCKET_NAME, &fds, &count);

	if (error && error != ESRCH)
		log_debug("launchd has no socket for us: %s", strerror(error));
	for (size_t i = 0; !error && i < count; i++) {
		if (taken < 0 && get_path(fds[i], ret_path, path_size) &&
			fcntl(fds[i], F_SETFD, FD_CLOEXEC) == 0 &&
			fcntl(fds[i], F_SETFL, O_NONBLOCK) == 0)
			taken = fds[i];
		else
			close(fds[i]);
	}
	free(fds);
	return taken;
}

/* What launchd keeps of stderr grows without a limit. */
bool activation_keeps_log(void)
{
	return false;
}

/* launchd takes a job for ready as soon as it runs. */
void activation_tell_ready(void)
{
}

#include "activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

enum { FIRST_INHERITED = 3 }; /* by sd_listen_fds(3) */

static bool is_listening_socket(int fd)
{
	int type = 0, listening = 0;
	socklen_t size = sizeof type;
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

int activation_take(char *ret_path, size_t path_size)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	struct sockaddr_un address;
	socklen_t size = sizeof address;
	bool ours = pid && count && strtol(pid, NULL, 10) == getpid() && !strcmp(count, "1");

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!ours || !is_listening_socket(FIRST_INHERITED))
		return -1;
	memset(&address, 0, sizeof address);
	if (getsockname(FIRST_INHERITED, (struct sockaddr *)&address, &size) < 0 ||
		address.sun_family != AF_UNIX || address.sun_path[0] != '/' ||
		strnlen(address.sun_path, sizeof address.sun_path) >= path_size)
		return -1;
	snprintf(ret_path, path_size, "%.*s", (int)sizeof address.sun_path, address.sun_path);
	fcntl(FIRST_INHERITED, F_SETFD, FD_CLOEXEC);
	fcntl(FIRST_INHERITED, F_SETFL, O_NONBLOCK);
	return FIRST_INHERITED;
}

/* The journal has it. */
bool activation_keeps_log(void)
{
	return true;
}

/* sd_notify(3): one datagram to the socket that the manager named. */
void activation_tell_ready(void)
{
	static const char text[] = "READY=1";
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (length < 2 || length >= sizeof address.sun_path ||
		(path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace */
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return;
	if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		log_info("%s: %s", path, strerror(errno));
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

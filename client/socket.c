#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "path.h"
#include "system.h"

#define MILLISECOND UINT64_C(1000000)

void socket_pause(uint64_t duration_ns)
{
	struct timespec duration = {
		.tv_sec = (time_t)(duration_ns / (1000 * MILLISECOND)),
		.tv_nsec = (long)(duration_ns % (1000 * MILLISECOND)),
	};

	nanosleep(&duration, NULL);
}

/* A stream socket that no child inherits, that never blocks and never raises SIGPIPE. */
static int create_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	system_quieten(fd);
	return fd;
}

/* Waits for a connect that is under way. */
static int finish_connect(int fd, uint64_t deadline_ns)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	int error = 0, ready = 0;

	while (ready <= 0) {
		uint64_t now_ns = clock_now_ns();

		if (now_ns >= deadline_ns)
			return -ETIMEDOUT;
		ready = poll(&wait, 1, (int)((deadline_ns - now_ns) / MILLISECOND) + 1);
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error}) < 0)
		return -errno;
	return -error;
}

static int try_connect(int fd, const char *path, uint64_t deadline_ns)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	uint64_t pause_ns = MILLISECOND;

	memcpy(address.sun_path, path, strlen(path) + 1);
	while (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		if (errno == EISCONN)
			return 0;
		if (errno == EINPROGRESS || errno == EINTR)
			return finish_connect(fd, deadline_ns);
		if (errno != EAGAIN)
			return -errno;
		/* Linux: the backlog is full, and there is nothing to poll for. */
		if (clock_now_ns() + pause_ns >= deadline_ns)
			return -ETIMEDOUT;
		socket_pause(pause_ns);
		pause_ns = pause_ns < 50 * MILLISECOND ? pause_ns * 2 : pause_ns;
	}
	return 0;
}

static int check_peer(int fd, const char *path, char *error, size_t error_size)
{
	uid_t uid = 0;
	int result = system_peer(fd, &uid, NULL);

	if (result < 0)
		snprintf(error, error_size, "%s: %s", path, strerror(-result));
	else if (uid != geteuid() && uid != 0) {
		snprintf(error, error_size,
			"%s is served by user %lu, who is neither you nor root: refused", path,
			(unsigned long)uid);
		result = -EPERM;
	}
	return result;
}

int socket_connect(const char *path, uint64_t deadline_ns, char *error, size_t error_size)
{
	int result, fd;

	result = path_check_directory(path, error, error_size);
	if (result < 0)
		return result;
	fd = create_socket();
	if (fd < 0) {
		snprintf(error, error_size, "no socket: %s", strerror(-fd));
		return fd;
	}
	result = try_connect(fd, path, deadline_ns);
	if (result < 0)
		snprintf(error, error_size, "%s: %s", path, strerror(-result));
	else
		result = check_peer(fd, path, error, error_size);
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd;
}

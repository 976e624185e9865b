#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "system.h"

#define BACKLOG       128
#define START_WAIT_NS (2 * SECOND_NS)
#define START_POLL_NS (SECOND_NS / 100)

/* What is refused is named, and who can help told how. */
static int refuse(
	int result, const char *path, const char *reason, char *error, size_t error_size)
{
	snprintf(error, error_size, "%s: %s", path, reason);
	return result;
}

static int take_lock(struct place *self, char *error, size_t error_size)
{
	char path[PATH_SOCKET_MAX + 8];
	struct stat status;
	int fd, saved;

	if (path_beside(self->path, "lock", path, sizeof path) < 0)
		return refuse(
			-ENAMETOOLONG, self->path, strerror(ENAMETOOLONG), error, error_size);
	/* O_NONBLOCK: a pipe in its place must not hold us up. */
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		S_IRUSR | S_IWUSR);
	if (fd < 0 && errno == ELOOP)
		return refuse(-EPERM, path, "is a symbolic link: remove it", error, error_size);
	if (fd < 0)
		return refuse(-errno, path, strerror(errno), error, error_size);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid()) {
		close(fd);
		return refuse(
			-EPERM, path, "is no lock file of ours: remove it", error, error_size);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		saved = errno;
		close(fd);
		return refuse(saved == EWOULDBLOCK ? -EBUSY : -saved, path,
			saved == EWOULDBLOCK ? "another procmond holds the lock"
					     : strerror(saved),
			error, error_size);
	}
	self->lock_fd = fd;
	return 0;
}

void place_leave(struct place *self)
{
	if (self->lock_fd >= 0)
		close(self->lock_fd);
	self->lock_fd = -1;
}

static void put_address(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, strlen(path)); /* at most PATH_SOCKET_MAX */
}

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), saved;

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		saved = errno;
		close(fd);
		return -saved;
	}
	return fd;
}

/* Is whoever listens at the other end gone, and a child of his about to follow? */
static bool is_orphan(int fd)
{
	uint64_t pid;
	uid_t uid;

	return system_peer(fd, &uid, &pid) == 0 && pid > 0 && kill((pid_t)pid, 0) < 0 &&
	       errno == ESRCH;
}

/* A server that runs may not ask for orphans: that takes kill(2), which --seccomp refuses. */
static bool is_served(const char *path, bool *ret_orphan)
{
	struct sockaddr_un address;
	int fd = open_socket();
	bool connected, served;

	if (fd < 0)
		return false;
	put_address(&address, path);
	connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
	served = connected || errno == EAGAIN; /* its backlog is full */
	if (ret_orphan)
		*ret_orphan = connected && is_orphan(fd);
	close(fd);
	return served;
}

int place_take_again(struct place *self, char *error, size_t error_size)
{
	int result;

	place_leave(self);
	result = take_lock(self, error, error_size);
	if ((result == 0 || result == -EBUSY) && is_served(self->path, NULL)) {
		place_leave(self);
		return refuse(
			-EBUSY, self->path, "another procmond serves here", error, error_size);
	}
	return result;
}

int place_take(
	struct place *self, const char *path, bool shared, char *error, size_t error_size)
{
	struct timespec pause = {.tv_nsec = START_POLL_NS};
	uint64_t deadline = clock_now_ns() + START_WAIT_NS;
	bool orphan;
	int result;

	*self = (struct place){.lock_fd = -1};
	if (strlen(path) > PATH_SOCKET_MAX)
		return refuse(-ENAMETOOLONG, path, strerror(ENAMETOOLONG), error, error_size);
	snprintf(self->path, sizeof self->path, "%s", path);
	/* Whoever holds the lock without answering is about to answer, or to end. So is what a
	 * server has left that was killed while it looked what this kernel can. */
	do {
		result = shared ? take_lock(self, error, error_size)
				: place_take_again(self, error, error_size);
		if (result != -EBUSY || (!shared && is_served(path, &orphan) && !orphan))
			return result;
		nanosleep(&pause, NULL);
	} while (clock_now_ns() < deadline);
	return result;
}

/* Under the lock, and nobody answers. */
static int remove_stale_socket(const struct place *self, char *error, size_t error_size)
{
	struct stat status;

	if (lstat(self->path, &status) < 0)
		return errno == ENOENT
			       ? 0
			       : refuse(-errno, self->path, strerror(errno), error, error_size);
	if (!S_ISSOCK(status.st_mode) || status.st_uid != geteuid())
		return refuse(-EPERM, self->path, "is no socket of ours: remove it", error,
			error_size);
	if (unlink(self->path) < 0 && errno != ENOENT)
		return refuse(-errno, self->path, strerror(errno), error, error_size);
	return 0;
}

/* Mode 0600 from the start: chmod afterwards would leave a moment. */
static int bind_privately(int fd, const char *path)
{
	struct sockaddr_un address;
	mode_t mask = umask(S_IRWXG | S_IRWXO | S_IXUSR);
	int result;

	put_address(&address, path);
	result = bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
	umask(mask);
	return result;
}

/* Remembers the file that bind() made. */
static int note_socket(struct place *self)
{
	struct stat status;

	if (lstat(self->path, &status) < 0)
		return -errno;
	self->device = status.st_dev;
	self->inode = status.st_ino;
	return 0;
}

int place_listen(struct place *self, char *error, size_t error_size)
{
	int result = remove_stale_socket(self, error, error_size), fd;

	if (result < 0)
		return result;
	fd = open_socket();
	if (fd < 0)
		return refuse(fd, self->path, strerror(-fd), error, error_size);
	result = bind_privately(fd, self->path);
	if (result == 0)
		result = note_socket(self);
	if (result == 0 && listen(fd, BACKLOG) < 0)
		result = -errno;
	if (result < 0) {
		close(fd);
		return refuse(result, self->path, strerror(-result), error, error_size);
	}
	return fd;
}

bool place_is_ours(const struct place *self)
{
	struct stat status;

	/* The number is not given to another file as long as our descriptor is open. */
	return lstat(self->path, &status) == 0 && status.st_dev == self->device &&
	       status.st_ino == self->inode;
}

void place_remove_socket(const struct place *self)
{
	if (place_is_ours(self))
		unlink(self->path);
}

/*
 * Calls that fail: linked before procmond and procctl by the linker's --wrap (Makefile), so that
 * whatever they call of the C library goes through here, and libevent's calls too. A file of
 * the test's, FAULTS in the environment, is the switchboard: which call fails, and how many there
 * were. Without it nothing fails, unless SHORT_IO says so: the probability that what is written
 * to or read from a socket or a pipe is cut to one byte or interrupted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NAMES = 64, NAME_SIZE = 24 };

/* The switchboard, as tests/stress/faults.py knows it. */
struct board {
	_Atomic uint64_t calls;        /* that may fail, so far */
	_Atomic uint64_t first, every; /* the numbers of those that do; every 0: none */
	_Atomic uint64_t failed;       /* how many did, and the functions, in turn */
	_Atomic int64_t blocks;        /* of memory that are in use */
	char names[NAMES][NAME_SIZE];
};

static struct board own, *board = &own;
static double short_io;

__attribute__((constructor)) static void plug_in(void)
{
	const char *path = getenv("FAULTS"), *probability = getenv("SHORT_IO");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *shared =
		fd < 0 ? MAP_FAILED
		       : mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (shared != MAP_FAILED)
		board = shared;
	if (fd >= 0)
		close(fd);
	short_io = probability ? strtod(probability, NULL) : 0;
}

static bool fails(const char *name)
{
	uint64_t number = atomic_fetch_add(&board->calls, 1) + 1;
	uint64_t first = atomic_load(&board->first), every = atomic_load(&board->every);

	if (!every || number < first || (number - first) % every)
		return false;
	strncpy(board->names[atomic_fetch_add(&board->failed, 1) % NAMES], name, NAME_SIZE - 1);
	return true;
}

/* A function of the C library that fails: what it returns then, and with which error. */
#define FALLIBLE(type, name, failure, error, parameters, ...)                                  \
	type real_##name parameters __asm__("__real_" #name);                                  \
	type wrap_##name parameters __asm__("__wrap_" #name);                                  \
	type wrap_##name parameters                                                            \
	{                                                                                      \
		if (!fails(#name))                                                             \
			return real_##name(__VA_ARGS__);                                       \
		errno = error;                                                                 \
		return failure;                                                                \
	}

/* ------------------------------------------------------------------------------- memory */

static void *count_block(void *block)
{
	if (block)
		atomic_fetch_add(&board->blocks, 1);
	return block;
}

#define ALLOCATING(name, parameters, ...)                                                      \
	void *real_##name parameters __asm__("__real_" #name);                                 \
	void *wrap_##name parameters __asm__("__wrap_" #name);                                 \
	void *wrap_##name parameters                                                           \
	{                                                                                      \
		if (!fails(#name))                                                             \
			return count_block(real_##name(__VA_ARGS__));                          \
		errno = ENOMEM;                                                                \
		return NULL;                                                                   \
	}

ALLOCATING(malloc, (size_t size), size)
ALLOCATING(calloc, (size_t count, size_t size), count, size)

void *real_realloc(void *old, size_t size) __asm__("__real_realloc");
void *wrap_realloc(void *old, size_t size) __asm__("__wrap_realloc");
void *wrap_realloc(void *old, size_t size)
{
	if (!fails("realloc"))
		return old ? real_realloc(old, size) : count_block(real_realloc(old, size));
	errno = ENOMEM;
	return NULL;
}

void real_free(void *block) __asm__("__real_free");
void wrap_free(void *block) __asm__("__wrap_free");
void wrap_free(void *block)
{
	if (block)
		atomic_fetch_sub(&board->blocks, 1);
	real_free(block);
}

/* The C library allocates the line, we free it. */
ssize_t real_getdelim(char **line, size_t *size, int end, FILE *file) __asm__(
	"__real___getdelim");
ssize_t wrap_getdelim(char **line, size_t *size, int end, FILE *file) __asm__(
	"__wrap___getdelim");
ssize_t wrap_getdelim(char **line, size_t *size, int end, FILE *file)
{
	bool is_new = !*line;
	ssize_t length;

	if (fails("getdelim")) {
		errno = ENOMEM;
		return -1;
	}
	length = real_getdelim(line, size, end, file);
	if (is_new)
		count_block(*line);
	return length;
}

/* -------------------------------------------------------------- files and directories */

FALLIBLE(int, open, -1, EMFILE, (const char *path, int flags, mode_t mode), path, flags, mode)
FALLIBLE(int, __open_2, -1, EMFILE, (const char *path, int flags), path, flags)
FALLIBLE(int, openat, -1, EMFILE, (int fd, const char *path, int flags, mode_t mode), fd, path,
	flags, mode)
FALLIBLE(FILE *, fopen, NULL, EMFILE, (const char *path, const char *mode), path, mode)
FALLIBLE(DIR *, opendir, NULL, ENOMEM, (const char *path), path)
FALLIBLE(DIR *, fdopendir, NULL, ENOMEM, (int fd), fd)
FALLIBLE(struct dirent *, readdir, NULL, EIO, (DIR * directory), directory)
FALLIBLE(ssize_t, pread, -1, EIO, (int fd, void *bytes, size_t size, off_t at), fd, bytes, size,
	at)
FALLIBLE(
	ssize_t, readlink, -1, EIO, (const char *path, char *out, size_t size), path, out, size)
FALLIBLE(ssize_t, readlinkat, -1, EIO, (int fd, const char *path, char *out, size_t size), fd,
	path, out, size)
FALLIBLE(int, fstat, -1, EIO, (int fd, struct stat *status), fd, status)
FALLIBLE(int, stat, -1, EIO, (const char *path, struct stat *status), path, status)
FALLIBLE(int, lstat, -1, EIO, (const char *path, struct stat *status), path, status)
FALLIBLE(int, fstatat, -1, EIO, (int fd, const char *path, struct stat *status, int flags), fd,
	path, status, flags)
FALLIBLE(int, statfs, -1, EIO, (const char *path, struct statfs *status), path, status)
FALLIBLE(int, fstatfs, -1, EIO, (int fd, struct statfs *status), fd, status)
FALLIBLE(int, fstatvfs, -1, EIO, (int fd, struct statvfs *status), fd, status)
FALLIBLE(int, access, -1, EIO, (const char *path, int mode), path, mode)
FALLIBLE(int, faccessat, -1, EIO, (int fd, const char *path, int mode, int flags), fd, path,
	mode, flags)
FALLIBLE(off_t, lseek, -1, EIO, (int fd, off_t at, int from), fd, at, from)
FALLIBLE(int, flock, -1, ENOLCK, (int fd, int operation), fd, operation)
FALLIBLE(int, mkdir, -1, ENOSPC, (const char *path, mode_t mode), path, mode)

/* --------------------------------------------------------- sockets, pipes and their like */

FALLIBLE(int, socket, -1, EMFILE, (int domain, int type, int protocol), domain, type, protocol)
FALLIBLE(int, bind, -1, EADDRINUSE, (int fd, const struct sockaddr *address, socklen_t size),
	fd, address, size)
FALLIBLE(int, listen, -1, EADDRINUSE, (int fd, int backlog), fd, backlog)
FALLIBLE(int, connect, -1, ECONNREFUSED,
	(int fd, const struct sockaddr *address, socklen_t size), fd, address, size)
FALLIBLE(int, getsockopt, -1, ENOBUFS,
	(int fd, int level, int name, void *value, socklen_t *size), fd, level, name, value,
	size)
FALLIBLE(int, setsockopt, -1, ENOBUFS,
	(int fd, int level, int name, const void *value, socklen_t size), fd, level, name,
	value, size)
FALLIBLE(int, fcntl, -1, EMFILE, (int fd, int command, long argument), fd, command, argument)
FALLIBLE(int, ioctl, -1, EIO, (int fd, unsigned long request, void *argument), fd, request,
	argument)
FALLIBLE(int, pipe, -1, EMFILE, (int ends[2]), ends)
FALLIBLE(int, pipe2, -1, EMFILE, (int ends[2], int flags), ends, flags)
FALLIBLE(int, socketpair, -1, EMFILE, (int domain, int type, int protocol, int ends[2]), domain,
	type, protocol, ends)
FALLIBLE(int, dup2, -1, EMFILE, (int fd, int other), fd, other)
FALLIBLE(int, epoll_create1, -1, EMFILE, (int flags), flags)
FALLIBLE(int, eventfd, -1, EMFILE, (unsigned count, int flags), count, flags)
FALLIBLE(int, epoll_ctl, -1, ENOMEM,
	(int set, int operation, int fd, struct epoll_event *event), set, operation, fd, event)
FALLIBLE(int, timerfd_create, -1, EMFILE, (int clock, int flags), clock, flags)
FALLIBLE(int, pthread_create, EAGAIN, EAGAIN,
	(pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *),
		void *argument),
	thread, attributes, run, argument)

/* What becomes of a transfer: all of it, one byte, or nothing, for a signal came. */
enum transfer { WHOLE, ONE_BYTE, INTERRUPTED };

static enum transfer draw(void)
{
	static _Thread_local unsigned seed = 1;
	double drawn = short_io > 0 ? rand_r(&seed) / (RAND_MAX + 1.0) : 1;

	return drawn >= short_io ? WHOLE : drawn < short_io / 2 ? ONE_BYTE : INTERRUPTED;
}

/* A file of the kernel is read at once, and of a datagram the rest would be lost. */
static enum transfer transfer(int fd)
{
	struct stat status;
	int type = SOCK_STREAM;
	socklen_t size = sizeof type;

	if (short_io <= 0 || real_fstat(fd, &status) < 0)
		return WHOLE;
	if (S_ISSOCK(status.st_mode))
		real_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
	else if (!S_ISFIFO(status.st_mode))
		return WHOLE;
	return type == SOCK_STREAM ? draw() : WHOLE;
}

/* One that fails with `error`, or moves a part of what there is, if there is more. A byte alone is not
 * held up: by one libevent tells itself of signals, and no signal can interrupt that. */
#define MOVING(type, name, error, parameters, size, ...)                                       \
	type real_##name parameters __asm__("__real_" #name);                                  \
	type wrap_##name parameters __asm__("__wrap_" #name);                                  \
	type wrap_##name parameters                                                            \
	{                                                                                      \
		enum transfer moved = size > 1 ? transfer(fd) : WHOLE;                         \
		if (moved == INTERRUPTED || fails(#name)) {                                    \
			errno = moved == INTERRUPTED ? EINTR : error;                          \
			return -1;                                                             \
		}                                                                              \
		if (moved == ONE_BYTE)                                                         \
			size = 1;                                                              \
		return real_##name(__VA_ARGS__);                                               \
	}

MOVING(ssize_t, read, EIO, (int fd, void *bytes, size_t size), size, fd, bytes, size)
MOVING(ssize_t, write, EIO, (int fd, const void *bytes, size_t size), size, fd, bytes, size)
MOVING(ssize_t, recv, EIO, (int fd, void *bytes, size_t size, int flags), size, fd, bytes, size,
	flags)
MOVING(ssize_t, send, ENOBUFS, (int fd, const void *bytes, size_t size, int flags), size, fd,
	bytes, size, flags)

/* One that waits: a signal may end that. */
#define WAITING(type, name, error, parameters, ...)                                            \
	type real_##name parameters __asm__("__real_" #name);                                  \
	type wrap_##name parameters __asm__("__wrap_" #name);                                  \
	type wrap_##name parameters                                                            \
	{                                                                                      \
		bool is_interrupted = draw() == INTERRUPTED;                                   \
		if (!is_interrupted && !fails(#name))                                          \
			return real_##name(__VA_ARGS__);                                       \
		errno = is_interrupted ? EINTR : error;                                        \
		return -1;                                                                     \
	}

WAITING(int, accept, EMFILE, (int fd, struct sockaddr *address, socklen_t *size), fd, address,
	size)
WAITING(int, poll, ENOMEM, (struct pollfd * polled, nfds_t count, int timeout_ms), polled,
	count, timeout_ms)

ssize_t real_writev(int fd, const struct iovec *pieces, int count) __asm__("__real_writev");
ssize_t wrap_writev(int fd, const struct iovec *pieces, int count) __asm__("__wrap_writev");
ssize_t wrap_writev(int fd, const struct iovec *pieces, int count)
{
	enum transfer moved = transfer(fd);

	if (moved == INTERRUPTED || fails("writev")) {
		errno = moved == INTERRUPTED ? EINTR : ENOBUFS;
		return -1;
	}
	if (moved == WHOLE)
		return real_writev(fd, pieces, count);
	while (count > 1 && pieces->iov_len == 0)
		pieces++, count--;
	return real_write(fd, pieces->iov_base, pieces->iov_len ? 1 : 0);
}

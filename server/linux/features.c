/* The kernel features that we can do without: how each is found, and by what name it is
 * switched off. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "namespace.h"
#include "process/exit_listener.h"
#include "process/pidfd_info.h"

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

/* The inode of the first pid namespace is fixed in the kernel (PROC_PID_INIT_INO). */
#define FIRST_PID_NAMESPACE "pid:[4026531836]"

static bool has_pidfd(const struct host *host)
{
	int pidfd = host->native ? (int)syscall(SYS_pidfd_open, getpid(), 0) : -1;

	if (pidfd < 0)
		return false;
	close(pidfd);
	return true;
}

/* On 64-bit machines only: elsewhere st_ino has half of the number. */
static bool has_pidfd_inode(const struct host *host)
{
	struct statfs filesystem = {0};
	int pidfd;

	if (!host_has(host, FEATURE_PIDFD) || sizeof(long) < 8)
		return false;
	pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (pidfd < 0)
		return false;
	if (fstatfs(pidfd, &filesystem) < 0)
		filesystem.f_type = 0;
	close(pidfd);
	return filesystem.f_type == PID_FS_MAGIC;
}

static bool has_clock(const struct host *host)
{
	struct timespec time;
	clockid_t clock;

	return host->native && clock_getcpuclockid(getpid(), &clock) == 0 &&
	       clock_gettime(clock, &time) == 0;
}

bool host_is_first_namespace(const struct host *host)
{
	char path[4096], link[64] = "";

	if (!host->native)
		return false;
	snprintf(path, sizeof path, "%s/self/ns/pid", host->procfs);
	return readlink(path, link, sizeof link - 1) > 0 &&
	       strcmp(link, FIRST_PID_NAMESPACE) == 0;
}

static bool has_fork_range(const struct host *host)
{
	return host_has(host, FEATURE_PIDFD) && host_has(host, FEATURE_CLOCK) &&
	       host_is_first_namespace(host);
}

/* Only the pidfd of a process that was reaped shows it. No signal tells of this child, so that
 * nobody else waits for it. */
static bool has_pidfd_exit(const struct host *host)
{
	struct pidfd_answer answer;
	bool found = false;
	pid_t child;
	int pidfd;

	if (!host_has(host, FEATURE_PIDFD))
		return false;
	child = (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
	if (child == 0)
		_exit(3);
	if (child < 0)
		return false;
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (pidfd >= 0) {
		found = pidfd_ask(pidfd, PIDFD_ANSWER_EXIT, &answer) == 0 &&
			answer.exit_code == 3 << 8;
		close(pidfd);
	}
	return found;
}

static bool has_taskstats(const struct host *host)
{
	return host_is_first_namespace(host) && exit_listener_probe() == 0;
}

static bool has_fd_size(const struct host *host)
{
	struct stat directory;

	/* We have open files, so that a kernel that counts them cannot say 0. */
	return host->real && stat("/proc/self/fd", &directory) == 0 && directory.st_size > 0;
}

static bool has_smaps_rollup(const struct host *host)
{
	return !host->real || access("/proc/self/smaps_rollup", F_OK) == 0;
}

static bool has_children(const struct host *host)
{
	return !host->real || access("/proc/thread-self/children", F_OK) == 0;
}

static bool has_pidfd_info(const struct host *host)
{
	struct pidfd_answer answer;
	int pidfd, result;

	if (!host_has(host, FEATURE_PIDFD))
		return false;
	pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (pidfd < 0)
		return false;
	result = pidfd_ask(pidfd, PIDFD_ANSWER_PID | PIDFD_ANSWER_CGROUP, &answer);
	close(pidfd);
	return result == 0;
}

/* Names a file that the kernel may have been built without. */
bool host_lacks_file(const struct host *host, const char *name)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/self/%s", host->procfs, name);
	return host->native && access(path, F_OK) < 0 && errno == ENOENT;
}

/* Asked of a socket of our own, connected to nothing. */
static bool has_socket_names(const struct host *host)
{
	char path[64], protocol[64];
	int fd = host->real ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
	bool found;

	if (fd < 0)
		return false;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	found = getxattr(path, "system.sockprotoname", protocol, sizeof protocol) > 0;
	close(fd);
	return found;
}

/* Asked of a socket whose other end we are. */
static bool has_peer_pidfd(const struct host *host)
{
	int ends[2];
	bool found;

	if (!host->depth || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	found = namespace_of_peer_differs(ends[0], host->depth) == 0;
	close(ends[0]);
	close(ends[1]);
	return found;
}

static const struct {
	const char *name;
	unsigned major, minor; /* the first kernel that has it */
	bool (*probe)(const struct host *host);
	const char *sentence;
} features[FEATURE_COUNT] = {
	[FEATURE_PIDFD] = {"pidfd", 5, 3, has_pidfd,
		"descriptors of processes tell when one exits"},
	[FEATURE_PIDFD_INODE] = {"pidfd-ino", 6, 9, has_pidfd_inode,
		"their inode number is never used for another process"},
	[FEATURE_CLOCK] = {"clock", 2, 6, has_clock,
		"the CPU clock of a process tells whether it ran"},
	[FEATURE_FORK_RANGE] = {"fork-range", 2, 6, has_fork_range,
		"new processes are looked for among the pids given out since the last look"},
	[FEATURE_FD_SIZE] = {"fd-size", 6, 2, has_fd_size,
		"the size of /proc/PID/fd is the number of open files"},
	[FEATURE_PIDFD_INFO] = {"pidfd-info", 6, 13, has_pidfd_info,
		"they tell the parent and the cgroup of a process"},
	[FEATURE_PIDFD_EXIT] = {"pidfd-exit", 6, 15, has_pidfd_exit,
		"they tell how a process ended"},
	[FEATURE_TASKSTATS] = {"taskstats", 5, 19, has_taskstats,
		"the kernel tells root of every exit"},
	[FEATURE_SMAPS_ROLLUP] = {"smaps-rollup", 4, 14, has_smaps_rollup,
		"the kernel sums up the mappings of a process"},
	[FEATURE_CHILDREN] = {"children", 4, 2, has_children,
		"the kernel lists the children of a process"},
	[FEATURE_SOCKET_NAMES] = {"socket-names", 3, 7, has_socket_names,
		"a socket of any process tells its protocol"},
	[FEATURE_PEER_PIDFD] = {"peer-pidfd", 6, 5, has_peer_pidfd,
		"the socket of a client tells in which pid namespace it is"},
};

const char *feature_name(enum feature feature)
{
	return features[feature].name;
}

/* "6.1": what came after Linux 6.1; "linux-6.1" likewise. 0: that is no version. */
static uint32_t newer_than(const char *name)
{
	unsigned major, minor;
	uint32_t mask = 0;
	int length = 0;

	if (strncmp(name, "linux-", 6) == 0)
		name += 6;
	if (sscanf(name, "%3u.%3u%n", &major, &minor, &length) != 2 || name[length])
		return 0;
	for (int i = 0; i < FEATURE_COUNT; i++)
		if (features[i].major > major ||
			(features[i].major == major && features[i].minor > minor))
			mask |= UINT32_C(1) << i;
	return mask;
}

static uint32_t mask_of(const char *name)
{
	for (int i = 0; i < FEATURE_COUNT; i++)
		if (strcmp(name, features[i].name) == 0)
			return UINT32_C(1) << i;
	return newer_than(name);
}

static void list_features(const char *unknown, char *error, size_t size)
{
	int length = snprintf(error, size,
		"there is no kernel feature \"%s\" to do without; known are ", unknown);

	for (int i = 0; i < FEATURE_COUNT && length > 0 && (size_t)length < size; i++)
		length += snprintf(error + length, size - (size_t)length, "%s (%s), ",
			features[i].name, features[i].sentence);
	if (length > 0 && (size_t)length < size)
		snprintf(error + length, size - (size_t)length,
			"and a version such as 6.1 for all that is newer");
}

static int parse_without(const char *list, uint32_t *ret_mask, char *error, size_t error_size)
{
	char name[32];
	size_t length;

	for (; list && *list; list += length + (list[length] == ',')) {
		length = strcspn(list, ",");
		snprintf(name, sizeof name, "%.*s", length < 32 ? (int)length : 31, list);
		uint32_t mask = mask_of(name);
		if (length >= sizeof name || (!mask && length)) {
			list_features(name, error, error_size);
			return -EINVAL;
		}
		*ret_mask |= mask;
	}
	return 0;
}

/* A feature that builds on another one is probed after it, and not found without it. */
int features_init(struct host *host, const char *without, char *error, size_t error_size)
{
	uint32_t unwanted = 0;
	int result = parse_without(without, &unwanted, error, error_size);

	if (result < 0)
		return result;
	host->features = 0;
	for (int i = 0; i < FEATURE_COUNT; i++)
		if (!(unwanted >> i & 1) && features[i].probe(host))
			host->features |= UINT32_C(1) << i;
	return 0;
}

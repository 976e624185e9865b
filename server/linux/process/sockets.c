/*
 * Source sockets: which of the open files are sockets, and which of these are of the internet.
 * The link in /proc/PID/fd says "socket:[INODE]". Following it leads to that socket, whose
 * extended attribute has the name of its protocol: no table of all sockets is needed, and it
 * does not matter which network namespace it is in. No other link is followed: what it points
 * to may be on a file system that does not answer.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "process.h"

/* As the kernel's protocols are named (proc_name of struct proto), less the "v6". */
bool socket_is_internet(const char *protocol)
{
	static const char *const names[] = {"TCP", "UDP", "RAW", "PING", "MPTCP", "SCTP",
		"DCCP", "UDP-Lite", "UDPLITE", "L2TP/IP"};
	size_t length = strlen(protocol);

	if (length > 2 && strcmp(protocol + length - 2, "v6") == 0)
		length -= 2;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == length && memcmp(protocol, names[i], length) == 0)
			return true;
	return false;
}

/* 1: yes, 0: no, or a negative errno: listing the files may be allowed, and looking at them not. */
static int is_socket(int files, const char *number)
{
	static const char prefix[] = "socket:[";
	char link[sizeof prefix - 1];
	ssize_t length = readlinkat(files, number, link, sizeof link);

	if (length < 0)
		return errno == ENOENT ? 0 : -errno; /* closed since it was listed */
	return length == sizeof link && memcmp(link, prefix, sizeof link) == 0;
}

/* Returns 0 or a negative errno. */
static int add_file(int files, const char *number, struct linux_sockets *sample)
{
	char path[300], protocol[64] = "";
	int result = is_socket(files, number);

	if (result <= 0)
		return result;
	snprintf(path, sizeof path, "/proc/self/fd/%d/%s", files, number);
	if (getxattr(path, "system.sockprotoname", protocol, sizeof protocol - 1) < 0)
		/* It was closed meanwhile, and maybe something else opened. */
		return errno == ENOENT || errno == EOPNOTSUPP ? 0 : -errno;
	sample->open++;
	sample->internet += socket_is_internet(protocol);
	return 0;
}

/* None: there are none, or they are not seen there. */
static int count_sockets(void *context, int directory)
{
	struct linux_sockets *sample = context;
	int files = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = files < 0 ? NULL : fdopendir(files);
	const struct dirent *entry;
	int result = -errno;
	bool any = false;

	if (!stream) {
		if (files >= 0)
			close(files);
		return result;
	}
	*sample = (struct linux_sockets){0};
	for (result = 0; result == 0 && (errno = 0, entry = readdir(stream));)
		if (entry->d_name[0] != '.') {
			result = add_file(files, entry->d_name, sample);
			any = true;
		}
	if (result == 0)
		result = errno ? -errno : any ? 0 : -ESRCH;
	closedir(stream);
	return result;
}

static int sockets_run(struct job *job)
{
	int result = job_read_shared((const struct process_job *)(const void *)job->context,
		count_sockets, job->sample);

	return result == STATE_NONE ? STATE_OK : result;
}

static const char *sockets_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return host_has(host, FEATURE_SOCKET_NAMES)
		       ? NULL
		       : "the kernel does not tell the protocol of another process's socket "
			 "(extended attribute system.sockprotoname)";
}

const struct process_source sockets_source = {
	.source = {.name = "sockets",
		.sample_size = sizeof(struct linux_sockets),
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_OWNED},
	.unsupported = sockets_unsupported,
	.run = sockets_run,
};

/* Source sockets: PROC_PIDLISTFDS says which descriptors are sockets, and each of these is asked of
 * what family it is: slow lane. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "process.h"

enum { AT_FIRST = 1024 * (int)sizeof(struct proc_fdinfo), AT_MOST = 1 << 24 };

/* The kernel lists as many as fit. *ret_fds is the caller's to free. */
static int list(const struct process_job *job, struct proc_fdinfo **ret_fds, int *ret_used)
{
	int result = STATE_FAILED;

	*ret_fds = NULL;
	for (int size = AT_FIRST; size <= AT_MOST; size *= 4) {
		free(*ret_fds);
		*ret_fds = malloc((size_t)size);
		if (!*ret_fds)
			return STATE_FAILED;
		result = job_info(job, PROC_PIDLISTFDS, 0, *ret_fds, size, ret_used);
		if (result != STATE_OK || *ret_used < size)
			return result;
	}
	return STATE_FAILED;
}

/* A descriptor may be closed by now, or be another file. */
static bool is_internet(uint32_t pid, int fd)
{
	struct socket_fdinfo info;

	if (proc_pidfdinfo((int)pid, fd, PROC_PIDFDSOCKETINFO, &info, sizeof info) !=
		(int)sizeof info)
		return false;
	return info.psi.soi_family == AF_INET || info.psi.soi_family == AF_INET6;
}

static int sockets_run(struct job *job)
{
	const struct process_job *own = process_job(job);
	struct darwin_sockets *sample = job->sample;
	struct proc_fdinfo *fds;
	int used = 0, result = list(own, &fds, &used);

	for (int i = 0; result == STATE_OK && i < used / (int)sizeof *fds; i++) {
		if (fds[i].proc_fdtype != PROX_FDTYPE_SOCKET)
			continue;
		sample->open++;
		sample->internet += is_internet(own->pid, fds[i].proc_fd);
	}
	free(fds);
	if (result == STATE_OK && sample->open && !job_is_there(own))
		return SAMPLE_GONE;
	return result;
}

const struct process_source sockets_source = {
	.source = {.name = "sockets",
		.sample_size = sizeof(struct darwin_sockets),
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.run = sockets_run,
	.prepare = job_prepare_own,
	.finish = job_finish_own,
};

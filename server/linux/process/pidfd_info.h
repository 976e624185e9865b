/* What the kernel tells of the process of a pidfd: ioctl PIDFD_GET_INFO, since Linux 6.13. */
#ifndef LINUX_PIDFD_INFO_H
#define LINUX_PIDFD_INFO_H

#include <stdint.h>

/* What is asked for, and what was answered. */
#define PIDFD_ANSWER_PID    UINT64_C(1)
#define PIDFD_ANSWER_CGROUP UINT64_C(4)
#define PIDFD_ANSWER_EXIT   UINT64_C(8) /* since Linux 6.15, of those that were reaped */

/* The first version of the kernel's struct pidfd_info; system headers are often older. */
struct pidfd_answer {
	uint64_t mask;
	uint64_t cgroup; /* id in the unified hierarchy */
	uint32_t pid, tgid, ppid;
	uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};

/* 0, -ENODATA when the kernel does not know all that `mask` asks for, or another errno. */
int pidfd_ask(int pidfd, uint64_t mask, struct pidfd_answer *ret_answer);

#endif

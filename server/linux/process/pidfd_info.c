#include "pidfd_info.h"

#include <errno.h>
#include <sys/ioctl.h>

/* The size in the number is that of the version that we know. */
#define ASK _IOWR(0xFF, 11, struct pidfd_answer)

_Static_assert(sizeof(struct pidfd_answer) == 64, "the kernel's PIDFD_INFO_SIZE_VER0");

int pidfd_ask(int pidfd, uint64_t mask, struct pidfd_answer *ret_answer)
{
	*ret_answer = (struct pidfd_answer){.mask = mask};
	if (ioctl(pidfd, ASK, ret_answer) < 0)
		return -errno;
	return (ret_answer->mask & mask) == mask ? 0 : -ENODATA;
}

#include "seccomp.h"

#include <errno.h>

/* macOS has no filter that a process can put on itself and that would let it ask for processes. */
int seccomp_install(enum seccomp_mode mode)
{
	return mode == SECCOMP_OFF ? 0 : -ENOTSUP;
}

const char *seccomp_describe(void)
{
	return "seccomp: macOS has no filter of system calls";
}

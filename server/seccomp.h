/* Seccomp: the kernel refuses this process what it never does. */
#ifndef SERVER_SECCOMP_H
#define SERVER_SECCOMP_H

#include <stddef.h>

enum seccomp_mode {
	SECCOMP_OFF,
	SECCOMP_DENY, /* what is not allowed fails with EPERM */
	SECCOMP_KILL, /* it ends the process: for tests */
};

/*
 * From now on, for this thread and all that it starts; there is no way back. Nothing is to be forked
 * after it. 0 or a negative errno: -ENOTSUP where there is no such filter.
 */
int seccomp_install(enum seccomp_mode mode);

/* A sentence: what there is of it. */
const char *seccomp_describe(void);

#endif

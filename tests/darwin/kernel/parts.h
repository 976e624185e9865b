/* Parts: where the files of the simulated kernel meet that answer one call together. Uses Apple's
 * headers. */
#ifndef TESTS_DARWIN_KERNEL_PARTS_H
#define TESTS_DARWIN_KERNEL_PARTS_H

#include <stddef.h>

/* Answers a sysctl by number: 0, -1 with errno, or this. */
#define SIM_NOT_MINE 1
typedef int sim_sysctl(const int *name, unsigned count, void *old, size_t *length);

/* All of them; NULL ends them. */
extern sim_sysctl *const sim_sysctls[];

/* Copies an answer as sysctl(3) does: 0, or -1 with ENOMEM when it is cut. */
int sim_answer(const void *value, size_t length, void *old, size_t *old_length);

#endif

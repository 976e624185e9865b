/* Region: what libproc.c and sysctl.c ask region.c. */
#ifndef TESTS_DARWIN_KERNEL_REGION_H
#define TESTS_DARWIN_KERNEL_REGION_H

#include <stdint.h>

struct sim_section;

/* Flavors 7 and 8 of proc_pidinfo(), as that returns. */
int sim_region_info(const struct sim_section *process, int pid, int flavor, uint64_t address,
	void *buffer, int size);
/* A sysctl that any user may set for himself: 0, an errno, or SIM_NOT_MINE. */
int sim_region_sysctl(const char *name, const void *new);

#endif

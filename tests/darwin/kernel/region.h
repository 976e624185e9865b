/* Region: what sysctl.c asks region.c. */
#ifndef TESTS_DARWIN_KERNEL_REGION_H
#define TESTS_DARWIN_KERNEL_REGION_H

/* A sysctl that any user may set for himself: 0, an errno, or SIM_NOT_MINE. */
int sim_region_sysctl(const char *name, const void *new);

#endif

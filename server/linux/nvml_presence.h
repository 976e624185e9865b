/* Nvml presence: are GPU, driver and library there? Wakes nothing. */
#ifndef LINUX_NVML_PRESENCE_H
#define LINUX_NVML_PRESENCE_H

#include <stdbool.h>

/* False: something is missing, and `why` is a sentence that says what, and what to do. */
bool nvml_presence_check(
	const char *procfs, const char *sysfs, const char *path, char why[512]);

#endif

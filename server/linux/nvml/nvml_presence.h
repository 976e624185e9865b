/* Nvml presence: are GPU, driver and library there? */
#ifndef LINUX_NVML_PRESENCE_H
#define LINUX_NVML_PRESENCE_H

#include "source.h"

/*
 * STATE_OK; STATE_UNSUPPORTED: something is missing, and `why` is a sentence that says what,
 * and what to do; STATE_ASLEEP: GPU and driver are there, and for a sleeping GPU not even the
 * library is loaded.
 */
int nvml_presence_check(const char *procfs, const char *sysfs, const char *path, char why[512]);

#endif

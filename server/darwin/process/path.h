/* Path: that of an executable, for the sources that need it. */
#ifndef DARWIN_PATH_H
#define DARWIN_PATH_H

#include "process.h"

/* As the kernel writes it; at most PROC_PIDPATHINFO_MAXSIZE, which is more than any is long. */
#define PROCESS_PATH_SIZE PROC_PIDPATHINFO_MAXSIZE

/* Returns a state or SAMPLE_GONE. STATE_NONE: it has no path. */
int job_path(const struct process_job *job, char path[PROCESS_PATH_SIZE], uint32_t *ret_length);

#endif

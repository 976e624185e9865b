/*
 * Target: the process that a table of one process is about, as a directory in /proc: it never means
 * another process, however fast pids are used again.
 */
#ifndef LINUX_TARGET_H
#define LINUX_TARGET_H

#include <stdbool.h>

#include "host.h"
#include "platform.h"

/* A descriptor of its directory; -ESRCH: there is no such process that runs; or another
 * negative errno. */
int target_open(const struct host *host, const struct target *target);
/* Has it not ended yet? A zombie has, when all of its threads have. */
bool target_is_there(int directory);

#endif

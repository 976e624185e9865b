/* Sysfs: files with one value, below a directory. */
#ifndef LINUX_SYSFS_H
#define LINUX_SYSFS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "source.h"

/* The number that is all of a file; 0, -EBADMSG: it is no number, or another negative errno. */
int sysfs_number(int directory, const char *path, int64_t *ret);
/* The first line of a file; its length, -EBADMSG: it does not fit, or another negative errno.
 * `text` is "" then. */
ssize_t sysfs_text(int directory, const char *path, char *text, size_t size);
/* What such an error means for the value. */
enum cell_state sysfs_state(int error);
/* The number of a file as a field of a sample. None of these quantities is below 0. */
uint64_t sysfs_natural(int directory, const char *path);

#endif

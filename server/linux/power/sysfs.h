/*
 * Sysfs: files that hold a single value. A file that is not there, or that the driver has no
 * answer for, is an error to the reader and a state to the cell.
 */
#ifndef LINUX_SYSFS_H
#define LINUX_SYSFS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute.h"

/* A whole number. Returns 0 or a negative errno; -EBADMSG: it is something else. */
int sysfs_number(int directory, const char *path, int64_t *ret);
/* A line without its blanks at the end; "" if it cannot be read. Returns 0 or a negative errno;
 * -ENODATA: it is empty. */
int sysfs_text(int directory, const char *path, char *text, size_t size);
/* Is the file or directory there? */
bool sysfs_has(int directory, const char *path);
/* What such an error makes of a cell; 0 is STATE_OK. */
enum cell_state sysfs_state(int error);

#endif

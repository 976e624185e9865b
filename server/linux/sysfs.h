/*
 * Sysfs: files that hold a single value, by their names below a directory. A file that is not
 * there, or that the driver has no answer for, is an error to the reader and a state to the cell.
 */
#ifndef LINUX_SYSFS_H
#define LINUX_SYSFS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* A whole number and nothing else. Returns 0 or a negative errno; -EBADMSG: it is no such. */
int sysfs_number(int directory, const char *path, int64_t *ret_number);
/* The first line without the blanks at its end, cut to the room there is. Returns its length, 1
 * at least, or a negative errno, and then `text` is ""; -ENODATA: the line is empty. */
int sysfs_text(int directory, const char *path, char *text, size_t size);
/* Is the file or directory there? */
bool sysfs_has(int directory, const char *path);
/* The last part of the target of a symbolic link, by its path; "" if it is none. */
void sysfs_link_name(const char *path, char *name, size_t size);

/* What such an error makes of a cell; 0 is STATE_OK. */
enum cell_state sysfs_state(int error);
/* The number of a file as a field of a sample, for what is never below 0. */
uint64_t sysfs_natural(int directory, const char *path);

/* What such a file has in it: 0, or -EBADMSG. */
int sysfs_parse_number(const char *bytes, size_t length, int64_t *ret_number);

#endif

/* Sysfs: files that hold one value. */
#ifndef LINUX_SYSFS_H
#define LINUX_SYSFS_H

#include <stddef.h>
#include <stdint.h>

/* A number, alone in the file but for blanks. Returns 0, -EBADMSG for anything else, or another
 * negative errno. */
int sysfs_number(int directory, const char *path, int64_t *ret_number);

/* The same of bytes. */
int sysfs_parse_number(const char *bytes, size_t length, int64_t *ret_number);

/* The first line, without blanks at its end. Returns its length or a negative errno; "" then. */
int sysfs_text(int directory, const char *path, char *text, size_t size);

#endif

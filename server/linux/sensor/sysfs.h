/* Sysfs: files of one value. */
#ifndef LINUX_SYSFS_H
#define LINUX_SYSFS_H

#include <stddef.h>
#include <stdint.h>

/* A whole number and nothing else, by the file's name below a directory. 0, a negative errno of
 * open or read, or -EBADMSG: something else is in it. */
int sysfs_number(int directory, const char *path, int64_t *ret_number);
/* The first line, cut to the room there is. 0, or a negative errno; then it is "". */
int sysfs_text(int directory, const char *path, char *text, size_t size);
/* The last part of the target of a symbolic link, "" if it is none. */
void sysfs_link_name(const char *path, char *name, size_t size);

/* What such a file has in it: 0, or -EBADMSG. */
int sysfs_parse_number(const char *bytes, size_t length, int64_t *ret_number);

#endif

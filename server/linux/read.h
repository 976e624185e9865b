/* Read: small files of the kernel, which are there as a whole or not at all. */
#ifndef LINUX_READ_H
#define LINUX_READ_H

#include <fcntl.h>
#include <sys/types.h>

/* A substitute tree may have a pipe or a terminal in place of a file: never wait for one. */
enum { READ_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* All of the rest of a file, up to `size` bytes; the length or a negative errno. */
ssize_t read_fully(int file, char *bytes, size_t size);
/* The same of a file by its name below a directory, AT_FDCWD for a whole path. */
ssize_t read_file(int directory, const char *path, char *bytes, size_t size);
/* The same of a text of any length, up to a MiB: into *ret_bytes, which is to be freed, whatever
 * the result is. */
ssize_t read_file_text(int directory, const char *path, char **ret_bytes);
/* The first line of such a file, without its newline, "" if it cannot be read. The length of
 * the file, as far as there was room, or a negative errno. */
ssize_t read_file_line(int directory, const char *path, char *line, size_t size);

#endif

#include "read.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

ssize_t read_fully(int file, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(file, bytes + length, size - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

ssize_t read_file(int directory, const char *path, char *bytes, size_t size)
{
	int file = openat(directory, path, READ_FLAGS);
	ssize_t length;

	if (file < 0)
		return -errno;
	length = read_fully(file, bytes, size);
	close(file);
	return length;
}

ssize_t read_file_text(int directory, const char *path, char **ret_bytes)
{
	enum { SIZE = 16 * 1024, LIMIT = 1024 * 1024 };
	size_t size = SIZE / 2;
	ssize_t length;

	*ret_bytes = NULL;
	do {
		size *= 2;
		*ret_bytes = xreallocarray(*ret_bytes, size, 1);
		length = read_file(directory, path, *ret_bytes, size);
	} while (length == (ssize_t)size && size < LIMIT);
	return length;
}

ssize_t read_file_line(int directory, const char *path, char *line, size_t size)
{
	ssize_t length = read_file(directory, path, line, size - 1);

	line[length > 0 ? length : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return length;
}

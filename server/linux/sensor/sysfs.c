#include "sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../parse.h"
#include "../read.h"

int sysfs_parse_number(const char *bytes, size_t length, int64_t *ret_number)
{
	struct scan scan = {bytes, bytes + length};
	int64_t number;

	if (!scan_number(&scan, &number) || number >= NUMBER_LIMIT || number <= -NUMBER_LIMIT)
		return -EBADMSG;
	for (; scan.at < scan.end; scan.at++)
		if (*scan.at != '\n' && *scan.at != ' ')
			return -EBADMSG;
	*ret_number = number;
	return 0;
}

int sysfs_number(int directory, const char *path, int64_t *ret_number)
{
	char bytes[64];
	ssize_t length = read_file(directory, path, bytes, sizeof bytes);

	if (length < 0)
		return (int)length;
	return sysfs_parse_number(bytes, (size_t)length, ret_number);
}

int sysfs_text(int directory, const char *path, char *text, size_t size)
{
	ssize_t length = read_file_line(directory, path, text, size);

	return length < 0 ? (int)length : 0;
}

void sysfs_link_name(const char *path, char *name, size_t size)
{
	char target[4096];
	ssize_t length = readlink(path, target, sizeof target - 1);
	const char *slash;

	target[length > 0 ? length : 0] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : target);
}

#include "sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"
#include "read.h"

static bool is_blank(char c)
{
	return c == '\n' || c == ' ' || c == '\t' || c == '\0';
}

int sysfs_parse_number(const char *bytes, size_t length, int64_t *ret_number)
{
	struct scan scan;
	int64_t number;

	while (length && is_blank(bytes[length - 1]))
		length--;
	scan = (struct scan){bytes, bytes + length};
	/* What is cut to the limit is no number that any device has. */
	if (!scan_number(&scan, &number) || scan.at != scan.end || number >= NUMBER_LIMIT ||
		number <= -NUMBER_LIMIT)
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
	if (length == (ssize_t)sizeof bytes)
		return -EBADMSG;
	return sysfs_parse_number(bytes, (size_t)length, ret_number);
}

int sysfs_text(int directory, const char *path, char *text, size_t size)
{
	ssize_t result = read_file_line(directory, path, text, size);
	size_t length = strlen(text);

	if (result < 0)
		return (int)result;
	while (length && is_blank(text[length - 1]))
		text[--length] = '\0';
	return length ? (int)length : -ENODATA;
}

bool sysfs_has(int directory, const char *path)
{
	return faccessat(directory, path, F_OK, 0) == 0;
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

enum cell_state sysfs_state(int error)
{
	switch (error) {
	case 0:
		return STATE_OK;
	case -ENOENT:
	case -ENOTDIR:
	case -ENODATA: /* what drivers say where they have no value, or no such part */
	case -ENODEV:
	case -ENXIO:
	case -EOPNOTSUPP:
		return STATE_NONE;
	case -EACCES:
	case -EPERM:
		return STATE_DENIED;
	default:
		return STATE_FAILED;
	}
}

uint64_t sysfs_natural(int directory, const char *path)
{
	int64_t number;
	int result = sysfs_number(directory, path, &number);

	if (result < 0)
		return ABSENT_U64(sysfs_state(result));
	return number < 0 ? ABSENT_U64(STATE_FAILED) : (uint64_t)number;
}

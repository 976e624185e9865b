#include "sysfs.h"

#include <errno.h>

#include "../parse.h"
#include "../read.h"

int sysfs_number(int directory, const char *path, int64_t *ret)
{
	char bytes[64];
	ssize_t length = read_file(directory, path, bytes, sizeof bytes);
	struct scan scan = {bytes, bytes + (length > 0 ? length : 0)};
	int64_t number;

	if (length < 0)
		return (int)length;
	if (!scan_number(&scan, &number) || (scan.at < scan.end && *scan.at != '\n'))
		return -EBADMSG;
	*ret = number;
	return 0;
}

ssize_t sysfs_text(int directory, const char *path, char *text, size_t size)
{
	ssize_t length = read_file_line(directory, path, text, size);

	if (length >= (ssize_t)size - 1) {
		*text = '\0';
		return -EBADMSG;
	}
	return length;
}

enum cell_state sysfs_state(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENODEV:
	case -ENOTDIR:
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

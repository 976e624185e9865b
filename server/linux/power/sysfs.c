#include "sysfs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../parse.h"
#include "../read.h"

static bool is_blank(char c)
{
	return c == '\n' || c == ' ' || c == '\t' || c == '\0';
}

int sysfs_number(int directory, const char *path, int64_t *ret)
{
	char bytes[64];
	ssize_t length = read_file(directory, path, bytes, sizeof bytes);
	struct scan scan = {bytes, bytes + (length > 0 ? length : 0)};

	if (length < 0)
		return (int)length;
	if (length == (ssize_t)sizeof bytes || !scan_number(&scan, ret))
		return -EBADMSG;
	while (scan.at < scan.end)
		if (!is_blank(*scan.at++))
			return -EBADMSG;
	return 0;
}

int sysfs_text(int directory, const char *path, char *text, size_t size)
{
	ssize_t result = read_file_line(directory, path, text, size);
	size_t length = strlen(text);

	if (result < 0)
		return (int)result;
	while (length && is_blank(text[length - 1]))
		text[--length] = '\0';
	return length ? 0 : -ENODATA;
}

bool sysfs_has(int directory, const char *path)
{
	return faccessat(directory, path, F_OK, 0) == 0;
}

enum cell_state sysfs_state(int error)
{
	switch (error) {
	case 0:
		return STATE_OK;
	case -ENOENT:
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

#include "sysfs.h"

#include <errno.h>
#include <string.h>

#include "../parse.h"
#include "../read.h"

int sysfs_parse_number(const char *bytes, size_t length, int64_t *ret_number)
{
	struct scan scan;

	while (length && (bytes[length - 1] == '\n' || bytes[length - 1] == ' '))
		length--;
	scan = (struct scan){bytes, bytes + length};
	return scan_number(&scan, ret_number) && scan.at == scan.end ? 0 : -EBADMSG;
}

int sysfs_number(int directory, const char *path, int64_t *ret_number)
{
	char bytes[64];
	ssize_t length = read_file(directory, path, bytes, sizeof bytes);

	return length < 0 ? (int)length : sysfs_parse_number(bytes, (size_t)length, ret_number);
}

int sysfs_text(int directory, const char *path, char *text, size_t size)
{
	ssize_t result = read_file_line(directory, path, text, size);
	size_t length = strlen(text);

	while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		text[--length] = '\0';
	return result < 0 ? (int)result : (int)length;
}

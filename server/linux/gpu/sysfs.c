#include "sysfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../parse.h"
#include "../read.h"

static int parse_hexadecimal(const char *bytes, size_t length, int64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++) {
		const char *digits = "0123456789abcdef", *digit;
		char byte = bytes[i] >= 'A' && bytes[i] <= 'F' ? (char)(bytes[i] + 32) : bytes[i];
		digit = byte ? strchr(digits, byte) : NULL;
		if (!digit || number > NUMBER_LIMIT / 16)
			return -EBADMSG;
		number = number * 16 + (uint64_t)(digit - digits);
	}
	*ret_number = (int64_t)number;
	return length ? 0 : -EBADMSG;
}

int sysfs_parse_number(const char *bytes, size_t length, int64_t *ret_number)
{
	struct scan scan;

	while (length && (bytes[length - 1] == '\n' || bytes[length - 1] == ' '))
		length--;
	if (length > 2 && bytes[0] == '0' && bytes[1] == 'x')
		return parse_hexadecimal(bytes + 2, length - 2, ret_number);
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

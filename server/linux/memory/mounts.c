#include "mounts.h"

#include <stdlib.h>
#include <string.h>

#include "../parse.h"
#include "../read.h"
#include "alloc.h"

static bool is_word(struct scan word, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(word.end - word.at) == length && memcmp(word.at, text, length) == 0;
}

/* "0:32" */
static bool scan_device(struct scan word, struct memory_device *ret_device)
{
	int64_t major, minor;

	if (!scan_number(&word, &major) || major < 0 || word.at == word.end || *word.at != ':')
		return false;
	word.at++;
	if (!scan_number(&word, &minor) || minor < 0)
		return false;
	*ret_device = (struct memory_device){(uint32_t)major, (uint32_t)minor, false};
	return true;
}

/* "36 35 0:32 / /dev/shm rw shared:2 - tmpfs tmpfs rw": words may come before the dash, and
 * behind it is the type. */
static void add_line(struct memory_mounts *self, struct scan line)
{
	struct memory_device device;
	struct scan word, type;
	bool is_device;

	scan_word(&line);
	scan_word(&line);
	is_device = scan_device(scan_word(&line), &device);
	do
		word = scan_word(&line);
	while (word.at < word.end && !is_word(word, "-"));
	type = scan_word(&line);
	device.is_huge = is_word(type, "hugetlbfs");
	if (!is_device ||
		(!device.is_huge && !is_word(type, "tmpfs") && !is_word(type, "devtmpfs")))
		return;
	self->devices = xreallocarray(self->devices, self->count + 1, sizeof *self->devices);
	self->devices[self->count++] = device;
}

void memory_mounts_parse(struct memory_mounts *self, const char *bytes, size_t length)
{
	struct scan scan = {bytes, bytes + length}, line;

	while (scan_line(&scan, &line))
		add_line(self, line);
}

void memory_mounts_read(struct memory_mounts *self, int directory)
{
	char *bytes;
	ssize_t length = read_file_text(directory, "mountinfo", &bytes);

	if (length > 0)
		memory_mounts_parse(self, bytes, (size_t)length);
	free(bytes);
}

const struct memory_device *memory_mounts_find(
	const struct memory_mounts *self, uint32_t major, uint32_t minor)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (self->devices[i].major == major && self->devices[i].minor == minor)
			return &self->devices[i];
	return NULL;
}

void memory_mounts_finish(struct memory_mounts *self)
{
	free(self->devices);
}

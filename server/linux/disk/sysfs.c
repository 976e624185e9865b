#include "sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../parse.h"
#include "../read.h"
#include "alloc.h"

enum { WHOLE_FILE_FIRST = 16384, WHOLE_FILE_MAX = 64 << 20 };
enum { NAMES_MAX = 64, NAME_SIZE = 64 };

/* EINVAL and the like are what a driver says that has no such value. */
enum cell_state sysfs_state(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
	case EINVAL:
	case EOPNOTSUPP:
		return STATE_NONE;
	case EACCES:
	case EPERM:
		return STATE_DENIED;
	default:
		return STATE_FAILED;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

int sysfs_number(int directory, const char *path, int64_t *ret_number)
{
	char bytes[64];
	ssize_t length = read_file(directory, path, bytes, sizeof bytes);
	struct scan scan = {bytes, bytes + (length > 0 ? length : 0)};

	if (length < 0)
		return (int)length;
	if (!scan_number(&scan, ret_number))
		return -EBADMSG;
	while (scan.at < scan.end && is_blank(*scan.at))
		scan.at++;
	return scan.at == scan.end ? 0 : -EBADMSG;
}

int sysfs_text(int directory, const char *path, char *text, size_t size)
{
	ssize_t result = read_file_line(directory, path, text, size);
	size_t length = strlen(text), start = 0;

	if (result < 0)
		return (int)result;
	while (length && is_blank(text[length - 1]))
		length--;
	while (start < length && is_blank(text[start]))
		start++;
	memmove(text, text + start, length - start);
	text[length - start] = '\0';
	return (int)(length - start);
}

uint64_t sysfs_u64(int directory, const char *path)
{
	int64_t number = 0;
	int error = sysfs_number(directory, path, &number);

	if (error < 0)
		return ABSENT_U64(sysfs_state(-error));
	return number < 0 ? ABSENT_U64(STATE_FAILED) : (uint64_t)number;
}

struct sample_text sysfs_sample_text(
	int directory, const char *const *paths, char *text, size_t size)
{
	enum cell_state state = STATE_NONE;

	for (; *paths; paths++) {
		int length = sysfs_text(directory, *paths, text, size);
		if (length > 0)
			return (struct sample_text){text, (uint32_t)length, STATE_OK};
		if (length < 0 && sysfs_state(-length) != STATE_NONE)
			state = sysfs_state(-length);
	}
	return (struct sample_text){.state = state};
}

/* ------------------------------------------------------------------------------- names */

struct names {
	char name[NAMES_MAX][NAME_SIZE];
	uint32_t count;
	bool more;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void names_collect(struct names *self, DIR *directory, const char *prefix)
{
	size_t length = strlen(prefix);
	const struct dirent *entry;

	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, length) != 0)
			continue;
		self->more = self->count == NAMES_MAX;
		if (self->more)
			break;
		snprintf(self->name[self->count++], NAME_SIZE, "%s", entry->d_name + length);
	}
	qsort(self->name, self->count, NAME_SIZE, by_name);
}

/* There is always room for ",...". */
static void names_join(const struct names *self, char *text, size_t size)
{
	bool more = self->more;
	size_t used = 0;

	*text = '\0';
	for (uint32_t i = 0; i < self->count; i++) {
		more = more || used + strlen(self->name[i]) + sizeof ",,..." > size;
		if (more)
			break;
		used += (size_t)snprintf(
			text + used, size - used, "%s%s", used ? "," : "", self->name[i]);
	}
	if (more)
		snprintf(text + used, size - used, "%s...", used ? "," : "");
}

void sysfs_names(int directory, const char *path, const char *prefix, char *text, size_t size)
{
	int file = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = file < 0 ? NULL : fdopendir(file);
	struct names names;

	names.count = 0;
	names.more = false;
	if (entries) {
		names_collect(&names, entries, prefix);
		closedir(entries);
	} else if (file >= 0)
		close(file);
	names_join(&names, text, size);
}

/* ------------------------------------------------------------------------- whole files */

/* What fills the room to the last byte may have more. */
int whole_file_read(struct whole_file *self, const char *directory, const char *name)
{
	char path[4096];
	ssize_t length;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	self->length = 0;
	for (;;) {
		length = self->size ? read_file(AT_FDCWD, path, self->bytes, self->size) : 0;
		if (length < 0)
			return (int)length;
		if ((size_t)length < self->size || self->size >= WHOLE_FILE_MAX)
			break;
		self->size = self->size ? self->size * 2 : WHOLE_FILE_FIRST;
		self->bytes = xreallocarray(self->bytes, self->size, 1);
	}
	self->length = (size_t)length;
	return 0;
}

void whole_file_finish(struct whole_file *self)
{
	free(self->bytes);
	*self = (struct whole_file){0};
}

uint64_t unwrap_count(struct unwrap *self, uint64_t count)
{
	if (count < self->last && self->last <= UINT32_MAX &&
		self->last - count > UINT32_MAX / 2)
		self->high += UINT64_C(1) << 32;
	self->last = count;
	return self->high + count;
}

#include "device_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"

enum { WHOLE_FILE_FIRST = 16384, WHOLE_FILE_MAX = 64 << 20 };
enum { NAMES_MAX = 64, NAME_SIZE = 64 };

/* Some devices fill their names up at the front, too. */
static size_t skip_blanks(char *text)
{
	size_t start = strspn(text, " \t"), length = strlen(text) - start;

	memmove(text, text + start, length + 1);
	return length;
}

struct sample_text sysfs_sample_text(
	int directory, const char *const *paths, char *text, size_t size)
{
	enum cell_state state = STATE_NONE;

	for (; *paths; paths++) {
		ssize_t result = sysfs_text(directory, *paths, text, size);
		size_t length = skip_blanks(text);
		if (length)
			return (struct sample_text){text, (uint32_t)length, STATE_OK};
		if (result < 0 && sysfs_state((int)result) != STATE_NONE)
			state = sysfs_state((int)result);
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

/*
 * On Linux: /proc/PID/root is the root directory of the process; its exe is the program even after
 * that has no path any more; map_files has all that is mapped, for root only.
 */
#include "mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "build_id.h"

/* The device is not compared: what mappings tell of btrfs and overlayfs is another one. */
static bool is_it(const struct mapped_file *self, int file)
{
	struct stat status;

	return fstat(file, &status) == 0 && (!self->inode || status.st_ino == self->inode);
}

/* Returns a descriptor, or a negative errno. */
static int open_at(const struct mapped_file *self, const char *path)
{
	int file = build_id_open(AT_FDCWD, path);

	if (file < 0 || is_it(self, file))
		return file;
	close(file);
	return -ENOENT;
}

/* The same; *ret_path is where it was found, to be freed. */
static int open_file(const struct mapped_file *self, char **ret_path)
{
	char *paths[] = {
		xasprintf("/proc/%u/root%s", self->pid, self->path),
		xasprintf("/proc/%u/map_files/%" PRIx64 "-%" PRIx64, self->pid, self->start,
			self->end),
		xasprintf("/proc/%u/exe", self->pid),
	};
	int file = -ENOENT, first = 0;

	*ret_path = NULL;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		if (file < 0)
			file = open_at(self, paths[i]);
		if (i == 0)
			first = file;
		if (file >= 0 && !*ret_path)
			*ret_path = paths[i];
		else
			free(paths[i]);
	}
	return file >= 0 ? file : first;
}

/* Where it is for us, if that is the same file: in no container. */
static char *shorten(const struct mapped_file *self, int file, char *found)
{
	struct stat here, there;

	if (stat(self->path, &here) < 0 || fstat(file, &there) < 0 ||
		here.st_ino != there.st_ino || here.st_dev != there.st_dev)
		return found;
	free(found);
	return xstrdup(self->path);
}

/* Symbols that were split off lie by their build id; NULL: not here. */
static char *find_debug_file(const char *build_id)
{
	char *path = xasprintf("/usr/lib/debug/.build-id/%.2s/%s.debug", build_id,
		strlen(build_id) > 2 ? build_id + 2 : "");

	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

int mapped_file_read(struct mapped_file *self)
{
	char id[BUILD_ID_MAX], text[BUILD_ID_TEXT_MAX], *path;
	int file = open_file(self, &path), length;

	if (file < 0)
		return file == -EPERM ? -EACCES : file == -ENOTDIR ? -ENOENT : file;
	length = build_id_read(file, id);
	path = shorten(self, file, path);
	close(file);
	if (length < 0) { /* none of these files has symbols that we know how to read */
		free(path);
		return length == -ENOEXEC ? 0 : length;
	}
	if (length > 0) {
		self->build_id = xstrndup(text, build_id_write(id, (uint32_t)length, text));
		self->symbols = find_debug_file(self->build_id);
	}
	if (self->symbols)
		free(path);
	else
		self->symbols = path;
	return 0;
}

void mapped_file_finish(struct mapped_file *self)
{
	free(self->symbols);
	free(self->build_id);
	self->symbols = self->build_id = NULL;
}

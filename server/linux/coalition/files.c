/*
 * Files: the files of a cgroup, by a descriptor of its directory that is opened once for all
 * sources of a row and closed when the next row is asked for. Nothing else is kept open: what
 * 1,000 kept files of statistics save, 2 us each, costs 5 KiB of kernel memory each.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../read.h"
#include "coalition.h"

enum { DIRECTORY_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC };

/* -EBADF: it is not there any more. The next list looks at once. */
static int is_gone(struct coalitions *table)
{
	table->devices.found_ns = 0;
	return -EBADF;
}

static const char *path_below(const struct coalition *row)
{
	return row->path[row->below] ? row->path + row->below : ".";
}

int coalition_directory(struct coalitions *table, const struct coalition *row)
{
	struct stat inode;

	if (table->lent >= 0 && table->lent_id == row->id)
		return table->lent;
	if (table->lent >= 0)
		close(table->lent);
	table->lent = openat(table->root, path_below(row), DIRECTORY_FLAGS);
	if (table->lent < 0)
		return errno == ENOENT ? is_gone(table) : -errno;
	if (fstat(table->lent, &inode) < 0 || inode.st_ino != row->id) {
		close(table->lent);
		table->lent = -1;
		return is_gone(table);
	}
	table->lent_id = row->id;
	return table->lent;
}

/* A file that fills the buffer may have been cut. */
static ssize_t read_whole(struct coalitions *table, int directory, const char *path)
{
	ssize_t length = read_file(directory, path, table->buffer, sizeof table->buffer);

	if (length == -ENODEV)
		return is_gone(table);
	return length == sizeof table->buffer ? -EFBIG : length;
}

ssize_t coalition_read(struct coalitions *table, const struct coalition *row, const char *file)
{
	int directory = coalition_directory(table, row);

	return directory < 0 ? directory : read_whole(table, directory, file);
}

ssize_t coalition_read_older(struct coalitions *table, const struct coalition *row,
	enum controller controller, const char *file)
{
	const struct cgroup_mount *mount = &table->hierarchies.older[controller];
	char path[4096 + 256];
	size_t length;

	if (!mount->point || !cgroup_mount_directory(mount, row->path, strlen(row->path), path,
				     sizeof path - 256))
		return -ENOENT;
	length = strlen(path);
	snprintf(path + length, sizeof path - length, "/%s", file);
	return read_whole(table, AT_FDCWD, path);
}

ssize_t coalition_read_either(struct coalitions *table, const struct coalition *row,
	const char *file, enum controller controller, const char *older)
{
	if (coalition_has_older(table, controller))
		return coalition_read_older(table, row, controller, older);
	return coalition_read(table, row, file);
}

enum cell_state coalition_state_of(ssize_t error)
{
	switch (-error) {
	case ENOENT: /* the controller is not enabled for this cgroup */
	case EBADF:  /* it ended in this tick */
	case ENODEV:
		return STATE_NONE;
	case EACCES:
	case EPERM:
		return STATE_DENIED;
	case EOPNOTSUPP: /* pressure, switched off at boot or for this cgroup */
		return STATE_UNSUPPORTED;
	default:
		return STATE_FAILED;
	}
}

uint64_t coalition_number(const struct coalitions *table, ssize_t length)
{
	return length < 0 ? ABSENT_U64(coalition_state_of(length))
			  : flat_number(table->buffer, (size_t)length);
}

/*
 * Files: the files of a cgroup, by a descriptor of its directory that is opened once for all
 * sources of a row and closed when the next row is asked for.
 *
 * A file that stays open is read for a third of what it costs to open it, and can never be that
 * of another cgroup; but it holds 5 KiB of the kernel's memory. So there is a limit.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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
static ssize_t checked(struct coalitions *table, ssize_t length)
{
	if (length == -ENODEV)
		return is_gone(table);
	return length == sizeof table->buffer ? -EFBIG : length;
}

static void close_kept(struct coalitions *table, struct coalition *row, enum kept_file kept)
{
	close(row->kept[kept] - 1);
	row->kept[kept] = 0;
	table->kept--;
}

/* The kernel writes each of these files in one go. */
static ssize_t read_kept(struct coalitions *table, struct coalition *row, enum kept_file kept)
{
	ssize_t length;

	do
		length = pread(row->kept[kept] - 1, table->buffer, sizeof table->buffer, 0);
	while (length < 0 && errno == EINTR);
	if (length >= 0)
		return checked(table, length);
	/* The cgroup has ended, or lost the controller. */
	length = -errno;
	close_kept(table, row, kept);
	return checked(table, length);
}

ssize_t coalition_read(
	struct coalitions *table, struct coalition *row, const char *name, enum kept_file kept)
{
	int directory, file;
	ssize_t length;

	if (kept != NOT_KEPT && row->kept[kept])
		return read_kept(table, row, kept);
	directory = coalition_directory(table, row);
	if (directory < 0)
		return directory;
	file = openat(directory, name, READ_FLAGS);
	if (file < 0)
		return -errno;
	length = read_fully(file, table->buffer, sizeof table->buffer);
	/* In a substitute tree another file may take its place. */
	if (kept != NOT_KEPT && length >= 0 && table->kept < table->kept_max &&
		table->devices.host->real) {
		row->kept[kept] = file + 1;
		table->kept++;
	} else {
		close(file);
	}
	return checked(table, length);
}

void coalition_close_kept(struct coalitions *table, struct coalition *row, uint32_t wanted)
{
	static const uint8_t source[KEPT_FILES] = {[KEPT_STATE] = SOURCE_coalition_state,
		[KEPT_TASKS] = SOURCE_coalition_tasks,
		[KEPT_CPU] = SOURCE_coalition_cpu,
		[KEPT_USAGE] = SOURCE_coalition_usage,
		[KEPT_MEMORY] = SOURCE_coalition_memory,
		[KEPT_SWAP] = SOURCE_coalition_memory,
		[KEPT_IO] = SOURCE_coalition_io,
		[KEPT_PRESSURE_CPU] = SOURCE_coalition_pressure_cpu,
		[KEPT_PRESSURE_MEMORY] = SOURCE_coalition_pressure_memory,
		[KEPT_PRESSURE_IO] = SOURCE_coalition_pressure_io};

	for (int i = 0; i < KEPT_FILES; i++)
		if (row->kept[i] && !(wanted >> source[i] & 1))
			close_kept(table, row, (enum kept_file)i);
}

/* A part of what we may open at all: processes need theirs. */
uint32_t coalition_kept_max(void)
{
	enum { MOST = 2048, PART = 4 };
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	return limit.rlim_cur < MOST * PART ? (uint32_t)limit.rlim_cur / PART : MOST;
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
	return checked(table, read_file(AT_FDCWD, path, table->buffer, sizeof table->buffer));
}

ssize_t coalition_read_either(struct coalitions *table, struct coalition *row, const char *file,
	enum kept_file kept, enum controller controller, const char *older)
{
	if (coalition_has_older(table, controller))
		return coalition_read_older(table, row, controller, older);
	return coalition_read(table, row, file, kept);
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

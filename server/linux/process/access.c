/*
 * Access to a row: every read goes through a directory that is proven to be the row's.
 *
 * A row that could not keep its directory opens it each time, and proves it by its pidfd: no
 * exit was reported after the directory was opened. Without pidfd, or as a zombie, it has to
 * show the start time that the row is known to have.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "alloc.h"
#include "process.h"

static const char *const file_names[] = {
	[FILE_STAT] = "stat",
	[FILE_STATUS] = "status",
	[FILE_IO] = "io",
	[FILE_SCHEDSTAT] = "schedstat",
	[FILE_CGROUP] = "cgroup",
	[FILE_OOM_SCORE] = "oom_score",
	[FILE_OOM_SCORE_ADJ] = "oom_score_adj",
	[FILE_STATM] = "statm",
	[FILE_LIMITS] = "limits",
	[FILE_COMM] = "comm",
};

/* ---------------------------------------------------------------------- directories */

int directory_open(const struct processes *self, uint32_t pid)
{
	char name[16];

	snprintf(name, sizeof name, "%u", (unsigned)pid);
	return openat(self->procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int read_stat_at(int directory, struct stat_line *ret_line)
{
	char bytes[2048];
	ssize_t length = read_file(directory, "stat", bytes, sizeof bytes);

	if (length < 0)
		return (int)length;
	return stat_parse(bytes, (size_t)length, ret_line);
}

/* 0 is for "not known": the first processes of a boot may really have started at 0. */
int directory_start(int directory, uint64_t *ret_ticks)
{
	struct stat_line line = {0};
	int result = read_stat_at(directory, &line);

	if (result < 0)
		return result;
	*ret_ticks = (uint64_t)line.field[22] + 1;
	return 0;
}

/* Is there a process behind this directory? Not to be told from fstat(): that works for
 * ever. hidepid=1 hides the file, but of living processes only. */
bool directory_is_there(int directory)
{
	return faccessat(directory, "stat", F_OK, 0) == 0 || errno == EPERM || errno == EACCES;
}

/* Threads have directories too, though these are not listed. */
bool directory_is_leader(int directory, uint32_t pid)
{
	static const struct pair pairs[] = {PAIR("Tgid", 0, 1)};
	char bytes[1024];
	int64_t tgid = 0;
	ssize_t length = read_file(directory, "status", bytes, sizeof bytes);
	struct scan scan = {bytes, bytes + (length > 0 ? length : 0)};
	return !scan_pairs(&scan, pairs, 1, &tgid) || tgid == pid;
}

/* ------------------------------------------------------------------------------- rows */

/*
 * Is this directory, opened just now by number, the row's? It is if the process has not
 * exited until now: then it had the pid all the time. Otherwise the start time tells.
 */
static bool is_own(struct processes *self, uint32_t slot, int directory)
{
	uint64_t start;

	if (self->flags[slot] & ROW_WATCHED) {
		processes_collect_exits(self);
		if (!(self->flags[slot] & ROW_ZOMBIE))
			return true;
	}
	return directory_start(directory, &start) == 0 && start == self->rows[slot].start_ticks;
}

bool row_alive(struct processes *self, uint32_t slot)
{
	const struct row *row = &self->rows[slot];
	int directory;
	bool own;

	if (row->directory >= 0)
		return directory_is_there(row->directory);
	directory = directory_open(self, self->pids[slot]);
	if (directory < 0)
		return false;
	own = is_own(self, slot, directory);
	close(directory);
	return own;
}

/* An exit is told before the pid is free. */
bool row_has_pid(struct processes *self, uint32_t slot)
{
	if (self->flags[slot] & ROW_WATCHED) {
		processes_collect_exits(self);
		if (!(self->flags[slot] & ROW_ZOMBIE))
			return true;
	}
	return row_alive(self, slot);
}

int row_enter(struct processes *self, uint32_t slot, int *ret_directory)
{
	const struct row *row = &self->rows[slot];
	int directory = row->directory;

	if (directory < 0) {
		directory = directory_open(self, self->pids[slot]);
		if (directory < 0)
			return errno == ENOENT || errno == ESRCH ? SAMPLE_GONE : STATE_FAILED;
		if (!is_own(self, slot, directory)) {
			close(directory);
			return SAMPLE_GONE;
		}
	}
	*ret_directory = directory;
	return STATE_OK;
}

void row_leave(struct processes *self, uint32_t slot, int directory)
{
	if (directory != self->rows[slot].directory)
		close(directory);
}

int row_state_of(struct processes *self, uint32_t slot, int error)
{
	switch (error) {
	case ESRCH:
	case ENOENT:
		/* Or the kernel was built without that file. */
		return row_alive(self, slot) ? STATE_UNSUPPORTED : SAMPLE_GONE;
	case EACCES:
	case EPERM:
		return STATE_DENIED;
	default:
		return STATE_FAILED;
	}
}

/* One read is all of a file of a process, if the buffer is larger: these files are written
 * at once. status holds up to 65,536 groups. */
ssize_t read_whole(struct processes *self, int file)
{
	enum { LIMIT = 1024 * 1024 };

	for (;;) {
		ssize_t length = pread(file, self->buffer, self->buffer_size, 0);
		if (length < 0)
			return -errno;
		if ((size_t)length < self->buffer_size || self->buffer_size >= LIMIT)
			return length;
		self->buffer_size *= 2;
		self->buffer = xreallocarray(self->buffer, self->buffer_size, 1);
	}
}

int row_read(struct processes *self, uint32_t slot, enum row_file file, size_t *ret_length)
{
	struct row *row = &self->rows[slot];
	int directory, fd, result;
	ssize_t length;

	if (file < FILES_KEPT && row->files[file] >= 0) {
		length = read_whole(self, row->files[file]);
		descriptors_used(self, slot);
	} else {
		result = row_enter(self, slot, &directory);
		if (result != STATE_OK)
			return result;
		fd = openat(directory, file_names[file], READ_FLAGS);
		length = fd < 0 ? -errno : read_whole(self, fd);
		if (fd >= 0)
			descriptors_offer(self, slot, file, fd);
		row_leave(self, slot, directory);
	}
	if (length < 0)
		return row_state_of(self, slot, (int)-length);
	*ret_length = (size_t)length;
	return STATE_OK;
}

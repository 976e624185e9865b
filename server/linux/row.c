/*
 * A row: a process, and the proof that what is read belongs to it.
 *
 * Opening goes: directory of /proc/PID, pidfd, then an access through the directory. That
 * access succeeds only while the process of the directory has not been reaped; so it held
 * the pid all the time since its directory was opened, and the pidfd is of the same
 * process. From then on directory and pidfd never mean another one.
 *
 * A row that could not keep its directory opens it each time, and proves it by its pidfd: no
 * exit was reported after the directory was opened. Without pidfd, or as a zombie, it has to
 * show the start time that the row is known to have.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
};

/* In a substitute tree a file may be a pipe that nobody writes to: never wait. */
enum { READ_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

static int open_directory(const struct processes *self, uint32_t pid)
{
	char name[16];

	snprintf(name, sizeof name, "%u", (unsigned)pid);
	return openat(self->procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int read_stat_at(int directory, struct stat_line *ret_line)
{
	char bytes[2048];
	int file = openat(directory, "stat", READ_FLAGS);
	ssize_t length;

	if (file < 0)
		return -errno;
	length = read_fully(file, bytes, sizeof bytes);
	close(file);
	if (length < 0)
		return (int)length;
	return stat_parse(bytes, (size_t)length, ret_line);
}

/* 0 is for "not known": the first processes of a boot may really have started at 0. */
static int read_start(int directory, uint64_t *ret_ticks)
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
static bool is_leader(int directory, uint32_t pid)
{
	static const struct pair pairs[] = {PAIR("Tgid", 0, 1)};
	char bytes[1024];
	int64_t tgid = 0;
	int file = openat(directory, "status", READ_FLAGS);
	ssize_t length;

	if (file < 0)
		return true;
	length = read_fully(file, bytes, sizeof bytes);
	close(file);
	struct scan scan = {bytes, bytes + (length > 0 ? length : 0)};
	return !scan_pairs(&scan, pairs, 1, &tgid) || tgid == pid;
}

/* A number that depends on all bits of all three (the finalizer of splitmix64). Bit 62 keeps
 * it apart from the inode numbers, which are counted from 1. */
static uint64_t hash_identity(uint64_t pid, uint64_t start, uint64_t boot)
{
	uint64_t hash = boot ^ start * UINT64_C(0x9E3779B97F4A7C15);

	for (int round = 0; round < 2; round++) {
		hash += pid * UINT64_C(0x9E3779B97F4A7C15);
		hash = (hash ^ hash >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
		hash = (hash ^ hash >> 27) * UINT64_C(0x94D049BB133111EB);
		hash ^= hash >> 31;
	}
	return (hash >> 1) | UINT64_C(1) << 62;
}

/* ---------------------------------------------------------------------- begin and end */

struct candidate {
	uint32_t pid;
	int directory, pidfd;
	uint64_t start_ticks, identity;
};

static int open_pidfd(struct processes *self, struct candidate *candidate)
{
	if (self->epoll < 0)
		return 0;
	candidate->pidfd = (int)syscall(SYS_pidfd_open, candidate->pid, 0);
	if (candidate->pidfd >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		return 0;
	return -ESRCH; /* it is gone, or a thread */
}

static int identify(struct processes *self, struct candidate *candidate, bool keep_directory)
{
	bool by_inode = candidate->pidfd >= 0 && host_has(self->host, FEATURE_PIDFD_INODE);
	struct stat inode;
	int result;

	if (by_inode && keep_directory) {
		if (!directory_is_there(candidate->directory))
			return -ESRCH;
	} else {
		result = read_start(candidate->directory, &candidate->start_ticks);
		/* hidepid=1: nothing can be read, but it is there. */
		if (result < 0 &&
			!(self->host->real && (result == -EPERM || result == -EACCES)))
			return result;
	}
	if (by_inode && fstat(candidate->pidfd, &inode) == 0)
		candidate->identity = inode.st_ino;
	else
		candidate->identity =
			hash_identity(candidate->pid, candidate->start_ticks, self->boot_id);
	return 0;
}

static void reserve_slot(struct processes *self, uint32_t slot)
{
	uint32_t old = self->capacity;

	if (slot < old)
		return;
	self->capacity = old ? old : 256;
	while (self->capacity <= slot)
		self->capacity *= 2;
	self->pids = xreallocarray(self->pids, self->capacity, sizeof *self->pids);
	self->clocks = xreallocarray(self->clocks, self->capacity, sizeof *self->clocks);
	self->flags = xreallocarray(self->flags, self->capacity, sizeof *self->flags);
	self->ppids = xreallocarray(self->ppids, self->capacity, sizeof *self->ppids);
	self->rows = xreallocarray(self->rows, self->capacity, sizeof *self->rows);
	memset(self->flags + old, 0, (self->capacity - old) * sizeof *self->flags);
	memset(self->ppids + old, 0, (self->capacity - old) * sizeof *self->ppids);
}

/* From now on the epoll set tells when it exits; at once if it has exited already. */
static void watch(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = slot};

	if (row->pidfd >= 0 && epoll_ctl(self->epoll, EPOLL_CTL_ADD, row->pidfd, &event) == 0) {
		self->flags[slot] |= ROW_WATCHED;
		return;
	}
	if (row->pidfd >= 0) {
		close(row->pidfd);
		row->pidfd = -1;
		self->kept--;
	}
	self->unwatched++;
}

static void install(struct processes *self, const struct candidate *candidate, uint32_t slot)
{
	reserve_slot(self, slot);
	self->pids[slot] = candidate->pid;
	self->clocks[slot] = 0;
	self->ppids[slot] = 0;
	self->flags[slot] = ROW_ALIVE;
	self->rows[slot] = (struct row){
		.identity = candidate->identity,
		.start_ticks = candidate->start_ticks,
		.directory = candidate->directory,
		.pidfd = candidate->pidfd,
		.files = {-1, -1, -1, -1},
		.newer = NONE,
		.older = NONE,
		.zombie_index = NONE,
	};
	self->kept += (candidate->directory >= 0) + (candidate->pidfd >= 0);
	self->directories += candidate->directory >= 0;
	pid_map_put(&self->slots, candidate->pid, slot);
	watch(self, slot);
}

static void close_candidate(const struct candidate *candidate)
{
	if (candidate->directory >= 0)
		close(candidate->directory);
	if (candidate->pidfd >= 0)
		close(candidate->pidfd);
}

void row_begin(struct processes *self, struct roster *roster, uint32_t pid, bool leader_known)
{
	struct candidate candidate = {.pid = pid, .pidfd = -1};
	bool keep_directory = self->host->real && descriptors_have_room(self, 2);
	uint32_t slot;

	candidate.directory = open_directory(self, pid);
	if (candidate.directory < 0) {
		self->uncertain |= errno != ENOENT && errno != ESRCH && errno != ENOTDIR;
		return;
	}
	if (open_pidfd(self, &candidate) < 0 ||
		identify(self, &candidate, keep_directory) < 0 ||
		(!leader_known && candidate.pidfd < 0 && !is_leader(candidate.directory, pid)))
		goto out;
	if (!keep_directory) {
		close(candidate.directory);
		candidate.directory = -1;
	}
	if (candidate.pidfd >= 0 && !descriptors_make_room(self, 1)) {
		close(candidate.pidfd);
		candidate.pidfd = -1;
	}
	slot = roster->ops->born(roster, candidate.identity, pid);
	if (slot == UINT32_MAX) {
		self->uncertain = true;
		goto out;
	}
	install(self, &candidate, slot);
	return;
out:
	close_candidate(&candidate);
}

static void note_end(struct processes *self, uint32_t pid)
{
	if (pid_map_get(&self->ended, pid) == UINT32_MAX)
		pid_map_put(&self->ended, pid, 0);
}

void row_mark_zombie(struct processes *self, uint32_t slot)
{
	if (self->flags[slot] & ROW_ZOMBIE)
		return;
	self->flags[slot] |= ROW_ZOMBIE | ROW_FRESH;
	if (self->zombie_count == self->zombie_capacity) {
		self->zombie_capacity = self->zombie_capacity ? self->zombie_capacity * 2 : 64;
		self->zombies = xreallocarray(
			self->zombies, self->zombie_capacity, sizeof *self->zombies);
	}
	self->rows[slot].zombie_index = self->zombie_count;
	self->zombies[self->zombie_count++] = slot;
	note_end(self, self->pids[slot]);
}

void row_end(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	if (self->flags[slot] & ROW_ZOMBIE) {
		uint32_t last = self->zombies[--self->zombie_count];
		self->zombies[row->zombie_index] = last;
		self->rows[last].zombie_index = row->zombie_index;
	} else {
		note_end(self, self->pids[slot]);
	}
	descriptors_drop_files(self, slot);
	/* Closing alone would leave it in the set while a forked child has a copy. */
	if (self->flags[slot] & ROW_WATCHED)
		epoll_ctl(self->epoll, EPOLL_CTL_DEL, row->pidfd, NULL);
	else
		self->unwatched--;
	self->kept -= (uint64_t)((row->directory >= 0) + (row->pidfd >= 0));
	self->directories -= row->directory >= 0;
	if (row->directory >= 0)
		close(row->directory);
	if (row->pidfd >= 0)
		close(row->pidfd);
	pid_map_remove(&self->slots, self->pids[slot]);
	self->flags[slot] = 0;
	self->ppids[slot] = 0;
}

/* ------------------------------------------------------------------------------ access */

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
	return read_start(directory, &start) == 0 && start == self->rows[slot].start_ticks;
}

bool row_give_up_directory(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	if (row->directory < 0 || row->pidfd < 0)
		return false;
	if (!row->start_ticks && read_start(row->directory, &row->start_ticks) < 0)
		return false;
	close(row->directory);
	row->directory = -1;
	self->kept--;
	self->directories--;
	return true;
}

bool row_alive(struct processes *self, uint32_t slot)
{
	const struct row *row = &self->rows[slot];
	int directory;
	bool own;

	if (row->directory >= 0)
		return directory_is_there(row->directory);
	directory = open_directory(self, self->pids[slot]);
	if (directory < 0)
		return false;
	own = is_own(self, slot, directory);
	close(directory);
	return own;
}

int row_enter(struct processes *self, uint32_t slot, int *ret_directory)
{
	const struct row *row = &self->rows[slot];
	int directory = row->directory;

	if (directory < 0) {
		directory = open_directory(self, self->pids[slot]);
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

ssize_t read_fully(int file, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(file, bytes + length, size - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
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

/*
 * A row: a process, and the proof that what is read belongs to it.
 *
 * Opening goes: directory of /proc/PID, pidfd, then an access through the directory. That
 * access succeeds only while the process of the directory has not been reaped; so it held
 * the pid all the time since its directory was opened, and the pidfd is of the same
 * process. From then on directory and pidfd never mean another one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc.h"
#include "process.h"

/* A number that depends on all bits of all three (the finalizer of splitmix64). Bit 62 keeps
 * it apart from the inode numbers, which are counted from 1. */
uint64_t identity_hash(uint64_t pid, uint64_t start, uint64_t boot)
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
		result = directory_start(candidate->directory, &candidate->start_ticks);
		/* hidepid=1: nothing can be read, but it is there. */
		if (result < 0 &&
			!(self->host->real && (result == -EPERM || result == -EACCES)))
			return result;
	}
	if (by_inode && fstat(candidate->pidfd, &inode) == 0)
		candidate->identity = inode.st_ino;
	else
		candidate->identity =
			identity_hash(candidate->pid, candidate->start_ticks, self->boot_id);
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
		.begun_ns = self->now_ns,
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

	candidate.directory = directory_open(self, pid);
	if (candidate.directory < 0) {
		self->uncertain |= errno != ENOENT && errno != ESRCH && errno != ENOTDIR;
		return;
	}
	if (open_pidfd(self, &candidate) < 0 ||
		identify(self, &candidate, keep_directory) < 0 ||
		(!leader_known && candidate.pidfd < 0 &&
			!directory_is_leader(candidate.directory, pid)))
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

int process_identify(struct processes *self, uint32_t pid, uint64_t *ret_identity)
{
	struct candidate candidate = {.pid = pid, .pidfd = -1};
	int result;

	candidate.directory = directory_open(self, pid);
	if (candidate.directory < 0)
		return -errno;
	result = open_pidfd(self, &candidate);
	/* By another rule than its row it would have another identity. */
	if (result == 0 && self->epoll >= 0 && candidate.pidfd < 0)
		result = -EMFILE;
	if (result == 0)
		result = identify(self, &candidate, true);
	if (result == 0)
		*ret_identity = candidate.identity;
	close_candidate(&candidate);
	return result;
}

uint32_t row_begin_ended(struct processes *self, struct roster *roster, uint32_t pid)
{
	uint64_t identity =
		identity_hash(pid, self->now_ns + ++self->strangers_told, self->boot_id);
	uint32_t slot = roster->ops->born(roster, identity, pid);

	if (slot == UINT32_MAX)
		return slot;
	reserve_slot(self, slot);
	self->pids[slot] = pid;
	self->rows[slot] = (struct row){
		.identity = identity, .directory = -1, .pidfd = -1, .begun_ns = self->now_ns};
	return slot;
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
	exit_note(self, slot);
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

	sources_forget_row(self, slot);
	exit_forget(self, slot);
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

bool row_give_up_directory(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	if (row->directory < 0 || row->pidfd < 0)
		return false;
	if (!row->start_ticks && directory_start(row->directory, &row->start_ticks) < 0)
		return false;
	close(row->directory);
	row->directory = -1;
	self->kept--;
	self->directories--;
	return true;
}

/*
 * What sysctl tells everybody of a process. The kernel goes through all processes to find one: so
 * when all are wanted they are taken at once, one call a sampling, and one by one only for the few
 * rows of a filter.
 *
 * An answer is about whoever had the pid then. Its time of start tells: a pid is not given out twice
 * in a microsecond. When the row's own is not known yet, it is that of the answer if the row's
 * process is still there after it.
 */
#include <errno.h>
#include <stdlib.h>

#include "alloc.h"
#include "process.h"

struct process_kinfo {
	uint64_t round; /* in which all were read; 0: never */
	bool failed;
	struct kinfo_proc *entries;
	size_t room; /* bytes */
	uint32_t count;
	struct pid_map by_pid; /* index, by pid + 1 */
	struct kinfo_proc one;
	/* By pid + 1, how many children it has: of the round `counted`. */
	struct pid_map children;
	uint32_t *counts;
	uint32_t count_room;
	uint64_t counted;
};

static struct process_kinfo *kinfo_of(struct processes *self)
{
	if (!self->kinfo)
		self->kinfo = xcalloc(1, sizeof *self->kinfo);
	return self->kinfo;
}

void kinfo_finish(struct processes *self)
{
	if (!self->kinfo)
		return;
	pid_map_finish(&self->kinfo->by_pid);
	pid_map_finish(&self->kinfo->children);
	free(self->kinfo->entries);
	free(self->kinfo->counts);
	free(self->kinfo);
	self->kinfo = NULL;
}

/* ------------------------------------------------------------------------------- all */

/* ENOMEM: there are more than fit by now. */
static bool read_all(struct process_kinfo *self)
{
	int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_ALL, 0};

	for (int attempt = 0; attempt < 8; attempt++) {
		size_t length = self->room;
		if (self->room && sysctl(name, 3, self->entries, &length, NULL, 0) == 0) {
			self->count = (uint32_t)(length / sizeof *self->entries);
			return true;
		}
		if (self->room && errno != ENOMEM)
			return false;
		self->room = self->room ? self->room * 2 : 1024 * sizeof *self->entries;
		free(self->entries);
		self->entries = xcalloc(1, self->room);
	}
	return false;
}

static void make_index(struct process_kinfo *self)
{
	pid_map_clear(&self->by_pid);
	for (uint32_t i = 0; i < self->count; i++) {
		uint32_t key = (uint32_t)self->entries[i].kp_proc.p_pid + 1;
		if (pid_map_get(&self->by_pid, key) == UINT32_MAX)
			pid_map_put(&self->by_pid, key, i);
	}
}

static bool have_all(struct processes *processes)
{
	struct process_kinfo *self = kinfo_of(processes);

	if (self->round != processes->round) {
		self->round = processes->round;
		self->failed = !read_all(self);
		if (!self->failed)
			make_index(self);
	}
	return !self->failed;
}

/* ------------------------------------------------------------------------------- one */

static const struct kinfo_proc *read_one(struct process_kinfo *self, uint32_t pid)
{
	int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid};
	size_t length = sizeof self->one;

	if (sysctl(name, 4, &self->one, &length, NULL, 0) != 0 || length != sizeof self->one)
		return NULL;
	return &self->one;
}

static const struct kinfo_proc *entry_of(struct processes *processes, uint32_t pid)
{
	struct process_kinfo *self = kinfo_of(processes);
	uint32_t index;

	if (!processes->all)
		return read_one(self, pid);
	if (!have_all(processes))
		return NULL;
	index = pid_map_get(&self->by_pid, pid + 1);
	return index == UINT32_MAX ? NULL : &self->entries[index];
}

static uint64_t start_of(const struct kinfo_proc *entry)
{
	return (uint64_t)entry->kp_proc.p_starttime.tv_sec * PROCESS_SECOND_NS +
	       (uint64_t)entry->kp_proc.p_starttime.tv_usec * 1000;
}

const struct kinfo_proc *row_kinfo(struct processes *self, uint32_t slot, int *ret_state)
{
	struct row *row = &self->rows[slot];
	const struct kinfo_proc *entry = entry_of(self, row->pid);

	*ret_state = STATE_OK;
	if (entry && row->start_ns == start_of(entry))
		return entry;
	if (!row_is_there(self, slot))
		*ret_state = SAMPLE_GONE;
	else if (!entry || row->start_ns)
		*ret_state = STATE_FAILED;
	if (*ret_state != STATE_OK)
		return NULL;
	row->start_ns = start_of(entry);
	return entry;
}

/* --------------------------------------------------------------------------- children */

static void count_child(struct process_kinfo *self, uint32_t parent)
{
	uint32_t index = pid_map_get(&self->children, parent + 1);

	if (index == UINT32_MAX) {
		index = self->children.count;
		if (index == self->count_room) {
			self->count_room = self->count_room ? self->count_room * 2 : 64;
			self->counts = xreallocarray(
				self->counts, self->count_room, sizeof *self->counts);
		}
		self->counts[index] = 0;
		pid_map_put(&self->children, parent + 1, index);
	}
	self->counts[index]++;
}

/* The kernel's own process is its own parent. */
static void count_children(struct process_kinfo *self)
{
	pid_map_clear(&self->children);
	for (uint32_t i = 0; i < self->count; i++)
		if (self->entries[i].kp_proc.p_pid)
			count_child(self, (uint32_t)self->entries[i].kp_eproc.e_ppid);
	self->counted = self->round;
}

bool kinfo_children(struct processes *processes, uint32_t pid, uint64_t *ret_count)
{
	struct process_kinfo *self = kinfo_of(processes);
	uint32_t index;

	if (!have_all(processes))
		return false;
	if (self->counted != self->round)
		count_children(self);
	index = pid_map_get(&self->children, pid + 1);
	*ret_count = index == UINT32_MAX ? 0 : self->counts[index];
	return true;
}

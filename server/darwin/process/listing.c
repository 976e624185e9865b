/*
 * Which processes there are: proc_listpids(), and the unique id of each of these pids. So a pid
 * that is another process's now is seen here, as is a process that runs another program: its id
 * has a version that exec changes. That is one call a row and sampling, and all that tells both.
 */
#include <errno.h>
#include <stdlib.h>

#include "alloc.h"
#include "clock.h"
#include "process.h"

/* The kernel cuts the list silently at the end of the room, and at 20 more than there were when it
 * began: more often than that it need not be called again. */
static int list_pids(struct processes *self, uint32_t *ret_count)
{
	for (;;) {
		int size = (int)(self->pid_capacity * sizeof *self->pids), used = 0;
		errno = 0;
		if (size)
			used = proc_listpids(PROC_ALL_PIDS, 0, self->pids, size);
		if (size && used <= 0)
			return errno ? -errno : -EIO;
		if (used < size) {
			*ret_count = (uint32_t)used / (uint32_t)sizeof *self->pids;
			return 0;
		}
		self->pid_capacity = self->pid_capacity ? self->pid_capacity * 2 : 1024;
		self->pids = xreallocarray(self->pids, self->pid_capacity, sizeof *self->pids);
	}
}

/* ------------------------------------------------------------------------- one of them */

/* Who has the pid? Zombies are found by another argument than those that live. */
static bool identify(
	uint32_t pid, bool zombie, struct proc_uniqidentifierinfo *ret_info, bool *ret_zombie)
{
	int size = sizeof *ret_info;

	*ret_zombie = zombie;
	if (proc_pidinfo((int)pid, PROC_PIDUNIQIDENTIFIERINFO, zombie, ret_info, size) == size)
		return true;
	*ret_zombie = true;
	return !zombie && errno == ESRCH &&
	       proc_pidinfo((int)pid, PROC_PIDUNIQIDENTIFIERINFO, 1, ret_info, size) == size;
}

static void take(struct row *row, const struct proc_uniqidentifierinfo *info)
{
	row->starter = info->p_puniqueid;
	row->version = info->p_idversion;
	for (size_t i = 0; i < sizeof row->uuid; i++)
		row->uuid[i] = info->p_uuid[i];
}

/* What is remembered of the program that it ran, and of its rights, holds no more. */
static void note_exec(struct row *row)
{
	row->denied_ns = 0;
	row->bsd_round = row->task_round = row->usage_round = 0;
}

static void begin(struct processes *self, struct roster *roster, uint32_t pid,
	const struct proc_uniqidentifierinfo *info, bool zombie)
{
	uint32_t slot = roster->ops->born(roster, info->p_uniqueid, pid);

	if (slot == UINT32_MAX)
		return;
	row_reserve(self, slot);
	self->rows[slot] = (struct row){
		.identity = info->p_uniqueid,
		.pid = pid,
		.flags = ROW_ALIVE,
		.met = self->round,
	};
	take(&self->rows[slot], info);
	pid_map_put(&self->slots, pid + 1, slot);
	if (zombie)
		exit_note(self, slot);
}

/* The children of who has ended have another parent, though they sleep. */
static void touch_children(struct processes *self, uint32_t pid)
{
	for (uint32_t slot = 0; slot < self->capacity; slot++)
		if (self->rows[slot].bsd_round && self->rows[slot].bsd.pbi_ppid == pid)
			self->rows[slot].bsd_round = 0;
}

static void meet(struct processes *self, struct roster *roster, uint32_t slot,
	const struct proc_uniqidentifierinfo *info, bool zombie)
{
	struct row *row = &self->rows[slot];
	bool is_other = row->version != info->p_idversion;

	row->met = self->round;
	if (is_other)
		note_exec(row);
	take(row, info);
	if (zombie && !(row->flags & ROW_ZOMBIE)) {
		exit_note(self, slot);
		touch_children(self, row->pid);
		is_other = true;
	}
	if (is_other)
		roster->ops->touched(roster, slot);
}

static void end(struct processes *self, struct roster *roster, uint32_t slot)
{
	uint32_t pid = self->rows[slot].pid;

	exit_tell(self, roster, slot);
	row_end(self, slot);
	touch_children(self, pid);
}

/* A pid that is wanted, or that of a row. */
static void look_at(struct processes *self, struct roster *roster, uint32_t pid)
{
	uint32_t slot = row_of_pid(self, pid);
	struct proc_uniqidentifierinfo info;
	bool zombie = slot != UINT32_MAX && (self->rows[slot].flags & ROW_ZOMBIE);
	bool found = identify(pid, zombie, &info, &zombie);

	if (found && slot != UINT32_MAX && self->rows[slot].identity == info.p_uniqueid) {
		meet(self, roster, slot, &info, zombie);
		return;
	}
	/* Who has the pid of a zombie now was found by the argument for zombies. */
	if (slot != UINT32_MAX && found && zombie)
		found = identify(pid, false, &info, &zombie);
	if (slot != UINT32_MAX && !found && errno != ESRCH) {
		self->rows[slot].met = self->round; /* for all that we know */
		return;
	}
	if (slot != UINT32_MAX)
		end(self, roster, slot);
	if (found)
		begin(self, roster, pid, &info, zombie);
}

/* ------------------------------------------------------------------------ all of them */

static int look_at_all(struct processes *self, struct roster *roster)
{
	uint32_t count = 0;
	int result = list_pids(self, &count);

	for (uint32_t i = 0; result == 0 && i < count; i++)
		look_at(self, roster, (uint32_t)self->pids[i]);
	for (uint32_t slot = 0; result == 0 && slot < self->capacity; slot++)
		if ((self->rows[slot].flags & ROW_ALIVE) && self->rows[slot].met != self->round)
			end(self, roster, slot);
	return result;
}

/* Only these, and the rows that there are. */
static void look_at_some(
	struct processes *self, struct roster *roster, const struct row_scope *scope)
{
	for (uint32_t slot = 0; slot < self->capacity; slot++)
		if ((self->rows[slot].flags & ROW_ALIVE) && self->rows[slot].met != self->round)
			look_at(self, roster, self->rows[slot].pid);
	for (uint32_t i = 0; i < scope->pid_count; i++)
		if (scope->pids[i] <= INT32_MAX &&
			row_of_pid(self, (uint32_t)scope->pids[i]) == UINT32_MAX)
			look_at(self, roster, (uint32_t)scope->pids[i]);
}

int processes_list(void *context, struct roster *roster, const struct row_scope *scope)
{
	struct processes *self = context;

	self->now_ns = clock_now_ns();
	self->round++;
	self->all = scope->all;
	self->exits = scope->exits;
	for (uint32_t slot = 0; slot < self->capacity; slot++)
		self->rows[slot].flags |= ROW_UNGATED;
	if (scope->all)
		return look_at_all(self, roster);
	look_at_some(self, roster, scope);
	return 0;
}

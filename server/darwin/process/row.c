/* A row: a process, and calls that are about this one or fail. See process.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "process.h"

/* ------------------------------------------------------------------------------ rows */

uint32_t row_of_pid(const struct processes *self, uint32_t pid)
{
	return pid_map_get(&self->slots, pid + 1);
}

void row_reserve(struct processes *self, uint32_t slot)
{
	uint32_t before = self->capacity;

	if (slot < before)
		return;
	self->capacity = before ? before * 2 : 256;
	if (self->capacity <= slot)
		self->capacity = slot + 1;
	self->rows = xreallocarray(self->rows, self->capacity, sizeof *self->rows);
	memset(self->rows + before, 0, (self->capacity - before) * sizeof *self->rows);
}

void row_end(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	for (int i = 0; i < PROCESS_SOURCE_COUNT; i++)
		if (process_sources[i]->forget)
			process_sources[i]->forget(self, slot);
	pid_map_remove(&self->slots, row->pid + 1);
	memset(row, 0, sizeof *row);
}

/* ----------------------------------------------------------------------------- calls */

/* The error of bsd/kern/proc_info.c for an id that does not match is ESRCH. */
static int call(
	uint32_t pid, uint64_t identity, int flavor, uint64_t argument, void *out, int size)
{
	return __proc_info_extended_id(PROC_INFO_CALL_PIDINFO, (int)pid, flavor,
		PIF_COMPARE_UNIQUEID, identity, argument, out, size);
}

static bool is_there(uint32_t pid, uint64_t identity)
{
	struct proc_uniqidentifierinfo info;

	return call(pid, identity, PROC_PIDUNIQIDENTIFIERINFO, 1, &info, sizeof info) ==
	       (int)sizeof info;
}

static bool is_for_everybody(int flavor)
{
	return flavor == PROC_PIDT_SHORTBSDINFO || flavor == PROC_PIDUNIQIDENTIFIERINFO ||
	       flavor == PROC_PIDCOALITIONINFO || flavor == PROC_PIDPATHINFO;
}

/* A short answer to a call that succeeded is none: errno is as it was. */
static int state_of(uint32_t pid, uint64_t identity, int error)
{
	if (error == ESRCH)
		return is_there(pid, identity) ? STATE_NONE : SAMPLE_GONE;
	return host_state_of(error);
}

bool row_is_there(struct processes *self, uint32_t slot)
{
	return is_there(self->rows[slot].pid, self->rows[slot].identity);
}

bool row_is_denied(const struct processes *self, uint32_t slot)
{
	uint64_t denied_ns = self->rows[slot].denied_ns;

	return denied_ns && self->now_ns - denied_ns < PROCESS_REFRESH_NS;
}

void row_note_denied(struct processes *self, uint32_t slot)
{
	self->rows[slot].denied_ns = self->now_ns;
}

int row_state_of(struct processes *self, uint32_t slot, int error)
{
	int state = state_of(self->rows[slot].pid, self->rows[slot].identity, error);

	if (state == STATE_DENIED)
		row_note_denied(self, slot);
	return state;
}

int row_info(struct processes *self, uint32_t slot, int flavor, uint64_t argument, void *out,
	int size)
{
	const struct row *row = &self->rows[slot];
	int used;

	if (!is_for_everybody(flavor) && row_is_denied(self, slot))
		return STATE_DENIED;
	used = call(row->pid, row->identity, flavor, argument, out, size);
	if (used == size)
		return STATE_OK;
	if (used < 0)
		return row_state_of(self, slot, errno);
	errno = 0;
	return STATE_FAILED;
}

int row_leave_to_worker(struct processes *self, uint32_t slot)
{
	if (self->rows[slot].flags & ROW_ZOMBIE)
		return STATE_NONE;
	return row_is_denied(self, slot) ? STATE_DENIED : SAMPLE_LATER;
}

/* ------------------------------------------------------------------------------ jobs */

bool job_is_there(const struct process_job *job)
{
	return is_there(job->pid, job->identity);
}

int job_state_of(const struct process_job *job, int error)
{
	return state_of(job->pid, job->identity, error);
}

int job_info(const struct process_job *job, int flavor, uint64_t argument, void *out, int size,
	int *ret_used)
{
	int used = call(job->pid, job->identity, flavor, argument, out, size);

	if (used < 0)
		return job_state_of(job, errno);
	if (!ret_used && used != size)
		return STATE_FAILED;
	if (ret_used)
		*ret_used = used;
	return STATE_OK;
}

int job_prepare_own(struct processes *self, struct job *job)
{
	int result = row_leave_to_worker(self, job->slot);

	return result == SAMPLE_LATER ? STATE_OK : result;
}

int job_finish_own(struct processes *self, struct job *job, int result)
{
	if (result == STATE_DENIED)
		row_note_denied(self, job->slot);
	return result;
}

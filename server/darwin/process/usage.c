/*
 * rusage of a process: read once a sampling, by the gate or by who needs it first. The call goes by
 * the pid alone, but its answer has the time at which the process was started, which exec does not
 * change (ps_start in xnu: bsd/kern/kern_fork.c): a process of another time is another one.
 *
 * Old kernels have fewer fields: version 6 is of macOS 13, 4 of 10.13, 2 of 10.9. What they do not
 * know they refuse, after they have found the process and asked whether we may: EINVAL.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "process.h"

void usage_finish(struct processes *self)
{
	free(self->usages);
	self->usages = NULL;
	self->usage_capacity = 0;
	for (uint32_t slot = 0; slot < self->capacity; slot++)
		self->rows[slot].usage_round = 0;
}

static struct rusage_info_named *usage_of(struct processes *self, uint32_t slot)
{
	if (self->usage_capacity < self->capacity) {
		self->usages =
			xreallocarray(self->usages, self->capacity, sizeof *self->usages);
		self->usage_capacity = self->capacity;
	}
	return &self->usages[slot];
}

static int older(int flavor)
{
	return flavor == RUSAGE_INFO_V6 ? RUSAGE_INFO_V4 : RUSAGE_INFO_V2;
}

/* 0 or an errno. */
static int call(struct processes *self, uint32_t pid, struct rusage_info_named *usage)
{
	for (;;) {
		memset(usage, 0, sizeof *usage);
		if (proc_pid_rusage(
			    (int)pid, self->usage_flavor, (rusage_info_t *)(void *)usage) == 0)
			return 0;
		if (errno != EINVAL || self->usage_flavor == RUSAGE_INFO_V2)
			return errno ? errno : EIO;
		self->usage_flavor = older(self->usage_flavor);
	}
}

static int read_usage(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];
	struct rusage_info_named *usage = usage_of(self, slot);
	int error = call(self, row->pid, usage);
	uint64_t start = usage->v5.ri_proc_start_abstime;

	if (error)
		return row_state_of(self, slot, error);
	if (row->start_tick && row->start_tick == start)
		return STATE_OK;
	if (row->start_tick || !row_is_there(self, slot))
		return SAMPLE_GONE;
	row->start_tick = start;
	return STATE_OK;
}

int row_usage(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	if (row_is_denied(self, slot))
		return STATE_DENIED;
	if (row->usage_round != self->round) {
		row->usage_result = read_usage(self, slot);
		row->usage_round = self->round;
	}
	return row->usage_result;
}

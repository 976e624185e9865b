/*
 * Source exit: how and when a process ended, and with how much CPU time. Only a zombie tells, which a
 * process is until its parent has waited for it: all of it to the same user, and to everybody how it
 * ended (sysctl). So it is read when the list finds a zombie, for the next list may not.
 */
#include <errno.h>
#include <sys/proc.h>

#include "clock.h"
#include "process.h"

static uint64_t status_of(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];
	const struct kinfo_proc *kinfo;
	int result = row_info(self, slot, PROC_PIDTBSDINFO, 1, &row->bsd, sizeof row->bsd);

	row->bsd_round = 0;
	if (result == STATE_OK && row->bsd.pbi_status == SZOMB)
		return row->bsd.pbi_xstatus;
	kinfo = row_kinfo(self, slot, &result);
	if (kinfo && kinfo->kp_proc.p_stat == SZOMB)
		return kinfo->kp_proc.p_xstat;
	return ABSENT_U64(STATE_UNSUPPORTED);
}

static uint64_t cpu_of(struct processes *self, uint32_t slot)
{
	const struct rusage_info_v5 *usage;
	int result;

	self->rows[slot].usage_round = 0;
	result = row_usage(self, slot);
	if (result == STATE_DENIED)
		return ABSENT_U64(STATE_DENIED);
	if (result != STATE_OK)
		return ABSENT_U64(STATE_UNSUPPORTED);
	usage = &self->usages[slot].v5;
	return usage->ri_user_time + usage->ri_system_time;
}

static void read_zombie(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	row->exit_status = status_of(self, slot);
	row->exit_cpu = cpu_of(self, slot);
	row->flags |= ROW_EXIT_READ;
}

void exit_note(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	row->flags |= ROW_ZOMBIE;
	row->exit_ns = clock_read_ns(CLOCK_REALTIME);
	if (self->exits != EXITS_NONE || (self->wanted >> SOURCE_exit & 1))
		read_zombie(self, slot);
}

static void fill(const struct row *row, struct darwin_exit *sample)
{
	sample->status = row->exit_status;
	sample->time_ns = row->exit_ns;
	sample->cpu_ticks = row->exit_cpu;
}

static int exit_read(struct processes *self, uint32_t slot, void *memory)
{
	struct row *row = &self->rows[slot];

	if (!(row->flags & ROW_ZOMBIE))
		return STATE_NONE;
	if (!(row->flags & ROW_EXIT_READ))
		read_zombie(self, slot);
	fill(row, memory);
	return STATE_OK;
}

/* ----------------------------------------------------------------------- the last values */

int exit_read_last(struct processes *self, uint32_t slot, uint32_t source, void *sample)
{
	const struct row *row = &self->rows[slot];

	if (source == SOURCE_exit)
		fill(row, sample);
	else if (source == SOURCE_rusage && row->exit_cpu <= INT64_MAX)
		((struct darwin_rusage *)sample)->cpu_total = row->exit_cpu;
	return STATE_OK;
}

void exit_tell(struct processes *self, struct roster *roster, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	if (self->exits == EXITS_NONE) {
		roster->ops->died(roster, slot);
		return;
	}
	if (!(row->flags & ROW_ZOMBIE))
		row->exit_ns = clock_read_ns(CLOCK_REALTIME);
	if (!(row->flags & ROW_EXIT_READ))
		row->exit_status = row->exit_cpu = ABSENT_U64(STATE_UNSUPPORTED);
	self->ending = true;
	roster->ops->ended(roster, slot);
	self->ending = false;
}

const char *exits_describe(void *context)
{
	(void)context;
	return "zombies, which those that ended are until their parents have waited (exit "
	       "status; CPU time of those of the same user). Not kqueue, which tells a "
	       "status to parents only, and not the audit trail, which takes root";
}

const struct process_source exit_source = {
	.source = {.name = "exit",
		.sample_size = sizeof(struct darwin_exit),
		.lane = LANE_FAST,
		.gated = true,
		.last = true,
		.remedy = REMEDY_OTHERS},
	.read = exit_read,
};

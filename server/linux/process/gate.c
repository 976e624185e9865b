/*
 * The gate: which rows ran since they were last asked. The CPU clock of a process stands
 * still exactly as long as none of its threads runs, and reading it takes a tenth of what
 * reading a file takes.
 *
 * The clock is read by pid, so it might be that of another process which got the pid of a
 * row after that row was reaped. Therefore the exits are collected again at the end: they
 * come before a pid is free, so a row without exit was there all the time. Zombies and rows
 * without pidfd are looked at one by one.
 */
#include <string.h>
#include <time.h>

#include "process.h"

/* The CPU clock of a process is (~pid << 3) | 2; see clock_getcpuclockid(3). */
bool process_clock(uint32_t pid, uint64_t *ret_ns)
{
	struct timespec time;

	if (clock_gettime((clockid_t)(~pid << 3 | 2), &time) < 0)
		return false;
	*ret_ns = (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
	return true;
}

/* The clock of a process that runs on another core is behind by up to one timer tick there,
 * so a row that was just running is read whatever its clock says. */
static uint64_t activity_of(struct processes *self, uint32_t slot, uint64_t clock_ns)
{
	uint8_t flags = self->flags[slot];
	bool moved = (flags & ROW_CLOCKED) && self->clocks[slot] != clock_ns;
	bool was_running = flags & ROW_RUNNING;

	flags &= (uint8_t) ~(ROW_MOVED | ROW_RUNNING);
	flags |= ROW_CLOCKED;
	if (moved) {
		struct row *row = &self->rows[slot];
		row->ran_before_ns = row->ran_ns;
		row->ran_ns = self->now_ns;
		flags |= ROW_MOVED | ROW_RUNNING;
	}
	if (flags & ROW_ZOMBIE)
		flags |= ROW_SETTLED;
	self->flags[slot] = flags;
	self->clocks[slot] = clock_ns;
	/* A kernel thread may never have run: 0 is taken. */
	return was_running ? ACTIVITY_UNKNOWN : clock_ns + 1;
}

static uint64_t gate_row(struct processes *self, uint32_t slot)
{
	uint8_t flags = self->flags[slot];
	uint64_t clock_ns;
	bool read;

	if (flags & ROW_SETTLED)
		return self->clocks[slot] + 1;
	read = process_clock(self->pids[slot], &clock_ns);
	if ((!read || !(flags & ROW_WATCHED) || (flags & ROW_ZOMBIE)) && !row_alive(self, slot))
		return ACTIVITY_GONE;
	return read ? activity_of(self, slot, clock_ns) : ACTIVITY_UNKNOWN;
}

void processes_gate(
	void *context, const uint32_t *slots, uint32_t count, uint64_t *ret_activity)
{
	struct processes *self = context;

	if (!host_has(self->host, FEATURE_CLOCK)) {
		memset(ret_activity, 0, count * sizeof *ret_activity); /* ACTIVITY_UNKNOWN */
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		ret_activity[i] = gate_row(self, slots[i]);
	if (processes_collect_exits(self))
		for (uint32_t i = 0; i < count; i++)
			if (self->flags[slots[i]] & ROW_FRESH)
				ret_activity[i] = row_alive(self, slots[i]) ? ACTIVITY_UNKNOWN
									    : ACTIVITY_GONE;
	if (self->exits != EXITS_NONE)
		return; /* the next list says that they have ended */
	for (uint32_t i = 0; i < count; i++)
		if (ret_activity[i] == ACTIVITY_GONE)
			row_end(self, slots[i]);
}

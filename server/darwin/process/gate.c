/*
 * The gate: which rows ran since they were last asked. Their CPU time is a part of rusage, which the
 * source of that name then has without another call; if nobody wants more than one small thing,
 * asking for that costs no more than the gate would.
 *
 * A thread that runs on a core counts from its last switch on only: a row that was just running is
 * read whatever its clock says. Other users' processes tell no clock: what the kernel tells of them
 * (sources that are not gated) is read each time.
 */
#include "process.h"

/* Small things: one call that copies some bytes. */
#define SMALL                                                                                  \
	(1u << SOURCE_task | 1u << SOURCE_workqueue | 1u << SOURCE_ports |                     \
		1u << SOURCE_session | 1u << SOURCE_state)
/* What costs no call, or one in a row's life. */
#define FREE                                                                                   \
	(1u << SOURCE_identity | 1u << SOURCE_image | 1u << SOURCE_start |                     \
		1u << SOURCE_coalition | 1u << SOURCE_exit)

void gate_want(struct processes *self, uint32_t sources)
{
	uint32_t small = 0, others = 0;

	for (uint32_t i = 0; i < PROCESS_SOURCE_COUNT; i++) {
		uint32_t bit = 1u << i;
		if (!(sources & bit))
			continue;
		small += (SMALL & bit) != 0;
		others += !((SMALL | FREE) & bit) && process_sources[i]->source.gated;
	}
	self->gating = (sources & 1u << SOURCE_rusage) || others || small > 1;
	if (!self->gating)
		usage_finish(self);
}

enum { ACTIVITY_FOREIGN = 1 };

static uint64_t activity_of(struct row *row, uint64_t clock)
{
	bool was_running = row->flags & ROW_MOVED;
	bool moved = (row->flags & ROW_CLOCKED) && row->clock != clock;

	row->flags &= (uint8_t) ~(ROW_MOVED | ROW_UNGATED);
	row->flags |= ROW_CLOCKED;
	if (moved)
		row->flags |= ROW_MOVED;
	row->clock = clock;
	/* ACTIVITY_UNKNOWN and that of others are less. */
	return was_running && !moved ? ACTIVITY_UNKNOWN : clock + 2;
}

static uint64_t gate_row(struct processes *self, uint32_t slot)
{
	const struct rusage_info_named *usage;

	if (row_is_denied(self, slot))
		return ACTIVITY_FOREIGN;
	if (!self->gating)
		return ACTIVITY_UNKNOWN;
	switch (row_usage(self, slot)) {
	case STATE_OK:
		usage = &self->usages[slot];
		return activity_of(
			&self->rows[slot], usage->v5.ri_user_time + usage->v5.ri_system_time);
	case STATE_DENIED:
		return ACTIVITY_FOREIGN;
	case SAMPLE_GONE:
		if (self->exits == EXITS_NONE)
			row_end(self, slot);
		return ACTIVITY_GONE;
	default:
		return ACTIVITY_UNKNOWN;
	}
}

void processes_gate(
	void *context, const uint32_t *slots, uint32_t count, uint64_t *ret_activity)
{
	struct processes *self = context;

	for (uint32_t i = 0; i < count; i++)
		ret_activity[i] = gate_row(self, slots[i]);
}

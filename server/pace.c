#include "pace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "clock.h"
#include "instance.h"
#include "log.h"
#include "subscription.h"

#define LONGEST_NS (60 * SECOND_NS)
/* Ticks come a little after their grid point, now more, now less. */
#define SLACK_NS (GRID_NS / 2)

void pace_finish(struct pace *self)
{
	free(self->rest_until_ns);
	free(self->failures);
}

static uint32_t cell_of(const struct instance *instance, uint32_t index, uint32_t slot)
{
	return slot * instance->provider->source_count + index;
}

static void make_room(struct instance *instance)
{
	struct pace *self = &instance->pace;
	uint32_t cells = instance->seen_capacity * instance->provider->source_count;
	uint32_t more = cells - self->cells;

	if (more == 0)
		return;
	self->rest_until_ns =
		xreallocarray(self->rest_until_ns, cells, sizeof *self->rest_until_ns);
	self->failures = xreallocarray(self->failures, cells, sizeof *self->failures);
	memset(self->rest_until_ns + self->cells, 0, more * sizeof *self->rest_until_ns);
	memset(self->failures + self->cells, 0, more * sizeof *self->failures);
	self->cells = cells;
}

bool pace_rests(const struct instance *instance, uint32_t index, uint32_t slot, uint64_t now_ns)
{
	uint32_t cell = cell_of(instance, index, slot);

	return cell < instance->pace.cells && now_ns < instance->pace.rest_until_ns[cell];
}

bool pace_has_failed(const struct instance *instance, uint32_t index, uint32_t slot)
{
	uint32_t cell = cell_of(instance, index, slot);

	return cell < instance->pace.cells && instance->pace.failures[cell] > 0;
}

static void rest(struct instance *instance, uint32_t index, uint32_t slot, uint64_t length_ns,
	uint64_t now_ns)
{
	make_room(instance);
	instance->pace.rest_until_ns[cell_of(instance, index, slot)] =
		now_ns + length_ns - SLACK_NS;
}

void pace_begin(struct instance *instance, uint32_t index, uint32_t slot, uint64_t now_ns)
{
	uint64_t period_ns = instance->provider->sources[index].period_ns;

	if (period_ns > SLACK_NS)
		rest(instance, index, slot, period_ns, now_ns);
}

void pace_report(struct instance *instance, uint32_t index)
{
	struct instance_source *source = &instance->sources[index];

	if (source->reported)
		return;
	source->reported = true;
	log_info("%s.%s: cannot be read for a row, which is tried less and less often "
		 "(said once)",
		table_name(instance->table_id), instance->provider->sources[index].name);
}

/* 1 s, 2 s, 4 s .. up to LONGEST_NS; never sooner than its period. */
static uint64_t rest_after(const struct source *source, uint32_t failures)
{
	uint64_t length_ns = failures > 6 ? LONGEST_NS : SECOND_NS << (failures - 1);

	if (length_ns > LONGEST_NS)
		length_ns = LONGEST_NS;
	return length_ns > source->period_ns ? length_ns : source->period_ns;
}

void pace_end(
	struct instance *instance, uint32_t index, uint32_t slot, bool failed, uint64_t now_ns)
{
	uint32_t cell = cell_of(instance, index, slot);

	if (!failed) {
		if (cell < instance->pace.cells)
			instance->pace.failures[cell] = 0;
		return;
	}
	make_room(instance);
	if (instance->pace.failures[cell] < UINT8_MAX)
		instance->pace.failures[cell]++;
	rest(instance, index, slot,
		rest_after(&instance->provider->sources[index], instance->pace.failures[cell]),
		now_ns);
	pace_report(instance, index);
}

void pace_forget_row(struct instance *instance, uint32_t slot)
{
	for (uint32_t i = 0; i < instance->provider->source_count; i++) {
		uint32_t cell = cell_of(instance, i, slot);
		if (cell >= instance->pace.cells)
			return;
		instance->pace.rest_until_ns[cell] = 0;
		instance->pace.failures[cell] = 0;
	}
}

void pace_forget_source(struct instance *instance, uint32_t index)
{
	uint32_t count = instance->provider->source_count;

	for (uint32_t cell = index; cell < instance->pace.cells; cell += count)
		if (!instance->pace.failures[cell])
			instance->pace.rest_until_ns[cell] = 0;
}

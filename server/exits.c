#include "exits.h"

#include <stdlib.h>

#include "alloc.h"
#include "apply.h"
#include "clock.h"
#include "instance.h"
#include "slow.h"

struct exit_entry {
	uint32_t slot;
	uint64_t ended_ns;
};

void exits_finish(struct exits *self)
{
	free(self->entries);
}

static struct exit_entry *entry_at(const struct exits *self, uint32_t i)
{
	return &self->entries[(self->first + i) % EXITS_MAX];
}

uint32_t exits_get_slot(const struct exits *self, uint32_t i)
{
	return entry_at(self, i)->slot;
}

static void read_last(struct instance *instance, uint32_t slot, uint64_t now_ns)
{
	const struct provider *provider = instance->provider;

	for (uint32_t i = 0; i < provider->source_count; i++) {
		struct instance_source *source = &instance->sources[i];
		if (!provider->sources[i].last || !source->live_count)
			continue;
		source->reads++;
		apply_clear(instance, i, instance->sample);
		int result = provider->read(instance->handle, slot, i, instance->sample);
		if (result == STATE_OK)
			apply_last(instance, i, slot, instance->sample, now_ns);
	}
}

/* What was not read yet never will be. */
static void settle_cells(struct instance *instance, uint32_t slot)
{
	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		struct column *column = instance->table.columns[i];
		if (column && column->states[slot] == STATE_PENDING)
			table_set_state(&instance->table, column, slot, STATE_NONE);
	}
}

static void drop_oldest(struct instance *instance)
{
	struct exits *self = &instance->exits;
	uint32_t slot = entry_at(self, 0)->slot;

	self->first = (self->first + 1) % EXITS_MAX;
	self->count--;
	self->dropped++;
	instance_bury(instance, slot);
}

void exits_add(struct instance *instance, uint32_t slot, uint64_t now_ns)
{
	struct exits *self = &instance->exits;

	read_last(instance, slot, now_ns);
	settle_cells(instance, slot);
	slow_forget_row(instance, slot);
	table_end(&instance->table, slot);
	if (!self->entries)
		self->entries = xcalloc(EXITS_MAX, sizeof *self->entries);
	if (self->count == EXITS_MAX)
		drop_oldest(instance);
	*entry_at(self, self->count++) = (struct exit_entry){slot, now_ns};
}

void exits_retire(struct instance *instance, uint64_t now_ns,
	bool (*awaited)(void *context, uint32_t slot, bool patient), void *context)
{
	struct exits *self = &instance->exits;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < self->count; i++) {
		struct exit_entry entry = *entry_at(self, i);
		bool patient = now_ns - entry.ended_ns < EXITS_PATIENCE_S * SECOND_NS;
		if (awaited(context, entry.slot, patient))
			*entry_at(self, kept++) = entry;
		else
			instance_bury(instance, entry.slot);
	}
	self->count = kept;
}

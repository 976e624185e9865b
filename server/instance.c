#include "instance.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "apply.h"
#include "clock.h"
#include "listing.h"
#include "slow.h"
#include "sum.h"

const struct provider *instance_find_provider(
	const struct platform *platform, enum table_id table)
{
	for (uint32_t i = 0; i < platform->provider_count; i++)
		if (platform->providers[i]->table == table)
			return platform->providers[i];
	return NULL;
}

enum cell_state instance_available(const struct platform *platform,
	enum attribute_index attribute, const char **ret_reason)
{
	const struct binding *binding = &platform->bindings[attribute];
	const struct provider *provider =
		instance_find_provider(platform, attributes[attribute].table);
	enum cell_state state = STATE_UNSUPPORTED;

	*ret_reason = "this platform has no source for it";
	if (binding->sum) {
		state = instance_available(platform, binding->sum->of, ret_reason);
		return state == STATE_OK
			       ? instance_available(platform, binding->sum->by, ret_reason)
			       : state;
	}
	if (binding->unsupported)
		*ret_reason = binding->unsupported;
	else if (provider && binding->bound) {
		*ret_reason = provider->unsupported ? provider->unsupported(provider->context,
							      binding->source, &state)
						    : NULL;
		if (!*ret_reason)
			state = STATE_OK;
	}
	return state;
}

bool instance_is_slow(const struct platform *platform, enum attribute_index attribute)
{
	const struct binding *binding = &platform->bindings[attribute];

	if (attributes[attribute].cost == COST_SLOW)
		return true;
	return binding->bound && instance_source(platform, attribute) &&
	       instance_source(platform, attribute)->lane == LANE_SLOW;
}

const struct source *instance_source(
	const struct platform *platform, enum attribute_index attribute)
{
	const struct binding *binding = &platform->bindings[attribute];
	const struct provider *provider =
		instance_find_provider(platform, attributes[attribute].table);

	if (binding->sum)
		return instance_source(platform, binding->sum->of);
	return provider && binding->bound ? &provider->sources[binding->source] : NULL;
}

int instance_create(const struct platform *platform, const struct provider *provider,
	const struct target *target, uint64_t id, uint64_t *text_bytes,
	struct instance **ret_instance)
{
	struct instance *self = xcalloc(1, sizeof *self);
	size_t sample_size = 8;
	int error = provider->open(provider->context, target, &self->handle);

	if (error) {
		free(self);
		return error;
	}
	self->id = id;
	self->rows_max = TABLE_ROWS_MAX;
	self->table_id = provider->table;
	self->target = *target;
	self->platform = platform;
	self->provider = provider;
	assert(provider->source_count <= SOURCES_MAX);
	for (uint32_t i = 0; i < provider->source_count; i++)
		if (provider->sources[i].sample_size > sample_size)
			sample_size = provider->sources[i].sample_size;
	self->sample = xcalloc(1, sample_size);
	table_init(&self->table, text_bytes);
	*ret_instance = self;
	return 0;
}

void instance_destroy(struct instance *self)
{
	if (!self)
		return;
	self->provider->close(self->handle);
	sum_finish(self);
	table_finish(&self->table);
	for (int i = 0; i < SOURCES_MAX; i++)
		free(self->sources[i].live);
	exits_finish(&self->exits);
	free(self->seen);
	free(self->slow);
	pace_finish(&self->pace);
	free(self->slots);
	free(self->activity);
	free(self->sample);
	free(self);
}

/* ------------------------------------------------------------------ wanted columns */

static void forget_source(struct instance *self, uint32_t source)
{
	for (uint32_t slot = 0; slot < self->seen_capacity; slot++)
		self->seen[slot * self->provider->source_count + source] = ACTIVITY_UNKNOWN;
	self->sources[source].sampled_ns = 0;
	listing_read_again(self, source);
	pace_forget_source(self, source);
}

void instance_announce(struct instance *self)
{
	uint32_t wanted = 0;

	for (uint32_t i = 0; i < self->provider->source_count; i++)
		if (self->sources[i].live_count)
			wanted |= UINT32_C(1) << i;
	if (self->provider->want)
		self->provider->want(self->handle, wanted);
}

static void rebuild_source(struct instance *self, uint32_t index)
{
	struct instance_source *source = &self->sources[index];

	uint32_t live_before = source->live_count;

	source->live_count = 0;
	source->drifts = false;
	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		const struct binding *binding = &self->platform->bindings[i];
		struct column *column = self->table.columns[i];
		if (!column || !binding->bound || binding->source != index)
			continue;
		if (column->default_state != STATE_PENDING)
			continue;
		source->live = xreallocarray(
			source->live, source->live_count + 1, sizeof *source->live);
		source->live[source->live_count++] =
			(struct live_binding){column, binding->offset, binding->scale};
		source->drifts |= binding->drifts;
		/* A slow cell carries its time. */
		assert(column->slow || self->provider->sources[index].lane != LANE_SLOW);
	}
	if (!live_before != !source->live_count)
		instance_announce(self);
}

/* Many columns of one source are made at once: it is asked once for all of them. */
static enum cell_state ask_source(struct instance *self, enum attribute_index attribute)
{
	const struct binding *binding = &self->platform->bindings[attribute];
	struct instance_source *source = &self->sources[binding->source];
	const char *reason;

	if (!binding->bound)
		return instance_available(self->platform, attribute, &reason);
	if (!source->asked || source->asked_tick != self->table.tick)
		source->available = instance_available(self->platform, attribute, &reason);
	source->asked = true;
	source->asked_tick = self->table.tick;
	return source->available;
}

struct column *instance_acquire(
	struct instance *self, enum attribute_index attribute, uint32_t *ret_source)
{
	const struct binding *binding = &self->platform->bindings[attribute];
	bool is_new;
	enum cell_state state = ask_source(self, attribute);
	struct column *column = table_acquire(
		&self->table, attribute, state == STATE_OK ? STATE_PENDING : state, &is_new);

	if (is_new && instance_is_slow(self->platform, attribute))
		table_make_slow(&self->table, column);
	*ret_source = 0;
	if (binding->sum && column->default_state == STATE_PENDING) {
		/* Sums go up by it, whoever else wants it. */
		instance_acquire(self, binding->sum->up, ret_source);
		if (is_new)
			sum_begin(self, attribute);
		return column;
	}
	if (column->default_state == STATE_PENDING)
		*ret_source = UINT32_C(1) << binding->source;
	if (is_new && *ret_source) {
		rebuild_source(self, binding->source);
		forget_source(self, binding->source);
	}
	return column;
}

void instance_release(struct instance *self, enum attribute_index attribute)
{
	const struct binding *binding = &self->platform->bindings[attribute];

	bool is_sum =
		binding->sum && self->table.columns[attribute]->default_state == STATE_PENDING;

	table_release(&self->table, attribute);
	if (is_sum) {
		if (!self->table.columns[attribute])
			sum_end(self, attribute);
		instance_release(self, binding->sum->up);
		return;
	}
	if (self->table.columns[attribute] || !binding->bound)
		return;
	rebuild_source(self, binding->source);
	if (self->sources[binding->source].live_count == 0)
		slow_forget_source(self, binding->source);
}

bool instance_unsampled(const struct instance *self, enum attribute_index attribute)
{
	const struct binding *binding = &self->platform->bindings[attribute];

	if (binding->sum)
		return self->sums_unsampled;
	uint32_t unsampled = self->unsampled | listing_unsampled(self);

	return binding->bound && (unsampled >> binding->source & 1);
}

/* ------------------------------------------------------------------------- listing */

struct instance_roster {
	struct roster roster;
	struct instance *instance;
	uint64_t now_ns;
};

static struct instance *roster_instance(struct roster *roster)
{
	return ((struct instance_roster *)(void *)roster)->instance;
}

/* Whatever its gate says, the row is read again. */
static void forget_activity(struct instance *self, uint32_t slot)
{
	uint32_t count = self->provider->source_count;

	memset(&self->seen[slot * count], 0, count * sizeof *self->seen);
}

void instance_bury(struct instance *self, uint32_t slot)
{
	forget_activity(self, slot);
	slow_forget_row(self, slot);
	pace_forget_row(self, slot);
	table_remove(&self->table, slot);
}

static uint32_t roster_born(struct roster *roster, uint64_t identity, uint64_t pid)
{
	struct instance *self = roster_instance(roster);
	uint32_t slot = self->table.row_count < self->rows_max
				? table_add(&self->table, identity, pid)
				: NO_SLOT;
	uint32_t count = self->provider->source_count;

	if (slot == NO_SLOT) {
		self->overflowed = true;
		return slot;
	}
	if (self->seen_capacity < self->table.capacity) {
		uint32_t from = self->seen_capacity * count, to = self->table.capacity * count;
		self->seen = xreallocarray(self->seen, to, sizeof *self->seen);
		self->slow = xreallocarray(self->slow, to, sizeof *self->slow);
		memset(self->seen + from, 0, (to - from) * sizeof *self->seen);
		memset(self->slow + from, 0, (to - from) * sizeof *self->slow);
		self->seen_capacity = self->table.capacity;
	}
	return slot;
}

static void roster_died(struct roster *roster, uint32_t slot)
{
	instance_bury(roster_instance(roster), slot);
}

static void roster_ended(struct roster *roster, uint32_t slot)
{
	exits_add(roster_instance(roster), slot,
		((struct instance_roster *)(void *)roster)->now_ns);
}

static void roster_touched(struct roster *roster, uint32_t slot)
{
	forget_activity(roster_instance(roster), slot);
}

static const struct roster_ops roster_ops = {
	roster_born, roster_died, roster_ended, roster_touched};

void instance_forget_rows(struct instance *self)
{
	for (uint32_t slot = 0; slot < self->table.slot_count; slot++)
		if (row_is_running(&self->table.rows[slot]))
			instance_bury(self, slot);
	sum_forget(self);
	for (uint32_t i = 0; i < self->provider->source_count; i++)
		self->sources[i].sampled_ns = 0;
}

enum exits_wanted instance_wanted_exits(const struct instance *self)
{
	if (self->unfiltered_exit_views)
		return EXITS_OF_ALL;
	return self->exit_views ? EXITS_OF_ROWS : EXITS_NONE;
}

int instance_list(struct instance *self, const struct row_scope *scope, uint64_t now_ns)
{
	struct instance_roster roster = {{&roster_ops}, self, now_ns};

	self->overflowed = false;
	return self->provider->list(self->handle, &roster.roster, scope);
}

void instance_collect_exits(struct instance *self, uint64_t now_ns)
{
	struct row_scope scope = {.exits = instance_wanted_exits(self)};

	if (scope.exits != EXITS_NONE)
		instance_list(self, &scope, now_ns);
}

bool instance_lists_slowly(const struct instance *self)
{
	return self->provider->source_count > 0 &&
	       self->provider->sources[0].lane == LANE_LISTED;
}

uint32_t instance_slow_sources(const struct instance *self)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < self->provider->source_count; i++)
		if (self->provider->sources[i].lane != LANE_FAST)
			mask |= UINT32_C(1) << i;
	return mask;
}

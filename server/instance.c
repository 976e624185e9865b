#include "instance.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "apply.h"
#include "clock.h"
#include "slow.h"

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
	if (binding->unsupported)
		*ret_reason = binding->unsupported;
	else if (provider && binding->bound) {
		*ret_reason = provider->unsupported ? provider->unsupported(platform->context,
							      binding->source, &state)
						    : NULL;
		if (!*ret_reason)
			state = STATE_OK;
	}
	return state;
}

const struct source *instance_source(
	const struct platform *platform, enum attribute_index attribute)
{
	const struct binding *binding = &platform->bindings[attribute];
	const struct provider *provider =
		instance_find_provider(platform, attributes[attribute].table);

	return provider && binding->bound ? &provider->sources[binding->source] : NULL;
}

int instance_create(const struct platform *platform, const struct provider *provider,
	const struct target *target, uint64_t id, struct instance **ret_instance)
{
	struct instance *self = xcalloc(1, sizeof *self);
	size_t sample_size = 8;
	int error = provider->open(platform->context, target, &self->handle);

	if (error) {
		free(self);
		return error;
	}
	self->id = id;
	self->table_id = provider->table;
	self->target = *target;
	self->platform = platform;
	self->provider = provider;
	assert(provider->source_count <= SOURCES_MAX);
	for (uint32_t i = 0; i < provider->source_count; i++)
		if (provider->sources[i].sample_size > sample_size)
			sample_size = provider->sources[i].sample_size;
	self->sample = xcalloc(1, sample_size);
	table_init(&self->table);
	*ret_instance = self;
	return 0;
}

void instance_destroy(struct instance *self)
{
	if (!self)
		return;
	self->provider->close(self->handle);
	table_finish(&self->table);
	for (int i = 0; i < SOURCES_MAX; i++)
		free(self->sources[i].live);
	exits_finish(&self->exits);
	free(self->seen);
	free(self->slow);
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
		/* A slow cell carries its time: the registry says SLOW where the source is. */
		assert(column->slow == (self->provider->sources[index].lane == LANE_SLOW));
	}
	if (!live_before != !source->live_count)
		instance_announce(self);
}

struct column *instance_acquire(
	struct instance *self, enum attribute_index attribute, uint32_t *ret_source)
{
	const struct binding *binding = &self->platform->bindings[attribute];
	const char *reason;
	bool is_new;
	enum cell_state state = instance_available(self->platform, attribute, &reason);
	struct column *column = table_acquire(
		&self->table, attribute, state == STATE_OK ? STATE_PENDING : state, &is_new);

	*ret_source =
		column->default_state == STATE_PENDING ? UINT32_C(1) << binding->source : 0;
	if (is_new && *ret_source) {
		rebuild_source(self, binding->source);
		forget_source(self, binding->source);
	}
	return column;
}

void instance_release(struct instance *self, enum attribute_index attribute)
{
	const struct binding *binding = &self->platform->bindings[attribute];

	table_release(&self->table, attribute);
	if (self->table.columns[attribute] || !binding->bound)
		return;
	rebuild_source(self, binding->source);
	if (self->sources[binding->source].live_count == 0)
		slow_forget_source(self, binding->source);
}

bool instance_unsampled(const struct instance *self, enum attribute_index attribute)
{
	const struct binding *binding = &self->platform->bindings[attribute];

	return binding->bound && (self->unsampled >> binding->source & 1);
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
	table_remove(&self->table, slot);
}

static uint32_t roster_born(struct roster *roster, uint64_t identity, uint64_t pid)
{
	struct instance *self = roster_instance(roster);
	uint32_t slot = table_add(&self->table, identity, pid);
	uint32_t count = self->provider->source_count;

	if (slot == NO_SLOT)
		return slot;
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

static bool in_scope(const struct row_scope *scope, uint64_t pid)
{
	uint32_t low = 0, high = scope->pid_count;

	if (scope->all)
		return true;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (scope->pids[middle] < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < scope->pid_count && scope->pids[low] == pid;
}

static bool is_running(const struct row *row)
{
	return row->alive && !row->ended;
}

/* The running rows of the scope, into the scratch arrays; returns how many. */
static uint32_t select_rows(struct instance *self, const struct row_scope *scope)
{
	uint32_t count = 0;

	if (self->scratch_capacity < self->table.capacity) {
		self->scratch_capacity = self->table.capacity;
		self->slots =
			xreallocarray(self->slots, self->scratch_capacity, sizeof *self->slots);
		self->activity = xreallocarray(
			self->activity, self->scratch_capacity, sizeof *self->activity);
	}
	for (uint32_t slot = 0; slot < self->table.slot_count; slot++)
		if (is_running(&self->table.rows[slot]) &&
			in_scope(scope, self->table.rows[slot].pid))
			self->slots[count++] = slot;
	return count;
}

void instance_forget_rows(struct instance *self)
{
	for (uint32_t slot = 0; slot < self->table.slot_count; slot++)
		if (is_running(&self->table.rows[slot]))
			instance_bury(self, slot);
	for (uint32_t i = 0; i < self->provider->source_count; i++)
		self->sources[i].sampled_ns = 0;
}

enum exits_wanted instance_wanted_exits(const struct instance *self)
{
	if (self->unfiltered_exit_views)
		return EXITS_OF_ALL;
	return self->exit_views ? EXITS_OF_ROWS : EXITS_NONE;
}

void instance_collect_exits(struct instance *self, uint64_t now_ns)
{
	struct instance_roster roster = {{&roster_ops}, self, now_ns};
	struct row_scope scope = {.exits = instance_wanted_exits(self)};

	if (scope.exits != EXITS_NONE)
		self->provider->list(self->handle, &roster.roster, &scope);
}

/* ------------------------------------------------------------------------- reading */

/* Which slots are due for a refresh of this source: a window that goes round all slots in
 * REFRESH_NS. */
struct window {
	uint32_t from, to, wrapped_to; /* [from, to) and [0, wrapped_to) */
};

static bool window_has(const struct window *self, uint32_t slot)
{
	return (slot >= self->from && slot < self->to) || slot < self->wrapped_to;
}

/* Moves the window of a source that is sampled for all rows. */
static struct window advance_refresh(struct instance *self, uint32_t index, uint64_t now_ns)
{
	struct instance_source *source = &self->sources[index];
	uint32_t slots = self->table.slot_count;
	uint64_t elapsed = now_ns - source->attempted_ns;
	bool first = source->attempted_ns == 0;
	struct window window = {0, 0, 0};

	if (!source->drifts || slots == 0)
		return window;
	source->attempted_ns = now_ns;
	if (first || elapsed >= REFRESH_NS || elapsed == 0)
		return (struct window){0, slots, 0};
	/* So many samplings fit into REFRESH_NS, if they go on as they do. */
	uint32_t steps = (uint32_t)(REFRESH_NS / elapsed);
	uint32_t share = (slots + steps - 1) / steps;
	window.from = source->refresh_cursor < slots ? source->refresh_cursor : 0;
	window.to = window.from + share;
	if (window.to > slots) {
		window.wrapped_to = window.to - slots;
		window.to = slots;
	}
	source->refresh_cursor = window.wrapped_to ? window.wrapped_to : window.to;
	return window;
}

/* One read in the tick. False: the row is dead. */
static bool read_row(struct instance *self, uint32_t index, uint32_t slot, uint64_t now_ns)
{
	struct instance_source *source = &self->sources[index];
	bool timed = source->reads++ % 16 == 0;
	uint64_t start_ns = timed ? clock_now_ns() : 0;
	int result = self->provider->read(self->handle, slot, index, self->sample);

	if (timed) {
		source->timed_reads++;
		source->timed_ns += clock_now_ns() - start_ns;
	}
	if (result == SAMPLE_GONE)
		return false;
	if (result == SAMPLE_LATER) {
		slow_want(self, index, slot);
		return true;
	}
	source->failures += result == STATE_FAILED;
	apply_sample(self, index, slot, self->sample, (enum cell_state)result, now_ns);
	return true;
}

/* What of this sampling concerns one row. */
struct row_wishes {
	uint32_t sources, forced; /* bit masks */
	uint32_t filtered;        /* wanted by a filter, and of no other row */
};

static struct row_wishes wishes_of(const struct sampling *sampling, uint64_t pid)
{
	struct row_wishes wishes = {0, 0, 0};

	if (sampling->scope.all) {
		wishes.sources = sampling->of_all;
		wishes.forced = sampling->of_all_forced;
	}
	if ((sampling->of_filtered & ~wishes.sources) || sampling->of_filtered_forced) {
		struct row_scope filtered = sampling->scope;
		filtered.all = false;
		if (in_scope(&filtered, pid)) {
			wishes.filtered = sampling->of_filtered & ~wishes.sources;
			wishes.sources |= sampling->of_filtered;
			wishes.forced |= sampling->of_filtered_forced;
		}
	}
	return wishes;
}

/* Must the source be read for this row, though its activity stands still? Of the few rows of
 * a filter, each perhaps at a rhythm of its own, whatever drifts is read each time: no window
 * would meet them all. */
static bool is_due_for_refresh(const struct instance *self, const struct row_wishes *wishes,
	const struct window *windows, uint32_t index, uint32_t slot, uint64_t now_ns)
{
	if (self->provider->sources[index].lane == LANE_SLOW)
		return slow_expired(self, index, slot, now_ns);
	if (wishes->filtered >> index & 1)
		return self->sources[index].drifts;
	return window_has(&windows[index], slot);
}

/* All wanted sources of one row. False: the row is dead. */
static bool sample_row(struct instance *self, const struct sampling *sampling,
	const struct window *windows, uint32_t slot, uint64_t activity)
{
	const struct provider *provider = self->provider;
	uint64_t *seen = &self->seen[slot * provider->source_count];
	struct row_wishes wishes = wishes_of(sampling, self->table.rows[slot].pid);

	for (uint32_t mask = wishes.sources; mask; mask &= mask - 1) {
		uint32_t index = (uint32_t)__builtin_ctz(mask);
		const struct source *source = &provider->sources[index];
		bool stale = !source->gated || activity == ACTIVITY_UNKNOWN ||
			     seen[index] != activity || (wishes.forced >> index & 1) ||
			     is_due_for_refresh(
				     self, &wishes, windows, index, slot, sampling->now_ns);
		if (!stale) {
			self->sources[index].skips++;
			continue;
		}
		if (source->lane == LANE_SLOW) {
			if (slow_want(self, index, slot) && activity != ACTIVITY_UNKNOWN)
				seen[index] = activity;
			continue;
		}
		if (!read_row(self, index, slot, sampling->now_ns))
			return false;
		/* If it is unknown, what was seen before still holds: activity never comes back
		 * to a number that it had left. */
		if (activity != ACTIVITY_UNKNOWN)
			seen[index] = activity;
	}
	return true;
}

/* A source that was sampled for some rows only is of no single time any more. */
static void note_times(
	struct instance *self, const struct sampling *sampling, struct window *windows)
{
	uint32_t of_all = sampling->scope.all ? sampling->of_all : 0;

	for (uint32_t mask = of_all; mask; mask &= mask - 1) {
		uint32_t index = (uint32_t)__builtin_ctz(mask);
		windows[index] = advance_refresh(self, index, sampling->now_ns);
		self->sources[index].sampled_ns = sampling->now_ns;
	}
	for (uint32_t mask = sampling->of_filtered & ~of_all; mask; mask &= mask - 1)
		self->sources[__builtin_ctz(mask)].sampled_ns = 0;
}

int instance_sample(struct instance *self, const struct sampling *sampling, struct lane *lane)
{
	struct instance_roster roster = {{&roster_ops}, self, sampling->now_ns};
	struct window windows[SOURCES_MAX] = {{0, 0, 0}};
	int error = self->provider->list(self->handle, &roster.roster, &sampling->scope);

	self->unsampled = error ? sampling->of_all | sampling->of_filtered : 0;
	self->listed = !error;
	if (error)
		return error == -ESRCH ? error : 0;
	uint32_t count = select_rows(self, &sampling->scope);
	if (self->provider->gate)
		self->provider->gate(self->handle, self->slots, count, self->activity);
	else
		memset(self->activity, 0, count * sizeof *self->activity);
	note_times(self, sampling, windows);
	for (uint32_t i = 0; i < count; i++)
		if ((self->activity[i] == ACTIVITY_GONE ||
			    !sample_row(self, sampling, windows, self->slots[i],
				    self->activity[i])) &&
			sampling->scope.exits == EXITS_NONE)
			instance_bury(self, self->slots[i]);
	slow_pump(self, lane, sampling->now_ns);
	return 0;
}

uint32_t instance_slow_sources(const struct instance *self)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < self->provider->source_count; i++)
		if (self->provider->sources[i].lane != LANE_FAST)
			mask |= UINT32_C(1) << i;
	return mask;
}

#include "sampling.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "apply.h"
#include "clock.h"
#include "instance.h"
#include "listing.h"
#include "slow.h"

/* ---------------------------------------------------------------------- which rows */

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
		if (row_is_running(&self->table.rows[slot]) &&
			in_scope(scope, self->table.rows[slot].pid))
			self->slots[count++] = slot;
	return count;
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

enum outcome {
	ROW_DEAD,
	ROW_READ, /* or it will be, as it is now */
	ROW_LEFT, /* a worker is reading it already: as it was then */
};

/* One read in the tick. */
static enum outcome read_row(
	struct instance *self, uint32_t index, uint32_t slot, uint64_t now_ns)
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
		return ROW_DEAD;
	if (result == SAMPLE_LATER)
		return slow_want(self, index, slot) ? ROW_READ : ROW_LEFT;
	source->failures += result == STATE_FAILED;
	pace_end(self, index, slot, result == STATE_FAILED, now_ns);
	apply_sample(self, index, slot, self->sample, (enum cell_state)result, now_ns);
	if (result != STATE_FAILED)
		return ROW_READ;
	/* Tried again when it has rested, though the row may do nothing until then. */
	self->seen[slot * self->provider->source_count + index] = ACTIVITY_UNKNOWN;
	return ROW_LEFT;
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

/* It is left alone: because of its period, or because it failed; then so has what somebody wants
 * of it since. */
static void note_rest(struct instance *self, uint32_t index, uint32_t slot, uint64_t now_ns)
{
	self->rested |= UINT32_C(1) << index;
	if (pace_has_failed(self, index, slot))
		apply_to_pending(self, index, slot, STATE_FAILED, now_ns);
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
		bool rests = stale && pace_rests(self, index, slot, sampling->now_ns);
		if (rests)
			note_rest(self, index, slot, sampling->now_ns);
		else if (source->lane == LANE_FAST)
			self->unrested |= UINT32_C(1) << index;
		if (!stale || rests) {
			self->sources[index].skips++;
			continue;
		}
		pace_begin(self, index, slot, sampling->now_ns);
		enum outcome outcome;
		if (source->lane == LANE_SLOW)
			outcome = slow_want(self, index, slot) ? ROW_READ : ROW_LEFT;
		else
			outcome = read_row(self, index, slot, sampling->now_ns);
		if (outcome == ROW_DEAD)
			return false;
		/* If it is unknown, what was seen before still holds: activity never comes back
		 * to a number that it had left. */
		if (outcome == ROW_READ && activity != ACTIVITY_UNKNOWN)
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

int sampling_run(const struct sampling *self, struct instance *instance, struct lane *lane)
{
	struct window windows[SOURCES_MAX] = {{0, 0, 0}};
	int error;

	if (instance_lists_slowly(instance)) {
		instance->listed = true;
		return listing_want(
			instance, self->of_all | self->of_filtered, lane, self->now_ns);
	}
	error = instance_list(instance, &self->scope, self->now_ns);
	instance->unsampled = error ? self->of_all | self->of_filtered : 0;
	instance->listed = !error;
	if (error)
		return error == -ESRCH ? error : 0;
	uint32_t count = select_rows(instance, &self->scope);
	if (instance->provider->gate)
		instance->provider->gate(
			instance->handle, instance->slots, count, instance->activity);
	else if (count > 0) /* without rows there is no array yet */
		memset(instance->activity, 0, count * sizeof *instance->activity);
	note_times(instance, self, windows);
	instance->rested = instance->unrested = 0;
	for (uint32_t i = 0; i < count; i++)
		if ((instance->activity[i] == ACTIVITY_GONE ||
			    !sample_row(instance, self, windows, instance->slots[i],
				    instance->activity[i])) &&
			self->scope.exits == EXITS_NONE)
			instance_bury(instance, instance->slots[i]);
	/* Fast cells have no age: of a source that rests in all rows the frame must say so. */
	for (uint32_t i = 0; i < instance->provider->source_count; i++)
		if (instance->provider->sources[i].lane == LANE_FAST)
			instance->unsampled |= instance->rested & ~instance->unrested & 1u << i;
	slow_pump(instance, lane, self->now_ns);
	return 0;
}

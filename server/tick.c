/* One tick, in its seven steps: late, due, wanted, list, read, encode, send. */
#include <errno.h>
#include <stdlib.h>

#include "alloc.h"
#include "clock.h"
#include "due.h"
#include "frame.h"
#include "listing.h"
#include "sampler.h"
#include "sampler_state.h"
#include "sampling.h"
#include "slow.h"
#include "sum.h"

/* Without a tick for this much longer than planned, the server itself was stopped. */
#define GAP_NS (3 * UINT64_C(1000000000))

/* ------------------------------------------------------------------ 1: late results */

static struct instance *instance_by_id(const struct sampler *self, uint64_t id)
{
	for (struct instance *i = self->instances; i; i = i->next)
		if (i->id == id)
			return i;
	return NULL;
}

static void apply_result(struct sampler *self, struct lane_job *job, bool late)
{
	struct instance *instance = instance_by_id(self, job->instance);

	if (instance && job->job.source == SOURCE_LISTING) {
		listing_limit(instance, self->instances);
		instance->end_error = listing_apply(instance, job, late, self->now_ns);
	} else if (instance)
		slow_apply(instance, job, late, self->now_ns);
}

static void apply_results(struct sampler *self)
{
	struct lane_job *job;
	struct lane_job *late;

	while ((job = lane_collect(self->lane, self->now_ns))) {
		apply_result(self, job, false);
		lane_job_destroy(self->lane, job);
	}
	while ((late = lane_next_late(self->lane, self->now_ns)))
		apply_result(self, late, true);
	listing_read(self->instances);
	for (struct instance *i = self->instances; i; i = i->next) {
		if (i->slow_wanted)
			slow_pump(i, self->lane, self->now_ns);
		if (!i->end_error)
			i->end_error = listing_pump(i, self->lane, self->now_ns);
	}
}

/* ----------------------------------------------------------------------- 3: wanted */

/* What this view, its own or the input of it, wants of this tick. */
static uint32_t wanted_sources(const struct subscription *subscription, const struct view *view)
{
	if (subscription->state == SUBSCRIPTION_WAITED)
		return view->sources & ~instance_slow_sources(view->instance);
	return view->sources;
}

/* Adds what a due subscription wants to the sampling; `pids` has room for each view's. */
static void add_wanted(struct sampling *sampling, const struct subscription *subscription,
	struct view *view, uint64_t tick, uint64_t *pids)
{
	uint32_t sources = wanted_sources(subscription, view);
	uint32_t forced = subscription->one_shot ? sources : 0;

	if (view->filtered) {
		sampling->of_filtered |= sources;
		sampling->of_filtered_forced |= forced;
	} else {
		sampling->scope.all = true;
		sampling->of_all |= sources;
		sampling->of_all_forced |= forced;
	}
	if (view->sampled_tick == tick)
		return; /* its processes are there already */
	view->sampled_tick = tick;
	for (uint32_t i = 0; i < view->entry_count; i++)
		if (view_wants_entry(view, i))
			pids[sampling->scope.pid_count++] = view->entries[i].pid;
}

/* ------------------------------------------------------------------ 4, 5: list, read */

/* ---------------------------------------------------------------- rows that have ended */

struct awaiting {
	const struct sampler *sampler;
	const struct instance *instance;
};

/* Has somebody yet to be shown this ended row? */
static bool is_awaited(void *context, uint32_t slot, bool patient)
{
	const struct awaiting *self = context;
	uint64_t ended = self->instance->table.rows[slot].ended;

	for (const struct view *view = self->sampler->views; view; view = view->next)
		if (view->instance == self->instance && view->exits &&
			(view->sent < ended || (patient && view->sent_held_back < ended)) &&
			view_has(view, slot))
			return true;
	return false;
}

static void retire_exits(struct sampler *self, struct instance *instance)
{
	struct awaiting awaiting = {self, instance};

	if (!instance->exits.count)
		return;
	for (struct view *view = self->views; view; view = view->next)
		view->sent = view->sent_held_back = UINT64_MAX;
	for (uint32_t i = 0; i < self->subscription_count; i++) {
		const struct subscription *subscription = self->subscriptions[i];
		struct view *view = subscription->view;
		uint64_t *sent = subscription->overdue ? &view->sent_held_back : &view->sent;
		if (subscription->state == SUBSCRIPTION_RUNNING && subscription->since < *sent)
			*sent = subscription->since;
	}
	exits_retire(instance, self->now_ns, is_awaited, &awaiting);
}

/* Rows are held that no view wants: close and open, and the views start with a full table. */
static int reopen(struct sampler *self, struct instance *instance)
{
	void *handle;
	int error;

	instance_collect_exits(instance, self->now_ns);
	error = instance->provider->open(
		instance->provider->context, &instance->target, &handle);
	if (error == -ESRCH)
		return error;
	if (error)
		return 0; /* the rows stay for now; it is tried again at the next tick */
	instance->provider->close(instance->handle);
	instance->handle = handle;
	instance->reopen = false;
	instance_forget_rows(instance);
	instance_announce(instance);
	for (struct view *view = self->views; view; view = view->next)
		if (view->instance == instance)
			view_reset(view);
	for (uint32_t i = 0; i < self->subscription_count; i++)
		if (self->subscriptions[i]->view->instance == instance)
			self->subscriptions[i]->since = 0;
	return 0;
}

/* The server's own tables cost next to nothing, and say what the budget does. */
static bool is_exempt(const struct sampler *self, const struct instance *instance)
{
	return instance->platform == self->platforms[PLATFORM_SELF] ||
	       due_has_newcomer(self, instance);
}

/* The budget is spent, or memory is short: its due subscriptions are answered from the table as
 * it stands, and told what was not sampled. */
static void leave_out(struct sampler *self, struct instance *instance)
{
	for (uint32_t i = 0; i < self->subscription_count; i++) {
		const struct subscription *subscription = self->subscriptions[i];
		const struct view *view = view_on(subscription->view, instance);
		if (view && due_is(subscription, self->now_ns))
			instance->unsampled |= view->sources;
	}
}

static bool let_through(const struct sampler *self, struct instance_source *source)
{
	if (!self->ample && self->now_ns < source->let_through_ns + BUDGET_SLOW_S * SECOND_NS)
		return false;
	source->let_through_ns = self->now_ns;
	return true;
}

/* Little of the budget is left: the workers are asked for nothing, but for a source that was
 * left out for long. Returns what is left out. */
static uint32_t leave_out_slow(
	struct sampler *self, struct instance *instance, struct sampling *sampling)
{
	uint32_t slow =
		instance_slow_sources(instance) & (sampling->of_all | sampling->of_filtered);
	uint32_t left_out = 0;

	if (!slow || is_exempt(self, instance))
		return 0;
	for (uint32_t mask = slow; mask; mask &= mask - 1)
		if (!let_through(self, &instance->sources[__builtin_ctz(mask)]))
			left_out |= mask & -mask;
	if (instance_lists_slowly(instance) && left_out & LISTING_ROWS)
		left_out = slow; /* the other cells belong to the rows of that moment */
	sampling->of_all &= ~left_out;
	sampling->of_filtered &= ~left_out;
	self->counters.slow_stretched += left_out != 0;
	return left_out;
}

/* Samples one instance for all of its due subscriptions. */
static int sample_due(struct sampler *self, struct instance *instance)
{
	struct sampling sampling = {.now_ns = self->now_ns};
	uint32_t pid_room = 1, left_out;
	int error;

	retire_exits(self, instance);
	error = instance->reopen ? reopen(self, instance) : 0;
	if (error)
		return error;
	sampling.scope.exits = instance_wanted_exits(instance);
	for (const struct view *view = self->views; view; view = view->next)
		pid_room += view->entry_count;
	if (pid_room > self->pid_capacity) {
		self->pid_capacity = pid_room * 2;
		self->pids = xreallocarray(self->pids, self->pid_capacity, sizeof *self->pids);
	}
	for (uint32_t i = 0; i < self->subscription_count; i++) {
		const struct subscription *subscription = self->subscriptions[i];
		struct view *view = view_on(subscription->view, instance);
		if (view && due_is(subscription, self->now_ns))
			add_wanted(&sampling, subscription, view, self->tick, self->pids);
	}
	sampling.scope.pid_count = view_sort_pids(self->pids, sampling.scope.pid_count);
	sampling.scope.pids = self->pids;
	left_out = leave_out_slow(self, instance, &sampling);
	error = sampling_run(&sampling, instance, self->lane);
	instance->unsampled |= left_out;
	for (struct view *view = self->views; view; view = view->next)
		if (view->instance == instance && view->filtered)
			view_resolve(view,
				instance->listed && (sampling.scope.all ||
							    view->sampled_tick == self->tick));
	return error;
}

/* Was the view's table looked at in this tick? */
static bool was_looked_at(const struct sampler *self, const struct view *view)
{
	return view->sampled_tick == self->tick && view->instance->listed;
}

/* Can its sums be made anew? For that its input must have been sampled, all of it. */
static bool has_input(const struct sampler *self, const struct view *view)
{
	const struct view *input = view->input;

	return input && was_looked_at(self, view) && was_looked_at(self, input) &&
	       !(input->instance->unsampled & input->sources);
}

/* Sums over other tables, where both were sampled. */
static void add_up(struct sampler *self)
{
	for (struct instance *i = self->instances; i; i = i->next)
		i->sums_unsampled = i->sums != NULL;
	for (struct view *view = self->views; view; view = view->next) {
		if (!has_input(self, view))
			continue;
		if (view->instance->sums_unsampled)
			sum_run(view->instance, view->input->instance);
		view->instance->sums_unsampled = false;
	}
}

/* ------------------------------------------------------------------ 6, 7: encode, send */

/* The time that the view's values are of: now, unless the table was fresh enough, or was not
 * sampled. A source that another view has been given more of is of no single time any more. */
static uint64_t sampled_at(const struct sampler *self, struct view *view)
{
	uint64_t sampled_ns = self->now_ns;

	if (instance_lists_slowly(view->instance))
		sampled_ns = view->instance->listing.finished_ns;
	else if (view->sampled_tick != self->tick && view->sources)
		sampled_ns = view->instance->sources[__builtin_ctz(view->sources)].sampled_ns;
	if (view->sampled_ns < sampled_ns)
		view->sampled_ns = sampled_ns;
	return view->sampled_ns ? view->sampled_ns : self->now_ns;
}

/* The first one that needs a frame of this tick makes it, for all others as well. */
static struct frame *encode_for(struct sampler *self, struct subscription *subscription)
{
	uint64_t start_ns = self->config.thread_cpu(self->config.clock_context);
	uint64_t sampled_ns = sampled_at(self, subscription->view);
	struct frame_stamp stamp = {
		.tick = self->tick,
		.sampled_ns = sampled_ns,
		.realtime_ns = self->config.realtime(self->config.clock_context, sampled_ns),
		.gap = self->gap,
		.incomplete = listing_is_incomplete(subscription->view->instance),
	};
	struct frame *frame =
		view_encode(subscription->view, self->encoder, &stamp, subscription->since);

	self->counters.encodes++;
	subscription->encode_time_ns +=
		self->config.thread_cpu(self->config.clock_context) - start_ns;
	return frame;
}

/* Memory is short. Its next frame has what this one would have had. */
static void put_off(const struct sampler *self, struct subscription *subscription)
{
	subscription->due_ns = subscription_next_due(
		subscription->one_shot ? GRID_NS : subscription->interval_ns, self->now_ns);
}

static void send_frame(struct sampler *self, struct subscription *subscription)
{
	struct frame *frame = view_get_frame(subscription->view, subscription->since);

	if (!frame && !subscription->view->given_up)
		frame = encode_for(self, subscription);
	if (!frame) {
		put_off(self, subscription);
		return;
	}
	self->counters.frames++;
	subscription->frames++;
	subscription->bytes += frame->size_bytes;
	subscription->since = frame->tick;
	subscription->state = SUBSCRIPTION_RUNNING;
	subscription->starved = subscription->postponed = false;
	subscription->due_ns =
		subscription->one_shot
			? NEVER
			: subscription_next_due(subscription->interval_ns, self->now_ns);
	subscription->subscriber->ops->send(
		subscription->subscriber, subscription->request, frame);
}

/* Does it get a frame in this tick? A new one with slow cells waits for them a while, and where
 * workers find the rows each one does: else it would always be told of the time before. */
static bool shall_send(struct sampler *self, struct subscription *subscription)
{
	const struct view *view = subscription->view;

	if (!due_is(subscription, self->now_ns))
		return false;
	if ((subscription->state == SUBSCRIPTION_NEW ||
		    (subscription->state == SUBSCRIPTION_RUNNING &&
			    instance_lists_slowly(view->instance))) &&
		view_pending(view)) {
		subscription->state = SUBSCRIPTION_WAITING;
		subscription->deadline_ns = self->now_ns + LANE_PATIENCE_NS;
		return false;
	}
	return true;
}

/* The one whose reader is further behind goes first. */
static int compare_since(const void *a, const void *b)
{
	uint64_t left = (*(struct subscription *const *)a)->since;
	uint64_t right = (*(struct subscription *const *)b)->since;

	return (left > right) - (left < right);
}

/* Whoever goes first may fill its session's output, so those that were held back for that
 * the last time come before the others. */
static void send_in_turn(struct sampler *self)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < self->subscription_count; i++)
		if (self->chosen[i] && self->subscriptions[i]->starved) {
			self->starved[count++] = self->subscriptions[i];
			self->chosen[i] = false;
		}
	if (count > 0) /* without subscriptions there is no array yet */
		qsort(self->starved, count, sizeof *self->starved, compare_since);
	for (uint32_t i = 0; i < count; i++)
		if (!due_hold_back(self, self->starved[i]))
			send_frame(self, self->starved[i]);
	for (uint32_t i = 0; i < self->subscription_count; i++)
		if (self->chosen[i] && !due_hold_back(self, self->subscriptions[i]))
			send_frame(self, self->subscriptions[i]);
}

static void send_frames(struct sampler *self)
{
	for (uint32_t i = 0; i < self->subscription_count; i++) {
		struct subscription *subscription = self->subscriptions[i];
		self->chosen[i] = shall_send(self, subscription);
		if (self->chosen[i])
			view_announce(subscription->view, subscription->since);
	}
	send_in_turn(self);
	for (struct view *view = self->views; view; view = view->next)
		view_forget_frames(view);
	for (uint32_t i = self->subscription_count; i-- > 0;)
		if (self->subscriptions[i]->one_shot && self->subscriptions[i]->frames)
			sampler_end(self, self->subscriptions[i], 0);
}

/* An instance that can no longer be sampled takes its subscriptions along. */
static void end_instance(struct sampler *self, const struct instance *instance, int error)
{
	for (uint32_t i = self->subscription_count; i-- > 0;)
		if (self->subscriptions[i]->view->instance == instance)
			sampler_end(self, self->subscriptions[i], error);
}

/* The end of one may be the end of others, its input's. */
static void end_instances(struct sampler *self)
{
	struct instance *i = self->instances;

	while (i) {
		if (i->end_error) {
			int error = i->end_error;
			i->end_error = 0;
			end_instance(self, i, error);
			i = self->instances;
		} else {
			i = i->next;
		}
	}
}

/* Who comes first fills the slow lane: each in its turn. */
static void rotate(struct sampler *self)
{
	struct instance *first = self->instances, **last = &self->instances;

	if (!first || !first->next)
		return;
	while (*last)
		last = &(*last)->next;
	self->instances = first->next;
	first->next = NULL;
	*last = first;
}

/* What the tick has cost, and the workers since the last one. */
static void spend(struct sampler *self)
{
	uint64_t lane_ns = lane_cpu_ns(self->lane);

	budget_spend(&self->budget, self->counters.tick_cpu_ns + lane_ns - self->lane_cpu_ns);
	self->lane_cpu_ns = lane_ns;
}

void sampler_tick(struct sampler *self, uint64_t now_ns)
{
	uint64_t start_ns = self->config.thread_cpu(self->config.clock_context);
	uint64_t planned_ns = sampler_next_due(self);

	self->gap = planned_ns != NEVER && now_ns > planned_ns && now_ns - planned_ns > GAP_NS;
	self->now_ns = now_ns;
	self->tick++;
	budget_refill(&self->budget, now_ns);
	self->ample = budget_is_ample(&self->budget);
	rotate(self);
	for (struct instance *i = self->instances; i; i = i->next) {
		table_begin(&i->table, self->tick);
		i->unsampled = 0;
	}
	apply_results(self);
	due_end_waits(self);
	due_hold_back_stalled(self);
	due_limit_unplanned(self);
	for (struct instance *i = self->instances; i; i = i->next) {
		if (i->end_error || !due_must_sample(self, i))
			continue;
		bool stretched = !budget_allows(&self->budget) && !is_exempt(self, i);
		self->counters.stretched += stretched;
		if (stretched || !alloc_has_room(0))
			leave_out(self, i);
		else
			i->end_error = sample_due(self, i);
	}
	end_instances(self);
	add_up(self);
	send_frames(self);
	self->counters.ticks++;
	self->counters.tick_cpu_ns =
		self->config.thread_cpu(self->config.clock_context) - start_ns;
	spend(self);
}

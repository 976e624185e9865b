#include "sampler.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "alloc.h"
#include "listing.h"
#include "sampler_state.h"
#include "self.h"

struct sampler *sampler_create(const struct sampler_config *config)
{
	struct sampler *self = xcalloc(1, sizeof *self);

	self->config = *config;
	budget_init(&self->budget, config->budget_percent);
	self_platform_init(&self->self_platform, self);
	self->platforms[PLATFORM_GIVEN] = config->platform;
	self->platforms[PLATFORM_SELF] = &self->self_platform.platform;
	self->lane = lane_create(config->workers, config->wake, config->wake_context);
	self->encoder = encoder_create();
	return self;
}

void sampler_destroy(struct sampler *self)
{
	if (!self)
		return;
	assert(self->subscription_count == 0 && !self->instances);
	lane_destroy(self->lane);
	encoder_destroy(self->encoder);
	free(self->subscriptions);
	free(self->chosen);
	free(self->starved);
	free(self->pids);
	free(self->sessions);
	free(self);
}

struct lane *sampler_lane(struct sampler *self)
{
	return self->lane;
}

/* ------------------------------------------------------------ instances and views */

static const struct platform *platform_of(const struct sampler *self, enum table_id table)
{
	bool own = table == TABLE_SERVER || table == TABLE_SESSION;

	return self->platforms[own ? PLATFORM_SELF : PLATFORM_GIVEN];
}

enum cell_state sampler_available(
	const struct sampler *self, enum attribute_index attribute, const char **ret_reason)
{
	return instance_available(
		platform_of(self, attributes[attribute].table), attribute, ret_reason);
}

const struct source *sampler_source(const struct sampler *self, enum attribute_index attribute)
{
	return instance_source(platform_of(self, attributes[attribute].table), attribute);
}

static int find_instance(
	struct sampler *self, const struct request *request, struct instance **ret_instance)
{
	const struct platform *platform = platform_of(self, request->table);
	const struct provider *provider = instance_find_provider(platform, request->table);
	struct target target = {request->target_pid};

	for (struct instance *i = self->instances; i; i = i->next)
		if (i->table_id == request->table && i->target.pid == request->target_pid &&
			(!i->provider->has_target || i->provider->has_target(i->handle))) {
			*ret_instance = i;
			return 0;
		}
	if (!provider)
		return -ENOTSUP;
	if (provider->targeted != (request->target_pid != 0))
		return -EINVAL;
	int error = instance_create(platform, provider, &target, ++self->next_instance,
		&self->text_bytes, ret_instance);
	if (error)
		return error;
	(*ret_instance)->next = self->instances;
	self->instances = *ret_instance;
	return 0;
}

bool sampler_is_slow(const struct sampler *self, enum attribute_index attribute)
{
	return instance_is_slow(platform_of(self, attributes[attribute].table), attribute);
}

void sampler_add_work(struct work *self, const struct instance_source *source)
{
	self->reads += source->reads;
	self->skips += source->skips;
	self->failures += source->failures;
	if (source->timed_reads)
		self->read_time_ns += source->timed_ns / source->timed_reads * source->reads;
}

static void drop_unused_instances(struct sampler *self)
{
	struct instance **link = &self->instances;

	while (*link) {
		struct instance *instance = *link;
		if (instance->views) {
			link = &instance->next;
			continue;
		}
		*link = instance->next;
		for (uint32_t s = 0; s < instance->provider->source_count; s++)
			sampler_add_work(&self->closed, &instance->sources[s]);
		self->exits_dropped += instance->exits.dropped;
		lane_forget(self->lane, instance->id);
		instance_destroy(instance);
	}
}

static struct view *matching_view(
	struct sampler *self, const struct instance *instance, const struct view_key *key)
{
	for (struct view *view = self->views; view; view = view->next)
		if (view->instance == instance && view_matches(view, key))
			return view;
	return NULL;
}

static void release_view(struct sampler *self, struct view *view)
{
	struct view **link = &self->views;

	if (--view->references)
		return;
	while (*link != view)
		link = &(*link)->next;
	*link = view->next;
	self->view_count--;
	struct view *input = view->input;
	view_destroy(view);
	drop_unused_instances(self);
	if (input)
		release_view(self, input);
}

/* That the sessions of a process look at. */
static uint32_t views_of(struct sampler *self, uint64_t pid)
{
	uint32_t count = 0;

	self->view_counts++;
	for (uint32_t i = 0; i < self->subscription_count; i++) {
		struct view *view = self->subscriptions[i]->view;
		if (self->subscriptions[i]->subscriber->pid != pid ||
			view->counted == self->view_counts)
			continue;
		view->counted = self->view_counts;
		count++;
	}
	return count;
}

/*
 * Who has fewer than are free gets one more. So one process alone has half of them, n of them
 * share all but a part of n + 1, and whoever comes next finds one, however greedy the others are
 * and however many sessions they open.
 */
static bool has_room(struct sampler *self, uint64_t pid)
{
	return views_of(self, pid) < VIEWS_MAX - self->view_count;
}

static int hold_input(struct sampler *self, uint64_t pid, struct view *view);

/* For a session of that process. */
static int find_view(struct sampler *self, uint64_t pid, const struct request *request,
	struct view **ret_view)
{
	struct instance *instance;
	struct view_key key;
	struct view *view;
	int error = find_instance(self, request, &instance);

	if (error)
		return error;
	view_key_init(&key, request);
	view = matching_view(self, instance, &key);
	if (view) {
		view->references++;
	} else if (!has_room(self, pid)) {
		drop_unused_instances(self);
		error = -E2BIG;
	} else if (!table_has_room(&instance->table, key.attribute_count)) {
		drop_unused_instances(self);
		error = -ENOMEM;
	} else {
		view = view_create(instance, &key);
		view->references = 1;
		view->next = self->views;
		self->views = view;
		self->view_count++;
		error = hold_input(self, pid, view);
		if (error)
			release_view(self, view);
	}
	view_key_finish(&key);
	*ret_view = error ? NULL : view;
	return error;
}

/* What its sums are made of is sampled with it. */
static int hold_input(struct sampler *self, uint64_t pid, struct view *view)
{
	const struct platform *platform = view->instance->platform;
	struct request request = {0};
	uint16_t *wanted = xcalloc(2 * view->attribute_count, sizeof *wanted);
	int error = 0;

	for (uint32_t i = 0; i < view->attribute_count; i++) {
		const struct summing *sum = platform->bindings[view->attributes[i]].sum;
		if (!sum || view->columns[i]->default_state != STATE_PENDING)
			continue;
		request.table = attributes[sum->of].table;
		wanted[request.attribute_count++] = sum->of;
		wanted[request.attribute_count++] = sum->by;
	}
	request.attributes = wanted;
	if (request.attribute_count)
		error = find_view(self, pid, &request, &view->input);
	free(wanted);
	return error;
}

/* ------------------------------------------------------------------- subscriptions */

static struct subscription *find_subscription(
	const struct subscriber *subscriber, uint32_t request)
{
	struct subscription *found = subscriber->subscriptions;

	while (found && found->request != request)
		found = found->next;
	return found;
}

static void link_subscription(struct sampler *self, struct subscription *subscription)
{
	struct subscriber *subscriber = subscription->subscriber;

	subscription->next = subscriber->subscriptions;
	subscription->link = &subscriber->subscriptions;
	if (subscription->next)
		subscription->next->link = &subscription->next;
	subscriber->subscriptions = subscription;
	subscription->index = self->subscription_count;
	self->subscriptions[self->subscription_count++] = subscription;
}

void sampler_remove(struct sampler *self, struct subscription *subscription)
{
	struct subscription *last = self->subscriptions[--self->subscription_count];

	self->subscriptions[subscription->index] = last;
	last->index = subscription->index;
	*subscription->link = subscription->next;
	if (subscription->next)
		subscription->next->link = subscription->link;
	release_view(self, subscription->view);
	free(subscription);
}

void sampler_end(struct sampler *self, struct subscription *subscription, int error)
{
	struct subscriber *subscriber = subscription->subscriber;
	uint32_t request = subscription->request;

	sampler_remove(self, subscription);
	subscriber->ops->ended(subscriber, request, error);
}

/* How many cells are there for it alone? */
static uint64_t cells_of(const struct view *self)
{
	const struct table *table = &self->instance->table;
	uint64_t columns = self->instance->views == 1; /* the rows */

	for (uint32_t i = 0; i < self->attribute_count; i++)
		columns += self->columns[i]->users == 1;
	return columns * table->capacity;
}

void sampler_end_costliest(struct sampler *self)
{
	const struct view *costliest = NULL;

	for (uint32_t i = 0; i < self->subscription_count; i++) {
		const struct view *view = self->subscriptions[i]->view;
		if (!costliest || cells_of(view) > cells_of(costliest))
			costliest = view;
	}
	for (uint32_t i = self->subscription_count; i-- > 0;)
		if (self->subscriptions[i]->view == costliest)
			sampler_end(self, self->subscriptions[i], -ENOMEM);
}

int sampler_subscribe(struct sampler *self, uint64_t now_ns, struct subscriber *subscriber,
	const struct request *request)
{
	struct view *view;

	if (find_subscription(subscriber, request->request))
		return -EEXIST;
	if (request->attribute_count == 0)
		return -EINVAL;
	int error = find_view(self, subscriber->pid, request, &view);
	if (error)
		return error;
	if (self->subscription_count == self->subscription_capacity) {
		self->subscription_capacity = self->subscription_capacity * 2 + 16;
		self->subscriptions = xreallocarray(self->subscriptions,
			self->subscription_capacity, sizeof *self->subscriptions);
		self->chosen = xreallocarray(
			self->chosen, self->subscription_capacity, sizeof *self->chosen);
		self->starved = xreallocarray(
			self->starved, self->subscription_capacity, sizeof *self->starved);
	}
	struct subscription *subscription = xcalloc(1, sizeof *subscription);
	subscription->subscriber = subscriber;
	subscription->view = view;
	subscription->request = request->request;
	subscription->serial = ++self->next_serial;
	subscription->state = SUBSCRIPTION_NEW;
	subscription->one_shot = request->interval_ns == 0;
	subscription->interval_ns = subscription_round_interval(request->interval_ns);
	subscription->asked_ns = now_ns;
	subscription->due_ns = now_ns;
	link_subscription(self, subscription);
	return 0;
}

int sampler_cancel(struct sampler *self, struct subscriber *subscriber, uint32_t request)
{
	struct subscription *subscription = find_subscription(subscriber, request);

	if (!subscription)
		return -ENOENT;
	sampler_remove(self, subscription);
	return 0;
}

void sampler_add_session(struct sampler *self, struct subscriber *subscriber)
{
	if (self->session_count == self->session_capacity) {
		self->session_capacity = self->session_capacity * 2 + 16;
		self->sessions = xreallocarray(
			self->sessions, self->session_capacity, sizeof *self->sessions);
	}
	self->sessions[self->session_count++] = subscriber;
}

void sampler_drop(struct sampler *self, struct subscriber *subscriber)
{
	struct subscription *next;

	for (struct subscription *i = subscriber->subscriptions; i; i = next) {
		next = i->next;
		sampler_remove(self, i);
	}
	for (uint32_t i = self->session_count; i-- > 0;)
		if (self->sessions[i] == subscriber)
			self->sessions[i] = self->sessions[--self->session_count];
}

void sampler_drained(struct sampler *self, struct subscriber *subscriber, uint64_t now_ns)
{
	(void)self;
	for (struct subscription *i = subscriber->subscriptions; i; i = i->next) {
		if (!i->overdue)
			continue;
		i->overdue = false;
		i->due_ns = subscription_next_due(GRID_NS, now_ns);
	}
}

int sampler_lost(struct sampler *self, struct subscriber *subscriber, uint32_t request)
{
	struct subscription *subscription = find_subscription(subscriber, request);

	(void)self;
	if (!subscription)
		return -ENOENT;
	subscription->since = 0;
	return 0;
}

uint64_t sampler_next_due(const struct sampler *self)
{
	uint64_t next = NEVER;

	for (uint32_t i = 0; i < self->subscription_count; i++) {
		const struct subscription *subscription = self->subscriptions[i];
		uint64_t due = subscription->state == SUBSCRIPTION_WAITING
				       ? subscription->deadline_ns
				       : subscription->due_ns;
		if (due < next)
			next = due;
	}
	for (const struct instance *i = self->instances; i; i = i->next)
		if (listing_is_reading(i))
			next = self->now_ns;
	return next;
}

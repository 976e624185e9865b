#include "due.h"

#include "listing.h"
#include "sampler_state.h"
#include "slow.h"

/* A table of this age is as good as a new one to a newcomer. */
#define FRESH_NS UINT64_C(1000000000)

/* So long a newcomer waits for a budget that is spent. */
#define PATIENCE_NS UINT64_C(1000000000)

enum { UNPLANNED_BURST = 8 }; /* samplings off the grid in a row */

/* Can a newcomer be answered from the table as it stands? Then a hundred that join at random
 * moments cost no reads. All of its sources must have been sampled in one and the same tick,
 * so that its values belong together, and lately. (The processes of a filter may have been
 * born since.) */
static bool is_fresh(const struct subscription *self, uint64_t now_ns)
{
	const struct view *view = self->view;
	uint64_t sampled_ns = 0,
		 limit_ns = self->interval_ns < FRESH_NS ? self->interval_ns : FRESH_NS;

	if (self->state != SUBSCRIPTION_NEW || self->one_shot || view->filtered ||
		view->sources == 0 || view->input)
		return false;
	for (uint32_t mask = view->sources; mask; mask &= mask - 1) {
		uint64_t at = view->instance->sources[__builtin_ctz(mask)].sampled_ns;
		if (at == 0 || (sampled_ns && at != sampled_ns))
			return false;
		sampled_ns = at;
	}
	return now_ns - sampled_ns <= limit_ns;
}

bool due_is(const struct subscription *self, uint64_t now_ns)
{
	return self->state != SUBSCRIPTION_WAITING && !self->overdue && self->due_ns <= now_ns;
}

/* A reader that has not taken its last frame is not asked. */
bool due_hold_back(struct sampler *self, struct subscription *subscription)
{
	if (subscription->subscriber->ops->drained(subscription->subscriber))
		return false;
	subscription->overdue = subscription->starved = true;
	if (subscription->state == SUBSCRIPTION_WAITED)
		subscription->state = SUBSCRIPTION_RUNNING;
	subscription->due_ns = NEVER;
	subscription->held_back++;
	self->counters.held_back++;
	return true;
}

/* Before anything is read: what nobody takes is not sampled. */
void due_hold_back_stalled(struct sampler *self)
{
	for (uint32_t i = 0; i < self->subscription_count; i++)
		if (due_is(self->subscriptions[i], self->now_ns))
			due_hold_back(self, self->subscriptions[i]);
}

/* Who has waited for slow cells long enough, or has them all, is due. */
void due_end_waits(struct sampler *self)
{
	for (uint32_t i = 0; i < self->subscription_count; i++) {
		struct subscription *subscription = self->subscriptions[i];
		const struct view *view = subscription->view;
		if (subscription->state != SUBSCRIPTION_WAITING ||
			listing_is_reading(view->instance) ||
			(view_pending(view) && subscription->deadline_ns > self->now_ns))
			continue;
		subscription->state = SUBSCRIPTION_WAITED;
		subscription->due_ns = self->now_ns;
	}
}

/* Puts a newcomer off to the next grid point. */
static void postpone(struct sampler *self, struct subscription *subscription)
{
	subscription->postponed = true;
	subscription->due_ns = subscription_next_due(GRID_NS, self->now_ns);
}

static bool is_unplanned(const struct subscription *self, uint64_t now_ns)
{
	return self->state == SUBSCRIPTION_NEW && due_is(self, now_ns) &&
	       !is_fresh(self, now_ns);
}

/* The budget is spent: newcomers wait, until one of them has waited for long enough. Then all get
 * their sampling, for it is one and the same. */
static void postpone_patient(struct sampler *self)
{
	const struct platform *own = self->platforms[PLATFORM_SELF]; /* costs next to nothing */

	for (uint32_t i = 0; i < self->subscription_count; i++) {
		const struct subscription *subscription = self->subscriptions[i];
		if (is_unplanned(subscription, self->now_ns) &&
			subscription->view->instance->platform != own &&
			self->now_ns >= subscription->asked_ns + PATIENCE_NS)
			return;
	}
	for (uint32_t i = 0; i < self->subscription_count; i++) {
		struct subscription *subscription = self->subscriptions[i];
		if (is_unplanned(subscription, self->now_ns) &&
			subscription->view->instance->platform != own)
			postpone(self, subscription);
	}
}

/*
 * A newcomer that needs a sampling gets it at once, a few times; who asks for more, by one-shots
 * or by coming and going, gets one at each grid point, which costs no more than a subscriber
 * of the shortest interval. While the budget is spent he waits for a while.
 */
void due_limit_unplanned(struct sampler *self)
{
	uint64_t limit_ns = self->now_ns + UNPLANNED_BURST * GRID_NS;
	bool any = false, postponed = false;

	if (!budget_allows(&self->budget))
		postpone_patient(self);
	for (uint32_t i = 0; i < self->subscription_count; i++)
		if (is_unplanned(self->subscriptions[i], self->now_ns)) {
			any = true;
			postponed |= self->subscriptions[i]->postponed;
		}
	if (!any)
		return;
	if (self->unplanned_ns < self->now_ns)
		self->unplanned_ns = self->now_ns;
	if (postponed || self->unplanned_ns + GRID_NS <= limit_ns) {
		self->unplanned_ns += GRID_NS;
		return;
	}
	for (uint32_t i = 0; i < self->subscription_count; i++)
		if (is_unplanned(self->subscriptions[i], self->now_ns))
			postpone(self, self->subscriptions[i]);
}

/* Is anybody due who cannot be answered from the table as it stands? */
bool due_must_sample(const struct sampler *self, const struct instance *instance)
{
	for (uint32_t i = 0; i < self->subscription_count; i++) {
		const struct subscription *subscription = self->subscriptions[i];
		if (view_on(subscription->view, instance) &&
			due_is(subscription, self->now_ns) &&
			!is_fresh(subscription, self->now_ns))
			return true;
	}
	return false;
}

/* Is anybody due who was never answered? He cannot do with what is there. */
bool due_has_newcomer(const struct sampler *self, const struct instance *instance)
{
	for (uint32_t i = 0; i < self->subscription_count; i++) {
		const struct subscription *subscription = self->subscriptions[i];
		if (view_on(subscription->view, instance) &&
			subscription->state != SUBSCRIPTION_RUNNING &&
			due_is(subscription, self->now_ns) &&
			!is_fresh(subscription, self->now_ns))
			return true;
	}
	return false;
}

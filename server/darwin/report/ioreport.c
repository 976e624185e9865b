#include "ioreport.h"

#include <mach/mach_time.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../property.h"
#include "alloc.h"
#include "ioreport_account.h"

/* Samples that are wanted within that time are one: ticks are at least twice as far apart. */
#define SAME_TICK_NS UINT64_C(50000000)
/*
 * The first two samples are so far apart. Meters that are published at every sampling have moved by
 * then, and have a beginning; the first sample of those that come in batches does not tell
 * how much of it is of the time before.
 */
#define FIRST_PAUSE_NS UINT64_C(10000000)
/* How long to wait for another worker's sample, and in which steps. */
#define PATIENCE_NS UINT64_C(200000000)
#define STEP_NS     UINT64_C(1000000)

struct reports {
	atomic_uint references;
	/* Groups by user, 8 bits each. */
	atomic_uint wanted;
	/* Who samples. All that is below belongs to them. */
	atomic_flag busy;
	atomic_uint_fast64_t busy_since_ns;
	uint32_t tried;      /* groups that were wanted when this was subscribed */
	uint32_t subscribed; /* those of them that could be */
	struct report_subscription subscription;
	struct report_account account;
	/* The loop's thread. */
	bool looked;
	uint32_t available;
	/* Of both: opened by the loop's thread before any worker has to do with it. */
	struct report_library library;
};

/* --------------------------------------------------------------------------- existence */

struct reports *reports_create(void)
{
	struct reports *self = xcalloc(1, sizeof *self);

	atomic_init(&self->references, 1);
	atomic_init(&self->wanted, 0);
	atomic_init(&self->busy_since_ns, 0);
	atomic_flag_clear(&self->busy);
	return self;
}

struct reports *reports_retain(struct reports *self)
{
	atomic_fetch_add(&self->references, 1);
	return self;
}

static void forget(struct reports *self)
{
	report_unsubscribe(&self->subscription);
	report_account_finish(&self->account);
	self->tried = self->subscribed = 0;
}

void reports_release(struct reports *self)
{
	if (!self || atomic_fetch_sub(&self->references, 1) != 1)
		return;
	forget(self);
	free(self);
}

uint64_t reports_now_ns(void)
{
	mach_timebase_info_data_t base;
	uint64_t ticks = mach_absolute_time();

	if (mach_timebase_info(&base) != KERN_SUCCESS || !base.denom)
		return ticks;
	return ticks / base.denom * base.numer + ticks % base.denom * base.numer / base.denom;
}

static void pause_ns(uint64_t ns)
{
	mach_timebase_info_data_t base;

	if (mach_timebase_info(&base) == KERN_SUCCESS && base.numer)
		mach_wait_until(mach_absolute_time() + ns * base.denom / base.numer);
}

/* -------------------------------------------------------------------------- who samples */

static bool try_enter(struct reports *self)
{
	if (atomic_flag_test_and_set_explicit(&self->busy, memory_order_acquire))
		return false;
	atomic_store(&self->busy_since_ns, reports_now_ns());
	return true;
}

/*
 * False: another worker has been at it for too long. A driver that hangs shall not hang all
 * workers; the cells are failed, and the next tick tries again.
 */
static bool enter(struct reports *self)
{
	for (uint64_t waited_ns = 0; waited_ns < PATIENCE_NS; waited_ns += STEP_NS) {
		uint64_t since_ns;
		if (try_enter(self))
			return true;
		since_ns = atomic_load(&self->busy_since_ns);
		if (since_ns && reports_now_ns() > since_ns + PATIENCE_NS)
			return false;
		pause_ns(STEP_NS);
	}
	return false;
}

static void leave_only(struct reports *self)
{
	atomic_store(&self->busy_since_ns, 0);
	atomic_flag_clear_explicit(&self->busy, memory_order_release);
}

/* What is not wanted any more is given up: here, or by who samples at the moment. */
static void give_up(struct reports *self)
{
	if (atomic_load(&self->wanted) || !try_enter(self))
		return;
	if (!atomic_load(&self->wanted))
		forget(self);
	leave_only(self);
}

static void leave(struct reports *self)
{
	leave_only(self);
	give_up(self);
}

/* ------------------------------------------------------------------- the loop's thread */

uint32_t reports_available(struct reports *self)
{
	if (self->looked)
		return self->available;
	self->looked = true;
	if (report_library_open(&self->library))
		property_release(
			report_library_copy(&self->library, UINT32_MAX, &self->available));
	return self->available;
}

void reports_want(struct reports *self, enum report_user user, uint32_t groups)
{
	unsigned shift = 8 * (unsigned)user, before, after;

	groups &= groups ? reports_available(self) : 0;
	before = atomic_load(&self->wanted);
	do
		after = (before & ~(0xFFU << shift)) | groups << shift;
	while (!atomic_compare_exchange_weak(&self->wanted, &before, after));
	if (before != after)
		give_up(self);
}

bool reports_list_rails(struct reports *self, struct rails *ret_rails)
{
	CFMutableDictionaryRef channels;

	memset(ret_rails, 0, sizeof *ret_rails);
	if (!(reports_available(self) & REPORT_ENERGY))
		return false;
	channels = report_library_copy(&self->library, REPORT_ENERGY, NULL);
	report_account_plan_rails(ret_rails, &self->library, report_library_channels(channels));
	property_release(channels);
	return ret_rails->count;
}

/* ------------------------------------------------------------------------------ samples */

static bool sample(struct reports *self)
{
	CFDictionaryRef growth;

	if (!report_sample(&self->subscription, &self->library, &growth))
		return false;
	if (growth)
		report_account_add(
			&self->account, &self->library, growth, self->subscription.latest_ns);
	property_release(growth);
	return true;
}

static uint32_t all_wanted(const struct reports *self)
{
	uint32_t wanted = atomic_load(&self->wanted);

	return (wanted | wanted >> 8 | wanted >> 16) & 0xFF;
}

/* More is wanted than before. The account of what was subscribed goes on. */
static bool subscribe(struct reports *self, uint32_t groups)
{
	if (self->subscription.subscription)
		sample(self);
	report_unsubscribe(&self->subscription);
	self->tried = groups;
	self->subscribed = report_subscribe(&self->subscription, &self->library, groups);
	if (!self->subscribed)
		return true; /* so be it: STATE_UNSUPPORTED */
	if (!sample(self))
		return false;
	pause_ns(FIRST_PAUSE_NS);
	return sample(self);
}

/* A sample of the tick in which it was asked for. Groups that are no longer wanted stay until
 * none is: to subscribe anew for their sake would cost more than they do. */
static bool refresh(struct reports *self, uint64_t asked_ns)
{
	uint32_t wanted = all_wanted(self);

	if (wanted & ~self->tried)
		return subscribe(self, wanted | self->tried);
	if (!self->subscribed)
		return true;
	if (self->subscription.latest_ns &&
		asked_ns < self->subscription.latest_ns + SAME_TICK_NS)
		return true;
	return sample(self);
}

/* STATE_OK: leave() is to be called. */
static int begin(struct reports *self, uint64_t asked_ns, uint32_t group)
{
	if (!enter(self))
		return STATE_FAILED;
	if (!refresh(self, asked_ns)) {
		leave(self);
		return STATE_FAILED;
	}
	if (self->subscribed & group)
		return STATE_OK;
	leave(self);
	return STATE_UNSUPPORTED;
}

/* ----------------------------------------------------------------------------- answers */

static int tell_times(const struct report_unit *unit, struct report_times *ret_times)
{
	const struct residency *residency = &unit->residency;
	const struct dvfs *dvfs = &unit->dvfs;
	uint64_t none = ABSENT_U64(STATE_NONE);

	if (!residency->stepped)
		return STATE_PENDING;
	*ret_times = (struct report_times){
		.active_ns = residency_ns(residency, residency->active),
		.idle_ns = residency_ns(residency, residency->idle),
		.off_ns = residency_ns(residency, residency->off),
		.frequency_hz = residency->frequency_hz,
		.frequency_min_hz = dvfs->count ? dvfs->hz[0] : none,
		.frequency_max_hz = dvfs->count ? dvfs->hz[dvfs->count - 1] : none,
		.active = residency->active_share,
	};
	return STATE_OK;
}

int reports_read_core(struct reports *self, uint64_t asked_ns, const struct report_core *core,
	struct report_times *ret_times)
{
	const struct report_unit *unit;
	int state = begin(self, asked_ns, REPORT_CORES);

	if (state != STATE_OK)
		return state;
	unit = report_account_core(&self->account, core);
	state = unit ? tell_times(unit, ret_times) : STATE_NONE;
	leave(self);
	return state;
}

int reports_read_gpu(struct reports *self, uint64_t asked_ns, struct report_times *ret_times)
{
	int state = begin(self, asked_ns, REPORT_GPU);

	if (state != STATE_OK)
		return state;
	state = self->account.has_gpu ? tell_times(&self->account.gpu, ret_times) : STATE_NONE;
	leave(self);
	return state;
}

static uint64_t tell(uint64_t value, enum cell_state state)
{
	return state == STATE_OK ? value : ABSENT_U64(state);
}

int reports_read_rail(
	struct reports *self, uint64_t asked_ns, const char *name, struct report_rail *ret_rail)
{
	const struct rail *rail;
	int state = begin(self, asked_ns, REPORT_ENERGY);

	*ret_rail = (struct report_rail){0};
	if (state != STATE_OK)
		return state;
	rail = rails_find(&self->account.rails, name);
	if (rail)
		*ret_rail = (struct report_rail){
			.total_nj = tell(rail->total_nj, rail->total_state),
			.power_uw = tell(rail->power_uw, rail->power_state),
			.change = rail->change,
			.stalled = rail->total_state == STATE_NONE,
		};
	leave(self);
	return rail ? STATE_OK : STATE_NONE;
}

/*
 * Sampler: runs the tick. It owns the tables, the views and the subscriptions of all
 * sessions; it knows neither sockets nor the clock: `now_ns` (CLOCK_MONOTONIC) comes in as an
 * argument, frames go out through struct subscriber.
 *
 *	loop:  wait until sampler_next_due(), or until the wake function was called
 *	       sampler_tick(now)
 */
#ifndef SERVER_SAMPLER_H
#define SERVER_SAMPLER_H

#include <stdint.h>

#include "platform.h"
#include "subscription.h"

struct sampler;

struct sampler_config {
	struct platform *platform; /* borrowed */
	uint32_t workers;          /* threads of the slow lane; 0: tests run jobs by hand */
	/* Called from a worker's thread when results wait: make the loop call sampler_tick(). */
	void (*wake)(void *context);
	void *wake_context;
	/* Nanoseconds since 1970 at `now_ns`; for frames and display only. */
	uint64_t (*realtime)(void *context, uint64_t now_ns);
	/* CPU time of the calling thread, in ns; 0 where tests do not care. */
	uint64_t (*thread_cpu)(void *context);
	void *clock_context;
	/* CPU time of the whole server and its largest resident size, for table SERVER; NULL:
	 * they have no value. */
	void (*usage)(void *context, uint64_t *ret_cpu_ns, uint64_t *ret_memory_bytes);
	uint32_t budget_percent; /* of one core, for sampling; 0: no limit */
};

struct sampler *sampler_create(const struct sampler_config *config);
/* All subscribers must have been dropped. Workers that hang are left behind. */
void sampler_destroy(struct sampler *self);

/*
 * Starts a request. It gets its first frame at the next sampler_tick(), which is due at once.
 * -ENOTSUP: no provider for the table here; -ESRCH: the target is not alive; -E2BIG: too
 * many views; -EEXIST: the request number is in use on this subscriber; -EINVAL.
 */
int sampler_subscribe(struct sampler *self, uint64_t now_ns, struct subscriber *subscriber,
	const struct request *request);
/* -ENOENT: no such request. */
int sampler_cancel(struct sampler *self, struct subscriber *subscriber, uint32_t request);
/* Ends all requests of a subscriber, and its row in SESSION. */
void sampler_drop(struct sampler *self, struct subscriber *subscriber);
/* A session that said hello, from now on a row of table SESSION. */
void sampler_add_session(struct sampler *self, struct subscriber *subscriber);

/* When sampler_tick() must be called next: a monotonic time, in the past for "at once", or
 * NEVER. */
uint64_t sampler_next_due(const struct sampler *self);
void sampler_tick(struct sampler *self, uint64_t now_ns);

/* The subscriber's reader has taken all that it was sent: overdue requests go to the next
 * grid point. */
void sampler_drained(struct sampler *self, struct subscriber *subscriber, uint64_t now_ns);

/* Memory is short, and nothing else can be given back: ends the requests for which most is held,
 * with -ENOMEM. */
void sampler_end_costliest(struct sampler *self);

/* A frame did not reach the reader whole: its next one is a full table. -ENOENT: there is no
 * such request any more. */
int sampler_lost(struct sampler *self, struct subscriber *subscriber, uint32_t request);

/* The slow lane, for tests that run it by hand. */
struct lane *sampler_lane(struct sampler *self);

/* Is an attribute available on this host? The state, and in words why not (NULL if OK). */
enum cell_state sampler_available(
	const struct sampler *self, enum attribute_index attribute, const char **ret_reason);
/* Where its values come from; NULL: from nowhere on this platform. */
const struct source *sampler_source(const struct sampler *self, enum attribute_index attribute);
/* Is it read by workers on this platform? */
bool sampler_is_slow(const struct sampler *self, enum attribute_index attribute);

#endif

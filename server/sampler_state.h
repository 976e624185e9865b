/*
 * What the sampler holds. For sampler.c (who asks), tick.c (the tick) and self.c (which shows
 * it as tables).
 */
#ifndef SERVER_SAMPLER_STATE_H
#define SERVER_SAMPLER_STATE_H

#include "budget.h"
#include "instance.h"
#include "limit.h"
#include "sampler.h"
#include "self.h"
#include "view.h"

enum {
	PLATFORM_GIVEN = 0, /* of the operating system */
	PLATFORM_SELF = 1,  /* SERVER and SESSION */
};

/* What sources have cost. */
struct work {
	uint64_t reads, skips, failures, read_time_ns;
};

struct sampler {
	struct sampler_config config;
	struct self_platform self_platform;
	const struct platform *platforms[2];
	struct lane *lane;
	struct encoder *encoder;
	struct instance *instances;
	uint64_t text_bytes; /* of the texts of all their tables */
	struct view *views;
	uint32_t view_count;
	uint64_t view_counts;                /* made so far, see view.counted */
	struct subscription **subscriptions; /* owned */
	uint32_t subscription_count, subscription_capacity;
	uint8_t *chosen;               /* scratch, by subscription: gets a frame in this tick */
	struct subscription **starved; /* scratch: those of them that go first */
	uint64_t *pids;                /* scratch: the scope of a sampling */
	uint32_t pid_capacity;
	struct subscriber **sessions; /* borrowed from the edge */
	uint32_t session_count, session_capacity;
	uint64_t next_instance; /* id */
	uint64_t next_serial;   /* of a subscription */
	uint64_t unplanned_ns;  /* until then unplanned samplings are paid for: see tick.c */
	struct budget budget;
	bool ample;             /* the budget, in this tick */
	uint64_t lane_cpu_ns;   /* of the workers, up to the latest tick */
	struct work closed;     /* by instances that are no more */
	uint64_t exits_dropped; /* likewise */
	uint64_t tick;
	uint64_t now_ns; /* of the latest tick */
	bool gap;        /* the server was stopped before this tick */
	struct {
		uint64_t ticks, tick_cpu_ns, frames, encodes, held_back;
		uint64_t stretched, slow_stretched; /* samplings that the budget left out */
	} counters;
};

/* Adds what a source has cost so far. */
void sampler_add_work(struct work *self, const struct instance_source *source);

/* Forgets a subscription, and with the last of its kind the view and the instance. */
void sampler_remove(struct sampler *self, struct subscription *subscription);
/* And tells its subscriber why. */
void sampler_end(struct sampler *self, struct subscription *subscription, int error);

#endif

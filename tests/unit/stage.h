/*
 * Stage: a sampler on the scripted platform, replicas that subscribe to it, and a clock that
 * the test turns.
 */
#ifndef TESTS_UNIT_STAGE_H
#define TESTS_UNIT_STAGE_H

#include "fake.h"
#include "lane.h"
#include "replica.h"
#include "sampler.h"
#include "test.h"

#define MS        UINT64_C(1000000)
#define SECOND    (1000 * MS)
#define A(symbol) ATTRIBUTE_PROCESS_##symbol
#define END       ATTRIBUTE_COUNT

static struct sampler *sampler;
static uint64_t now;

static inline uint64_t realtime(void *context, uint64_t now_ns)
{
	(void)context;
	return now_ns + 1000 * SECOND;
}

static inline uint64_t no_clock(void *context)
{
	(void)context;
	return 0;
}

static inline void setup(void)
{
	struct sampler_config config = {.realtime = realtime, .thread_cpu = no_clock};

	fake_create();
	config.platform = &fake->platform;
	sampler = sampler_create(&config);
	now = 10 * SECOND + 30 * MS; /* off the grid */
}

static inline struct replica *new_replica(void)
{
	static uint32_t session;
	struct replica *replica = malloc(sizeof *replica);

	replica_init(replica, ++session);
	sampler_add_session(sampler, &replica->subscriber);
	return replica;
}

static inline void drop(struct replica *replica)
{
	sampler_drop(sampler, &replica->subscriber);
	replica_finish(replica);
	free(replica);
}

static inline void teardown(void)
{
	CHECK_INT(sampler_next_due(sampler), NEVER);
	CHECK_INT(fake->opens, fake->closes);
	while (lane_run_by_hand(sampler_lane(sampler), now))
		;
	sampler_tick(sampler, now);
	sampler_destroy(sampler);
	platform_destroy(&fake->platform);
}

/* Turns the clock to the next due time, and ticks. */
static inline void next_tick(void)
{
	uint64_t due = sampler_next_due(sampler);

	CHECK(due != NEVER);
	if (due > now)
		now = due;
	sampler_tick(sampler, now);
}

static inline void run_until(uint64_t end)
{
	while (sampler_next_due(sampler) <= end)
		next_tick();
	now = end;
}

static inline uint64_t number(
	const struct replica *replica, uint64_t pid, enum attribute_index attribute)
{
	const struct replica_row *row = replica_by_pid(replica, pid);

	CHECK(row);
	struct replica_cell cell = replica_cell(replica, row, attribute);
	CHECK_INT(cell.state, STATE_OK);
	return cell.bits;
}

static inline enum cell_state state(
	const struct replica *replica, uint64_t pid, enum attribute_index attribute)
{
	const struct replica_row *row = replica_by_pid(replica, pid);

	CHECK(row);
	return replica_cell(replica, row, attribute).state;
}

#endif

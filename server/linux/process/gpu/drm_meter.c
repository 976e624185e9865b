/*
 * Drm meter: from counters to time. Drivers count in ns of work; in cycles beside a clock of the
 * device that always runs (xe); or in cycles of an engine whose highest frequency is told.
 *
 * Counters may step back and catch up later: the highest one stands. They may be late: a driver
 * may tell of work when it is done. And they may be garbage. So an engine is allowed what it can
 * have worked since it was last read, and what it did not tell of in some seconds before.
 */
#include <string.h>

#include "drm.h"

#define SECOND_NS INT64_C(1000000000)
/* How late a driver may be. */
#define LATE_NS (5 * (uint64_t)SECOND_NS)
/* Clocks of device and machine differ a little, and a reading takes its time. */
#define SLACK_NS (20 * UINT64_C(1000000))
/* More than any device can have worked. */
#define ABSURD_NS (UINT64_C(3650) * 86400 * (uint64_t)SECOND_NS)

static uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t divisor)
{
	unsigned __int128 result = (unsigned __int128)a * b / divisor;

	return result > UINT64_MAX ? UINT64_MAX : (uint64_t)result;
}

static struct drm_gauge *gauge_of(struct drm_meter *self, const char *name, bool *ret_new)
{
	struct drm_gauge *gauge = self->gauges;

	*ret_new = false;
	for (; gauge < self->gauges + self->gauge_count; gauge++)
		if (strcmp(gauge->name, name) == 0)
			return gauge;
	if (self->gauge_count == DRM_ENGINES)
		return NULL;
	memcpy(gauge->name, name, DRM_NAME_SIZE);
	self->gauge_count++;
	*ret_new = true;
	return gauge;
}

/* Nanoseconds of a step of the counter; `elapsed` of the machine's since the last reading. */
static uint64_t step_ns(const struct drm_engine *engine, const struct drm_gauge *gauge,
	uint64_t step, uint64_t elapsed_ns)
{
	if (engine->keys & DRM_BUSY)
		return step;
	if (engine->keys & DRM_TOTAL_CYCLES)
		return engine->total_cycles > gauge->total
			       ? multiply_divide(
					 step, elapsed_ns, engine->total_cycles - gauge->total)
			       : 0;
	return multiply_divide(step, (uint64_t)SECOND_NS, engine->max_frequency_hz);
}

/* The first time that the engine is seen: what it did before, as far as the driver tells. */
static uint64_t first_step_ns(const struct drm_engine *engine)
{
	if (engine->keys & DRM_BUSY)
		return engine->busy_ns;
	if (engine->keys & DRM_TOTAL_CYCLES)
		return 0;
	return multiply_divide(engine->cycles, (uint64_t)SECOND_NS, engine->max_frequency_hz);
}

/* Is there anything to make a time of? */
static bool tells_time(const struct drm_engine *engine)
{
	return (engine->keys & DRM_BUSY) ||
	       ((engine->keys & DRM_CYCLES) && ((engine->keys & DRM_TOTAL_CYCLES) ||
						       ((engine->keys & DRM_MAX_FREQUENCY) &&
							       engine->max_frequency_hz)));
}

/* How far the counter went on; a jump that could not be true is undone when it comes back. */
static uint64_t advance(struct drm_gauge *gauge, uint64_t value)
{
	uint64_t step = 0;

	if (value >= gauge->value) {
		step = value - gauge->value;
		gauge->before = gauge->value;
		gauge->value = value;
	} else if (gauge->doubtful && value >= gauge->before) {
		gauge->value = value;
		gauge->doubtful = false;
	}
	return step;
}

/* What of it can be true. */
static uint64_t plausible(struct drm_meter *self, struct drm_gauge *gauge, uint64_t work_ns,
	uint64_t capacity, uint64_t elapsed_ns)
{
	uint64_t possible_ns = multiply_divide(capacity, elapsed_ns, 1);
	uint64_t depth_ns = capacity * LATE_NS;
	uint64_t allowance_ns = gauge->allowance_ns + possible_ns;

	if (work_ns > allowance_ns + possible_ns / 16 + capacity * SLACK_NS) {
		self->garbage++;
		gauge->doubtful = true;
		return possible_ns;
	}
	allowance_ns -= work_ns < allowance_ns ? work_ns : allowance_ns;
	gauge->allowance_ns = allowance_ns < depth_ns ? allowance_ns : depth_ns;
	if (work_ns)
		gauge->doubtful = false;
	return work_ns;
}

static void add_engine(struct drm_meter *self, const struct drm_engine *engine,
	uint64_t capacity, uint64_t now_ns)
{
	uint64_t value = engine->keys & DRM_BUSY ? engine->busy_ns : engine->cycles;
	uint64_t *time_ns = &self->time_ns[drm_engine_class(engine->name)];
	uint64_t work_ns;
	bool is_new;
	struct drm_gauge *gauge = gauge_of(self, engine->name, &is_new);

	if (!gauge)
		return;
	if (is_new)
		gauge->allowance_ns = capacity * LATE_NS;
	if (is_new && self->read_ns == 0) {
		gauge->value = value;
		work_ns = first_step_ns(engine);
		if (work_ns > ABSURD_NS) {
			self->garbage++;
			gauge->doubtful = true;
			work_ns = 0;
		}
	} else {
		uint64_t elapsed_ns = now_ns - self->read_ns;
		/* Cycles of an engine that was not there before have no beginning. */
		uint64_t step =
			is_new && (engine->keys & DRM_TOTAL_CYCLES) ? 0 : advance(gauge, value);
		if (is_new)
			gauge->value = value;
		work_ns = step_ns(engine, gauge, step, elapsed_ns);
		work_ns = plausible(self, gauge, work_ns, capacity, elapsed_ns);
	}
	gauge->total = engine->total_cycles;
	*time_ns += work_ns;
}

void drm_meter_add(struct drm_meter *self, const struct drm_client *client, uint64_t now_ns)
{
	const struct drm_driver *driver = drm_driver_find(client->driver);

	if (now_ns <= self->read_ns)
		return;
	self->known |= driver->idle_unlisted;
	for (uint32_t i = 0; i < client->engine_count; i++) {
		const struct drm_engine *engine = &client->engines[i];
		if (!tells_time(engine))
			continue;
		self->known = true;
		add_engine(self, engine, engine->capacity ? engine->capacity : driver->capacity,
			now_ns);
	}
	self->read_ns = now_ns;
}

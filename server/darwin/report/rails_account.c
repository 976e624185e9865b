/* Rails, the account: from the growth of channels to energy and power. */
#include <stddef.h>

#include "rails.h"

/* More than that in one step is no growth but a counter that holds something else. */
#define GROWTH_LIMIT (INT64_C(1) << 62)

void rails_begin(struct rails *self)
{
	self->step++;
	for (uint32_t i = 0; i < self->publisher_count; i++)
		self->publishers[i].moved = false;
	for (uint32_t i = 0; i < self->count; i++) {
		self->items[i].step_nj = 0;
		self->items[i].heard = false;
	}
}

static uint64_t scaled(const struct scale *scale, uint64_t value)
{
	uint64_t most = UINT64_MAX / scale->numerator;

	return (value < most ? value * scale->numerator : UINT64_MAX) / scale->denominator;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a < UINT64_MAX - b ? a + b : UINT64_MAX;
}

void rails_add(struct rails *self, const struct rail_channel *channel, int64_t growth)
{
	struct rail *rail;

	/* It told nothing, or began anew. */
	if (channel->rail == RAIL_NONE || growth < 0 || growth >= GROWTH_LIMIT)
		return;
	rail = &self->items[channel->rail];
	rail->heard = true;
	rail->step_nj = sum(rail->step_nj, scaled(&channel->to_nj, (uint64_t)growth));
	if (growth)
		self->publishers[channel->publisher].moved = true;
}

static void set_states(struct rail *rail, enum cell_state total, enum cell_state power)
{
	rail->total_state = total;
	rail->power_state = power;
}

/* What came before the first batch that we met is of a time that nobody knows the length of. */
static void hear(struct rail *rail, uint64_t step, uint64_t now_ns)
{
	uint64_t span_ns = now_ns - rail->since_ns;

	if (!rail->since_ns) {
		set_states(rail, STATE_OK, STATE_PENDING);
	} else if (span_ns) {
		rail->total_nj = sum(rail->total_nj, rail->step_nj);
		/* nJ by ns is W */
		rail->power_uw =
			(uint64_t)((double)rail->step_nj * 1e6 / (double)span_ns + 0.5);
		set_states(rail, STATE_OK, STATE_OK);
	}
	rail->since_ns = rail->silent_since_ns = now_ns;
	rail->change = step;
}

static void be_silent(struct rail *rail, uint64_t now_ns)
{
	if (!rail->silent_since_ns)
		rail->silent_since_ns = now_ns;
	if (now_ns - rail->silent_since_ns >= RAIL_STALL_NS)
		set_states(rail, STATE_NONE, STATE_NONE);
}

static bool is_cpu(const struct rail *rail)
{
	return !rail->composed && (rail->kind == RAIL_CPU || rail->kind == RAIL_CLUSTER);
}

/*
 * We run, so a processor that took nothing at all was not measured: on the A18 its meters stand at 0 while
 * those beside them, of the same publisher, go on. One cluster may sleep.
 */
static void doubt_cpu(struct rails *self)
{
	uint64_t step_nj = 0;

	for (uint32_t i = 0; i < self->count; i++)
		if (is_cpu(&self->items[i]))
			step_nj = sum(step_nj, self->items[i].step_nj);
	for (uint32_t i = 0; i < self->count && !step_nj; i++)
		if (is_cpu(&self->items[i]))
			self->items[i].heard = false;
}

static void end_channels(struct rails *self, struct rail *rail, uint64_t now_ns, bool gpu_slept)
{
	bool moved = self->publishers[rail->publisher].moved ||
		     (rail->kind == RAIL_GPU && gpu_slept && rail->heard);

	if (moved && rail->heard) {
		hear(rail, self->step, now_ns);
	} else {
		if (moved) /* its part of this batch is lost */
			rail->since_ns = 0;
		be_silent(rail, now_ns);
	}
}

static enum cell_state worse(enum cell_state a, enum cell_state b)
{
	return a == STATE_OK ? b : b == STATE_NONE ? b : a;
}

/* The sum of its parts, as soon as each of them has something new. */
static void end_composed(struct rails *self, struct rail *whole, uint8_t place)
{
	uint64_t total_nj = 0, power_uw = 0;
	enum cell_state total = STATE_OK, power = STATE_OK;
	bool all = true;

	for (uint32_t i = 0; i < self->count; i++) {
		const struct rail *part = &self->items[i];
		if (part->part_of != place)
			continue;
		all = all && part->change > whole->change;
		total_nj = sum(total_nj, part->total_nj);
		power_uw = sum(power_uw, part->power_uw);
		total = worse(total, part->total_state);
		power = worse(power, part->power_state);
	}
	if (total == STATE_NONE || power == STATE_NONE) {
		set_states(whole, total, power);
	} else if (all) {
		whole->total_nj = total_nj;
		whole->power_uw = power_uw;
		whole->change = self->step;
		set_states(whole, total, power);
	}
}

void rails_end(struct rails *self, uint64_t now_ns, bool gpu_slept)
{
	doubt_cpu(self);
	for (uint32_t i = 0; i < self->count; i++)
		if (!self->items[i].composed)
			end_channels(self, &self->items[i], now_ns, gpu_slept);
	/* The package is before the CPU, which is a part of it. */
	for (uint32_t i = self->count; i-- > 0;)
		if (self->items[i].composed)
			end_composed(self, &self->items[i], (uint8_t)i);
}

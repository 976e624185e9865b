#include "residency.h"

#include <string.h>

/* ------------------------------------------------------------------------------ names */

enum state_role state_role(const char *name)
{
	if (strcmp(name, "IDLE") == 0)
		return ROLE_IDLE;
	if (strcmp(name, "DOWN") == 0 || strcmp(name, "OFF") == 0)
		return ROLE_OFF;
	return ROLE_ACTIVE;
}

uint64_t residency_unit(const char *label)
{
	uint64_t number = 0;

	while (label && *label == ' ')
		label++;
	for (; label && *label >= '0' && *label <= '9' && number < 1000000; label++)
		number = number * 10 + (uint64_t)(*label - '0');
	if (!label || strncmp(label, "Mticks", 6) != 0 || label[6 + strspn(label + 6, " ")])
		return 0;
	return number * 1000000;
}

/* ------------------------------------------------------------------------------- dvfs */

/* The slowest step of any chip, and more than the fastest. */
#define HZ_MIN   UINT64_C(50000000)
#define HZ_LIMIT UINT64_C(20000000000)
/* A table in which no step has that many Hz is in kHz. */
#define HZ_PLAUSIBLE UINT64_C(100000000)

static uint32_t word(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static bool is_plausible(const struct dvfs *self)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (self->hz[i] < HZ_MIN || self->hz[i] >= HZ_LIMIT ||
			(i && self->hz[i] < self->hz[i - 1]))
			return false;
	return true;
}

void dvfs_decode(struct dvfs *self, const uint8_t *bytes, size_t length)
{
	uint64_t most = 0;

	self->count = 0;
	for (size_t at = 0; at + 8 <= length && self->count < STATES_MAX; at += 8) {
		uint64_t value = word(bytes + at);
		if (!value)
			continue;
		most = value > most ? value : most;
		self->hz[self->count++] = value;
	}
	for (uint32_t i = 0; most < HZ_PLAUSIBLE && i < self->count; i++)
		self->hz[i] *= 1000;
	if (!is_plausible(self))
		self->count = 0;
}

/* -------------------------------------------------------------------------- residency */

void residency_init(struct residency *self, uint64_t ticks_per_second)
{
	*self = (struct residency){
		.per_second = ticks_per_second,
		.frequency_hz = ABSENT_U64(STATE_PENDING),
		.active_share = absent_f64(STATE_PENDING),
	};
}

static bool is_whole(const int64_t *growth, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (growth[i] < 0 || growth[i] >= INT64_C(1) << 55)
			return false;
	return true;
}

/* The mean of the steps that it ran at, each for its time. */
static uint64_t mean_hz(const uint8_t *roles, const int64_t *growth, uint32_t count,
	uint64_t active, const struct dvfs *dvfs)
{
	double sum = 0;
	uint32_t step = 0;

	if (!active)
		return ABSENT_U64(STATE_NONE);
	for (uint32_t i = 0; i < count; i++) {
		if (roles[i] != ROLE_ACTIVE)
			continue;
		if (dvfs && step < dvfs->count)
			sum += (double)dvfs->hz[step] * (double)growth[i];
		step++;
	}
	if (!dvfs || step != dvfs->count)
		return ABSENT_U64(STATE_UNSUPPORTED);
	return (uint64_t)(sum / (double)active + 0.5);
}

void residency_step(struct residency *self, const uint8_t *roles, const int64_t *growth,
	uint32_t count, const struct dvfs *dvfs)
{
	uint64_t by_role[3] = {0}, all = 0;

	self->frequency_hz = ABSENT_U64(STATE_NONE);
	self->active_share = absent_f64(STATE_NONE);
	if (!is_whole(growth, count))
		return;
	for (uint32_t i = 0; i < count; i++) {
		by_role[roles[i]] += (uint64_t)growth[i];
		all += (uint64_t)growth[i];
	}
	self->active += by_role[ROLE_ACTIVE];
	self->idle += by_role[ROLE_IDLE];
	self->off += by_role[ROLE_OFF];
	self->stepped = true;
	if (!all) /* nothing was counted at all */
		return;
	self->active_share = (double)by_role[ROLE_ACTIVE] / (double)all;
	self->frequency_hz = mean_hz(roles, growth, count, by_role[ROLE_ACTIVE], dvfs);
}

uint64_t residency_ns(const struct residency *self, uint64_t ticks)
{
	uint64_t rate = self->per_second;

	return ticks / rate * UINT64_C(1000000000) + ticks % rate * UINT64_C(1000000000) / rate;
}

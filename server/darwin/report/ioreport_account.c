#include "ioreport_account.h"

#include <stdlib.h>
#include <string.h>

#include "../property.h"
#include "alloc.h"

/* ---------------------------------------------------------------------------- channels */

static void name_of(const struct report_library *library, CFDictionaryRef channel, char *name)
{
	property_text(library->call.ChannelGetChannelName(channel), name, RAIL_NAME);
}

static void read_states(struct report_channel *self, const struct report_library *library,
	CFDictionaryRef channel)
{
	int32_t count = library->call.StateGetCount(channel);
	char name[32];

	self->state_count = count < 0 ? 0 : count > STATES_MAX ? STATES_MAX : (uint32_t)count;
	for (uint32_t i = 0; i < self->state_count; i++) {
		property_text(library->call.StateGetNameForIndex(channel, (int32_t)i), name,
			sizeof name);
		self->roles[i] = (uint8_t)state_role(name);
	}
}

static void describe(struct report_channel *self, const struct report_library *library,
	CFDictionaryRef channel)
{
	int32_t format = library->call.ChannelGetFormat(channel);
	struct core_name core;

	*self = (struct report_channel){.group = report_library_group(library, channel)};
	name_of(library, channel, self->name);
	property_text(
		library->call.ChannelGetUnitLabel(channel), self->unit, sizeof self->unit);
	if (self->group == REPORT_GROUPS)
		return;
	uint32_t bit = report_groups[self->group].bit;
	if (bit == REPORT_ENERGY && format == IOREPORT_FORMAT_SIMPLE)
		self->use = CHANNEL_RAIL;
	if (format != IOREPORT_FORMAT_STATE || !residency_unit(self->unit))
		return;
	read_states(self, library, channel);
	if (bit == REPORT_CORES && core_name_parse(self->name, &core))
		self->use = CHANNEL_CORE;
	const char *begin;
	if (bit == REPORT_GPU && rail_name_is(self->name, "GPUPH", &begin))
		self->use = CHANNEL_GPU;
}

/* --------------------------------------------------------------------------------- plan */

static uint32_t count_steps(const struct report_channel *channel)
{
	uint32_t steps = 0;

	for (uint32_t i = 0; i < channel->state_count; i++)
		steps += channel->roles[i] == ROLE_ACTIVE;
	return steps;
}

static void init_unit(struct report_unit *self, const struct report_channel *channel)
{
	*self = (struct report_unit){.steps = count_steps(channel)};
	memcpy(self->name, channel->name, sizeof self->name);
	core_name_parse(channel->name, &self->place);
	residency_init(&self->residency, residency_unit(channel->unit));
}

static int compare_units(const void *a, const void *b)
{
	const struct report_unit *left = a, *right = b;

	return core_name_compare(&left->place, &right->place);
}

/* What was counted before the subscription was another one. */
static void keep_times(struct report_unit *self, const struct report_unit *old, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(old[i].name, self->name) == 0 &&
			old[i].residency.per_second == self->residency.per_second)
			self->residency = old[i].residency;
}

static void plan_cores(struct report_account *self)
{
	struct report_unit *old = self->cores;
	uint32_t old_count = self->core_count;

	self->cores = xcalloc(self->channel_count + 1, sizeof *self->cores);
	self->core_count = 0;
	for (uint32_t i = 0; i < self->channel_count; i++)
		if (self->channels[i].use == CHANNEL_CORE)
			init_unit(&self->cores[self->core_count++], &self->channels[i]);
	qsort(self->cores, self->core_count, sizeof *self->cores, compare_units);
	for (uint32_t i = 0; i < self->core_count; i++)
		keep_times(&self->cores[i], old, old_count);
	for (uint32_t i = 0; i < self->channel_count; i++)
		for (uint32_t at = 0; at < self->core_count; at++)
			if (self->channels[i].use == CHANNEL_CORE &&
				strcmp(self->cores[at].name, self->channels[i].name) == 0)
				self->channels[i].core = at;
	free(old);
}

/* Of two, the first. */
static void plan_gpu(struct report_account *self)
{
	struct report_unit old = self->gpu;
	bool had = self->has_gpu;

	self->has_gpu = false;
	for (uint32_t i = 0; i < self->channel_count; i++) {
		if (self->channels[i].use != CHANNEL_GPU)
			continue;
		if (self->has_gpu) {
			self->channels[i].use = CHANNEL_UNUSED;
			continue;
		}
		self->has_gpu = true;
		init_unit(&self->gpu, &self->channels[i]);
		keep_times(&self->gpu, &old, had);
	}
}

static void plan_rails(struct rails *rails, struct report_channel *channels, uint32_t count)
{
	struct rail_input *inputs = xcalloc(count + 1, sizeof *inputs);
	struct rail_channel *out = xcalloc(count + 1, sizeof *out);

	for (uint32_t i = 0; i < count; i++) {
		inputs[i].name = channels[i].name;
		/* What is no meter has no unit of energy. */
		inputs[i].unit = channels[i].use == CHANNEL_RAIL ? channels[i].unit : "";
		inputs[i].spare = channels[i].use == CHANNEL_RAIL &&
				  report_groups[channels[i].group].spare;
	}
	rails_plan(rails, inputs, count, out);
	for (uint32_t i = 0; i < count; i++)
		if (channels[i].use == CHANNEL_RAIL)
			channels[i].rail = out[i];
	free(inputs);
	free(out);
}

static void plan(
	struct report_account *self, const struct report_library *library, CFArrayRef channels)
{
	self->channel_count = (uint32_t)property_count(channels);
	free(self->channels);
	self->channels = xcalloc(self->channel_count + 1, sizeof *self->channels);
	for (uint32_t i = 0; i < self->channel_count; i++)
		describe(&self->channels[i], library, property_at(channels, i));
	plan_rails(&self->rails, self->channels, self->channel_count);
	plan_cores(self);
	plan_gpu(self);
	report_account_find_steps(self);
}

void report_account_plan_rails(
	struct rails *ret_rails, const struct report_library *library, CFArrayRef channels)
{
	uint32_t count = (uint32_t)property_count(channels);
	struct report_channel *own = xcalloc(count + 1, sizeof *own);

	for (uint32_t i = 0; i < count; i++)
		describe(&own[i], library, property_at(channels, i));
	plan_rails(ret_rails, own, count);
	free(own);
}

/* ------------------------------------------------------------------------------- growth */

/* Samples of one subscription have their channels in one order. */
static bool is_planned(const struct report_account *self, const struct report_library *library,
	CFArrayRef channels)
{
	char name[RAIL_NAME];

	if (property_count(channels) != self->channel_count)
		return false;
	for (uint32_t i = 0; i < self->channel_count; i++) {
		name_of(library, property_at(channels, i), name);
		if (strcmp(name, self->channels[i].name) != 0)
			return false;
	}
	return true;
}

static void step(struct report_unit *self, const struct report_channel *plan,
	const struct report_library *library, CFDictionaryRef channel)
{
	int64_t growth[STATES_MAX];

	for (uint32_t i = 0; i < plan->state_count; i++)
		growth[i] = library->call.StateGetResidency(channel, (int32_t)i);
	residency_step(&self->residency, plan->roles, growth, plan->state_count,
		self->dvfs.count ? &self->dvfs : NULL);
}

static void add_channel(struct report_account *self, const struct report_channel *plan,
	const struct report_library *library, CFDictionaryRef channel)
{
	switch (plan->use) {
	case CHANNEL_RAIL:
		if (plan->rail.rail != RAIL_NONE)
			rails_add(&self->rails, &plan->rail,
				library->call.SimpleGetIntegerValue(channel, 0));
		break;
	case CHANNEL_CORE:
		step(&self->cores[plan->core], plan, library, channel);
		break;
	case CHANNEL_GPU:
		step(&self->gpu, plan, library, channel);
		break;
	case CHANNEL_UNUSED:
		break;
	}
}

/* All the time since the sample before. */
static bool gpu_slept(const struct report_account *self)
{
	return self->has_gpu && self->gpu.residency.active_share == 0.0;
}

void report_account_add(struct report_account *self, const struct report_library *library,
	CFDictionaryRef growth, uint64_t now_ns)
{
	CFArrayRef channels = report_library_channels(growth);

	if (!is_planned(self, library, channels))
		plan(self, library, channels);
	rails_begin(&self->rails);
	for (uint32_t i = 0; i < self->channel_count; i++)
		add_channel(self, &self->channels[i], library, property_at(channels, i));
	rails_end(&self->rails, now_ns, gpu_slept(self));
}

const struct report_unit *report_account_core(
	const struct report_account *self, const struct report_core *core)
{
	uint32_t tier = 0, first = 0, size;

	while (first < self->core_count) {
		for (size = 0; first + size < self->core_count &&
			       self->cores[first + size].place.letter ==
				       self->cores[first].place.letter;
			size++)
			;
		if (tier == core->tier)
			return size == core->tier_size && core->place < size
				       ? &self->cores[first + core->place]
				       : NULL;
		tier++;
		first += size;
	}
	return NULL;
}

void report_account_finish(struct report_account *self)
{
	free(self->channels);
	free(self->cores);
	*self = (struct report_account){0};
}

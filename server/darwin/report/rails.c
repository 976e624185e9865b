#include "rails.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "chips.h"

/* ---------------------------------------------------------------------------- parsers */

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Without the blanks around it; false: it does not fit. */
static bool trim(const char *label, char text[UNIT_NAME])
{
	size_t length;

	while (*label == ' ')
		label++;
	length = strlen(label);
	while (length && label[length - 1] == ' ')
		length--;
	if (length >= UNIT_NAME)
		return false;
	memcpy(text, label, length);
	text[length] = '\0';
	return true;
}

bool rail_unit(const char *label, struct scale *ret_to_nj)
{
	static const struct {
		const char *name;
		struct scale to_nj;
	} units[] = {
		{"J", {1000000000, 1}},
		{"mJ", {1000000, 1}},
		{"uJ", {1000, 1}},
		{"nJ", {1, 1}},
		{"pJ", {1, 1000}},
	};
	char text[UNIT_NAME];

	if (!label || !trim(label, text))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(text, units[i].name) == 0) {
			*ret_to_nj = units[i].to_nj;
			return true;
		}
	return false;
}

static const char *skip_digits(const char *text)
{
	while (is_digit(*text))
		text++;
	return text;
}

static bool ends_as_die(const char *name)
{
	return *name == '\0' || (*name == '_' && is_digit(name[1]) && !*skip_digits(name + 1));
}

static bool matches(const char *name, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '~')
			return ends_as_die(name);
		if (*pattern == '#') {
			if (!is_digit(*name))
				return false;
			name = skip_digits(name);
		} else if (*name++ != *pattern) {
			return false;
		}
	}
	return *name == '\0';
}

/* What is behind "DIE_0_"; NULL: it has none. */
static const char *behind_die(const char *name)
{
	const char *end;

	if (strncmp(name, "DIE_", 4) != 0 || !is_digit(name[4]))
		return NULL;
	end = skip_digits(name + 4);
	return *end == '_' ? end + 1 : NULL;
}

bool rail_name_is(const char *name, const char *pattern, const char **ret_begin)
{
	const char *blank = strchr(name, ' ');
	const char *begins[] = {name, behind_die(name), blank ? blank + 1 : NULL};

	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (begins[i] && matches(begins[i], pattern)) {
			*ret_begin = begins[i];
			return true;
		}
	return false;
}

/* ------------------------------------------------------------------------------- plan */

enum { SPARE_RANK = 8 };

/* What one channel could be. */
struct candidate {
	const struct chip_rail *is; /* NULL: nothing that we know */
	uint8_t rank;
};

static struct candidate classify(const struct rail_input *input)
{
	struct scale to_nj;
	const char *begin;

	if (!rail_unit(input->unit, &to_nj))
		return (struct candidate){NULL, 0};
	for (const struct chip_rail *i = chip_rails; i->pattern; i++)
		if (rail_name_is(input->name, i->pattern, &begin))
			return (struct candidate){
				i, (uint8_t)(i->rank + (input->spare ? SPARE_RANK : 0))};
	return (struct candidate){NULL, 0};
}

/* The lowest rank of each kind. */
static void find_ranks(const struct rail_input *inputs, uint32_t count, uint8_t *ret_ranks)
{
	memset(ret_ranks, UINT8_MAX, RAIL_OTHER + 1);
	for (uint32_t i = 0; i < count; i++) {
		struct candidate candidate = classify(&inputs[i]);
		if (candidate.is && candidate.rank < ret_ranks[candidate.is->kind])
			ret_ranks[candidate.is->kind] = candidate.rank;
	}
}

static uint8_t publisher_of(struct rails *self, const struct rail_input *input)
{
	char unit[UNIT_NAME];
	struct rail_publisher *publisher;

	trim(input->unit, unit);
	for (uint32_t i = 0; i < self->publisher_count; i++)
		if (strcmp(self->publishers[i].unit, unit) == 0 &&
			self->publishers[i].spare == input->spare)
			return (uint8_t)i;
	if (self->publisher_count == PUBLISHERS_MAX)
		return 0;
	publisher = &self->publishers[self->publisher_count];
	publisher->spare = input->spare;
	memcpy(publisher->unit, unit, sizeof unit);
	return (uint8_t)self->publisher_count++;
}

static uint8_t place_of(const struct rails *self, const char *name)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (strcmp(self->items[i].name, name) == 0)
			return (uint8_t)i;
	return RAIL_NONE;
}

/* The rail of that name, which is made if there is none; RAIL_NONE: there are too many. */
static uint8_t make(struct rails *self, const char *name, enum rail_kind kind)
{
	uint8_t place = place_of(self, name);
	struct rail *rail;

	if (place != RAIL_NONE || self->count == RAILS_MAX)
		return place;
	rail = &self->items[self->count];
	*rail = (struct rail){
		.kind = kind,
		.part_of = RAIL_NONE,
		.in_total = ABSENT_U64(STATE_NONE),
		.total_state = STATE_PENDING,
		.power_state = STATE_PENDING,
	};
	snprintf(rail->name, sizeof rail->name, "%s", name);
	return (uint8_t)self->count++;
}

/* "PACC0_CPU3" is of "PACC0_CPU", "MCPU0_2" of "MCPU0". */
static void name_of_cluster(const char *core, char name[RAIL_NAME])
{
	size_t length;

	snprintf(name, RAIL_NAME, "%s", core);
	length = strlen(name);
	while (length && is_digit(name[length - 1]))
		length--;
	if (length && name[length - 1] == '_')
		length--;
	name[length] = '\0';
}

static uint8_t rail_of(
	struct rails *self, const struct rail_input *input, const struct chip_rail *is)
{
	char name[RAIL_NAME];

	if (is->name)
		snprintf(name, sizeof name, "%s", is->name);
	else if (is->of_core)
		name_of_cluster(input->name, name);
	else
		snprintf(name, sizeof name, "%s", input->name);
	return make(self, name, is->kind);
}

static void plan_kind(struct rails *self, enum rail_kind kind, uint8_t rank,
	const struct rail_input *inputs, uint32_t count, struct rail_channel *ret_channels)
{
	for (uint32_t i = 0; i < count; i++) {
		struct candidate candidate = classify(&inputs[i]);
		struct rail_channel channel;
		if (!candidate.is || candidate.is->kind != kind)
			continue;
		/* The others are each a thing of its own. */
		if (candidate.rank != rank && kind != RAIL_OTHER)
			continue;
		channel.rail = rail_of(self, &inputs[i], candidate.is);
		if (channel.rail == RAIL_NONE)
			continue;
		channel.publisher = publisher_of(self, &inputs[i]);
		rail_unit(inputs[i].unit, &channel.to_nj);
		self->items[channel.rail].publisher = channel.publisher;
		if (ret_channels)
			ret_channels[i] = channel;
	}
}

static uint8_t first_of(const struct rails *self, enum rail_kind kind)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (self->items[i].kind == kind)
			return (uint8_t)i;
	return RAIL_NONE;
}

static void put_into(struct rails *self, enum rail_kind kind, uint8_t whole)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (self->items[i].kind == kind) {
			self->items[i].part_of = whole;
			self->items[i].in_total = 0;
		}
}

/* Who is part of whom. */
static void relate(struct rails *self)
{
	uint8_t package = first_of(self, RAIL_PACKAGE), cpu = first_of(self, RAIL_CPU);

	put_into(self, RAIL_CLUSTER, cpu);
	put_into(self, RAIL_CPU, package);
	put_into(self, RAIL_GPU, package);
	put_into(self, RAIL_ANE, package);
	for (uint32_t i = 0; i < self->count; i++) {
		struct rail *rail = &self->items[i];
		bool counts = rail->kind == RAIL_CPU || rail->kind == RAIL_GPU ||
			      rail->kind == RAIL_ANE || rail->kind == RAIL_DRAM ||
			      rail->kind == RAIL_PACKAGE;
		if (counts && rail->part_of == RAIL_NONE)
			rail->in_total = 1;
	}
}

static void keep_accounts(struct rails *self, const struct rails *old)
{
	self->step = old->step;
	for (uint32_t i = 0; i < self->count; i++) {
		struct rail *rail = &self->items[i];
		const struct rail *before = rails_find(old, rail->name);
		if (!before)
			continue;
		rail->total_nj = before->total_nj;
		rail->power_uw = before->power_uw;
		rail->since_ns = before->since_ns;
		rail->silent_since_ns = before->silent_since_ns;
		rail->change = before->change;
		rail->total_state = before->total_state;
		rail->power_state = before->power_state;
	}
}

void rails_plan(struct rails *self, const struct rail_input *inputs, uint32_t count,
	struct rail_channel *ret_channels)
{
	struct rails old = *self;
	uint8_t ranks[RAIL_OTHER + 1];

	memset(self, 0, sizeof *self);
	for (uint32_t i = 0; ret_channels && i < count; i++)
		ret_channels[i] = (struct rail_channel){.rail = RAIL_NONE};
	find_ranks(inputs, count, ranks);
	if (ranks[RAIL_GPU] != UINT8_MAX &&
		(ranks[RAIL_CPU] != UINT8_MAX || ranks[RAIL_CLUSTER] != UINT8_MAX))
		self->items[make(self, "package", RAIL_PACKAGE)].composed = true;
	if (ranks[RAIL_CPU] == UINT8_MAX && ranks[RAIL_CLUSTER] != UINT8_MAX)
		self->items[make(self, "CPU", RAIL_CPU)].composed = true;
	for (int kind = RAIL_CPU; kind <= RAIL_OTHER; kind++)
		plan_kind(self, (enum rail_kind)kind, ranks[kind], inputs, count, ret_channels);
	relate(self);
	keep_accounts(self, &old);
}

const struct rail *rails_find(const struct rails *self, const char *name)
{
	uint8_t place = place_of(self, name);

	return place == RAIL_NONE ? NULL : &self->items[place];
}

#include "sum.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "instance.h"

enum { DEPTH_MAX = 64 }; /* of parents; whoever has more is his own ancestor */

/* A number of a row, and of which row of that slot. */
struct part {
	uint32_t generation;
	uint64_t value;
};

struct sum {
	enum attribute_index attribute;
	const struct summing *what;
	/* Of counters. By slot of the other table: what has been counted of the row. */
	struct part *counted;
	uint32_t counted_capacity;
	/* By slot of this table: what all rows of it have counted so far. */
	struct part *totals;
	uint32_t total_capacity;
	struct sum *next;
};

void sum_begin(struct instance *instance, enum attribute_index attribute)
{
	struct sum *self = xcalloc(1, sizeof *self);

	self->attribute = attribute;
	self->what = instance->platform->bindings[attribute].sum;
	assert(attributes[attribute].type == TYPE_U64);
	assert(attributes[self->what->of].type == TYPE_U64);
	self->next = instance->sums;
	instance->sums = self;
}

static void destroy(struct sum *self)
{
	free(self->counted);
	free(self->totals);
	free(self);
}

void sum_end(struct instance *instance, enum attribute_index attribute)
{
	for (struct sum **link = &instance->sums; *link; link = &(*link)->next) {
		struct sum *self = *link;
		if (self->attribute != attribute)
			continue;
		*link = self->next;
		destroy(self);
		return;
	}
}

void sum_finish(struct instance *instance)
{
	while (instance->sums)
		sum_end(instance, instance->sums->attribute);
}

void sum_forget(struct instance *instance)
{
	for (struct sum *self = instance->sums; self; self = self->next)
		if (self->counted)
			memset(self->counted, 0,
				self->counted_capacity * sizeof *self->counted);
}

/* ------------------------------------------------------------------- rows by identity */

struct place {
	uint64_t identity;
	uint32_t slot;
};

struct index {
	struct place *places; /* by identity */
	uint32_t count;
	uint32_t *parents; /* by slot; NO_SLOT: none */
};

static int compare_places(const void *a, const void *b)
{
	uint64_t left = ((const struct place *)a)->identity;
	uint64_t right = ((const struct place *)b)->identity;

	return (left > right) - (left < right);
}

static uint32_t find_slot(const struct index *self, uint64_t identity)
{
	struct place key = {identity, 0}, *found;

	if (self->count == 0)
		return NO_SLOT;
	found = bsearch(&key, self->places, self->count, sizeof key, compare_places);
	return found ? found->slot : NO_SLOT;
}

static void index_init(struct index *self, const struct table *table)
{
	*self = (struct index){0};
	self->places = xcalloc(table->slot_count + 1, sizeof *self->places);
	self->parents = xcalloc(table->slot_count + 1, sizeof *self->parents);
	for (uint32_t slot = 0; slot < table->slot_count; slot++)
		if (row_is_running(&table->rows[slot]))
			self->places[self->count++] =
				(struct place){table->rows[slot].identity, slot};
	if (self->count)
		qsort(self->places, self->count, sizeof *self->places, compare_places);
}

static void index_parents(
	struct index *self, const struct table *table, const struct column *parent)
{
	for (uint32_t slot = 0; slot < table->slot_count; slot++)
		self->parents[slot] = parent && parent->states[slot] == STATE_OK
					      ? find_slot(self, parent->values[slot])
					      : NO_SLOT;
}

static void index_finish(struct index *self)
{
	free(self->places);
	free(self->parents);
}

/* -------------------------------------------------------------------------- adding */

/* What a row of this table gets: by slot. */
struct result {
	uint64_t value;
	bool known;             /* somebody has added something */
	enum cell_state absent; /* STATE_OK; or why somebody could not */
};

/* The state of a whole that one of its parts has not got: what nobody has is no loss. */
static enum cell_state worse(enum cell_state one, enum cell_state other)
{
	static const uint8_t rank[STATE_END] = {[STATE_OK] = 0,
		[STATE_NONE] = 0,
		[STATE_PENDING] = 0,
		[STATE_ASLEEP] = 1,
		[STATE_UNSUPPORTED] = 2,
		[STATE_DENIED] = 3,
		[STATE_FAILED] = 4};

	return rank[other] > rank[one] ? other : one;
}

static void resize(struct part **parts, uint32_t *capacity, uint32_t needed)
{
	if (*capacity >= needed)
		return;
	*parts = xreallocarray(*parts, needed, sizeof **parts);
	memset(*parts + *capacity, 0, (needed - *capacity) * sizeof **parts);
	*capacity = needed;
}

/* What the row has counted since it was met last. */
static uint64_t growth(struct part *counted, const struct row *row, uint64_t value)
{
	uint64_t before = counted->generation == row->generation ? counted->value : 0;

	*counted = (struct part){row->generation, value};
	return value > before ? value - before : 0;
}

/* Each row of the other table adds what it has to the row that it belongs to. */
static void add_rows(struct sum *self, struct instance *instance, const struct instance *input,
	const struct index *index, struct result *results)
{
	const struct column *of = input->table.columns[self->what->of];
	const struct column *by = input->table.columns[self->what->by];
	bool any_lost = false;

	for (uint32_t slot = 0; slot < input->table.slot_count; slot++) {
		const struct row *row = &input->table.rows[slot];
		any_lost |= row_is_running(row) && by->states[slot] == STATE_FAILED;
		if (!row_is_running(row) || by->states[slot] != STATE_OK)
			continue;
		uint32_t to = find_slot(index, by->values[slot]);
		if (to == NO_SLOT)
			continue;
		struct result *result = &results[to];
		if (of->states[slot] != STATE_OK) {
			result->absent = worse(result->absent, of->states[slot]);
			continue;
		}
		result->known = true;
		if (!of->counter) {
			result->value += of->values[slot];
			continue;
		}
		struct part *total = &self->totals[to];
		uint32_t generation = instance->table.rows[to].generation;
		if (total->generation != generation)
			*total = (struct part){generation, 0};
		total->value += growth(&self->counted[slot], row, of->values[slot]);
	}
	/* It may belong to any of them. */
	for (uint32_t to = 0; any_lost && to < instance->table.slot_count; to++)
		results[to].absent = STATE_FAILED;
}

/* Of a counter also what those have added who are gone. */
static void add_totals(
	const struct sum *self, const struct table *table, struct result *results)
{
	for (uint32_t slot = 0; slot < table->slot_count; slot++) {
		const struct row *row = &table->rows[slot];
		if (!row_is_running(row) || self->totals[slot].generation != row->generation)
			continue;
		results[slot].value += self->totals[slot].value;
		results[slot].known = true;
	}
}

/* What a row has, all rows above it have too. */
static void add_up(const struct index *index, const struct table *table,
	const struct result *results, struct result *wholes)
{
	for (uint32_t slot = 0; slot < table->slot_count; slot++) {
		uint32_t to = slot;
		for (int depth = 0; to != NO_SLOT && depth < DEPTH_MAX; depth++) {
			wholes[to].value += results[slot].value;
			wholes[to].known |= results[slot].known;
			wholes[to].absent = worse(wholes[to].absent, results[slot].absent);
			to = index->parents[to];
		}
	}
}

static void store(struct instance *instance, struct column *column, uint32_t slot,
	const struct result *result)
{
	if (result->absent != STATE_OK)
		table_set_state(&instance->table, column, slot, result->absent);
	else if (result->known)
		table_set(&instance->table, column, slot, result->value);
	else
		table_set_state(&instance->table, column, slot, STATE_NONE);
}

static void run(struct sum *self, struct instance *instance, const struct instance *input,
	const struct index *index)
{
	struct table *table = &instance->table;
	struct result *results = xcalloc(table->slot_count + 1, sizeof *results);
	struct result *wholes = xcalloc(table->slot_count + 1, sizeof *wholes);

	resize(&self->counted, &self->counted_capacity, input->table.slot_count);
	resize(&self->totals, &self->total_capacity, table->slot_count);
	add_rows(self, instance, input, index, results);
	if (input->table.columns[self->what->of]->counter)
		add_totals(self, table, results);
	add_up(index, table, results, wholes);
	for (uint32_t slot = 0; slot < table->slot_count; slot++)
		if (row_is_running(&table->rows[slot]))
			store(instance, table->columns[self->attribute], slot, &wholes[slot]);
	free(results);
	free(wholes);
}

void sum_run(struct instance *instance, const struct instance *input)
{
	struct index index;

	if (!instance->sums)
		return;
	index_init(&index, &instance->table);
	for (struct sum *sum = instance->sums; sum; sum = sum->next) {
		if (!input->table.columns[sum->what->of] ||
			!input->table.columns[sum->what->by])
			continue; /* of another input */
		index_parents(&index, &instance->table, instance->table.columns[sum->what->up]);
		run(sum, instance, input, &index);
	}
	index_finish(&index);
}

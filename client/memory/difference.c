#include "difference.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static uint64_t start_of(const struct difference_side *side, size_t row)
{
	return regions_number(side->regions, row, REGIONS_START);
}

static uint64_t end_of(const struct difference_side *side, size_t row)
{
	return regions_number(side->regions, row, REGIONS_END);
}

static bool is_same_text(
	const struct difference *self, size_t before, size_t after, enum regions_column column)
{
	return strcmp(regions_text(self->before.regions, before, column),
		       regions_text(self->after.regions, after, column)) == 0;
}

static bool is_same_object(const struct difference *self, size_t before, size_t after)
{
	return regions_number(self->before.regions, before, REGIONS_INODE) ==
		       regions_number(self->after.regions, after, REGIONS_INODE) &&
	       is_same_text(self, before, after, REGIONS_SHARE) &&
	       is_same_text(self, before, after, REGIONS_PATH) &&
	       is_same_text(self, before, after, REGIONS_NAME);
}

struct named {
	uint64_t identity;
	size_t row;
};

static int compare_named(const void *left, const void *right)
{
	const struct named *a = left, *b = right;

	return (a->identity > b->identity) - (a->identity < b->identity);
}

static struct named *sort_by_identity(const struct difference_side *side)
{
	struct named *items = xcalloc(side->count + 1, sizeof *items);

	for (size_t i = 0; i < side->count; i++)
		items[i] = (struct named){side->regions->sheet.rows[i].identity, i};
	qsort(items, side->count, sizeof *items, compare_named);
	return items;
}

static void match(struct difference *self, size_t before, size_t after)
{
	self->before.matches[before] = (long)after;
	self->after.matches[after] = (long)before;
}

static void match_identities(struct difference *self)
{
	struct named *before = sort_by_identity(&self->before);
	struct named *after = sort_by_identity(&self->after);

	for (size_t i = 0, j = 0; i < self->before.count && j < self->after.count;) {
		int order = compare_named(&before[i], &after[j]);
		if (order == 0)
			match(self, before[i].row, after[j].row);
		i += order <= 0;
		j += order >= 0;
	}
	free(before);
	free(after);
}

/* Whether they have addresses in common, and are of the same object. */
static bool overlap(const struct difference *self, size_t before, size_t after)
{
	return start_of(&self->before, before) < end_of(&self->after, after) &&
	       start_of(&self->after, after) < end_of(&self->before, before) &&
	       is_same_object(self, before, after);
}

/* Of those that are left: each list is in order, and nothing in it overlaps. */
static void match_overlaps(struct difference *self)
{
	for (size_t i = 0, j = 0; i < self->before.count && j < self->after.count;) {
		bool is_free = self->before.matches[i] == DIFFERENCE_NO_ROW &&
			       self->after.matches[j] == DIFFERENCE_NO_ROW;
		if (is_free && overlap(self, i, j))
			match(self, i, j);
		if (end_of(&self->before, i) < end_of(&self->after, j))
			i++;
		else
			j++;
	}
}

/* Does a row of one side overlap any of the other, of the same object? *at moves with the rows. */
static bool is_part(const struct difference *self, bool is_before, size_t row, size_t *at)
{
	const struct difference_side *mine = is_before ? &self->before : &self->after;
	const struct difference_side *other = is_before ? &self->after : &self->before;

	while (*at < other->count && end_of(other, *at) <= start_of(mine, row))
		++*at;
	for (size_t i = *at; i < other->count && start_of(other, i) < end_of(mine, row); i++)
		if (is_before ? overlap(self, row, i) : overlap(self, i, row))
			return true;
	return false;
}

static uint64_t size_of(const struct difference_side *side, long row)
{
	return row == DIFFERENCE_NO_ROW
		       ? 0
		       : regions_number(side->regions, (size_t)row, REGIONS_SIZE);
}

static bool is_same_value(const struct procmon_value *a, const struct procmon_value *b)
{
	return a->state == b->state && (a->state != PROCMON_OK || a->u64 == b->u64);
}

/* DIFFERENCE_KINDS: nothing is different. */
static enum difference_kind compare(const struct difference *self, size_t before, size_t after)
{
	uint64_t was = size_of(&self->before, (long)before);
	uint64_t is = size_of(&self->after, (long)after);

	if (was != is)
		return is > was ? DIFFERENCE_GREW : DIFFERENCE_SHRANK;
	if (start_of(&self->before, before) != start_of(&self->after, after) ||
		!is_same_text(self, before, after, REGIONS_PROTECTION) ||
		!is_same_text(self, before, after, REGIONS_CATEGORY) ||
		regions_number(self->before.regions, before, REGIONS_DELETED) !=
			regions_number(self->after.regions, after, REGIONS_DELETED))
		return DIFFERENCE_CHANGED;
	for (enum regions_column i = REGIONS_PAGES; i < REGIONS_COLUMNS; i++)
		if (!is_same_value(regions_value(self->before.regions, before, i),
			    regions_value(self->after.regions, after, i)))
			return DIFFERENCE_PAGES;
	return DIFFERENCE_KINDS;
}

static void add_event(
	struct difference *self, enum difference_kind kind, long before, long after)
{
	self->events[self->event_count++] = (struct difference_event){kind, before, after};
	self->counts[kind]++;
}

static void add_after(struct difference *self, size_t row, size_t *at)
{
	long before = self->after.matches[row];

	if (before == DIFFERENCE_NO_ROW) {
		add_event(self,
			is_part(self, false, row, at) ? DIFFERENCE_SPLIT : DIFFERENCE_MAPPED,
			DIFFERENCE_NO_ROW, (long)row);
		return;
	}
	enum difference_kind kind = compare(self, (size_t)before, row);
	if (kind != DIFFERENCE_KINDS)
		add_event(self, kind, before, (long)row);
}

static void add_before(struct difference *self, size_t row, size_t *at)
{
	if (self->before.matches[row] == DIFFERENCE_NO_ROW)
		add_event(self,
			is_part(self, true, row, at) ? DIFFERENCE_MERGED : DIFFERENCE_UNMAPPED,
			(long)row, DIFFERENCE_NO_ROW);
}

static void side_init(struct difference_side *self, const struct regions *regions)
{
	*self = (struct difference_side){.regions = regions, .count = regions->sheet.row_count};
	self->matches = xcalloc(self->count + 1, sizeof *self->matches);
	for (size_t i = 0; i < self->count; i++)
		self->matches[i] = DIFFERENCE_NO_ROW;
}

void difference_init(
	struct difference *self, const struct regions *before, const struct regions *after)
{
	size_t at_before = 0, at_after = 0;

	*self = (struct difference){0};
	side_init(&self->before, before);
	side_init(&self->after, after);
	self->events =
		xcalloc(self->before.count + self->after.count + 1, sizeof *self->events);
	match_identities(self);
	match_overlaps(self);
	for (size_t i = 0, j = 0; i < self->before.count || j < self->after.count;) {
		if (j == self->after.count ||
			(i < self->before.count &&
				start_of(&self->before, i) < start_of(&self->after, j)))
			add_before(self, i++, &at_after);
		else
			add_after(self, j++, &at_before);
	}
}

void difference_finish(struct difference *self)
{
	free(self->before.matches);
	free(self->after.matches);
	free(self->events);
}

const char *difference_kind_name(enum difference_kind kind)
{
	static const char *const names[DIFFERENCE_KINDS] = {
		"mapped", "unmapped", "grew", "shrank", "split", "merged", "changed", "pages"};

	return names[kind];
}

const struct procmon_value *difference_value(const struct difference *self,
	const struct difference_event *event, enum regions_column column)
{
	if (event->after != DIFFERENCE_NO_ROW)
		return regions_value(self->after.regions, (size_t)event->after, column);
	return regions_value(self->before.regions, (size_t)event->before, column);
}

struct procmon_value difference_growth(const struct difference *self,
	const struct difference_event *event, enum regions_column column)
{
	struct procmon_value growth = {.state = PROCMON_OK, .type = PROCMON_I64};

	if (event->after != DIFFERENCE_NO_ROW) {
		const struct procmon_value *is =
			regions_value(self->after.regions, (size_t)event->after, column);
		growth.state = is->state;
		growth.i64 = (int64_t)is->u64;
	}
	if (event->before != DIFFERENCE_NO_ROW) {
		const struct procmon_value *was =
			regions_value(self->before.regions, (size_t)event->before, column);
		if (growth.state == PROCMON_OK)
			growth.state = was->state;
		growth.i64 -= (int64_t)was->u64;
	}
	return growth;
}

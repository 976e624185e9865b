#include "sharing.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* ------------------------------------------------------------------------- orders */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_objects(const struct sharing_use *a, const struct sharing_use *b)
{
	int order = compare_numbers(a->inode, b->inode);

	return order ? order : strcmp(a->device, b->device);
}

/* Objects, and in them by where they begin. */
static int compare_places(const void *left, const void *right)
{
	const struct sharing_use *a = left, *b = right;
	int order = compare_objects(a, b);

	if (order == 0)
		order = compare_numbers(a->start, b->start);
	return order ? order : compare_numbers(a->process, b->process);
}

static int compare_processes(const void *left, const void *right)
{
	const struct sharing_use *a = left, *b = right;
	int order = compare_numbers(a->process, b->process);

	return order ? order : compare_numbers(a->start, b->start);
}

/* ------------------------------------------------------------------------- bounds */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * A sum over parts that do not overlap: of those that do the one that has more. The parts are in
 * the order of their starts.
 */
struct apart {
	uint64_t sum, last, end;
};

static void add_apart(struct apart *self, const struct sharing_use *use, uint64_t amount)
{
	if (use->start < self->end) {
		if (amount <= self->last)
			return;
		self->sum -= self->last;
	}
	self->sum += amount;
	self->last = amount;
	self->end = use->end;
}

/* The most that one process has in common with others. They are in the order of processes. */
static uint64_t find_most_common(const struct sharing_use *uses, size_t count)
{
	struct apart own = {0, 0, 0};
	uint64_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (i == 0 || uses[i].process != uses[i - 1].process)
			own = (struct apart){0, 0, 0};
		add_apart(&own, &uses[i], uses[i].common);
		found = most(found, own.sum);
	}
	return found;
}

/* Parts that overlap, one after the other; `size` is what they cover together. */
static void add_cluster(
	struct sharing_object *object, struct sharing_use *uses, size_t count, uint64_t size)
{
	uint64_t resident = 0, pss = 0, unique = 0;
	struct apart swap = {0, 0, 0};

	for (size_t i = 0; i < count; i++) {
		resident += uses[i].resident;
		pss += uses[i].pss;
		unique += uses[i].unique;
		object->sum += uses[i].resident + uses[i].swap;
		add_apart(&swap, &uses[i], uses[i].swap);
	}
	qsort(uses, count, sizeof *uses, compare_processes);
	uint64_t high = least(resident, size);
	uint64_t low = least(unique + find_most_common(uses, count), high);
	object->once += least(most(pss, low), high) + swap.sum;
	object->swap += swap.sum;
}

/* ------------------------------------------------------------------------ objects */

/* The uses of one object, by their places; the clusters among them one after the other. */
static void add_object(struct sharing *self, struct sharing_use *uses, size_t count)
{
	struct sharing_object *object = &self->objects[self->count++];
	size_t first = 0;
	uint64_t end = 0;

	*object = (struct sharing_object){.uses = uses, .use_count = count};
	for (size_t i = 0; i < count; i++) {
		if (i > first && uses[i].start >= end) {
			add_cluster(object, uses + first, i - first, end - uses[first].start);
			first = i;
		}
		end = most(i == first ? 0 : end, uses[i].end);
	}
	add_cluster(object, uses + first, count - first, end - uses[first].start);
	qsort(uses, count, sizeof *uses, compare_processes);
	for (size_t i = 0; i < count; i++)
		object->process_count += i == 0 || uses[i].process != uses[i - 1].process;
}

void sharing_init(struct sharing *self, struct sharing_use *uses, size_t count)
{
	size_t first = 0;

	*self = (struct sharing){.uses = uses};
	self->objects = xcalloc(count + 1, sizeof *self->objects);
	if (count)
		qsort(uses, count, sizeof *uses, compare_places);
	for (size_t i = 1; count && i <= count; i++)
		if (i == count || compare_objects(&uses[first], &uses[i]) != 0) {
			add_object(self, uses + first, i - first);
			first = i;
		}
}

void sharing_finish(struct sharing *self)
{
	free(self->uses);
	free(self->objects);
	*self = (struct sharing){0};
}

uint64_t sharing_sum_once(const struct sharing *self, bool is_memory)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < self->count; i++)
		if (self->objects[i].uses->is_memory == is_memory)
			sum += self->objects[i].once;
	return sum;
}

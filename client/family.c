#include "family.h"

#include <stdlib.h>

#include "alloc.h"

/* A member by its pid, for the search. */
struct place {
	uint64_t pid;
	size_t index;
};

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static size_t find(const struct place *places, size_t count, uint64_t pid)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (places[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && places[low].pid == pid ? places[low].index : FAMILY_NONE;
}

static void find_parents(struct family *self, const struct family_member *members)
{
	struct place *places = xcalloc(self->count, sizeof *places);

	for (size_t i = 0; i < self->count; i++)
		places[i] = (struct place){members[i].pid, i};
	qsort(places, self->count, sizeof *places, compare_places);
	for (size_t i = 0; i < self->count; i++)
		self->parents[i] = members[i].ppid ? find(places, self->count, members[i].ppid)
						   : FAMILY_NONE;
	free(places);
}

/* The one of the lowest pid loses his parent: whichever order they stand in. */
static void cut(struct family *self, const struct family_member *members, size_t start)
{
	size_t lowest = start;

	for (size_t at = self->parents[start]; at != start; at = self->parents[at])
		if (members[at].pid < members[lowest].pid)
			lowest = at;
	self->parents[lowest] = FAMILY_NONE;
}

/* Walks up from each member: who is met twice on one walk is in a circle. */
static void cut_circles(struct family *self, const struct family_member *members)
{
	size_t *walks = xcalloc(self->count, sizeof *walks);

	for (size_t i = 0; i < self->count; i++) {
		size_t at = i;

		while (at != FAMILY_NONE && walks[at] == 0) {
			walks[at] = i + 1;
			at = self->parents[at];
		}
		if (at != FAMILY_NONE && walks[at] == i + 1)
			cut(self, members, at);
	}
	free(walks);
}

/* Depth first, without recursion: a chain of processes can be as long as the table. */
static void put_in_order(struct family *self)
{
	size_t *first = xcalloc(self->count + 1, sizeof *first); /* the last is the roots' */
	size_t *next = xcalloc(self->count + 1, sizeof *next);
	size_t root = self->count, used = 0, at;

	for (size_t i = 0; i <= self->count; i++)
		first[i] = next[i] = FAMILY_NONE;
	for (size_t i = self->count; i-- > 0;) {
		size_t parent = self->parents[i] == FAMILY_NONE ? root : self->parents[i];
		next[i] = first[parent];
		first[parent] = i;
	}
	at = first[root];
	while (at != FAMILY_NONE) {
		size_t parent = self->parents[at];
		self->depths[at] = parent == FAMILY_NONE ? 0 : self->depths[parent] + 1;
		self->order[used++] = at;
		if (first[at] != FAMILY_NONE) {
			at = first[at];
			continue;
		}
		while (next[at] == FAMILY_NONE && self->parents[at] != FAMILY_NONE)
			at = self->parents[at];
		at = next[at];
	}
	free(first);
	free(next);
}

void family_init(struct family *self, const struct family_member *members, size_t count)
{
	*self = (struct family){.count = count};
	self->parents = xcalloc(count, sizeof *self->parents);
	self->order = xcalloc(count, sizeof *self->order);
	self->depths = xcalloc(count, sizeof *self->depths);
	find_parents(self, members);
	cut_circles(self, members);
	put_in_order(self);
}

void family_finish(struct family *self)
{
	free(self->parents);
	free(self->order);
	free(self->depths);
	*self = (struct family){0};
}

void family_spread(const struct family *self, bool *marks)
{
	for (size_t i = 0; i < self->count; i++) {
		size_t member = self->order[i], parent = self->parents[member];
		if (parent != FAMILY_NONE && marks[parent])
			marks[member] = true;
	}
}

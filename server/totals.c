#include "totals.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

void totals_begin(struct totals *self)
{
	self->round++;
	self->next = 0;
}

/* They come in the same order each time. */
static struct total_part *find(struct totals *self, const char *name)
{
	for (uint32_t i = 0; i < self->count; i++) {
		uint32_t at = (self->next + i) % self->count;
		if (strcmp(self->parts[at].name, name) == 0) {
			self->next = at + 1;
			return &self->parts[at];
		}
	}
	return NULL;
}

static struct total_part *add_part(struct totals *self, const char *name)
{
	struct total_part *part;

	if (self->count == self->capacity) {
		self->capacity = self->capacity ? self->capacity * 2 : 8;
		self->parts = xreallocarray(self->parts, self->capacity, sizeof *self->parts);
	}
	part = &self->parts[self->count++];
	*part = (struct total_part){0};
	memcpy(part->name, name, strlen(name) + 1);
	return part;
}

struct total_part *totals_part(struct totals *self, const char *name, bool *ret_new)
{
	struct total_part *part = find(self, name);

	*ret_new = !part;
	if (!part && strlen(name) < TOTALS_NAME_MAX)
		part = add_part(self, name);
	if (part)
		part->round = self->round;
	return part;
}

void totals_add(struct totals *self, struct total_part *part, const uint64_t *values,
	uint32_t count, bool counts)
{
	for (uint32_t i = 0; i < count; i++) {
		/* Less than before: the driver began anew. */
		uint64_t before = values[i] < part->last[i] ? 0 : part->last[i];
		part->last[i] = values[i];
		if (counts)
			self->sums[i] += values[i] - before;
	}
}

void totals_end(struct totals *self)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < self->count; i++)
		if (self->parts[i].round == self->round)
			self->parts[kept++] = self->parts[i];
	self->count = kept;
}

void totals_finish(struct totals *self)
{
	free(self->parts);
	*self = (struct totals){0};
}

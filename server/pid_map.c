#include "pid_map.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* Pids are given out in order: their low bits spread well as they are. */
static uint32_t home_of(const struct pid_map *self, uint32_t pid)
{
	return pid & (self->size - 1);
}

static uint32_t find(const struct pid_map *self, uint32_t pid)
{
	uint32_t i = home_of(self, pid);

	while (self->entries[i].pid && self->entries[i].pid != pid)
		i = (i + 1) & (self->size - 1);
	return i;
}

uint32_t pid_map_get(const struct pid_map *self, uint32_t pid)
{
	if (!self->size)
		return UINT32_MAX;
	uint32_t i = find(self, pid);
	return self->entries[i].pid ? self->entries[i].slot : UINT32_MAX;
}

static void grow(struct pid_map *self)
{
	struct pid_map old = *self;

	self->size = old.size ? old.size * 2 : 256;
	self->entries = xcalloc(self->size, sizeof *self->entries);
	for (uint32_t i = 0; i < old.size; i++)
		if (old.entries[i].pid)
			self->entries[find(self, old.entries[i].pid)] = old.entries[i];
	free(old.entries);
}

void pid_map_put(struct pid_map *self, uint32_t pid, uint32_t slot)
{
	if (self->count >= self->size / 2)
		grow(self);
	self->entries[find(self, pid)] = (struct pid_map_entry){pid, slot};
	self->count++;
}

/* Moves back what had to step over the removed entry, so that no search ends too early. */
void pid_map_remove(struct pid_map *self, uint32_t pid)
{
	uint32_t mask = self->size - 1;

	if (!self->size)
		return;
	uint32_t hole = find(self, pid);
	if (!self->entries[hole].pid)
		return;
	for (uint32_t i = (hole + 1) & mask; self->entries[i].pid; i = (i + 1) & mask) {
		uint32_t home = home_of(self, self->entries[i].pid);
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		self->entries[hole] = self->entries[i];
		hole = i;
	}
	self->entries[hole].pid = 0;
	self->count--;
}

void pid_map_clear(struct pid_map *self)
{
	if (self->count)
		memset(self->entries, 0, self->size * sizeof *self->entries);
	self->count = 0;
}

void pid_map_finish(struct pid_map *self)
{
	free(self->entries);
	*self = (struct pid_map){0};
}

/*
 * Descriptors that are kept are a cache. Reading through a kept file saves opening it, but
 * it holds 4 KiB of kernel memory: only rows that run keep files. Every row keeps its pidfd,
 * which saves looking whether it is still there, and its directory, which saves little.
 * When there is no room, directories go first, then the files of the rows that have not run
 * for longest.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "process.h"

/* How long a row that does not run keeps its files. */
#define IDLE_NS (60 * SECOND_NS)
/* A row that ran twice within this time runs often enough. */
#define BUSY_NS (10 * SECOND_NS)

enum { BUDGET_MAX = 262144, RESERVE_MIN = 48, RESERVE_MAX = 2048 };

/* What is left over is for the server's own ones, for those that are open for one read and for clients:
 * whoever watches must not keep all others out. */
void descriptors_init(struct processes *self)
{
	struct rlimit limit = {0, 0};
	uint64_t reserve;

	getrlimit(RLIMIT_NOFILE, &limit);
	self->budget = limit.rlim_cur > BUDGET_MAX ? BUDGET_MAX : limit.rlim_cur;
	reserve = self->budget / 4 > RESERVE_MAX ? RESERVE_MAX : self->budget / 4;
	if (reserve < RESERVE_MIN)
		reserve = RESERVE_MIN;
	self->budget -= self->budget < reserve ? self->budget : reserve;
	self->newest = self->oldest = NONE;
}

static bool is_linked(const struct processes *self, uint32_t slot)
{
	return self->newest == slot || self->rows[slot].newer != NONE;
}

static void unlink_row(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	if (!is_linked(self, slot))
		return;
	if (row->newer != NONE)
		self->rows[row->newer].older = row->older;
	else
		self->newest = row->older;
	if (row->older != NONE)
		self->rows[row->older].newer = row->newer;
	else
		self->oldest = row->newer;
	row->newer = row->older = NONE;
}

void descriptors_used(struct processes *self, uint32_t slot)
{
	if (self->newest == slot)
		return;
	unlink_row(self, slot);
	self->rows[slot].older = self->newest;
	if (self->newest != NONE)
		self->rows[self->newest].newer = slot;
	else
		self->oldest = slot;
	self->newest = slot;
}

void descriptors_drop_files(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	for (int i = 0; i < FILES_KEPT; i++) {
		if (row->files[i] < 0)
			continue;
		close(row->files[i]);
		row->files[i] = -1;
		self->kept--;
	}
	unlink_row(self, slot);
}

static void give_up_directories(struct processes *self, uint32_t count)
{
	for (uint32_t i = 0; i < self->capacity && self->directories; i++) {
		if (self->kept + count <= self->budget)
			return;
		uint32_t slot = self->directory_cursor++ % self->capacity;
		if (self->flags[slot] & ROW_ALIVE)
			row_give_up_directory(self, slot);
	}
}

bool descriptors_have_room(const struct processes *self, uint32_t count)
{
	return self->kept + count <= self->budget;
}

bool descriptors_make_room(struct processes *self, uint32_t count)
{
	if (!descriptors_have_room(self, count))
		give_up_directories(self, count);
	while (!descriptors_have_room(self, count) && self->oldest != NONE)
		descriptors_drop_files(self, self->oldest);
	return descriptors_have_room(self, count);
}

void descriptors_offer(struct processes *self, uint32_t slot, enum row_file file, int fd)
{
	struct row *row = &self->rows[slot];

	if (file >= FILES_KEPT || !self->host->real || !(self->flags[slot] & ROW_MOVED) ||
		row->ran_ns - row->ran_before_ns > BUSY_NS || !descriptors_make_room(self, 1)) {
		close(fd);
		return;
	}
	row->files[file] = fd;
	self->kept++;
	descriptors_used(self, slot);
}

void descriptors_expire(struct processes *self)
{
	while (self->oldest != NONE && self->now_ns - self->rows[self->oldest].ran_ns > IDLE_NS)
		descriptors_drop_files(self, self->oldest);
}

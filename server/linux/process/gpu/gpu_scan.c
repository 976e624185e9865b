/*
 * GPU scan: which descriptors of a process are GPUs. All that tells is where the links of
 * /proc/PID/fd point to. (Not fstatat() through them: that asks the file systems that the
 * files are on, and hangs where one of these does.)
 *
 * This is done in the tick, not by workers: readlink of such a link makes a path of what the
 * kernel has in memory; no lock of the process's memory and no foreign file system is in it,
 * so it cannot block. And it decides which rows are slow at all. What it can be is much, so
 * a tick has a budget of descriptors, and the next tick goes on.
 *
 * A process that did not run opened nothing. One that ran has opened something when the number
 * of its descriptors is another one, mostly: it may also have closed as many as it opened.
 * So a process that ran is scanned again after SCAN_NS, if little of that is to do, and the
 * number is looked at after LOOK_NS whether it ran or not (a debugger, and whoever filters its
 * system calls, can put descriptors into it while it sleeps).
 *
 * Of a process with many descriptors, which open and close all the time (a server), only those
 * with new numbers are looked at, and all of them the more seldom the more they are.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "gpu.h"

#define LOOK_NS (60 * SECOND_NS)
#define SCAN_NS (10 * SECOND_NS)
/* Of many descriptors: a list of all of them, or a look at all links, after so long for each. */
#define MANY_LIST_NS UINT64_C(100000)
#define MANY_SCAN_NS UINT64_C(20000000)

enum {
	MANY = 64,
	SCAN_BUDGET = 8192,      /* descriptors in a tick; 10 ms and less */
	UNPROMPTED_BUDGET = 256, /* of these, of rows with no more descriptors than before */
};

/* --------------------------------------------------------------------------- findings */

static void forget_finding(struct gpu_row *row)
{
	gpu_finding_destroy(row->found);
	row->found = NULL;
	row->position = 0;
	row->seen = 0;
	row->flags &= ~(uint32_t)GPU_SCANNING;
}

static void drop_clients(
	struct processes *self, struct gpu *gpu, struct gpu_use *use, uint32_t slot)
{
	for (uint32_t i = 0; i < use->count; i++)
		if (use->files[i].client)
			gpu_client_drop(self, gpu, use->files[i].client, slot);
	free(use->files);
	use->files = NULL;
	use->count = 0;
}

void gpu_drop_files(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	struct gpu_row *row = &gpu->rows[slot];

	forget_finding(row);
	row->flags &= ~(uint32_t)(GPU_NVIDIA | GPU_KFD);
	if (row->use)
		drop_clients(self, gpu, row->use, slot);
}

/* Is it what it was? A descriptor that is read is proven each time; another one may have been
 * closed and be a new client of the same device. */
static bool is_kept(const struct gpu_use *use, const struct gpu_file *file, uint32_t slot,
	struct gpu_file *ret_old)
{
	for (uint32_t i = 0; use && i < use->count; i++) {
		const struct gpu_file *old = &use->files[i];
		if (old->fd != file->fd || old->device != file->device)
			continue;
		*ret_old = *old;
		return !(old->flags & FILE_STALE) &&
		       (old->client || !(old->flags & FILE_FAILED)) &&
		       (!old->client || old->client->charged == slot);
	}
	return false;
}

/* New ones are identified before old ones are dropped: a client that is held by another
 * descriptor now is still the same. */
static void adopt(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	struct gpu_row *row = &gpu->rows[slot];
	struct gpu_finding *found = row->found;

	if (row->open > MANY) {
		struct gpu_numbers before = row->known;
		row->known = found->numbers;
		found->numbers = before;
	}
	if (!found->whole)
		found->flags |= row->flags & (GPU_NVIDIA | GPU_KFD);
	if (!row->use && !found->count && !found->flags)
		return;
	struct gpu_use *use = gpu_use_get(gpu, slot);
	for (uint32_t i = 0; i < found->count; i++) {
		struct gpu_file old, *file = &found->files[i];
		if (is_kept(use, file, slot, &old)) {
			*file = old;
			if (file->client)
				gpu_client_hold(self, file->client, slot);
		} else {
			gpu_file_identify(self, gpu, slot, file);
		}
	}
	drop_clients(self, gpu, use, slot);
	use->files = found->files;
	use->count = found->count;
	found->files = NULL;
	row->flags &= ~(uint32_t)(GPU_NVIDIA | GPU_KFD);
	row->flags |= found->flags;
}

static void scan_failed(struct processes *self, struct gpu *gpu, uint32_t slot, int error)
{
	gpu_drop_files(self, gpu, slot);
	if (error == EACCES || error == EPERM)
		gpu->rows[slot].flags |= GPU_DENIED;
}

/* ------------------------------------------------------------------------------- rows */

static void scan_row(
	struct processes *self, struct gpu *gpu, uint32_t slot, bool whole, uint32_t *budget)
{
	struct gpu_row *row = &gpu->rows[slot];
	int directory, descriptors, error, result;

	if (row_enter(self, slot, &directory) != STATE_OK)
		return; /* the next list finds it dead */
	descriptors = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = descriptors < 0 ? errno : 0;
	row_leave(self, slot, directory);
	if (descriptors >= 0) {
		if (!row->found) {
			row->found = xcalloc(1, sizeof *row->found);
			row->found->whole = whole;
		}
		result = gpu_links_read(self, gpu, row, descriptors, budget);
		close(descriptors);
		if (result == false) {
			row->flags |= GPU_SCANNING;
			return;
		}
		error = result < 0 ? -result : 0;
	}
	row->flags &= ~(uint32_t)(GPU_RESCAN | GPU_DENIED);
	row->flags |= GPU_SCANNED;
	if (!row->found || row->found->whole) {
		row->flags &= ~(uint32_t)GPU_MOVED;
		row->scanned_ns = gpu->tick_ns;
	}
	row->open = row->seen;
	if (error)
		scan_failed(self, gpu, slot, error);
	else
		adopt(self, gpu, slot);
	forget_finding(row);
}

void gpu_scan_row(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	uint32_t budget = UINT32_MAX;

	scan_row(self, gpu, slot, true, &budget);
}

/* Is the number of its descriptors what it was at the last scan? */
static bool has_as_many(struct processes *self, const struct gpu_row *row, uint32_t slot)
{
	uint64_t count = 0;
	int directory;
	bool told;

	if (row_enter(self, slot, &directory) != STATE_OK)
		return true; /* the next list finds it dead */
	told = files_count(self->host, directory, &count) == 0;
	row_leave(self, slot, directory);
	return told && count == row->open;
}

/* Did it run since it was last looked at? Its clock may be behind while it runs. */
static bool has_run(struct processes *self, struct gpu_row *row, uint32_t slot)
{
	bool moved = !host_has(self->host, FEATURE_CLOCK) ||
		     !(self->flags[slot] & ROW_CLOCKED) || self->clocks[slot] != row->clock;
	bool ran = moved || (row->flags & GPU_RAN);

	row->clock = self->clocks[slot];
	row->flags &= ~(uint32_t)GPU_RAN;
	if (moved)
		row->flags |= GPU_RAN | GPU_MOVED;
	return ran;
}

/* So that rows that were all new at the same time are not all due at the same time. */
static uint64_t stagger(uint32_t slot)
{
	return (uint64_t)(slot * UINT32_C(2654435761)) * (LOOK_NS >> 10) >> 22;
}

enum links { LINKS_NONE, LINKS_NEW, LINKS_ALL };

/* Is it time to look at all links, if the process ran? */
static bool is_scan_due(const struct gpu *gpu, const struct gpu_row *row)
{
	uint64_t period_ns = row->open > MANY ? row->open * MANY_SCAN_NS : 0;

	if (period_ns < SCAN_NS)
		period_ns = SCAN_NS;
	return (row->flags & GPU_MOVED) && gpu->tick_ns - row->scanned_ns >= period_ns;
}

static enum links what_to_read(
	struct processes *self, struct gpu *gpu, uint32_t slot, uint32_t *unprompted)
{
	struct gpu_row *row = &gpu->rows[slot];
	bool ran = has_run(self, row, slot);

	if (!(row->flags & GPU_SCANNED)) {
		row->looked_ns = gpu->tick_ns - stagger(slot);
		return LINKS_ALL;
	}
	if (row->flags & (GPU_SCANNING | GPU_RESCAN))
		return LINKS_ALL;
	if (!ran && gpu->tick_ns - row->looked_ns < LOOK_NS)
		return LINKS_NONE;
	if (row->open > MANY && gpu->tick_ns - row->looked_ns < row->open * MANY_LIST_NS)
		return LINKS_NONE;
	row->looked_ns = gpu->tick_ns;
	if (row->flags & GPU_DENIED)
		return gpu->tick_ns - row->scanned_ns >= SCAN_NS ? LINKS_ALL : LINKS_NONE;
	if (!has_as_many(self, row, slot))
		return row->open > MANY && !is_scan_due(gpu, row) ? LINKS_NEW : LINKS_ALL;
	if (!is_scan_due(gpu, row) || *unprompted == 0)
		return LINKS_NONE;
	*unprompted -= row->open < *unprompted ? (uint32_t)row->open : *unprompted;
	return LINKS_ALL;
}

/* A zombie has no descriptors any more. We ourselves have a great many, and no GPU's but those
 * that NVIDIA's library opens to look at others. */
static bool is_scanned_row(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	if (!(self->flags[slot] & ROW_ALIVE))
		return false;
	if (!(self->flags[slot] & ROW_ZOMBIE) && self->pids[slot] != gpu->own_pid)
		return true;
	gpu_drop_files(self, gpu, slot);
	gpu->rows[slot].flags |= GPU_SCANNED;
	return false;
}

/* What could not be read before. */
static void identify_waiting(struct processes *self, struct gpu *gpu)
{
	gpu->waiting = false;
	for (uint32_t slot = 0; slot < gpu->capacity; slot++) {
		struct gpu_use *use = gpu->rows[slot].use;
		for (uint32_t i = 0; use && i < use->count; i++)
			if (use->files[i].flags & FILE_WAITED)
				gpu_file_identify(self, gpu, slot, &use->files[i]);
	}
}

void gpu_scan(struct processes *self, struct gpu *gpu)
{
	uint32_t budget = SCAN_BUDGET, unprompted = UNPROMPTED_BUDGET, i;

	if (gpu->waiting)
		identify_waiting(self, gpu);
	for (i = 0; i < self->capacity && budget; i++) {
		uint32_t slot = (gpu->cursor + i) % self->capacity;
		enum links links = is_scanned_row(self, gpu, slot)
					   ? what_to_read(self, gpu, slot, &unprompted)
					   : LINKS_NONE;
		if (links != LINKS_NONE)
			scan_row(self, gpu, slot, links == LINKS_ALL, &budget);
	}
	/* The row in which the budget ended comes first. */
	gpu->cursor = self->capacity ? (gpu->cursor + i - (budget == 0)) % self->capacity : 0;
}

/*
 * Source status: /proc/PID/status: user and group ids, and memory from one read, so that
 * the parts fit together.
 *
 * The kernel takes long to write it, so a process that sleeps is not asked for it again and
 * again: the memory of a process that does not run only changes when the kernel takes pages
 * away, or brings some back (swapoff, khugepaged), and then /proc/PID/statm, which is short,
 * changes as well. Should that ever go both ways in equal parts, REPEATS_MAX finds it. Swapped,
 * huge and pinned pages can also go without that (another process truncates their file, or
 * drops them by process_madvise; a device lets go of them), so whoever has some is asked each
 * time. What else others may change in a sleeper is left to control.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "peaks.h"
#include "process.h"

/* A minute, when the core refreshes every 5 s. */
enum { REPEATS_MAX = 12 };

/* What a row showed when it was last read, and how statm looked before that; and the largest
 * footprints that it ever showed. */
struct status_memo {
	uint64_t identity; /* of the row; 0: none yet */
	uint64_t clock_ns; /* its CPU time then */
	bool has_pages;
	uint32_t repeats;
	int64_t pages[3];
	struct linux_status sample;
	uint64_t peaks_identity;
	struct peaks peaks;
};

struct shared_memory {
	struct processes *self;
	struct linux_status status;
};

static int read_memory(void *context, int directory)
{
	struct shared_memory *shared = context;
	int file = openat(directory, "status", READ_FLAGS), result;
	ssize_t length = file < 0 ? -errno : read_whole(shared->self, file);

	if (file >= 0)
		close(file);
	if (length < 0)
		return (int)length;
	result = status_parse(shared->self->buffer, (size_t)length, &shared->status);
	if (result == 0 && shared->status.resident == ABSENT_U64(STATE_NONE))
		result = -ESRCH;
	return result;
}

/* The first thread has ended, others live: the process shows as a zombie without memory,
 * but any of its threads shows what they share. */
static int ask_another_thread(
	struct processes *self, uint32_t slot, struct linux_status *sample)
{
	struct shared_memory shared = {.self = self};
	struct linux_status ids = *sample;
	int result = row_read_shared(self, slot, read_memory, &shared);

	if (result == STATE_NONE) /* they have ended meanwhile */
		return STATE_OK;
	if (result != STATE_OK)
		return result;
	*sample = shared.status;
	sample->ruid = ids.ruid;
	sample->uid = ids.uid;
	sample->svuid = ids.svuid;
	sample->rgid = ids.rgid;
	sample->gid = ids.gid;
	sample->svgid = ids.svgid;
	return STATE_OK;
}

static bool leader_has_ended(const struct linux_status *status)
{
	return status->resident == ABSENT_U64(STATE_NONE) && status->threads > 1 &&
	       status->threads != ABSENT_U64(STATE_NONE);
}

static int read_status(struct processes *self, uint32_t slot, struct linux_status *sample)
{
	size_t length;
	int result = row_read(self, slot, FILE_STATUS, &length);

	if (result != STATE_OK)
		return result;
	return status_parse(self->buffer, length, sample) < 0 ? STATE_FAILED : STATE_OK;
}

/* ----------------------------------------------------------------------------- sleepers */

static struct status_memo *memo_of(struct processes *self, uint32_t slot)
{
	if (slot >= self->memo_capacity) {
		self->memos = xreallocarray(self->memos, self->capacity, sizeof *self->memos);
		memset(self->memos + self->memo_capacity, 0,
			(self->capacity - self->memo_capacity) * sizeof *self->memos);
		self->memo_capacity = self->capacity;
	}
	return &self->memos[slot];
}

/* Has the row not run since the memo was made? */
static bool sleeps_on(
	const struct processes *self, uint32_t slot, const struct status_memo *memo)
{
	uint8_t flags = self->flags[slot];

	return memo->identity == self->rows[slot].identity && (flags & ROW_CLOCKED) &&
	       !(flags & ROW_RUNNING) && memo->clock_ns == self->clocks[slot];
}

static bool is_some(uint64_t amount)
{
	return amount != 0 && amount != ABSENT_U64(STATE_NONE);
}

static bool has_pages_beside_statm(const struct linux_status *sample)
{
	return is_some(sample->swap) || is_some(sample->hugetlb) || is_some(sample->pinned);
}

/* Is the memo of a sleeping row still true? Notes the pages for the next time. */
static bool is_unchanged(struct processes *self, uint32_t slot, struct status_memo *memo)
{
	int64_t pages[3];
	size_t length;
	bool same;

	/* Without memory there is nothing that others could change. */
	if (memo->sample.resident == ABSENT_U64(STATE_NONE))
		return true;
	if (has_pages_beside_statm(&memo->sample))
		return false;
	if (row_read(self, slot, FILE_STATM, &length) != STATE_OK ||
		statm_parse(self->buffer, length, pages) < 0) {
		memo->has_pages = false;
		return false;
	}
	same = memo->has_pages && memcmp(pages, memo->pages, sizeof pages) == 0;
	memcpy(memo->pages, pages, sizeof pages);
	memo->has_pages = true;
	return same && memo->repeats++ < REPEATS_MAX;
}

/* Reads it and makes the memo. */
static int read_anew(struct processes *self, uint32_t slot, struct status_memo *memo,
	bool asleep, struct linux_status *sample)
{
	int result;

	memo->identity = 0;
	result = read_status(self, slot, sample);
	if (result != STATE_OK)
		return result;
	if (leader_has_ended(sample)) /* statm would not show what its threads have */
		return ask_another_thread(self, slot, sample);
	memo->identity = self->rows[slot].identity;
	memo->clock_ns = self->clocks[slot];
	memo->has_pages = memo->has_pages && asleep;
	memo->repeats = 0;
	memo->sample = *sample;
	return STATE_OK;
}

/* A zombie still has the peaks of its life, if they were seen. */
static void fill_peaks(const struct processes *self, uint32_t slot, struct status_memo *memo,
	struct linux_status *sample)
{
	if (memo->peaks_identity != self->rows[slot].identity) {
		memo->peaks_identity = self->rows[slot].identity;
		memo->peaks = (struct peaks){0};
	}
	peaks_advance(&memo->peaks, self->now_ns);
	if (sample->footprint != ABSENT_U64(STATE_NONE))
		peaks_add(&memo->peaks, sample->footprint);
	if (!peaks_ever(&memo->peaks, &sample->footprint_peak))
		sample->footprint_peak = ABSENT_U64(STATE_NONE);
	if (!peaks_recent(&memo->peaks, &sample->footprint_peak_minute))
		sample->footprint_peak_minute = ABSENT_U64(STATE_NONE);
}

static int status_read(struct processes *self, uint32_t slot, void *memory)
{
	struct status_memo *memo = memo_of(self, slot);
	struct linux_status *sample = memory;
	bool asleep = sleeps_on(self, slot, memo);
	int result = STATE_OK;

	if (asleep && is_unchanged(self, slot, memo))
		*sample = memo->sample;
	else
		result = read_anew(self, slot, memo, asleep, sample);
	if (result == STATE_OK)
		fill_peaks(self, slot, memo, sample);
	return result;
}

/* Peaks that missed a part of the time would be none: who asks again gets new ones. */
static void status_want(struct processes *self, bool wanted)
{
	if (wanted)
		return;
	free(self->memos);
	self->memos = NULL;
	self->memo_capacity = 0;
}

const struct process_source status_source = {
	.source = {.name = "status",
		.sample_size = sizeof(struct linux_status),
		.lane = LANE_FAST,
		.gated = true,
		.last = true,
		.remedy = REMEDY_HIDDEN},
	.read = status_read,
	.want = status_want,
};

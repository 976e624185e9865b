/*
 * Source status: /proc/PID/status: user and group ids, and memory from one read, so that
 * the parts fit together.
 *
 * Kernel threads and zombies have no address space and no lines about it: absent, not 0.
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

enum value {
	UID, /* real, effective, saved */
	GID = UID + 3,
	VIRTUAL_PEAK = GID + 3,
	VIRTUAL,
	LOCKED,
	PINNED,
	PEAK,
	RESIDENT,
	ANONYMOUS,
	FILE_PAGES,
	SHARED,
	DATA,
	STACK,
	CODE,
	LIBRARIES,
	PAGE_TABLES,
	SWAP,
	HUGETLB,
	THREADS,
	VALUES,
};

/* In the order of the file. VmHWM is the peak of VmRSS, VmPeak that of VmSize. */
static const struct pair pairs[] = {
	PAIR("Uid", UID, 3),
	PAIR("Gid", GID, 3),
	PAIR("VmPeak", VIRTUAL_PEAK, 1),
	PAIR("VmSize", VIRTUAL, 1),
	PAIR("VmLck", LOCKED, 1),
	PAIR("VmPin", PINNED, 1),
	PAIR("VmHWM", PEAK, 1),
	PAIR("VmRSS", RESIDENT, 1),
	PAIR("RssAnon", ANONYMOUS, 1),
	PAIR("RssFile", FILE_PAGES, 1),
	PAIR("RssShmem", SHARED, 1),
	PAIR("VmData", DATA, 1),
	PAIR("VmStk", STACK, 1),
	PAIR("VmExe", CODE, 1),
	PAIR("VmLib", LIBRARIES, 1),
	PAIR("VmPTE", PAGE_TABLES, 1),
	PAIR("VmSwap", SWAP, 1),
	PAIR("HugetlbPages", HUGETLB, 1),
	PAIR("Threads", THREADS, 1),
};

enum { PAIRS = sizeof pairs / sizeof *pairs };

/* Which of the values were there. */
static uint32_t seen_values(uint32_t seen_pairs)
{
	uint32_t values = 0;

	for (uint32_t i = 0; i < PAIRS; i++)
		if (seen_pairs >> i & 1)
			values |= ((UINT32_C(1) << pairs[i].count) - 1) << pairs[i].first;
	return values;
}

/*
 * Memory that would come back if the process ended. HugetlbPages is missing from kernels
 * that have no such pages; the others are there whenever one is.
 */
static uint64_t footprint(const uint64_t *value, uint32_t seen)
{
	uint32_t parts =
		UINT32_C(1) << ANONYMOUS | UINT32_C(1) << SWAP | UINT32_C(1) << PAGE_TABLES;

	if ((seen & parts) != parts)
		return ABSENT_U64(STATE_NONE);
	return value[ANONYMOUS] + value[SWAP] + value[PAGE_TABLES] +
	       (seen >> HUGETLB & 1 ? value[HUGETLB] : 0);
}

static void fill_memory(struct linux_status *status, const uint64_t *value, uint32_t seen)
{
	uint32_t parts = UINT32_C(1) << ANONYMOUS | UINT32_C(1) << SWAP;

	status->footprint = footprint(value, seen);
	status->footprint_peak = status->footprint_peak_minute = ABSENT_U64(STATE_NONE);
	status->anonymous_total = (seen & parts) == parts ? value[ANONYMOUS] + value[SWAP]
							  : ABSENT_U64(STATE_NONE);
	status->peak = value[PEAK];
	status->virtual = value[VIRTUAL];
	status->virtual_peak = value[VIRTUAL_PEAK];
	status->data = value[DATA];
	status->stack = value[STACK];
	status->code = value[CODE];
	status->libraries = value[LIBRARIES];
	status->locked = value[LOCKED];
	status->pinned = value[PINNED];
	status->resident = value[RESIDENT];
	status->anonymous = value[ANONYMOUS];
	status->file = value[FILE_PAGES];
	status->shared = value[SHARED];
	status->page_tables = value[PAGE_TABLES];
	status->swap = value[SWAP];
	status->hugetlb = value[HUGETLB];
}

int status_parse(const char *bytes, size_t length, struct linux_status *ret_status)
{
	int64_t numbers[VALUES] = {0};
	uint64_t value[VALUES] = {0};
	struct scan scan = {bytes, bytes + length};
	uint32_t seen = seen_values(scan_pairs(&scan, pairs, PAIRS, numbers));

	if (!(seen >> UID & 1) || !(seen >> GID & 1))
		return -EBADMSG;
	for (uint32_t i = 0; i < VALUES; i++)
		value[i] = seen >> i & 1 && numbers[i] >= 0 ? (uint64_t)numbers[i]
							    : ABSENT_U64(STATE_NONE);
	ret_status->ruid = value[UID];
	ret_status->uid = value[UID + 1];
	ret_status->svuid = value[UID + 2];
	ret_status->rgid = value[GID];
	ret_status->gid = value[GID + 1];
	ret_status->svgid = value[GID + 2];
	ret_status->threads = value[THREADS];
	fill_memory(ret_status, value, seen);
	return 0;
}

struct other_thread {
	uint32_t leader;
	struct linux_status *status;
};

static bool take_memory(void *context, int tasks, uint32_t tid)
{
	struct other_thread *search = context;
	struct linux_status status, ids = *search->status;
	char bytes[8192];
	ssize_t length;

	if (tid == search->leader)
		return true;
	length = task_read(tasks, tid, "status", bytes, sizeof bytes);
	if (length < 0 || status_parse(bytes, (size_t)length, &status) < 0 ||
		status.resident == ABSENT_U64(STATE_NONE))
		return true;
	*search->status = status;
	search->status->ruid = ids.ruid;
	search->status->uid = ids.uid;
	search->status->svuid = ids.svuid;
	search->status->rgid = ids.rgid;
	search->status->gid = ids.gid;
	search->status->svgid = ids.svgid;
	return false;
}

/* The first thread has ended, others live: the process shows as a zombie without memory,
 * but any of its threads shows what they share. */
static int ask_another_thread(
	struct processes *self, uint32_t slot, struct linux_status *sample)
{
	struct other_thread search = {self->pids[slot], sample};
	int directory, result = row_enter(self, slot, &directory);

	if (result != STATE_OK)
		return result;
	tasks_each(directory, take_memory, &search);
	row_leave(self, slot, directory);
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

int statm_parse(const char *bytes, size_t length, int64_t ret_pages[3])
{
	struct scan scan = {bytes, bytes + length};

	for (int i = 0; i < 3; i++)
		if (!scan_number(&scan, &ret_pages[i]))
			return -EBADMSG;
	return 0;
}

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

const struct process_source status_source = {
	.source = {.name = "status",
		.sample_size = sizeof(struct linux_status),
		.lane = LANE_FAST,
		.gated = true,
		.last = true,
		.remedy = REMEDY_HIDDEN},
	.read = status_read,
};

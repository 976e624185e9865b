/*
 * Source status: /proc/PID/status: user and group ids, and memory from one read, so that
 * the parts fit together.
 *
 * Kernel threads and zombies have no address space and no lines about it: absent, not 0.
 */
#include <errno.h>
#include <string.h>

#include "process.h"

enum value {
	UID, /* real, effective, saved */
	GID = UID + 3,
	PEAK = GID + 3,
	VIRTUAL,
	LOCKED,
	RESIDENT,
	ANONYMOUS,
	FILE_PAGES,
	SHARED,
	PAGE_TABLES,
	SWAP,
	HUGETLB,
	THREADS,
	VALUES,
};

/* In the order of the file. VmHWM is the peak of VmRSS; VmPeak would be that of VmSize. */
static const struct pair pairs[] = {
	PAIR("Uid", UID, 3),
	PAIR("Gid", GID, 3),
	PAIR("VmSize", VIRTUAL, 1),
	PAIR("VmLck", LOCKED, 1),
	PAIR("VmHWM", PEAK, 1),
	PAIR("VmRSS", RESIDENT, 1),
	PAIR("RssAnon", ANONYMOUS, 1),
	PAIR("RssFile", FILE_PAGES, 1),
	PAIR("RssShmem", SHARED, 1),
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
	status->footprint = footprint(value, seen);
	status->peak = value[PEAK];
	status->virtual = value[VIRTUAL];
	status->locked = value[LOCKED];
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
	uint32_t seen = seen_values(scan_pairs(bytes, length, pairs, PAIRS, numbers));

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
	bool found;
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
	struct other_thread search = {self->pids[slot], sample, false};
	int directory, result = row_enter(self, slot, &directory);

	if (result != STATE_OK)
		return result;
	tasks_each(directory, take_memory, &search);
	row_leave(self, slot, directory);
	return STATE_OK;
}

static int status_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_status *sample = memory;
	size_t length;
	int result = row_read(self, slot, FILE_STATUS, &length);

	if (result != STATE_OK)
		return result;
	if (status_parse(self->buffer, length, sample) < 0)
		return STATE_FAILED;
	if (sample->resident == ABSENT_U64(STATE_NONE) && sample->threads > 1 &&
		sample->threads != ABSENT_U64(STATE_NONE))
		return ask_another_thread(self, slot, sample);
	return STATE_OK;
}

const struct process_source status_source = {
	.source = {.name = "status",
		.sample_size = sizeof(struct linux_status),
		.lane = LANE_FAST,
		.gated = true},
	.read = status_read,
};

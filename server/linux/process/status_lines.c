/*
 * The lines of /proc/PID/status about ids and memory. Kernel threads and zombies have no address
 * space and no lines about it: absent, not 0.
 */
#include <errno.h>

#include "samples.h"

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

int statm_parse(const char *bytes, size_t length, int64_t ret_pages[3])
{
	struct scan scan = {bytes, bytes + length};

	for (int i = 0; i < 3; i++)
		if (!scan_number(&scan, &ret_pages[i]))
			return -EBADMSG;
	return 0;
}

/*
 * Source smaps: /proc/PID/smaps_rollup, the sum over all mappings. The kernel takes the
 * memory lock of the process and walks its page tables: slow lane. Without the rollup the
 * mappings of /proc/PID/smaps are summed up here; then the parts of PSS are not known.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

enum value {
	PSS,
	PSS_ANONYMOUS,
	PSS_FILE,
	PSS_SHARED,
	SHARED_CLEAN,
	SHARED_DIRTY,
	PRIVATE_CLEAN,
	PRIVATE_DIRTY,
	LAZY_FREE,
	SHARED_HUGETLB,
	PRIVATE_HUGETLB,
	SWAP_PSS,
	VALUES,
};

_Static_assert(
	sizeof(((struct smaps_sums *)0)->values) == VALUES * sizeof(int64_t), "one each");

/* In the order of the file. */
static const struct pair pairs[VALUES] = {
	PAIR("Pss", PSS, 1),
	PAIR("Pss_Anon", PSS_ANONYMOUS, 1),
	PAIR("Pss_File", PSS_FILE, 1),
	PAIR("Pss_Shmem", PSS_SHARED, 1),
	PAIR("Shared_Clean", SHARED_CLEAN, 1),
	PAIR("Shared_Dirty", SHARED_DIRTY, 1),
	PAIR("Private_Clean", PRIVATE_CLEAN, 1),
	PAIR("Private_Dirty", PRIVATE_DIRTY, 1),
	PAIR("LazyFree", LAZY_FREE, 1),
	PAIR("Shared_Hugetlb", SHARED_HUGETLB, 1),
	PAIR("Private_Hugetlb", PRIVATE_HUGETLB, 1),
	PAIR("SwapPss", SWAP_PSS, 1),
};

void smaps_add(struct smaps_sums *sums, const char *bytes, size_t length)
{
	struct scan scan = {bytes, bytes + length};

	while (scan.at < scan.end) /* each round takes a mapping */
		sums->seen |= scan_pairs(&scan, pairs, VALUES, sums->values);
}

static uint64_t sum_of(const struct smaps_sums *sums, enum value value, enum cell_state absent)
{
	return sums->seen >> value & 1 && sums->values[value] >= 0
		       ? (uint64_t)sums->values[value]
		       : ABSENT_U64(absent);
}

/* Pages of all sizes. Kernels without reserved huge pages have no line about them. */
static uint64_t pages_of(
	const struct smaps_sums *sums, enum value clean, enum value dirty, enum value huge)
{
	uint64_t none = ABSENT_U64(STATE_NONE);
	uint64_t a = sum_of(sums, clean, STATE_NONE), b = sum_of(sums, dirty, STATE_NONE);
	uint64_t c = sum_of(sums, huge, STATE_NONE);

	return a == none || b == none ? none : a + b + (c == none ? 0 : c);
}

void smaps_finish(const struct smaps_sums *sums, struct linux_smaps *ret_smaps)
{
	ret_smaps->pss = sum_of(sums, PSS, STATE_NONE);
	ret_smaps->pss_anonymous = sum_of(sums, PSS_ANONYMOUS, STATE_UNSUPPORTED);
	ret_smaps->pss_file = sum_of(sums, PSS_FILE, STATE_UNSUPPORTED);
	ret_smaps->pss_shared = sum_of(sums, PSS_SHARED, STATE_UNSUPPORTED);
	ret_smaps->unique = pages_of(sums, PRIVATE_CLEAN, PRIVATE_DIRTY, PRIVATE_HUGETLB);
	ret_smaps->common = pages_of(sums, SHARED_CLEAN, SHARED_DIRTY, SHARED_HUGETLB);
	ret_smaps->lazy_free = sum_of(sums, LAZY_FREE, STATE_UNSUPPORTED);
	ret_smaps->swap_pss = sum_of(sums, SWAP_PSS, STATE_NONE);
}

/* Whole lines are added; the beginning of a line at the end of a read is kept for the next. */
static int add_file(int file, struct smaps_sums *sums)
{
	char bytes[16384];
	size_t kept = 0;

	for (;;) {
		ssize_t got = read(file, bytes + kept, sizeof bytes - kept);
		const char *newline;
		size_t length;
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		length = kept + (size_t)got;
		newline = memrchr(bytes, '\n', length);
		/* A line that fills the buffer is the path of a mapping. */
		kept = newline ? length - (size_t)(newline + 1 - bytes) : length;
		if (kept == sizeof bytes)
			kept = 0;
		smaps_add(sums, bytes, newline ? length - kept : 0);
		memmove(bytes, bytes + length - kept, kept);
	}
}

struct reading {
	const char *name;
	struct smaps_sums sums;
};

/* None: a kernel thread, a zombie, or a process whose first thread has ended. */
static int sum_up(void *context, int directory)
{
	struct reading *reading = context;
	int file = openat(directory, reading->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int result;

	if (file < 0)
		return -errno;
	reading->sums = (struct smaps_sums){0};
	result = add_file(file, &reading->sums);
	close(file);
	return result == 0 && !reading->sums.seen ? -ESRCH : result;
}

static int smaps_run(struct job *job)
{
	const struct process_job *own = (const struct process_job *)(const void *)job->context;
	bool rollup = own->features >> FEATURE_SMAPS_ROLLUP & 1;
	struct reading reading = {.name = rollup ? "smaps_rollup" : "smaps"};
	int result = job_read_shared(own, sum_up, &reading);

	if (result == STATE_OK)
		smaps_finish(&reading.sums, job->sample);
	return result;
}

const char *smaps_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return host_lacks_file(host, "smaps") ? "this kernel does not tell it: it was built "
						"without CONFIG_PROC_PAGE_MONITOR"
					      : NULL;
}

const struct process_source smaps_source = {
	.source = {.name = "smaps",
		.sample_size = sizeof(struct linux_smaps),
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_MAPPED},
	.unsupported = smaps_unsupported,
	.run = smaps_run,
};

/*
 * Source smaps: /proc/PID/smaps_rollup, the sum over all mappings. The kernel takes the
 * memory lock of the process and walks its page tables: slow lane. Without the rollup the
 * mappings of /proc/PID/smaps are summed up here; then the parts of PSS are not known.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
	SWAP_PSS,
	VALUES,
};

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

static uint64_t sum_of_two(const struct smaps_sums *sums, enum value one, enum value two)
{
	uint64_t none = ABSENT_U64(STATE_NONE);
	uint64_t a = sum_of(sums, one, STATE_NONE), b = sum_of(sums, two, STATE_NONE);

	return a == none || b == none ? none : a + b;
}

/* Kernels without reserved huge pages have no line about them. */
static uint64_t common_of(const struct smaps_sums *sums)
{
	uint64_t small = sum_of_two(sums, SHARED_CLEAN, SHARED_DIRTY);
	uint64_t huge = sum_of(sums, SHARED_HUGETLB, STATE_NONE);
	uint64_t none = ABSENT_U64(STATE_NONE);

	return small == none || huge == none ? small : small + huge;
}

void smaps_finish(const struct smaps_sums *sums, struct linux_smaps *ret_smaps)
{
	ret_smaps->pss = sum_of(sums, PSS, STATE_NONE);
	ret_smaps->pss_anonymous = sum_of(sums, PSS_ANONYMOUS, STATE_UNSUPPORTED);
	ret_smaps->pss_file = sum_of(sums, PSS_FILE, STATE_UNSUPPORTED);
	ret_smaps->pss_shared = sum_of(sums, PSS_SHARED, STATE_UNSUPPORTED);
	ret_smaps->unique = sum_of_two(sums, PRIVATE_CLEAN, PRIVATE_DIRTY);
	ret_smaps->common = common_of(sums);
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

static int sum_up(int directory, const char *name, struct smaps_sums *sums)
{
	int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int result;

	if (file < 0)
		return -errno;
	result = add_file(file, sums);
	close(file);
	return result;
}

struct thread_search {
	const char *name;
	struct smaps_sums *sums;
};

static bool sum_up_thread(void *context, int tasks, uint32_t tid)
{
	struct thread_search *search = context;
	char path[48];

	snprintf(path, sizeof path, "%u/%s", (unsigned)tid, search->name);
	return sum_up(tasks, path, search->sums) < 0 || !search->sums->seen;
}

static int smaps_run(struct job *job)
{
	const struct process_job *own = (const struct process_job *)(const void *)job->context;
	const char *name = own->features >> FEATURE_SMAPS_ROLLUP & 1 ? "smaps_rollup" : "smaps";
	struct smaps_sums sums = {0};
	struct thread_search search = {name, &sums};
	int result = sum_up(own->directory, name, &sums);

	if (result < 0 && result != -ESRCH)
		return job_state_of(own, -result);
	/* No memory: a kernel thread, a zombie, or a process whose first thread has ended. */
	if (!sums.seen)
		tasks_each(own->directory, sum_up_thread, &search);
	if (!sums.seen)
		return job_state_of(own, ESRCH) == SAMPLE_GONE ? SAMPLE_GONE : STATE_NONE;
	smaps_finish(&sums, job->sample);
	return STATE_OK;
}

static const char *smaps_unsupported(const struct linux_host *host, enum cell_state *ret_state)
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

/*
 * Sources usage, memory, peaks and failures: what the memory controller counts, of the cgroup
 * and all below it.
 */
#include <errno.h>
#include <string.h>

#include "coalition.h"

static const char *memory_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return controller_unsupported(host, "memory", CONTROLLER_MEMORY);
}

/* -------------------------------------------------------------------------------- usage */

static int usage_read(struct devices *devices, void *memory, void *result)
{
	struct coalitions *table = coalitions_of(devices);
	struct linux_coalition_usage *sample = result;

	sample->bytes = coalition_number(
		table, coalition_read_either(table, memory, "memory.current", KEPT_USAGE,
			       CONTROLLER_MEMORY, "memory.usage_in_bytes"));
	return STATE_OK;
}

const struct device_source coalition_usage_source = {
	.source = {.name = "coalition_usage",
		.sample_size = sizeof(struct linux_coalition_usage),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = memory_unsupported,
	.read = usage_read,
};

/* ------------------------------------------------------------------------------- memory */

enum value {
	ANONYMOUS,
	FILES,
	KERNEL,
	PAGE_TABLES,
	SOCKETS,
	SHARED,
	COMPRESSED,
	DIRTY,
	RECLAIMABLE,
	SLAB,
	FAULTS,
	FAULTS_MAJOR,
	SWAP,
	VALUES,
};

/* As they come in the file. The older hierarchies have fewer, and one that is not in it in the
 * other: swap. */
static const char *const keys[VALUES] = {"anon", "file", "kernel", "pagetables", "sock",
	"shmem", "zswap", "file_dirty", "slab_reclaimable", "slab", "pgfault", "pgmajfault",
	""};
static const char *const older_keys[VALUES] = {"total_rss", "total_cache", "", "", "",
	"total_shmem", "", "total_dirty", "", "", "total_pgfault", "total_pgmajfault",
	"total_swap"};

/*
 * What would come back if all of its processes ended, as of PROCESS: anonymous and shared
 * memory, resident or swapped, and the kernel's for them, but no cache: neither of files nor of
 * their names (reclaimable slab). Linux 5.18 and later know all of them.
 */
static uint64_t footprint(const uint64_t *values)
{
	static const enum value parts[] = {ANONYMOUS, SHARED, KERNEL, SOCKETS, RECLAIMABLE};
	uint64_t swap = values[SWAP], kernel;

	if (swap == ABSENT_U64(STATE_NONE)) /* there is no swap in the kernel */
		swap = 0;
	if (swap > NUMBER_LIMIT)
		return swap;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (values[parts[i]] > NUMBER_LIMIT)
			return values[parts[i]];
	kernel =
		values[KERNEL] > values[RECLAIMABLE] ? values[KERNEL] - values[RECLAIMABLE] : 0;
	return values[ANONYMOUS] + values[SHARED] + kernel + values[SOCKETS] + swap;
}

/* "file" and "cache" have shared memory in them. The kernel adds them up one after the other. */
static uint64_t file_of(const uint64_t *values)
{
	if (values[FILES] > NUMBER_LIMIT)
		return values[FILES];
	if (values[SHARED] > NUMBER_LIMIT)
		return values[SHARED];
	return values[FILES] > values[SHARED] ? values[FILES] - values[SHARED] : 0;
}

static int memory_read(struct devices *devices, void *memory, void *result)
{
	struct coalitions *table = coalitions_of(devices);
	struct linux_coalition_memory *sample = result;
	bool older = coalition_has_older(table, CONTROLLER_MEMORY);
	ssize_t length = coalition_read_either(
		table, memory, "memory.stat", KEPT_MEMORY, CONTROLLER_MEMORY, "memory.stat");
	uint64_t values[VALUES];

	if (length < 0)
		return coalition_state_of(length);
	device_fill(values, values + VALUES - 1, STATE_NONE);
	flat_read(table->buffer, (size_t)length, older ? older_keys : keys, VALUES, values);
	/* Without swap in the kernel there is no such file. */
	if (!older)
		values[SWAP] = coalition_number(
			table, coalition_read(table, memory, "memory.swap.current", KEPT_SWAP));
	*sample = (struct linux_coalition_memory){.anonymous = values[ANONYMOUS],
		.file = file_of(values),
		.kernel = values[KERNEL],
		.shared = values[SHARED],
		.slab = values[SLAB],
		.reclaimable = values[RECLAIMABLE],
		.page_tables = values[PAGE_TABLES],
		.sockets = values[SOCKETS],
		.compressed = values[COMPRESSED],
		.dirty = values[DIRTY],
		.faults = values[FAULTS],
		.faults_major = values[FAULTS_MAJOR],
		.swap = values[SWAP],
		.footprint = footprint(values)};
	return STATE_OK;
}

const struct device_source coalition_memory_source = {
	.source = {.name = "coalition_memory",
		.sample_size = sizeof(struct linux_coalition_memory),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = memory_unsupported,
	.read = memory_read,
};

/* -------------------------------------------------------------------------------- peaks */

static int peaks_read(struct devices *devices, void *memory, void *result)
{
	struct coalitions *table = coalitions_of(devices);
	struct linux_coalition_peaks *sample = result;

	sample->memory = coalition_number(
		table, coalition_read_either(table, memory, "memory.peak", NOT_KEPT,
			       CONTROLLER_MEMORY, "memory.max_usage_in_bytes"));
	sample->swap = coalition_number(
		table, coalition_read(table, memory, "memory.swap.peak", NOT_KEPT));
	sample->tasks =
		coalition_number(table, coalition_read(table, memory, "pids.peak", NOT_KEPT));
	return STATE_OK;
}

const struct device_source coalition_peaks_source = {
	.source = {.name = "coalition_peaks",
		.sample_size = sizeof(struct linux_coalition_peaks),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = coalition_unsupported,
	.read = peaks_read,
};

/* ----------------------------------------------------------------------------- failures */

static int failures_read(struct devices *devices, void *memory, void *result)
{
	static const char *const events[] = {"low", "high", "max", "oom", "oom_kill"};
	struct coalitions *table = coalitions_of(devices);
	struct linux_coalition_failures *sample = result;
	ssize_t length = coalition_read(table, memory, "memory.events", NOT_KEPT);
	uint64_t values[5];

	if (length < 0)
		return coalition_state_of(length);
	device_fill(values, values + 4, STATE_NONE);
	flat_read(table->buffer, (size_t)length, events, 5, values);
	*sample = (struct linux_coalition_failures){
		values[0], values[1], values[2], values[3], values[4]};
	return STATE_OK;
}

/* memory.oom_control of the older hierarchy counts the cgroup without those below it. */
static const char *failures_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return controller_unsupported(host, "memory", CONTROLLERS);
}

const struct device_source coalition_failures_source = {
	.source = {.name = "coalition_failures",
		.sample_size = sizeof(struct linux_coalition_failures),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = failures_unsupported,
	.read = failures_read,
};

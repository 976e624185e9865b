/*
 * The accounts. Where Linux counts what XNU counts, they have XNU's names and groups; those of
 * XNU that would only be near are not here: wired_mem (Linux counts mappings), the purgeable ones
 * (it has no such objects).
 */
#include "accounts.h"

#include <string.h>

#include "../parse.h"
#include "source.h"

#define SCHED  "sched"
#define MEMORY "physmem"
#define IO     "res"
#define CGROUP "cgroup"

/* clang-format off */
const struct account accounts[ACCOUNTS] = {
	{SCHED, "cpu_time", ACCOUNTS_NS, ACCOUNTS_STAT, {"14", "15"}, NULL,
		"stat, utime and stime: CPU time of all threads, ended ones included."},

	{MEMORY, "phys_footprint", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"RssAnon", "VmPTE", "VmSwap", "?HugetlbPages"}, NULL,
		"status, RssAnon, VmPTE, VmSwap and HugetlbPages: memory that would come back if the process ended; mem.footprint of table PROCESS."},
	{MEMORY, "phys_mem", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"VmRSS"}, NULL,
		"status, VmRSS: pages in RAM that it maps, shared ones counted whole."},
	{MEMORY, "internal", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"RssAnon", "RssShmem"}, NULL,
		"status, RssAnon and RssShmem: resident pages that belong to no file."},
	{MEMORY, "internal_compressed", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"VmSwap"}, NULL,
		"status, VmSwap: its own pages that are compressed or swapped out, at their full size; not those of shared memory."},
	{MEMORY, "external", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"RssFile"}, NULL,
		"status, RssFile: resident pages of mapped files."},
	{MEMORY, "page_table", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"VmPTE"}, NULL,
		"status, VmPTE: its page tables."},
	{MEMORY, "reusable", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"LazyFree"}, NULL,
		"smaps_rollup, LazyFree: resident pages that it gave back (MADV_FREE) and that the kernel takes when memory is short; still in internal."},
	{MEMORY, "anonymous", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"RssAnon"}, NULL,
		"status, RssAnon: the part of internal that is its own."},
	{MEMORY, "shared_memory", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"RssShmem"}, NULL,
		"status, RssShmem: the part of internal that is shared memory (shm, memfd, tmpfs, shared anonymous)."},
	{MEMORY, "hugetlb", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"HugetlbPages"}, NULL,
		"status, HugetlbPages: reserved huge pages in use; not in phys_mem."},
	{MEMORY, "locked", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"VmLck"}, NULL,
		"status, VmLck: size of the mappings that are locked into RAM."},
	{MEMORY, "pinned", ACCOUNTS_BYTES, ACCOUNTS_STATUS, {"VmPin"}, NULL,
		"status, VmPin: pages that are pinned for devices."},
	{MEMORY, "unique", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"Private_Clean", "Private_Dirty", "?Private_Hugetlb"}, NULL,
		"smaps_rollup, Private_Clean, Private_Dirty and Private_Hugetlb: pages in RAM that no other process maps (USS)."},
	{MEMORY, "pss", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"Pss"}, NULL,
		"smaps_rollup, Pss: resident pages, each divided by the number of processes that map it."},
	{MEMORY, "pss_dirty", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"Pss_Dirty"}, NULL,
		"smaps_rollup, Pss_Dirty: the part of pss that was written since it was read."},
	{MEMORY, "pss_anonymous", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"Pss_Anon"}, NULL,
		"smaps_rollup, Pss_Anon: the part of pss that belongs to no file."},
	{MEMORY, "pss_file", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"Pss_File"}, NULL,
		"smaps_rollup, Pss_File: the part of pss that maps files."},
	{MEMORY, "pss_shared", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"Pss_Shmem"}, NULL,
		"smaps_rollup, Pss_Shmem: the part of pss that is shared memory."},
	{MEMORY, "swap_pss", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"SwapPss"}, NULL,
		"smaps_rollup, SwapPss: swapped pages of its own, each divided by the number of processes that share it."},
	{MEMORY, "huge", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"AnonHugePages", "ShmemPmdMapped", "?FilePmdMapped"}, NULL,
		"smaps_rollup, AnonHugePages, ShmemPmdMapped and FilePmdMapped: the part of phys_mem that the kernel has put into huge pages by itself."},
	{MEMORY, "merged", ACCOUNTS_BYTES, ACCOUNTS_ROLLUP, {"KSM"}, NULL,
		"smaps_rollup, KSM: resident pages that are one with equal pages elsewhere, each counted whole."},

	{IO, "logical_writes", ACCOUNTS_BYTES, ACCOUNTS_IO, {"write_bytes"}, NULL,
		"io, write_bytes: what it made the kernel write to disks, counted when pages of files become dirty."},
	{IO, "cancelled_writes", ACCOUNTS_BYTES, ACCOUNTS_IO, {"cancelled_write_bytes"}, NULL,
		"io, cancelled_write_bytes: the part of logical_writes, its own or of others, that it threw away before it was written."},
	{IO, "disk_reads", ACCOUNTS_BYTES, ACCOUNTS_IO, {"read_bytes"}, NULL,
		"io, read_bytes: what was read from disks for it."},
	{IO, "call_reads", ACCOUNTS_BYTES, ACCOUNTS_IO, {"rchar"}, NULL,
		"io, rchar: what it got by read calls, from caches, pipes and terminals too."},
	{IO, "call_writes", ACCOUNTS_BYTES, ACCOUNTS_IO, {"wchar"}, NULL,
		"io, wchar: what it passed to write calls, to pipes and terminals too."},

	{CGROUP, "cgroup_memory", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_USAGE, {""}, "",
		"memory.current of its cgroup (once memory.usage_in_bytes): all memory that is charged to it, caches of files included."},
	{CGROUP, "cgroup_swap", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_SWAP, {""}, "total_swap",
		"memory.swap.current of its cgroup: what is swapped out."},
	{CGROUP, "cgroup_anonymous", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_MEMORY, {"anon"}, "total_rss",
		"memory.stat of its cgroup, anon: resident pages that belong to no file."},
	{CGROUP, "cgroup_file", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_MEMORY, {"file"}, "total_cache",
		"memory.stat of its cgroup, file: caches of files, and shared memory."},
	{CGROUP, "cgroup_kernel", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_MEMORY, {"kernel"}, NULL,
		"memory.stat of its cgroup, kernel: what the kernel holds for it, the next two included."},
	{CGROUP, "cgroup_page_table", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_MEMORY, {"pagetables"}, NULL,
		"memory.stat of its cgroup, pagetables: page tables."},
	{CGROUP, "cgroup_slab", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_MEMORY, {"slab"}, NULL,
		"memory.stat of its cgroup, slab: the kernel's objects: files, names, sockets."},
	{CGROUP, "cgroup_sockets", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_MEMORY, {"sock"}, NULL,
		"memory.stat of its cgroup, sock: buffers of the network."},
	{CGROUP, "cgroup_shared_memory", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_MEMORY, {"shmem"}, "total_shmem",
		"memory.stat of its cgroup, shmem: resident pages of shared memory, mapped or not."},
	{CGROUP, "cgroup_reclaimable", ACCOUNTS_BYTES, ACCOUNTS_CGROUP_MEMORY, {"slab_reclaimable"}, NULL,
		"memory.stat of its cgroup, slab_reclaimable: the part of cgroup_slab that the kernel takes when memory is short."},
	{CGROUP, "cgroup_tasks", ACCOUNTS_COUNT, ACCOUNTS_CGROUP_TASKS, {""}, "",
		"pids.current of its cgroup: processes and threads."},
};
/* clang-format on */

const char *account_unit_name(enum account_unit unit)
{
	static const char *const names[] = {
		[ACCOUNTS_BYTES] = "bytes", [ACCOUNTS_NS] = "ns", [ACCOUNTS_COUNT] = "count"};

	return names[unit];
}

/* ------------------------------------------------------------------------------ numbers */

/* "KEY:  12 kB", "KEY 12" */
static bool is_line(struct scan line, const char *key, size_t length)
{
	return (size_t)(line.end - line.at) > length && memcmp(line.at, key, length) == 0 &&
	       (line.at[length] == ':' || line.at[length] == ' ');
}

static bool find_number(struct scan text, const char *key, int64_t *ret_number)
{
	size_t length = strlen(key);
	struct scan line;

	while (scan_line(&text, &line)) {
		if (length && !is_line(line, key, length))
			continue;
		line.at += length ? length + 1 : 0;
		return scan_number(&line, ret_number) && *ret_number >= 0;
	}
	return false;
}

int64_t account_balance(const struct account *self, const char *older_key, const char *bytes,
	size_t length, uint64_t factor)
{
	struct scan text = {bytes, bytes + length};
	const char *const *keys = older_key ? &older_key : self->keys;
	uint32_t count = older_key ? 1 : ACCOUNT_KEYS;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < count && keys[i]; i++) {
		bool optional = keys[i][0] == '?';
		int64_t number = 0;
		if (!find_number(text, keys[i] + optional, &number) && !optional)
			return ABSENT_I64(STATE_UNSUPPORTED);
		sum += saturating_multiply((uint64_t)number, factor);
		if (sum > NUMBER_LIMIT)
			sum = NUMBER_LIMIT;
	}
	return (int64_t)sum;
}

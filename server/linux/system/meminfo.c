/*
 * Source meminfo: /proc/meminfo, what the memory is used for, in KiB (proc_meminfo(5), and
 * Documentation/filesystems/proc.rst of the kernel).
 *
 * Shared memory and tmpfs have no file behind them, yet the kernel counts them as page cache.
 * Here they belong to what programs made, and caches are what could be dropped.
 */
#include <errno.h>

#include "fields.h"
#include "system.h"

static const struct field fields[] = {
	FIELD(meminfo, "MemTotal", total),
	FIELD(meminfo, "MemFree", free),
	FIELD(meminfo, "MemAvailable", available),
	FIELD(meminfo, "Buffers", buffers),
	FIELD(meminfo, "Cached", page_cache),
	FIELD(meminfo, "SwapCached", swap_cached),
	FIELD(meminfo, "Active", active),
	FIELD(meminfo, "Inactive", inactive),
	FIELD(meminfo, "Unevictable", unevictable),
	FIELD(meminfo, "Mlocked", locked),
	FIELD(meminfo, "SwapTotal", swap_total),
	FIELD(meminfo, "SwapFree", swap_free),
	FIELD(meminfo, "Zswap", zswap_pool),
	FIELD(meminfo, "Zswapped", zswap_stored),
	FIELD(meminfo, "Dirty", dirty),
	FIELD(meminfo, "Writeback", writeback),
	FIELD(meminfo, "AnonPages", anonymous),
	FIELD(meminfo, "Mapped", mapped),
	FIELD(meminfo, "Shmem", shared),
	FIELD(meminfo, "SReclaimable", slab_reclaimable),
	FIELD(meminfo, "SUnreclaim", slab_unreclaimable),
	FIELD(meminfo, "KernelStack", kernel_stacks),
	FIELD(meminfo, "PageTables", page_tables),
	FIELD(meminfo, "SecPageTables", secondary_tables),
	FIELD(meminfo, "CommitLimit", commit_limit),
	FIELD(meminfo, "Committed_AS", committed),
	FIELD(meminfo, "Percpu", percpu),
	FIELD(meminfo, "HardwareCorrupted", corrupted),
	FIELD(meminfo, "AnonHugePages", huge_anonymous),
	FIELD(meminfo, "ShmemHugePages", huge_shared),
	FIELD(meminfo, "FileHugePages", huge_file),
	FIELD(meminfo, "Hugetlb", huge_all),
	FIELD(meminfo, "HugePages_Total", huge_total),
	FIELD(meminfo, "HugePages_Free", huge_free),
	FIELD(meminfo, "HugePages_Rsvd", huge_reserved),
	FIELD(meminfo, "HugePages_Surp", huge_surplus),
	FIELD(meminfo, "Hugepagesize", huge_size),
};

/* Of a number of huge pages, what they take; none where there are none of that kind. */
static void multiply(uint64_t *pages, uint64_t size)
{
	uint64_t product;

	if (is_absent(*pages))
		return;
	if (is_absent(size))
		*pages = size;
	else if (__builtin_mul_overflow(*pages, size, &product) || product > NUMBER_LIMIT)
		*pages = ABSENT_U64(STATE_FAILED);
	else
		*pages = product;
}

static void huge_pages(struct linux_meminfo *self)
{
	multiply(&self->huge_total, self->huge_size);
	multiply(&self->huge_free, self->huge_size);
	multiply(&self->huge_reserved, self->huge_size);
	multiply(&self->huge_surplus, self->huge_size);
	self->huge_used = number_rest(self->huge_total, self->huge_free);
}

/* No part can be larger than the whole. */
static void limit(uint64_t *part, uint64_t whole)
{
	if (is_absent(number_rest(whole, *part)) && !is_absent(*part) && !is_absent(whole))
		*part = ABSENT_U64(STATE_FAILED);
}

int meminfo_parse(const char *bytes, size_t length, struct linux_meminfo *ret)
{
	device_fill(&ret->total, &ret->zswap_stored, STATE_NONE);
	fields_fill(bytes, length, fields, sizeof fields / sizeof *fields, ret);
	if (is_absent(ret->total) || ret->total == 0)
		return -EBADMSG;
	limit(&ret->free, ret->total);
	limit(&ret->available, ret->total);
	ret->used = number_rest(ret->total, ret->available);
	ret->occupied = number_rest(ret->total, ret->free);
	ret->file = number_minus(number_plus(ret->page_cache, ret->buffers), ret->shared);
	ret->cached = number_plus(ret->file, ret->slab_reclaimable);
	ret->internal = number_plus(ret->anonymous, ret->shared);
	ret->swap_used = number_rest(ret->swap_total, ret->swap_free);
	huge_pages(ret);
	return 0;
}

static int meminfo_read(struct devices *self, void *row, void *memory)
{
	struct scan text;
	int result = system_file(self, PROC, "meminfo", &text);

	(void)row;
	if (result < 0)
		return (int)system_state(result);
	result = meminfo_parse(text.at, (size_t)(text.end - text.at), memory);
	return result < 0 ? STATE_FAILED : STATE_OK;
}

static const char *meminfo_unsupported(const struct host *host, enum cell_state *ret_state)
{
	return system_lacks(host, PROC, "meminfo", NO_FILE, ret_state);
}

const struct device_source meminfo_source = {
	.source = {.name = "meminfo",
		.sample_size = sizeof(struct linux_meminfo),
		.lane = LANE_FAST},
	.unsupported = meminfo_unsupported,
	.read = meminfo_read,
};

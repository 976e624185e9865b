/*
 * Source vmstat: /proc/vmstat, the events of memory management since boot; in pages where they
 * are about pages.
 *
 * Kernels before 4.8 counted what is scanned and freed by memory zone (pgscan_direct_normal), those
 * from 4.10 on count the waits so (allocstall_normal).
 */
#include <errno.h>

#include "fields.h"
#include "system.h"

static const struct field fields[] = {
	FIELD(vmstat, "pgfault", faults),
	FIELD(vmstat, "pgmajfault", faults_major),
	FIELD(vmstat, "pgpgin", blocks_in),
	FIELD(vmstat, "pgpgout", blocks_out),
	FIELD(vmstat, "pswpin", swap_in),
	FIELD(vmstat, "pswpout", swap_out),
	FIELD(vmstat, "zswpin", zswap_in),
	FIELD(vmstat, "zswpout", zswap_out),
	FIELD(vmstat, "zswpwb", zswap_written),
	ZONED(vmstat, "pgscan_kswapd", scanned),
	ZONED(vmstat, "pgscan_direct", scanned),
	FIELD(vmstat, "pgscan_khugepaged", scanned),
	FIELD(vmstat, "pgscan_proactive", scanned),
	ZONED(vmstat, "pgsteal_kswapd", freed),
	FIELD(vmstat, "pgsteal_khugepaged", freed),
	FIELD(vmstat, "pgsteal_proactive", freed),
	ZONED(vmstat, "pgsteal_direct", freed_direct),
	FIELD(vmstat, "pgactivate", activated),
	FIELD(vmstat, "pglazyfreed", lazy_freed),
	FIELD(vmstat, "workingset_refault", refaults), /* until 5.8 */
	FIELD(vmstat, "workingset_refault_anon", refaults),
	FIELD(vmstat, "workingset_refault_file", refaults),
	ZONED(vmstat, "allocstall", stalls),
	FIELD(vmstat, "compact_stall", compaction_stalls),
	FIELD(vmstat, "oom_kill", oom_kills),
};

int vmstat_parse(const char *bytes, size_t length, struct linux_vmstat *ret)
{
	device_fill(&ret->faults, &ret->oom_kills, STATE_NONE);
	fields_fill(bytes, length, fields, sizeof fields / sizeof *fields, ret);
	ret->freed = number_plus(ret->freed, ret->freed_direct);
	return length ? 0 : -EBADMSG;
}

static int vmstat_read(struct devices *self, void *row, void *memory)
{
	struct scan text;
	int result = system_file(self, PROC, "vmstat", &text);

	(void)row;
	if (result < 0)
		return (int)system_state(result);
	result = vmstat_parse(text.at, (size_t)(text.end - text.at), memory);
	return result < 0 ? STATE_FAILED : STATE_OK;
}

static const char *vmstat_unsupported(const struct host *host, enum cell_state *ret_state)
{
	return system_lacks(host, PROC, "vmstat", NO_FILE, ret_state);
}

const struct device_source vmstat_source = {
	.source = {.name = "vmstat",
		.sample_size = sizeof(struct linux_vmstat),
		.lane = LANE_FAST},
	.unsupported = vmstat_unsupported,
	.read = vmstat_read,
};

/*
 * System: table SYSTEM, which has one row, the machine. One file a source; beside them
 *
 *   system.c   the table, and reading a file of it
 *   fields.c   files of one number a line
 */
#ifndef LINUX_SYSTEM_H
#define LINUX_SYSTEM_H

#include "../host.h"
#include "../parse.h"
#include "devices.h"
#include "totals.h"

/* In the order in which the table has them. */
enum system_source_index {
	SOURCE_ended,
	SOURCE_machine_stat,
	SOURCE_loadavg,
	SOURCE_meminfo,
	SOURCE_vmstat,
	SOURCE_compressor,
	SOURCE_ksm,
	SOURCE_pressure_cpu,
	SOURCE_pressure_memory,
	SOURCE_pressure_io,
	SOURCE_pressure_irq,
	SOURCE_disk_total,
	SOURCE_net_total,
	SOURCE_boot,
	SOURCE_file_table,
	SOURCE_kernel,
	SYSTEM_SOURCE_COUNT,
};

/* ----------------------------------------------------------------------- samples */

struct linux_ended {
	uint64_t cpu_ns;
};

/* Clock ticks since boot, of all cores; counts since boot. */
struct linux_machine_stat {
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal, guest;
	uint64_t busy, capacity;
	uint64_t cores, switches, interrupts, soft_interrupts, started, blocked;
};

struct linux_loadavg {
	double load1, load5, load15;
	uint64_t running, total;
};

/* KiB. */
struct linux_meminfo {
	uint64_t total, free, available, used, occupied;
	uint64_t buffers, page_cache, shared, slab_reclaimable, file, cached;
	uint64_t anonymous, internal, mapped, active, inactive, unevictable, locked;
	uint64_t slab_unreclaimable, kernel_stacks, page_tables, secondary_tables, percpu;
	uint64_t dirty, writeback, committed, commit_limit, corrupted;
	uint64_t huge_anonymous, huge_shared, huge_file, huge_all;
	uint64_t huge_total, huge_free, huge_used, huge_reserved, huge_surplus, huge_size;
	uint64_t swap_total, swap_free, swap_used, swap_cached, zswap_pool, zswap_stored;
};

/* Since boot; events, or pages where nothing else is said. */
struct linux_vmstat {
	uint64_t faults, faults_major;  /* events */
	uint64_t blocks_in, blocks_out; /* KiB */
	uint64_t swap_in, swap_out, zswap_in, zswap_out, zswap_written;
	uint64_t scanned, freed, freed_direct, activated, lazy_freed, refaults;
	uint64_t stalls, compaction_stalls, oom_kills; /* events */
};

/* Bytes. */
struct linux_compressor {
	uint64_t original, compressed, size;
	uint64_t zram_original, zram_compressed, zram_memory;
};

struct linux_ksm {
	uint64_t shared, saved, zero; /* pages */
	int64_t profit;               /* bytes */
};

struct pressure {
	double average10, average60, average300; /* 0 to 1 */
	uint64_t total;                          /* us */
};

struct linux_pressure_cpu {
	struct pressure some, full;
};
struct linux_pressure_memory {
	struct pressure some, full;
};
struct linux_pressure_io {
	struct pressure some, full;
};
struct linux_pressure_irq {
	struct pressure some, full;
};

struct linux_disk_total {
	uint64_t reads, writes, sectors_read, sectors_written, sectors_discarded;
};

struct linux_net_total {
	uint64_t bytes_in, packets_in, errors_in, dropped_in;
	uint64_t bytes_out, packets_out, errors_out, dropped_out;
};

struct linux_boot {
	uint64_t time_ns; /* since 1970 */
};

struct linux_file_table {
	uint64_t open, inodes;
};

struct linux_kernel {
	struct sample_text name, system, release, version, machine;
	uint64_t files_max, pids_max, threads_max;
};

/* --------------------------------------------------------------------- the table */

enum { KERNEL_TEXTS = 5 };

struct system {
	struct devices devices; /* first */
	char *text;             /* the file that was read last */
	size_t text_size;
	uint64_t idle, iowait; /* the most that they ever were */
	struct totals disks, interfaces;
	uint64_t ranked_ns; /* when all interfaces were looked at */
	char kernel_texts[KERNEL_TEXTS][256];
};

enum system_root { PROC, SYS };

/* All of a file below /proc or /sys: 0 or a negative errno. Good until the next call. */
int system_file(
	struct devices *self, enum system_root root, const char *name, struct scan *ret_text);
/* The number in such a file. -EBADMSG: there is something else. */
int system_number(
	struct devices *self, enum system_root root, const char *name, uint64_t *ret_number);
/* Is there such a file? */
bool system_has(const struct host *host, enum system_root root, const char *name);
/* The state of what could not be read because of this errno. */
enum cell_state system_state(int error);
/* For device_source.unsupported: NULL where there is such a file, else `why`. */
const char *system_lacks(const struct host *host, enum system_root root, const char *name,
	const char *why, enum cell_state *ret_state);

/* What is said where a file that every kernel has is not there. */
#define NO_FILE "this /proc shows processes only (mount option subset=pid)"

extern const struct device_source ended_source, machine_stat_source, loadavg_source,
	meminfo_source, vmstat_source, compressor_source, ksm_source, pressure_cpu_source,
	pressure_memory_source, pressure_io_source, pressure_irq_source, disk_total_source,
	net_total_source, boot_source, file_table_source, kernel_source;
extern const struct device_table system_table;

/* ------------------------------------------------------------------- parsers */

/* The time in ns that tasks ran, of all lines cpuN of /proc/schedstat; -EBADMSG. */
int schedstat_sum(const char *bytes, size_t length, uint64_t *ret_ns);
/* All of these fill the whole sample. -EBADMSG: this is no such file. */
int machine_stat_parse(const char *bytes, size_t length, struct linux_machine_stat *ret);
int loadavg_parse(const char *bytes, size_t length, struct linux_loadavg *ret);
int meminfo_parse(const char *bytes, size_t length, struct linux_meminfo *ret);
int vmstat_parse(const char *bytes, size_t length, struct linux_vmstat *ret);
/* A kind of line that is not there leaves numbers that are absent. */
int pressure_parse(
	const char *bytes, size_t length, struct pressure *ret_some, struct pressure *ret_full);
/* The line btime of /proc/stat, in seconds; 0: it is not there. */
uint64_t boot_parse(const char *bytes, size_t length);

#endif

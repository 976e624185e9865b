/* System: table SYSTEM, which has one row, the machine. One file a source, or some small ones. */
#ifndef DARWIN_SYSTEM_H
#define DARWIN_SYSTEM_H

#include "../host.h"
#include "../network/interfaces.h"
#include "devices.h"
#include "totals.h"

/* In the order in which the table has them. */
enum system_source_index {
	SOURCE_processors,
	SOURCE_loads,
	SOURCE_processor_set,
	SOURCE_vm_statistics,
	SOURCE_swap,
	SOURCE_memory_status,
	SOURCE_net_total,
	SOURCE_disk_total,
	SOURCE_kernel,
	SOURCE_boot,
	SOURCE_limits,
	SYSTEM_SOURCE_COUNT,
};

/* ----------------------------------------------------------------------- samples */

/* host_processor_info(PROCESSOR_CPU_LOAD_INFO): since boot, of all cores, ns. */
struct darwin_processors {
	uint64_t user, nice, system, idle, busy, capacity;
	uint64_t cores;
};

/* sysctl vm.loadavg. */
struct darwin_loads {
	double load1, load5, load15;
};

/* processor_set_statistics(PROCESSOR_SET_LOAD_INFO). */
struct darwin_processor_set {
	uint64_t tasks, threads;
};

/* host_statistics64(HOST_VM_INFO64): pages now, and events and pages since boot. */
struct darwin_vm_statistics {
	uint64_t total, free, occupied, available, used, cached, app;
	uint64_t active, inactive, wired, purgeable, speculative, throttled;
	uint64_t external, internal, compressor, uncompressed, size;
	uint64_t zero_filled, reactivations, page_ins, page_outs, faults, copies;
	uint64_t lookups, hits, purges, decompressions, compressions, swap_ins, swap_outs;
};

/* sysctl vm.swapusage: bytes. */
struct darwin_swap {
	uint64_t total, used;
};

/* sysctls kern.memorystatus_*. */
struct darwin_memory_status {
	struct sample_text level;
	double pressure;
};

struct darwin_net_total {
	uint64_t bytes_in, packets_in, errors_in, dropped_in;
	uint64_t bytes_out, packets_out, errors_out, dropped_out;
};

struct darwin_disk_total {
	uint64_t bytes_read, reads, bytes_written, writes;
};

struct darwin_kernel {
	struct sample_text name, system, release, version, machine;
};

struct darwin_boot {
	uint64_t time_ns; /* since 1970 */
};

struct darwin_limits {
	uint64_t files, vnodes, files_max, processes_max, threads_max;
};

/* --------------------------------------------------------------------- the table */

/* Ticks of a core, as they were seen last: 32 bits wide, they wrap around after 497 days. */
struct processor {
	uint32_t ticks[4];
};

enum { VM_COUNTS_MAX = 256 };

struct system {
	struct devices devices; /* first */
	uint64_t memory_size;   /* bytes; 0: not known */
	struct processor *processors;
	uint32_t processor_count;
	uint64_t ticks[4]; /* of all cores */
	uint32_t set;      /* the port of the processor set; 0: not yet */
	uint32_t vm_count; /* what the kernel wants to hear of its struct's size */
	struct interfaces interfaces;
	struct totals net, disks;
	bool kernel_known;
	char name[256], system_name[32], release[32], version[256], machine[32];
};

extern const struct device_source processors_source, loads_source, processor_set_source,
	vm_statistics_source, swap_source, memory_status_source, net_total_source,
	disk_total_source, kernel_source, boot_source, limits_source;
extern const struct device_table system_table;

/* The state of what a Mach call answered. */
int system_state(int result);

#endif

/*
 * Samples: what the sources of table PROCESS fill. The names of sources and fields are those of the
 * darwin column in common/attributes.def.
 */
#ifndef DARWIN_SAMPLES_H
#define DARWIN_SAMPLES_H

#include "../task.h"
#include "source.h"

/* In the order in which provider.sources has them: at most 32. */
enum process_source_index {
	SOURCE_identity,
	SOURCE_image,
	SOURCE_brief,
	SOURCE_bsd,
	SOURCE_start,
	SOURCE_exit,
	SOURCE_state,
	SOURCE_rusage,
	SOURCE_task,
	SOURCE_workqueue,
	SOURCE_ports,
	SOURCE_files,
	SOURCE_coalition,
	SOURCE_responsible,
	SOURCE_session,
	SOURCE_children,
	SOURCE_exe,
	SOURCE_name,
	SOURCE_directories,
	SOURCE_cmdline,
	SOURCE_sockets,
	SOURCE_task_vm,
	SOURCE_task_power,
	SOURCE_task_purgeable,
	SOURCE_accounts,
	SOURCE_regions,
	SOURCE_process_energy,
	SOURCE_gpu,
	PROCESS_SOURCE_COUNT,
};

/* Of the list. */
struct darwin_identity {
	uint64_t pid, unique_id;
};

/* Likewise: what is another after exec. */
struct darwin_image {
	struct sample_text uuid;
	uint64_t parent_unique_id;
};

/* What the kernel tells everybody in one call. */
struct darwin_brief {
	uint64_t ppid, pgid, status, uid, gid, ruid, rgid, svuid, svgid;
	uint64_t tracer, app_sleep;
	struct sample_text comm;
};

/* The rest of what BSD knows. */
struct darwin_bsd {
	int64_t nice;
	uint64_t tty_device, tty_pgid, jobc, files_table, bsd_flags;
	struct sample_text tty_name, flags;
};

struct darwin_start {
	uint64_t time_ns; /* since 1970 */
};

struct darwin_exit {
	uint64_t status; /* as wait(2) tells it */
	uint64_t time_ns, cpu_ticks;
};

struct darwin_state {
	struct sample_text letter;
};

/* Times in ticks. */
struct darwin_rusage {
	uint64_t cpu_total, cpu_user, cpu_system;
	uint64_t children_user, children_system, children_elapsed;
	uint64_t children_idle, children_interrupt, children_page_ins;
	uint64_t qos_default, qos_maintenance, qos_background, qos_utility;
	uint64_t qos_legacy, qos_user_initiated, qos_user_interactive;
	uint64_t billed_system, serviced_system;
	uint64_t runnable, performance_user, performance_system, secure;
	uint64_t instructions, cycles, performance_instructions, performance_cycles;
	uint64_t wakeups_idle, wakeups_interrupt;
	uint64_t energy_nj, performance_energy_nj, billed_nj, serviced_nj;
	uint64_t footprint, footprint_peak, footprint_interval_peak;
	uint64_t resident, wired, page_ins;
	uint64_t neural, neural_peak, neural_interval_peak;
	uint64_t disk_read, disk_written, logical_written;
	uint64_t start;
};

/* Sums, see ../energy.h. */
struct darwin_process_energy {
	uint64_t score, top_score;
};

/* Times in ticks. */
struct darwin_task {
	uint64_t virtual, threads_user, threads_system;
	uint64_t threads, running, policy;
	int64_t priority;
	uint64_t faults, copies, switches;
	uint64_t messages_sent, messages_received, calls_mach, calls_unix;
};

struct darwin_workqueue {
	uint64_t threads, running, blocked, state;
};

struct darwin_ports {
	uint64_t used;
};

struct darwin_files {
	uint64_t open;
};

struct darwin_coalition {
	uint64_t id;
};

struct darwin_responsible {
	uint64_t pid, unique_id;
};

struct darwin_session {
	uint64_t id;
};

struct darwin_children {
	uint64_t count;
};

struct darwin_exe {
	struct sample_text path;
};

struct darwin_name {
	struct sample_text text;
};

struct darwin_directories {
	struct sample_text current, root;
};

struct darwin_cmdline {
	struct sample_text text;
};

struct darwin_sockets {
	uint64_t open, internet;
};

struct darwin_task_vm {
	struct task_vm vm;
};

struct darwin_task_power {
	struct task_power power;
};

struct darwin_task_purgeable {
	struct task_purgeable purgeable;
};

/* Bytes; times in ticks. */
struct darwin_accounts {
	uint64_t page_tables, kernel_private, kernel_shared, drivers;
	uint64_t billed_to_me, billed_to_others;
	uint64_t graphics;
};

struct darwin_regions {
	uint64_t count, resident_private, resident_shared, virtual_private;
};

/* ------------------------------------------------------------------------- parsers */

/* The last part of a path; points into it. */
struct sample_text name_of_path(const char *path, uint32_t length);
/* What sysctl KERN_PROCARGS2 wrote, at most `size` bytes of it joined by blanks into `line`; its
 * length, or a negative errno if it is not what the kernel writes. */
int64_t cmdline_parse(const char *bytes, size_t length, char *line, size_t size);

/* Of the user clients of GPUs. */
struct darwin_gpu {
	uint64_t time_ns;
	struct sample_text devices, source;
};

#endif

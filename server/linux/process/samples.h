/*
 * Samples: what the sources of table PROCESS fill, and the parsers that do it. The names of
 * sources and fields are those of the Linux column in common/attributes.def.
 *
 * A field is 64 bits wide or a text. What a process does not have is ABSENT_*(STATE_NONE).
 */
#ifndef LINUX_SAMPLES_H
#define LINUX_SAMPLES_H

#include "../parse.h"
#include "source.h"

/* In the order in which provider.sources has them. */
enum process_source_index {
	SOURCE_identity,
	SOURCE_clock,
	SOURCE_exit,
	SOURCE_stat,
	SOURCE_status,
	SOURCE_control,
	SOURCE_limits,
	SOURCE_ioprio,
	SOURCE_parent,
	SOURCE_coalition,
	SOURCE_io,
	SOURCE_schedstat,
	SOURCE_switches,
	SOURCE_threads,
	SOURCE_delays,
	SOURCE_children,
	SOURCE_files,
	SOURCE_cgroup,
	SOURCE_oom_score,
	SOURCE_oom_adjust,
	SOURCE_exe,
	SOURCE_links,
	SOURCE_name,
	SOURCE_build_id,
	SOURCE_cmdline,
	SOURCE_smaps,
	SOURCE_regions,
	SOURCE_sockets,
	SOURCE_gpu,
	SOURCE_energy_score,
	SOURCE_energy_share,
	SOURCE_COUNT
};

struct linux_identity {
	uint64_t pid;
	uint64_t unique_id;
};

struct linux_clock {
	uint64_t total_ns;
};

struct linux_exit {
	uint64_t status; /* as wait(2) tells it */
	uint64_t time_ns;
	uint64_t cpu_ns;
};

struct linux_stat {
	struct sample_text comm, state, tty_name, flags;
	uint64_t status; /* BSD's number of the state */
	uint64_t ppid, pgid, sid;
	uint64_t tty_device, tty_pgid;
	uint64_t faults, faults_major, children_faults, children_faults_major;
	uint64_t cpu_user_ns, cpu_system_ns;
	uint64_t children_user, children_system; /* clock ticks */
	int64_t priority, nice;
	uint64_t threads, last_cpu, policy;
	uint64_t start_boottime_ns, start_realtime_ns;
};

/* Sizes in KiB. */
struct linux_status {
	uint64_t ruid, uid, svuid;
	uint64_t rgid, gid, svgid;
	uint64_t footprint, footprint_peak, footprint_peak_minute;
	uint64_t peak, virtual, virtual_peak, locked, pinned, resident;
	uint64_t anonymous, anonymous_total, file, shared;
	uint64_t data, stack, code, libraries;
	uint64_t page_tables, swap, hugetlb;
	uint64_t threads;
};

struct linux_control {
	uint64_t tracer;
	struct sample_text affinity;
	uint64_t affinity_count;
};

/* What is in force, and how far the process may raise that; STATE_NONE: no limit. */
struct limit {
	uint64_t now, max;
};

struct linux_limits {
	struct limit cpu; /* seconds */
	struct limit file_size, data, stack, core, resident, processes, files, locked;
	struct limit address_space, file_locks, signals, message_queues, nice;
	struct limit realtime_priority, realtime_time; /* microseconds */
};

struct linux_ioprio {
	struct sample_text class;
	uint64_t priority;
};

struct linux_parent {
	uint64_t unique_id;
};

struct linux_coalition {
	uint64_t id;
};

struct linux_io {
	uint64_t disk_read, disk_written, logical_written, cancelled;
	uint64_t read_bytes, written_bytes;
	uint64_t read_calls, write_calls;
};

struct linux_schedstat {
	uint64_t run_delay_ns, runnable_ns;
};

struct linux_switches {
	uint64_t total, voluntary, forced;
};

/* Of living threads; times in clock ticks. */
struct linux_threads {
	uint64_t user, system;
	uint64_t running;
};

struct linux_delays {
	uint64_t io_delay; /* clock ticks */
};

struct linux_children {
	uint64_t count;
};

struct linux_files {
	uint64_t open;
};

struct linux_cgroup {
	struct sample_text path;
};

struct linux_oom_score {
	uint64_t score;
};

struct linux_oom_adjust {
	int64_t adjust;
};

struct linux_exe {
	struct sample_text path;
};

struct linux_links {
	struct sample_text cwd, root;
};

struct linux_name {
	struct sample_text text;
};

struct linux_build_id {
	struct sample_text text;
};

struct linux_cmdline {
	struct sample_text text;
};

/* Sizes in KiB. */
struct linux_smaps {
	uint64_t pss, pss_anonymous, pss_file, pss_shared;
	uint64_t unique, common, swap_pss, lazy_free;
};

struct linux_regions {
	uint64_t count;
};

struct linux_sockets {
	uint64_t open, internet;
};

struct linux_gpu {
	uint64_t time_ns; /* the sum of the following */
	uint64_t time_render_ns, time_compute_ns, time_copy_ns;
	uint64_t time_video_ns, time_enhance_ns, time_other_ns;
	uint64_t memory; /* bytes, of these on the board, in main memory */
	uint64_t memory_device, memory_system;
	uint64_t memory_shared; /* a part of memory */
	uint64_t garbage;
	struct sample_text devices, source;
};

struct linux_energy_score {
	uint64_t score;
};

struct linux_energy_share {
	uint64_t total_nj;
};

/* ------------------------------------------------------------------------- parsers
 *
 * Unless said otherwise they return 0, or -EBADMSG when the bytes are not what the kernel
 * writes.
 */

enum { STAT_FIELDS = 42 }; /* proc(5) has more; the last one that we use is the delays */

struct stat_line {
	const char *comm; /* points into the bytes that were parsed */
	uint32_t comm_length;
	char state;
	int64_t field[STAT_FIELDS + 1]; /* by the number that proc(5) gives it, from 4 on */
};

/* Field 52 of stat, which is that of a zombie. */
int exit_parse(const char *bytes, size_t length, int64_t *ret_status);
int stat_parse(const char *bytes, size_t length, struct stat_line *ret_line);
/* "pts/3", "tty1", "ttyS0" into `name`; its length, 0 when the numbers do not tell. */
uint32_t tty_parse(uint64_t device, char name[32]);
/* Pages: size, resident, of these shared or of files. */
int statm_parse(const char *bytes, size_t length, int64_t ret_pages[3]);
int status_parse(const char *bytes, size_t length, struct linux_status *ret_status);
/* The text points into the bytes. */
int control_parse(const char *bytes, size_t length, struct linux_control *ret_control);
int limits_parse(const char *bytes, size_t length, struct linux_limits *ret_limits);
/* What ioprio_get(2) returned. */
int ioprio_parse(uint32_t priority, struct linux_ioprio *ret_ioprio);
/* Of one thread: adds to what is there. */
int switches_parse(const char *bytes, size_t length, struct linux_switches *switches);
int io_parse(const char *bytes, size_t length, struct linux_io *ret_io);
/* Of one thread: adds to what is there. */
int schedstat_parse(const char *bytes, size_t length, struct linux_schedstat *schedstat);
/* Does the kernel count it, by what it says of us? */
bool schedstat_counts(const char *bytes, size_t length);
/* The path points into the bytes. */
int cgroup_parse(const char *bytes, size_t length, struct sample_text *ret_path);
int number_parse(const char *bytes, size_t length, int64_t *ret_number);
/* Numbers in a piece of a list; *inside says whether the one before ended within a number. */
uint64_t children_count(const char *bytes, size_t length, bool *inside);
/* The last part of a path; points into it. */
struct sample_text name_of_path(const char *path, size_t length);
/* The name of the program, from its arguments and the kernel's short name; points into one of
 * them. */
struct sample_text name_of_arguments(const char *bytes, size_t length, struct sample_text comm);
/* The short name, as /proc/PID/comm has it; points into the bytes. */
struct sample_text comm_parse(const char *bytes, size_t length);
/* Makes an argument vector one line, in place; returns its length. */
size_t cmdline_parse(char *bytes, size_t length);

/* By the kernel's name of its protocol. */
bool socket_is_internet(const char *protocol);

/* smaps may be read in pieces of whole lines, each of which is added. */
struct smaps_sums {
	uint32_t seen;
	int64_t values[12];
};
void smaps_add(struct smaps_sums *sums, const char *bytes, size_t length);
void smaps_finish(const struct smaps_sums *sums, struct linux_smaps *ret_smaps);

#endif

/*
 * Process: the inside of the provider of table PROCESS.
 *
 *	process.c      the provider: opens and closes, dispatches reads to sources
 *	listing.c      which rows there are: births and deaths
 *	gate.c         which rows ran
 *	row.c          a row's beginning and end, its identity
 *	exit.c         how a process ended
 *	endings.c      by which means we learn of it
 *	access.c       reading files of a row, and of no other process
 *	descriptors.c  how many descriptors are kept, and which are given up first
 *	tasks.c        the threads of a row
 *	stat.c io.c .. one file a source
 *
 * The invariant that all of it keeps: nothing that is read of one process is ever shown for
 * another, however fast pids are used again. So reads go through a directory that is proven
 * to belong to the row; a number read by pid (the CPU clock) counts only when the process is
 * proven to have been there after the read.
 */
#ifndef LINUX_PROCESS_H
#define LINUX_PROCESS_H

#include <fcntl.h>
#include <sys/types.h>

#include "../host.h"
#include "../read.h"
#include "clock.h"
#include "exit_listener.h"
#include "pid_map.h"
#include "platform.h"
#include "samples.h"

/* Files of a process; the first ones are worth a kept descriptor while the row runs. */
enum row_file {
	FILE_STAT,
	FILE_STATUS,
	FILE_IO,
	FILE_SCHEDSTAT,
	FILES_KEPT,
	FILE_CGROUP = FILES_KEPT,
	FILE_OOM_SCORE,
	FILE_OOM_SCORE_ADJ,
	FILE_LIMITS,
	FILE_STATM,
	FILE_COMM,
};

enum row_flag {
	ROW_ALIVE = 1,
	ROW_WATCHED = 2,   /* its pidfd is in the epoll set */
	ROW_CLOCKED = 4,   /* clocks[] has a value */
	ROW_MOVED = 8,     /* the CPU clock moved between the last two gates */
	ROW_RUNNING = 16,  /* may be running: its activity is unknown */
	ROW_ZOMBIE = 32,   /* has exited */
	ROW_FRESH = 64,    /* a zombie that list() has not reported as touched */
	ROW_SETTLED = 128, /* a zombie whose last CPU time is known */
};

/* What is needed only for rows that are read. */
struct row {
	uint64_t identity;
	uint64_t start_ticks; /* of directory_start(); 0: not known yet */
	uint64_t start_realtime_ns;
	uint64_t user_ns, system_ns;    /* the split of the CPU time as last told */
	uint64_t ran_ns, ran_before_ns; /* when the clock was last seen to have moved */
	int directory;                  /* O_PATH; or -1 */
	int pidfd;                      /* or -1 */
	int files[FILES_KEPT];          /* or -1 */
	uint32_t newer, older;          /* of the rows with kept files, by last use */
	uint32_t zombie_index;          /* in processes.zombies */
	uint64_t begun_ns;              /* now_ns of the list that began the row */
	struct row_exit *exit;          /* of exit.c; NULL until its process ends */
};

/* Slots; NONE ends a list. */
#define NONE UINT32_MAX

/* The counters that tell of births, read at the start of list(). */
struct counters {
	uint64_t time_ns;
	uint64_t forks;    /* processes and threads made since boot; 0: not known */
	uint64_t last_pid; /* given out last in our pid namespace; 0: not known */
	uint64_t threads;  /* alive, on the whole machine */
};

enum { HISTORY = 16 };

/* The kernel gives no longer path by link, and has no longer short name. */
enum { PATH_SIZE = 4096, COMM_SIZE = 128 };

struct status_memo;
struct gpu;

struct processes {
	const struct host *host;
	int procfs;         /* directory */
	int epoll;          /* of all pidfds; -1: no pidfds */
	int stat, loadavg;  /* files of the procfs itself; -1: it has none */
	uint64_t now_ns;    /* of the latest list() */
	uint64_t before_ns; /* of the one before */
	bool listed_all;    /* it was about all processes */
	uint64_t boot_id;   /* for identities without pidfd inode */

	/* By slot. What the gate needs stands apart: it goes through all of it each tick. */
	uint32_t capacity;
	uint32_t *pids;
	uint64_t *clocks; /* CPU time, ns */
	uint8_t *flags;   /* enum row_flag */
	uint32_t *ppids;  /* as last read; 0: not known */
	struct row *rows;

	struct pid_map slots;                             /* by pid */
	uint32_t unwatched;                               /* living rows without ROW_WATCHED */
	uint32_t *zombies, zombie_count, zombie_capacity; /* slots */
	struct pid_map ended; /* pids that exited: their children have a new parent */

	struct counters history[HISTORY]; /* a ring of the latest complete listings */
	uint32_t history_count;
	uint64_t listed_ns;  /* when the directory was last read; 0: never */
	bool uncertain;      /* a process may have been missed since then */
	uint64_t touched_ns; /* when rows whose parents are not seen were last touched */
	uint64_t pid_max;

	uint64_t kept, budget;     /* descriptors */
	uint64_t directories;      /* of the kept ones */
	uint32_t newest, oldest;   /* rows with kept files */
	uint32_t directory_cursor; /* where directories are given up next */

	enum exits_wanted exits;
	struct exit_listener *listener; /* NULL: none */
	struct exit_record *strangers;  /* of processes that no list found; NULL: no room yet */
	uint32_t stranger_count;
	uint64_t strangers_told, strangers_lost;
	bool ending; /* reads are the last ones of their row */
	char endings_text[320];

	struct gpu *gpu;              /* of source gpu; NULL while nobody wants it */
	struct energy_scores *scores; /* of source energy_score, likewise */
	struct energy_shares *shares; /* of source energy_share, likewise */

	struct status_memo *memos; /* by slot; of source status */
	uint32_t memo_capacity;
	uint64_t delays_since; /* of source delays: threads that started later are counted */

	char *buffer; /* of reads */
	size_t buffer_size;
	/* Texts of samples, each until its source is read again. */
	char comm[256], state[1], tty[32], cgroup[4096], affinity[4096];
	char exe[PATH_SIZE], cwd[PATH_SIZE], root[PATH_SIZE], name[PATH_SIZE];
};

/* A source of this table: what the core knows of it, and what it does. */
struct process_source {
	struct source source;
	/* Why not on this host; NULL: always, or the answer is NULL: it can be read. */
	const char *(*unsupported)(const struct host *host, enum cell_state *ret_state);
	int (*read)(struct processes *self, uint32_t slot, void *sample);
	int (*run)(struct job *job); /* slow lane: the context is a struct process_job */
	/* The rest may be NULL. Somebody wants it, or nobody any more; a row has ended. */
	void (*want)(struct processes *self, bool wanted);
	void (*forget)(struct processes *self, uint32_t slot);
	/* As in struct provider; the context's directory is opened before and closed after. */
	int (*prepare)(struct processes *self, struct job *job);
	int (*finish)(struct processes *self, struct job *job, int result);
	void (*release)(struct job *job);
};

/* What to do where the kernel denies something to our user; see source.remedy. */
#define REMEDY_HIDDEN                                                                          \
	"of other users' processes, where /proc is mounted with hidepid: run procmond as "     \
	"root, or let its group see them (mount -o remount,gid=GROUP /proc)"
#define REMEDY_TRACED                                                                          \
	"of other users' processes and of those that changed their privileges: run procmond "  \
	"as root, or give it the capability CAP_SYS_PTRACE (setcap cap_sys_ptrace=ep on the "  \
	"program)"
#define REMEDY_OWNED                                                                           \
	"of other users' processes and of those that changed their privileges: run procmond "  \
	"as root, or give it the capabilities CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (setcap " \
	"cap_sys_ptrace,cap_dac_read_search=ep on the program)"
#define REMEDY_MAPPED                                                                          \
	"of other users' processes and of those that changed their privileges: run procmond "  \
	"as root, or give it the capability CAP_PERFMON (from Linux 6.15 on) or "              \
	"CAP_SYS_PTRACE (setcap cap_perfmon,cap_sys_ptrace=ep on the program)"

extern const struct process_source identity_source, clock_source, stat_source, status_source,
	exit_source, control_source, limits_source, ioprio_source, parent_source,
	coalition_source, io_source, schedstat_source, switches_source, threads_source,
	delays_source, children_source, files_source, cgroup_source, oom_score_source,
	oom_adjust_source, exe_source, links_source, name_source, build_id_source,
	cmdline_source, smaps_source, regions_source, sockets_source, gpu_source,
	energy_score_source, energy_share_source;

/* What a job of the slow lane has of its own. */
struct process_job {
	int directory;
	void *data;        /* the source's own */
	uint32_t features; /* of the host */
};

/* A row ends: the sources forget what they keep of it. */
void sources_forget_row(struct processes *self, uint32_t slot);

/* The provider, less its sources, which platform.c fills in. */
extern const struct provider process_provider;
extern const struct process_source *const process_sources[SOURCE_COUNT];

/* ------------------------------------------------------------------------- listing.c */

int processes_list(void *context, struct roster *roster, const struct row_scope *scope);
/* Marks the rows that exited since the last call; true if there are any. */
bool processes_collect_exits(struct processes *self);

/* ---------------------------------------------------------------------------- gate.c */

void processes_gate(
	void *context, const uint32_t *slots, uint32_t count, uint64_t *ret_activity);
/* The CPU time of the process with that pid, whichever it is now; false: there is none, or it is
 * the number of a mere thread. */
bool process_clock(uint32_t pid, uint64_t *ret_ns);

/* ----------------------------------------------------------------------------- row.c */

/* For those that have no number of their own: of a pid and the time of its start. */
uint64_t identity_hash(uint64_t pid, uint64_t start, uint64_t boot);
/* Begins a row for the process `pid`, if there is one and the core has room for it.
 * leader_known: the pid cannot be that of a mere thread. */
void row_begin(struct processes *self, struct roster *roster, uint32_t pid, bool leader_known);
/* Forgets a row and closes all that it kept. */
void row_end(struct processes *self, uint32_t slot);
/* Closes the directory of a row that has a pidfd, once its start time is known; false: no. */
bool row_give_up_directory(struct processes *self, uint32_t slot);
/* It has exited. */
void row_mark_zombie(struct processes *self, uint32_t slot);
/* The identity of the process that has this pid, whichever it is; 0 or a negative errno. */
int process_identify(struct processes *self, uint32_t pid, uint64_t *ret_identity);
/* Begins a row for a process that has ended already, which nobody saw. It keeps nothing, and
 * has no end. Returns the slot, or UINT32_MAX. */
uint32_t row_begin_ended(struct processes *self, struct roster *roster, uint32_t pid);

/* ---------------------------------------------------------------------------- exit.c */

/* The process of the row has exited, now. */
void exit_note(struct processes *self, uint32_t slot);
void exit_forget(struct processes *self, uint32_t slot);
/* What the listener says of the row's process; false: that is not about it. */
bool exit_take_record(struct processes *self, uint32_t slot, const struct exit_record *record);
/* Says that the row has ended; its last values are read meanwhile. */
void exit_tell(struct processes *self, struct roster *roster, uint32_t slot);
int exit_read_last(struct processes *self, uint32_t slot, uint32_t source, void *sample);

/* ------------------------------------------------------------------------- endings.c */

void endings_begin(struct processes *self, enum exits_wanted wanted);
void endings_finish(struct processes *self);
/* The process of the row is gone: says so, and that it has ended if that is wanted. */
void endings_tell(struct processes *self, struct roster *roster, uint32_t slot);
/* Takes what the listener has to tell, if there is one. */
void endings_receive(struct processes *self);
/* Says that those have ended which no list found. All processes have just been listed. */
void endings_tell_strangers(struct processes *self, struct roster *roster);
/* See provider.describe_exits. */
const char *endings_describe(void *context);

/* -------------------------------------------------------------------------- access.c */

/* The directory of a pid, whoever has it now; or a negative number and errno. */
int directory_open(const struct processes *self, uint32_t pid);
/* Is the process of this directory still there (as a zombie at least)? */
bool directory_is_there(int directory);
/* Is it that of a process, and not of a mere thread? */
bool directory_is_leader(int directory, uint32_t pid);
/* When its process started: 1 + field 22 of stat. Returns 0 or a negative errno. */
int directory_start(int directory, uint64_t *ret_ticks);

/* Is the process of the row still there (as a zombie at least)? */
bool row_alive(struct processes *self, uint32_t slot);
/* Was everything that was asked by the pid of the row about its process until now? */
bool row_has_pid(struct processes *self, uint32_t slot);
/*
 * A directory that is proven to be the row's. The caller gives it back with row_leave().
 * Returns STATE_OK, another state or SAMPLE_GONE.
 */
int row_enter(struct processes *self, uint32_t slot, int *ret_directory);
void row_leave(struct processes *self, uint32_t slot, int directory);
/* Reads a file of the row into self->buffer. Returns STATE_OK, another state or SAMPLE_GONE. */
int row_read(struct processes *self, uint32_t slot, enum row_file file, size_t *ret_length);
/* Where a link of the row points to, into `bytes`. Returns STATE_OK, STATE_NONE when it has no
 * such thing, another state or SAMPLE_GONE. */
int row_read_link(struct processes *self, uint32_t slot, const char *name,
	char bytes[PATH_SIZE], struct sample_text *ret_path);
/* What an errno of a failed access to the row means: a state or SAMPLE_GONE. */
int row_state_of(struct processes *self, uint32_t slot, int error);

/* Reads all of a file into self->buffer; the length or a negative errno. */
ssize_t read_whole(struct processes *self, int file);

/* ------------------------------------------------------------------------- tasks.c */

/*
 * Calls visit() for each thread of the process, with the directory task/ and the thread's
 * id, until it returns false. Returns 0 or a negative errno.
 */
int tasks_each(
	int directory, bool (*visit)(void *context, int tasks, uint32_t tid), void *context);
/* The same for a row; returns a state or SAMPLE_GONE. */
int row_each_task(struct processes *self, uint32_t slot,
	bool (*visit)(void *context, int tasks, uint32_t tid), void *context);
/*
 * Reads what threads share: memory, program, open files. They are not seen in the directory of
 * a process whose first thread has ended before the others, which also belongs to root then. So
 * read() is called with that directory and, if it says -ESRCH (there is nothing) or -EACCES,
 * with the one of a thread that lives. Returns STATE_NONE when there is nothing either, another
 * state or SAMPLE_GONE.
 */
int row_read_shared(struct processes *self, uint32_t slot,
	int (*read)(void *context, int directory), void *context);
int job_read_shared(const struct process_job *job, int (*read)(void *context, int directory),
	void *context);
/* Has the row a single thread? (If it is quick to tell.) Returns a state or SAMPLE_GONE. */
int row_has_one_thread(struct processes *self, uint32_t slot, bool *ret_single);
/* Opens the file `name` of a thread; a descriptor or a negative errno. */
int task_open(int tasks, uint32_t tid, const char *name);
/*
 * Reads the file `name` of each thread and calls add(), which returns 0 or a negative errno. No
 * living thread is left out: what goes wrong with one makes a state for all. Returns a state or
 * SAMPLE_GONE.
 */
int row_add_task_files(struct processes *self, uint32_t slot, const char *name,
	int (*add)(void *context, const char *bytes, size_t length), void *context);

/* Of a living thread; times in clock ticks. */
struct task_stat {
	bool running;
	uint64_t user, system;
	uint64_t start; /* 1 + field 22 */
	uint64_t io_delay;
};

/* Returns 0, -ESRCH when the thread has ended, or another negative errno. */
int task_stat(int tasks, uint32_t tid, struct task_stat *ret_stat);
/* Calls add() for each living thread. Returns STATE_OK, STATE_NONE when there is none, another
 * state or SAMPLE_GONE. */
int row_add_tasks(struct processes *self, uint32_t slot,
	void (*add)(void *context, const struct task_stat *stat), void *context);

/* ------------------------------------------------------------------- sources */

/* How many descriptors the process of this directory has open; 0 or a negative errno. */
int files_count(const struct host *host, int directory, uint64_t *ret_count);
/* Name of a terminal below /dev, into self->tty; its length, 0 when it is not known. */
uint32_t tty_name(struct processes *self, uint64_t device);
/* The CPU time of the process in clock ticks, from its stat file. */
int stat_read_ticks(struct processes *self, uint32_t slot, uint64_t *ret_ticks);
/* That, its policy, and the page faults of ended children that it waited for. */
struct stat_brief {
	uint64_t ticks, policy, children_faults;
};
int stat_read_brief(struct processes *self, uint32_t slot, struct stat_brief *ret_brief);
/* The pid of its parent, from there too; 0: outside our namespace. */
int stat_read_ppid(struct processes *self, uint32_t slot, uint32_t *ret_ppid);
/* The arguments of a process, as many as there is room for. Returns STATE_NONE when there are
 * none, another state or SAMPLE_GONE. */
int job_read_arguments(
	const struct process_job *job, char *bytes, size_t size, size_t *ret_length);
/* What an errno of a failed access in a job means. */
int job_state_of(const struct process_job *job, int error);

/* Table THREAD has these sources too, and REGION and FOOTPRINT the last. See struct process_source
 * for why not. */
const char *delays_unsupported(const struct host *host, enum cell_state *ret_state);
const char *schedstat_unsupported(const struct host *host, enum cell_state *ret_state);
const char *io_unsupported(const struct host *host, enum cell_state *ret_state);
const char *smaps_unsupported(const struct host *host, enum cell_state *ret_state);
/* Threads that started since then (1 + field 22 of stat) have their waits for disks counted. */
uint64_t delays_first_since(const struct host *host);

/* ------------------------------------------------------------------- descriptors.c */

void descriptors_init(struct processes *self);
/* May `count` more be kept as it is? */
bool descriptors_have_room(const struct processes *self, uint32_t count);
/* Or when others are given up: directories, then files of rows that have not run for long? */
bool descriptors_make_room(struct processes *self, uint32_t count);
/* Keeps a file of the row, or closes it. */
void descriptors_offer(struct processes *self, uint32_t slot, enum row_file file, int fd);
void descriptors_used(struct processes *self, uint32_t slot);
/* Closes the files of a row. */
void descriptors_drop_files(struct processes *self, uint32_t slot);
/* Closes the files of rows that have not run for a while. */
void descriptors_expire(struct processes *self);

#endif

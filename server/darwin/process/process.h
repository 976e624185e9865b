/*
 * Process: table PROCESS, a row for each process. One file a source.
 *
 * A pid may be another process's from one call to the next; the unique id is never used again. So
 * each call about a row carries its unique id, which the kernel compares (row_info). What cannot
 * carry it, because it goes by the pid alone, is followed by row_is_there(), or tells by itself
 * which process it is about: times of start in rusage and in kinfo_proc, once they are known.
 */
#ifndef DARWIN_PROCESS_H
#define DARWIN_PROCESS_H

#include "../gpu/clients.h"
#include "../host.h"
#include "../private/libproc.h"
#include "pid_map.h"
#include "samples.h"

#define PROCESS_SECOND_NS UINT64_C(1000000000)
/* Of other users' processes it is tried again whether they are still that, and what is remembered of
 * a process that sleeps is read again. */
#define PROCESS_REFRESH_NS (5 * PROCESS_SECOND_NS)

enum row_flag {
	ROW_ALIVE = 1,
	ROW_ZOMBIE = 2,     /* has exited */
	ROW_CLOCKED = 4,    /* row.clock has a value */
	ROW_MOVED = 8,      /* the clock moved between the last two gates */
	ROW_UNGATED = 16,   /* nobody looked at its clock in this round */
	ROW_EXIT_READ = 32, /* what a zombie tells of its end */
};

/* What is kept of a row. Memos are of the round in which they were read; 0: never. */
struct row {
	uint64_t identity; /* p_uniqueid */
	uint64_t starter;  /* p_puniqueid */
	uint32_t pid;
	int32_t version; /* p_idversion */
	uint8_t uuid[16];
	uint8_t flags;       /* enum row_flag */
	uint64_t met;        /* round of the list that met it last */
	uint64_t denied_ns;  /* when the kernel refused it as another user's; 0: it did not */
	uint64_t start_ns;   /* since 1970; 0: not known yet */
	uint64_t start_tick; /* of rusage; 0: not known yet */
	uint64_t clock;      /* CPU time in ticks as of the latest rusage */
	uint64_t coalition;  /* 0: not known yet */
	uint64_t usage_round, bsd_round, task_round;
	uint64_t bsd_ns;
	int usage_result, task_result;
	bool bsd_is_whole; /* and not what everybody is told */
	struct proc_bsdinfo bsd;
	struct proc_taskinfo task;
	/* Of its end. */
	uint64_t exit_ns, exit_status, exit_cpu;
};

struct processes {
	const struct host *host;
	struct process_kinfo *kinfo; /* of kinfo.c; NULL: nobody has needed it */
	uint64_t now_ns;
	uint64_t round;  /* counts the lists */
	uint32_t wanted; /* bit mask of sources */
	bool all;        /* the latest list was about all processes */
	bool gating;     /* the gate looks at clocks */

	struct row *rows; /* by slot */
	uint32_t capacity;
	struct pid_map slots; /* by pid + 1, as there is a process 0 */
	int *pids;            /* room for the list */
	uint32_t pid_capacity;

	int usage_flavor;                 /* of rusage, the newest that the kernel knows */
	struct rusage_info_named *usages; /* by slot, of row.usage_round */
	uint32_t usage_capacity;

	enum exits_wanted exits;
	bool ending; /* reads are the last ones of their row */

	/* Texts of samples, each until its source is read again. */
	char comm[MAXCOMLEN + 1], state[1], uuid[37], flags[160], tty[32];

	struct task_words task_words;
	struct process_accounts *accounts; /* of accounts.c; NULL: nobody has needed it */

	struct proc_fdinfo *fds; /* of source files */
	int fds_size;            /* bytes */

	struct clients *gpu; /* NULL: nobody has wanted it */
	uint64_t gpu_round;
	char gpu_devices[CLIENTS_TEXT];
};

/* A source of this table: what the core knows of it, and what it does. */
struct process_source {
	struct source source;
	/* Why not on this host; NULL: always, or the answer is NULL: it can be read. */
	const char *(*unsupported)(const struct host *host, enum cell_state *ret_state);
	int (*read)(struct processes *self, uint32_t slot, void *sample);
	int (*run)(struct job *job); /* by a worker: the context is a struct process_job */
	/* The rest may be NULL. Somebody wants it, or nobody any more; a row has ended. */
	void (*want)(struct processes *self, bool wanted);
	void (*forget)(struct processes *self, uint32_t slot);
	/* As in struct provider. */
	int (*prepare)(struct processes *self, struct job *job);
	int (*finish)(struct processes *self, struct job *job, int result);
	void (*release)(struct job *job);
};

/* What to do where the kernel denies something to our user; see source.remedy. */
#define REMEDY_OTHERS                                                                          \
	"of other users' processes, those that run with root's rights included: run procmond " \
	"as root"

extern const struct process_source identity_source, image_source, brief_source, bsd_source,
	start_source, exit_source, state_source, rusage_source, task_source, workqueue_source,
	ports_source, files_source, coalition_source, responsible_source, session_source,
	children_source, exe_source, name_source, directories_source, cmdline_source,
	sockets_source, task_vm_source, task_power_source, task_purgeable_source,
	accounts_source, regions_source, process_energy_source, gpu_source;

extern const struct process_source *const process_sources[PROCESS_SOURCE_COUNT];

/* What a job has of its own. */
struct process_job {
	uint32_t pid;
	uint64_t identity;
	void *data; /* the source's own */
};

static inline const struct process_job *process_job(const struct job *job)
{
	return (const struct process_job *)(const void *)job->context;
}

/* The provider, at `self`, which must stay. */
struct process_provider {
	struct provider provider;
	struct source sources[PROCESS_SOURCE_COUNT];
};
void process_provider_init(struct process_provider *self, const struct host *host);

/* ------------------------------------------------------------------------- listing.c */

int processes_list(void *context, struct roster *roster, const struct row_scope *scope);

/* ---------------------------------------------------------------------------- gate.c */

void processes_gate(
	void *context, const uint32_t *slots, uint32_t count, uint64_t *ret_activity);
/* Somebody wants other sources now: is it worth while to look at clocks? */
void gate_want(struct processes *self, uint32_t sources);

/* ----------------------------------------------------------------------------- row.c */

/* UINT32_MAX: there is none. */
uint32_t row_of_pid(const struct processes *self, uint32_t pid);
/* Makes room for that slot. */
void row_reserve(struct processes *self, uint32_t slot);
/* Forgets a row. */
void row_end(struct processes *self, uint32_t slot);

/*
 * proc_pidinfo() about the process of a row and no other one. The answer must have that size.
 * Returns STATE_OK; STATE_NONE: it has none, as a zombie has no task; STATE_DENIED; STATE_FAILED;
 * or SAMPLE_GONE. Whether it is another user's is remembered for a while, and then nothing is asked
 * but what the kernel tells everybody.
 */
int row_info(struct processes *self, uint32_t slot, int flavor, uint64_t argument, void *out,
	int size);
/* Is the process of the row still there, as a zombie at least? So it has been all the time. */
bool row_is_there(struct processes *self, uint32_t slot);
/* Has the kernel refused it as another user's, not long ago? */
bool row_is_denied(const struct processes *self, uint32_t slot);
/* It has just done so. */
void row_note_denied(struct processes *self, uint32_t slot);
/* What a failed call by its pid means, by errno: as row_info(). */
int row_state_of(struct processes *self, uint32_t slot, int error);

/* The same for a job. The answer may be shorter: *ret_used, if that is not NULL. */
int job_info(const struct process_job *job, int flavor, uint64_t argument, void *out, int size,
	int *ret_used);
bool job_is_there(const struct process_job *job);
/* Of sources that the kernel tells the same user of a living process only: read, prepare, finish. */
int row_leave_to_worker(struct processes *self, uint32_t slot);
int job_prepare_own(struct processes *self, struct job *job);
int job_finish_own(struct processes *self, struct job *job, int result);
int job_state_of(const struct process_job *job, int error);

/* ----------------------------------------------------------- what several sources need */

/* PROC_PIDTBSDINFO in row.bsd, of this round or, while it sleeps, of the last seconds. `whole`: all
 * of it, else what everybody is told. Returns as row_info(). */
int row_bsd(struct processes *self, uint32_t slot, bool whole);
/* PROC_PIDTASKINFO in row.task, of this round. */
int row_task(struct processes *self, uint32_t slot);
/* rusage in self->usages[slot], of this round. */
int row_usage(struct processes *self, uint32_t slot);
void usage_finish(struct processes *self);
/* What the kernel tells everybody of a process beyond that, as of this round: what sysctl says.
 * NULL: it is not there, and *ret_state says why. */
const struct kinfo_proc *row_kinfo(struct processes *self, uint32_t slot, int *ret_state);
void kinfo_finish(struct processes *self);
/* Number of children by row_kinfo(); false: not known. */
bool kinfo_children(struct processes *self, uint32_t pid, uint64_t *ret_count);

/* ---------------------------------------------------------------- task_vm.c, accounts.c */

/* Is there no need to ask for a port? Then *ret_state says why. */
bool row_has_no_port(const struct processes *self, uint32_t slot, int *ret_state);
/* What the result of task.h means: as row_info(). */
int row_port_state(struct processes *self, uint32_t slot, int error);

enum account_index {
	ACCOUNT_FOOTPRINT,
	ACCOUNT_RESIDENT,
	ACCOUNT_WIRED,
	ACCOUNT_INTERNAL,
	ACCOUNT_EXTERNAL,
	ACCOUNT_REUSABLE,
	ACCOUNT_COMPRESSED,
	ACCOUNT_PAGE_TABLES,
	ACCOUNT_KERNEL_PRIVATE,
	ACCOUNT_KERNEL_SHARED,
	ACCOUNT_DRIVERS,
	ACCOUNT_CPU,
	ACCOUNT_BILLED_TO_ME,
	ACCOUNT_BILLED_TO_OTHERS,
	ACCOUNT_WAKEUPS_IDLE,
	ACCOUNT_WAKEUPS_INTERRUPT,
	ACCOUNT_SWAPINS,
	ACCOUNT_GRAPHICS, /* four, to the last one */
	ACCOUNT_GRAPHICS_LAST = ACCOUNT_GRAPHICS + 3,
	ACCOUNTS,
};

/* The ledger of a row, of this round; of others' processes, too, if we may. As row_info(). */
int row_accounts(struct processes *self, uint32_t slot);
/* What stands in it now, and what was ever added; absent if there is no such account. Both only after
 * row_accounts() returned STATE_OK, until it is called again. */
uint64_t account_amount(const struct processes *self, enum account_index index);
uint64_t account_total(const struct processes *self, enum account_index index);
void accounts_finish(struct processes *self);

/* ---------------------------------------------------------------------------- exit.c */

/* The process of the row has exited: it is a zombie. */
void exit_note(struct processes *self, uint32_t slot);
/* The process of the row is gone: says so, and that it has ended if that is wanted. */
void exit_tell(struct processes *self, struct roster *roster, uint32_t slot);
int exit_read_last(struct processes *self, uint32_t slot, uint32_t source, void *sample);
/* See provider.describe_exits. */
const char *exits_describe(void *context);

#endif

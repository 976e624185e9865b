/*
 * Platform: the sources of one operating system, behind the functions that the core calls.
 *
 * A platform is linked, not loaded: exactly one of server/linux, server/darwin and
 * tests/fake defines platform_create(). It has one provider for each table that it can fill.
 * The core never asks which platform it is.
 *
 * All functions run on the loop's thread, except provider.job_run.
 */
#ifndef SERVER_PLATFORM_H
#define SERVER_PLATFORM_H

#include "source.h"

struct platform_config {
	const char *procfs;  /* "/proc", or a substitute tree */
	const char *sysfs;   /* "/sys", or a substitute tree */
	const char *without; /* "feature,feature": kernel features not to use; NULL for none */
};

/* What a target table is about. pid 0: the table has no target. */
struct target {
	uint64_t pid;
};

/*
 * The core's side of provider.list: the provider says what was born and what died since its
 * last call. Slots are given out by the core; the provider keeps its own data by slot.
 */
struct roster {
	const struct roster_ops *ops;
};

struct roster_ops {
	/*
	 * A row that was not there: returns its slot, or UINT32_MAX when the table is full (the
	 * row is then left out). `identity` is never reused while the host is up. `pid` is 0
	 * in tables that are not about processes. The slot of a row that died in this same
	 * call is never returned.
	 */
	uint32_t (*born)(struct roster *roster, uint64_t identity, uint64_t pid);
	/* The row is gone for good. Its slot is not the provider's any more. */
	void (*died)(struct roster *roster, uint32_t slot);
	/*
	 * The process of the row is gone, and is to be shown once more (row_scope.exits): the
	 * core reads its last sources (source.last) within this call. Instead of died(), and
	 * with the same consequences for the provider.
	 */
	void (*ended)(struct roster *roster, uint32_t slot);
	/* Something happened to the row that its activity does not show: read it again. */
	void (*touched)(struct roster *roster, uint32_t slot);
};

/* Which rows are to be shown once more when they have ended. */
enum exits_wanted {
	EXITS_NONE,
	EXITS_OF_ROWS, /* those that were there */
	EXITS_OF_ALL,  /* also those that came and went between two lists: born() and ended() */
};

/* Which rows are wanted. */
struct row_scope {
	enum exits_wanted exits; /* whatever the rest says */
	bool all;
	const uint64_t *pids; /* if not all: ascending, no doubles */
	uint32_t pid_count;
};

/* What provider.gate answers for a row; any other number is compared with the one before. */
#define ACTIVITY_UNKNOWN 0          /* read it */
#define ACTIVITY_GONE    UINT64_MAX /* the row is dead: it is taken out of the table */

/*
 * provider.read and job_run answer an enum cell_state for the whole sample, or this. With
 * SAMPLE_GONE from read, and with ACTIVITY_GONE, the provider has forgotten the row itself, as
 * if it had said died(): the core takes it out of the table and may give its slot to another
 * row from the next tick on. While exits are wanted nothing is forgotten nor taken out: the
 * next list says ended(). A job's SAMPLE_GONE says nothing: the next list finds out.
 */
#define SAMPLE_GONE 100
/* From read of a LANE_EITHER source: this row's read may block, so a job shall do it. */
#define SAMPLE_LATER 101

/* Instead of a source: the job that finds the rows, of a table whose sources are LANE_LISTED. */
#define SOURCE_LISTING UINT32_MAX

/* One read of the slow lane. */
struct job {
	/* Set by the core. */
	uint32_t slot;    /* of SOURCE_LISTING: none */
	uint32_t source;  /* or SOURCE_LISTING */
	uint32_t sources; /* of SOURCE_LISTING: bit mask, what is to be found of the rows */
	const struct provider *provider;
	void *sample; /* sample_size bytes, 8-byte aligned, zeroed */
	char *text;   /* text_size bytes */
	/*
	 * Set by job_prepare, the provider's own: at most this much. It must be all that
	 * job_run needs (descriptors of its own, numbers), for the provider may close the row,
	 * and itself, while the job runs.
	 */
	_Alignas(16) unsigned char context[192];
};

struct provider {
	enum table_id table;
	bool targeted; /* an instance belongs to one process */
	const struct source *sources;
	uint32_t source_count; /* at most 32 */
	void *context;         /* the provider's own, for the next two */

	/*
	 * Why a source cannot be read on this host, in words (static, or owned by the
	 * platform); NULL when it can. Asked for the catalog and whenever a column is made.
	 */
	const char *(*unsupported)(void *context, uint32_t source, enum cell_state *ret_state);

	/*
	 * Opens an instance when the first request for (table, target) arrives, closes it with
	 * the last: between these two the provider holds descriptors, outside it holds none.
	 * Returns 0, -ESRCH when the target is not alive, or another negative errno.
	 */
	int (*open)(void *context, const struct target *target, void **ret_self);
	void (*close)(void *self);
	/*
	 * Is the process that a target's instance was opened for still there? Another one may
	 * have its pid by now, and whoever asks for that pid means the new one. NULL: the provider
	 * is not targeted.
	 */
	bool (*has_target)(void *self);

	/*
	 * Somebody wants these sources now (bit mask) and no others: what was kept for the others
	 * can be given up. Called whenever the set changes, before the next list. NULL: all the
	 * same to the provider.
	 */
	void (*want)(void *self, uint32_t sources);

	/*
	 * Brings the rows up to date. Returns 0, -ESRCH when the target has ended, or another
	 * negative errno (the rows then stay as they are).
	 */
	int (*list)(void *self, struct roster *roster, const struct row_scope *scope);

	/*
	 * For each slot, a number that stands still exactly as long as the row does nothing
	 * (the CPU clock of a process), or one of ACTIVITY_*. NULL: rows are always read.
	 */
	void (*gate)(void *self, const uint32_t *slots, uint32_t count, uint64_t *ret_activity);

	/*
	 * Fills the sample of one row from one fast source. Returns STATE_OK; or the state that
	 * all fields of the sample get; or SAMPLE_GONE when the row turns out to be dead; or
	 * SAMPLE_LATER. The gate of this tick was called before for this row.
	 */
	int (*read)(void *self, uint32_t slot, uint32_t source, void *sample);

	/*
	 * Slow lane. job_prepare (loop's thread) puts what the worker needs into job->context;
	 * it must not block; returns STATE_OK, a state for the whole sample without running
	 * the job, or SAMPLE_GONE. job_run (a worker's thread) does the read. job_release
	 * (any thread, once after job_prepare returned STATE_OK, after job_finish if that is
	 * called) frees the context. NULL when the provider has no slow source.
	 */
	int (*job_prepare)(void *self, struct job *job);
	int (*job_run)(struct job *job);
	void (*job_release)(struct job *job);
	/*
	 * The loop's thread, after job_run, if the row still lives and the result is in time: the
	 * last word on sample and result, and the place to remember something of them. NULL: the
	 * result is used as it is. Of SOURCE_LISTING it keeps what was found, and list() is called
	 * next; STATE_NONE: the target has no such rows. STATE_DENIED ends all requests.
	 */
	int (*job_finish)(void *self, struct job *job, int result);

	/* In words, which means tell of processes that have ended while exits are wanted; borrowed
	 * until the next call. NULL: none do. */
	const char *(*describe_exits)(void *self);

	/* Descriptors that the instance keeps open, for table SERVER; NULL: none. */
	uint64_t (*descriptors)(void *self);
};

/* Takes one line of an answer. */
typedef void platform_say(void *context, const char *line);

struct platform {
	const char *name; /* "linux", "darwin" */
	const struct provider *const *providers;
	uint32_t provider_count;
	const struct binding *bindings; /* ATTRIBUTE_COUNT of them, by attribute index */
	const struct scale *scales;     /* by binding.scale; [0] is 1:1 */
	void *context;                  /* the platform's own */
	/*
	 * Does whoever connected to this socket see other processes than we do, as in a container?
	 * Then he is to learn nothing of ours. 1, 0, or a negative errno: it cannot be told now.
	 * NULL: all see the same here.
	 */
	int (*is_stranger)(const struct platform *platform, int fd);
	/*
	 * Asks the machine what only a real one can answer about this platform, and says it in words
	 * for a bug report. Takes some seconds. NULL: nothing is in question.
	 */
	void (*ask)(const struct platform *platform, platform_say *say, void *say_context);
};

/*
 * Opens the platform. Reads nothing of processes and keeps nothing of them open. On failure
 * *ret_error is a sentence for people that says what to do (static or malloc'd, never freed).
 */
int platform_create(const struct platform_config *config, struct platform **ret_platform,
	const char **ret_error);
void platform_destroy(struct platform *platform);

/* One line for `procmond --version` and the log: kernel, features in use. May be "". */
const char *platform_describe(const struct platform *platform);

#endif

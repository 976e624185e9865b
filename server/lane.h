/*
 * Lane: the slow lane. Reads that may block run on a few worker threads; the loop's thread
 * hands jobs in and takes results out, and never waits.
 *
 * A worker that hangs in the kernel cannot be called back. After LANE_DEADLINE_NS its job
 * counts as late: the core gives the cell up, and a result that still comes is as good as
 * any other. When every worker is late the lane is stuck and takes no more jobs.
 *
 * Jobs that find rows may take seconds, of large processes. Where there are several workers one of
 * them never does that, so that such jobs alone do not make the lane stuck.
 */
#ifndef SERVER_LANE_H
#define SERVER_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "limit.h"
#include "platform.h"

#define LANE_DEADLINE_NS (LANE_DEADLINE_MS * UINT64_C(1000000))
/* Whoever waits for a job waits until it can be late: a worker begins it, and so its deadline
 * counts, a little after it was handed in. */
#define LANE_PATIENCE_NS (LANE_DEADLINE_NS + 10 * UINT64_C(1000000))

/* Of LANE_JOBS_MAX: there is always room for cells. */
enum { LANE_LISTINGS_MAX = LANE_JOBS_MAX / 2 };

struct lane;

struct lane_job {
	struct job job;
	/* The core's own: what the result is for. */
	uint64_t instance;
	uint32_t generation;
	/* The result. */
	int result; /* enum cell_state or SAMPLE_GONE */
	uint64_t finished_ns;
	bool submitted; /* so its context is to be released */
	bool late;      /* reported by lane_next_late() */
	bool returned;  /* no worker was left to run it */
	struct lane_job *next;
};

/*
 * `workers` threads at most LANE_WORKERS_MAX, started with the first job; 0: jobs run in
 * lane_run_by_hand(). `wake` is called on a worker's thread when results are there (a batch, or
 * all that was asked) and the loop has not been woken for them yet; it must not block. Without
 * a single thread to be had the lane is stuck from the start.
 */
struct lane *lane_create(uint32_t workers, void (*wake)(void *context), void *wake_context);
/* Joins the workers that are not in a job; the last of the others frees what they use. */
void lane_destroy(struct lane *self);

/* An empty job with room for the source's sample and text; NULL: the lane is full or stuck. */
struct lane_job *lane_job_create(
	struct lane *self, uint64_t now_ns, const struct provider *provider, uint32_t source);
/* A job that was never submitted, or whose result was used. */
void lane_job_destroy(struct lane *self, struct lane_job *job);

void lane_submit(struct lane *self, struct lane_job *job);
/* Nobody will use what these jobs find: those that no worker has begun are destroyed. */
void lane_forget(struct lane *self, uint64_t instance);
/* The next finished job, or NULL. The caller destroys it. When the lane is stuck, the jobs
 * that wait in it are given back too, with STATE_FAILED. */
struct lane_job *lane_collect(struct lane *self, uint64_t now_ns);
/* A running job that has become late since the last call; the lane keeps it. NULL: none. */
struct lane_job *lane_next_late(struct lane *self, uint64_t now_ns);

/* Are all workers past the deadline? */
bool lane_stuck(struct lane *self, uint64_t now_ns);
uint32_t lane_late_workers(struct lane *self, uint64_t now_ns);
/* CPU time that jobs have taken, up to the latest one that has ended. */
uint64_t lane_cpu_ns(struct lane *self);

/* Without workers: takes the oldest waiting job as started at now_ns (0: none waits), and
 * finishes the oldest started one. For tests. */
bool lane_start_by_hand(struct lane *self, uint64_t now_ns);
bool lane_run_by_hand(struct lane *self, uint64_t now_ns);

#endif

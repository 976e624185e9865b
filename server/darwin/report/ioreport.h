/*
 * Ioreport: what the drivers of Apple's chips report of energy and of the time that cores and GPU
 * spent in each state (libIOReport). No root, no entitlement. Intel Macs and virtual machines
 * have none of it.
 *
 * There is one of it for all tables. Each says which groups it wants; those that somebody wants
 * are subscribed once, all together, until nobody wants them. A sampling is one call into
 * the library for all of them: who asks first in a tick makes it, the others have its result.
 *
 *	ioreport.c           who wants what, and who samples
 *	ioreport_library.c   libIOReport: groups, subscription, samples
 *	ioreport_account.c   a sample becomes energy and times: rails.c, residency.c
 *
 * The loop's thread only says what is wanted and asks for names, which come from the
 * registry as `ioreg` shows them. To subscribe makes drivers open their channels, and to sample
 * makes them ask coprocessors for their counters (3 to 4 ms where somebody measured it, on an M1 Ultra):
 * that is for workers. Who comes while another one samples waits for it, but not for ever: then
 * its cells are failed.
 */
#ifndef DARWIN_IOREPORT_H
#define DARWIN_IOREPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "rails.h"

struct reports;

enum report_user { REPORTS_OF_CPU, REPORTS_OF_POWER, REPORTS_OF_GPU, REPORT_USERS };

/* Groups, as bits. */
enum {
	REPORT_ENERGY = 1, /* rails */
	REPORT_CORES = 2,  /* states of each core */
	REPORT_GPU = 4,    /* states of the GPU */
};

/* ------------------------------------------------------------------- the loop's thread */

/* Opens nothing yet. */
struct reports *reports_create(void);
/* Counted: a job has one of its own. Any thread. */
struct reports *reports_retain(struct reports *self);
void reports_release(struct reports *self);

/* Which groups this machine has. Looked up once. */
uint32_t reports_available(struct reports *self);
/* These groups and no others, from now on. 0 when the table is closed. */
void reports_want(struct reports *self, enum report_user user, uint32_t groups);
/* Which rails there are. False: none. */
bool reports_list_rails(struct reports *self, struct rails *ret_rails);
/* The time of a request, to be taken in prepare(). */
uint64_t reports_now_ns(void);

/* --------------------------------------------------------------------------- a worker */

/*
 * Each takes a sample first, unless there is one of the tick in which it was asked for. They return
 * STATE_OK; STATE_PENDING: one more sample is needed; STATE_NONE: there is no such thing, or it has
 * stalled; STATE_UNSUPPORTED: the machine does not let us subscribe to it; STATE_FAILED.
 */

/* Counters since somebody wanted the group, and what came of the time between the latest two samples.
 * Each can be absent by itself. */
struct report_times {
	uint64_t active_ns, idle_ns, off_ns; /* ABSENT_U64(..) */
	uint64_t frequency_hz;               /* while it was active; STATE_NONE: it was not */
	uint64_t frequency_min_hz, frequency_max_hz; /* of its DVFS table */
	double active;                               /* share of the time: 0 to 1 */
};

struct report_rail {
	uint64_t total_nj, power_uw; /* ABSENT_U64(..) */
	/* Another one whenever there is something new: rails come in batches, and between two of
	 * them the one before holds. */
	uint64_t change;
	bool stalled; /* it has told nothing for so long that nothing holds */
};

/*
 * A core by the tier that it is in, 0 being the fastest, and its place among the cores of the tier,
 * of which there must be `tier_size`.
 */
struct report_core {
	uint32_t tier, place, tier_size;
};

int reports_read_core(struct reports *self, uint64_t asked_ns, const struct report_core *core,
	struct report_times *ret_times);
int reports_read_gpu(struct reports *self, uint64_t asked_ns, struct report_times *ret_times);
int reports_read_rail(struct reports *self, uint64_t asked_ns, const char *name,
	struct report_rail *ret_rail);

#endif

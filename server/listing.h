/*
 * Listing: rows that a worker finds, because that may block: the mappings of a process, say.
 * Then its cells are found with them, and what the worker says replaces all that there was.
 */
#ifndef SERVER_LISTING_H
#define SERVER_LISTING_H

#include "instance.h"
#include "lane.h"

/* Bit mask: the source that rows come with, whatever else is wanted of them. */
#define LISTING_ROWS UINT32_C(1)

enum {
	LISTING_ROWS_AT_ONCE = 2048,
	LISTING_RESTARTS_MAX = 3,
};

/*
 * These sources (bit mask) are wanted of this moment. A job that is under way and finds them will
 * do. This one and the next two return 0; -ESRCH: the target has ended; -EACCES: it may not be
 * looked at.
 */
int listing_want(struct instance *self, uint32_t sources, struct lane *lane, uint64_t now_ns);
/* Hands in what the lane had no room for, and what the job before did not find. */
int listing_pump(struct instance *self, struct lane *lane, uint64_t now_ns);
/*
 * It may have as many rows as the others of its kind (`first`, its next ..) leave of
 * LISTING_ROWS_MAX: each has as many as a process likes, and there is one for each process that
 * somebody asks about.
 */
void listing_limit(struct instance *self, const struct instance *first);
/* A job is through, or has become late: its rows into the table. */
int listing_apply(struct instance *self, struct lane_job *job, bool late, uint64_t now_ns);
/*
 * Then their cells, so few rows in a tick that no other client is kept waiting; the next tick is at
 * once. Until that is done nobody is shown the table. Of several tables (`first`, its next ..)
 * one has its turn.
 */
void listing_read(struct instance *first);
bool listing_is_reading(const struct instance *self);
/*
 * A column of this source is new: the rows that have been read are read again for it. But not
 * for ever, or who comes and goes would keep all others waiting: then some of its cells are not
 * known before the next time.
 */
void listing_read_again(struct instance *self, uint32_t source);
/* Does anybody of these sources wait for it? */
bool listing_pending(const struct instance *self, uint32_t sources);
/* Bit mask: those whose cells are not as they were wanted. What was through in this tick is, though
 * somebody may want it once more. */
uint32_t listing_unsampled(const struct instance *self);
/* Are there rows that are not in the table? */
bool listing_is_incomplete(const struct instance *self);

#endif

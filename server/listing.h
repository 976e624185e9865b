/*
 * Listing: rows that a worker finds, because that may block: the mappings of a process, say.
 * Then its cells are found with them, and what the worker says replaces all that there was.
 */
#ifndef SERVER_LISTING_H
#define SERVER_LISTING_H

#include "instance.h"
#include "lane.h"

/* These sources (bit mask) are wanted of this moment. */
void listing_want(struct instance *self, uint32_t sources, struct lane *lane, uint64_t now_ns);
/* Hands the job in that the lane had no room for. */
void listing_pump(struct instance *self, struct lane *lane, uint64_t now_ns);
/*
 * A job is through, or has become late: rows and cells into the table. Returns 0; -ESRCH: the
 * target has ended; -EACCES: it may not be looked at.
 */
int listing_apply(struct instance *self, struct lane_job *job, bool late, uint64_t now_ns);
/* Does anybody of these sources wait for it? */
bool listing_pending(const struct instance *self, uint32_t sources);
/* Are there rows that are not in the table? */
bool listing_is_incomplete(const struct instance *self);

#endif

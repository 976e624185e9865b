/*
 * Slow: which reads of an instance are wanted from the slow lane, which are under way, and
 * what becomes of their results.
 */
#ifndef SERVER_SLOW_H
#define SERVER_SLOW_H

#include "instance.h"
#include "lane.h"

/* Wants a read. False: one is under way that began before now, so that the row stays stale. */
bool slow_want(struct instance *self, uint32_t index, uint32_t slot);
/* Is a drifting cell due for a refresh? Slow cells know when they were sampled: the window
 * of the fast ones would not fit, for they may be read later than they are wanted. */
bool slow_expired(const struct instance *self, uint32_t index, uint32_t slot, uint64_t now_ns);
/* Submits reads that are wanted, as far as the lane takes them. */
void slow_pump(struct instance *self, struct lane *lane, uint64_t now_ns);
/* A result, or a job that became late: into the table, if its row is still that row. */
void slow_apply(struct instance *self, struct lane_job *job, bool late, uint64_t now_ns);
/* Are slow reads wanted or under way, and does anybody of these sources wait for some? */
bool slow_pending(const struct instance *self, uint32_t sources);
/* Nobody wants the source any more: what has not begun is not begun. */
void slow_forget_source(struct instance *self, uint32_t index);
/* The row is gone: nothing is wanted for it. */
void slow_forget_row(struct instance *self, uint32_t slot);

#endif

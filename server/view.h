/*
 * View: what equal requests see of a table: these attributes, of these processes. It encodes
 * what changed after a tick, once for all who were sent the same before.
 */
#ifndef SERVER_VIEW_H
#define SERVER_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "encoder.h"
#include "instance.h"
#include "subscription.h"

struct frame;

enum {
	VIEW_BASES_MAX = 4, /* different encodes of a view in one tick */
};

/* A process of the filter, found once; when it ends the entry ends with it. */
struct view_entry {
	uint64_t pid;
	uint64_t identity; /* 0: not found yet */
	uint32_t slot;
	enum { ENTRY_NEW, ENTRY_ALIVE, ENTRY_ENDED } state;
	uint64_t ended; /* tick */
};

/* What makes two requests equal: each list ascending and without doubles. */
struct view_key {
	uint16_t *attributes;
	uint64_t *pids;
	uint32_t attribute_count, pid_count;
	bool exits;
};

struct view {
	struct instance *instance;
	struct view
		*input; /* of another table, for what is a sum over that; NULL: nothing is */
	uint32_t references;
	uint64_t counted; /* the latest count of views that it was in: see sampler.c */
	uint32_t attribute_count;
	uint16_t *attributes;    /* indices, ascending */
	struct column **columns; /* in parallel */
	uint32_t sources;        /* bit mask */
	bool exits;              /* shows processes that ended once more */
	bool filtered;
	struct view_entry *entries; /* by pid, ascending; none: every row */
	uint32_t entry_count;
	uint64_t sampled_tick; /* the latest tick in which it was sampled */
	uint64_t sampled_ns;   /* what its latest frame said; it never goes back */
	/* What all of its readers have been sent, at least: of those that take their frames, and
	 * of those that were held back. Kept up to date while rows have ended. */
	uint64_t sent, sent_held_back;
	/* This tick's encodes. */
	bool given_up; /* there was no memory for one */
	uint32_t base_count;
	uint64_t bases[VIEW_BASES_MAX]; /* ascending */
	struct frame *frames[VIEW_BASES_MAX];
	struct view *next;
};

void view_key_init(struct view_key *self, const struct request *request);
void view_key_finish(struct view_key *self);
/* Sorts, and drops doubles; returns how many are left. */
uint32_t view_sort_pids(uint64_t *pids, uint32_t count);

struct view *view_create(struct instance *instance, const struct view_key *key);
void view_destroy(struct view *self);
/* Would such a request share the view? */
bool view_matches(const struct view *self, const struct view_key *key);

/* Follows the processes of the filter after a sampling, and finds those not yet looked for
 * if it listed them. */
void view_resolve(struct view *self, bool listed);
/* The table starts anew: the same processes are to be found in it again. */
void view_reset(struct view *self);

/* The view itself, or its input, if that is one of this instance; else NULL. */
struct view *view_on(struct view *self, const struct instance *instance);
/* Does it wait for slow cells? */
bool view_pending(const struct view *self);

/* Is the row one of the view's? */
bool view_has(const struct view *self, uint32_t slot);
/* Is this process of the filter to be sampled? */
bool view_wants_entry(const struct view *self, uint32_t index);

/*
 * In two steps, so that the number of encodes is bounded however differently the readers
 * are behind: first every `since` that will be asked for is announced, then the frames are
 * fetched, or encoded where there is none yet. At most VIEW_BASES_MAX distinct bases are
 * kept; a since between two is rounded down, which gives a superset.
 */
void view_announce(struct view *self, uint64_t since);
/* This tick's frame for `since`, NULL if it was not encoded yet. Borrowed until forgotten. */
struct frame *view_get_frame(const struct view *self, uint64_t since);
/* Makes it; NULL: memory is short, and it is given up for this tick. The stamp says the rest; its
 * own `since` is not used. */
struct frame *view_encode(struct view *self, struct encoder *encoder,
	const struct frame_stamp *stamp, uint64_t since);
/* They were sent, and can be of no use in another tick. */
void view_forget_frames(struct view *self);

#endif

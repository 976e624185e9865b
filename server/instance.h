/*
 * Instance: a table that is being sampled, together with the provider that fills it. One
 * exists for each (table, target) that somebody has subscribed to.
 * It knows which sources are wanted and which rows there are; sampling.c reads them.
 */
#ifndef SERVER_INSTANCE_H
#define SERVER_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "exits.h"
#include "lane.h"
#include "pace.h"
#include "platform.h"
#include "table.h"

#define REFRESH_NS (5 * UINT64_C(1000000000))

enum { SOURCES_MAX = 32 };

/* A live column that a source fills. */
struct live_binding {
	struct column *column;
	uint16_t offset;
	uint16_t scale;
};

/* A source of this instance, and what it cost so far. */
struct instance_source {
	struct live_binding *live;
	uint32_t live_count;
	bool drifts;             /* one of them does */
	uint64_t sampled_ns;     /* when it was last sampled for all rows; 0: never */
	uint64_t attempted_ns;   /* when the refresh cursor was last moved */
	uint32_t refresh_cursor; /* next slot to be read again whatever its gate says */
	uint64_t asked_tick; /* when it was asked whether this host has it, and the answer */
	enum cell_state available;
	bool asked;
	bool reported;           /* its first failure is in the log */
	uint64_t let_through_ns; /* when the budget allowed the workers to read it last */
	uint64_t reads, skips, failures, timed_reads, timed_ns;
};

/* Rows that workers find: see listing.h. */
struct listing {
	uint32_t awaited; /* bit mask: sources that are wanted, and not there yet */
	uint32_t covered; /* of the job that is under way */
	bool running;     /* a job is under way, or what it has found is being read */
	bool reported;    /* its first failure is in the log */
	bool given_up;    /* it is late, or the latest one has failed: nobody waits for it */
	/* The job was through then, and its rows are being read, this slot next; 0: they are not. */
	uint64_t found_ns;
	uint32_t cursor;
	uint32_t restarts; /* so often it has begun anew, for columns that came meanwhile */
	uint32_t missed;   /* bit mask: sources with columns that came when it was too late */
	uint64_t finished_ns; /* the latest one that was through; 0: none yet */
	uint64_t finished_tick;
	uint32_t finished; /* bit mask: the sources of that one */
};

struct instance {
	uint64_t id; /* never reused */
	enum table_id table_id;
	struct target target;
	const struct platform *platform;
	const struct provider *provider;
	void *handle; /* the provider's */
	struct table table;
	uint32_t views, unfiltered_views;
	uint32_t exit_views, unfiltered_exit_views; /* of these, those with exits */
	bool reopen;       /* rows are held that no view wants any more */
	bool listed;       /* the latest sampling could list */
	uint32_t rows_max; /* so many may it have */
	bool overflowed;   /* the latest list had more */
	struct listing listing;
	int end_error; /* the target is gone: what its requests are told; 0: it is not */
	uint32_t rested,
		unrested; /* scratch, bit masks: sources that some rows left alone, or did not */
	uint32_t unsampled; /* bit mask: sources that should have been sampled and were not */
	struct exits exits;
	struct sum *sums;    /* of columns that are sums */
	bool sums_unsampled; /* they should have been made anew and were not */
	struct instance_source sources[SOURCES_MAX];
	/* By slot and source: the activity at which the source was last read. */
	uint64_t *seen;
	/* By slot and source: a slow read that waits to be submitted, or that is under way. */
	uint8_t *slow;
	struct pace pace;
	uint32_t seen_capacity;                          /* slots */
	uint32_t slow_wanted, slow_cursor, slow_running; /* counts; where to go on */
	uint32_t *slots;                                 /* scratch: the rows of this sample */
	uint64_t *activity;                              /* scratch, in parallel */
	uint32_t scratch_capacity;
	void *sample; /* scratch: room for the largest fast sample */
	struct instance *next;
};

/* NULL: the platform cannot fill that table. */
const struct provider *instance_find_provider(
	const struct platform *platform, enum table_id table);

/* 0, -ESRCH (no such target) or another negative errno from the provider.
 * `text_bytes` as in table_init(). */
int instance_create(const struct platform *platform, const struct provider *provider,
	const struct target *target, uint64_t id, uint64_t *text_bytes,
	struct instance **ret_instance);
void instance_destroy(struct instance *self);

/* The provider was opened anew: the table has no rows but ended ones; its columns stay. */
void instance_forget_rows(struct instance *self);

/* Takes a row out of the table. */
void instance_bury(struct instance *self, uint32_t slot);

/* Brings the rows up to date: 0, or what provider.list says. */
int instance_list(struct instance *self, const struct row_scope *scope, uint64_t now_ns);

enum exits_wanted instance_wanted_exits(const struct instance *self);
/* Finds out which rows have ended, and nothing else. */
void instance_collect_exits(struct instance *self, uint64_t now_ns);

/* A view begins or ceases to want an attribute. *ret_source: its bit, 0 if it has none. */
struct column *instance_acquire(
	struct instance *self, enum attribute_index attribute, uint32_t *ret_source);
void instance_release(struct instance *self, enum attribute_index attribute);

/* Tells the provider which sources are wanted; needed after it was opened anew. */
void instance_announce(struct instance *self);

/* Do workers find its rows? */
bool instance_lists_slowly(const struct instance *self);
/* Bit mask: those that workers read, for some rows at least. */
uint32_t instance_slow_sources(const struct instance *self);

/* Did the latest sampling leave out the source of this attribute? */
bool instance_unsampled(const struct instance *self, enum attribute_index attribute);

/* Is it read by workers here? Then its cells have a time, and the catalog says so. */
bool instance_is_slow(const struct platform *platform, enum attribute_index attribute);
/* Gives the state of an attribute on this host, and the reason. */
enum cell_state instance_available(const struct platform *platform,
	enum attribute_index attribute, const char **ret_reason);
/* Where its values come from; NULL: from nowhere on this platform. */
const struct source *instance_source(
	const struct platform *platform, enum attribute_index attribute);

#endif

/*
 * Subscription: a request alive on a session. It remembers what its reader has been sent
 * (`since`) and when it is due next, on one grid that all share.
 */
#ifndef SERVER_SUBSCRIPTION_H
#define SERVER_SUBSCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute.h"
#include "limit.h"

struct frame;
struct view;

/* Intervals are multiples of this. */
#define GRID_NS (REQUEST_INTERVAL_MIN_MS * UINT64_C(1000000))
#define NEVER   UINT64_MAX /* no due time */

/*
 * What the core needs of a session: implemented by the edge (and by tests). The numbers are
 * shown in table SESSION.
 */
struct subscriber {
	const struct subscriber_ops *ops;
	uint32_t session;
	uint32_t uid;
	uint64_t pid;
	const char *client;                 /* sanitised name; owned by the edge */
	struct subscription *subscriptions; /* the core's: NULL at first */
};

struct subscriber_ops {
	/* Has the reader taken all that it was sent? If not, it is not asked. */
	bool (*drained)(struct subscriber *subscriber);
	/* Sends a frame for that request. The callee retains the frame if it keeps it. Must not
	 * call back into the sampler. */
	void (*send)(struct subscriber *subscriber, uint32_t request, struct frame *frame);
	/* The subscription ended by itself (its target is gone, a one-shot is answered); the core
	 * has forgotten it. error: 0 for an answered one-shot, -ESRCH for a target. Must not call
	 * back into the sampler. */
	void (*ended)(struct subscriber *subscriber, uint32_t request, int error);
};

/* What a client asked for, checked and translated by the edge. */
struct request {
	uint32_t request; /* the client's number */
	enum table_id table;
	uint64_t target_pid;
	uint64_t interval_ns;       /* 0: one-shot */
	const uint16_t *attributes; /* indices; any order, doubles allowed */
	uint32_t attribute_count;
	const uint64_t *pids; /* any order, doubles allowed; none: all rows */
	uint32_t pid_count;
	bool exits; /* processes that ended are shown once more */
};

enum subscription_state {
	SUBSCRIPTION_NEW, /* has not been answered yet */
	SUBSCRIPTION_WAITING, /* sampled; its first frame waits for slow cells until `deadline_ns` */
	SUBSCRIPTION_WAITED,  /* the wait is over: its fast cells are sampled once more */
	SUBSCRIPTION_RUNNING, /* follows the grid */
};

struct subscription {
	struct subscriber *subscriber;
	struct subscription *next, **link; /* among the subscriber's: they are few */
	uint32_t index;                    /* among all */
	struct view *view;                 /* owned by the sampler */
	uint32_t request;
	uint64_t serial; /* never reused: its row in SESSION */
	enum subscription_state state;
	bool one_shot;
	bool overdue;   /* was due while its reader had not drained */
	bool starved;   /* was held back since its last frame: it goes first */
	bool postponed; /* new, and waits for the next grid point */
	uint64_t interval_ns;
	uint64_t asked_ns;    /* when it was made */
	uint64_t due_ns;      /* NEVER while overdue or waiting */
	uint64_t deadline_ns; /* while WAITING */
	uint64_t since;       /* tick of the last frame that was sent; 0: none */
	uint64_t frames, bytes, held_back, encode_time_ns;
};

/* Rounds up to the grid; 0 stays 0. */
uint64_t subscription_round_interval(uint64_t interval_ns);
/* The grid point of that interval that comes after `now`. */
uint64_t subscription_next_due(uint64_t interval_ns, uint64_t now_ns);

#endif

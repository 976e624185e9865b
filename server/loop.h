/* Loop: runs listener, sessions and sampler until it is told to stop. */
#ifndef SERVER_LOOP_H
#define SERVER_LOOP_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "listener.h"
#include "platform.h"
#include "session.h"

enum { LOOP_STOP_SIGNALS = 4 };

struct loop_config {
	struct platform *platform; /* borrowed, like the next */
	struct listener *listener; /* open */
	uint32_t workers;
	uint32_t budget_percent; /* of one core, for sampling; 0: no limit */
	uint32_t idle_exit_s;    /* without a session for so long it stops; 0: never */
	uint32_t path_check_s;   /* between two looks at the socket's path */
	bool allow_strangers;    /* clients that see other processes than we do */
	int log_level;           /* enum log_level; SIGUSR2 toggles between it and debug */
};

struct loop {
	struct loop_config config;
	struct event_base *base;
	struct sampler *sampler;
	struct sessions sessions;
	struct event stop[LOOP_STOP_SIGNALS], toggle_debug, wake, tick, idle, path_check;
	int wake_fds[2];      /* a worker writes, the loop reads */
	uint64_t tick_due_ns; /* when the tick event comes, or NEVER */
	bool woken, idling, stopping;
	bool restarting; /* another server will follow at once: clients are to come back */
};

/* -1: it cannot be had; the log says why. Starts no timer and lets nobody in. */
int loop_init(struct loop *self, const struct loop_config *config);

/* Lets clients in; returns when a signal came or nobody was there for long enough. The
 * listener is closed then, and the clients have been told. */
void loop_run(struct loop *self);

void loop_finish(struct loop *self);

#endif

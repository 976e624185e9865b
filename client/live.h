/*
 * procctl's event loop: a connection that comes back, signals and keys. It knows nothing of
 * what is shown.
 */
#ifndef CLIENT_LIVE_H
#define CLIENT_LIVE_H

#include "options.h"
#include "procmon.h"

struct event;
struct event_base;

enum live_event {
	LIVE_RESIZED, /* the terminal has another size, or its screen has to be drawn again */
	LIVE_LOST,    /* the connection is over; its objects are to be let go */
	LIVE_SILENT,  /* what live_expect was told to expect has not come */
};

struct live {
	/* Set by the user before live_run. */
	const struct options *options;
	/* There is a connection: make the requests. Returns EXIT_DONE or what ends the loop. */
	int (*connected)(struct procmon_connection *connection, void *context);
	void (*happened)(enum live_event event, void *context);
	void *context;
	bool screen; /* there is a screen: keys and stops are handled */

	/* Private. */
	struct event_base *base;
	struct event *io, *retry, *silence, *key;
	struct event *signals[6];
	short io_events;
	struct procmon_connection *connection;
	unsigned attempts; /* to find the server again */
	uint64_t delay_ms; /* before the next one */
	int code;
	int signal;
};

/*
 * Connects and runs until live_end, a signal, or a server that is gone. One that restarts
 * is waited for. Returns the exit code; a signal that ended it is in
 * self->signal. The connection is released then.
 */
int live_run(struct live *self);

/* The server is to be heard of within this time; each call begins anew. */
void live_expect(struct live *self, uint64_t within_ns);

/* Ends live_run with this code; may be called from the handlers. */
void live_end(struct live *self, int code);

#endif

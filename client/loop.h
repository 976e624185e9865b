/*
 * procctl's event loop: a connection that comes back, signals and keys. It knows nothing of
 * what is shown.
 */
#ifndef CLIENT_LOOP_H
#define CLIENT_LOOP_H

#include "options.h"
#include "procmon.h"

struct event;
struct event_base;

enum loop_event {
	LOOP_RESIZED, /* the terminal has another size, or its screen has to be drawn again */
	LOOP_LOST,    /* the connection is over; its objects are to be let go */
};

struct loop {
	/* Set by the user before loop_run. */
	const struct options *options;
	/* There is a connection: make the requests. Returns EXIT_DONE or what ends the loop. */
	int (*connected)(struct procmon_connection *connection, void *context);
	void (*happened)(enum loop_event event, void *context);
	void *context;
	bool live; /* there is a screen: keys and stops are handled */

	/* Private. */
	struct event_base *base;
	struct event *io, *retry, *key;
	struct event *signals[6];
	short io_events;
	struct procmon_connection *connection;
	unsigned attempts;
	int code;
	int signal;
};

/*
 * Connects and runs until loop_end, a signal, or a server that is gone for good. One that
 * said goodbye is waited for. Returns the exit code; a signal that ended it is in
 * self->signal. The connection is released then.
 */
int loop_run(struct loop *self);

/* Ends loop_run with this code; may be called from the handlers. */
void loop_end(struct loop *self, int code);

#endif

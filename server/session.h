/*
 * Session: one connected client, from its first byte to its last.
 *
 * The rules that keep a client from hurting others live here: what it may send and how
 * fast, how long a message may take, and that nothing is read from it while it does not
 * read.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "input.h"
#include "limit.h"
#include "output.h"
#include "sampler.h"
#include "wire.h"

struct event_base;
struct session;

/* All sessions, and what they share. */
struct sessions {
	struct event_base *base; /* borrowed, like the next two */
	struct sampler *sampler;
	const char *platform; /* its name, for Welcome */
	struct session *first;
	uint32_t count;
	uint32_t before_hello; /* of them */
	uint32_t last_number;
	struct wire_arena arena; /* every message is decoded here */
	/* The catalog as it was sent last: who asks again and again does not hold up others. */
	uint8_t *catalog;
	size_t catalog_size;
	uint64_t catalog_ns; /* when it was made */
};

void sessions_init(struct sessions *self, struct event_base *base, struct sampler *sampler,
	const char *platform);
/* Closes all sessions. */
void sessions_finish(struct sessions *self);

/* Says goodbye to all clients, which are to come back if the server is `restarting`: one after the
 * other, lest the next server has to meet all at once. A session ends when its client has taken that, after
 * SESSION_GOODBYE_MS at the latest; until then the loop has to run. */
void sessions_say_goodbye(struct sessions *self, bool restarting);

/*
 * May another client be accepted? When many have connected and said nothing, the one that
 * has been silent longest gives way; if all have just come the others wait in the
 * backlog.
 */
bool sessions_have_room(struct sessions *self);

/*
 * A session has come to hold a frame: sees to it that all together hold no more than
 * SESSIONS_HELD_MAX_BYTES. A frame is held once however many hold it, so it takes many readers
 * that stopped in different ticks of a huge table. Then the one that holds most loses what is
 * not under way to it yet: nobody is closed for being slow, its next frame is a full table.
 * May be called from within the core; does not call it.
 */
void sessions_limit_held(struct sessions *self);

/* Memory is short: gives something back. */
void sessions_save_memory(struct sessions *self);

/* A client connected. Takes `fd`, non-blocking. Beyond SESSIONS_MAX it is told so and
 * closed. */
void sessions_add(struct sessions *self, int fd, uint32_t uid, uint64_t pid);

/* The same, of one that is in another pid namespace, or may be (`result` is an errno then, negative):
 * it is told so and closed. */
void sessions_refuse_stranger(
	struct sessions *self, int fd, uint32_t uid, uint64_t pid, int result);

/* ------------------------------- one of them: for session.c and dialogue.c, which says what */

enum session_state {
	SESSION_NEW,     /* has not said hello */
	SESSION_OPEN,    /* may ask */
	SESSION_CLOSING, /* ends when its last message is out */
};

#define SESSION_MESSAGE_COST_NS (UINT64_C(1000000000) / SESSION_MESSAGES_A_SECOND)

struct session {
	struct subscriber subscriber; /* first: the core's handle is ours */
	struct sessions *all;
	struct session *next, **link;
	int fd;
	enum session_state state;
	bool said_hello; /* the core knows it */
	struct event readable, writable, timer;
	struct input input;
	struct output output;
	uint64_t hello_deadline_ns, message_deadline_ns, close_deadline_ns; /* NEVER: none */
	uint64_t paid_until_ns; /* a message costs 1/50 s of the session's time */
	uint32_t requests;      /* alive */
	uint32_t lost_request;  /* whose frame was given up in the middle; 0: none */
	char client[CLIENT_NAME_MAX + 1];
};

/* The client did what it must not do: it is told, and that was all. */
void session_close_with_error(struct session *self, Procmon__ErrorCode code, const char *format,
	...) __attribute__((format(printf, 3, 4)));

#endif

/* Connection: a session with the server, from the hello to the goodbye. */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include <stdbool.h>

#include "catalog.h"
#include "object.h"
#include "stream.h"

struct procmon_connection {
	struct object object;
	struct stream stream;
	struct wire_arena arena;        /* one message is decoded in it */
	struct procmon_server server;   /* protocol 0: not welcomed yet */
	char version[64], platform[32]; /* that it points to */
	struct catalog catalog;
	bool has_catalog;
	struct procmon_request *requests; /* all that live, executed or not; not counted */
	uint32_t last_number;
	bool dispatching;
	int calls;            /* of handlers, in this dispatch */
	int error;            /* not 0: it is over */
	uint64_t retry_ns;    /* what a goodbye of a restarting server said */
	char error_text[512]; /* in words, harmless */
};

/* Called by procmon_release. */
void procmon_connection_destroy(struct procmon_connection *self);

void procmon_connection_add(struct procmon_connection *self, struct procmon_request *request);
void procmon_connection_remove(
	struct procmon_connection *self, struct procmon_request *request);
/* A number that no running request has. */
uint32_t procmon_connection_next_number(struct procmon_connection *self);

/* Sends at once what the socket takes; the rest waits for procmon_dispatch. -ENOMEM. */
int procmon_connection_send(
	struct procmon_connection *self, const Procmon__ClientMessage *message);

/* Sends what waits and handles what has come. 0 or the connection's error. */
int procmon_connection_pump(struct procmon_connection *self);
/* Waits; returns whether something is to be done. A signal ends the wait as well. */
bool procmon_connection_wait(const struct procmon_connection *self, int timeout_ms);

#endif

/* Request: what was asked of a table, and the mirror that its frames keep up to date. */
#ifndef CLIENT_REQUEST_H
#define CLIENT_REQUEST_H

#include <stdbool.h>

#include "catalog.h"
#include "limit.h"
#include "mirror.h"
#include "object.h"

struct procmon_request {
	struct object object;
	struct procmon_connection *connection; /* NULL: it is gone */
	struct procmon_request *next;          /* connection.requests */
	uint32_t table;
	procmon_table_handler *handler;
	procmon_error_handler *error_handler; /* may be NULL */
	void *context;

	const struct catalog_entry **entries; /* the attributes, in the order they were added */
	uint32_t entry_count;
	uint64_t interval_ns;
	bool once, exits;
	uint32_t *pids;
	uint32_t pid_count;
	uint32_t target_pid;

	enum { REQUEST_NEW, REQUEST_RUNNING, REQUEST_ENDED } state;
	uint32_t number;      /* on the wire */
	struct mirror mirror; /* while it runs */
};

/* Called by procmon_release. */
void procmon_request_destroy(struct procmon_request *self);

/*
 * A part of a frame came, decoded in `arena`. Calls the handler when the table is whole;
 * returns whether it did, or -EPROTO, -ENOMEM. The handler may release everything.
 */
int procmon_request_take(
	struct procmon_request *self, struct wire_arena *arena, const Procmon__Frame *frame);

/* It ends by itself: calls the error handler. Returns the number of calls. */
int procmon_request_fail(struct procmon_request *self, int error, const char *text);

#endif

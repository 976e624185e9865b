/*
 * Clients that come back when a server says that it restarts: returners SOCKET COUNT. Says "ready" when
 * each has its first table; and when each has a table again a line for each: the ns from its goodbye to
 * its return, those to its first table then, and the process of the server.
 */
#include <inttypes.h>
#include <poll.h>

#include "procmon.h"
#include "records.h"

enum { CLIENTS_MAX = 1024, TICK_MS = 5 };

struct client {
	struct procmon_connection *connection;
	struct procmon_request *request;
	uint64_t gone_ns, due_ns, back_ns, table_ns;
	bool has_table;
};

static struct client clients[CLIENTS_MAX];
static const char *path;

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct client *self = context;

	(void)request;
	(void)table;
	if (!self->has_table)
		self->table_ns = read_clock(CLOCK_MONOTONIC);
	self->has_table = true;
}

/* False: there is no server yet. */
static bool come(struct client *self)
{
	if (procmon_connect(path, "returner", 0, &self->connection, NULL) < 0)
		return false;
	self->back_ns = read_clock(CLOCK_MONOTONIC);
	if (procmon_request_create(
		    self->connection, PROCMON_SYSTEM, on_table, self, &self->request) < 0 ||
		procmon_request_add_name(self->request, "load.1") < 0 ||
		procmon_request_set_interval(self->request, SECOND_NS / 10) < 0 ||
		procmon_request_execute(self->request) < 0)
		fail("a request");
	return true;
}

static void leave(struct client *self)
{
	uint64_t retry_ns = procmon_get_retry_ns(self->connection);

	if (retry_ns == 0)
		fail("nobody is called back");
	self->gone_ns = read_clock(CLOCK_MONOTONIC);
	self->due_ns = self->gone_ns + retry_ns;
	self->has_table = false;
	procmon_release(self->request);
	procmon_release(self->connection);
	self->connection = NULL;
}

/* All that there is to do; whether all have a table. */
static bool turn(size_t count)
{
	bool all = true;

	for (size_t i = 0; i < count; i++) {
		struct client *self = &clients[i];

		if (!self->connection && self->due_ns <= read_clock(CLOCK_MONOTONIC) &&
			!come(self))
			self->due_ns += SECOND_NS / 20;
		if (self->connection && procmon_dispatch(self->connection, 0) < 0)
			leave(self);
		all = all && self->has_table;
	}
	return all;
}

int main(int argc, char **argv)
{
	size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	size_t gone = 0;

	if (count == 0 || count > CLIENTS_MAX)
		return EXIT_FAILURE;
	path = argv[1];
	while (!turn(count))
		poll(NULL, 0, TICK_MS);
	printf("ready\n");
	fflush(stdout);
	while (gone < count) {
		turn(count);
		gone = 0;
		for (size_t i = 0; i < count; i++)
			gone += clients[i].gone_ns > 0;
		poll(NULL, 0, TICK_MS);
	}
	while (!turn(count))
		poll(NULL, 0, TICK_MS);
	for (size_t i = 0; i < count; i++) {
		const struct client *self = &clients[i];

		printf("%" PRIu64 " %" PRIu64 " %u\n", self->back_ns - self->gone_ns,
			self->table_ns - self->gone_ns,
			procmon_get_server(self->connection)->pid);
		procmon_release(self->request);
		procmon_release(self->connection);
	}
	return EXIT_SUCCESS;
}

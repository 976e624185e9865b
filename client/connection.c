#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "text.h"

/* What one procmon_dispatch reads at most, lest a server that never stops holds its client
 * for ever. */
enum { DISPATCH_BYTES = 4 * 1024 * 1024 };

void procmon_connection_destroy(struct procmon_connection *self)
{
	for (struct procmon_request *request = self->requests; request; request = request->next)
		request->connection = NULL;
	stream_finish(&self->stream);
	wire_arena_finish(&self->arena);
	catalog_finish(&self->catalog);
	free(self);
}

void procmon_connection_add(struct procmon_connection *self, struct procmon_request *request)
{
	request->next = self->requests;
	self->requests = request;
}

void procmon_connection_remove(struct procmon_connection *self, struct procmon_request *request)
{
	struct procmon_request **link = &self->requests;

	while (*link != request)
		link = &(*link)->next;
	*link = request->next;
}

static struct procmon_request *find_request(
	const struct procmon_connection *self, uint32_t number)
{
	struct procmon_request *request = self->requests;

	while (request && (request->state != REQUEST_RUNNING || request->number != number))
		request = request->next;
	return request;
}

uint32_t procmon_connection_next_number(struct procmon_connection *self)
{
	do {
		self->last_number++;
	} while (self->last_number == 0 || find_request(self, self->last_number));
	return self->last_number;
}

int procmon_connection_send(
	struct procmon_connection *self, const Procmon__ClientMessage *message)
{
	if (self->error)
		return self->error;
	int result = stream_queue(&self->stream, &message->base);
	if (result < 0)
		return result;
	/* If the server takes no more, what it said before is still to be read: that it is gone
	 * shows at the end of it. */
	stream_flush(&self->stream);
	return 0;
}

/* --------------------------------------------------------------------- messages */

/* Text from the server, made harmless. */
static void copy_text(char *out, size_t out_size, const char *text)
{
	text_sanitise(out, out_size, text, strlen(text));
}

/* Everything is over. Returns the error. */
static int fail(struct procmon_connection *self, int error, const char *text)
{
	struct procmon_request *request;

	if (self->error)
		return self->error;
	self->error = error;
	copy_text(self->error_text, sizeof self->error_text, text);
	do {
		/* The handler may do to the list whatever it likes, so it is searched anew. */
		request = self->requests;
		while (request && request->state != REQUEST_RUNNING)
			request = request->next;
		if (request)
			self->calls += procmon_request_fail(request, error, self->error_text);
	} while (request);
	return error;
}

static int error_of_code(Procmon__ErrorCode code)
{
	switch (code) {
	case PROCMON__ERROR_CODE__PROTOCOL:
		return -EPROTO;
	case PROCMON__ERROR_CODE__VERSION:
		return -EPROTONOSUPPORT;
	case PROCMON__ERROR_CODE__TOO_MANY:
		return -E2BIG;
	case PROCMON__ERROR_CODE__NO_SUCH_TABLE:
	case PROCMON__ERROR_CODE__NO_SUCH_ATTRIBUTE:
		return -ENOENT;
	case PROCMON__ERROR_CODE__NO_SUCH_TARGET:
		return -ESRCH;
	case PROCMON__ERROR_CODE__BAD_REQUEST:
		return -EINVAL;
	case PROCMON__ERROR_CODE__DENIED_TARGET:
	case PROCMON__ERROR_CODE__STRANGER:
		return -EACCES;
	default:
		return -EIO;
	}
}

static int handle_error(struct procmon_connection *self, const Procmon__ServerMessage *message)
{
	int error = error_of_code(message->error->code);
	char text[sizeof self->error_text];

	if (message->request == 0)
		return fail(self, error, message->error->text);
	struct procmon_request *request = find_request(self, message->request);
	if (!request)
		return 0; /* cancelled meanwhile */
	copy_text(text, sizeof text, message->error->text);
	self->calls += procmon_request_fail(request, error, text);
	return 0;
}

static int handle_welcome(struct procmon_connection *self, const Procmon__Welcome *welcome)
{
	if (self->server.protocol)
		return fail(self, -EPROTO, "the server welcomed us twice");
	if (welcome->protocol != WIRE_PROTOCOL)
		return fail(self, -EPROTONOSUPPORT,
			"the server chose a protocol version "
			"that this program does not speak");
	copy_text(self->version, sizeof self->version, welcome->server_version);
	copy_text(self->platform, sizeof self->platform, welcome->platform);
	self->server = (struct procmon_server){
		.protocol = welcome->protocol,
		.pid = welcome->pid,
		.session = welcome->session,
		.version = self->version,
		.platform = self->platform,
	};
	return 0;
}

static int handle_catalog(struct procmon_connection *self, const Procmon__Catalog *catalog)
{
	int result;

	/* The requests point into it: one is all that we asked for, and all that we take. */
	if (self->has_catalog)
		return fail(self, -EPROTO, "the server sent a catalog that nobody asked for");
	result = catalog_init(&self->catalog, catalog);
	if (result < 0)
		return fail(self, result,
			result == -EPROTO ? "the server sent a catalog that is too large"
					  : "out of memory");
	self->has_catalog = true;
	return 0;
}

static int handle_frame(struct procmon_connection *self, const Procmon__ServerMessage *message)
{
	struct procmon_request *request = find_request(self, message->request);
	int result;

	if (!request)
		return 0; /* cancelled meanwhile */
	result = procmon_request_take(request, &self->arena, message->frame);
	if (result < 0)
		return fail(self, result,
			result == -EPROTO ? "the server sent a frame that makes no sense"
					  : "out of memory");
	self->calls += result;
	return 0;
}

static int handle_goodbye(struct procmon_connection *self, const Procmon__Goodbye *message)
{
	if (message->reason != PROCMON__GOODBYE_REASON__RESTARTING)
		return fail(self, -ESHUTDOWN, "the server was stopped");
	self->retry_ns = message->retry_after_ns ? message->retry_after_ns : 1;
	return fail(self, -ESHUTDOWN, "the server restarts");
}

static int handle_message(
	struct procmon_connection *self, const Procmon__ServerMessage *message)
{
	if (message->body_case == PROCMON__SERVER_MESSAGE__BODY_ERROR)
		return handle_error(self, message);
	if (message->body_case == PROCMON__SERVER_MESSAGE__BODY_GOODBYE)
		return handle_goodbye(self, message->goodbye);
	if (message->body_case == PROCMON__SERVER_MESSAGE__BODY_WELCOME)
		return handle_welcome(self, message->welcome);
	if (message->body_case == PROCMON__SERVER_MESSAGE__BODY__NOT_SET)
		return 0; /* something that later versions say */
	if (!self->server.protocol)
		return fail(self, -EPROTO, "the server did not begin with a welcome");
	if (message->body_case == PROCMON__SERVER_MESSAGE__BODY_CATALOG)
		return handle_catalog(self, message->catalog);
	return handle_frame(self, message);
}

static int decode(struct procmon_connection *self, const uint8_t *bytes, size_t size)
{
	Procmon__ServerMessage *message =
		procmon__server_message__unpack(&self->arena.allocator, size, bytes);

	if (!message && self->arena.out_of_memory)
		return fail(self, -ENOMEM, "out of memory");
	if (!message)
		return fail(self, -EPROTO, "the server sent a message that cannot be read");
	int result = handle_message(self, message);
	wire_arena_reset(&self->arena);
	return result;
}

/* Handles what was read. A handler may release the connection: then only the dispatch that
 * we are called from holds it, and nothing more is to be delivered. */
static int handle_input(struct procmon_connection *self)
{
	const uint8_t *message;
	size_t size;
	int result;

	while ((result = stream_next(&self->stream, &message, &size)) > 0) {
		result = decode(self, message, size);
		if (result < 0)
			return result;
		if (self->object.references == 1)
			return 0;
	}
	return result < 0 ? fail(self, result, "what answers is no procmond") : 0;
}

int procmon_connection_pump(struct procmon_connection *self)
{
	size_t total = 0;

	stream_flush(&self->stream);
	while (total < DISPATCH_BYTES) {
		ssize_t size = stream_fill(&self->stream);

		if (size == -EAGAIN)
			return 0;
		if (size == -ENOMEM)
			return fail(self, -ENOMEM, "out of memory");
		if (size <= 0)
			return fail(self, -ECONNRESET, "the server is gone");
		total += (size_t)size;
		int result = handle_input(self);
		if (result < 0 || self->object.references == 1)
			return result;
	}
	return 0;
}

/* --------------------------------------------------------------------- dispatch */

int procmon_get_fd(const struct procmon_connection *connection)
{
	return connection->stream.fd;
}

short procmon_get_events(const struct procmon_connection *connection)
{
	if (connection->error)
		return 0;
	return stream_has_output(&connection->stream) ? POLLIN | POLLOUT : POLLIN;
}

bool procmon_connection_wait(const struct procmon_connection *self, int timeout_ms)
{
	struct pollfd wait = {
		.fd = self->stream.fd,
		.events = procmon_get_events(self),
	};

	return poll(&wait, 1, timeout_ms) > 0;
}

int procmon_dispatch(struct procmon_connection *connection, int timeout_ms)
{
	int result;

	if (connection->error)
		return connection->error;
	if (connection->dispatching)
		return -EBUSY;
	procmon_retain(connection);
	connection->dispatching = true;
	connection->calls = 0;
	result = procmon_connection_pump(connection);
	if (result == 0 && connection->calls == 0 && timeout_ms != 0 &&
		procmon_connection_wait(connection, timeout_ms))
		result = procmon_connection_pump(connection);
	if (result == 0)
		result = connection->calls;
	connection->dispatching = false;
	procmon_release(connection);
	return result;
}

uint64_t procmon_get_retry_ns(const struct procmon_connection *connection)
{
	return connection->retry_ns;
}

const struct procmon_server *procmon_get_server(const struct procmon_connection *connection)
{
	return &connection->server;
}

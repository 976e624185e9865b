/* The library against any server: the input is what the server sends, byte for byte. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A connection that has said hello, on one end of a socket pair. */
static struct procmon_connection *connect_to(int fd)
{
	struct procmon_connection *self = calloc(1, sizeof *self);

	if (!self)
		abort();
	self->object = (struct object){OBJECT_CONNECTION, 1};
	stream_init(&self->stream, fd);
	wire_arena_init(&self->arena, WIRE_FRAME_ARENA);
	return self;
}

static bool look_at_value(uint32_t attribute, const struct procmon_value *value, void *context)
{
	size_t *seen = context;

	(void)attribute;
	if (value->state == PROCMON_OK && value->type == PROCMON_TEXT)
		*seen += strlen(value->text);
	return true;
}

static bool look_at_row(struct procmon_row *row, void *context)
{
	struct procmon_value rate;

	procmon_row_apply(row, look_at_value, context);
	procmon_row_get_rate(row, 0x15, &rate);
	*(size_t *)context += procmon_row_has_exited(row);
	return true;
}

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct procmon_table **kept = context;
	size_t seen = 0;

	(void)request;
	procmon_table_apply(table, look_at_row, &seen);
	/* The one before must not have changed, nor be gone. */
	if (*kept)
		procmon_table_apply(*kept, look_at_row, &seen);
	procmon_release(*kept);
	*kept = procmon_retain(table);
}

/* Asks for everything that the catalog offers, once that has come. */
static struct procmon_request *ask(
	struct procmon_connection *connection, struct procmon_table **kept)
{
	struct procmon_request *request = NULL;

	if (procmon_request_create(connection, PROCMON_PROCESS, on_table, kept, &request) < 0)
		abort();
	for (size_t i = 0; i < procmon_get_attribute_count(connection); i++) {
		const struct procmon_attribute *attribute =
			procmon_get_attribute(connection, i);

		if (attribute->table == PROCMON_PROCESS)
			procmon_request_add_attribute(request, attribute->id);
	}
	procmon_request_set_interval(request, 1);
	procmon_request_execute(request);
	return request;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct procmon_request *request = NULL;
	struct procmon_table *kept = NULL;
	int ends[2], result = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		abort();
	struct procmon_connection *connection = connect_to(ends[0]);
	while (size > 0 && result >= 0) {
		/* In pieces of odd sizes: a message may be cut anywhere. */
		size_t piece = size < 1021 ? size : 1021;
		ssize_t sent = send(ends[1], bytes, piece, MSG_NOSIGNAL);

		if (sent <= 0)
			break;
		bytes += sent;
		size -= (size_t)sent;
		result = procmon_dispatch(connection, 0);
		if (!request && connection->has_catalog)
			request = ask(connection, &kept);
	}
	procmon_release(request);
	procmon_release(connection);
	procmon_release(kept);
	close(ends[1]);
	return 0;
}

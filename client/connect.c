/* Connecting: finding the server or starting it, and the hellos. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "path.h"
#include "socket.h"
#include "start.h"
#include "text.h"

#define MILLISECOND UINT64_C(1000000)

/* A call of procmon_connect. */
struct attempt {
	char path[PATH_SOCKET_MAX + 1];
	char name[CLIENT_NAME_MAX + 1];
	uint64_t deadline_ns;
	uint64_t started_ns; /* when we started a server; 0: never */
	char error[512];
};

__attribute__((format(printf, 2, 3))) static void explain(
	struct attempt *attempt, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(attempt->error, sizeof attempt->error, format, arguments);
	va_end(arguments);
}

/* The server that we may start leaves our directory, so the path must be absolute. */
static int take_path(struct attempt *attempt, const char *path)
{
	char directory[PATH_SOCKET_MAX + 1];
	int length;

	if (!path)
		return path_socket(attempt->path, sizeof attempt->path);
	if (path[0] == '/')
		directory[0] = '\0';
	else if (!getcwd(directory, sizeof directory))
		return errno == ERANGE ? -ENAMETOOLONG : -errno;
	length = snprintf(attempt->path, sizeof attempt->path, "%s%s%s", directory,
		path[0] == '/' ? "" : "/", path);
	return length < (int)sizeof attempt->path ? 0 : -ENAMETOOLONG;
}

/* The catalog is asked for without waiting for the welcome: one round trip in all. */
static int queue_hello(struct procmon_connection *self, char *name)
{
	Procmon__Hello hello = PROCMON__HELLO__INIT;
	Procmon__CatalogRequest catalog_request = PROCMON__CATALOG_REQUEST__INIT;
	Procmon__ClientMessage message = PROCMON__CLIENT_MESSAGE__INIT;

	hello.protocol_min = hello.protocol_max = WIRE_PROTOCOL;
	hello.client = name;
	message.body_case = PROCMON__CLIENT_MESSAGE__BODY_HELLO;
	message.hello = &hello;
	int result = procmon_connection_send(self, &message);
	if (result < 0)
		return result;
	message.body_case = PROCMON__CLIENT_MESSAGE__BODY_CATALOG_REQUEST;
	message.catalog_request = &catalog_request;
	return procmon_connection_send(self, &message);
}

static int give_up(struct attempt *attempt)
{
	explain(attempt,
		"what listens at %s does not answer: it is stopped (kill -CONT wakes it), or "
		"hangs",
		attempt->path);
	return -ETIMEDOUT;
}

static int shake_hands(
	struct procmon_connection *self, struct attempt *attempt, uint64_t deadline_ns)
{
	int result = queue_hello(self, attempt->name);

	while (result == 0 && !self->has_catalog) {
		uint64_t now_ns = clock_now_ns();

		if (now_ns >= deadline_ns)
			return give_up(attempt);
		procmon_connection_wait(self, (int)((deadline_ns - now_ns) / MILLISECOND) + 1);
		result = procmon_connection_pump(self);
	}
	if (result < 0)
		explain(attempt, "%s: %s", attempt->path,
			self->error ? self->error_text : strerror(-result));
	return result;
}

static int open_session(struct attempt *attempt, struct procmon_connection **ret_connection)
{
	uint64_t deadline_ns = clock_now_ns() + ANSWER_MS * MILLISECOND;

	if (deadline_ns > attempt->deadline_ns)
		deadline_ns = attempt->deadline_ns;
	int fd = socket_connect(
		attempt->path, deadline_ns, attempt->error, sizeof attempt->error);
	if (fd == -ETIMEDOUT)
		return give_up(attempt);
	if (fd < 0)
		return fd;
	struct procmon_connection *self = calloc(1, sizeof *self);
	if (!self) {
		close(fd);
		return -ENOMEM;
	}
	/* Two, for the pump takes a connection with one for abandoned. */
	self->object = (struct object){OBJECT_CONNECTION, 2};
	stream_init(&self->stream, fd);
	wire_arena_init(&self->arena, WIRE_FRAME_ARENA);
	int result = shake_hands(self, attempt, deadline_ns);
	procmon_release(self);
	if (result < 0)
		procmon_release(self);
	else
		*ret_connection = self;
	return result;
}

/* Starts a server, and another one when a second later there is still none: the first may
 * have met one that was about to end. */
static int start_if_due(struct attempt *attempt)
{
	uint64_t now_ns = clock_now_ns();

	if (attempt->started_ns && now_ns < attempt->started_ns + 1000 * MILLISECOND)
		return 0;
	attempt->started_ns = now_ns;
	/* Whatever the reason, there is no server. It would make its directory, but it would tell
	 * nobody why it cannot: its log lies there. */
	if (path_prepare_directory(attempt->path, attempt->error, sizeof attempt->error) < 0 ||
		start_server(attempt->path, attempt->error, sizeof attempt->error) < 0)
		return -ENOENT;
	return 0;
}

static bool is_nobody(int error)
{
	return error == -ENOENT || error == -ECONNREFUSED;
}

/* Connects until it works, starting a server when there is none. One that hangs up on us may
 * be about to end. */
static int connect_or_start(struct attempt *attempt, struct procmon_connection **ret_connection)
{
	uint64_t pause_ns = MILLISECOND;

	for (;;) {
		int result = open_session(attempt, ret_connection);

		if (!is_nobody(result) && result != -ECONNRESET && result != -ESHUTDOWN)
			return result;
		if (clock_now_ns() + pause_ns >= attempt->deadline_ns) {
			if (is_nobody(result))
				explain(attempt,
					"the server that was started for %s does not answer: "
					"see the file log beside it (a directory is for one "
					"server)",
					attempt->path);
			return result;
		}
		if (is_nobody(result) && start_if_due(attempt) < 0)
			return -ENOENT;
		socket_pause(pause_ns);
		pause_ns = pause_ns < 50 * MILLISECOND ? pause_ns * 2 : pause_ns;
	}
}

static int connect_only(struct attempt *attempt, struct procmon_connection **ret_connection)
{
	int result = open_session(attempt, ret_connection);

	if (is_nobody(result))
		explain(attempt, "no server at %s: start procmond", attempt->path);
	return result;
}

/* The sentence for people, harmless whoever named the path; NULL if memory is short. */
static char *copy_error(const struct attempt *attempt, int result)
{
	const char *error = attempt->error[0] ? attempt->error : strerror(-result);
	size_t size = strlen(error) + 1;
	char *copy = malloc(size);

	if (copy)
		text_sanitise(copy, size, error, size - 1);
	return copy;
}

int procmon_connect(const char *path, const char *name, unsigned flags,
	struct procmon_connection **ret_connection, char **ret_error)
{
	struct attempt attempt = {.deadline_ns = clock_now_ns() + CONNECT_S * SECOND_NS};
	int result;

	*ret_connection = NULL;
	if (name)
		text_sanitise(attempt.name, sizeof attempt.name, name, strlen(name));
	result = take_path(&attempt, path);
	if (result == -ENAMETOOLONG)
		explain(&attempt,
			"the path of the socket is longer than %d bytes: give a shorter one",
			PATH_SOCKET_MAX);
	if (result == 0)
		result = flags & PROCMON_START_SERVER
				 ? connect_or_start(&attempt, ret_connection)
				 : connect_only(&attempt, ret_connection);
	if (ret_error)
		*ret_error = result < 0 ? copy_error(&attempt, result) : NULL;
	return result;
}

#include "attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "command.h"

enum {
	RATE_INTERVAL_MS = 500, /* between the two samples of a rate */
	PATIENCE_MS = 10000,    /* for one sample of a server that answers at all */
};

static const uint64_t millisecond_ns = 1000000;

unsigned attach_flags(const struct options *options)
{
	return options->no_start ? 0 : PROCMON_START_SERVER;
}

int attach_exit_code(int error)
{
	switch (error) {
	case 0:
		return EXIT_DONE;
	case -ENOENT:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -ESHUTDOWN:
	case -ENOTDIR:
		return EXIT_NO_SERVER;
	case -EPROTO:
	case -EPROTONOSUPPORT:
		return EXIT_PROTOCOL;
	case -EPERM:
	case -EACCES:
		return EXIT_PERMISSION;
	case -ESRCH:
		return EXIT_NO_PROCESS;
	default:
		return EXIT_FAILED;
	}
}

int attach_server(const struct options *options, unsigned flags,
	struct procmon_connection **ret_connection)
{
	char *text = NULL;
	int error = procmon_connect(options->socket, "procctl", flags, ret_connection, &text);

	if (error < 0)
		complain("%s", text ? text : strerror(-error));
	free(text);
	return attach_exit_code(error);
}

int attach_request(struct procmon_connection *connection, const struct options *options,
	uint32_t table_id, const struct choice *columns, procmon_table_handler *handler,
	procmon_error_handler *error_handler, void *context,
	struct procmon_request **ret_request)
{
	struct procmon_request *request = NULL;
	int error = procmon_request_create_with_error(
		connection, table_id, handler, error_handler, context, &request);

	for (size_t i = 0; error == 0 && i < columns->count; i++)
		error = procmon_request_add_attribute(request, columns->items[i]->id);
	if (error == 0 && options->exits)
		error = procmon_request_set_flags(request, PROCMON_EXITS);
	if (error == 0 && options->pid_count > 0 && !options->children)
		error = procmon_request_set_pids(request, options->pids, options->pid_count);
	if (error < 0) {
		complain("cannot make the request: %s", strerror(-error));
		procmon_release(request);
		return attach_exit_code(error);
	}
	*ret_request = request;
	return EXIT_DONE;
}

/* The course of attach_sample. */
struct sample {
	struct procmon_table *table; /* the latest */
	uint64_t interval_ns;        /* between the two samples of a rate; 0: one will do */
	bool done;
	int error;
};

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct sample *self = context;
	uint64_t now = procmon_table_get_timestamp(table);

	(void)request;
	/* The second frame comes at the next point of the server's grid, which may be
	 * very near; the third then is a whole interval after it. */
	self->done = !self->interval_ns ||
		     (self->table && now - procmon_table_get_timestamp(self->table) >=
					     self->interval_ns / 5 * 2);
	procmon_release(self->table);
	self->table = procmon_retain(table);
}

static void on_error(
	struct procmon_request *request, int error, const char *text, void *context)
{
	struct sample *self = context;

	(void)request;
	self->error = error;
	complain("%s", *text ? text : strerror(-error));
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / millisecond_ns;
}

static int wait_for_sample(struct procmon_connection *connection, struct sample *sample)
{
	uint64_t end = now_ms() + PATIENCE_MS + 2 * sample->interval_ns / millisecond_ns;

	while (!sample->done && !sample->error) {
		uint64_t now = now_ms();
		int result =
			now < end ? procmon_dispatch(connection, (int)(end - now)) : -ETIMEDOUT;

		if (result >= 0 || sample->error)
			continue;
		complain("%s", result == -ETIMEDOUT ? "the server does not answer"
						    : "the server is gone");
		sample->error = result;
	}
	return attach_exit_code(sample->error);
}

int attach_sample(struct procmon_connection *connection, const struct options *options,
	uint32_t table_id, const struct choice *columns, bool rates,
	struct procmon_table **ret_table)
{
	struct sample sample = {0};
	struct procmon_request *request = NULL;
	int code = attach_request(
		connection, options, table_id, columns, on_table, on_error, &sample, &request);
	int error = 0;

	if (code != EXIT_DONE)
		return code;
	if (rates) {
		sample.interval_ns = options->interval_ns ? options->interval_ns
							  : RATE_INTERVAL_MS * millisecond_ns;
		procmon_request_set_interval(request, sample.interval_ns);
	}
	error = procmon_request_execute(request);
	if (error < 0)
		complain("cannot send the request: %s", strerror(-error));
	code = error ? attach_exit_code(error) : wait_for_sample(connection, &sample);
	procmon_request_cancel(request);
	procmon_release(request);
	if (code == EXIT_DONE)
		*ret_table = sample.table;
	else
		procmon_release(sample.table);
	return code;
}

void attach_get_path(struct procmon_connection *connection, char out[ATTACH_PATH_MAX])
{
	struct sockaddr_un address = {0};
	socklen_t length = sizeof address;
	int fd = procmon_get_fd(connection);

	*out = '\0';
	if (getpeername(fd, (struct sockaddr *)&address, &length) == 0)
		snprintf(out, ATTACH_PATH_MAX, "%.*s", (int)sizeof address.sun_path,
			address.sun_path);
}

static bool has_pid(struct procmon_table *table, uint32_t pid)
{
	for (size_t i = 0; i < procmon_table_get_count(table); i++)
		if (procmon_row_get_pid(procmon_table_get_row(table, i)) == pid)
			return true;
	return false;
}

size_t attach_count_missing(const struct options *options, struct procmon_table *table)
{
	size_t missing = 0;

	for (size_t i = 0; i < options->pid_count; i++)
		if (!has_pid(table, options->pids[i])) {
			complain("there is no process %u", options->pids[i]);
			missing++;
		}
	return missing;
}

int attach_check_pids(const struct options *options, struct procmon_table *table)
{
	size_t missing = attach_count_missing(options, table);

	return missing > 0 && missing == options->pid_count ? EXIT_NO_PROCESS : EXIT_DONE;
}

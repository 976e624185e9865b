#include "attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "command.h"

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

int attach_request(struct procmon_connection *connection, const struct subject *subject,
	uint32_t target, procmon_table_handler *handler, procmon_error_handler *error_handler,
	void *context, struct procmon_request **ret_request)
{
	const struct options *options = subject->options;
	struct procmon_request *request = NULL;
	int error = procmon_request_create_with_error(
		connection, subject->table, handler, error_handler, context, &request);

	for (size_t i = 0; error == 0 && i < subject->wanted.count; i++)
		error = procmon_request_add_attribute(request, subject->wanted.items[i]->id);
	if (error == 0 && options->exits)
		error = procmon_request_set_flags(request, PROCMON_EXITS);
	if (error == 0 && target)
		error = procmon_request_set_target(request, target);
	else if (error == 0 && options->pid_count > 0 && !options->children)
		error = procmon_request_set_pids(request, options->pids, options->pid_count);
	if (error < 0) {
		complain("cannot make the request: %s", strerror(-error));
		procmon_release(request);
		return attach_exit_code(error);
	}
	*ret_request = request;
	return EXIT_DONE;
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

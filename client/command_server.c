/* Starting and stopping the server by hand; otherwise it comes and goes by itself. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "clock.h"
#include "command.h"
#include "service.h"

enum { STOP_PATIENCE_MS = 10000, END_PATIENCE_MS = 500 };

static int start(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	int code = attach_server(options, PROCMON_START_SERVER, &connection);

	if (code == EXIT_DONE)
		printf("the server runs as process %u\n", procmon_get_server(connection)->pid);
	procmon_release(connection);
	return code == EXIT_DONE ? finish_output() : code;
}

/*
 * Waits until the server has closed the connection, which is about the last thing it does,
 * and then for the end of its process. A process that nobody reaps keeps its number, so the
 * second wait is a short one.
 */
static int wait_until_gone(struct procmon_connection *connection, uint32_t pid)
{
	struct pollfd wait = {.fd = procmon_get_fd(connection), .events = POLLIN};
	const struct timespec pause = {.tv_nsec = 5000000};
	uint64_t end = clock_now_ms() + STOP_PATIENCE_MS, now;
	char rest[4096];
	ssize_t size = 1;

	/* What it still says is of no interest. */
	while (size != 0) {
		now = clock_now_ms();
		if (now >= end || poll(&wait, 1, (int)(end - now)) == 0)
			return -ETIMEDOUT;
		size = read(wait.fd, rest, sizeof rest);
		if (size < 0 && errno != EAGAIN && errno != EINTR)
			break;
	}
	end = clock_now_ms() + END_PATIENCE_MS;
	while (kill((pid_t)pid, 0) == 0 && clock_now_ms() < end)
		nanosleep(&pause, NULL);
	return 0;
}

/* Ends the server of the connection; with SIGUSR1 its clients come back to the next one. */
static int stop_server(struct procmon_connection *connection, int signal)
{
	uint32_t pid = procmon_get_server(connection)->pid;

	if (kill((pid_t)pid, signal) < 0 && errno != ESRCH) {
		complain("cannot stop process %u: %s", pid, strerror(errno));
		return errno == EPERM ? EXIT_PERMISSION : EXIT_FAILED;
	}
	if (wait_until_gone(connection, pid) < 0) {
		complain("process %u does not end", pid);
		return EXIT_FAILED;
	}
	printf("stopped process %u\n", pid);
	return EXIT_DONE;
}

int server_make_way(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	int code = EXIT_DONE;

	if (procmon_connect(options->socket, "procctl", 0, &connection, NULL) == 0)
		code = stop_server(connection, SIGTERM);
	procmon_release(connection);
	return code;
}

static int stop(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	int code = attach_server(options, 0, &connection);

	if (code != EXIT_DONE)
		return code;
	code = stop_server(connection, SIGTERM);
	procmon_release(connection);
	return code == EXIT_DONE ? finish_output() : code;
}

static int restart(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	int code = EXIT_DONE;

	if (procmon_connect(options->socket, "procctl", 0, &connection, NULL) == 0)
		code = stop_server(connection, SIGUSR1);
	procmon_release(connection);
	return code == EXIT_DONE ? start(options) : code;
}

static int run(const struct options *options)
{
	const char *verb = options->argument_count == 1 ? options->arguments[0] : "";

	if (strcmp(verb, "start") == 0)
		return start(options);
	if (strcmp(verb, "stop") == 0)
		return stop(options);
	if (strcmp(verb, "restart") == 0)
		return restart(options);
	if (strcmp(verb, "install") == 0)
		return service_install(options);
	if (strcmp(verb, "uninstall") == 0)
		return service_uninstall(options);
	complain("say 'procctl server' and one of start, stop, restart, install, uninstall");
	return EXIT_USAGE;
}

const struct command command_server = {
	.name = "server",
	.arguments = "start|stop|restart|install|uninstall",
	.options = "",
	.summary = "start or stop the server, or have it started",
	.text = "Starts the server unless it runs, or stops it and waits until it "
		"is gone. Neither is needed: other commands start it, and it ends a "
		"minute after its last client. restart replaces one that runs, as after an "
		"upgrade: its clients come back to the new one by themselves. After install "
		"the service manager of the user, "
		"launchd or systemd, listens in its place and starts it when any program "
		"connects; uninstall takes that back.",
	.examples = "  procctl server start\n"
		    "  procctl server stop\n",
	.run = run,
};

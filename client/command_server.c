/* Starting and stopping the server by hand; otherwise it comes and goes by itself. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "attach.h"
#include "command.h"

enum { STOP_PATIENCE_MS = 10000 };

static int start(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	int code = attach_server(options, PROCMON_START_SERVER, &connection);

	if (code == EXIT_DONE)
		printf("the server runs as process %u\n", procmon_get_server(connection)->pid);
	procmon_release(connection);
	return code == EXIT_DONE ? finish_output() : code;
}

/* A descriptor that becomes readable when the process has ended, even if nobody reaps it; -1
 * where there is none (macOS, Linux before 5.3). */
static int open_process(uint32_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

/* Waits until the process has ended, or else until it has closed the connection. */
static int wait_until_gone(struct procmon_connection *connection, int process)
{
	struct pollfd wait = {.fd = process, .events = POLLIN};
	int result;

	if (process >= 0) {
		do
			result = poll(&wait, 1, STOP_PATIENCE_MS);
		while (result < 0 && errno == EINTR);
		return result > 0 ? 0 : -ETIMEDOUT;
	}
	/* without a request nothing but the end can come */
	result = procmon_dispatch(connection, STOP_PATIENCE_MS);
	return result < 0 ? 0 : -ETIMEDOUT;
}

static int stop(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	int code = attach_server(options, 0, &connection);

	if (code != EXIT_DONE)
		return code;
	uint32_t pid = procmon_get_server(connection)->pid;
	int process = open_process(pid);
	if (kill((pid_t)pid, SIGTERM) < 0 && errno != ESRCH) {
		complain("cannot stop process %u: %s", pid, strerror(errno));
		code = errno == EPERM ? EXIT_PERMISSION : EXIT_FAILED;
	} else if (wait_until_gone(connection, process) < 0) {
		complain("process %u does not end", pid);
		code = EXIT_FAILED;
	} else
		printf("stopped process %u\n", pid);
	if (process >= 0)
		close(process);
	procmon_release(connection);
	return code == EXIT_DONE ? finish_output() : code;
}

static int run(const struct options *options)
{
	const char *verb = options->argument_count == 1 ? options->arguments[0] : "";

	if (strcmp(verb, "start") == 0)
		return start(options);
	if (strcmp(verb, "stop") == 0)
		return stop(options);
	complain("say 'procctl server start' or 'procctl server stop'");
	return EXIT_USAGE;
}

const struct command command_server = {
	.name = "server",
	.arguments = "start|stop",
	.options = "",
	.summary = "start or stop the server",
	.text = "Starts the server unless it runs, or stops it and waits until it is gone. "
		"Neither\n"
		"is needed: other commands start it, and it ends a minute after its last "
		"client.",
	.examples = "  procctl server start\n"
		    "  procctl server stop\n",
	.run = run,
};

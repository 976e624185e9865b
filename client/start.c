#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server_program.h"
#include "system.h"

/* ------------------------------------------------------------------- the child */

/* Everything here runs between fork and exec, maybe in a program with threads: only
 * functions that are safe in a signal handler. */

/* Signals as a program expects them that was started by init. */
static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Ends with an errno in the pipe, or in the server with the pipe closed. */
static _Noreturn void run_server(char *const arguments[], int report)
{
	enum { REPORT = 3 };
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
		dup2(report, REPORT) < 0)
		goto fail;
	report = REPORT;
	system_close_range(REPORT + 1, UINT_MAX);
	if (fcntl(REPORT, F_SETFD, FD_CLOEXEC) < 0 || chdir("/") < 0)
		goto fail;
	reset_signals();
	execv(arguments[0], arguments);
fail:;
	int error = errno;
	while (write(report, &error, sizeof error) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* The child that is the session's leader makes the server and ends: init gets the server,
 * and since the server leads no session it never gets a terminal. */
static _Noreturn void run_middle(char *const arguments[], int report)
{
	setsid();
	pid_t pid = start_fork();
	if (pid == 0)
		run_server(arguments, report);
	if (pid < 0) {
		int error = errno;
		while (write(report, &error, sizeof error) < 0 && errno == EINTR)
			;
	}
	_exit(0);
}

/* ------------------------------------------------------------------- the parent */

/* 0 when the program runs, else the errno that the child reports. */
static int read_report(int report)
{
	int error = 0;
	ssize_t size;

	do {
		size = read(report, &error, sizeof error);
	} while (size < 0 && errno == EINTR);
	return size == sizeof error ? -error : 0;
}

/* Above the descriptors that the child sets up. */
static int make_pipe(int ends[2])
{
	int pair[2];

	if (pipe(pair) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		ends[i] = fcntl(pair[i], F_DUPFD_CLOEXEC, 4);
	int result = ends[0] < 0 || ends[1] < 0 ? -errno : 0;
	close(pair[0]);
	close(pair[1]);
	for (int i = 0; i < 2 && result < 0; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return result;
}

static int run_detached(char *const arguments[])
{
	sigset_t all, before;
	int ends[2] = {-1, -1}, result;

	result = make_pipe(ends);
	if (result < 0)
		return result;
	/* No handler of the program may run in the child. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = start_fork();
	if (pid == 0)
		run_middle(arguments, ends[1]);
	result = pid < 0 ? -errno : 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (pid > 0) {
		/* Somebody else may have waited for all children: that is as good. */
		start_wait(pid);
		result = read_report(ends[0]);
	}
	close(ends[0]);
	return result;
}

int start_server(const char *path, char *error, size_t error_size)
{
	char server[PATH_MAX];
	int result = server_program_find(server, sizeof server, error, error_size);

	if (result < 0)
		return result;
	char socket_option[] = "--socket", on_demand_option[] = "--on-demand";
	char *arguments[] = {server, socket_option, (char *)path, on_demand_option, NULL};
	result = run_detached(arguments);
	if (result < 0)
		snprintf(error, error_size, "%s cannot be started: %s", server,
			strerror(-result));
	return result;
}

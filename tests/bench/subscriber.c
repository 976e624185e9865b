/*
 * Readers of table PROCESS, as any program would be one.
 *
 *   subscriber COUNT ATTRIBUTE..   so many separate processes, each of them subscribes to
 * the attributes at 1 s. Prints "ready" when all have a table; they live until a signal
 * ends the first of them. subscriber once ATTRIBUTE..    prints the microseconds from
 * connect to the first table
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "procmon.h"

#define SECOND_NS UINT64_C(1000000000)

static _Noreturn void fail(const char *what, int error)
{
	fprintf(stderr, "subscriber: %s: %s\n", what, strerror(-error));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	unsigned *tables = context;

	(void)request;
	if (procmon_table_get_count(table) == 0)
		fail("empty table", -ENODATA);
	++*tables;
}

static void on_error(
	struct procmon_request *request, int error, const char *text, void *context)
{
	(void)request;
	(void)context;
	fail(text, error);
}

/* Connects, asks, and returns when the first table is there. */
static struct procmon_connection *subscribe(
	char **attributes, uint64_t interval_ns, unsigned *tables)
{
	struct procmon_connection *connection;
	struct procmon_request *request;
	char *error_text = NULL;
	int error = procmon_connect(NULL, "subscriber", 0, &connection, &error_text);

	if (error < 0)
		fail(error_text ? error_text : "connect", error);
	error = procmon_request_create_with_error(
		connection, PROCMON_PROCESS, on_table, on_error, tables, &request);
	for (; error == 0 && *attributes; attributes++)
		error = procmon_request_add_name(request, *attributes);
	if (error == 0)
		error = procmon_request_set_interval(request, interval_ns);
	if (error == 0)
		error = procmon_request_execute(request);
	while (error >= 0 && *tables == 0)
		error = procmon_dispatch(connection, -1);
	if (error < 0)
		fail("request", error);
	return connection;
}

static _Noreturn void read_for_ever(char **attributes, int settled)
{
	unsigned tables = 0;
	struct procmon_connection *connection = subscribe(attributes, SECOND_NS, &tables);
	char byte = 0;
	int error;

	if (settled >= 0 && write(settled, &byte, 1) != 1)
		exit(1);
	do
		error = procmon_dispatch(connection, -1);
	while (error >= 0);
	fail("dispatch", error);
}

static void start_readers(unsigned count, char **attributes)
{
	int settled[2];
	pid_t parent = getpid();
	char byte;

	if (pipe(settled) < 0)
		fail("pipe", -errno);
	for (unsigned i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork", -errno);
		if (pid > 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			exit(1);
		close(settled[0]);
		read_for_ever(attributes, settled[1]);
	}
	close(settled[1]);
	for (unsigned i = 0; i < count; i++)
		if (read(settled[0], &byte, 1) != 1)
			exit(1); /* it has said why */
}

int main(int argc, char **argv)
{
	unsigned count = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0, tables = 0;
	uint64_t start_ns = now_ns();

	signal(SIGCHLD, SIG_IGN); /* they reap themselves */
	if (argc > 2 && strcmp(argv[1], "once") == 0) {
		struct procmon_connection *connection = subscribe(argv + 2, 0, &tables);

		printf("%llu\n", (unsigned long long)(now_ns() - start_ns) / 1000);
		procmon_release(connection);
		return 0;
	}
	if (count == 0) {
		fprintf(stderr, "usage: subscriber COUNT|once ATTRIBUTE..\n");
		return 2;
	}
	start_readers(count, argv + 2);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

/*
 * Two processes with the same pid that started in the same tick of the kernel's clock, in a
 * namespace of pids: twins SOCKET COUNT UNIQUE. The first one is seen by the server, burns
 * time and ends; the second one does nothing. UNIQUE is 1 where identities must differ;
 * at least no number of the one may become one of the other. Says in a line of JSON how many were tried and what was
 * wrong.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "procmon.h"
#include "records.h"

#define TICK_NS (SECOND_NS / (uint64_t)sysconf(_SC_CLK_TCK))

enum { BURN_NS = 1500000 };

static uint32_t cpu_id;

/* What is known of a process when a table has come. */
struct sight {
	pid_t pid;
	bool seen;
	uint64_t identity, cpu_ns;
	struct procmon_value rate;
};

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct sight *sight = context;
	struct procmon_value cpu;

	(void)request;
	for (size_t i = 0; i < procmon_table_get_count(table); i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i);
		if (procmon_row_get_pid(row) != (uint32_t)sight->pid)
			continue;
		sight->seen = true;
		sight->identity = procmon_row_get_identity(row);
		procmon_row_get_value(row, cpu_id, &cpu);
		sight->cpu_ns = cpu.state == PROCMON_OK ? cpu.u64 : 0;
		procmon_row_get_rate(row, cpu_id, &sight->rate);
	}
}

static struct sight look(struct procmon_connection *connection, struct sight *sight, pid_t pid)
{
	*sight = (struct sight){.pid = pid};
	for (int handled = 0; handled == 0;) {
		handled = procmon_dispatch(connection, 5000);
		if (handled < 0)
			fail("the server is gone");
	}
	return *sight;
}

static pid_t start_child(uint64_t burn_ns)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		while (read_clock(CLOCK_PROCESS_CPUTIME_ID) < burn_ns)
			;
		pause();
		_exit(0);
	}
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A process that gets this very pid, or another one when somebody was faster. */
static pid_t start_twin(pid_t pid)
{
	FILE *file = fopen("/proc/sys/kernel/ns_last_pid", "w");

	if (!file || fprintf(file, "%d", (int)pid - 1) < 0 || fclose(file) != 0)
		fail("ns_last_pid");
	return start_child(0);
}

/* Start times are told by this clock. */
static void wait_for_tick(void)
{
	uint64_t now = read_clock(CLOCK_BOOTTIME);
	struct timespec rest = {0, (long)(TICK_NS - now % TICK_NS)};

	nanosleep(&rest, NULL);
}

/* One try: true if two with one start came about. */
static bool compare(struct procmon_connection *connection, bool unique, uint64_t *wrong)
{
	struct procmon_request *request;
	struct sight sight, first, second;
	bool twins;

	procmon_request_create(connection, PROCMON_PROCESS, on_table, &sight, &request);
	procmon_request_add_attribute(request, cpu_id);
	procmon_request_set_interval(request, 100000000);
	wait_for_tick();
	pid_t pid = start_child(BURN_NS);
	uint64_t start = start_of(pid);
	procmon_request_execute(request);
	first = look(connection, &sight, pid);
	end_child(pid);
	pid_t twin = start_twin(pid);
	twins = first.seen && twin == pid && start_of(twin) == start;
	second = look(connection, &sight, twin);
	if (twins && !second.seen) {
		fprintf(stderr, "pid %d: the twin is not seen\n", (int)twin);
		++*wrong;
	} else if (twins && unique && first.identity == second.identity) {
		fprintf(stderr, "pid %d: one identity for two\n", (int)twin);
		++*wrong;
	} else if (twins && second.rate.state == PROCMON_OK) {
		fprintf(stderr, "pid %d: a rate from the numbers of two: %g\n", (int)twin,
			second.rate.f64);
		++*wrong;
	} else if (twins && second.cpu_ns >= BURN_NS) {
		fprintf(stderr, "pid %d: it has the time of the other one\n", (int)twin);
		++*wrong;
	}
	end_child(twin);
	procmon_release(request);
	return twins;
}

int main(int argc, char **argv)
{
	struct procmon_connection *connection;
	uint64_t tries = 0, twins = 0, wrong = 0;
	char *text;

	if (argc != 4) {
		fprintf(stderr, "usage: twins SOCKET COUNT UNIQUE\n");
		return 2;
	}
	if (procmon_connect(argv[1], "twins", 0, &connection, &text) < 0) {
		fprintf(stderr, "%s\n", text);
		return 1;
	}
	cpu_id = procmon_find_attribute(connection, PROCMON_PROCESS, "cpu.total")->id;
	for (uint64_t count = strtoull(argv[2], NULL, 10); twins < count && tries < 5 * count;
		tries++)
		twins += compare(connection, argv[3][0] == '1', &wrong);
	printf("{\"tries\": %" PRIu64 ", \"twins\": %" PRIu64 ", \"wrong\": %" PRIu64 "}\n",
		tries, twins, wrong);
	procmon_release(connection);
	return 0;
}

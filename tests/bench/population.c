/*
 * A population of processes to watch: population [--count N] [--running PERCENT]
 * [--burn US] [--forks RATE] [--files N].
 *
 * Of N processes (1000) some percent (5) wake twice a second and work a little, the
 * others sleep. With --burn every process wakes once a second instead and burns that many
 * µs of CPU; with --forks so many short-lived ones come and go every second besides. With
 * --files each has so many descriptors. Each is a program of its own, and wakes at a moment of
 * its own.
 *
 * Prints "ready" when all of them have settled, and lives until its standard input ends
 * or a signal ends it. Nothing of it stays behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

enum {
	WORK_US = 20,        /* what a running process does at each wakeup */
	BRIEF_LIFE_MS = 100, /* of a short-lived process */
	STARTING_MAX = 32,   /* processes that were spawned and have not settled */
};

struct population {
	char program[4096]; /* this one */
	pid_t *pids;
	unsigned started, settled;
	int settled_pipe[2]; /* each process writes a byte when it has settled */
};

static struct population population;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "population: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t due_ns)
{
	struct timespec due = {
		.tv_sec = (time_t)(due_ns / SECOND_NS),
		.tv_nsec = (long)(due_ns % SECOND_NS),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

static void burn(uint64_t us)
{
	uint64_t end = now_ns(CLOCK_THREAD_CPUTIME_ID) + us * 1000;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

/* ---- what a process of the population does: population MODE PARENT NUMBER NUMBER */

/* Works `us` microseconds `rate` times a second; with rate 0 it just sleeps. */
static _Noreturn void run_member(uint64_t rate, uint64_t us)
{
	uint64_t period_ns = rate ? SECOND_NS / rate : 0, due_ns;
	char byte = 0;

	if (write(STDOUT_FILENO, &byte, 1) != 1)
		exit(1);
	close(STDOUT_FILENO);
	if (rate == 0)
		for (;;)
			pause();
	/* A phase of one's own: neither all at once nor at the instants of a sampler. */
	due_ns = now_ns(CLOCK_MONOTONIC) + (uint64_t)getpid() * 7919000 % period_ns;
	for (;; due_ns += period_ns) {
		sleep_until(due_ns);
		burn(us);
	}
}

static pid_t spawn(char *program, const char *mode, uint64_t first, uint64_t second)
{
	char parent[24], numbers[2][24];
	char *argv[] = {program, (char *)mode, parent, numbers[0], numbers[1], NULL};
	pid_t pid;

	snprintf(parent, sizeof parent, "%d", (int)getpid());
	snprintf(numbers[0], sizeof numbers[0], "%llu", (unsigned long long)first);
	snprintf(numbers[1], sizeof numbers[1], "%llu", (unsigned long long)second);
	errno = posix_spawn(&pid, program, NULL, NULL, argv, environ);
	if (errno)
		fail("spawn");
	return pid;
}

static _Noreturn void run_forker(char *program, uint64_t rate)
{
	uint64_t due_ns = now_ns(CLOCK_MONOTONIC);

	signal(SIGCHLD, SIG_IGN); /* they reap themselves */
	for (;; due_ns += SECOND_NS / rate) {
		sleep_until(due_ns);
		spawn(program, "brief", 0, 0);
	}
}

static int run_mode(char **argv)
{
	uint64_t first = strtoull(argv[3], NULL, 10), second = strtoull(argv[4], NULL, 10);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != (pid_t)strtol(argv[2], NULL, 10))
		return 1; /* the parent died before that */
	if (strcmp(argv[1], "member") == 0)
		run_member(first, second);
	if (strcmp(argv[1], "forker") == 0)
		run_forker(argv[0], first);
	sleep_until(now_ns(CLOCK_MONOTONIC) + BRIEF_LIFE_MS * UINT64_C(1000000));
	return 0;
}

/* ---- the population */

/* Waits until at most `starting` processes have not settled. */
static void wait_settled(struct population *self, unsigned starting)
{
	char bytes[STARTING_MAX];

	while (self->started - self->settled > starting) {
		ssize_t n = read(self->settled_pipe[0], bytes, sizeof bytes);

		if (n <= 0)
			fail("a process did not start");
		self->settled += (unsigned)n;
	}
}

static void population_start(struct population *self, unsigned count, unsigned running_percent,
	unsigned burn_us, unsigned forks)
{
	int output;

	self->pids = calloc(count + 1, sizeof *self->pids);
	if (!self->pids || pipe2(self->settled_pipe, O_CLOEXEC) < 0)
		fail("start");
	/* The members' standard output is the pipe, ours is kept for the caller. */
	output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	dup2(self->settled_pipe[1], STDOUT_FILENO);
	close(self->settled_pipe[1]);
	for (unsigned i = 0; i < count; i++) {
		/* Spread evenly: 5 % is every twentieth. */
		int running = (i + 1) * running_percent / 100 != i * running_percent / 100;
		uint64_t rate = burn_us ? 1 : running ? 2 : 0;

		self->pids[self->started++] =
			spawn(self->program, "member", rate, burn_us ? burn_us : WORK_US);
		wait_settled(self, STARTING_MAX - 1);
	}
	wait_settled(self, 0);
	dup2(output, STDOUT_FILENO);
	close(output);
	if (forks)
		self->pids[self->started++] = spawn(self->program, "forker", forks, 0);
}

/* Descriptors that the members inherit; they have standard input and errors without it. */
static void open_files(unsigned count)
{
	for (unsigned i = 2; i < count; i++)
		if (open("/dev/null", O_RDONLY) < 0) /* NOLINT: not to be closed at exec */
			fail("/dev/null");
}

/* At exit, whatever the reason. The short-lived ones become ours when their parent dies:
 * we are a subreaper. */
static void population_end(void)
{
	for (unsigned i = 0; i < population.started; i++)
		kill(population.pids[i], SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	free(population.pids);
}

static void wait_for_end(const sigset_t *signals)
{
	struct pollfd polls[] = {{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = signalfd(-1, signals, SFD_CLOEXEC), .events = POLLIN}};
	char byte;

	for (;;) {
		if (poll(polls, 2, -1) < 0 || polls[1].revents)
			return;
		if (polls[0].revents && read(STDIN_FILENO, &byte, 1) <= 0)
			return;
	}
}

int main(int argc, char **argv)
{
	static const struct option names[] = {{"count", required_argument, NULL, 'c'},
		{"running", required_argument, NULL, 'r'},
		{"burn", required_argument, NULL, 'b'}, {"forks", required_argument, NULL, 'f'},
		{"files", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
	unsigned numbers[128] = {['c'] = 1000, ['r'] = 5};
	sigset_t signals;
	ssize_t length;
	int option;

	if (argc == 5 && argv[1][0] != '-')
		return run_mode(argv);
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == '?')
			return 2;
		numbers[option] = (unsigned)strtoul(optarg, NULL, 10);
	}
	length = readlink("/proc/self/exe", population.program, sizeof population.program - 1);
	if (length < 0)
		fail("/proc/self/exe");
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	atexit(population_end);

	open_files(numbers['o']);
	population_start(&population, numbers['c'], numbers['r'], numbers['b'], numbers['f']);
	puts("ready");
	fflush(stdout);
	wait_for_end(&signals);
	return 0;
}

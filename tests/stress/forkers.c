/*
 * A process that forks: forkers NAME RECORDS RATE LIFE_MS COUNT. It makes RATE children a second
 * (0: as fast as it can), COUNT of them (0: until the end), each of which lives for a random
 * time of LIFE_MS on average (0: until the end) and is called by NAME, at most 8 bytes, and its
 * serial number: "abcdef.12"; before that it has the forker's name, which is NAME. When it is
 * ready, once COUNT are there, and at the end it says how many it has made in how many ns. The end
 * is that of its standard input; then it ends all that still live.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "records.h"

static struct record *records;

static void write_record(uint32_t serial)
{
	records[serial] =
		(struct record){(uint32_t)getpid(), (uint32_t)getppid(), start_of(getpid())};
}

static _Noreturn void live(const char *family, uint32_t serial, uint64_t life_ns)
{
	struct timespec life = {(time_t)(life_ns / SECOND_NS), (long)(life_ns % SECOND_NS)};
	sigset_t none;
	char name[32];

	/* Whatever becomes of the forker, nothing is left. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if ((uint32_t)getppid() != records[0].pid)
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	write_record(serial);
	snprintf(name, sizeof name, "%s.%u", family, serial);
	prctl(PR_SET_NAME, name);
	if (!life_ns)
		pause();
	nanosleep(&life, NULL);
	_exit(0);
}

/* False when standard input has ended. */
static bool may_go_on(int wait_ms)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&input, 1, wait_ms) <= 0;
}

static void tell(uint32_t count, uint64_t start_ns)
{
	printf("%u %" PRIu64 "\n", count, read_clock(CLOCK_MONOTONIC) - start_ns);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	uint32_t forked = 0;
	uint64_t start_ns = read_clock(CLOCK_MONOTONIC);
	sigset_t block;

	if (argc != 6) {
		fprintf(stderr, "usage: forkers NAME RECORDS RATE LIFE_MS COUNT\n");
		return 2;
	}
	uint64_t rate = strtoull(argv[3], NULL, 10);
	uint64_t life_ns = strtoull(argv[4], NULL, 10) * 1000000;
	uint32_t count = (uint32_t)strtoul(argv[5], NULL, 10);
	int file = open(argv[2], O_RDWR | O_CREAT, 0600);
	if (file < 0 || ftruncate(file, RECORDS_SIZE) < 0)
		fail(argv[2]);
	records = mmap(NULL, RECORDS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (records == MAP_FAILED)
		fail("mmap");
	prctl(PR_SET_NAME, argv[1]);
	write_record(0);
	tell(0, start_ns);
	/* To the whole group it means the children: here it waits for ever. */
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	setpgid(0, 0);
	while (may_go_on(count && forked == count ? 100 : rate ? 1 : 0)) {
		uint64_t due =
			rate ? (read_clock(CLOCK_MONOTONIC) - start_ns) * rate / SECOND_NS
			     : forked + 100;
		if (due > (count ? count : RECORDS_MAX - 1))
			due = count ? count : RECORDS_MAX - 1;
		while (forked < due) {
			uint64_t random_ns = life_ns ? (uint64_t)rand() % (2 * life_ns) + 1 : 0;
			pid_t child = fork();
			if (child == 0)
				live(argv[1], forked + 1, random_ns);
			if (child < 0)
				break; /* no pid is free: those that end leave theirs */
			if (++forked == count)
				tell(forked, start_ns);
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	tell(forked, start_ns);
	kill(0, SIGTERM);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}

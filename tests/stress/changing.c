/*
 * Processes that never look the same twice: changing COUNT. Each wakes ten times a second,
 * has another name and faults a page in. Prints "ready" when all are there; they live until its standard
 * input ends or a signal ends it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const struct timespec period = {.tv_nsec = 100000000};

static _Noreturn void change(pid_t parent)
{
	volatile char *page =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (page == MAP_FAILED || getppid() != parent)
		exit(1);
	for (unsigned round = 0;; round++) {
		snprintf(name, sizeof name, "changed%08u", round & 0xFFFFFF);
		prctl(PR_SET_NAME, name);
		*page = 1;
		madvise((void *)page, 4096, MADV_DONTNEED);
		nanosleep(&period, NULL);
	}
}

int main(int argc, char **argv)
{
	unsigned count = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	pid_t parent = getpid();
	char byte;

	if (count == 0) {
		fprintf(stderr, "usage: changing COUNT\n");
		return 2;
	}
	for (unsigned i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0)
			change(parent);
		if (pid < 0) {
			perror("changing: fork");
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

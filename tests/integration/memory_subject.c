/*
 * A process that does with its memory what it is told: memory_subject. It takes a line, does it,
 * and answers with a number or with "failed: WHY", until its standard input ends. Numbers may be
 * hexadecimal, protections, flags and advice are the kernel's.
 *
 *   map SIZE PROTECTION FLAGS FD OFFSET     the address; of the file that it inherited, or -1
 *   shm SIZE                                the address of System V's shared memory
 *   write ADDRESS SIZE STEP SAME            a word each STEP bytes; SAME 0: each another one
 *   read ADDRESS SIZE
 *   advise ADDRESS SIZE ADVICE, protect ADDRESS SIZE PROTECTION, lock ADDRESS SIZE,
 *   unmap ADDRESS SIZE, grow ADDRESS OLD NEW
 *   alternate ADDRESS COUNT                 each second page is for reading only
 *   fork ADDRESS SIZE                       the pid of a child that has rewritten that
 *   corpse                                  the pid of a child that has ended, not waited for
 *   leave                                   the first thread ends, another one goes on
 *
 * memory_subject exec FIRST SECOND COUNT: maps so many single pages of the file FIRST, and begins
 * itself anew with the files exchanged, and so on for ever.
 *
 * What the process has of its own besides is little, and does not change: no allocator is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NUMBERS_MAX = 5, LINE_MAX_BYTES = 256 };

/* What is done with the numbers of a line: its answer, or -1 and errno. */
typedef int64_t deed(const uint64_t *number);

static void *at(uint64_t address)
{
	return (void *)(uintptr_t)address; /* NOLINT: that is what addresses come as */
}

static int64_t done(const void *address)
{
	return address == MAP_FAILED ? -1 : (int64_t)(uintptr_t)address;
}

static int64_t do_map(const uint64_t *number)
{
	return done(mmap(NULL, number[0], (int)number[1], (int)number[2], (int)number[3],
		(off_t)number[4]));
}

static int64_t do_shm(const uint64_t *number)
{
	int id = shmget(IPC_PRIVATE, number[0], IPC_CREAT | 0600);
	void *address = id < 0 ? MAP_FAILED : shmat(id, NULL, 0);

	if (id >= 0)
		shmctl(id, IPC_RMID, NULL); /* when its last user is gone */
	return done(address);
}

static int64_t do_write(const uint64_t *number)
{
	for (uint64_t offset = 0; offset < number[1]; offset += number[2]) {
		volatile uint64_t *word = at(number[0] + offset);
		*word = number[3] ? number[3] : number[0] + offset;
	}
	return 0;
}

static int64_t do_read(const uint64_t *number)
{
	uint64_t sum = 0;

	for (uint64_t offset = 0; offset < number[1]; offset += 4096)
		sum += *(volatile uint64_t *)at(number[0] + offset);
	return (int64_t)(sum & 1);
}

static int64_t do_advise(const uint64_t *number)
{
	return madvise(at(number[0]), number[1], (int)number[2]);
}

static int64_t do_protect(const uint64_t *number)
{
	return mprotect(at(number[0]), number[1], (int)number[2]);
}

static int64_t do_lock(const uint64_t *number)
{
	return syscall(SYS_mlock, number[0], number[1]); /* sanitizers leave mlock() out */
}

static int64_t do_unmap(const uint64_t *number)
{
	return munmap(at(number[0]), number[1]);
}

static int64_t do_grow(const uint64_t *number)
{
	return done(mremap(at(number[0]), number[1], number[2], 0));
}

static int64_t do_alternate(const uint64_t *number)
{
	for (uint64_t page = 0; page < number[1]; page += 2)
		if (mprotect(at(number[0] + page * 4096), 4096, PROT_READ) < 0)
			return -1;
	return 0;
}

/* A child lives until its parent does not. */
static _Noreturn void rest(void)
{
	for (;;)
		pause();
}

static int64_t do_fork(const uint64_t *number)
{
	const uint64_t rewrite[] = {number[0], number[1], 4096, 1};
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		do_write(rewrite);
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		rest();
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static int64_t do_corpse(const uint64_t *number)
{
	siginfo_t info;
	pid_t pid = fork();

	(void)number;
	if (pid == 0)
		_exit(0);
	return pid < 0 || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0 ? -1 : pid;
}

static int64_t do_leave(const uint64_t *number);

static const struct {
	const char *name;
	deed *deed;
} deeds[] = {
	{"map", do_map},
	{"shm", do_shm},
	{"write", do_write},
	{"read", do_read},
	{"advise", do_advise},
	{"protect", do_protect},
	{"lock", do_lock},
	{"unmap", do_unmap},
	{"grow", do_grow},
	{"alternate", do_alternate},
	{"fork", do_fork},
	{"corpse", do_corpse},
	{"leave", do_leave},
};

static void answer(int64_t result)
{
	char text[64];
	int length = result == -1 ? snprintf(text, sizeof text, "failed: %s\n", strerror(errno))
				  : snprintf(text, sizeof text, "%lld\n", (long long)result);

	if (write(STDOUT_FILENO, text, (size_t)length) != length)
		_exit(1);
}

static void obey(char *line)
{
	uint64_t number[NUMBERS_MAX] = {0};
	char *rest_of_line = line, *name = strsep(&rest_of_line, " ");

	for (int i = 0; i < NUMBERS_MAX && rest_of_line; i++)
		number[i] = strtoull(strsep(&rest_of_line, " "), NULL, 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
		if (strcmp(deeds[i].name, name) == 0) {
			answer(deeds[i].deed(number));
			return;
		}
	errno = EINVAL;
	answer(-1);
}

/* The caller waits for each answer: a read is a line. */
static _Noreturn void serve(void)
{
	char line[LINE_MAX_BYTES];
	ssize_t length;

	while ((length = read(STDIN_FILENO, line, sizeof line - 1)) > 0) {
		line[length - 1] = '\0';
		obey(line);
	}
	_exit(0);
}

static void *serve_on(void *ended)
{
	pthread_join(*(pthread_t *)ended, NULL);
	answer(0);
	serve();
}

static int64_t do_leave(const uint64_t *number)
{
	static pthread_t first;
	pthread_t other;

	(void)number;
	first = pthread_self();
	errno = pthread_create(&other, NULL, serve_on, &first);
	if (errno)
		return -1;
	pthread_exit(NULL);
}

/* One program after the other, each of which looks different from the one before. */
static int exec_for_ever(char **argv)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	char *next[] = {argv[0], argv[1], argv[3], argv[2], argv[4], NULL};
	int file = open(argv[2], O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (long i = strtol(argv[4], NULL, 10); i > 0; i--)
		if (mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE, file, 0) ==
			MAP_FAILED)
			return 1;
	nanosleep(&moment, NULL);
	execv("/proc/self/exe", next);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "exec") == 0)
		return exec_for_ever(argv);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	serve();
}

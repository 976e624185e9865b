/* The filter of system calls: in children, since nobody gets rid of it. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seccomp.h"
#include "test.h"

enum { NO_FILTER = 200, NEVER_GIVEN_OUT = 100000 };

/* How a child ended that tried this under the filter: its exit code is 0 or an errno. */
static int attempt(enum seccomp_mode mode, long (*call)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (seccomp_install(mode) < 0)
			_exit(NO_FILTER);
		errno = 0;
		_exit(call() == -1 ? errno : 0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_FILTER)
		test_skip(seccomp_describe());
	return status;
}

static long run_a_program(void)
{
	char name[] = "/bin/true", *const arguments[] = {name, NULL};

	return execv(name, arguments);
}

/* What fork() and vfork() are, with all that the C library does around them left out. */
static long clone_a_process(void)
{
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static long open_internet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long open_packets(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long kill_parent(void)
{
	return kill(getppid(), 0);
}

static long trace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long mount_something(void)
{
	return mount("none", "/no/where", "tmpfs", 0, NULL);
}

static long map(int protection)
{
	void *memory = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? -1 : 0;
}

static long map_writable_code(void)
{
	return map(PROT_READ | PROT_WRITE | PROT_EXEC);
}

static long make_code_of_data(void)
{
	void *memory =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

static long type_into_terminal(void)
{
	return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static long limit_parent(void)
{
	return prlimit(getppid(), RLIMIT_CORE, &(struct rlimit){0}, NULL);
}

static long be_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long (*const refused[])(void) = {run_a_program, clone_a_process, open_internet,
	open_packets, kill_parent, trace, mount_something, map_writable_code, make_code_of_data,
	type_into_terminal, limit_parent, be_dumpable};

TEST(what_no_server_does_is_denied)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		int status = attempt(SECCOMP_DENY, refused[i]);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != EPERM)
			test_fail(__FILE__, __LINE__, "attempt %zu: status %#x", i,
				(unsigned)status);
	}
}

TEST(it_kills_if_told_so)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		int status = attempt(SECCOMP_KILL, refused[i]);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			test_fail(__FILE__, __LINE__, "attempt %zu: status %#x", i,
				(unsigned)status);
	}
}

TEST(nothing_is_refused_without_it)
{
	int status = attempt(SECCOMP_OFF, open_internet);

	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
}

/* The C library is to try an older call. */
static long call_what_came_later(void)
{
	return syscall(NEVER_GIVEN_OUT);
}

static long clone_by_its_successor(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

TEST(newer_calls_are_as_on_an_older_kernel)
{
	int status = attempt(SECCOMP_KILL, call_what_came_later);

	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), ENOSYS);
	status = attempt(SECCOMP_KILL, clone_by_its_successor);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), ENOSYS);
}

static void *in_thread(void *argument)
{
	*(int *)argument = socket(AF_INET, SOCK_STREAM, 0) == -1 ? errno : 0;
	return NULL;
}

/* 0 if what a worker wants works. */
static long work(void)
{
	int result = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_thread, &result) != 0 ||
		pthread_join(thread, NULL) != 0)
		return -1;
	errno = result;
	if (result != EPERM) /* the filter holds in the thread, too */
		return -1;
	if (map(PROT_READ | PROT_EXEC) < 0 || map(PROT_READ | PROT_WRITE) < 0)
		return -1;
	if (socket(AF_UNIX, SOCK_STREAM, 0) < 0 || socket(AF_NETLINK, SOCK_RAW, 0) < 0)
		return -1;
	return openat(AT_FDCWD, "/proc/self/status", O_RDONLY) < 0 ? -1 : 0;
}

TEST(workers_can_work)
{
	int status = attempt(SECCOMP_DENY, work);

	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
}

TESTS(CASE(what_no_server_does_is_denied), CASE(it_kills_if_told_so),
	CASE(nothing_is_refused_without_it), CASE(newer_calls_are_as_on_an_older_kernel),
	CASE(workers_can_work))

#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "activation.h"
#include "alloc.h"
#include "log.h"
#include "system.h"

#define FIRST_FREE_DESCRIPTOR 3
#define FILES_ALLOWED         10240 /* OPEN_MAX of macOS */

/* The program that started us may have left any number of descriptors open. */
static void close_inherited(int keep)
{
	unsigned first = FIRST_FREE_DESCRIPTOR;

	if (keep >= FIRST_FREE_DESCRIPTOR) {
		system_close_range(first, (unsigned)keep - 1);
		first = (unsigned)keep + 1;
	}
	system_close_range(first, ~0u);
}

static _Noreturn void wait_for_child(pid_t child, int ready)
{
	char byte;
	ssize_t size;
	int status = 0;

	do
		size = read(ready, &byte, 1);
	while (size < 0 && errno == EINTR);
	if (size == 1)
		_exit(EXIT_SUCCESS);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

void daemon_reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* the log on a limited or full disk */
}

/*
 * The same program anew, which is told who waits: on macOS the frameworks that the platform uses end a
 * process that was only forked. Comes back where that is not possible.
 */
static void start_anew(char **argv, int parent)
{
	char program[PATH_MAX], number[16], option[] = "--detached";
	size_t count = 0;
	char **words;

	while (argv[count])
		count++;
	words = xcalloc(count + 3, sizeof *words);
	snprintf(number, sizeof number, "%d", parent);
	words[0] = argv[0];
	words[1] = option;
	words[2] = number;
	memcpy(words + 3, argv + 1, (count - 1) * sizeof *words);
	if (system_program_path(program, sizeof program) == 0)
		execv(program, words);
	free(words);
}

int daemon_detach(struct daemon_ready *ready, char **argv)
{
	int ends[2];
	pid_t child;

	close_inherited(ready->fd);
	if (pipe(ends) < 0)
		return -errno;
	child = fork();
	if (child < 0) {
		int saved = errno;
		close(ends[0]);
		close(ends[1]);
		return -saved;
	}
	if (child > 0) {
		close(ends[1]);
		wait_for_child(child, ends[0]);
	}
	close(ends[0]);
	setsid();
	start_anew(argv, ends[1]);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	ready->parent = ends[1];
	return 0;
}

/*
 * A descriptor a client, and some for each process that is watched. macOS says there is no hard
 * limit, and refuses to have none.
 */
static void raise_files(void)
{
	struct rlimit limit;
	rlim_t hard;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	hard = limit.rlim_max;
	limit.rlim_cur = hard;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 || hard < FILES_ALLOWED)
		return;
	limit.rlim_cur = FILES_ALLOWED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void daemon_harden(bool debug)
{
	struct rlimit limit;

	umask(S_IRWXG | S_IRWXO);
	if (chdir("/") < 0)
		log_debug("chdir: %s", strerror(errno));
	if (!debug) {
		limit = (struct rlimit){0};
		setrlimit(RLIMIT_CORE, &limit);
	}
	raise_files();
	daemon_harden_more(debug);
}

static void tell(int *fd)
{
	ssize_t size;

	if (*fd < 0)
		return;
	do
		size = write(*fd, "\n", 1);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		log_debug("nobody waits to hear that the server is ready");
	close(*fd);
	*fd = -1;
}

void daemon_tell_ready(struct daemon_ready *ready)
{
	activation_tell_ready();
	tell(&ready->fd);
	tell(&ready->parent);
}

void daemon_leave_terminal(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

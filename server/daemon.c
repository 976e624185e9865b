#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "log.h"

#define FIRST_FREE_DESCRIPTOR 3
#define CLOSE_BY_HAND         65536
#ifdef __SANITIZE_ADDRESS__
#define LEAK_CHECKED true /* the leak checker traces its own process */
#else
#define LEAK_CHECKED false
#endif
#define OOM_SCORE_ADJUST "300" /* the monitor goes before the work that it watches */

static void close_range_of(unsigned first, unsigned last)
{
#ifdef SYS_close_range
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return; /* Linux 5.9 */
#endif
	for (unsigned fd = first; fd <= last && fd < CLOSE_BY_HAND; fd++)
		close((int)fd);
}

/* The program that started us may have left any number of descriptors open. */
static void close_inherited(int keep)
{
	unsigned first = FIRST_FREE_DESCRIPTOR;

	if (keep >= FIRST_FREE_DESCRIPTOR) {
		close_range_of(first, (unsigned)keep - 1);
		first = (unsigned)keep + 1;
	}
	close_range_of(first, ~0u);
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

int daemon_detach(struct daemon_ready *ready)
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
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	ready->parent = ends[1];
	setsid();
	return 0;
}

#ifdef __linux__
static void harden_linux(bool debug)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* Each of these is an extra: where the kernel refuses, the server is as good without. */
	if (fd >= 0) {
		if (write(fd, OOM_SCORE_ADJUST, strlen(OOM_SCORE_ADJUST)) < 0)
			log_debug("oom_score_adj: %s", strerror(errno));
		close(fd);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Others of our user cannot read our memory then. Nor can we our own /proc/self/io and
	 * the like: the row of the server itself lacks those. */
	if (!debug && !LEAK_CHECKED)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
#endif

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
	/* A descriptor a client, and some for each process that is watched. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
#ifdef __linux__
	harden_linux(debug);
#endif
}

/* sd_notify(3): one datagram to the socket that the manager named. */
static void notify_manager(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (length < 2 || length >= sizeof address.sun_path ||
		(path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace */
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return;
	if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		log_info("%s: %s", path, strerror(errno));
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

static void tell(int *fd)
{
	if (*fd < 0)
		return;
	if (write(*fd, "\n", 1) < 0)
		log_debug("nobody waits to hear that the server is ready");
	close(*fd);
	*fd = -1;
}

void daemon_tell_ready(struct daemon_ready *ready)
{
	notify_manager("READY=1");
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

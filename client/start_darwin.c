#include "start.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/* There is only fork() here: a program with a handler of its own sees one SIGCHLD. */
pid_t start_fork(void)
{
	return fork();
}

int start_wait(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"

#ifdef __APPLE__
extern char **environ; /* no header has it */
#endif

static int add_streams(posix_spawn_file_actions_t *actions, bool quiet)
{
	int error = posix_spawn_file_actions_addopen(
		actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (!error && quiet)
		error = posix_spawn_file_actions_addopen(
			actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
	return error;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_run(const char *const arguments[], bool quiet)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return -error;
	error = add_streams(&actions, quiet);
	if (!error)
		error = posix_spawn(
			&pid, arguments[0], &actions, NULL, (char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error ? -error : wait_for(pid);
}

char *program_explain(int status)
{
	if (status < 0)
		return xstrdup(strerror(-status));
	if (status > 128)
		return xasprintf("ended by signal %d", status - 128);
	return xasprintf("exit status %d", status);
}

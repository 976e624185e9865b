#include "questions.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server_program.h"

#ifdef __APPLE__
extern char **environ; /* no header has it */
#endif

void questions_print(void)
{
	char program[PATH_MAX], error[PATH_MAX + 256], option[] = "--questions";
	char *arguments[] = {program, option, NULL};
	pid_t child;

	if (server_program_find(program, sizeof program, error, sizeof error) < 0)
		return;
	fflush(stdout); /* the same output */
	if (posix_spawn(&child, program, NULL, NULL, arguments, environ) != 0)
		return;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

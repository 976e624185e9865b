/* What the backend takes from Darwin's libc and Linux' does not have; and the start of a whole
 * procmond on the simulated kernel. Compiled with the host's own headers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

/* Darwin's errno. The numbers up to 34 mean the same on both sides. */
int *__error(void);
int *__error(void)
{
	return &errno;
}

#if !defined __GLIBC__ || __GLIBC__ < 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ < 38)
size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from);

	if (size) {
		size_t copied = length < size - 1 ? length : size - 1;
		memcpy(to, from, copied);
		to[copied] = '\0';
	}
	return length;
}
#endif

/* A program that is no test has its text by the environment, and a clock that runs. */
__attribute__((constructor)) static void boot(void)
{
	const char *path = getenv("PROCMON_SIMULATED");
	char error[2048];

	if (!path)
		return;
	if (!sim_load(path, error, sizeof error)) {
		fprintf(stderr, "%s\n", error);
		exit(2);
	}
	sim_run_clock();
}

#include "server_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system.h"

static int find_beside(char *out, size_t out_size)
{
	static const char name[] = "/procmond";
	int result = system_program_path(out, out_size);

	if (result < 0)
		return result;
	char *slash = strrchr(out, '/');
	if (!slash || (size_t)(slash - out) + sizeof name > out_size)
		return -ENAMETOOLONG;
	memcpy(slash, name, sizeof name);
	return access(out, X_OK) == 0 ? 0 : -errno;
}

/* A program with more rights than its caller does not let him name what it runs. */
static const char *find_in_environment(void)
{
	if (getuid() != geteuid() || getgid() != getegid())
		return NULL;
	const char *server = getenv("PROCMON_SERVER");
	return server && server[0] ? server : NULL;
}

int server_program_find(char *out, size_t out_size, char *error, size_t error_size)
{
	static const char installed[] = PROCMON_BINDIR "/procmond";
	const char *named = find_in_environment();

	if (named) {
		snprintf(out, out_size, "%s", named);
		if (named[0] == '/' && strlen(named) < out_size && access(named, X_OK) == 0)
			return 0;
		snprintf(error, error_size,
			"PROCMON_SERVER names no executable by its whole path: %s", named);
		return -ENOENT;
	}
	if (find_beside(out, out_size) == 0)
		return 0;
	snprintf(out, out_size, "%s", installed);
	if (access(out, X_OK) == 0)
		return 0;
	snprintf(error, error_size,
		"no server runs, and there is neither a procmond beside this program nor %s to "
		"start",
		installed);
	return -ENOENT;
}

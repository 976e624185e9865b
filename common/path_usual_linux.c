#include "path_usual.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory in which nobody else can put a thing. A link is followed: some systems have
 * one at /run/user/UID, and it is the place it leads to that counts. */
static bool is_ours(const char *directory)
{
	struct stat status;

	return stat(directory, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int path_usual_directory(char *out, size_t out_size)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	unsigned long uid = geteuid();
	char directory[64];
	int length;

	snprintf(directory, sizeof directory, "/run/user/%lu", uid);
	if (!runtime || runtime[0] != '/' || !is_ours(runtime))
		runtime = is_ours(directory) ? directory : uid == 0 ? "/run" : NULL;
	length = runtime ? snprintf(out, out_size, "%s/procmond", runtime)
			 : snprintf(out, out_size, "/tmp/procmond-%lu", uid);
	return length > 0 && (size_t)length < out_size ? 0 : -ENAMETOOLONG;
}

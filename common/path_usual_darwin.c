#include "path_usual.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/*
 * The user's cache directory, .../C/: the temporary one, .../T/, is swept after three days. What
 * the environment says is not asked for: programs with windows have another one than shells.
 */
int path_usual_directory(char *out, size_t out_size)
{
	char directory[PATH_DIRECTORY_MAX];
	size_t size = confstr(_CS_DARWIN_USER_CACHE_DIR, directory, sizeof directory);
	int length;

	if (size == 0)
		return -ENOENT;
	if (size > sizeof directory)
		return -ENAMETOOLONG;
	while (size > 2 && directory[size - 2] == '/')
		directory[--size - 1] = '\0';
	length = snprintf(out, out_size, "%s/procmond", directory);
	return length > 0 && (size_t)length < out_size ? 0 : -ENAMETOOLONG;
}

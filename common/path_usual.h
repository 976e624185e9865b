/* Of path.c: where the socket is if nobody says it, which each system has another custom for. */
#ifndef COMMON_PATH_USUAL_H
#define COMMON_PATH_USUAL_H

#include <stddef.h>

#define PATH_DIRECTORY_MAX 1024

/* The directory, without a slash at the end; it may not be there. Returns 0 or a negative errno. */
int path_usual_directory(char *out, size_t out_size);

#endif

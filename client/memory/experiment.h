/* `procctl mem --experiment`: memory is allocated in a process of its own, and the server is asked
 * before and after where it is counted. */
#ifndef CLIENT_MEMORY_EXPERIMENT_H
#define CLIENT_MEMORY_EXPERIMENT_H

#include "options.h"

struct experiment_wish {
	const char *kind; /* the name of one, or all */
	uint64_t size;    /* bytes; 0: 64 MiB */
	bool read, write,
		free; /* one of them at most; none: nothing of that, or, of all, each */
};

/* Returns the exit code of the program. */
int experiment_run(const struct experiment_wish *wish, const struct options *options);

#endif

/* What can be wrong around the server: where it listens, what it may open, what it logged. */
#ifndef CLIENT_CHECKUP_H
#define CLIENT_CHECKUP_H

#include <stdbool.h>

#include "sheet.h"

/* What the checks need to know. Texts are borrowed, NULL where not known. */
struct checkup {
	const struct procmon_server *server;
	const char *socket;   /* its path; "" if it has none */
	bool started;         /* by this command */
	const char *features; /* of the kernel, that the server uses */
	uint64_t processes;   /* on this host */
	uint64_t files_limit; /* of the server; 0: not known */
	uint64_t workers_stuck;
	const char *mounts, *log; /* paths of files to look into */
};

/*
 * Adds a row a check to the sheet, which has the columns check, state ("ok" or "wrong"), detail
 * and remedy. Returns the number of those that are wrong.
 */
size_t checkup_run(const struct checkup *self, struct sheet *sheet);

#endif

/* One-shot: what the commands have in common that show one moment and end. */
#ifndef CLIENT_ONESHOT_H
#define CLIENT_ONESHOT_H

#include "options.h"
#include "procmon.h"
#include "subject.h"

/* What makes one of them: which attributes it is about, and how it prints them: one table, or
 * several as for subject_fill. Both return EXIT_DONE, or the exit code of the program after a complaint. */
struct oneshot {
	int (*choose)(struct subject *subject, struct procmon_connection *connection,
		const struct options *options);
	int (*print)(const struct options *options, struct subject *subject,
		struct procmon_table **tables);
};

/* Connects, takes one sample (two, if a rate is wanted), prints it. Returns the exit code. */
int oneshot_run(const struct oneshot *self, const struct options *options);

/* Runs a command about the processes that an argument names, NULL: that none does. Returns the
 * exit code, EXIT_USAGE after a complaint. */
int oneshot_run_pids(const struct options *options, const char *pids,
	int (*run)(const struct options *options));

#endif

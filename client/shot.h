/* Samples of tables for the commands that show one moment; several are taken at once. */
#ifndef CLIENT_SHOT_H
#define CLIENT_SHOT_H

#include "procmon.h"
#include "subject.h"

struct shot {
	const struct subject *subject;
	uint32_t target; /* the process that the table is about; 0: none */
	struct procmon_request *request;
	struct procmon_table *table;    /* the latest, retained */
	uint64_t interval_ns, first_ns; /* of the two samples of a rate; 0: one will do */
	bool hasty;                     /* what is read seldom may lack its rate */
	bool quiet;                     /* whoever asks tells of errors */
	bool repeats;                   /* it is asked for more than one sample */
	bool done;
	int error;
	char *text; /* of the error */
};

/*
 * Asks for what the subject wants: for a second sample, too, --interval or half a second later, if
 * it has a rate; and for more, some seconds long, while rows are missing. Returns EXIT_DONE, or an
 * exit code after a complaint; self is to be finished in any case.
 */
int shot_begin(struct shot *self, struct procmon_connection *connection,
	const struct subject *subject, uint32_t target);

/*
 * Waits until each has its table or its error, and complains about errors. Returns EXIT_DONE unless
 * the connection is over.
 */
int shot_wait(struct procmon_connection *connection, struct shot *shots, size_t count);
/* Complains about the error that it has. */
void shot_tell(const struct shot *self);
void shot_finish(struct shot *self);

/*
 * The table of a subject, retained; or, where it is about processes, one for each of --pid, NULL
 * for those that are not there or denied: if that is all of them, it has failed. Returns EXIT_DONE, or an exit code after a complaint.
 */
int shot_take(struct procmon_connection *connection, const struct subject *subject,
	struct procmon_table **ret_tables);

#endif

/* procctl's way to the server: connecting, and asking for a table. */
#ifndef CLIENT_ATTACH_H
#define CLIENT_ATTACH_H

#include "options.h"
#include "procmon.h"
#include "subject.h"

/* Connects as the options say; `flags` as for procmon_connect. Returns EXIT_DONE, or the
 * exit code of the program after a complaint. */
int attach_server(const struct options *options, unsigned flags,
	struct procmon_connection **ret_connection);

/* The flags for a command that needs a server and may start one. */
unsigned attach_flags(const struct options *options);

/* The exit code for an error of the library. */
int attach_exit_code(int error);

/* A request for what the subject wants, about the target if there is one, else about the pids of
 * the options (with --children: about all); not yet executed. The same result. */
int attach_request(struct procmon_connection *connection, const struct subject *subject,
	uint32_t target, procmon_table_handler *handler, procmon_error_handler *error_handler,
	void *context, struct procmon_request **ret_request);

/* Complains about each of --pid that has no row, and counts them. */
size_t attach_count_missing(const struct options *options, struct procmon_table *table);
/* The same; EXIT_NO_PROCESS when none has one. */
int attach_check_pids(const struct options *options, struct procmon_table *table);

/* Where the server listens, as it bound it, into out[ATTACH_PATH_MAX]; "" if it was handed a
 * socket without a name. */
#define ATTACH_PATH_MAX 128
void attach_get_path(struct procmon_connection *connection, char out[ATTACH_PATH_MAX]);

#endif

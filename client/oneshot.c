#include "oneshot.h"

#include <stdlib.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "shot.h"

int oneshot_run(const struct oneshot *self, const struct options *options)
{
	size_t count = options->pid_count + 1; /* tables at most */
	struct procmon_table **tables = xcalloc(count, sizeof *tables);
	struct procmon_connection *connection = NULL;
	struct subject subject = {0};
	int code = attach_server(options, attach_flags(options), &connection);

	if (code == EXIT_DONE)
		code = self->choose(&subject, connection, options);
	if (code == EXIT_DONE)
		code = shot_take(connection, &subject, tables);
	if (code == EXIT_DONE)
		code = self->print(options, &subject, tables);
	for (size_t i = 0; i < count; i++)
		procmon_release(tables[i]);
	free(tables);
	subject_finish(&subject);
	procmon_release(connection);
	return code;
}

int oneshot_run_pids(const struct options *options, const char *pids,
	int (*run)(const struct options *options))
{
	struct options own = *options;
	char *error = NULL;
	int code = EXIT_USAGE;

	own.pids = NULL;
	own.pid_count = 0;
	if (pids && options_set_pids(&own, pids, &error) < 0)
		complain("%s", error);
	else
		code = run(&own);
	free(error);
	free(own.pids);
	return code;
}

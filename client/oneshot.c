#include "oneshot.h"

#include <stdlib.h>

#include "attach.h"
#include "command.h"

int oneshot_run(const struct oneshot *self, const struct options *options)
{
	struct procmon_connection *connection = NULL;
	struct procmon_table *table = NULL;
	struct subject subject = {0};
	int code = attach_server(options, attach_flags(options), &connection);

	if (code == EXIT_DONE)
		code = self->choose(&subject, connection, options);
	if (code == EXIT_DONE)
		code = attach_sample(connection, options, subject.table, &subject.wanted,
			subject_has_rate(&subject), &table);
	if (code == EXIT_DONE)
		code = self->print(options, &subject, table);
	procmon_release(table);
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

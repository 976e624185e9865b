#include "shot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "attach.h"
#include "clock.h"
#include "command.h"
#include "limit.h"

enum {
	RATE_INTERVAL_MS = 500, /* between the two samples of a rate */
	SLOW_RATE_MS = 3000,    /* at most, where a source is read seldom: devices, every 2 s */
	PATIENCE_MS = 10000,    /* for one sample of a server that answers at all */
	ROWS_INTERVAL_MS = 200, /* between samples until no row is missing */
	ROWS_PATIENCE_MS = 5000,
};

static const uint64_t millisecond_ns = 1000000;

/* Is there no rate yet of what is read by workers, in any row? */
static bool lacks_slow_rate(const struct shot *self)
{
	const struct choice *columns = &self->subject->columns;
	size_t count = procmon_table_get_count(self->table);

	for (size_t i = 0; i < columns->count; i++) {
		bool pending = false, settled = false;

		if (!choice_is_slow_rate(columns->items[i], &self->subject->available))
			continue;
		for (size_t j = 0; j < count && !settled; j++) {
			struct procmon_value value = {0};
			procmon_row_get_value(procmon_table_get_row(self->table, j),
				columns->items[i]->id, &value);
			pending |= value.state == PROCMON_PENDING;
			settled |= value.state == PROCMON_OK;
		}
		if (pending && !settled)
			return true;
	}
	return false;
}

/*
 * The second frame comes at the next point of the server's grid, which may be very near; the third
 * then is a whole interval after it.
 */
static bool is_enough(const struct shot *self, uint64_t before_ns, uint64_t now_ns)
{
	if (!self->interval_ns)
		return true;
	if (before_ns == 0 || now_ns - before_ns < self->interval_ns / 5 * 2)
		return false;
	return self->hasty || now_ns - self->first_ns >= SLOW_RATE_MS * millisecond_ns ||
	       !lacks_slow_rate(self);
}

/* Rows that nobody has found yet come with a later table. */
static bool lacks_rows(const struct shot *self, uint64_t now_ns)
{
	return procmon_table_is_incomplete(self->table) &&
	       procmon_table_get_count(self->table) < TABLE_ROWS_MAX &&
	       now_ns - self->first_ns < ROWS_PATIENCE_MS * millisecond_ns;
}

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct shot *self = context;
	uint64_t now_ns = procmon_table_get_timestamp(table);
	uint64_t before_ns = self->table ? procmon_table_get_timestamp(self->table) : 0;

	(void)request;
	if (self->done)
		return;
	if (!self->table)
		self->first_ns = now_ns;
	procmon_release(self->table);
	self->table = procmon_retain(table);
	self->done = !lacks_rows(self, now_ns) && is_enough(self, before_ns, now_ns);
}

static void on_error(
	struct procmon_request *request, int error, const char *text, void *context)
{
	struct shot *self = context;

	(void)request;
	if (self->done)
		return;
	self->error = error;
	self->text = xstrdup(text);
}

/* For one sample, or for some until one will do. */
static int ask(struct procmon_connection *connection, struct shot *self, uint64_t interval_ns)
{
	int code;

	procmon_release(self->request);
	self->request = NULL;
	code = attach_request(connection, self->subject, self->target, on_table, on_error, self,
		&self->request);
	if (code != EXIT_DONE)
		return code;
	self->repeats = interval_ns != 0;
	if (self->repeats)
		procmon_request_set_interval(self->request, interval_ns);
	int error = procmon_request_execute(self->request);
	if (error < 0)
		complain("cannot send the request: %s", strerror(-error));
	return error ? attach_exit_code(error) : EXIT_DONE;
}

int shot_begin(struct shot *self, struct procmon_connection *connection,
	const struct subject *subject, uint32_t target)
{
	const struct options *options = subject->options;

	*self = (struct shot){.subject = subject, .target = target};
	if (subject_has_rate(subject))
		self->interval_ns = options->interval_ns ? options->interval_ns
							 : RATE_INTERVAL_MS * millisecond_ns;
	if (target && !self->interval_ns)
		return ask(connection, self, ROWS_INTERVAL_MS * millisecond_ns);
	return ask(connection, self, self->interval_ns);
}

/* Of those that asked for one sample, whose rows a worker was still looking for. */
static int ask_again(struct procmon_connection *connection, struct shot *shots, size_t count)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < count && code == EXIT_DONE; i++)
		if (shots[i].table && !shots[i].repeats && !shots[i].done && !shots[i].error)
			code = ask(connection, &shots[i], ROWS_INTERVAL_MS * millisecond_ns);
	return code;
}

void shot_finish(struct shot *self)
{
	if (self->request)
		procmon_request_cancel(self->request);
	procmon_release(self->request);
	procmon_release(self->table);
	free(self->text);
	*self = (struct shot){0};
}

/* ------------------------------------------------------------------------- waiting */

static bool are_all_over(const struct shot *shots, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!shots[i].done && !shots[i].error)
			return false;
	return true;
}

/* When patience is over. */
static uint64_t find_end(const struct shot *shots, size_t count)
{
	uint64_t longest_ns = 0;

	for (size_t i = 0; i < count; i++)
		if (shots[i].interval_ns > longest_ns)
			longest_ns = shots[i].interval_ns;
	return clock_now_ms() + PATIENCE_MS + 2 * longest_ns / millisecond_ns;
}

void shot_tell(const struct shot *self)
{
	if (self->target && self->error == -ESRCH)
		complain("there is no process %u, or it has ended", self->target);
	else if (self->target)
		complain("process %u: %s", self->target,
			*self->text ? self->text : strerror(-self->error));
	else
		complain("%s", *self->text ? self->text : strerror(-self->error));
}

int shot_wait(struct procmon_connection *connection, struct shot *shots, size_t count)
{
	uint64_t end = find_end(shots, count);
	int result = 0;

	while (result >= 0 && !are_all_over(shots, count)) {
		uint64_t now = clock_now_ms();
		int code = ask_again(connection, shots, count);
		if (code != EXIT_DONE)
			return code;
		result =
			now < end ? procmon_dispatch(connection, (int)(end - now)) : -ETIMEDOUT;
	}
	if (result < 0) { /* they all have got the same error */
		complain("%s", result == -ETIMEDOUT          ? "the server does not answer"
			       : shots->text && *shots->text ? shots->text
							     : "the server is gone");
		return attach_exit_code(result);
	}
	for (size_t i = 0; i < count; i++)
		if (shots[i].error && !shots[i].quiet)
			shot_tell(&shots[i]);
	return EXIT_DONE;
}

/* -------------------------------------------------------------------------- taking */

static void tell_missing(struct procmon_table *table, uint32_t target)
{
	const char *why = procmon_table_get_count(table) < TABLE_ROWS_MAX
				  ? "the kernel took too long to tell them"
				  : "there are more than the server tells";

	if (target)
		complain("process %u: rows are missing: %s", target, why);
	else
		complain("rows are missing: %s", why);
}

/* Their tables become the caller's. Returns as shot_take; *ret_missing: for a target without one
 * the exit code. */
static int take(struct procmon_connection *connection, const struct subject *subject,
	const uint32_t *targets, size_t count, struct procmon_table **ret_tables,
	int *ret_missing)
{
	struct shot shots[SESSION_REQUESTS_MAX] = {0};
	int code = EXIT_DONE;

	for (size_t i = 0; code == EXIT_DONE && i < count; i++)
		code = shot_begin(&shots[i], connection, subject, targets[i]);
	if (code == EXIT_DONE)
		code = shot_wait(connection, shots, count);
	for (size_t i = 0; i < count; i++) {
		if (code == EXIT_DONE && shots[i].error && !shots[i].target)
			code = attach_exit_code(shots[i].error);
		if (code == EXIT_DONE && shots[i].error)
			*ret_missing = attach_exit_code(shots[i].error);
		else if (code == EXIT_DONE) {
			ret_tables[i] = procmon_retain(shots[i].table);
			if (procmon_table_is_incomplete(shots[i].table))
				tell_missing(shots[i].table, targets[i]);
		}
	}
	for (size_t i = 0; i < count; i++)
		shot_finish(&shots[i]);
	return code;
}

int shot_take(struct procmon_connection *connection, const struct subject *subject,
	struct procmon_table **ret_tables)
{
	const struct options *options = subject->options;
	static const uint32_t nobody[] = {0};
	bool found = false;
	int code = EXIT_DONE, missing = EXIT_NO_PROCESS;

	if (!subject_is_targeted(subject->table))
		return take(connection, subject, nobody, 1, ret_tables, &missing);
	for (size_t i = 0; code == EXIT_DONE && i < options->pid_count;
		i += SESSION_REQUESTS_MAX) {
		size_t left = options->pid_count - i;
		code = take(connection, subject, options->pids + i,
			left < SESSION_REQUESTS_MAX ? left : SESSION_REQUESTS_MAX,
			ret_tables + i, &missing);
	}
	for (size_t i = 0; i < options->pid_count; i++)
		found |= ret_tables[i] != NULL;
	return code == EXIT_DONE && !found ? missing : code;
}

/*
 * Endings: how we learn of processes that have ended, while somebody wants to see them.
 *
 * Of a row the epoll set of pidfds tells, and look_at_zombies() finds out when it has been
 * reaped. Of processes that no list found alive only the exit listener tells.
 *
 * Its record of a process is sent before the process becomes a zombie; so when a row is found
 * to be reaped, its record is among those that can be received then. A record whose pid is no
 * row's is about a process that was never seen, unless it is a zombie that births are yet to
 * find; therefore these wait until the end of a list of all processes. What was there before
 * the births is about no row that they made, unless that is on its way out: the pid is in use
 * again.
 *
 * The proc connector would tell everybody the same. But its kernel counts listeners, and not
 * down for one that is killed: every process of the machine would then pay for messages to
 * nobody until the next boot. It is not used.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "limit.h"
#include "process.h"

static void stop(struct processes *self)
{
	exit_listener_close(self->listener);
	free(self->strangers);
	self->listener = NULL;
	self->strangers = NULL;
	self->stranger_count = 0;
}

void endings_finish(struct processes *self)
{
	stop(self);
}

void endings_begin(struct processes *self, enum exits_wanted wanted)
{
	self->exits = wanted;
	if (wanted == EXITS_NONE) {
		stop(self);
	} else if (!self->listener && host_has(self->host, FEATURE_TASKSTATS)) {
		if (exit_listener_open(&self->listener) < 0)
			self->listener = NULL; /* it is tried again at the next list */
	}
	if (!self->strangers && self->listener)
		self->strangers = xcalloc(EXITS_MAX, sizeof *self->strangers);
}

/* Gives the record to the row that it is about; false: there is none. */
static bool give_to_row(struct processes *self, const struct exit_record *record)
{
	uint32_t slot = pid_map_get(&self->slots, record->pid);

	return slot != UINT32_MAX && exit_take_record(self, slot, record);
}

void endings_receive(struct processes *self)
{
	struct exit_record record;
	uint32_t budget = EXIT_MESSAGES_MAX;

	while (self->listener && exit_listener_next(self->listener, &budget, &record)) {
		if (give_to_row(self, &record) || self->exits != EXITS_OF_ALL)
			continue;
		if (self->stranger_count == EXITS_MAX)
			self->strangers_lost++;
		else
			self->strangers[self->stranger_count++] = record;
	}
}

void endings_tell(struct processes *self, struct roster *roster, uint32_t slot)
{
	if (self->exits == EXITS_NONE) {
		roster->ops->died(roster, slot);
		return;
	}
	endings_receive(self);
	exit_tell(self, roster, slot);
}

static void tell_stranger(
	struct processes *self, struct roster *roster, const struct exit_record *record)
{
	uint32_t slot = row_begin_ended(self, roster, record->pid);

	if (slot == UINT32_MAX) {
		self->strangers_lost++;
		return;
	}
	exit_take_record(self, slot, record);
	exit_tell(self, roster, slot);
	exit_forget(self, slot);
}

/* Has the process of the row begun to exit? That is before its record is sent. */
static bool is_exiting(struct processes *self, uint32_t slot)
{
	enum { FLAGS_FIELD = 9, PF_EXITING = 4 }; /* linux/sched.h */
	struct stat_line line;
	size_t length;

	return row_read(self, slot, FILE_STAT, &length) != STATE_OK ||
	       stat_parse(self->buffer, length, &line) < 0 ||
	       (line.field[FLAGS_FIELD] & PF_EXITING);
}

void endings_tell_strangers(struct processes *self, struct roster *roster)
{
	uint32_t before_births = self->stranger_count;

	endings_receive(self);
	for (uint32_t i = 0; i < self->stranger_count; i++) {
		const struct exit_record *record = &self->strangers[i];
		uint32_t slot = pid_map_get(&self->slots, record->pid);
		bool is_other = i < before_births && slot != NONE && !is_exiting(self, slot);
		if (is_other || !give_to_row(self, record))
			tell_stranger(self, roster, record);
	}
	self->stranger_count = 0;
}

static const char *describe_listener(struct processes *self, char *text, size_t size)
{
	uint64_t overflows;

	if (!self->listener)
		return "; not taskstats: needs CAP_NET_ADMIN, the first namespaces, Linux 5.19";
	overflows = exit_listener_get_overflows(self->listener);
	if (overflows + self->strangers_lost == 0)
		return ", taskstats (all processes, CPU time up to the last tick)";
	snprintf(text, size,
		", taskstats (all processes, CPU time up to the last tick; lost %llu, and %llu "
		"times what did not "
		"fit into its buffer)",
		(unsigned long long)self->strangers_lost, (unsigned long long)overflows);
	return text;
}

const char *endings_describe(void *context)
{
	struct processes *self = context;
	const char *means = "/proc (the end)";
	char text[128];

	if (host_has(self->host, FEATURE_PIDFD))
		means = "pidfd (the end)";
	if (host_has(self->host, FEATURE_PIDFD_EXIT))
		means = "pidfd (the end, exit status)";
	snprintf(self->endings_text, sizeof self->endings_text,
		"%s%s; not the proc connector: were the server killed, the kernel would go on "
		"reporting every process to nobody",
		means, describe_listener(self, text, sizeof text));
	return self->endings_text;
}

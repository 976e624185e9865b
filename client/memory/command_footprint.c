/* The memory of processes by what it is for, as footprint(1) shows it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "attach.h"
#include "clock.h"
#include "command.h"
#include "footprint.h"
#include "footprint_options.h"

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = number;
}

struct run {
	struct footprint_options own;
	struct footprint_source source;
	struct targets targets;
	const struct target **chosen; /* borrowed from them */
	size_t chosen_count;
	FILE *json; /* the file of --json; NULL: none, or nothing was shown */
	bool output_failed;
	size_t sample_count;
};

/* ----------------------------------------------------------------------------- output */

/* Not before there is something to write: a wrong word must not cost what is in the file. */
static int open_json(struct run *self)
{
	if (!self->own.json || self->json)
		return EXIT_DONE;
	self->json = fopen(self->own.json, "we");
	if (self->json)
		return EXIT_DONE;
	complain("cannot write %s: %s", self->own.json, strerror(errno));
	return EXIT_FAILED;
}

static void put_json(const struct run *self, const struct footprint *footprint, FILE *file)
{
	if (self->own.interval_ns)
		fputs(self->sample_count > 0 ? ",\n" : "{\"samples\":[\n", file);
	footprint_write_json(footprint, file);
}

static void end_json(const struct run *self, FILE *file)
{
	if (self->own.interval_ns)
		fputs(self->sample_count > 0 ? "\n]}" : "{\"samples\":[]}", file);
	if (self->own.interval_ns || self->sample_count > 0)
		fputc('\n', file);
}

/* The file is whole, whatever has happened. */
static int close_json(struct run *self)
{
	bool failed;

	if (self->own.to_stdout)
		end_json(self, stdout);
	if (!self->json)
		return EXIT_DONE;
	end_json(self, self->json);
	failed = ferror(self->json);
	errno = 0;
	if (fclose(self->json) == 0 && !failed)
		return EXIT_DONE;
	complain("cannot write %s: %s", self->own.json,
		errno ? strerror(errno) : "the output failed");
	return EXIT_FAILED;
}

/* --------------------------------------------------------------------------- a sample */

/* Those that are not shown, and why. */
static void list_missing(const struct footprint *footprint, size_t chosen)
{
	const struct target *denied = footprint->first_denied, *empty = footprint->first_empty;

	if (footprint->denied == 1)
		complain("process %u (%s) is not shown: it belongs to another user, has more "
			 "privileges or is protected; ask as its user or as root",
			denied->pid, target_name(denied));
	else if (footprint->denied > 1)
		complain("%zu of %zu processes are not shown: they belong to other users, have "
			 "more privileges or are protected; ask as their user or as root",
			footprint->denied, chosen);
	if (footprint->empty == 1)
		complain("process %u (%s) has no memory of its own: it is a kernel thread, or "
			 "ending",
			empty->pid, target_name(empty));
	else if (footprint->empty > 1)
		complain("%zu of %zu processes have no memory of their own: they are kernel "
			 "threads, or ending",
			footprint->empty, chosen);
}

/* Of a series only once; that nothing is left is told at its end. */
static int tell_missing(const struct run *self, const struct footprint *footprint)
{
	if (self->sample_count == 0)
		list_missing(footprint, self->chosen_count);
	if (footprint->count > 0 || self->chosen_count == 0)
		return EXIT_DONE;
	if (footprint->denied > 0)
		return EXIT_PERMISSION;
	if (footprint->small > 0) {
		complain("none of %zu processes has so much", footprint->small);
		return EXIT_DONE;
	}
	if (footprint->failed > 0 || (footprint->empty > 0 && self->sample_count == 0))
		return EXIT_FAILED;
	complain("these processes are gone");
	return EXIT_NO_PROCESS;
}

static int flush(struct run *self)
{
	int code = finish_output();

	self->output_failed = code != EXIT_DONE;
	return code;
}

static int show(struct run *self, const struct footprint *footprint)
{
	int code = open_json(self);

	if (code != EXIT_DONE)
		return code;
	if (self->json)
		put_json(self, footprint, self->json);
	if (self->own.to_stdout)
		put_json(self, footprint, stdout);
	else
		footprint_write_text(footprint, &self->own.style, stdout);
	self->sample_count++;
	return flush(self);
}

static int take_sample(struct run *self)
{
	struct footprint footprint;
	int code = footprint_gather(
		&footprint, &self->source, self->chosen, self->chosen_count, &self->own.wish);

	if (code == EXIT_DONE)
		code = tell_missing(self, &footprint);
	if (code == EXIT_DONE)
		code = show(self, &footprint);
	footprint_finish(&footprint);
	return code;
}

/* ----------------------------------------------------------------------------- series */

/* Until then, or a signal. */
static void wait_until(uint64_t end_ns)
{
	uint64_t now = clock_now_ns();

	if (now >= end_ns)
		return;
	const struct timespec pause = {.tv_sec = (time_t)((end_ns - now) / 1000000000),
		.tv_nsec = (long)((end_ns - now) % 1000000000)};
	nanosleep(&pause, NULL);
}

/* That the processes end ends the series, too, but is no failure. */
static int take_samples(struct run *self)
{
	uint64_t start_ns = clock_now_ns(), at_ns = 0;
	int code = EXIT_DONE;

	while (code == EXIT_DONE && !stopped) {
		code = take_sample(self);
		if (!self->own.interval_ns || self->chosen_count == 0)
			break;
		do /* who is late leaves samples out */
			at_ns += self->own.interval_ns;
		while (start_ns + at_ns <= clock_now_ns());
		if (self->own.duration_ns && at_ns > self->own.duration_ns)
			break;
		wait_until(start_ns + at_ns);
	}
	return code == EXIT_NO_PROCESS && self->sample_count > 0 ? EXIT_DONE : code;
}

/* ---------------------------------------------------------------------------- the run */

static int choose(struct run *self)
{
	bool *marks = NULL, empty = self->own.words.all;
	int code = targets_read(self->source.connection, &self->targets);

	marks = xcalloc(self->targets.count + 1, sizeof *marks);
	self->chosen = xcalloc(self->targets.count + 1, sizeof *self->chosen);
	if (code == EXIT_DONE)
		code = targets_choose(&self->targets, &self->own.words, marks);
	if (code == EXIT_DONE)
		code = footprint_drop(
			&self->source, &self->targets, marks, empty, self->own.skip);
	for (size_t i = 0; i < self->targets.count; i++)
		if (marks[i])
			self->chosen[self->chosen_count++] = &self->targets.items[i];
	free(marks);
	if (code == EXIT_DONE && self->chosen_count == 0)
		complain("all of these processes are idle");
	return code;
}

static int run_connected(struct run *self, struct procmon_connection *connection)
{
	int code = footprint_source_init(&self->source, connection);

	if (code == EXIT_DONE)
		code = choose(self);
	if (code == EXIT_DONE)
		code = take_samples(self);
	return code;
}

static int worse(int code, int other)
{
	return code == EXIT_DONE ? other : code;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int run(const struct options *options)
{
	struct run self = {.json = NULL};
	struct procmon_connection *connection = NULL;
	int code = footprint_options_init(&self.own, options);

	if (code == EXIT_DONE && self.own.interval_ns)
		catch_signals();
	if (code == EXIT_DONE)
		code = attach_server(options, attach_flags(options), &connection);
	if (code == EXIT_DONE)
		code = run_connected(&self, connection);
	code = worse(code, close_json(&self));
	if (!self.output_failed)
		code = worse(code, finish_output());
	free(self.chosen);
	targets_finish(&self.targets);
	footprint_source_finish(&self.source);
	procmon_release(connection);
	footprint_options_finish(&self.own);
	if (stopped) { /* the shell must know */
		signal(stopped, SIG_DFL);
		raise(stopped);
	}
	return code;
}

const struct command command_footprint = {
	.name = "footprint",
	.arguments = "[PID|NAME..]",
	.options = "children no-start",
	.own = footprint_own_options,
	.summary = "memory of processes by what it is for",
	.text = "Prints what the memory of each process is for: what is dirty would come "
		"back if it ended, what is clean are pages of files, what is reclaimable it "
		"has given back. A process is named by its id, its name or a part of its "
		"name; exact names come first. Of several, what they share counts once in "
		"the summary. Options are those of footprint(1).",
	.examples = "  procctl footprint 1234\n"
		    "  procctl footprint -v --swapped sleep\n"
		    "  procctl footprint --targetChildren --noCategories 1234\n"
		    "  procctl footprint --all --minFootprint 1 -j footprints.json\n"
		    "  procctl footprint --sample 0.5 --sample-duration 1s 1234\n",
	.run = run,
};

#include "experiment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "allocation.h"
#include "attach.h"
#include "clock.h"
#include "command.h"
#include "experiment_sheet.h"
#include "format.h"
#include "shot.h"

enum {
	SIZE_DEFAULT = 64 << 20,
	WARM_SIZE =
		1 << 20, /* less than what one may ask for: malloc learns from what is freed */
	STEADY_TRIES = 10, /* readings until two are the same */
	FRESH_TRIES = 10,  /* readings until one is of after the deed */
};

/* --------------------------------------------------------------------- the other process */

struct subject_process {
	pid_t pid;
	int orders, answers; /* pipes */
};

static _Noreturn void live(const struct experiment_case *what, size_t size,
	const char *directory, int orders, int answers)
{
	struct allocation memory;
	char order;
	/* What it needs for the deed itself, pages of its stack for one, it has before. */
	int32_t error = allocation_make(&memory, what->kind, WARM_SIZE, directory);

	if (!error)
		error = allocation_act(&memory, what->action);
	if (!error)
		allocation_finish(&memory);
	if (write(answers, &error, sizeof error) != sizeof error || error ||
		read(orders, &order, 1) != 1)
		_exit(1);
	error = allocation_make(&memory, what->kind, size, directory);
	if (!error)
		error = allocation_act(&memory, what->action);
	if (write(answers, &error, sizeof error) != sizeof error)
		_exit(1);
	/* until nobody holds the other end */
	while (read(orders, &order, 1) > 0)
		;
	_exit(0);
}

/* What it said last, or -EPIPE if it has ended. */
static int hear(const struct subject_process *self)
{
	int32_t error;
	ssize_t length;

	do
		length = read(self->answers, &error, sizeof error);
	while (length < 0 && errno == EINTR);
	return length == sizeof error ? error : -EPIPE;
}

static int begin(struct subject_process *self, const struct experiment_case *what, size_t size,
	const char *directory)
{
	int orders[2], answers[2];

	if (pipe(orders) < 0)
		return -errno;
	if (pipe(answers) < 0) {
		int error = -errno;
		close(orders[0]);
		close(orders[1]);
		return error;
	}
	self->pid = fork();
	int error = self->pid < 0 ? -errno : 0;
	if (self->pid == 0) {
		close(orders[1]);
		close(answers[0]);
		live(what, size, directory, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	self->orders = orders[1];
	self->answers = answers[0];
	return error ? error : hear(self);
}

/* Tells it to do it; returns when it is done. */
static int order(const struct subject_process *self)
{
	return write(self->orders, "", 1) == 1 ? hear(self) : -EPIPE;
}

static void end(struct subject_process *self)
{
	close(self->orders);
	close(self->answers);
	if (self->pid > 0)
		while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
			;
}

/* ------------------------------------------------------------------------------ measuring */

/* Samples from `since_ns` on. */
static int measure_since(struct procmon_connection *connection, pid_t pid, uint64_t since_ns,
	struct memory_reading *ret_reading)
{
	int code = EXIT_DONE;

	for (int i = 0; code == EXIT_DONE && i < FRESH_TRIES; i++) {
		code = memory_read_process(connection, (uint32_t)pid, ret_reading);
		if (code == EXIT_DONE && ret_reading->oldest_ns >= since_ns)
			return EXIT_DONE;
	}
	if (code == EXIT_DONE)
		complain("the server is too busy to measure anew");
	return code == EXIT_DONE ? EXIT_FAILED : code;
}

static bool is_same(const struct account_process *a, const struct account_process *b)
{
	return a->resident.bytes == b->resident.bytes &&
	       a->footprint.bytes == b->footprint.bytes && a->pss.bytes == b->pss.bytes &&
	       a->unique.bytes == b->unique.bytes;
}

/*
 * After fork both share their pages: what we write first becomes theirs alone. So it is measured
 * until that does not change any more.
 */
static int measure_steady(
	struct procmon_connection *connection, pid_t pid, struct memory_reading *ret_reading)
{
	struct memory_reading before;
	int code = measure_since(connection, pid, clock_now_ns(), ret_reading);

	for (int i = 0; code == EXIT_DONE && i < STEADY_TRIES; i++) {
		before = *ret_reading;
		code = measure_since(connection, pid, clock_now_ns(), ret_reading);
		if (is_same(&before.process, &ret_reading->process))
			break;
	}
	return code;
}

static int tell_error(const struct experiment_case *what, const char *directory, int error)
{
	bool is_file = what->kind == KIND_FILE_PRIVATE || what->kind == KIND_FILE_SHARED;

	complain("cannot allocate %s%s%s: %s", allocation_kind_name(what->kind),
		is_file ? " in " : "", is_file ? directory : "", strerror(-error));
	return EXIT_FAILED;
}

/* The other process is there before the connection, and so has no part in it. */
static int run_case(const struct options *options, size_t size, const char *directory,
	struct experiment_case *what)
{
	struct procmon_connection *connection = NULL;
	struct subject_process process = {0};
	int error = begin(&process, what, size, directory), code = EXIT_DONE;

	if (!error)
		code = attach_server(options, attach_flags(options), &connection);
	if (!error && code == EXIT_DONE)
		code = measure_steady(connection, process.pid, &what->before);
	if (!error && code == EXIT_DONE)
		error = order(&process);
	uint64_t done_ns = clock_now_ns();
	if (!error && code == EXIT_DONE)
		code = measure_since(connection, process.pid, done_ns, &what->after);
	if (error)
		code = tell_error(what, directory, error);
	end(&process);
	procmon_release(connection);
	return code;
}

/* --------------------------------------------------------------------------- preparations */

/* What there is for everybody, and which kernel counts. */
static int ask_host(const struct options *options, struct experiment *self)
{
	const struct options question = {.table = "system"};
	struct procmon_connection *connection = NULL;
	char available[] = "mem.available", system[] = "host.system", release[] = "host.kernel";
	char *names[] = {available, system, release};
	struct procmon_value values[3] = {0};
	struct procmon_table *table = NULL;
	struct subject subject = {0};
	int code = attach_server(options, attach_flags(options), &connection);

	if (code == EXIT_DONE)
		code = subject_init_exact(&subject, connection, &question, names, 3);

	if (code == EXIT_DONE)
		code = shot_take(connection, &subject, &table);
	for (size_t i = 0; code == EXIT_DONE && i < 3; i++)
		procmon_row_get_value(procmon_table_get_row(table, 0),
			subject.columns.items[i]->id, &values[i]);
	if (code == EXIT_DONE) {
		self->available = values[0].state == PROCMON_OK ? values[0].u64 : UINT64_MAX;
		self->kernel = xasprintf("%s %s",
			values[1].state == PROCMON_OK ? values[1].text : "unknown",
			values[2].state == PROCMON_OK ? values[2].text : "kernel");
	}
	procmon_release(table);
	subject_finish(&subject);
	procmon_release(connection);
	return code;
}

/* A machine that runs out of memory kills others. */
static int check_room(const struct experiment *self)
{
	char wanted[FORMAT_MAX], available[FORMAT_MAX];
	struct procmon_value value = sheet_u64(self->size);

	if (self->size <= self->available / 2)
		return EXIT_DONE;
	memcpy(wanted, format_value(available, PROCMON_BYTES, &value), sizeof wanted);
	value = sheet_u64(self->available);
	complain("--size %s is more than half of the memory that is available, %s", wanted,
		format_value(available, PROCMON_BYTES, &value));
	return EXIT_FAILED;
}

static void add_cases(
	struct experiment *self, enum allocation_kind kind, const struct experiment_wish *wish)
{
	const bool chosen[ALLOCATION_ACTIONS] = {
		[ACTION_READ] = wish->read,
		[ACTION_WRITE] = wish->write,
		[ACTION_FREE] = wish->free,
	};
	bool any = wish->read || wish->write || wish->free;

	for (int i = 0; i < ALLOCATION_ACTIONS; i++)
		if (any ? chosen[i] : self->is_whole || i == ACTION_NOTHING)
			self->cases[self->case_count++] = (struct experiment_case){
				.kind = kind, .action = (enum allocation_action)i};
}

/* Which cases are wished. */
static int choose(struct experiment *self, const struct experiment_wish *wish)
{
	enum allocation_kind kind = allocation_find_kind(wish->kind);

	self->size = wish->size ? wish->size : SIZE_DEFAULT;
	self->is_whole = strcmp(wish->kind, "all") == 0;
	if (wish->read + wish->write + wish->free > 1) {
		complain("one of --read, --write and --free");
		return EXIT_USAGE;
	}
	if (kind != ALLOCATION_KINDS)
		add_cases(self, kind, wish);
	for (int i = 0; self->is_whole && i < ALLOCATION_KINDS; i++)
		add_cases(self, (enum allocation_kind)i, wish);
	if (self->case_count > 0)
		return EXIT_DONE;
	complain("there is no experiment \"%s\": use malloc, anon, file-private, file-shared, "
		 "shm or all",
		wish->kind);
	return EXIT_USAGE;
}

int experiment_run(const struct experiment_wish *wish, const struct options *options)
{
	const char *directory = getenv("TMPDIR");
	struct experiment self = {0};
	int code = choose(&self, wish);

	if (!directory || !*directory)
		directory = "/tmp";
	if (code == EXIT_DONE)
		code = ask_host(options, &self);
	if (code == EXIT_DONE)
		code = check_room(&self);
	for (size_t i = 0; code == EXIT_DONE && i < self.case_count; i++)
		code = run_case(options, self.size, directory, &self.cases[i]);
	if (code == EXIT_DONE)
		code = experiment_write(&self, options);
	free(self.kernel);
	return code;
}

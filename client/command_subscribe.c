/*
 * The main job: a table, again and again. On a terminal it is drawn in place; into a pipe
 * every frame is written as it comes.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "command.h"
#include "live.h"
#include "screen.h"
#include "subject.h"

#define PATIENCE_NS UINT64_C(2000000000)

static const char defaults[] = "cpu.usage,mem,disk";

struct subscribe {
	const struct options *options;
	uint64_t interval_ns;
	struct live live;
	struct procmon_connection *connection; /* the subject's; it may be over */
	struct procmon_request *request;
	struct subject subject;
	struct writer writer;        /* begun with the first connection */
	struct procmon_table *table; /* the latest frame, and what is shown of it */
	struct sheet sheet;
	uint32_t frames;
};

/* What is seen must not pass for new when it is three intervals old. At short intervals a server
 * that merely has much to do is given more time. */
static void expect_frame(struct subscribe *self)
{
	uint64_t within_ns = self->interval_ns / 2 * 5;

	live_expect(&self->live, within_ns > PATIENCE_NS ? within_ns : PATIENCE_NS);
}

static void forget_frame(struct subscribe *self)
{
	sheet_finish(&self->sheet);
	procmon_release(self->table);
	self->table = NULL;
}

static void keep_frame(struct subscribe *self, struct procmon_table *table)
{
	forget_frame(self);
	self->table = procmon_retain(table);
	subject_fill(&self->subject, &self->sheet, &table);
	self->sheet.interval_ns = self->interval_ns;
	subject_arrange(&self->subject, &self->sheet, true);
}

/* The latest frame to the writer's file. */
static void write_frame(struct subscribe *self)
{
	self->writer.width = screen_width();
	writer_sheet(&self->writer, &self->sheet);
}

/* The latest frame as one text, as high as the screen; to be freed. */
static char *draw(struct subscribe *self)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return NULL;
	self->writer.file = memory;
	self->writer.height = screen_height();
	write_frame(self);
	fclose(memory);
	self->writer.file = stdout;
	return text;
}

static void redraw(struct subscribe *self)
{
	char *text = self->table ? draw(self) : NULL;

	if (text) {
		screen_enter(); /* not before there is something to show */
		screen_show(text);
	}
	free(text);
}

/* What was seen last stays, on the user's own screen. */
static void leave_screen(struct subscribe *self)
{
	if (!screen_leave() || !self->table)
		return;
	self->writer.bold = false;
	char *text = draw(self);
	fputs(text ? text : "", stdout);
	free(text);
}

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	struct subscribe *self = context;
	bool first = self->frames == 0;

	(void)request;
	if (first && self->subject.table == PROCMON_PROCESS &&
		attach_check_pids(self->options, table) != EXIT_DONE) {
		live_end(&self->live, EXIT_NO_PROCESS);
		return;
	}
	keep_frame(self, table);
	expect_frame(self);
	self->frames++;
	if (self->live.screen)
		redraw(self);
	else
		write_frame(self);
	/* The last of the processes has ended: nothing else will ever come. */
	bool over = self->options->pid_count > 0 && self->sheet.row_count == 0 &&
		    self->subject.table == PROCMON_PROCESS;
	int output = finish_output();
	if (ferror(stdout))
		live_end(&self->live, output);
	else if (over || self->frames == self->options->count)
		live_end(&self->live, EXIT_DONE);
}

static void on_error(
	struct procmon_request *request, int error, const char *text, void *context)
{
	struct subscribe *self = context;

	(void)request;
	/* the loop sees by itself that the connection is over */
	if (error == -ECONNRESET || error == -ESHUTDOWN || error == -EPROTO)
		return;
	/* the target has ended: as when the last of --pid has */
	if (error == -ESRCH && self->frames > 0) {
		live_end(&self->live, EXIT_DONE);
		return;
	}
	if (self->live.screen)
		screen_leave();
	if (error == -ESRCH)
		complain("there is no process %u", self->options->pids[0]);
	else
		complain("%s", *text ? text : strerror(-error));
	live_end(&self->live, attach_exit_code(error));
}

/* Lets go of what came from the connection before. */
static void forget(struct subscribe *self)
{
	forget_frame(self);
	subject_finish(&self->subject);
	procmon_release(self->connection);
	self->connection = NULL;
}

static void begin(struct subscribe *self)
{
	begin_output(&self->writer, self->options, WRITER_SERIES);
	self->writer.bold = self->live.screen;
}

/* One live table can only be about one process. Returns EXIT_DONE or EXIT_USAGE. */
static int find_target(const struct subject *subject, uint32_t *ret_target)
{
	const struct options *options = subject->options;

	if (!subject_is_targeted(subject->table))
		return EXIT_DONE;
	if (options->pid_count != 1) {
		complain("table \"%s\" can be watched for one process: --pid takes exactly one",
			procmon_table_name(subject->table));
		return EXIT_USAGE;
	}
	*ret_target = options->pids[0];
	return EXIT_DONE;
}

static int on_connected(struct procmon_connection *connection, void *context)
{
	struct subscribe *self = context;

	forget(self);
	self->connection = procmon_retain(connection);
	int code = subject_init(&self->subject, connection, self->options, defaults);
	uint32_t target = 0;
	if (code == EXIT_DONE)
		code = find_target(&self->subject, &target);
	if (code == EXIT_DONE)
		code = attach_request(connection, &self->subject, target, on_table, on_error,
			self, &self->request);
	if (code != EXIT_DONE)
		return code;
	procmon_request_set_interval(self->request, self->interval_ns);
	int error = procmon_request_execute(self->request);
	if (error < 0) {
		complain("cannot send the request: %s", strerror(-error));
		return attach_exit_code(error);
	}
	expect_frame(self);
	if (!self->writer.format)
		begin(self);
	return EXIT_DONE;
}

static void on_silence(struct subscribe *self)
{
	self->sheet.stale = true;
	if (self->live.screen && self->table)
		redraw(self);
	else
		complain("the server does not answer; waiting for it");
}

static void on_happened(enum live_event event, void *context)
{
	struct subscribe *self = context;

	switch (event) {
	case LIVE_RESIZED:
		redraw(self);
		break;
	case LIVE_SILENT:
		on_silence(self);
		break;
	case LIVE_LOST:
		procmon_release(self->request);
		self->request = NULL;
	}
}

/* As if the signal had come to a program that does not catch it: the shell must know. */
static void die_of(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

static int run(const struct options *options)
{
	struct subscribe self = {.options = options,
		.interval_ns = options->interval_ns ? options->interval_ns : 1000000000};
	bool table = !options->format || strcmp(options->format, "table") == 0;

	self.live = (struct live){.options = options,
		.connected = on_connected,
		.happened = on_happened,
		.context = &self,
		.screen = table && screen_is_live()};
	int code = live_run(&self.live);
	leave_screen(&self);
	if (self.writer.format)
		writer_end(&self.writer);
	if (!ferror(stdout) && code == EXIT_DONE)
		code = finish_output();
	forget(&self);
	if (self.live.signal)
		die_of(self.live.signal);
	return code;
}

const struct command command_subscribe = {
	.name = "subscribe",
	.arguments = "",
	.options = "table attrs interval count pid children exits sort top cpu units output "
		   "no-header time states no-start",
	.summary = "a table again and again, live",
	.text = "Shows a table at every interval. On a terminal it is drawn in "
		"place, sorted by the first number with a unit unless --sort is "
		"given, and 'q' ends it; otherwise every frame is written out. The "
		"first frame has no rates yet.",
	.examples = "  procctl subscribe --attrs mem,gpu\n"
		    "  procctl subscribe --attrs cpu.usage,disk -i 500ms\n"
		    "  procctl subscribe --attrs mem.footprint --pid 1234 -n 10 -o csv\n"
		    "  procctl subscribe -a cpu.usage -o jsonl | jq "
		    "'select(.[\"cpu.usage\"] > 0.5)'\n",
	.run = run,
};

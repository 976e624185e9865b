/* Asking about many processes: a few at a time, for a session may only have so many requests. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"
#include "command.h"
#include "footprint_rows.h"
#include "shot.h"

enum {
	REQUESTS_MAX = 16, /* that a session may have */
	QUIET_MS = 1000,   /* until progress is shown */
	LOOK_MS = 1000,    /* between two looks at who is idle */
};

/* -------------------------------------------------------------------------- progress */

static void show_progress(uint64_t start_ms, size_t done, size_t count)
{
	if (isatty(STDERR_FILENO) && clock_now_ms() - start_ms >= QUIET_MS)
		fprintf(stderr, "\r%zu of %zu processes", done, count);
}

static void clear_progress(uint64_t start_ms)
{
	if (isatty(STDERR_FILENO) && clock_now_ms() - start_ms >= QUIET_MS)
		fputs("\r\033[K", stderr);
}

/* ----------------------------------------------------------------------------- asking */

/* The shots of some processes. */
struct batch {
	struct footprint_source *source;
	const struct target *const *targets;
	size_t count;
	bool regions;
	uint32_t pids[REQUESTS_MAX];
	struct shot shots[REQUESTS_MAX];
	size_t shot_count;
};

static int ask(struct batch *self, enum footprint_question question, uint32_t target)
{
	struct shot *shot = &self->shots[self->shot_count++];
	int code = shot_begin(
		shot, self->source->connection, &self->source->subjects[question], target);

	shot->quiet = true;
	return code;
}

/* Shot 0 is about all of them, then each has one or two of its own. */
static struct shot *shots_of(struct batch *self, size_t index)
{
	return &self->shots[1 + index * (1 + self->regions)];
}

static int ask_all(struct batch *self)
{
	struct options *options = &self->source->options[ASK_PROCESSES];
	int code;

	for (size_t i = 0; i < self->count; i++)
		self->pids[i] = self->targets[i]->pid;
	options->pids = self->pids;
	options->pid_count = self->count;
	code = ask(self, ASK_PROCESSES, 0);
	for (size_t i = 0; code == EXIT_DONE && i < self->count; i++) {
		code = ask(self, ASK_CATEGORIES, self->pids[i]);
		if (code == EXIT_DONE && self->regions)
			code = ask(self, ASK_REGIONS, self->pids[i]);
	}
	if (code == EXIT_DONE)
		code = shot_wait(self->source->connection, self->shots, self->shot_count);
	options->pids = NULL;
	options->pid_count = 0;
	return code;
}

/* ---------------------------------------------------------------------------- reading */

static const struct procmon_row *find_row(struct procmon_table *table, uint32_t pid)
{
	for (size_t i = 0; table && i < procmon_table_get_count(table); i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i);
		if (procmon_row_get_pid(row) == pid)
			return row;
	}
	return NULL;
}

/* Is there an answer? Otherwise it is counted why not. */
static bool has_answer(struct footprint *self, const struct shot *shots, size_t count,
	const struct target *target)
{
	int error = 0;
	const char *text = "";

	for (size_t i = 0; i < count && !error; i++) {
		error = shots[i].error;
		text = error && shots[i].text ? shots[i].text : "";
	}
	if (error == -ESRCH) {
		self->gone++;
	} else if (error == -EACCES) {
		self->first_denied = self->denied++ ? self->first_denied : target;
	} else if (error) {
		self->failed++;
		complain("process %" PRIu32 ": %s", target->pid,
			*text ? text : strerror(-error));
	}
	return error == 0;
}

/* Is it not to be shown? It is counted why not. */
static bool leave_out(struct footprint *self, const struct footprint_process *process,
	const struct target *target, const struct footprint_wish *wish)
{
	bool empty = process->category_count == 0 && !process->incomplete;
	bool small = !empty && process->total.of[AMOUNT_DIRTY] < wish->minimum;

	if (empty)
		self->first_empty = self->empty++ ? self->first_empty : target;
	self->small += small;
	return empty || small;
}

struct gathering {
	struct footprint *footprint;
	struct footprint_uses uses;
	const struct footprint_wish *wish;
	size_t capacity;
};

static void add_process(struct gathering *self, struct batch *batch, size_t index)
{
	const struct subject *subjects = batch->source->subjects;
	const struct target *target = batch->targets[index];
	struct footprint *footprint = self->footprint;
	struct shot *shots = shots_of(batch, index);
	const struct procmon_row *row = find_row(batch->shots[0].table, target->pid);
	struct footprint_process process = {.pid = target->pid, .name = target_name(target)};
	size_t uses = self->uses.count;

	if (!has_answer(footprint, shots, 1 + batch->regions, target))
		return;
	if (!row) {
		footprint->gone++;
		return;
	}
	footprint_read_categories(&process, &subjects[ASK_CATEGORIES], shots[0].table);
	if (batch->regions)
		footprint_read_uses(footprint, &process, &subjects[ASK_REGIONS], shots[1].table,
			&self->uses);
	if (self->wish->regions)
		footprint_read_regions(&process, &subjects[ASK_REGIONS], shots[1].table);
	footprint_read_process(&process, &subjects[ASK_PROCESSES], row);
	if (leave_out(footprint, &process, target, self->wish)) {
		self->uses.count = uses;
		footprint_process_finish(&process);
		return;
	}
	footprint->processes[footprint->count++] = process;
}

static int gather_batch(struct gathering *self, struct batch *batch)
{
	int code = ask_all(batch);

	for (size_t i = 0; code == EXIT_DONE && i < batch->count; i++)
		add_process(self, batch, i);
	for (size_t i = 0; i < batch->shot_count; i++)
		shot_finish(&batch->shots[i]);
	return code;
}

static int gather_system(struct footprint *self, struct footprint_source *source)
{
	struct procmon_table *table = NULL;
	int code = shot_take(source->connection, &source->subjects[ASK_SYSTEM], &table);

	if (code == EXIT_DONE)
		footprint_read_system(self, &source->subjects[ASK_SYSTEM], table);
	procmon_release(table);
	return code;
}

int footprint_gather(struct footprint *self, struct footprint_source *source,
	const struct target *const *targets, size_t count, const struct footprint_wish *wish)
{
	uint64_t start_ms = clock_now_ms();
	struct gathering gathering = {.footprint = self, .wish = wish};
	bool regions = wish->regions || count > 1;
	size_t step = (REQUESTS_MAX - 1) / (1 + regions);
	int code = EXIT_DONE;

	*self = (struct footprint){.realtime_ns = clock_read_ns(CLOCK_REALTIME)};
	self->processes = xcalloc(count + 1, sizeof *self->processes);
	for (size_t i = 0; code == EXIT_DONE && i < count; i += step) {
		struct batch batch = {.source = source, .targets = targets + i};

		batch.regions = regions;
		batch.count = count - i < step ? count - i : step;
		code = gather_batch(&gathering, &batch);
		show_progress(start_ms, i + batch.count, count);
	}
	clear_progress(start_ms);
	if (code == EXIT_DONE && wish->system)
		code = gather_system(self, source);
	sharing_init(&self->sharing, gathering.uses.items, gathering.uses.count);
	footprint_arrange(self, wish->sort);
	return code;
}

/* --------------------------------------------------------------------------- dropping */

static int look(struct footprint_source *source, struct procmon_table **ret_table)
{
	return shot_take(source->connection, &source->subjects[ASK_ACTIVITY], ret_table);
}

static bool same_cpu(const struct subject *subject, const struct procmon_row *first,
	const struct procmon_row *second)
{
	struct procmon_value before = footprint_value(subject, first, ACTIVITY_CPU);
	struct procmon_value after = footprint_value(subject, second, ACTIVITY_CPU);

	return before.state == PROCMON_OK && after.state == PROCMON_OK &&
	       before.u64 == after.u64;
}

/* Who is not in both tables has come or gone meanwhile, and is not idle. */
static bool shall_drop(const struct subject *subject, struct procmon_table *first,
	struct procmon_table *second, uint32_t pid, bool empty)
{
	const struct procmon_row *before = find_row(first, pid);
	const struct procmon_row *after = second ? find_row(second, pid) : NULL;

	if (before && empty &&
		footprint_value(subject, before, ACTIVITY_VIRTUAL).state == PROCMON_NONE)
		return true;
	return before && after && same_cpu(subject, before, after);
}

int footprint_drop(struct footprint_source *self, const struct targets *targets, bool *marks,
	bool empty, bool idle)
{
	struct procmon_table *first = NULL, *second = NULL;
	int code = empty || idle ? look(self, &first) : EXIT_DONE;

	if (code == EXIT_DONE && idle) {
		const struct timespec pause = {.tv_sec = LOOK_MS / 1000};
		nanosleep(&pause, NULL);
		code = look(self, &second);
	}
	for (size_t i = 0; code == EXIT_DONE && first && i < targets->count; i++)
		if (marks[i] && shall_drop(&self->subjects[ASK_ACTIVITY], first, second,
					targets->items[i].pid, empty))
			marks[i] = false;
	procmon_release(first);
	procmon_release(second);
	return code;
}

/* What works on this host, what does not, and what to do about it. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "alloc.h"
#include "attach.h"
#include "checkup.h"
#include "command.h"
#include "legend.h"
#include "questions.h"
#include "shot.h"
#include "subject.h"

static const struct procmon_attribute *const check_columns[] = {
	SHEET_COLUMN("check", PROCMON_TEXT),
	SHEET_COLUMN("state", PROCMON_TEXT),
	SHEET_COLUMN("detail", PROCMON_TEXT),
	SHEET_COLUMN("remedy", PROCMON_TEXT),
};

/* For programs: an attribute a row, with the number of rows in each state. */
static const struct procmon_attribute *const attribute_columns[] = {
	SHEET_COLUMN("table", PROCMON_TEXT),
	SHEET_COLUMN("name", PROCMON_TEXT),
	SHEET_COLUMN("state", PROCMON_TEXT),
	SHEET_COLUMN("reason", PROCMON_TEXT),
	SHEET_COLUMN("remedy", PROCMON_TEXT),
	SHEET_COLUMN("source", PROCMON_TEXT),
	SHEET_COLUMN("rows", PROCMON_U64),
	SHEET_COLUMN("ok", PROCMON_U64),
	SHEET_COLUMN("none", PROCMON_U64),
	SHEET_COLUMN("pending", PROCMON_U64),
	SHEET_COLUMN("denied", PROCMON_U64),
	SHEET_COLUMN("unsupported", PROCMON_U64),
	SHEET_COLUMN("asleep", PROCMON_U64),
	SHEET_COLUMN("failed", PROCMON_U64),
};
enum { FIRST_STATE = 7, STATES = PROCMON_FAILED + 1 };

/* For people: a table a row, and the causes below. */
static const struct procmon_attribute *const table_columns[] = {
	SHEET_COLUMN("table", PROCMON_TEXT),
	SHEET_COLUMN("rows", PROCMON_U64),
	SHEET_COLUMN("attributes", PROCMON_U64),
	SHEET_COLUMN("measured", PROCMON_U64),
	SHEET_COLUMN("denied", PROCMON_U64),
	SHEET_COLUMN("failed", PROCMON_U64),
};

/* A table of the server, with one sample of all its attributes. */
struct patient {
	struct options options;
	struct subject subject;
	struct shot *shot; /* NULL: it is not asked for */
	struct sheet sheet;
};

struct doctor {
	const struct options *options;
	struct procmon_connection *connection;
	struct patient patients[PROCMON_SESSION + 1]; /* by table */
	struct shot shots[PROCMON_SESSION];
	size_t shot_count;
	size_t lost; /* tables that were refused */
	struct sheet checks, attributes, tables;
	size_t wrong;          /* checks */
	size_t here, hindered; /* attributes that this host has, that could do more */
	size_t others;         /* that no host of this system has */
	const char *features;  /* see struct checkup */
};

/* ------------------------------------------------------------------------ sampling */

/* Asks for a whole table. Those about one process have rows only for one who says which. */
static int examine(struct doctor *self, uint32_t id)
{
	struct patient *patient = &self->patients[id];
	struct choice all = {0};

	subject_list(&all, self->connection, id);
	bool known = all.count > 0;
	choice_finish(&all);
	if (!known)
		return EXIT_DONE; /* an id of a table that this server does not have */
	patient->options = *self->options;
	patient->options.table = procmon_table_name(id);
	int code = subject_init_whole(&patient->subject, self->connection, &patient->options);
	if (code != EXIT_DONE || patient->subject.columns.count == 0 || subject_is_targeted(id))
		return code;
	patient->shot = &self->shots[self->shot_count++];
	code = shot_begin(patient->shot, self->connection, &patient->subject, 0);
	patient->shot->hasty = true; /* that it is read is all that matters */
	return code;
}

/* All at once: a second sample of each takes its time. */
static int examine_all(struct doctor *self)
{
	int code = EXIT_DONE;

	for (uint32_t id = 1; code == EXIT_DONE && id <= PROCMON_SESSION; id++)
		code = examine(self, id);
	if (code == EXIT_DONE)
		code = shot_wait(self->connection, self->shots, self->shot_count);
	for (uint32_t id = 1; code == EXIT_DONE && id <= PROCMON_SESSION; id++) {
		struct patient *patient = &self->patients[id];
		if (patient->shot && patient->shot->error)
			self->lost++;
		else if (patient->shot)
			subject_fill(&patient->subject, &patient->sheet, &patient->shot->table);
	}
	return code;
}

static int reach(struct doctor *self, bool *ret_started)
{
	const struct options *options = self->options;
	int error = procmon_connect(options->socket, "procctl", 0, &self->connection, NULL);

	*ret_started = error < 0;
	return error == 0 ? EXIT_DONE
			  : attach_server(options, attach_flags(options), &self->connection);
}

/* ---------------------------------------------------------------------- attributes */

static size_t count_state(const struct sheet *sheet, size_t column, enum procmon_state state)
{
	size_t count = 0;

	for (size_t row = 0; row < sheet->row_count; row++)
		count += sheet_cell(sheet, row, column)->state == state;
	return count;
}

static void add_attribute(struct doctor *self, const struct patient *patient,
	const struct procmon_attribute *attribute)
{
	const struct sheet *from = &patient->sheet;
	size_t column = sheet_find_column(from, attribute->name);
	struct procmon_value *row = sheet_add_row(&self->attributes);

	row[0] = sheet_text(procmon_table_name(attribute->table));
	row[1] = sheet_text(attribute->name);
	row[2] = sheet_text(procmon_state_name(attribute->state));
	row[3] = sheet_text_or_none(attribute->reason);
	row[4] = sheet_text_or_none(attribute->remedy);
	row[5] = sheet_text_or_none(attribute->source);
	if (column == from->column_count)
		return;
	row[6] = sheet_u64(from->row_count);
	for (size_t state = 0; state < STATES; state++)
		row[FIRST_STATE + state] =
			sheet_u64(count_state(from, column, (enum procmon_state)state));
}

static void judge(struct doctor *self, const struct patient *patient, uint32_t id)
{
	const struct subject *subject = &patient->subject;
	const struct sheet *from = &patient->sheet;
	struct procmon_value *row = sheet_add_row(&self->tables);
	size_t measured = 0, denied = 0, failed = 0;

	for (size_t i = 0; i < subject->available.count; i++)
		add_attribute(self, patient, subject->available.items[i]);
	for (size_t i = 0; i < subject->columns.count; i++) {
		bool here = subject->columns.items[i]->state == PROCMON_OK;
		measured += here;
		if (!here || i >= from->column_count)
			continue;
		denied += count_state(from, i, PROCMON_DENIED) > 0;
		failed += count_state(from, i, PROCMON_FAILED) > 0;
	}
	row[0] = sheet_text(procmon_table_name(id));
	row[1] = sheet_u64(from->row_count);
	row[2] = sheet_u64(subject->available.count);
	row[3] = sheet_u64(measured);
	row[4] = sheet_u64(denied);
	row[5] = sheet_u64(failed);
	self->here += measured;
	self->hindered += denied;
	self->others += subject->available.count - subject->columns.count;
}

/* The causes, each with the attributes that it is about, below the tables. */
static void explain(struct doctor *self, const struct patient *patient)
{
	char **lines = NULL;
	size_t count = legend_make(&patient->sheet, &lines);
	bool process = patient->subject.table == PROCMON_PROCESS;

	for (size_t i = 0; i < count; i++)
		sheet_add_note(
			&self->tables, xasprintf("%s%s%s", process ? "" : patient->sheet.name,
					       process ? "" : ": ", lines[i]));
	legend_free(lines, count);
}

static void conclude(struct doctor *self)
{
	sheet_init(&self->attributes, "attributes", attribute_columns,
		sizeof attribute_columns / sizeof *attribute_columns);
	sheet_init(&self->tables, "tables", table_columns,
		sizeof table_columns / sizeof *table_columns);
	for (uint32_t id = 1; id <= PROCMON_SESSION; id++)
		if (self->patients[id].subject.available.count > 0)
			judge(self, &self->patients[id], id);
	for (uint32_t id = 1; id <= PROCMON_SESSION; id++)
		explain(self, &self->patients[id]);
	if (self->others)
		sheet_add_note(&self->tables,
			xasprintf("%zu attribute%s cannot be measured on this system: "
				  "'procctl attributes -t all' says why",
				self->others, self->others == 1 ? "" : "s"));
}

/* -------------------------------------------------------------------------- checks */

/* A cell of the row of a table that has this in that column; NULL: no such, or no value. */
static const struct procmon_value *find(
	const struct sheet *sheet, const char *key, uint64_t pid, const char *name)
{
	size_t at = sheet_find_column(sheet, key), column = sheet_find_column(sheet, name);

	for (size_t row = 0; at < sheet->column_count && column < sheet->column_count &&
			     row < sheet->row_count;
		row++) {
		const struct procmon_value *cell = sheet_cell(sheet, row, at);
		bool same =
			cell->type == PROCMON_TEXT
				? cell->state == PROCMON_OK && strcmp(cell->text, "total") == 0
				: cell->u64 == pid;
		const struct procmon_value *value = sheet_cell(sheet, row, column);
		if (same)
			return value->state == PROCMON_OK ? value : NULL;
	}
	return NULL;
}

static uint64_t number(const struct procmon_value *value, uint64_t otherwise)
{
	return value ? value->u64 : otherwise;
}

/* A server that we started has our limit; of others it may not be known. */
static uint64_t own_files_limit(bool started)
{
	struct rlimit limit;

	return started && getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 0;
}

static void check(struct doctor *self, bool started)
{
	const struct procmon_server *server = procmon_get_server(self->connection);
	const struct sheet *processes = &self->patients[PROCMON_PROCESS].sheet;
	const struct sheet *servers = &self->patients[PROCMON_SERVER].sheet;
	const struct procmon_value *features = find(servers, "name", 0, "features");
	char path[ATTACH_PATH_MAX], *log = NULL;

	attach_get_path(self->connection, path);
	const char *slash = strrchr(path, '/');
	if (slash)
		log = xasprintf("%.*s/log", (int)(slash - path), path);
	const struct checkup checkup = {
		.server = server,
		.socket = path,
		.started = started,
		.features = features ? features->text : NULL,
		.processes = processes->row_count,
		.files_limit = number(find(processes, "pid", server->pid, "limit.files"),
			own_files_limit(started)),
		.workers_stuck = number(find(servers, "name", 0, "workers_stuck"), 0),
		.mounts = "/proc/self/mounts",
		.log = log,
	};
	self->features = checkup.features;
	sheet_init(&self->checks, "checks", check_columns,
		sizeof check_columns / sizeof *check_columns);
	self->wrong = checkup_run(&checkup, &self->checks);
	free(log);
}

/* -------------------------------------------------------------------------- output */

/* For people the remedies stand below: most checks have none. */
static void write_checks(struct doctor *self, struct writer *writer)
{
	struct sheet *from = &self->checks, shown;

	if (writer->format != &format_table) {
		writer_sheet(writer, from);
		return;
	}
	sheet_init(&shown, "checks", check_columns, 3);
	for (size_t row = 0; row < from->row_count; row++) {
		const struct procmon_value *cells = sheet_cell(from, row, 0);
		memcpy(sheet_add_row(&shown), cells, 3 * sizeof *cells);
		if (cells[3].state == PROCMON_OK)
			sheet_add_note(
				&shown, xasprintf("%s: %s", cells[0].text, cells[3].text));
	}
	writer_sheet(writer, &shown);
	sheet_finish(&shown);
}

static void write(struct doctor *self)
{
	struct writer writer;

	begin_output(&writer, self->options, WRITER_KEYED);
	writer.wrap = true;
	bool table = writer.format == &format_table;
	write_checks(self, &writer);
	writer_sheet(&writer, table ? &self->tables : &self->attributes);
	writer_end(&writer);
	if (!table)
		return;
	printf("\n%zu of %zu attributes are measured without exception",
		self->here - self->hindered, self->here);
	if (self->wrong)
		printf("; %zu check%s failed", self->wrong, self->wrong == 1 ? "" : "s");
	putchar('\n');
	/* Of other systems all is known. */
	if (self->features && strncmp(self->features, "macOS", 5) == 0) {
		printf("\nfor a bug report, what only this machine can answer:\n");
		questions_print();
	}
}

static int run(const struct options *options)
{
	struct doctor self = {.options = options};
	bool started = false;
	int code = reach(&self, &started);

	if (code == EXIT_DONE)
		code = examine_all(&self);
	if (code == EXIT_DONE) {
		conclude(&self);
		check(&self, started);
		write(&self);
		code = finish_output();
	}
	if (code == EXIT_DONE && (self.wrong || self.hindered || self.lost))
		code = EXIT_FAILED;
	sheet_finish(&self.checks);
	sheet_finish(&self.attributes);
	sheet_finish(&self.tables);
	for (uint32_t id = 1; id <= PROCMON_SESSION; id++) {
		sheet_finish(&self.patients[id].sheet);
		if (self.patients[id].shot)
			shot_finish(self.patients[id].shot);
		subject_finish(&self.patients[id].subject);
	}
	procmon_release(self.connection);
	return code;
}

const struct command command_doctor = {
	.name = "doctor",
	.arguments = "",
	.options = "output no-header states no-start",
	.summary = "what does not work here, and what to do about it",
	.text = "Looks at the server and its surroundings, reads every attribute of "
		"every table once, also what is slow, and says what is denied or "
		"not measured, why, and what to do. On macOS the server asks the "
		"machine what only it can answer, and that takes some seconds: the "
		"answers belong into a bug report. The exit code is 1 when "
		"something could be better. json and csv have the counts of each "
		"attribute.",
	.examples = "  procctl doctor\n"
		    "  procctl doctor -o json | jq '.attributes.rows[] | "
		    "select(.denied > 0).name'\n",
	.run = run,
};

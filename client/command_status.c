/* What the server does, for whom, and what that costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "format.h"
#include "shot.h"
#include "subject.h"

/* The server as the connection knows it. */
static const struct procmon_attribute *const connection_columns[] = {
	SHEET_COLUMN("pid", PROCMON_U64),
	SHEET_COLUMN("version", PROCMON_TEXT),
	SHEET_COLUMN("protocol", PROCMON_U64),
	SHEET_COLUMN("platform", PROCMON_TEXT),
	SHEET_COLUMN("socket", PROCMON_TEXT),
};

/* A row of a sheet turned on its side. */
static const struct procmon_attribute *const fact_columns[] = {
	SHEET_COLUMN("server", PROCMON_TEXT),
	SHEET_COLUMN("value", PROCMON_TEXT),
};

/* For people the longest text stands last. */
static const char session_columns[] =
	"session,client,client_pid,client_uid,request,request_table,interval,"
	"frames,bytes,held_back,encode_time,attributes";

struct status {
	struct procmon_connection *connection;
	struct writer writer;
	char socket[ATTACH_PATH_MAX];
	struct sheet connection_sheet, server, session;
	struct subject server_subject, session_subject;
	struct procmon_table *server_table, *session_table; /* hold the sheets' texts */
};

static void fill_connection(struct status *self)
{
	const struct procmon_server *server = procmon_get_server(self->connection);

	attach_get_path(self->connection, self->socket);
	sheet_init(&self->connection_sheet, "connection", connection_columns,
		sizeof connection_columns / sizeof *connection_columns);
	struct procmon_value *row = sheet_add_row(&self->connection_sheet);
	row[0] = sheet_u64(server->pid);
	row[1] = sheet_text(server->version);
	row[2] = sheet_u64(server->protocol);
	row[3] = sheet_text(server->platform);
	row[4] = sheet_text(self->socket);
}

/* A whole table of the server. */
static int fill(struct status *self, const char *name, const char *attributes,
	struct subject *subject, struct sheet *sheet, struct procmon_table **ret_table)
{
	const struct options whole = {.table = name, .attrs = attributes};
	int code = subject_init(subject, self->connection, &whole, NULL);

	if (code == EXIT_DONE)
		code = shot_take(self->connection, subject, ret_table);
	if (code != EXIT_DONE)
		return code;
	subject_fill(subject, sheet, ret_table);
	sheet_sort(sheet, &(struct sheet_key){0}, 1);
	return EXIT_DONE;
}

/* Our own session is left out: it ends with this command. */
static void drop_own_session(struct status *self)
{
	struct sheet *sheet = &self->session;
	size_t column = sheet_find_column(sheet, "session");
	size_t *kept = xcalloc(sheet->row_count, sizeof *kept), count = 0;
	uint64_t own = procmon_get_server(self->connection)->session;

	for (size_t row = 0; column < sheet->column_count && row < sheet->row_count; row++)
		if (sheet_cell(sheet, row, column)->u64 != own)
			kept[count++] = row;
	sheet_select(sheet, kept, count);
	free(kept);
}

/* Adds the values of a row, each in a line of its own; their texts are to be freed. */
static void add_facts(
	struct status *self, struct sheet *facts, const struct sheet *sheet, size_t row)
{
	char number[FORMAT_MAX];

	for (size_t i = 0; i < sheet->column_count; i++) {
		const struct procmon_value *value = sheet_cell(sheet, row, i);
		if (value->state != PROCMON_OK || strcmp(sheet->columns[i]->name, "name") == 0)
			continue;
		const char *text = !self->writer.human && format_exact(number, value)
					   ? number
					   : format_cell(number, sheet->columns[i], value);
		struct procmon_value *cells = sheet_add_row(facts);
		cells[0] = sheet_text(sheet->columns[i]->name);
		cells[1] = sheet_text(xstrdup(text));
	}
}

static bool is_total(const struct sheet *server, size_t row)
{
	size_t column = sheet_find_column(server, "name");

	if (column == server->column_count)
		return true; /* a server that counts itself as a whole only */
	const struct procmon_value *name = sheet_cell(server, row, column);
	return name->state == PROCMON_OK && strcmp(name->text, "total") == 0;
}

/* The server as a whole, as a list. */
static void write_facts(struct status *self)
{
	struct sheet facts;

	sheet_init(&facts, "server", fact_columns, sizeof fact_columns / sizeof *fact_columns);
	add_facts(self, &facts, &self->connection_sheet, 0);
	for (size_t row = 0; row < self->server.row_count; row++)
		if (is_total(&self->server, row))
			add_facts(self, &facts, &self->server, row);
	writer_sheet(&self->writer, &facts);
	for (size_t row = 0; row < facts.row_count; row++)
		free((char *)sheet_cell(&facts, row, 1)->text);
	sheet_finish(&facts);
}

static bool has_values(const struct sheet *sheet, size_t column)
{
	for (size_t row = 0; row < sheet->row_count; row++)
		if (!is_total(sheet, row) &&
			sheet_cell(sheet, row, column)->state == PROCMON_OK)
			return true;
	return false;
}

/* The sources, with those columns that are about sources. */
static void write_sources(struct status *self)
{
	const struct sheet *from = &self->server;
	struct sheet sources;
	struct choice columns = {0};

	for (size_t i = 0; i < from->column_count; i++)
		if (has_values(from, i))
			choice_add(&columns, from->columns[i]);
	sheet_init(&sources, "sources", columns.items, columns.count);
	for (size_t row = 0; row < from->row_count; row++) {
		if (is_total(from, row))
			continue;
		struct procmon_value *cells = sheet_add_row(&sources);
		for (size_t i = 0; i < columns.count; i++)
			cells[i] = *sheet_cell(
				from, row, sheet_find_column(from, columns.items[i]->name));
	}
	if (sources.row_count > 0)
		writer_sheet(&self->writer, &sources);
	sheet_finish(&sources);
	choice_finish(&columns);
}

static void write(struct status *self, const struct options *options)
{
	begin_output(&self->writer, options, WRITER_KEYED);
	self->writer.wrap = true;
	bool table = self->writer.format == &format_table;
	if (table) {
		write_facts(self);
		write_sources(self);
	} else {
		writer_sheet(&self->writer, &self->connection_sheet);
		writer_sheet(&self->writer, &self->server);
	}
	/* a head without a row would only raise the question */
	if (!table || self->session.row_count > 0)
		writer_sheet(&self->writer, &self->session);
	else
		printf("\nno clients but this one\n");
	writer_end(&self->writer);
}

static int run(const struct options *options)
{
	struct status self = {0};
	/* a server that had to be started would have nothing to tell */
	int code = attach_server(options, 0, &self.connection);

	if (code == EXIT_DONE)
		code = fill(&self, "server", "all", &self.server_subject, &self.server,
			&self.server_table);
	if (code == EXIT_DONE)
		code = fill(&self, "session", session_columns, &self.session_subject,
			&self.session, &self.session_table);
	if (code == EXIT_DONE) {
		fill_connection(&self);
		drop_own_session(&self);
		write(&self, options);
		code = finish_output();
	}
	sheet_finish(&self.connection_sheet);
	sheet_finish(&self.server);
	sheet_finish(&self.session);
	subject_finish(&self.server_subject);
	subject_finish(&self.session_subject);
	procmon_release(self.server_table);
	procmon_release(self.session_table);
	procmon_release(self.connection);
	return code;
}

const struct command command_status = {
	.name = "status",
	.arguments = "",
	.options = "units output no-header states",
	.summary = "what the server samples, for whom, at what cost",
	.text = "Shows the server, the kernel sources that it reads (table SERVER) "
		"and the requests of its clients (table SESSION) but those of this "
		"command. It does not start a server. json has an object with "
		"connection, server and session.",
	.examples = "  procctl status\n"
		    "  procctl status -o json | jq .session.rows\n",
	.run = run,
};

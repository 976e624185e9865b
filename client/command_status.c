/* What the server does, for whom, and what that costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "screen.h"
#include "subject.h"
#include "writer.h"

/* The server as the connection knows it. */
static const struct procmon_attribute *const server_columns[] = {
	SHEET_COLUMN("pid", PROCMON_U64),
	SHEET_COLUMN("version", PROCMON_TEXT),
	SHEET_COLUMN("protocol", PROCMON_U64),
	SHEET_COLUMN("platform", PROCMON_TEXT),
	SHEET_COLUMN("socket", PROCMON_TEXT),
};

/* Where the server listens, as it bound it; "" if it was handed a socket without a name. */
static void server_socket(struct procmon_connection *connection, char *out, size_t size)
{
	struct sockaddr_un address = {0};
	socklen_t length = sizeof address;

	out[0] = '\0';
	if (getpeername(procmon_get_fd(connection), (struct sockaddr *)&address, &length) == 0)
		snprintf(out, size, "%.*s", (int)sizeof address.sun_path, address.sun_path);
}

static void write_server(struct writer *writer, struct procmon_connection *connection)
{
	const struct procmon_server *server = procmon_get_server(connection);
	char socket[sizeof(struct sockaddr_un)];
	struct sheet sheet;

	server_socket(connection, socket, sizeof socket);
	sheet_init(&sheet, "connection", server_columns,
		sizeof server_columns / sizeof *server_columns);
	struct procmon_value *row = sheet_add_row(&sheet);
	row[0] = sheet_u64(server->pid);
	row[1] = sheet_text(server->version);
	row[2] = sheet_u64(server->protocol);
	row[3] = sheet_text(server->platform);
	row[4] = sheet_text(socket);
	writer_sheet(writer, &sheet);
	sheet_finish(&sheet);
}

/* Our own session is left out: it ends with this command. */
static void drop_session(struct sheet *sheet, uint32_t session)
{
	size_t column = sheet_find_column(sheet, "session"), kept = 0;

	if (column == sheet->column_count)
		return;
	for (size_t row = 0; row < sheet->row_count; row++) {
		if (sheet_cell(sheet, row, column)->u64 == session)
			continue;
		memmove(sheet_cell(sheet, kept++, 0), sheet_cell(sheet, row, 0),
			sheet->column_count * sizeof *sheet->cells);
	}
	sheet->row_count = kept;
}

/* A whole table of the server. */
static int write_table(struct writer *writer, struct procmon_connection *connection,
	const struct options *options, const char *name)
{
	struct options whole = {.table = name};
	struct procmon_table *table = NULL;
	struct subject subject = {0};
	struct sheet sheet;
	int code = subject_init(&subject, connection, &whole, NULL);

	(void)options;
	if (code == EXIT_DONE)
		code = attach_sample(connection, &whole, subject.table, &subject.columns,
			subject_has_rate(&subject), &table);
	if (code == EXIT_DONE) {
		sheet_init(&sheet, name, subject.columns.items, subject.columns.count);
		sheet_fill(&sheet, table);
		if (subject.table == PROCMON_SESSION)
			drop_session(&sheet, procmon_get_server(connection)->session);
		subject_arrange(&subject, &sheet, 0);
		writer_sheet(writer, &sheet);
		sheet_finish(&sheet);
	}
	procmon_release(table);
	subject_finish(&subject);
	return code;
}

static int run(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	struct writer writer;
	/* a server that had to be started would have nothing to tell */
	int code = attach_server(options, 0, &connection);

	if (code != EXIT_DONE)
		return code;
	writer_begin(&writer, writer_find_format(options->format ? options->format : "table"),
		stdout, WRITER_KEYED);
	writer.width = screen_width();
	write_server(&writer, connection);
	code = write_table(&writer, connection, options, "server");
	if (code == EXIT_DONE)
		code = write_table(&writer, connection, options, "session");
	writer_end(&writer);
	procmon_release(connection);
	return code == EXIT_DONE ? finish_output() : code;
}

const struct command command_status = {
	.name = "status",
	.arguments = "",
	.options = "o2",
	.summary = "what the server samples, for whom, at what cost",
	.text = "Shows the server, the kernel sources that it reads (table SERVER; the row "
		"\"total\"\n"
		"is the server as a whole) and the requests of its clients (table SESSION) "
		"except\n"
		"those of this command. It does not start a server.",
	.examples = "  procctl status\n"
		    "  procctl status -o json | jq .session.rows\n",
	.run = run,
};

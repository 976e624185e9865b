/* Everything about one process. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "explain.h"
#include "format.h"
#include "legend.h"
#include "oneshot.h"

/* For programs: an attribute a row. */
static const struct procmon_attribute *const full_columns[] = {
	SHEET_COLUMN("name", PROCMON_TEXT),
	SHEET_COLUMN("value", PROCMON_TEXT),
	SHEET_COLUMN("unit", PROCMON_TEXT),
	SHEET_COLUMN("state", PROCMON_TEXT),
	SHEET_COLUMN("why", PROCMON_TEXT),
	SHEET_COLUMN("age", PROCMON_U64),
	SHEET_COLUMN("source", PROCMON_TEXT),
	SHEET_COLUMN("text", PROCMON_TEXT),
};

/* For people: what is longest stands last. */
static const struct procmon_attribute *const short_columns[] = {
	SHEET_COLUMN("attribute", PROCMON_TEXT),
	SHEET_COLUMN("from", PROCMON_TEXT),
	SHEET_COLUMN("value", PROCMON_TEXT),
};

/*
 * A section begins with the first attribute of one of these groups or names, in the order of
 * the catalog. What belongs to none stays where it is: a newer server's attributes find a
 * place too.
 */
static const struct {
	const char *group, *title;
} sections[] = {
	{"pid", "Identity"},
	{"state", "State and times"},
	{"cpu", "CPU"},
	{"wakeups", "Wakeups and power"},
	{"mem", "Memory"},
	{"disk", "Disk and input/output"},
	{"faults", "Faults, switches and files"},
	{"limit", "Limits"},
	{"gpu", "GPU"},
};

static const char *find_section(const char *name)
{
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		size_t length = strlen(sections[i].group);
		if (strncmp(name, sections[i].group, length) == 0 &&
			(name[length] == '.' || name[length] == '\0'))
			return sections[i].title;
	}
	return NULL;
}

static void add_full(struct sheet *sheet, const struct procmon_attribute *attribute,
	const struct procmon_value *value)
{
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_text(attribute->name);
	row[1] = *value;
	row[2] = sheet_text_or_none(format_unit_name(attribute->unit));
	row[3] = sheet_text(procmon_state_name(value->state));
	if (value->state != PROCMON_OK)
		row[4] = sheet_text(
			sheet_keep_text(sheet, explain_state(attribute, value->state)));
	row[5] = sheet_u64(value->age_ns);
	row[6] = sheet_text_or_none(attribute->source);
	row[7] = sheet_text(attribute->text);
}

/* "12.3M (12897485 bytes)"; a missing value is its state. */
static const char *describe(struct sheet *sheet, bool human,
	const struct procmon_attribute *attribute, const struct procmon_value *value)
{
	char number[FORMAT_MAX], exact[FORMAT_MAX];
	const char *unit = format_unit_name(attribute->unit);

	if (value->state != PROCMON_OK)
		return procmon_state_name(value->state);
	bool is_number = format_exact(exact, value);
	const char *text = format_cell(number, attribute, value);
	if (is_number && !human)
		return sheet_keep_text(sheet, xstrdup(exact));
	if (is_number && format_differs(attribute) && strcmp(text, exact) != 0)
		return sheet_keep_text(
			sheet, xasprintf("%s (%s%s%s)", text, exact, *unit ? " " : "", unit));
	return sheet_keep_text(sheet, xstrdup(text));
}

static void add_line(struct sheet *sheet, const char *name, const char *from, const char *value)
{
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_text(name);
	row[1] = sheet_text(from);
	row[2] = sheet_text(value);
}

static void fill_short(struct sheet *sheet, const struct sheet *process, bool human)
{
	const char *section = "";

	for (size_t i = 0; i < process->column_count; i++) {
		const struct procmon_attribute *attribute = process->columns[i];
		const char *begun = find_section(attribute->name);

		if (attribute->state != PROCMON_OK)
			continue; /* the same for all processes: in the notes */
		if (begun && strcmp(begun, section) != 0) {
			if (*section)
				add_line(sheet, "", "", "");
			section = begun;
			add_line(sheet, section, "", "");
		}
		add_line(sheet, sheet_keep_text(sheet, xasprintf("  %s", attribute->name)),
			attribute->source,
			describe(sheet, human, attribute, sheet_cell(process, 0, i)));
	}
	sheet->note_count = legend_make(process, &sheet->notes);
}

/* What no process of this platform has is only counted. */
static void note_others(struct sheet *sheet, const struct subject *subject)
{
	size_t others = subject->available.count - subject->columns.count;

	if (others > 0)
		sheet_add_note(sheet,
			xasprintf("%zu other attribute%s cannot be measured on this system; "
				  "'procctl attributes' says why",
				others, others == 1 ? "" : "s"));
}

static void fill_full(
	struct sheet *sheet, const struct subject *subject, const struct sheet *process)
{
	for (size_t i = 0; i < subject->available.count; i++) {
		const struct procmon_attribute *attribute = subject->available.items[i];
		size_t column = sheet_find_column(process, attribute->name);
		const struct procmon_value absent = {.state = attribute->state};

		add_full(sheet, attribute,
			column < process->column_count ? sheet_cell(process, 0, column)
						       : &absent);
	}
	sheet->realtime_ns = process->realtime_ns;
	sheet->tick = process->tick;
}

static int print(
	const struct options *options, struct subject *subject, struct procmon_table **tables)
{
	struct sheet process, sheet;
	struct writer writer;

	if (attach_check_pids(options, *tables) != EXIT_DONE)
		return EXIT_NO_PROCESS;
	subject_fill(subject, &process, tables);
	begin_output(&writer, options, WRITER_SINGLE);
	writer.wrap = true;
	if (writer.format == &format_table) {
		sheet_init(&sheet, "attributes", short_columns,
			sizeof short_columns / sizeof *short_columns);
		fill_short(&sheet, &process, writer.human);
		note_others(&sheet, subject);
	} else {
		sheet_init(&sheet, "attributes", full_columns,
			sizeof full_columns / sizeof *full_columns);
		fill_full(&sheet, subject, &process);
	}
	writer_sheet(&writer, &sheet);
	writer_end(&writer);
	sheet_finish(&sheet);
	sheet_finish(&process);
	return finish_output();
}

static int choose(struct subject *subject, struct procmon_connection *connection,
	const struct options *options)
{
	return subject_init_whole(subject, connection, options);
}

static int show(const struct options *options)
{
	if (options->pid_count != 1) {
		complain("say of which process: procctl show 1234");
		return EXIT_USAGE;
	}
	return oneshot_run(&(const struct oneshot){choose, print}, options);
}

static int run(const struct options *options)
{
	return oneshot_run_pids(
		options, options->argument_count == 1 ? options->arguments[0] : NULL, show);
}

const struct command command_show = {
	.name = "show",
	.arguments = "PID",
	.options = "interval cpu units output no-header no-start",
	.summary = "everything about one process",
	.text = "Prints all that can be known of a process, also what is slow to "
		"read: each value as people read it and exactly, and the source "
		"that the server reads it from, as in 'procctl status'. What has no "
		"value has its state, and below the table why. Rates take half a "
		"second. json and csv have all attributes, also those that nobody "
		"has here.",
	.examples = "  procctl show 1\n"
		    "  procctl show 1 -o json | jq '.rows[] | select(.state == \"denied\")'\n",
	.run = run,
};

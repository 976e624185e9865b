/* The accounts that the kernel keeps of a process. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "explain.h"
#include "format.h"
#include "shot.h"
#include "target.h"
#include "text.h"

static const struct own_option own_options[] = {
	{' ', "long", NULL, "also where each comes from"},
	{0},
};

/* In this order, in all formats. */
enum column { GROUP, NAME, BALANCE, CREDIT, DEBIT, UNITS, MEANING, COLUMNS };
static const char names[] = "group,name,balance,credit,debit,units,meaning";

static const char *text_at(const struct sheet *sheet, size_t row, enum column column)
{
	const struct procmon_value *value = sheet_cell(sheet, row, column);

	return value->state == PROCMON_OK && value->type == PROCMON_TEXT ? value->text : "";
}

/* ----------------------------------------------------------------------------- choosing */

/* How a word can mean an entry, the most exact way first. */
enum match { MATCH_NAME, MATCH_GROUP, MATCH_PART, MATCHES };

static bool matches(const struct sheet *sheet, size_t row, const char *word, enum match match)
{
	const char *name = text_at(sheet, row, NAME), *group = text_at(sheet, row, GROUP);

	if (match == MATCH_PART)
		return strstr(name, word) != NULL || strstr(group, word) != NULL;
	return strcmp(match == MATCH_NAME ? name : group, word) == 0;
}

/* Appends ", NAME" or the first one; takes the old list. */
static char *extend(char *list, const char *name)
{
	char *longer = xasprintf("%s%s%s", list ? list : "", list ? ", " : "", name);

	free(list);
	return longer;
}

/* Names that are a slip or two away; else all groups. */
static void complain_unknown(const struct sheet *sheet, const char *word)
{
	size_t most = strlen(word) < 8 ? 2 : strlen(word) / 3;
	char *near = NULL, *groups = NULL;
	const char *group = "";

	for (size_t row = 0; row < sheet->row_count; row++) {
		if (text_distance(word, text_at(sheet, row, NAME), most) <= most)
			near = extend(near, text_at(sheet, row, NAME));
		if (strcmp(group, text_at(sheet, row, GROUP)) != 0)
			groups = extend(groups, group = text_at(sheet, row, GROUP));
	}
	if (near)
		complain("there is no ledger \"%s\"; near: %s", word, near);
	else
		complain("there is no ledger \"%s\"; groups of them: %s", word,
			groups ? groups : "none");
	free(near);
	free(groups);
}

/* Keeps the rows that the word means. Returns EXIT_DONE, or EXIT_FAILED after a complaint. */
static int choose_rows(struct sheet *sheet, const char *word)
{
	size_t *kept = xcalloc(sheet->row_count + 1, sizeof *kept), count = 0;

	for (int match = 0; count == 0 && match < MATCHES; match++)
		for (size_t row = 0; row < sheet->row_count; row++)
			if (matches(sheet, row, word, (enum match)match))
				kept[count++] = row;
	if (count > 0)
		sheet_select(sheet, kept, count);
	else
		complain_unknown(sheet, word);
	free(kept);
	return count > 0 ? EXIT_DONE : EXIT_FAILED;
}

/* ------------------------------------------------------------------------------ writing */

static enum procmon_unit unit_of(const char *name)
{
	return strcmp(name, "bytes") == 0 ? PROCMON_BYTES
	       : strcmp(name, "ns") == 0  ? PROCMON_NANOSECONDS
					  : PROCMON_NO_UNIT;
}

/* As people read it: each row has a unit of its own. The texts stand in a column of numbers, and
 * so at its right side. */
static struct procmon_value for_people(
	struct sheet *sheet, const struct procmon_value *value, const char *units)
{
	char number[FORMAT_MAX];

	if (value->state != PROCMON_OK)
		return *value;
	return sheet_text(
		sheet_keep_text(sheet, xstrdup(format_value(number, unit_of(units), value))));
}

/* Of COLUMNS columns, the last only with --long. */
static void write_table(
	const struct options *options, const struct sheet *from, struct writer *writer)
{
	static const struct procmon_attribute ledger = {
		.name = "ledger", .type = PROCMON_TEXT, .reason = "", .remedy = ""};
	const struct procmon_attribute *columns[COLUMNS];
	struct sheet sheet;

	memcpy(columns, from->columns, sizeof columns);
	columns[NAME] = &ledger;
	sheet_init(&sheet, from->name, columns, options->given_count > 0 ? COLUMNS : MEANING);
	sheet.realtime_ns = from->realtime_ns;
	for (size_t i = 0; i < from->row_count; i++) {
		struct procmon_value *row = sheet_add_row(&sheet);

		memcpy(row, sheet_cell(from, i, 0), sheet.column_count * sizeof *row);
		for (int column = BALANCE; writer->human && column <= DEBIT; column++)
			row[column] = for_people(&sheet, &row[column], text_at(from, i, UNITS));
	}
	writer->wrap = true;
	writer_sheet(writer, &sheet);
	sheet_finish(&sheet);
}

/* Is no balance of these known, since the kernel does not tell? */
static bool is_denied(const struct sheet *sheet)
{
	for (size_t row = 0; row < sheet->row_count; row++)
		if (sheet_cell(sheet, row, BALANCE)->state != PROCMON_DENIED)
			return false;
	return sheet->row_count > 0;
}

static int print(
	const struct options *options, struct subject *subject, struct procmon_table *table)
{
	const char *word = options->argument_count > 1 ? options->arguments[1] : NULL;
	struct writer writer;
	struct sheet sheet;
	int code = EXIT_DONE;

	subject_fill(subject, &sheet, &table);
	if (word)
		code = choose_rows(&sheet, word);
	if (code == EXIT_DONE) {
		begin_output(&writer, options, WRITER_SINGLE);
		if (writer.format == &format_table)
			write_table(options, &sheet, &writer);
		else
			writer_sheet(&writer, &sheet);
		writer_end(&writer);
		code = finish_output();
	}
	if (code == EXIT_DONE && is_denied(&sheet)) {
		char *why = explain_state(sheet.columns[BALANCE], PROCMON_DENIED);
		complain("%s", why);
		free(why);
		code = EXIT_PERMISSION;
	}
	sheet_finish(&sheet);
	return code;
}

/* ------------------------------------------------------------------------------- asking */

static int show(struct procmon_connection *connection, const struct options *options)
{
	char *lists[] = {xstrdup(names)};
	struct procmon_table *table = NULL;
	struct subject subject = {0};
	int code = subject_init_exact(&subject, connection, options, lists, 1);

	if (code == EXIT_DONE)
		code = shot_take(connection, &subject, &table);
	if (code == EXIT_DONE)
		code = print(options, &subject, table);
	procmon_release(table);
	subject_finish(&subject);
	free(lists[0]);
	return code;
}

static int run(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	struct options own = *options;
	struct target target = {0};

	if (options->argument_count < 1 || options->argument_count > 2) {
		complain("the ledgers of which process? procctl ledger 1234, or one of them: "
			 "procctl ledger 1234 phys_footprint");
		return EXIT_USAGE;
	}
	int code = attach_server(options, attach_flags(options), &connection);
	if (code == EXIT_DONE)
		code = target_find(connection, options->arguments[0], &target);
	own.pids = &target.pid;
	own.pid_count = 1;
	if (code == EXIT_DONE)
		code = show(connection, &own);
	target_finish(&target);
	procmon_release(connection);
	return code;
}

const struct command command_ledger = {
	.name = "ledger",
	.table = "ledger",
	.arguments = "PID|NAME [LEDGER]",
	.options = "units output no-header time states no-start",
	.own = own_options,
	.summary = "the accounts that the kernel keeps of a process",
	.text = "Prints table LEDGER: what the kernel counts for a process and for its control "
		"group, by the names that macOS has for it where the meaning is the same. "
		"Linux "
		"only keeps balances: what was ever added and taken away, credit and debit, "
		"has no "
		"value there. LEDGER is one of them, a group, or a part of such a name. --long "
		"also "
		"says where each comes from, as json, jsonl and csv do.",
	.examples = "  procctl ledger 1234\n"
		    "  procctl ledger 1234 physmem --long\n"
		    "  procctl ledger 1234 phys_footprint -o json\n",
	.run = run,
};

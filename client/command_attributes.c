/* The catalog: what can be asked, what it means, and whether this host can tell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "format.h"
#include "legend.h"
#include "subject.h"

/* For programs: every member of the catalog. */
static const struct procmon_attribute *const full_columns[] = {
	SHEET_COLUMN("table", PROCMON_TEXT),
	SHEET_COLUMN("name", PROCMON_TEXT),
	SHEET_COLUMN("id", PROCMON_U64),
	SHEET_COLUMN("type", PROCMON_TEXT),
	SHEET_COLUMN("unit", PROCMON_TEXT),
	SHEET_COLUMN("kind", PROCMON_TEXT),
	SHEET_COLUMN("cost", PROCMON_TEXT),
	SHEET_COLUMN("detail", PROCMON_U64),
	SHEET_COLUMN("state", PROCMON_TEXT),
	SHEET_COLUMN("reason", PROCMON_TEXT),
	SHEET_COLUMN("remedy", PROCMON_TEXT),
	SHEET_COLUMN("source", PROCMON_TEXT),
	SHEET_COLUMN("text", PROCMON_TEXT),
};

/* For people: the sentence says the rest. */
static const struct procmon_attribute *const short_columns[] = {
	SHEET_COLUMN("name", PROCMON_TEXT),
	SHEET_COLUMN("unit", PROCMON_TEXT),
	SHEET_COLUMN("kind", PROCMON_TEXT),
	SHEET_COLUMN("text", PROCMON_TEXT),
};

static const char *type_name(enum procmon_type type)
{
	static const char *const names[] = {NULL, "u64", "i64", "f64", "text"};

	return (size_t)type < sizeof names / sizeof *names ? names[type] : NULL;
}

static const char *kind_name(enum procmon_kind kind)
{
	static const char *const names[] = {NULL, "constant", "gauge", "counter", "derived"};

	return (size_t)kind < sizeof names / sizeof *names ? names[kind] : NULL;
}

static const char *cost_name(enum procmon_cost cost)
{
	static const char *const names[] = {"cheap", "threads", "slow"};

	return (size_t)cost < sizeof names / sizeof *names ? names[cost] : NULL;
}

static void add_full(struct sheet *sheet, const struct procmon_attribute *attribute)
{
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_text(procmon_table_name(attribute->table));
	row[1] = sheet_text(attribute->name);
	row[2] = sheet_u64(attribute->id);
	row[3] = sheet_text(type_name(attribute->type));
	row[4] = sheet_text_or_none(format_unit_name(attribute->unit));
	row[5] = sheet_text(kind_name(attribute->kind));
	row[6] = sheet_text(cost_name(attribute->cost));
	row[7] = sheet_u64(attribute->detail);
	row[8] = sheet_text(procmon_state_name(attribute->state));
	row[9] = sheet_text_or_none(attribute->reason);
	row[10] = sheet_text_or_none(attribute->remedy);
	row[11] = sheet_text_or_none(attribute->source);
	row[12] = sheet_text(attribute->text);
}

/* The sentence and what is special; the caller frees it. */
static char *describe(const struct procmon_attribute *attribute)
{
	static const char *const costs[] = {
		[PROCMON_SLOW] = " Slow: only when it is named.",
		[PROCMON_THREADS] = " Costs more the more threads there are.",
		[PROCMON_PAGES] = " Costs more the more memory there is.",
	};
	const char *cost = costs[attribute->cost] ? costs[attribute->cost] : "";
	char detail[80] = "";

	if (attribute->detail)
		snprintf(detail, sizeof detail, " A detail: with %.*s.* or when it is named.",
			(int)legend_group_length(attribute->name), attribute->name);
	if (attribute->state == PROCMON_OK)
		return xasprintf("%s%s%s", attribute->text, cost, detail);
	return xasprintf("%s%s%s Not here (%s): %s.", attribute->text, cost, detail,
		procmon_state_name(attribute->state),
		*attribute->reason ? attribute->reason : "no reason given");
}

static void add_short(
	struct sheet *sheet, const struct procmon_attribute *attribute, const char *description)
{
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_text(attribute->name);
	row[1] = sheet_text_or_none(format_unit_name(attribute->unit));
	row[2] = sheet_text(kind_name(attribute->kind));
	row[3] = sheet_text(description);
}

static int print(const struct options *options, const struct choice *shown)
{
	char **texts = xcalloc(shown->count, sizeof *texts);
	struct sheet sheet;
	struct writer writer;

	begin_output(&writer, options, WRITER_SINGLE);
	writer.wrap = true;
	bool is_short = writer.format == &format_table;
	if (is_short)
		sheet_init(&sheet, "attributes", short_columns,
			sizeof short_columns / sizeof *short_columns);
	else
		sheet_init(&sheet, "attributes", full_columns,
			sizeof full_columns / sizeof *full_columns);
	for (size_t i = 0; i < shown->count; i++) {
		texts[i] = describe(shown->items[i]);
		if (is_short)
			add_short(&sheet, shown->items[i], texts[i]);
		else
			add_full(&sheet, shown->items[i]);
	}
	writer_sheet(&writer, &sheet);
	writer_end(&writer);
	sheet_finish(&sheet);
	for (size_t i = 0; i < shown->count; i++)
		free(texts[i]);
	free(texts);
	return finish_output();
}

/* Is there none before it of its group, or no detail of its group if it is one? */
static bool is_first(const struct choice *shown, size_t index, bool detail)
{
	for (size_t i = 0; i < index; i++)
		if (legend_same_group(shown->items[i]->name, shown->items[index]->name) &&
			(!detail || shown->items[i]->detail))
			return false;
	return true;
}

/* For completion: each name with its sentence after a tab, and groups. */
static int print_names(const struct choice *shown)
{
	printf("all\tall but what is slow or not measurable here\n");
	for (size_t i = 0; i < shown->count; i++) {
		const struct procmon_attribute *attribute = shown->items[i];
		int length = (int)legend_group_length(attribute->name);

		if (length > 0 && is_first(shown, i, false))
			printf("%.*s\tgroup: what most people want of it\n", length,
				attribute->name);
		if (attribute->detail && is_first(shown, i, true))
			printf("%.*s.*\tgroup: all of it\n", length, attribute->name);
		printf("%s\t%s\n", attribute->name, attribute->text);
	}
	return finish_output();
}

/* What the arguments name; everything without arguments. */
static int choose(
	const struct options *options, const struct choice *available, struct choice *shown)
{
	char *error = NULL;

	for (size_t i = 0; i < options->argument_count; i++) {
		if (choice_parse(shown, available, options->arguments[i], &error) == 0)
			continue;
		complain("%s", error);
		free(error);
		return EXIT_USAGE;
	}
	for (size_t i = 0; options->argument_count == 0 && i < available->count; i++)
		choice_add(shown, available->items[i]);
	return EXIT_DONE;
}

static int run(const struct options *options)
{
	struct procmon_connection *connection = NULL;
	struct choice available = {0}, shown = {.whole = true};
	bool all = options->table && strcmp(options->table, "all") == 0;
	uint32_t table = all ? 0 : subject_table(options);
	int code = EXIT_USAGE;

	if (table == 0 && !all)
		return code;
	code = attach_server(options, attach_flags(options), &connection);
	if (code == EXIT_DONE) {
		subject_list(&available, connection, table);
		code = choose(options, &available, &shown);
	}
	if (code == EXIT_DONE)
		code = options->names ? print_names(&shown) : print(options, &shown);
	choice_finish(&shown);
	choice_finish(&available);
	procmon_release(connection);
	return code;
}

const struct command command_attributes = {
	.name = "attributes",
	.arguments = "[NAME..]",
	.options = "table output names no-header states no-start",
	.summary = "what can be asked for, and what it means",
	.text = "Lists the attributes of a table (--table all: of all tables) with "
		"unit and kind, and why some have no value on this host. json and "
		"csv have id, type, cost, state and more. NAME is an attribute, a "
		"group or the last part of a name. --names is for completion: a "
		"name or group a line, a tab, and its sentence.",
	.examples = "  procctl attributes\n"
		    "  procctl attributes gpu\n"
		    "  procctl attributes -t all -o json\n",
	.run = run,
};

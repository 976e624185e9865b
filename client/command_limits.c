/* The limits of this build: what server and clients hold to, and what happens beyond. */
#include <stdio.h>

#include "alloc.h"
#include "command.h"
#include "format.h"

enum unit { NONE, BYTES, SECONDS, MILLISECONDS, A_SECOND };
enum side { SERVER, CLIENT, BOTH };

static const struct limit {
	const char *name;
	uint64_t value;
	enum unit unit;
	enum side side;
	const char *text;
} limits[] = {
#define LIMIT(symbol, name, value, unit, side, sentence) {name, value, unit, side, sentence},
#include "limits.def"
#undef LIMIT
};

enum { LIMITS = sizeof limits / sizeof *limits };

static const char *const unit_names[] = {
	[NONE] = "",
	[BYTES] = "bytes",
	[SECONDS] = "s",
	[MILLISECONDS] = "ms",
	[A_SECOND] = "1/s",
};

static const char *const side_names[] = {
	[SERVER] = "server",
	[CLIENT] = "client",
	[BOTH] = "both",
};

static const struct procmon_attribute *const full_columns[] = {
	SHEET_COLUMN("name", PROCMON_TEXT),
	SHEET_COLUMN("value", PROCMON_U64),
	SHEET_COLUMN("unit", PROCMON_TEXT),
	SHEET_COLUMN("side", PROCMON_TEXT),
	SHEET_COLUMN("text", PROCMON_TEXT),
};

/* For people: the value has its unit. */
static const struct procmon_attribute *const short_columns[] = {
	SHEET_COLUMN("name", PROCMON_TEXT),
	SHEET_COLUMN("value", PROCMON_TEXT),
	SHEET_COLUMN("side", PROCMON_TEXT),
	SHEET_COLUMN("text", PROCMON_TEXT),
};

static void add_full(struct sheet *sheet, const struct limit *limit)
{
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_text(limit->name);
	row[1] = sheet_u64(limit->value);
	row[2] = sheet_text_or_none(unit_names[limit->unit]);
	row[3] = sheet_text(side_names[limit->side]);
	row[4] = sheet_text(limit->text);
}

static char *describe(const struct limit *limit)
{
	const struct procmon_value value = sheet_u64(limit->value);
	unsigned long long number = limit->value;
	char text[FORMAT_MAX];

	if (limit->unit == BYTES)
		return xasprintf("%s", format_value(text, PROCMON_BYTES, &value));
	if (limit->unit == A_SECOND)
		return xasprintf("%llu a second", number);
	if (limit->unit == SECONDS && number % 3600 == 0)
		return xasprintf("%lluh", number / 3600);
	return xasprintf("%llu%s", number, unit_names[limit->unit]);
}

static void add_short(struct sheet *sheet, const struct limit *limit)
{
	const char *value = sheet_keep_text(sheet, describe(limit));
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_text(limit->name);
	row[1] = sheet_text(value);
	row[2] = sheet_text(side_names[limit->side]);
	row[3] = sheet_text(limit->text);
}

static int run(const struct options *options)
{
	struct sheet sheet;
	struct writer writer;

	begin_output(&writer, options, WRITER_SINGLE);
	writer.wrap = true;
	bool is_short = writer.format == &format_table;
	if (is_short)
		sheet_init(&sheet, "limits", short_columns,
			sizeof short_columns / sizeof *short_columns);
	else
		sheet_init(&sheet, "limits", full_columns,
			sizeof full_columns / sizeof *full_columns);
	for (size_t i = 0; i < LIMITS; i++)
		(is_short ? add_short : add_full)(&sheet, &limits[i]);
	writer_sheet(&writer, &sheet);
	writer_end(&writer);
	sheet_finish(&sheet);
	return finish_output();
}

const struct command command_limits = {
	.name = "limits",
	.arguments = "",
	.options = "output no-header",
	.summary = "what server and clients hold to",
	.text = "Lists the limits that this program was built with, who holds to each "
		"(the server, a client of libprocmon, or both), and what happens beyond. "
		"No server is asked. json and csv have the values in the unit that they "
		"name.",
	.examples = "  procctl limits\n"
		    "  procctl limits -o csv\n",
	.run = run,
};

/* What the memory of a process is made of, and why there are so many numbers for it. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "experiment.h"
#include "explanation.h"
#include "parse.h"
#include "reading.h"
#include "target.h"

#define COLUMN(name_, type_, unit_)                                                            \
	&(const struct procmon_attribute)                                                      \
	{                                                                                      \
		.name = name_, .type = type_, .unit = unit_, .text = "", .reason = "",         \
		.remedy = "run the server as its user or as root", .source = ""                \
	}
#define BYTES(name) COLUMN(name, PROCMON_I64, PROCMON_BYTES)
#define TEXT(name)  COLUMN(name, PROCMON_TEXT, PROCMON_NO_UNIT)

static const struct procmon_attribute *const process_columns[] = {
	COLUMN("pid", PROCMON_U64, PROCMON_NO_UNIT),
	TEXT("name"),
};
/* For people, who see at once which is the larger one; for programs without the ratio. */
static const struct procmon_attribute *const measure_columns[] = {
	TEXT("measure"),
	BYTES("bytes"),
	COLUMN("of resident", PROCMON_F64, PROCMON_RATIO),
	TEXT("meaning"),
};
static const struct procmon_attribute *const exact_measure_columns[] = {
	TEXT("measure"),
	BYTES("bytes"),
	BYTES("rest"),
	TEXT("meaning"),
};
enum { MEASURE_COLUMNS = 4 };
/* In the order of the measures. */
static const struct procmon_attribute *const part_columns[] = {
	TEXT("part"),
	BYTES("virtual"),
	BYTES("resident"),
	BYTES("footprint"),
	BYTES("pss"),
	BYTES("unique"),
};
enum { PART_COLUMNS = ACCOUNT_MEASURES + 1 };
static const struct procmon_attribute *const difference_columns[] = {
	TEXT("about"),
	COLUMN("bytes", PROCMON_U64, PROCMON_BYTES),
	TEXT("text"),
};
enum { DIFFERENCE_COLUMNS = 3 };

static const struct own_option own_options[] = {
	{' ', "explain", NULL, "in words, too, why the numbers differ"},
	{' ', "long", NULL, "also small differences"},
	{' ', "experiment", "KIND", "allocate memory, see where it is counted"},
	{' ', "size", "SIZE", "how much of it (default: 64M)"},
	{' ', "read", NULL, "then read a byte of each page"},
	{' ', "write", NULL, "then write a byte to each page"},
	{' ', "free", NULL, "then write that, and give it back"},
	{0},
};

/* What they say. */
struct wishes {
	bool explain, all;
	struct experiment_wish experiment; /* without a kind: none */
};

/* What is to be printed. */
struct picture {
	const struct options *options;
	const struct wishes *wishes;
	struct procmon_connection *connection;
	struct target target;
	struct memory_reading reading;
	struct account account;
	struct explanation *explanations;
	size_t explanation_count, left_out;
};

static struct procmon_value cell(const struct account_amount *amount)
{
	return (struct procmon_value){
		.state = amount->state, .type = PROCMON_I64, .i64 = amount->bytes};
}

static void begin_sheet(const struct picture *self, struct sheet *sheet, const char *name,
	const struct procmon_attribute *const *columns, size_t count)
{
	sheet_init(sheet, name, columns, count);
	sheet->realtime_ns = self->reading.realtime_ns;
	sheet->tick = self->reading.tick;
}

/* ---------------------------------------------------------------------------- measures */

static const char *meaning_of(const struct picture *self, int measure)
{
	const struct procmon_attribute *attribute = procmon_find_attribute(self->connection,
		PROCMON_PROCESS, account_measure_attribute((enum account_measure)measure));

	return attribute ? attribute->text : "";
}

static struct procmon_value share(
	const struct account_amount *amount, const struct account_amount *of)
{
	struct procmon_value value = {.state = PROCMON_NONE, .type = PROCMON_F64};

	if (amount->state == PROCMON_OK && of->state == PROCMON_OK && of->bytes > 0) {
		value.state = PROCMON_OK;
		value.f64 = (double)amount->bytes / (double)of->bytes;
	}
	return value;
}

static void fill_measures(const struct picture *self, bool exact, struct sheet *sheet)
{
	const struct account *account = &self->account;

	begin_sheet(self, sheet, "measures", exact ? exact_measure_columns : measure_columns,
		MEASURE_COLUMNS);
	for (int measure = 0; measure < ACCOUNT_MEASURES; measure++) {
		const struct account_amount *total = &account->total[measure];
		struct procmon_value *row = sheet_add_row(sheet);

		row[0] = sheet_text(account_measure_name((enum account_measure)measure));
		row[1] = cell(total);
		row[2] = exact ? cell(&account->rest[measure])
			       : share(total, &account->total[MEASURE_RESIDENT]);
		row[3] = sheet_text(meaning_of(self, measure));
	}
}

/* ------------------------------------------------------------------------------- parts */

static bool has_amount(const struct account_amount amounts[ACCOUNT_MEASURES])
{
	for (int measure = 0; measure < ACCOUNT_MEASURES; measure++)
		if (amounts[measure].state == PROCMON_OK && amounts[measure].bytes != 0)
			return true;
	return false;
}

static void add_amounts(struct sheet *sheet, const char *name,
	const struct account_amount amounts[ACCOUNT_MEASURES])
{
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_text(name);
	for (int measure = 0; measure < ACCOUNT_MEASURES; measure++)
		row[1 + measure] = cell(&amounts[measure]);
}

/* For people without what is nowhere, and with the totals. */
static void fill_parts(const struct picture *self, bool exact, struct sheet *sheet)
{
	const struct account *account = &self->account;

	begin_sheet(self, sheet, "parts", part_columns, PART_COLUMNS);
	for (int i = 0; i < ACCOUNT_PARTS; i++) {
		enum account_part part = (enum account_part)i;
		if (exact || has_amount(account->parts[i]))
			add_amounts(sheet,
				exact ? account_part_name(part) : account_part_label(part),
				account->parts[i]);
	}
	if (exact)
		return;
	add_amounts(sheet, "not explained", account->rest);
	add_amounts(sheet, "total", account->total);
}

/* A remainder is no mistake: the kernel was asked twice, and cuts off what is less than 1 KiB. */
static void note_rest(const struct picture *self, struct sheet *sheet)
{
	enum { ROUNDING = 3 * 1024 };
	const struct account_amount *pss = &self->account.rest[MEASURE_PSS];

	if (pss->state == PROCMON_OK && pss->bytes > 0 && pss->bytes < ROUNDING)
		sheet_add_note(sheet, xstrdup("pss: the kernel rounds each part down to 1K"));
	for (int measure = 0; measure < ACCOUNT_MEASURES; measure++) {
		const struct account_amount *rest = &self->account.rest[measure];
		if (measure != MEASURE_PSS && rest->state == PROCMON_OK && rest->bytes != 0)
			sheet_add_note(sheet,
				xasprintf("%s: it changed between two readings",
					account_measure_name((enum account_measure)measure)));
	}
}

/* ------------------------------------------------------------------------- differences */

static void fill_differences(const struct picture *self, struct sheet *sheet)
{
	begin_sheet(self, sheet, "differences", difference_columns, DIFFERENCE_COLUMNS);
	for (size_t i = 0; i < self->explanation_count; i++) {
		struct procmon_value *row = sheet_add_row(sheet);
		row[0] = sheet_text(self->explanations[i].name);
		row[1] = sheet_u64(self->explanations[i].bytes);
		row[2] = sheet_text(self->explanations[i].text);
	}
}

static void note_differences(const struct picture *self, struct sheet *sheet)
{
	for (size_t i = 0; i < self->explanation_count; i++)
		sheet_add_note(sheet, xstrdup(self->explanations[i].text));
	if (self->left_out > 0)
		sheet_add_note(sheet, xasprintf("%zu smaller difference%s: see --long",
					      self->left_out, self->left_out == 1 ? "" : "s"));
}

/* ------------------------------------------------------------------------------ output */

static void write_for_people(struct picture *self, struct writer *writer)
{
	struct sheet measures, parts;

	writer->wrap = true;
	if (!writer->no_header)
		fprintf(writer->file, "%u %s\n\n", self->target.pid, self->target.name);
	fill_measures(self, false, &measures);
	writer_sheet(writer, &measures);
	fill_parts(self, false, &parts);
	note_rest(self, &parts);
	note_differences(self, &parts);
	writer_sheet(writer, &parts);
	sheet_finish(&measures);
	sheet_finish(&parts);
}

static void write_for_programs(struct picture *self, struct writer *writer)
{
	struct sheet process, measures, parts, differences;

	begin_sheet(self, &process, "process", process_columns, 2);
	struct procmon_value *row = sheet_add_row(&process);
	row[0] = sheet_u64(self->target.pid);
	row[1] = sheet_text(self->target.name);
	writer_sheet(writer, &process);
	fill_measures(self, true, &measures);
	writer_sheet(writer, &measures);
	fill_parts(self, true, &parts);
	writer_sheet(writer, &parts);
	if (self->wishes->explain) {
		fill_differences(self, &differences);
		writer_sheet(writer, &differences);
		sheet_finish(&differences);
	}
	sheet_finish(&process);
	sheet_finish(&measures);
	sheet_finish(&parts);
}

static int write(struct picture *self)
{
	struct writer writer;

	if (account_is_empty(&self->account)) {
		complain("process %u has no memory: it is a thread of the kernel, or has ended",
			self->target.pid);
		return EXIT_FAILED;
	}
	if (self->wishes->explain)
		self->explanation_count = explain_account(&self->account, self->wishes->all,
			&self->explanations, &self->left_out);
	begin_output(&writer, self->options, WRITER_KEYED);
	if (writer.format == &format_table)
		write_for_people(self, &writer);
	else
		write_for_programs(self, &writer);
	writer_end(&writer);
	return finish_output();
}

static int show(const struct options *options, const struct wishes *wishes)
{
	struct picture self = {.options = options, .wishes = wishes};
	int code = attach_server(options, attach_flags(options), &self.connection);

	if (code == EXIT_DONE)
		code = target_find(self.connection, options->arguments[0], &self.target);
	if (code == EXIT_DONE)
		code = memory_read_account(
			self.connection, self.target.pid, &self.reading, &self.account);
	if (self.reading.is_known) {
		int output = write(&self);
		code = output == EXIT_DONE ? code : output;
	}
	explanations_free(self.explanations, self.explanation_count);
	target_finish(&self.target);
	procmon_release(self.connection);
	return code;
}

/* ----------------------------------------------------------------------------- options */

/* An option of its own that is there or not; NULL: it is none of these. */
static bool *find_flag(struct wishes *self, const char *name)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{"explain", &self->explain},
		{"long", &self->all},
		{"read", &self->experiment.read},
		{"write", &self->experiment.write},
		{"free", &self->experiment.free},
	};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (strcmp(flags[i].name, name) == 0)
			return flags[i].flag;
	return NULL;
}

static int read_wishes(struct wishes *self, const struct options *options)
{
	char *error = NULL;

	for (size_t i = 0; i < options->given_count; i++) {
		const struct own_given *given = &options->given[i];
		bool *flag = find_flag(self, given->option->name);

		if (flag)
			*flag = true;
		else if (strcmp(given->option->name, "experiment") == 0)
			self->experiment.kind = given->argument;
		else if (parse_size(given->argument, &self->experiment.size, &error) < 0) {
			complain("%s", error);
			free(error);
			return EXIT_USAGE;
		}
	}
	return EXIT_DONE;
}

/* Do they go together? */
static int check_wishes(const struct wishes *self, const struct options *options)
{
	const struct experiment_wish *experiment = &self->experiment;
	bool other =
		experiment->size || experiment->read || experiment->write || experiment->free;

	if (experiment->kind && options->argument_count > 0)
		complain("--experiment is about a process of its own: leave \"%s\" out",
			options->arguments[0]);
	else if (experiment->kind && (self->explain || self->all))
		complain("--explain and --long are about a process, not about --experiment");
	else if (!experiment->kind && other)
		complain("--size, --read, --write and --free are about --experiment KIND");
	else if (!experiment->kind && options->argument_count > 1)
		complain("one process at a time: procctl mem 1234");
	else if (!experiment->kind && options->argument_count == 0)
		complain("memory of which process? procctl mem 1234");
	else
		return EXIT_DONE;
	return EXIT_USAGE;
}

static int run(const struct options *options)
{
	struct wishes wishes = {0};
	int code = read_wishes(&wishes, options);

	if (code == EXIT_DONE)
		code = check_wishes(&wishes, options);
	if (code != EXIT_DONE)
		return code;
	return wishes.experiment.kind ? experiment_run(&wishes.experiment, options)
				      : show(options, &wishes);
}

const struct command command_mem = {
	.name = "mem",
	.arguments = "PID|NAME",
	.options = "units output no-header states no-start",
	.own = own_options,
	.summary = "why the numbers of its memory differ",
	.text = "Shows the measures of a process' memory side by side, each as the sum of its "
		"parts; what the parts lack of the kernel's total is \"not explained\". "
		"--explain "
		"says in words why they differ for this process, from the largest difference "
		"on. "
		"--experiment allocates memory in a process of its own, and shows in which "
		"measures it is counted; it needs no PID.",
	.examples = "  procctl mem 1234\n"
		    "  procctl mem 1234 --explain\n"
		    "  procctl mem --experiment anon --write\n"
		    "  procctl mem --experiment shm --read --size 16M\n",
	.run = run,
};

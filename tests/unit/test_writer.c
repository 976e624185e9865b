/*
 * The writers against golden files: tests/fixtures/golden. GOLDEN=write makes them anew; read
 * the difference before it is committed.
 */
#include "writer.h"

#include <limits.h>

#include "attribute.h"
#include "test.h"
#include "text.h"

#define ATTRIBUTE(name_, type_, unit_, ...)                                                    \
	&(const struct procmon_attribute)                                                      \
	{                                                                                      \
		.name = name_, .type = type_, .unit = unit_, __VA_ARGS__                       \
	}
#define NO_GPU .state = PROCMON_UNSUPPORTED, .reason = "no GPU found on this host"

static const struct procmon_attribute *const columns[] = {
	ATTRIBUTE("pid", PROCMON_U64, PROCMON_NO_UNIT),
	ATTRIBUTE("comm", PROCMON_TEXT, PROCMON_NO_UNIT),
	ATTRIBUTE("cpu.usage", PROCMON_F64, PROCMON_CORES),
	ATTRIBUTE("cpu.total", PROCMON_U64, PROCMON_NANOSECONDS),
	ATTRIBUTE("mem.footprint", PROCMON_U64, PROCMON_BYTES),
	ATTRIBUTE("mem.resident", PROCMON_U64, PROCMON_BYTES),
	ATTRIBUTE("mem.pss", PROCMON_U64, PROCMON_BYTES),
	ATTRIBUTE("nice", PROCMON_I64, PROCMON_NO_UNIT),
	ATTRIBUTE("gpu.time", PROCMON_U64, PROCMON_NANOSECONDS, NO_GPU),
	ATTRIBUTE("gpu.usage", PROCMON_F64, PROCMON_RATIO, NO_GPU),
	ATTRIBUTE("cmdline", PROCMON_TEXT, PROCMON_NO_UNIT),
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static const struct procmon_attribute *const ending_columns[] = {
	ATTRIBUTE("pid", PROCMON_U64, PROCMON_NO_UNIT),
	ATTRIBUTE("comm", PROCMON_TEXT, PROCMON_NO_UNIT),
	ATTRIBUTE(
		"exit.status", PROCMON_U64, PROCMON_NO_UNIT, .table = PROCMON_PROCESS, .id = 3),
	ATTRIBUTE("mem.footprint", PROCMON_U64, PROCMON_BYTES),
};

static const struct procmon_attribute *const other_columns[] = {
	ATTRIBUTE("name", PROCMON_TEXT, PROCMON_NO_UNIT),
	ATTRIBUTE("reads", PROCMON_U64, PROCMON_COUNT),
};

static const struct procmon_attribute *const text_columns[] = {
	ATTRIBUTE("name", PROCMON_TEXT, PROCMON_NO_UNIT),
	ATTRIBUTE("text", PROCMON_TEXT, PROCMON_NO_UNIT),
};

static const struct procmon_attribute *const grouped_columns[] = {
	ATTRIBUTE("io.in", PROCMON_U64, PROCMON_COUNT),
	ATTRIBUTE("disk.read", PROCMON_U64, PROCMON_BYTES),
	ATTRIBUTE("disk.written", PROCMON_U64, PROCMON_BYTES),
	ATTRIBUTE("gpu.time", PROCMON_U64, PROCMON_NANOSECONDS),
	ATTRIBUTE("gpu.devices", PROCMON_TEXT, PROCMON_NO_UNIT),
};

static struct procmon_value missing(enum procmon_state state)
{
	return (struct procmon_value){.state = state};
}

static void add_process(struct sheet *sheet, uint64_t pid, const char *comm, double usage,
	uint64_t total_ns, uint64_t footprint, const char *cmdline)
{
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_u64(pid);
	row[1] = sheet_text(comm);
	row[2] = (struct procmon_value){.type = PROCMON_F64, .f64 = usage};
	if (usage < 0)
		row[2] = missing(PROCMON_PENDING);
	row[3] = sheet_u64(total_ns);
	row[4] = footprint ? sheet_u64(footprint) : missing(PROCMON_NONE);
	row[5] = footprint ? sheet_u64(footprint * 3 / 2) : missing(PROCMON_NONE);
	row[6] = footprint ? sheet_u64(footprint / 2) : missing(PROCMON_NONE);
	row[7] = (struct procmon_value){.type = PROCMON_I64, .i64 = pid == 1 ? 0 : -5};
	row[8] = row[9] = missing(PROCMON_UNSUPPORTED);
	row[10] = sheet_text(cmdline);
}

/* Processes as they may be met, with the texts that have broken programs before. */
static struct sheet processes(void)
{
	struct sheet sheet;

	setenv("TZ", "UTC", 1);
	sheet_init(&sheet, "process", columns, COLUMNS);
	sheet.realtime_ns = 1795230676123456789;
	sheet.tick = 42;
	add_process(&sheet, 1, "init", 0, 62300000000, 12897485, "/sbin/init splash");
	add_process(&sheet, 2, "kthreadd", 0, 0, 0, NULL);
	add_process(&sheet, 4194303, "J\303\274rgen \346\227\245\346\234\254", 0.123,
		1234567890, 18446744073709551615u / 4, "say \"hi\", then \\ end");
	add_process(&sheet, 777, "evil\033[2J\xE2\x80\xAE\xFF\n", -1, 850, 4096,
		"a very long command line --with=many --options that --does not --fit");
	*sheet_cell(&sheet, 1, 6) = missing(PROCMON_DENIED);
	*sheet_cell(&sheet, 3, 6) = missing(PROCMON_DENIED);
	add_process(&sheet, 778, "", 1, 7384000000000, 1073741824, "");
	return sheet;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(65536, 1);

	if (file) {
		CHECK(fread(text, 1, 65535, file) < 65535);
		fclose(file);
	}
	return text;
}

static void check_golden(const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "tests/fixtures/golden/%s", name);
	if (getenv("GOLDEN")) {
		FILE *file = fopen(path, "w");
		CHECK(file);
		fputs(text, file);
		fclose(file);
	}
	char *expected = read_file(path);
	if (strcmp(text, expected) != 0)
		test_fail(__FILE__, __LINE__, "%s is not\n%s\nbut\n%s", path, expected, text);
	free(expected);
}

/* A writer into memory. */
struct output {
	struct writer writer;
	char *text;
	size_t size;
};

static void output_begin(struct output *self, const char *format, enum writer_shape shape)
{
	FILE *file = open_memstream(&self->text, &self->size);

	CHECK(file && writer_find_format(format));
	writer_begin(&self->writer, writer_find_format(format), file, shape);
}

static void output_end(struct output *self, const char *golden)
{
	FILE *file = self->writer.file;

	writer_end(&self->writer);
	fclose(file);
	if (golden)
		check_golden(golden, self->text);
}

static void check_single(const char *format, size_t width, bool states, const char *golden)
{
	struct sheet sheet = processes();
	struct output output;

	output_begin(&output, format, WRITER_SINGLE);
	output.writer.width = width;
	output.writer.states = states;
	writer_sheet(&output.writer, &sheet);
	output_end(&output, golden);
	/* whatever the format: no control character of a name comes through */
	for (const char *at = output.text; *at; at++)
		CHECK((unsigned char)*at >= 0x20 || *at == '\n');
	CHECK(!strstr(output.text, "\xE2\x80\xAE") && !strchr(output.text, 0x7F));
	free(output.text);
	sheet_finish(&sheet);
}

TEST(table_for_a_pipe)
{
	check_single("table", 0, false, "table-pipe.txt");
}

TEST(table_for_80_columns)
{
	check_single("table", 80, false, "table-80.txt");
}

TEST(table_for_40_columns)
{
	check_single("table", 40, false, "table-40.txt");
}

TEST(json)
{
	check_single("json", 0, false, "single.json");
}

TEST(json_lines)
{
	check_single("jsonl", 0, false, "single.jsonl");
}

TEST(csv)
{
	check_single("csv", 0, false, "single.csv");
}

TEST(csv_with_states)
{
	check_single("csv", 0, true, "single-states.csv");
}

static void check_series(const char *format, size_t height, const char *golden)
{
	struct sheet sheet = processes();
	struct output output;

	sheet.interval_ns = 500000000;
	output_begin(&output, format, WRITER_SERIES);
	output.writer.width = height ? 80 : 0;
	output.writer.height = height;
	for (int i = 0; i < 2; i++) {
		writer_sheet(&output.writer, &sheet);
		sheet.realtime_ns += 500000000;
		sheet.tick++;
		sheet.row_count = 2;
	}
	output_end(&output, golden);
	free(output.text);
	sheet_finish(&sheet);
}

TEST(series_of_tables)
{
	check_series("table", 0, "series.txt");
}

TEST(series_of_json)
{
	check_series("json", 0, "series.json");
}

TEST(series_of_json_lines)
{
	check_series("jsonl", 0, "series.jsonl");
}

TEST(series_of_csv_has_one_header)
{
	check_series("csv", 0, "series.csv");
}

static void check_text_after_text(size_t width)
{
	struct sheet sheet;
	struct output output;

	sheet_init(&sheet, "attributes", text_columns, 2);
	struct procmon_value *row = sheet_add_row(&sheet);
	row[0] = sheet_text("a text that is longer than it may be");
	row[1] = sheet_text("and another one that has to take what is left of the line");
	output_begin(&output, "table", WRITER_SINGLE);
	output.writer.width = width;
	writer_sheet(&output.writer, &sheet);
	output_end(&output, NULL);
	char *rest = output.text, *line = strsep(&rest, "\n");
	line = strsep(&rest, "\n");
	CHECK_INT(text_width(line), width);
	free(output.text);
	sheet_finish(&sheet);
}

TEST(the_last_text_fills_the_line)
{
	for (size_t width = 42; width < 80; width++)
		check_text_after_text(width);
}

/* The line over a group ends with its columns; without room for one there is none. */
TEST(a_line_over_each_group)
{
	struct sheet sheet;
	struct output output;

	sheet_init(&sheet, "process", grouped_columns, 5);
	struct procmon_value *row = sheet_add_row(&sheet);
	for (size_t i = 0; i < 4; i++)
		row[i] = sheet_u64(0);
	row[4] = sheet_text("0000:08:00.0");
	output_begin(&output, "table", WRITER_SINGLE);
	output.writer.width = 200;
	writer_sheet(&output.writer, &sheet);
	output_end(&output, NULL);
	CHECK_TEXT(output.text, "io disk ------- gpu --------\n"
				"in read written time devices\n"
				" 0    0       0    0 0000:08:00.0\n");
	free(output.text);
	sheet_finish(&sheet);
}

TEST(a_screen_is_never_overfull)
{
	for (size_t height = 1; height <= 14; height++)
		for (size_t width = 20; width <= 200; width += 7) {
			struct sheet sheet = processes();
			struct output output;
			size_t lines = 0;

			sheet.interval_ns = 1000000000;
			output_begin(&output, "table", WRITER_SERIES);
			output.writer.width = width;
			output.writer.height = height;
			writer_sheet(&output.writer, &sheet);
			output_end(&output, NULL);
			char *rest = output.text, *line;
			while ((line = strsep(&rest, "\n")) != NULL && rest) {
				CHECK(text_width(line) <= width);
				lines++;
			}
			CHECK(lines <= height || height < 8);
			free(output.text);
			sheet_finish(&sheet);
		}
}

static void check_keyed(const char *format, const char *golden)
{
	struct sheet sheet = processes(), other;
	struct output output;

	sheet.row_count = 1;
	sheet_init(&other, "server", other_columns, 2);
	struct procmon_value *row = sheet_add_row(&other);
	row[0] = sheet_text("total");
	row[1] = sheet_u64(7);
	output_begin(&output, format, WRITER_KEYED);
	writer_sheet(&output.writer, &sheet);
	writer_sheet(&output.writer, &other);
	output_end(&output, golden);
	free(output.text);
	sheet_finish(&sheet);
	sheet_finish(&other);
}

TEST(several_tables_in_json)
{
	check_keyed("json", "keyed.json");
}

TEST(several_tables_in_json_lines)
{
	check_keyed("jsonl", "keyed.jsonl");
}

/* A key twice makes an object that strict readers refuse. */
TEST(no_attribute_is_called_as_what_stands_beside_it)
{
	static const char *const taken[] = {"table", "time", "tick", "exited", "states"};

	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++)
		for (size_t j = 0; j < sizeof taken / sizeof *taken; j++)
			if (strcmp(attributes[i].name, taken[j]) == 0)
				test_fail(__FILE__, __LINE__, "an attribute is called %s",
					taken[j]);
}

TEST(several_tables_in_csv)
{
	check_keyed("csv", "keyed.csv");
}

TEST(several_tables)
{
	check_keyed("table", "keyed.txt");
}

TEST(long_texts_go_on_below)
{
	struct sheet sheet;
	struct output output;

	sheet_init(&sheet, "attributes", text_columns, 2);
	struct procmon_value *row = sheet_add_row(&sheet);
	row[0] = sheet_text("mem.footprint");
	row[1] = sheet_text(
		"Memory that would come back if the process ended: its own dirty, "
		"compressed and swapped pages, page tables, huge pages; no file cache.");
	row = sheet_add_row(&sheet);
	row[0] = sheet_text("exe");
	row[1] = sheet_text("Anunbreakablewordthatislongerthanthewholelineoftheterminalwould"
			    "eversupport:stillitcomes.");
	output_begin(&output, "table", WRITER_SINGLE);
	output.writer.width = 60;
	output.writer.wrap = true;
	writer_sheet(&output.writer, &sheet);
	output_end(&output, "wrapped-60.txt");
	free(output.text);
	sheet_finish(&sheet);
}

TEST(no_rows)
{
	static const char *const names[] = {"table", "json", "jsonl", "csv"};
	static const char *const expected[] = {
		"pid comm\n", "{\"table\":\"process\",\"rows\":[]}\n", "", "pid,comm\n"};

	for (size_t i = 0; i < 4; i++) {
		struct sheet sheet;
		struct output output;

		sheet_init(&sheet, "process", columns, 2);
		output_begin(&output, names[i], WRITER_SINGLE);
		writer_sheet(&output.writer, &sheet);
		output_end(&output, NULL);
		CHECK_TEXT(output.text, expected[i]);
		free(output.text);
		sheet_finish(&sheet);
	}
}

/* With times, raw numbers, and a process that has ended. */
static void check_options(const char *format, bool raw, bool no_header, const char *golden)
{
	struct sheet sheet;
	struct output output;

	setenv("TZ", "UTC", 1);
	sheet_init(&sheet, "process", ending_columns,
		sizeof ending_columns / sizeof *ending_columns);
	sheet.realtime_ns = 1795230676123456789;
	sheet.tick = 42;
	sheet.exits = true;
	for (uint64_t pid = 1; pid <= 3; pid++) {
		struct procmon_value *row = sheet_add_row(&sheet);
		row[0] = sheet_u64(pid);
		row[1] = sheet_text("name");
		if (pid == 2)
			row[2] = sheet_u64(7 << 8);
		row[3] = sheet_u64(pid << 20);
		sheet.rows[pid - 1].exited = pid > 1;
	}
	output_begin(&output, format, WRITER_SINGLE);
	output.writer.time = true;
	output.writer.human = !raw;
	output.writer.no_header = no_header;
	output.writer.width = 80;
	writer_sheet(&output.writer, &sheet);
	output_end(&output, golden);
	free(output.text);
	sheet_finish(&sheet);
}

TEST(options_in_tables)
{
	check_options("table", false, false, "options.txt");
	check_options("table", true, true, "options-raw.txt");
}

/* Many have ended: they are first, but those that live are still to be seen. */
TEST(ended_ones_take_half_of_the_screen)
{
	struct sheet sheet;
	struct output output;

	sheet_init(&sheet, "process", columns, 2);
	sheet.exits = true;
	sheet.interval_ns = 1000000000;
	for (uint64_t pid = 1; pid <= 40; pid++) {
		struct procmon_value *row = sheet_add_row(&sheet);
		row[0] = sheet_u64(pid);
		row[1] = sheet_text(pid <= 20 ? "ended" : "living");
		sheet.rows[pid - 1].exited = pid <= 20;
	}
	output_begin(&output, "table", WRITER_SERIES);
	output.writer.width = 80;
	output.writer.height = 11; /* with title, head and a note: 8 rows */
	writer_sheet(&output.writer, &sheet);
	output_end(&output, NULL);
	CHECK(strstr(output.text, "  40 processes, 20 of them ended\n"));
	CHECK(strstr(output.text, "\n  4 ended\n 21 living\n"));
	CHECK(strstr(output.text, "\n 24 living\n"));
	CHECK(!strstr(output.text, "25 living"));
	free(output.text);
	sheet_finish(&sheet);
}

TEST(options_in_json)
{
	check_options("json", false, false, "options.json");
	check_options("jsonl", true, false, "options-raw.jsonl");
}

TEST(options_in_csv)
{
	check_options("csv", false, false, "options.csv");
	check_options("csv", true, true, "options-raw.csv");
}

static const char *pids(const struct sheet *sheet)
{
	static char out[128];

	out[0] = '\0';
	for (size_t i = 0; i < sheet->row_count; i++)
		snprintf(out + strlen(out), sizeof out - strlen(out), "%s%" PRIu64,
			i ? " " : "", sheet_cell(sheet, i, 0)->u64);
	return out;
}

TEST(order_of_rows)
{
	struct sheet sheet = processes();
	struct sheet_key by_usage = {2, true}, by_usage_up = {2, false}, by_name = {1, false};
	struct sheet_key two[] = {{7, true}, {4, true}};

	sheet_sort(&sheet, NULL, 0);
	CHECK_TEXT(pids(&sheet), "1 2 777 778 4194303");
	sheet_sort(&sheet, &by_usage, 1); /* what has no value comes last */
	CHECK_TEXT(pids(&sheet), "778 4194303 1 2 777");
	sheet_sort(&sheet, &by_usage_up, 1);
	CHECK_TEXT(pids(&sheet), "1 2 4194303 778 777");
	sheet_sort(&sheet, &by_name, 1);
	CHECK_TEXT(pids(&sheet), "778 4194303 777 1 2");
	sheet_sort(&sheet, two, 2);
	CHECK_TEXT(pids(&sheet), "1 4194303 778 777 2");
	CHECK_INT(sheet_first_measure(&sheet), 2);
	CHECK_INT(sheet_find_column(&sheet, "nice"), 7);
	CHECK_INT(sheet_find_column(&sheet, "none"), COLUMNS);
	sheet_finish(&sheet);
}

/* cpu2 before cpu10, as people count. */
TEST(natural_order_of_names)
{
	static const char *const mixed[] = {"cpu10", "cpu2", "cpu", "b1a10", "b1a9", "cpu02",
		"cpu2x", "a", "", "18446744073709551616000", "18446744073709551617000"};
	static const char *const expected[] = {"", "18446744073709551616000",
		"18446744073709551617000", "a", "b1a9", "b1a10", "cpu", "cpu2", "cpu02",
		"cpu2x", "cpu10"};
	enum { COUNT = sizeof mixed / sizeof *mixed };
	struct sheet sheet;

	sheet_init(&sheet, "cpu", text_columns, 2);
	for (size_t i = 0; i < COUNT; i++)
		sheet_add_row(&sheet)[0] = sheet_text(mixed[i]);
	sheet_sort_naturally(&sheet, &(struct sheet_key){0}, 1);
	for (size_t i = 0; i < COUNT; i++)
		CHECK_TEXT(sheet_cell(&sheet, i, 0)->text, expected[i]);
	sheet_finish(&sheet);
}

TEST(selected_columns)
{
	struct sheet sheet = processes();

	sheet_select_columns(&sheet, (const size_t[]){7, 1}, 2);
	sheet_select_columns(&sheet, (const size_t[]){1}, 1);
	CHECK_INT(sheet.column_count, 1);
	CHECK_TEXT(sheet.columns[0]->name, "comm");
	CHECK_TEXT(sheet_cell(&sheet, 1, 0)->text, "kthreadd");
	sheet_add_row(&sheet);
	CHECK_INT(sheet_cell(&sheet, 5, 0)->state, PROCMON_NONE);
	sheet_finish(&sheet);
}

static const struct procmon_attribute *const ratio_columns[] = {
	ATTRIBUTE("name", PROCMON_TEXT, PROCMON_NO_UNIT),
	ATTRIBUTE("disk.busy", PROCMON_F64, PROCMON_RATIO),
	ATTRIBUTE("memory.share", PROCMON_F64, PROCMON_RATIO),
	ATTRIBUTE("memory.size", PROCMON_U64, PROCMON_BYTES),
};

/* A table of two ratios on a line of limited width; to be freed. */
static char *write_ratios(size_t width)
{
	struct sheet sheet;
	struct output output;

	sheet_init(&sheet, "gpu", ratio_columns, 4);
	for (size_t i = 0; i < 2; i++) {
		struct procmon_value *row = sheet_add_row(&sheet);
		row[0] = sheet_text(i ? "two" : "one");
		row[1] = (struct procmon_value){.type = PROCMON_F64, .f64 = 0.5};
		row[2] = (struct procmon_value){.type = PROCMON_F64, .f64 = 0.25};
		row[3] = sheet_u64(4096);
		if (i)
			row[1] = missing(PROCMON_ASLEEP);
	}
	output_begin(&output, "table", WRITER_SINGLE);
	output.writer.width = width;
	writer_sheet(&output.writer, &sheet);
	output_end(&output, NULL);
	sheet_finish(&sheet);
	return output.text;
}

static void check_row(size_t width, const char *expected)
{
	char *text = write_ratios(width), *rest = text, *line;

	if (!strstr(text, expected))
		test_fail(__FILE__, __LINE__, "%zu: no %s in\n%s", width, expected, text);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (width && text_width(line) > width)
			test_fail(__FILE__, __LINE__, "%zu: %s", width, line);
	free(text);
}

/* They shrink and go, the last one first, before a column does. */
TEST(bars_give_way_to_numbers)
{
	check_row(0, "\none      50.0%        25.0%        4.0K\n");
	check_row(80, "\none  [#####     ] 50.0% [###       ] 25.0% 4.0K\n"
		      "two                   - [###       ] 25.0% 4.0K\n");
	check_row(47, "\none  [#####     ] 50.0% [###       ] 25.0% 4.0K\n");
	check_row(46, "\none  [#####     ] 50.0% [#    ] 25.0% 4.0K\n");
	check_row(41, "\none  [#####     ] 50.0% 25.0% 4.0K\n");
	check_row(33, "\none  [###  ] 50.0% 25.0% 4.0K\n");
	check_row(28, "\none  50.0% 25.0% 4.0K\n");
	check_row(21, "\none  50.0% 25.0% 4.0K\n");
	check_row(20, "show: memory.size");
}

TESTS(CASE(table_for_a_pipe), CASE(table_for_80_columns), CASE(table_for_40_columns),
	CASE(json), CASE(json_lines), CASE(csv), CASE(csv_with_states), CASE(series_of_tables),
	CASE(series_of_json), CASE(series_of_json_lines), CASE(series_of_csv_has_one_header),
	CASE(the_last_text_fills_the_line), CASE(a_line_over_each_group),
	CASE(a_screen_is_never_overfull), CASE(several_tables_in_json),
	CASE(several_tables_in_json_lines),
	CASE(no_attribute_is_called_as_what_stands_beside_it), CASE(several_tables_in_csv),
	CASE(several_tables), CASE(long_texts_go_on_below), CASE(no_rows),
	CASE(options_in_tables), CASE(ended_ones_take_half_of_the_screen),
	CASE(options_in_json), CASE(options_in_csv), CASE(order_of_rows),
	CASE(natural_order_of_names), CASE(selected_columns), CASE(bars_give_way_to_numbers))

/* Trees of processes: the lines, the order and the sums. */
#include "tree.h"

#include "test.h"

#define ATTRIBUTE(name_, type_, unit_, kind_)                                                  \
	&(const struct procmon_attribute)                                                      \
	{                                                                                      \
		.name = name_, .type = type_, .unit = unit_, .kind = kind_                     \
	}

static const struct procmon_attribute *const columns[] = {
	ATTRIBUTE("pid", PROCMON_U64, PROCMON_NO_UNIT, PROCMON_CONSTANT),
	ATTRIBUTE("mem.footprint", PROCMON_U64, PROCMON_BYTES, PROCMON_GAUGE),
	ATTRIBUTE("cpu.usage", PROCMON_F64, PROCMON_CORES, PROCMON_DERIVED),
	ATTRIBUTE("cpu.total", PROCMON_U64, PROCMON_NANOSECONDS, PROCMON_COUNTER),
	ATTRIBUTE("age", PROCMON_U64, PROCMON_NANOSECONDS, PROCMON_DERIVED),
	ATTRIBUTE("comm", PROCMON_TEXT, PROCMON_NO_UNIT, PROCMON_GAUGE),
};
enum { COMM = 5, COLUMNS };

static void add(struct sheet *sheet, uint32_t pid, uint32_t ppid, const char *comm)
{
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_u64(pid);
	if (pid != 2) /* a kernel thread */
		row[1] = sheet_u64(pid * 100);
	row[2] = (struct procmon_value){.type = PROCMON_F64, .f64 = pid / 8.0};
	row[3] = sheet_u64(pid);
	row[4] = sheet_u64(1000);
	row[5] = sheet_text(pid == 7 ? NULL : comm);
	sheet->rows[sheet->row_count - 1].pid = pid;
	sheet->rows[sheet->row_count - 1].ppid = ppid;
	sheet->rows[sheet->row_count - 1].comm = comm;
}

static struct sheet processes(void)
{
	struct sheet sheet;

	sheet_init(&sheet, "process", columns, COLUMNS);
	add(&sheet, 1, 0, "init");
	add(&sheet, 2, 0, "kthreadd");
	add(&sheet, 4, 1, "shell");
	add(&sheet, 5, 4, "make");
	add(&sheet, 6, 1, "daemon");
	add(&sheet, 7, 5, "cc");
	return sheet;
}

static void check_drawn(bool utf8, const char *const *expected)
{
	struct sheet sheet = processes();

	tree_arrange(&sheet);
	tree_draw(&sheet, utf8);
	for (size_t i = 0; i < sheet.row_count; i++)
		CHECK_TEXT(sheet_cell(&sheet, i, COMM)->text, expected[i]);
	sheet_finish(&sheet);
}

TEST(lines)
{
	static const char *const plain[] = {
		"init", "|-shell", "| `-make", "|   `-[cc]", "`-daemon", "kthreadd"};
	static const char *const drawn[] = {
		"init", "├─shell", "│ └─make", "│   └─[cc]", "└─daemon", "kthreadd"};

	check_drawn(false, plain);
	check_drawn(true, drawn);
}

TEST(a_deep_tree_stays_small)
{
	enum { DEPTH = 3000 };
	struct sheet sheet;

	sheet_init(&sheet, "process", columns, COLUMNS);
	for (uint32_t i = 1; i <= DEPTH; i++)
		add(&sheet, i + 10, i == 1 ? 0 : i + 9, "x");
	tree_arrange(&sheet);
	tree_draw(&sheet, false);
	CHECK(strlen(sheet_cell(&sheet, DEPTH - 1, COMM)->text) < 200);
	sheet_finish(&sheet);
}

static uint64_t number(const struct sheet *sheet, size_t row, size_t column)
{
	return sheet_cell(sheet, row, column)->u64;
}

TEST(sums)
{
	struct sheet sheet = processes();

	tree_sum(&sheet);
	CHECK_INT(number(&sheet, 0, 1), 2300); /* 1 + 4 + 5 + 6 + 7 */
	CHECK_INT(number(&sheet, 2, 1), 1600);
	CHECK_INT(number(&sheet, 5, 1), 700);
	CHECK(sheet_cell(&sheet, 1, 1)->state == PROCMON_NONE);
	CHECK(sheet_cell(&sheet, 0, 2)->f64 == 23 / 8.0);
	CHECK_INT(number(&sheet, 0, 3), 23);
	CHECK_INT(number(&sheet, 0, 0), 1);    /* ids are no quantities */
	CHECK_INT(number(&sheet, 0, 4), 1000); /* nor do ages add up */
	sheet_finish(&sheet);
}

TEST(a_sum_where_only_children_have_a_value)
{
	struct sheet sheet = processes();

	sheet.rows[4].ppid = 2;
	tree_sum(&sheet);
	CHECK_INT(number(&sheet, 1, 1), 600);
	CHECK(sheet_cell(&sheet, 1, 1)->state == PROCMON_OK);
	sheet_finish(&sheet);
}

/* Ids of other things than processes are large, and their names may be paths. */
TEST(paths_are_told_from_their_parents_on)
{
	static const char *const paths[] = {
		"/", "/a.slice", "/a.slice/b", "/a.slicex", "elsewhere"};
	static const char *const expected[] = {"/", "a.slice", "b", "/a.slicex", "elsewhere"};
	const uint64_t large = UINT64_C(1) << 40;
	struct sheet sheet;

	sheet_init(&sheet, "coalition", columns, COLUMNS);
	for (uint32_t i = 0; i < 5; i++)
		add(&sheet, i + 1, 0, paths[i]);
	for (uint32_t i = 0; i < 5; i++)
		sheet.rows[i].pid = large + i;
	sheet.rows[1].ppid = large;
	sheet.rows[2].ppid = sheet.rows[3].ppid = sheet.rows[4].ppid = large + 1;
	tree_arrange(&sheet);
	tree_shorten(&sheet);
	for (size_t i = 0; i < 5; i++)
		CHECK_TEXT(sheet_cell(&sheet, i, COMM)->text, expected[i]);
	sheet_finish(&sheet);
}

TESTS(CASE(lines), CASE(a_deep_tree_stays_small), CASE(sums),
	CASE(a_sum_where_only_children_have_a_value),
	CASE(paths_are_told_from_their_parents_on))

/* The mappings of a process, one a row, and what they come to by what they are for. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "regions.h"
#include "text.h"

enum {
	COLUMNS_MAX = 32,
	CATEGORY_WIDTH =
		17, /* on a narrow screen: our own fit, what programs call theirs may not */
};

/* Where the cells of a column for people come from, beside columns of the sheet. */
#define FROM_ADDRESSES SIZE_MAX
#define FROM_TITLE     (SIZE_MAX - 1)

struct page {
	const struct regions *regions;
	const struct procmon_attribute *attributes[COLUMNS_MAX];
	size_t from[COLUMNS_MAX];
	size_t count;
	bool is_narrow;
	char *left_out; /* names, owned */
};

/* ----------------------------------------------------------------------- for people */

static const struct procmon_attribute addresses_column = {.name = "addresses",
					      .type = PROCMON_TEXT},
				      protection_column = {.name = "prot",
					      .type = PROCMON_TEXT},
				      share_column = {.name = "share", .type = PROCMON_TEXT},
				      category_column = {.name = "category",
					      .type = PROCMON_TEXT},
				      title_column = {.name = "path", .type = PROCMON_TEXT};

static void add_column(
	struct page *self, const struct procmon_attribute *attribute, size_t from)
{
	if (self->count == COLUMNS_MAX)
		return;
	self->attributes[self->count] = attribute;
	self->from[self->count++] = from;
}

/* As the server names it, or under a shorter name. */
static void add(struct page *self, enum regions_column column,
	const struct procmon_attribute *short_one)
{
	const struct procmon_attribute *attribute = regions_attribute(self->regions, column);

	if (attribute)
		add_column(self, short_one ? short_one : attribute,
			self->regions->columns[column]);
}

static void leave_out(struct page *self, const char *name)
{
	char *longer = xasprintf("%s%s%s", self->left_out ? self->left_out : "",
		self->left_out ? ", " : "", name);

	free(self->left_out);
	self->left_out = longer;
}

static void add_pages(struct page *self)
{
	for (enum regions_column i = REGIONS_RESIDENT; i <= REGIONS_SWAP; i++)
		add(self, i, NULL);
	for (enum regions_column i = REGIONS_CLEAN; i < REGIONS_COLUMNS; i++) {
		const struct procmon_attribute *attribute = regions_attribute(self->regions, i);
		if (attribute && self->is_narrow)
			leave_out(self, attribute->name);
		else
			add(self, i, NULL);
	}
}

/* What is sorted by is shown. */
static void add_keys(struct page *self)
{
	const struct subject *subject = &self->regions->subject;
	const struct sheet *sheet = &self->regions->sheet;

	for (size_t i = 0; i < subject->key_count; i++) {
		const struct procmon_attribute *attribute =
			subject->columns.items[subject->keys[i].column];
		size_t from = sheet_find_column(sheet, attribute->name);
		bool is_known = from == self->regions->columns[REGIONS_START] ||
				from == self->regions->columns[REGIONS_END] ||
				from == self->regions->columns[REGIONS_NAME] ||
				from == self->regions->columns[REGIONS_PATH];

		for (size_t j = 0; j < self->count; j++)
			is_known |= self->from[j] == from;
		if (!is_known)
			add_column(self, attribute, from);
	}
}

static void plan(struct page *self)
{
	bool sizes = self->regions->options.sizes;

	add_column(self, &addresses_column, FROM_ADDRESSES);
	add(self, REGIONS_SIZE, NULL);
	if (sizes)
		add_pages(self);
	add(self, REGIONS_PROTECTION, &protection_column);
	if (sizes && self->is_narrow) {
		leave_out(self, share_column.name);
		leave_out(self, category_column.name);
	} else {
		add(self, REGIONS_SHARE, &share_column);
		add(self, REGIONS_CATEGORY, &category_column);
	}
	add_keys(self);
	if (self->count == COLUMNS_MAX)
		self->count--;
	add_column(self, &title_column, FROM_TITLE);
}

/* What is too long for a narrow screen is cut as any text is. */
static struct procmon_value category_of(
	const struct page *self, struct sheet *sheet, size_t row)
{
	const struct procmon_value *value = regions_value(self->regions, row, REGIONS_CATEGORY);

	if (!self->is_narrow || value->state != PROCMON_OK ||
		text_width(value->text) <= CATEGORY_WIDTH)
		return *value;
	size_t length = text_prefix(value->text, CATEGORY_WIDTH - 1);
	return sheet_text(sheet_keep_text(sheet, xasprintf("%.*s+", (int)length, value->text)));
}

static void fill_row(const struct page *self, struct sheet *sheet, size_t row, bool is_short)
{
	const struct regions *regions = self->regions;
	struct procmon_value *cells = sheet_add_row(sheet);

	for (size_t i = 0; i < self->count; i++) {
		if (self->from[i] == FROM_ADDRESSES)
			cells[i] = sheet_text(sheet_keep_text(
				sheet, regions_addresses(regions, row, is_short)));
		else if (self->from[i] == FROM_TITLE)
			cells[i] = sheet_text(sheet_keep_text(
				sheet, regions_title(regions, row,
					       regions->options.sizes && self->is_narrow)));
		else if (self->attributes[i] == &category_column)
			cells[i] = category_of(self, sheet, row);
		else
			cells[i] = *sheet_cell(&regions->sheet, row, self->from[i]);
	}
}

static void write_for_people(struct writer *writer, const struct regions *self)
{
	struct page page = {.regions = self,
		.is_narrow = writer->width > 0 && writer->width < REGIONS_WIDE};
	struct sheet sheet;

	plan(&page);
	sheet_init(&sheet, self->sheet.name, page.attributes, page.count);
	for (size_t i = 0; i < self->sheet.row_count; i++)
		fill_row(&page, &sheet, i, page.is_narrow);
	if (page.left_out)
		sheet_add_note(&sheet, xasprintf("too narrow to show: %s", page.left_out));
	sheet.incomplete = self->sheet.incomplete;
	sheet.realtime_ns = self->sheet.realtime_ns;
	sheet.tree = true;
	writer_sheet(writer, &sheet);
	sheet_finish(&sheet);
	free(page.left_out);
}

/* -------------------------------------------------------------------------- summary */

/* In the order of categories. */
struct summed {
	const struct regions *regions;
	size_t row;
};

static int compare_categories(const void *left, const void *right)
{
	const struct summed *a = left, *b = right;

	return strcmp(regions_text(a->regions, a->row, REGIONS_CATEGORY),
		regions_text(b->regions, b->row, REGIONS_CATEGORY));
}

/* A sum is known if all of its parts are. */
static void add_to(struct procmon_value *sum, const struct procmon_value *part)
{
	if (sum->state == PROCMON_OK && part->state != PROCMON_OK)
		sum->state = part->state;
	else if (sum->state == PROCMON_OK)
		sum->u64 += part->u64;
}

static struct procmon_value *begin_sums(struct sheet *sheet, const char *category)
{
	struct procmon_value *sums = sheet_add_row(sheet);

	sums[0] = sheet_text(*category ? category : NULL);
	for (size_t i = 1; i < sheet->column_count; i++)
		sums[i] = sheet_u64(0);
	return sums;
}

static void sum_up(struct sheet *sheet, const struct summed *items, size_t count,
	const enum regions_column *columns)
{
	struct procmon_value *sums = NULL;

	for (size_t i = 0; i < count; i++) {
		if (i == 0 || compare_categories(&items[i - 1], &items[i]) != 0)
			sums = begin_sums(sheet,
				regions_text(items[i].regions, items[i].row, REGIONS_CATEGORY));
		sums[1].u64++;
		for (size_t j = 2; j < sheet->column_count; j++)
			add_to(&sums[j],
				regions_value(items[i].regions, items[i].row, columns[j]));
	}
}

static void add_total(struct sheet *sheet)
{
	size_t count = sheet->row_count;
	struct procmon_value *total = begin_sums(sheet, "total");

	for (size_t row = 0; row < count; row++)
		for (size_t i = 1; i < sheet->column_count; i++)
			add_to(&total[i], sheet_cell(sheet, row, i));
}

/* How many columns it has. `columns`: what they are the sums of, from the third one on. */
static size_t plan_summary(const struct regions *self, const struct procmon_attribute **out,
	enum regions_column *columns)
{
	static const struct procmon_attribute regions_column = {
		.name = "regions", .type = PROCMON_U64, .unit = PROCMON_COUNT};
	size_t count = 0;

	out[count++] = &category_column;
	out[count++] = &regions_column;
	for (enum regions_column i = REGIONS_SIZE; i < REGIONS_COLUMNS; i++) {
		bool is_sum = i == REGIONS_SIZE || (i >= REGIONS_PAGES && self->options.sizes);
		const struct procmon_attribute *attribute = regions_attribute(self, i);
		if (!is_sum || !attribute)
			continue;
		columns[count] = i;
		out[count++] = attribute;
	}
	return count;
}

static void make_summary(const struct regions *self, struct sheet *sheet,
	const struct procmon_attribute **attributes)
{
	enum regions_column columns[REGIONS_COLUMNS + 2];
	size_t count = self->sheet.row_count, key;
	struct summed *items = xcalloc(count, sizeof *items);

	sheet_init(sheet, "summary", attributes, plan_summary(self, attributes, columns));
	for (size_t i = 0; i < count; i++)
		items[i] = (struct summed){self, i};
	qsort(items, count, sizeof *items, compare_categories);
	sum_up(sheet, items, count, columns);
	key = sheet_find_column(sheet, "mem.dirty");
	if (key == sheet->column_count)
		key = 2;
	if (key < sheet->column_count)
		sheet_sort(sheet, &(const struct sheet_key){key, true}, 1);
	add_total(sheet);
	free(items);
}

/* ------------------------------------------------------------------------ printing */

/* As --sort says, else by their addresses; with --top the largest. */
static void arrange(struct regions *self)
{
	const struct subject *subject = &self->subject;
	struct sheet_key *keys = xcalloc(subject->key_count + 1, sizeof *keys);
	struct sheet *sheet = &self->sheet;
	size_t top = self->options.top, size = self->columns[REGIONS_SIZE];

	for (size_t i = 0; i < subject->key_count; i++) {
		const struct procmon_attribute *attribute =
			subject->columns.items[subject->keys[i].column];
		keys[i] = (struct sheet_key){
			sheet_find_column(sheet, attribute->name), subject->keys[i].descending};
	}
	if (subject->key_count)
		sheet_sort(sheet, keys, subject->key_count);
	else if (top && size < sheet->column_count)
		sheet_sort(sheet, &(const struct sheet_key){size, true}, 1);
	if (top && sheet->row_count > top)
		sheet->row_count = top;
	free(keys);
}

/* What was asked for by name, or what programs get. */
static void select_columns(struct regions *self)
{
	const struct choice *shown = &self->subject.columns;
	size_t *order = xcalloc(shown->count, sizeof *order);

	for (size_t i = 0; i < shown->count; i++)
		order[i] = sheet_find_column(&self->sheet, shown->items[i]->name);
	sheet_select_columns(&self->sheet, order, shown->count);
	free(order);
}

int regions_print(struct regions *self)
{
	const struct procmon_attribute *attributes[REGIONS_COLUMNS + 2];
	struct writer writer;
	struct sheet summary;

	make_summary(self, &summary, attributes);
	begin_output(&writer, &self->options, WRITER_SINGLE);
	bool is_table = writer.format == &format_table;
	writer.keep_end = true;
	regions_put_heading(self, &writer, "");
	arrange(self);
	if (is_table && !self->options.attrs) {
		write_for_people(&writer, self);
	} else {
		select_columns(self);
		writer_sheet(&writer, &self->sheet);
	}
	if (is_table && !writer.no_header)
		writer_sheet(&writer, &summary);
	writer_end(&writer);
	sheet_finish(&summary);
	return finish_output();
}

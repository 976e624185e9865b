#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* Deeper ones are drawn as if they were this deep: lines longer than any screen help nobody. */
enum { DEPTH_MAX = 60 };

static bool can_be_summed(const struct procmon_attribute *attribute)
{
	switch (attribute->unit) {
	case PROCMON_CORES:
	case PROCMON_RATIO:
	case PROCMON_BYTES_PER_SECOND:
	case PROCMON_PER_SECOND:
	case PROCMON_BYTES:
	case PROCMON_COUNT:
	case PROCMON_NANOJOULES:
	case PROCMON_MILLIWATTS:
		return attribute->type == PROCMON_U64 || attribute->type == PROCMON_F64;
	default:
		return attribute->type == PROCMON_U64 && attribute->kind == PROCMON_COUNTER;
	}
}

static void add(struct procmon_value *sum, const struct procmon_value *value)
{
	if (value->state != PROCMON_OK)
		return;
	if (sum->state != PROCMON_OK) {
		*sum = *value;
		return;
	}
	sum->f64 += value->f64;
	sum->u64 = sum->u64 > UINT64_MAX - value->u64 ? UINT64_MAX : sum->u64 + value->u64;
}

void tree_sum(struct sheet *sheet)
{
	struct family family;

	sheet_family(sheet, &family);
	for (size_t column = 0; column < sheet->column_count; column++) {
		if (!can_be_summed(sheet->columns[column]))
			continue;
		/* backwards: children before their parents */
		for (size_t i = family.count; i-- > 0;) {
			size_t row = family.order[i], parent = family.parents[row];
			if (parent != FAMILY_NONE)
				add(sheet_cell(sheet, parent, column),
					sheet_cell(sheet, row, column));
		}
	}
	family_finish(&family);
}

void tree_arrange(struct sheet *sheet)
{
	struct family family;

	sheet_family(sheet, &family);
	sheet_select(sheet, family.order, family.count);
	family_finish(&family);
}

static bool has_identity(const uint64_t *identities, size_t count, uint64_t identity)
{
	for (size_t i = 0; i < count; i++)
		if (identity != 0 && identities[i] == identity)
			return true;
	return false;
}

void tree_keep(struct sheet *sheet, const uint64_t *identities, size_t count)
{
	bool *marks = xcalloc(sheet->row_count, sizeof *marks);
	size_t *kept = xcalloc(sheet->row_count, sizeof *kept), kept_count = 0;
	struct family family;

	sheet_family(sheet, &family);
	for (size_t row = 0; row < sheet->row_count; row++)
		marks[row] = has_identity(identities, count, sheet->rows[row].identity);
	family_spread(&family, marks);
	for (size_t row = 0; row < sheet->row_count; row++)
		if (marks[row])
			kept[kept_count++] = row;
	sheet_select(sheet, kept, kept_count);
	family_finish(&family);
	free(kept);
	free(marks);
}

/* Which rows are the last child of their parent? */
static bool *find_last(const struct family *family)
{
	bool *last = xcalloc(family->count, sizeof *last);
	bool *seen = xcalloc(family->count, sizeof *seen);

	for (size_t i = family->count; i-- > 0;) {
		size_t row = family->order[i], parent = family->parents[row];
		if (parent == FAMILY_NONE)
			continue;
		last[row] = !seen[parent];
		seen[parent] = true;
	}
	free(seen);
	return last;
}

static const char *find_name(struct sheet *sheet, size_t row)
{
	const struct procmon_value *cell = sheet_cell(sheet, row, sheet->column_count - 1);
	const char *comm = sheet->rows[row].comm;

	if (cell->state == PROCMON_OK && cell->type == PROCMON_TEXT)
		return cell->text;
	return sheet_keep_text(sheet, xasprintf("[%s]", comm ? comm : ""));
}

/* What follows in a path; NULL: it is not below that one. */
static const char *path_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	if (length > 0 && above[length - 1] == '/')
		length--;
	return strncmp(path, above, length) == 0 && path[length] == '/' && path[length + 1]
		       ? path + length + 1
		       : NULL;
}

void tree_shorten(struct sheet *sheet)
{
	struct family family;

	sheet_family(sheet, &family);
	/* backwards: children before their parents, whose whole paths are still needed */
	for (size_t i = family.count; i-- > 0;) {
		size_t row = family.order[i], parent = family.parents[row];
		struct procmon_value *cell = sheet_cell(sheet, row, sheet->column_count - 1);
		if (parent == FAMILY_NONE || cell->state != PROCMON_OK ||
			cell->type != PROCMON_TEXT)
			continue;
		const struct procmon_value *above =
			sheet_cell(sheet, parent, sheet->column_count - 1);
		const char *rest =
			above->state == PROCMON_OK ? path_below(cell->text, above->text) : NULL;
		cell->text = rest ? rest : cell->text;
	}
	family_finish(&family);
}

void tree_draw(struct sheet *sheet, bool utf8)
{
	const char *branch = utf8 ? "├─" : "|-", *end = utf8 ? "└─" : "`-";
	const char *line = utf8 ? "│ " : "| ";
	char **stems = xcalloc(sheet->row_count, sizeof *stems); /* before one's children */
	struct family family;

	sheet_family(sheet, &family);
	bool *last = find_last(&family);
	for (size_t i = 0; i < family.count; i++) {
		size_t row = family.order[i], parent = family.parents[row];
		const char *stem = parent == FAMILY_NONE ? "" : stems[parent];
		const char *own = parent == FAMILY_NONE ? "" : last[row] ? end : branch;
		const char *next = parent == FAMILY_NONE ? "" : last[row] ? "  " : line;

		*sheet_cell(sheet, row, sheet->column_count - 1) = sheet_text(sheet_keep_text(
			sheet, xasprintf("%s%s%s", stem, own, find_name(sheet, row))));
		stems[row] =
			xasprintf("%s%s", stem, family.depths[row] < DEPTH_MAX ? next : "");
	}
	for (size_t i = 0; i < family.count; i++)
		free(stems[i]);
	free(stems);
	free(last);
	family_finish(&family);
}

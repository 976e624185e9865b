/* Footprints for people. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "footprint.h"
#include "format.h"
#include "text.h"

enum {
	RULE_WIDTH = 70,
	LINE_MAX_COLUMNS = 512, /* of one line's numbers */
};

static const char incomplete[] = "  incomplete: not all was found in time";

struct text_page {
	const struct footprint_style *style;
	FILE *file;
	char line[LINE_MAX_COLUMNS]; /* the numbers before the text of a line */
};

/* --------------------------------------------------------------------------- numbers */

static const char *format_bytes(
	const struct footprint_style *style, uint64_t bytes, char out[FORMAT_MAX])
{
	struct procmon_value value = {.type = PROCMON_U64, .u64 = bytes};
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (style->unit == FOOTPRINT_FORMATTED)
		return format_value(out, PROCMON_BYTES, &value);
	if (style->unit == FOOTPRINT_PAGES)
		bytes = (bytes + page - 1) / page;
	snprintf(out, FORMAT_MAX, "%" PRIu64, bytes);
	return out;
}

static const char *format_if(
	const struct footprint_style *style, bool known, uint64_t bytes, char out[FORMAT_MAX])
{
	return known ? format_bytes(style, bytes, out) : "-";
}

static int column_width(const struct footprint_style *style, size_t column)
{
	int width = column == AMOUNT_REGIONS         ? 7
		    : style->unit == FOOTPRINT_BYTES ? 14
		    : column == AMOUNT_RECLAIMABLE   ? 11
						     : 9;

	return width;
}

static void add_cell(struct text_page *self, size_t column, const char *text)
{
	size_t at = strlen(self->line);

	snprintf(self->line + at, sizeof self->line - at, "%*s  ",
		column_width(self->style, column), text);
}

static void add_amounts(struct text_page *self, const struct amounts *amounts, size_t count)
{
	char number[FORMAT_MAX];

	self->line[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (!self->style->columns[i])
			continue;
		if (!amounts->known[i])
			add_cell(self, i, "-");
		else if (i == AMOUNT_REGIONS) {
			snprintf(number, sizeof number, "%" PRIu64, amounts->of[i]);
			add_cell(self, i, number);
		} else
			add_cell(self, i, format_bytes(self->style, amounts->of[i], number));
	}
}

/* ----------------------------------------------------------------------------- lines */

/* The numbers and a text, which is cut where the screen ends. */
static void put_line(struct text_page *self, const char *text)
{
	size_t size = strlen(text) + 1, used = strlen(self->line), width = self->style->width;
	char *clean = xcalloc(size, 1);

	text_sanitise(clean, size, text, size - 1);
	size_t length = strlen(clean);
	if (width && !self->style->wide)
		length = text_prefix(clean, width > used ? width - used : 1);
	fprintf(self->file, "%s%.*s\n", self->line, (int)length, clean);
	free(clean);
}

static void put_rule(struct text_page *self)
{
	size_t width = self->style->width;

	for (size_t i = 0; i < RULE_WIDTH && (!width || i < width); i++)
		fputc('=', self->file);
	fputc('\n', self->file);
}

static void put_title(struct text_page *self, char *title)
{
	put_rule(self);
	self->line[0] = '\0';
	put_line(self, title);
	put_rule(self);
	free(title);
}

static void put_head(struct text_page *self)
{
	self->line[0] = '\0';
	for (size_t i = 0; i < AMOUNTS; i++)
		if (self->style->columns[i])
			add_cell(self, i, amount_labels[i]);
	put_line(self, "Category");
}

static void put_dashes(struct text_page *self)
{
	self->line[0] = '\0';
	for (size_t i = 0; i < AMOUNTS; i++)
		if (self->style->columns[i])
			add_cell(self, i, "---");
	put_line(self, "---");
}

static void put_values(struct text_page *self, const char *title,
	const struct footprint_value *values, size_t count)
{
	char number[FORMAT_MAX];

	fprintf(self->file, "\n%s:\n", title);
	for (size_t i = 0; i < count; i++)
		fprintf(self->file, "    %s: %s\n", values[i].name,
			values[i].value.state == PROCMON_OK
				? format_bytes(self->style, values[i].value.u64, number)
				: "-");
}

/* ------------------------------------------------------------------------ one process */

/* Where the number of regions stands for a category, each of them has its place; of a path there
 * is only room for the last part. */
static void put_region(struct text_page *self, const struct footprint_region *region)
{
	const char *slash = strrchr(region->name, '/');
	const char *name = slash && slash[1] && !self->style->wide ? slash + 1 : region->name;
	char *text = xasprintf("%012" PRIx64 "-%012" PRIx64 " %s %s%s%s", region->start,
		region->end, region->protection, region->share_mode, *name ? " " : "", name);

	add_amounts(self, &region->amounts, AMOUNT_REGIONS);
	put_line(self, text);
	free(text);
}

static void put_category(struct text_page *self, const struct footprint_process *process,
	const struct footprint_category *category)
{
	add_amounts(self, &category->amounts, AMOUNTS);
	put_line(self, category->name);
	for (size_t i = 0; self->style->regions && i < process->region_count; i++)
		if (strcmp(process->regions[i].category, category->name) == 0)
			put_region(self, &process->regions[i]);
}

static void put_process(struct text_page *self, const struct footprint_process *process)
{
	char footprint[FORMAT_MAX], dirty[FORMAT_MAX];

	put_title(self,
		xasprintf("%s [%" PRIu32 "]: Footprint: %s, Dirty: %s  (%ld bytes per page)%s",
			process->name, process->pid,
			format_if(self->style, process->footprint.state == PROCMON_OK,
				process->footprint.u64, footprint),
			format_if(self->style, process->total.known[AMOUNT_DIRTY],
				process->total.of[AMOUNT_DIRTY], dirty),
			sysconf(_SC_PAGESIZE), process->incomplete ? incomplete : ""));
	if (self->style->categories) {
		fputc('\n', self->file);
		put_head(self);
		put_dashes(self);
		for (size_t i = 0; i < process->category_count; i++)
			put_category(self, process, &process->categories[i]);
		put_dashes(self);
		add_amounts(self, &process->total, AMOUNTS);
		put_line(self, "TOTAL");
	}
	put_values(self, "Auxiliary data", process->values, process->value_count);
	fputc('\n', self->file);
}

/* ------------------------------------------------------------------------- the summary */

static void put_shared(
	struct text_page *self, const char *name, size_t processes, uint64_t once, uint64_t sum)
{
	char first[FORMAT_MAX], second[FORMAT_MAX];

	int width = column_width(self->style, AMOUNT_DIRTY);

	snprintf(self->line, sizeof self->line, "%*s  %*s  %9zu  ", width,
		format_bytes(self->style, once, first), width,
		format_bytes(self->style, sum, second), processes);
	put_line(self, name);
}

/* Shared memory one by one; files, of which there are many, together unless all is shown. */
static void put_objects(struct text_page *self, const struct footprint *footprint)
{
	const struct sharing *sharing = &footprint->sharing;
	uint64_t once = 0, sum = 0;
	size_t files = 0, most = 0;
	int width = column_width(self->style, AMOUNT_DIRTY);

	fprintf(self->file, "\n%*s  %*s  %9s  Shared\n", width, "Once", width, "Sum",
		"Processes");
	fprintf(self->file, "%*s  %*s  %9s  ---\n", width, "---", width, "---", "---");
	for (size_t i = 0; i < sharing->count; i++) {
		const struct sharing_object *object = &sharing->objects[i];

		if (object->process_count < 2)
			continue;
		if (object->uses->is_memory || self->style->regions) {
			put_shared(self, object->uses->name, object->process_count,
				object->once, object->sum);
			continue;
		}
		files++;
		once += object->once;
		sum += object->sum;
		most = object->process_count > most ? object->process_count : most;
	}
	if (files > 0) {
		char *name = xasprintf("%zu files, clean", files);
		put_shared(self, name, most, once, sum);
		free(name);
	}
}

static void put_sum(struct text_page *self, const char *name, uint64_t bytes)
{
	char number[FORMAT_MAX];

	fprintf(self->file, "    %s: %s\n", name, format_bytes(self->style, bytes, number));
}

static void put_summary(struct text_page *self, const struct footprint *footprint)
{
	char number[FORMAT_MAX];

	put_title(self, xasprintf("Summary of %zu processes: Dirty: %s%s", footprint->count,
				format_bytes(self->style, footprint_total(footprint), number),
				footprint_is_incomplete(footprint) ? incomplete : ""));
	if (self->style->categories)
		put_objects(self, footprint);
	fprintf(self->file, "\nTotal, what would come back if all of them ended:\n");
	put_sum(self,
		footprint_is_divided(footprint)
			? "of no file, divided by those that have it since a fork"
			: "of no file, counted whole where the kernel tells no shares",
		footprint_sum_anonymous(footprint));
	put_sum(self, "shared memory, counted once",
		sharing_sum_once(&footprint->sharing, true));
	put_sum(self, "page tables", footprint_sum_unmapped(footprint));
	put_sum(self, "dirty", footprint_total(footprint));
	put_sum(self, "sum of what each has", footprint_sum(footprint));
}

void footprint_write_text(
	const struct footprint *self, const struct footprint_style *style, FILE *file)
{
	struct text_page page = {.style = style, .file = file};

	for (size_t i = 0; i < self->count; i++)
		put_process(&page, &self->processes[i]);
	if (self->count > 1)
		put_summary(&page, self);
	if (self->system_count > 0)
		put_values(&page, "System auxiliary data", self->system, self->system_count);
}

/* What is different in a later listing, one mapping a row. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "difference.h"
#include "format.h"
#include "limit.h"

/* ------------------------------------------------------------------------ for programs */

enum {
	PAGE_COLUMNS = REGIONS_COLUMNS - REGIONS_PAGES,
	COLUMNS_MAX = REGIONS_COLUMNS + PAGE_COLUMNS + 3,
};

static const struct procmon_attribute pid_column = {.name = "pid", .type = PROCMON_U64},
				      kind_column = {.name = "change", .type = PROCMON_TEXT},
				      growth_column = {.name = "size_change",
					      .type = PROCMON_I64,
					      .unit = PROCMON_BYTES};

#define PAGES_CHANGE(name_)                                                                    \
	{                                                                                      \
		.name = name_ "_change", .type = PROCMON_I64, .unit = PROCMON_BYTES            \
	}
static const struct procmon_attribute page_columns[PAGE_COLUMNS] = {
	[REGIONS_RESIDENT - REGIONS_PAGES] = PAGES_CHANGE("mem.resident"),
	[REGIONS_DIRTY - REGIONS_PAGES] = PAGES_CHANGE("mem.dirty"),
	[REGIONS_SWAP - REGIONS_PAGES] = PAGES_CHANGE("mem.swap"),
	[REGIONS_CLEAN - REGIONS_PAGES] = PAGES_CHANGE("mem.clean"),
	[REGIONS_RECLAIMABLE - REGIONS_PAGES] = PAGES_CHANGE("mem.reclaimable"),
};

static size_t plan(
	const struct difference *self, const struct procmon_attribute **out, int *columns)
{
	size_t count = 0;

	out[count++] = &pid_column;
	out[count++] = &kind_column;
	for (enum regions_column i = REGIONS_START; i < REGIONS_COLUMNS; i++) {
		const struct procmon_attribute *attribute =
			regions_attribute(self->after.regions, i);
		bool is_shown = i <= REGIONS_NAME || i >= REGIONS_PAGES;
		if (!attribute || !is_shown)
			continue;
		columns[count] = (int)i;
		out[count++] = attribute;
		if (i != REGIONS_SIZE && i < REGIONS_PAGES)
			continue;
		columns[count] = (int)i;
		out[count++] =
			i == REGIONS_SIZE ? &growth_column : &page_columns[i - REGIONS_PAGES];
	}
	return count;
}

static uint64_t interval_of(const struct difference *self)
{
	return procmon_table_get_timestamp(self->after.regions->table) -
	       procmon_table_get_timestamp(self->before.regions->table);
}

/* Of the later listing; the columns must outlive it. */
static void begin_sheet(struct sheet *sheet, const struct difference *self,
	const struct procmon_attribute *const *columns, size_t count)
{
	const struct regions *before = self->before.regions, *after = self->after.regions;

	sheet_init(sheet, after->sheet.name, columns, count);
	sheet->realtime_ns = after->sheet.realtime_ns;
	sheet->tick = after->sheet.tick;
	sheet->interval_ns = interval_of(self);
	sheet->incomplete = before->sheet.incomplete || after->sheet.incomplete;
}

static void write_for_programs(struct writer *writer, const struct difference *self)
{
	const struct procmon_attribute *attributes[COLUMNS_MAX];
	int columns[COLUMNS_MAX];
	struct sheet sheet;

	begin_sheet(&sheet, self, attributes, plan(self, attributes, columns));
	for (size_t i = 0; i < self->event_count; i++) {
		const struct difference_event *event = &self->events[i];
		struct procmon_value *cells = sheet_add_row(&sheet);
		cells[0] = sheet_u64(self->after.regions->process.pid);
		cells[1] = sheet_text(difference_kind_name(event->kind));
		for (size_t j = 2; j < sheet.column_count; j++) {
			enum regions_column column = (enum regions_column)columns[j];
			cells[j] = attributes[j]->table == 0
					   ? difference_growth(self, event, column)
					   : *difference_value(self, event, column);
		}
	}
	writer_sheet(writer, &sheet);
	sheet_finish(&sheet);
}

/* -------------------------------------------------------------------------- for people */

static bool is_narrow(const struct writer *writer)
{
	return writer->width > 0 && writer->width < REGIONS_WIDE;
}

/* "+4.0K", to be freed. A text, but it stands right. */
static char *describe_growth(const struct procmon_value *growth, bool human)
{
	enum { WIDTH = 7 };
	char number[FORMAT_MAX];
	const char *text = number;

	if (growth->state != PROCMON_OK || growth->i64 == 0)
		text = growth->state == PROCMON_OK ? "" : "-";
	else if (human)
		text = format_value(number, PROCMON_BYTES, growth);
	else
		format_exact(number, growth);
	bool sign = growth->state == PROCMON_OK && growth->i64 > 0;
	size_t length = strlen(text) + sign;
	return xasprintf("%*s%s%s", length < WIDTH ? (int)(WIDTH - length) : 0, "",
		sign ? "+" : "", text);
}

static struct procmon_value growth_text(struct sheet *sheet, const struct writer *writer,
	const struct difference *self, const struct difference_event *event,
	enum regions_column column)
{
	struct procmon_value growth = difference_growth(self, event, column);

	return sheet_text(sheet_keep_text(sheet, describe_growth(&growth, writer->human)));
}

static void add_row(struct sheet *sheet, const struct writer *writer,
	const struct difference *self, const struct difference_event *event)
{
	bool is_there = event->after != DIFFERENCE_NO_ROW;
	const struct regions *regions = is_there ? self->after.regions : self->before.regions;
	size_t row = (size_t)(is_there ? event->after : event->before), i = 0;
	bool sizes = regions->options.sizes, is_short = is_narrow(writer);
	struct procmon_value *cells = sheet_add_row(sheet);

	cells[i++] =
		sheet_text(sheet_keep_text(sheet, regions_addresses(regions, row, is_short)));
	cells[i++] = sheet_text(difference_kind_name(event->kind));
	if (!sizes || !is_short)
		cells[i++] = *regions_value(regions, row, REGIONS_SIZE);
	cells[i++] = growth_text(sheet, writer, self, event, REGIONS_SIZE);
	if (sizes) {
		cells[i++] = growth_text(sheet, writer, self, event, REGIONS_RESIDENT);
		cells[i++] = growth_text(sheet, writer, self, event, REGIONS_DIRTY);
	}
	if (sizes && !is_short)
		cells[i++] = growth_text(sheet, writer, self, event, REGIONS_SWAP);
	if (!sizes || !is_short)
		cells[i++] = *regions_value(regions, row, REGIONS_PROTECTION);
	cells[i++] = sheet_text(sheet_keep_text(sheet, regions_title(regions, row, true)));
}

/* As in add_row. Growths are texts that stand right. */
static size_t plan_for_people(const struct writer *writer, const struct regions *regions,
	const struct procmon_attribute **out)
{
	static const struct procmon_attribute addresses = {.name = "addresses",
						      .type = PROCMON_TEXT},
					      growth = {.name = "     by",
						      .type = PROCMON_TEXT},
					      resident = {.name = "resident",
						      .type = PROCMON_TEXT},
					      dirty = {.name = "  dirty", .type = PROCMON_TEXT},
					      swap = {.name = "   swap", .type = PROCMON_TEXT},
					      protection = {.name = "prot",
						      .type = PROCMON_TEXT},
					      title = {.name = "path", .type = PROCMON_TEXT};
	bool sizes = regions->options.sizes, all = !sizes || !is_narrow(writer);
	size_t count = 0;

	out[count++] = &addresses;
	out[count++] = &kind_column;
	if (all)
		out[count++] = regions_attribute(regions, REGIONS_SIZE);
	out[count++] = &growth;
	if (sizes) {
		out[count++] = &resident;
		out[count++] = &dirty;
	}
	if (sizes && all)
		out[count++] = &swap;
	if (all)
		out[count++] = &protection;
	out[count++] = &title;
	return count;
}

/* "2 mapped, 1 grew: 35.2M before, 36.0M after", to be freed. */
static char *sum_up(const struct difference *self)
{
	char *text = xstrdup("");

	for (int i = 0; i < DIFFERENCE_KINDS; i++) {
		if (!self->counts[i])
			continue;
		char *longer = xasprintf("%s%s%zu %s", text, *text ? ", " : "", self->counts[i],
			i == DIFFERENCE_PAGES ? "with other pages"
					      : difference_kind_name((enum difference_kind)i));
		free(text);
		text = longer;
	}
	if (*text)
		return text;
	free(text);
	return xstrdup("nothing has changed");
}

static void write_for_people(struct writer *writer, const struct difference *self)
{
	const struct regions *regions = self->after.regions;
	const struct procmon_attribute *columns[COLUMNS_MAX];
	struct sheet sheet;

	begin_sheet(&sheet, self, columns, plan_for_people(writer, regions, columns));
	for (size_t i = 0; i < self->event_count; i++)
		add_row(&sheet, writer, self, &self->events[i]);
	sheet_add_note(&sheet, sum_up(self));
	if (regions->options.sizes && is_narrow(writer))
		sheet_add_note(&sheet, xstrdup("too narrow to show: size, swap, prot"));
	sheet.tree = true;
	writer->keep_end = true;
	writer_sheet(writer, &sheet);
	sheet_finish(&sheet);
}

static void put_heading(const struct difference *self, const struct writer *writer)
{
	/* Intervals are multiples of this. */
	static const uint64_t step_ns = REQUEST_INTERVAL_MIN_MS * UINT64_C(1000000);
	uint64_t steps = (interval_of(self) + step_ns / 2) / step_ns;
	char interval[FORMAT_MAX], size[FORMAT_MAX];
	struct procmon_value sum = sheet_u64(regions_total(self->before.regions));

	format_interval(interval, steps * step_ns);
	char *more = xasprintf("; %s before: %zu, %s", interval, self->before.count,
		format_value(size, PROCMON_BYTES, &sum));
	regions_put_heading(self->after.regions, writer, more);
	free(more);
}

int regions_print_difference(const struct regions *before, const struct regions *after)
{
	struct difference difference;
	struct writer writer;

	difference_init(&difference, before, after);
	begin_output(&writer, &after->options, WRITER_SINGLE);
	put_heading(&difference, &writer);
	if (writer.format == &format_table)
		write_for_people(&writer, &difference);
	else
		write_for_programs(&writer, &difference);
	writer_end(&writer);
	difference_finish(&difference);
	return finish_output();
}

/*
 * What procctl prints: columns and rows, wherever they came from. The writers know
 * nothing else, so that a table of processes, the catalog and a list made by hand look
 * the same.
 */
#ifndef CLIENT_SHEET_H
#define CLIENT_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procmon.h"

struct sheet {
	const char *name;                 /* "process"; borrowed */
	const char *row_name, *rows_name; /* what rows are: "process", "processes" */
	const struct procmon_attribute *const *columns; /* borrowed */
	size_t column_count;
	struct procmon_value *cells; /* row by row; texts are borrowed */
	size_t row_count, row_capacity;
	uint64_t realtime_ns, tick; /* 0: not a sample */
	uint64_t interval_ns;       /* 0: not one of a series */
};

/* An order of rows: one column, up or down. */
struct sheet_key {
	size_t column;
	bool descending;
};

/* A column of a sheet that is no table of the server. */
#define SHEET_COLUMN(name_, type_)                                                             \
	&(const struct procmon_attribute)                                                      \
	{                                                                                      \
		.name = name_, .type = type_                                                   \
	}

/* An empty sheet with these columns. */
void sheet_init(struct sheet *self, const char *name,
	const struct procmon_attribute *const *columns, size_t column_count);
void sheet_finish(struct sheet *self);

/* Adds a row; all its cells are of state NONE. Returns its first cell, valid until the
 * next row is added. */
struct procmon_value *sheet_add_row(struct sheet *self);

struct procmon_value *sheet_cell(const struct sheet *self, size_t row, size_t column);

/* Replaces the rows by those of a table, whose texts must outlive the sheet's use. */
void sheet_fill(struct sheet *self, struct procmon_table *table);

/* Sorts the rows; what has no value comes last, equal rows keep their order by pid or,
 * where there is none, as they came. */
void sheet_sort(struct sheet *self, const struct sheet_key *keys, size_t key_count);

/* The first column that measures something here: a number with a unit. column_count:
 * none. */
size_t sheet_first_measure(const struct sheet *self);

/* The index of a column by its name; column_count: none. */
size_t sheet_find_column(const struct sheet *self, const char *name);

/* Makes cells. A text is borrowed; NULL gives no value. */
struct procmon_value sheet_text(const char *text);
struct procmon_value sheet_u64(uint64_t number);

#endif

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

#include "family.h"
#include "procmon.h"

/* What a row is beside its cells; zero but in tables of processes. */
struct sheet_row {
	uint64_t pid, ppid; /* in trees of other things: their ids */
	uint64_t identity;
	const char *comm; /* NULL: not asked for, or it has none */
	bool exited;      /* the process has ended: these are its last values */
};

struct sheet {
	const char *name;                 /* "process"; borrowed */
	const char *row_name, *rows_name; /* what rows are: "process", "processes" */
	const struct procmon_attribute *const *columns; /* borrowed */
	const struct procmon_attribute **selected;      /* the same, if they are our own */
	size_t column_count;
	struct procmon_value *cells; /* row by row; texts are borrowed */
	struct sheet_row *rows;
	size_t row_count, row_capacity;
	char **texts; /* those that were made for it, see sheet_keep_text */
	size_t text_count;
	char **notes; /* lines below a table, owned */
	size_t note_count;
	bool incomplete;            /* rows are missing */
	bool stale;                 /* a newer one was due, and has not come */
	bool exits;                 /* rows may have exited, and it is to be shown */
	bool tree;                  /* the last column is what the table is about */
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

/* Adds the rows of a table, whose texts must outlive the sheet's use. */
void sheet_append(struct sheet *self, struct procmon_table *table);

/* Takes a text that cells of the sheet may then borrow: it is freed with the sheet. */
const char *sheet_keep_text(struct sheet *self, char *text);

/* Takes a line that is to stand below the table. */
void sheet_add_note(struct sheet *self, char *note);

/* The forest of its processes, by index of their rows. */
void sheet_family(const struct sheet *self, struct family *ret_family);

/* Its rows become those with these indices, in this order. */
void sheet_select(struct sheet *self, const size_t *order, size_t count);

/* Its columns become those with these indices, in this order. */
void sheet_select_columns(struct sheet *self, const size_t *order, size_t count);

/* Sorts the rows; what has ended comes first, what has no value last, equal rows keep their
 * order by pid or, where there is none, as they came. */
void sheet_sort(struct sheet *self, const struct sheet_key *keys, size_t key_count);

/* The same, but numbers in texts count as such: cpu2 stands before cpu10. */
void sheet_sort_naturally(struct sheet *self, const struct sheet_key *keys, size_t key_count);

/* The first column that measures something here: a number with a unit. column_count:
 * none. */
size_t sheet_first_measure(const struct sheet *self);

/* The index of a column by its name; column_count: none. */
size_t sheet_find_column(const struct sheet *self, const char *name);

/* Makes cells. A text is borrowed; NULL gives no value. */
struct procmon_value sheet_text(const char *text);
struct procmon_value sheet_text_or_none(const char *text); /* an empty text gives none either */
struct procmon_value sheet_u64(uint64_t number);

#endif

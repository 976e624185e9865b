/*
 * Table: the rows and cells that the user of the library sees.
 *
 * Columns, one array an attribute, indexed by row; rows lie without holes. What the user
 * retained is never changed: the mirror, which owns the current table, goes on with a copy.
 */
#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include <stdbool.h>

#include "attribute.h"
#include "limit.h"
#include "object.h"
#include "procmon.h"

enum {
	CELL_UNSET = 255, /* state of a cell that was never named */
};

/* An attribute as it was asked for, and the column that it is read or computed from. */
struct selection_field {
	uint32_t attribute;
	enum procmon_type type;
	enum procmon_kind kind;
	enum procmon_unit unit;
	enum attribute_rule rule;
	uint32_t column;
	uint32_t other; /* the column of the second input; the same one where there is none */
};

/* What the server sends. */
struct selection_column {
	uint32_t attribute;
	enum procmon_type type;
	bool counter;
	bool slow; /* its cells carry ages */
};

/* The attributes of a request, in the order they were added: shared by all its tables. */
struct selection {
	uint32_t references;
	uint32_t field_count, column_count;
	struct selection_field *fields;
	struct selection_column *columns;
};

const struct selection_field *selection_get_field(
	const struct selection *self, uint32_t attribute);
void selection_release(struct selection *self); /* accepts NULL */

union cell {
	uint64_t u64;
	int64_t i64;
	double f64;
	struct {
		uint32_t offset, length; /* in cells.texts, NUL not counted */
	} text;
};

/*
 * The latest samples of a counter, for its rate. A cell that a frame does not name was
 * sampled all the same and has not changed, so `time_ns` may lag behind cells.sampled_ns.
 * Of a slow gauge only the time is used.
 */
struct sample {
	union cell value;
	uint64_t time_ns;
	double rate;   /* per second, with two samples */
	uint8_t count; /* 0, 1 or 2 */
};

/* A column with its cells; all arrays are by row. */
struct cells {
	union cell *values;
	uint8_t *states;        /* enum cell_state, or CELL_UNSET */
	struct sample *samples; /* counters and slow attributes; else NULL */
	uint8_t default_state;  /* of unset cells; STATE_OK: none was told */
	bool sampled;           /* ever: sampled_ns is valid */
	bool unsettled;         /* some values came without the time of their sample */
	uint64_t sampled_ns;    /* when the fast source was read last */
	/* While a frame is applied: */
	bool sampled_now;     /* the source was read for it */
	uint64_t previous_ns; /* when it was read before; 0: never */
	/* Texts lie end to end; replaced ones are garbage until the space is needed. */
	char *texts;
	size_t texts_used, texts_capacity;
};

struct procmon_row {
	struct object object;
	struct procmon_table *table;
	uint64_t identity;
	uint32_t pid;
	uint32_t slot;
	bool exited;
	/* While a frame is applied: */
	enum { ROW_PRESENT, ROW_LEAVING, ROW_REVIVED } standing;
};

struct procmon_table {
	struct object object;
	struct selection *selection;
	uint64_t tick, sampled_ns, realtime_ns;
	uint64_t now_ns; /* sampled_ns of the frame that is being applied */
	bool incomplete; /* rows are missing */
	uint32_t count, capacity;
	struct procmon_row *rows;
	struct cells *cells; /* by column of the selection */
};

int procmon_table_create(struct selection *selection, struct procmon_table **ret_table);
/* A new table with the rows first .. first + count - 1. */
int procmon_table_clone(const struct procmon_table *self, uint32_t first, uint32_t count,
	struct procmon_table **ret_table);
void procmon_table_destroy(struct procmon_table *self);

/* Adds a row, all cells unset; returns its index or -ENOMEM. */
int procmon_table_add(
	struct procmon_table *self, uint32_t slot, uint64_t identity, uint32_t pid);
/* Removes a row; the last one takes its place. */
void procmon_table_remove(struct procmon_table *self, uint32_t index);

/* -ENOMEM, -EPROTO: more text than a table may have. The text is made harmless. */
int procmon_table_set_text(
	struct procmon_table *self, uint32_t column, uint32_t index, const char *text);

#endif

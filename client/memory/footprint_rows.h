/* Inside footprint: what the rows of the tables say. */
#ifndef CLIENT_MEMORY_FOOTPRINT_ROWS_H
#define CLIENT_MEMORY_FOOTPRINT_ROWS_H

#include "footprint.h"

/* What is asked of each table, in the order of the columns in footprint_rows.c. */
extern const char footprint_process_attributes[], footprint_category_attributes[],
	footprint_region_attributes[], footprint_system_attributes[],
	footprint_activity_attributes[];

/* Columns of footprint_activity_attributes. */
enum { ACTIVITY_VIRTUAL, ACTIVITY_CPU };

/* Objects in mappings, on their way into a struct sharing. */
struct footprint_uses {
	struct sharing_use *items;
	size_t count, capacity;
};

/* The value of a column of the question. */
struct procmon_value footprint_value(
	const struct subject *subject, const struct procmon_row *row, size_t column);

/*
 * What the tables of a process say. Both tables are retained where texts are borrowed from them.
 * Regions are kept if they are to be shown; uses, if not NULL, get what it shares with others, with
 * texts that become those of the footprint.
 */
void footprint_read_categories(struct footprint_process *self, const struct subject *subject,
	struct procmon_table *table);
void footprint_read_regions(struct footprint_process *self, const struct subject *subject,
	struct procmon_table *table);
void footprint_read_uses(struct footprint *self, struct footprint_process *process,
	const struct subject *subject, struct procmon_table *table,
	struct footprint_uses *uses);
/* After both. */
void footprint_read_process(struct footprint_process *self, const struct subject *subject,
	const struct procmon_row *row);
void footprint_read_system(
	struct footprint *self, const struct subject *subject, struct procmon_table *table);

void footprint_arrange(struct footprint *self, enum amount by);
void footprint_process_finish(struct footprint_process *self);

#endif

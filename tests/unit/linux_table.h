/* Table: what the tests of a table of devices share: it, and no other one, is open. */
#ifndef TESTS_UNIT_LINUX_TABLE_H
#define TESTS_UNIT_LINUX_TABLE_H

#include "linux_watch.h"

static inline struct watch *table_open(
	enum table_id table, const char *procfs, const char *sysfs)
{
	struct watch *watch = watch_open_table(table, procfs, sysfs);

	watch_list(watch);
	return watch;
}

static inline uint32_t table_rows(const struct watch *watch)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < watch->count; i++)
		count += watch->rows[i].alive;
	return count;
}

#endif

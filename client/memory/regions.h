/* The mappings of one process, as 'procctl regions' looks at them. */
#ifndef CLIENT_MEMORY_REGIONS_H
#define CLIENT_MEMORY_REGIONS_H

#include "options.h"
#include "procmon.h"
#include "sheet.h"
#include "subject.h"
#include "target.h"
#include "writer.h"

/* On a narrower screen some columns are left out. */
enum { REGIONS_WIDE = 112 };

/* What is known of each, whatever is shown. */
enum regions_column {
	REGIONS_START,
	REGIONS_END,
	REGIONS_SIZE,
	REGIONS_PROTECTION,
	REGIONS_SHARE,
	REGIONS_CATEGORY,
	REGIONS_PATH,
	REGIONS_NAME,
	REGIONS_OFFSET,
	REGIONS_INODE,
	REGIONS_DELETED,
	REGIONS_PAGES, /* from here on only with --sizes */
	REGIONS_RESIDENT = REGIONS_PAGES,
	REGIONS_DIRTY,
	REGIONS_SWAP,
	REGIONS_CLEAN,
	REGIONS_RECLAIMABLE,
	REGIONS_COLUMNS,
};

struct regions {
	struct options options; /* with the process as --pid */
	struct target process;
	struct subject subject; /* its columns are what programs get */
	struct choice told;     /* these, and all that is above: the columns of the sheet */
	struct procmon_table *table;
	struct sheet sheet; /* in the order of their addresses */
	size_t columns[REGIONS_COLUMNS];
};

/*
 * Reads those of a process, as the options say; the process is borrowed. Returns EXIT_DONE, or an exit
 * code after a complaint; self is to be finished in any case.
 */
int regions_read(struct regions *self, struct procmon_connection *connection,
	const struct options *options, const struct target *process);
void regions_finish(struct regions *self);

/* NULL: the server does not know it. */
const struct procmon_attribute *regions_attribute(
	const struct regions *self, enum regions_column column);
/* Of a row of the sheet. What has no value is 0, or "". */
const struct procmon_value *regions_value(
	const struct regions *self, size_t row, enum regions_column column);
uint64_t regions_number(const struct regions *self, size_t row, enum regions_column column);
const char *regions_text(const struct regions *self, size_t row, enum regions_column column);

/* The size of all of them. */
uint64_t regions_total(const struct regions *self);

/* "7f7ae6f41000-7f7ae6f98000", to be freed. If it has to be short, one that would be longer than others
 * is "ffffffffff600000+1000". */
char *regions_addresses(const struct regions *self, size_t row, bool is_short);
/* What people call it: its path, or its name, or else "[its category]" if that is wanted, or "". To be
 * freed. */
char *regions_title(const struct regions *self, size_t row, bool category);

/* For people, who and when: "python3 (1234)  2026-11-27 22:32:26  142 mappings, 35.2M", and more. */
void regions_put_heading(
	const struct regions *self, const struct writer *writer, const char *more);

/*
 * What the command prints: all of them and their sums; with --find the mapping that the address is in;
 * with --diff what is different in a later listing. Each returns the exit code. The first one puts the
 * mappings in the order that was asked for.
 */
int regions_print(struct regions *self);
int regions_print_found(const struct regions *self, const struct procmon_server *server);
int regions_print_difference(const struct regions *before, const struct regions *after);

#endif

/* What a command shows: attributes of one table, in an order. */
#ifndef CLIENT_SUBJECT_H
#define CLIENT_SUBJECT_H

#include "choice.h"
#include "options.h"
#include "procmon.h"
#include "sheet.h"

struct subject {
	uint32_t table;
	struct choice available; /* all that the table has */
	struct choice columns;
	struct sheet_key *keys;
	size_t key_count;
};

/*
 * Resolves --table, --attrs and --sort against the catalog; `defaults` stands in for
 * --attrs in table PROCESS, "all" does in others. In PROCESS pid and comm come first;
 * what is to be sorted by is shown. Returns EXIT_DONE, or EXIT_USAGE after a complaint.
 */
int subject_init(struct subject *self, struct procmon_connection *connection,
	const struct options *options, const char *defaults);
void subject_finish(struct subject *self);

/* Whether it has a column that needs two samples. */
bool subject_has_rate(const struct subject *self);

/* Sorts as --sort says, else by the first number with a unit, from high to low; and keeps
 * the first `top` rows, 0: all. */
void subject_arrange(const struct subject *self, struct sheet *sheet, size_t top);

/* All attributes of a table, in the order of the catalog; table 0: of all. */
void subject_list(
	struct choice *self, const struct procmon_connection *connection, uint32_t table);

/* The table that --table names, PROCESS by default; 0 after a complaint. */
uint32_t subject_table(const struct options *options);

#endif

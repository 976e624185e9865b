/* What a command shows: attributes of one table, in an order. */
#ifndef CLIENT_SUBJECT_H
#define CLIENT_SUBJECT_H

#include "choice.h"
#include "options.h"
#include "procmon.h"
#include "sheet.h"

struct subject {
	const struct options *options;
	uint32_t table;
	struct choice available; /* all that the table has */
	struct choice columns;   /* what is shown */
	struct choice wanted;    /* what is asked for: columns and parents */
	struct sheet_key *keys;
	size_t key_count;
	uint64_t *roots; /* identities of --pid, as they were at the first sample; 0: no such */
};

/*
 * Resolves --table, --attrs and --sort against the catalog; `defaults` stands in for
 * --attrs in table PROCESS, defaults.h does in others. In PROCESS pid and comm come first, or, as a
 * tree, pid first and comm last unless another text is; tables about several processes have pid
 * first; what is to be sorted by is shown.
 * Returns EXIT_DONE, or EXIT_USAGE after a complaint.
 */
int subject_init(struct subject *self, struct procmon_connection *connection,
	const struct options *options, const char *defaults);
int subject_init_tree(struct subject *self, struct procmon_connection *connection,
	const struct options *options, const char *defaults);
/* Columns are what these lists name, in their order, also twice, and nothing else. */
int subject_init_exact(struct subject *self, struct procmon_connection *connection,
	const struct options *options, char *const *lists, size_t count);
/* Columns are all that this host may tell of a process, also what is slow, and all that it
 * could tell if it had what the source needs. */
int subject_init_whole(struct subject *self, struct procmon_connection *connection,
	const struct options *options);
void subject_finish(struct subject *self);

/*
 * A sample as a new sheet: CPU use as --cpu says, and with --children only the processes of
 * --pid and their descendants, as they are now. `tables` is one table; of a subject that is
 * targeted one for each of --pid, NULL for those that are not there.
 */
void subject_fill(
	struct subject *self, struct sheet *sheet, struct procmon_table *const *tables);

/* Whether a table is about one process, the target of a request for it. */
bool subject_is_targeted(uint32_t table);

/* Whether it has a column that needs two samples. */
bool subject_has_rate(const struct subject *self);

/*
 * Sorts as --sort says; else by the first number with a unit, from high to low, with --top and,
 * if the busy ones matter, what are many; else processes by their ids and what has a name by
 * that. Keeps the first rows that --top wants, and all that ended.
 */
void subject_arrange(const struct subject *self, struct sheet *sheet, bool busy);

/* All attributes of a table, in the order of the catalog; table 0: of all. */
void subject_list(
	struct choice *self, const struct procmon_connection *connection, uint32_t table);

/* The table that --table names, PROCESS by default; 0 after a complaint. */
uint32_t subject_table(const struct options *options);

#endif

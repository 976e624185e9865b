/* The memory of processes by what it is for, and what they share: what `procctl footprint` shows. */
#ifndef CLIENT_MEMORY_FOOTPRINT_H
#define CLIENT_MEMORY_FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "procmon.h"
#include "sharing.h"
#include "subject.h"
#include "target.h"

/* ------------------------------------------------------------------------- amounts */

enum amount {
	AMOUNT_DIRTY,
	AMOUNT_SWAPPED,
	AMOUNT_CLEAN,
	AMOUNT_RECLAIMABLE,
	AMOUNT_WIRED,
	AMOUNT_REGIONS, /* a number, all others are bytes */
	AMOUNTS,
};

struct amounts {
	uint64_t of[AMOUNTS];
	bool known[AMOUNTS];
};

/* "Dirty", as people see it, and "mem.dirty", the attribute. */
extern const char *const amount_labels[AMOUNTS], *const amount_names[AMOUNTS];

/* --------------------------------------------------------------------- one process */

struct footprint_category {
	const char *name; /* all texts are borrowed from the tables */
	struct amounts amounts;
};

struct footprint_region {
	uint64_t start, end;
	const char *protection, *share_mode, *category, *name; /* its path, if it has one */
	struct amounts amounts;
};

/* A value that is shown beside. */
struct footprint_value {
	const char *name;
	struct procmon_value value;
};

/* As many as the list of them in footprint.c names. */
#define FOOTPRINT_VALUES_MAX 8

struct footprint_process {
	uint32_t pid;
	const char *name; /* borrowed from the target */
	bool incomplete;
	struct footprint_category *categories;
	size_t category_count;
	struct footprint_region *regions; /* only if they were asked for */
	size_t region_count;
	struct amounts total;
	struct procmon_value footprint; /* mem.footprint: as the kernel counts it */
	struct procmon_value pss;       /* of all its mappings */
	struct footprint_value values[FOOTPRINT_VALUES_MAX];
	size_t value_count;
	/* What counts in a sum of processes beside what they share: pages of no file, each divided by
	 * the number of processes that have it since a fork, and what no mapping shows. */
	uint64_t anonymous, unmapped;
	uint64_t
		anonymous_resident; /* the part of it that is in RAM, undivided, reclaimable included */
	bool divided; /* else the kernel does not tell the shares: counted whole */
	struct procmon_table *categories_table, *regions_table; /* retained */
};

/* -------------------------------------------------------------------- all of them */

struct footprint {
	struct footprint_process *processes; /* in the order of what is dirty of them */
	size_t count;
	size_t denied, gone, small, empty, failed; /* those that are not among them */
	const struct target *first_denied, *first_empty;
	struct sharing sharing;                              /* only of several */
	struct footprint_value system[FOOTPRINT_VALUES_MAX]; /* only with --all */
	size_t system_count;
	uint64_t realtime_ns; /* when it was begun */
	char **texts;         /* those that its sharing borrows */
	size_t text_count;
};

/* What would come back if all of them ended, and what the processes have one by one. */
uint64_t footprint_total(const struct footprint *self);
uint64_t footprint_sum(const struct footprint *self);
uint64_t footprint_sum_anonymous(const struct footprint *self);
uint64_t footprint_sum_unmapped(const struct footprint *self);
/* Does the kernel tell the shares of all of them? Is anything of any of them not known? */
bool footprint_is_divided(const struct footprint *self);
bool footprint_is_incomplete(const struct footprint *self);

/* ---------------------------------------------------------------------- gathering */

struct footprint_wish {
	bool regions; /* of each process */
	bool system;
	uint64_t minimum; /* bytes: without those that have less */
	enum amount sort; /* of regions and categories; AMOUNTS: by name */
};

/* What is asked: of the processes, of each one's table FOOTPRINT and REGION, of the machine, and
 * of all processes beforehand. */
enum footprint_question {
	ASK_PROCESSES,
	ASK_CATEGORIES,
	ASK_REGIONS,
	ASK_SYSTEM,
	ASK_ACTIVITY,
	QUESTIONS,
};

struct footprint_source {
	struct procmon_connection *connection;
	struct options options[QUESTIONS];
	struct subject subjects[QUESTIONS];
};

/* Both return EXIT_DONE, or an exit code after a complaint; each is to be finished in any case.
 * A source must stay where it is. */
int footprint_source_init(struct footprint_source *self, struct procmon_connection *connection);
void footprint_source_finish(struct footprint_source *self);
int footprint_gather(struct footprint *self, struct footprint_source *source,
	const struct target *const *targets, size_t count, const struct footprint_wish *wish);
void footprint_finish(struct footprint *self);

/*
 * Clears the marks of processes without memory of their own (the kernel's), and, if idle ones do not
 * count, of those that use no CPU time for a second. The result as above.
 */
int footprint_drop(struct footprint_source *self, const struct targets *targets, bool *marks,
	bool empty, bool idle);

/* -------------------------------------------------------------------------- showing */

enum footprint_unit { FOOTPRINT_FORMATTED, FOOTPRINT_BYTES, FOOTPRINT_PAGES };

struct footprint_style {
	enum footprint_unit unit;
	bool columns[AMOUNTS];
	bool categories, regions, wide;
	size_t width; /* of the screen; 0: no limit */
};

void footprint_write_text(
	const struct footprint *self, const struct footprint_style *style, FILE *file);
/* An object without a newline behind it. */
void footprint_write_json(const struct footprint *self, FILE *file);

#endif

/*
 * Memory: tables LEDGER, REGION and FOOTPRINT, which are about one process each. A worker reads
 * all of such a table at once. No port of the task is needed, and it is not stopped.
 */
#ifndef DARWIN_MEMORY_H
#define DARWIN_MEMORY_H

#include "../host.h"
#include "devices.h"
#include "walk.h"

/* -------------------------------------------------------------------- what they share */

/* Which process: a pid is used again, a unique id is not. */
struct memory_target {
	int pid;
	uint64_t unique_id;
};

/* An open table. A table's own struct begins with it. */
struct memory_table {
	struct devices devices;
	struct memory_target target;
};

/* Members of struct device_table. */
int memory_table_open(struct devices *devices, const struct target *target);
bool memory_table_has_target(struct devices *devices);

/* The identity of a row: the process, and these numbers. */
uint64_t memory_table_identify(
	const struct memory_table *self, const uint64_t *numbers, size_t count);

/* What a worker has, and what it finds. A table's own struct begins with it. */
struct memory_job {
	struct memory_target target;
	/*
	 * Reads all that is wanted; once more if the process begins another program meanwhile.
	 * Returns 0 or a negative errno.
	 */
	int (*read)(struct memory_job *self);
};

/* A job of that size, zeroed but for its beginning. STATE_OK. */
int memory_job_create(struct devices *devices, size_t size,
	int (*read)(struct memory_job *self), void **ret_job);
/* The member run() of struct device_listing. */
int memory_job_run(void *job);

/* Regions are told of our own user's processes, whoever's program they run. */
#define REMEDY_MAPPED "run the server as the user of the process, or as root"

/* ---------------------------------------------------------------------- table REGION */

enum region_source_index {
	SOURCE_region_map,
	SOURCE_region_pages,
	REGION_SOURCE_COUNT,
};

struct darwin_region_map {
	uint64_t start, end, size;
	struct sample_text protection, protection_max, share_mode, category, name, path;
	uint64_t offset, inode;
	struct sample_text device;
	uint64_t deleted, page_size;
};

struct darwin_region_pages {
	struct walk_pages pages;
};

extern const struct device_table region_table;

/* ------------------------------------------------------------------- table FOOTPRINT */

enum footprint_source_index {
	SOURCE_footprint,
	FOOTPRINT_SOURCE_COUNT,
};

struct darwin_footprint {
	struct sample_text category;
	uint64_t regions, size;
	struct walk_pages pages;
};

extern const struct device_table footprint_table;

/* ---------------------------------------------------------------------- table LEDGER */

enum ledger_source_index {
	SOURCE_ledger,
	LEDGER_SOURCE_COUNT,
};

/* Times in ns. */
struct darwin_ledger {
	struct sample_text group, name, units, meaning;
	int64_t balance, credit, debit, limit;
};

extern const struct device_table ledger_table;

#endif

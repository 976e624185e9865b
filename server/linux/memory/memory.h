/*
 * Memory: tables LEDGER, REGION and FOOTPRINT, which are about one process each. A worker reads
 * all of such a table at once.
 */
#ifndef LINUX_MEMORY_H
#define LINUX_MEMORY_H

#include "../host.h"
#include "devices.h"
#include "map.h"

/* -------------------------------------------------------------------- what they share */

/* An open table. A table's own struct begins with it. */
struct memory_table {
	struct devices devices;
	uint32_t pid;
	int directory;  /* O_PATH */
	uint64_t start; /* of the process, clock ticks: no other one has both */
};

/* Members of struct device_table. */
int memory_table_open(struct devices *devices, const struct target *target);
void memory_table_close(struct devices *devices);
bool memory_table_has_target(struct devices *devices);
uint64_t memory_table_descriptors(struct devices *devices);

/* The identity of a row: the process, and these numbers. */
uint64_t memory_table_identify(
	const struct memory_table *self, const uint64_t *numbers, size_t count);

/* What a worker has, and what it finds. A table's own struct begins with it. */
struct memory_job {
	int directory; /* of its own */
	/*
	 * Reads all that is wanted, from the directory of the process or, where its first thread
	 * has ended before the others, from that of one that lives; if the process begins
	 * another program meanwhile, again. Returns 0, -ESRCH: there is nothing, or another
	 * negative errno.
	 */
	int (*read)(struct memory_job *self, int directory);
};

/* A job of that size, zeroed but for its beginning. A state. */
int memory_job_create(struct devices *devices, size_t size,
	int (*read)(struct memory_job *self, int directory), void **ret_job);
void memory_job_destroy(struct memory_job *self);
/* The member run() of struct device_listing. */
int memory_job_run(void *job);

/* ---------------------------------------------------------------------- table REGION */

enum region_source_index {
	SOURCE_region_map,
	SOURCE_region_pages,
	REGION_SOURCE_COUNT,
};

struct linux_region_map {
	uint64_t start, end, size;
	struct sample_text protection, share_mode, category, name, path;
	uint64_t offset, inode;
	struct sample_text device;
	uint64_t deleted;
};

struct linux_region_pages {
	struct sample_text protection_max, flags;
	uint64_t page_size;
	struct map_pages pages;
};

extern const struct device_table region_table;

/* ------------------------------------------------------------------- table FOOTPRINT */

enum footprint_source_index {
	SOURCE_footprint,
	FOOTPRINT_SOURCE_COUNT,
};

struct linux_footprint {
	struct sample_text category;
	uint64_t regions, size;
	struct map_pages pages;
};

extern const struct device_table footprint_table;

/* ---------------------------------------------------------------------- table LEDGER */

enum ledger_source_index {
	SOURCE_ledger,
	LEDGER_SOURCE_COUNT,
};

struct linux_ledger {
	struct sample_text group, name, units, meaning;
	int64_t balance;
};

extern const struct device_table ledger_table;

#endif

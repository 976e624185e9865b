/*
 * Memory: tables LEDGER, REGION and FOOTPRINT, which are about one process each. A worker reads
 * all of such a table at once.
 */
#ifndef LINUX_MEMORY_H
#define LINUX_MEMORY_H

#include "../devices.h"
#include "map.h"

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

enum footprint_source_index { SOURCE_footprint, FOOTPRINT_SOURCE_COUNT };

struct linux_footprint {
	struct sample_text category;
	uint64_t regions, size;
	struct map_pages pages;
};

/* ---------------------------------------------------------------------- table LEDGER */

enum ledger_source_index { SOURCE_ledger, LEDGER_SOURCE_COUNT };

struct linux_ledger {
	struct sample_text group, name, units, meaning;
	int64_t balance;
};

/* ------------------------------------------------------------------------------ jobs */

/* What a worker has of the process: a directory of its own. */
struct memory_job {
	int directory;
};

int memory_job_open(struct memory_job *self, int directory);
void memory_job_close(struct memory_job *self);
/*
 * Calls read() with the directory of the process, or, where its first thread has ended before
 * the others, with that of one that lives. Once more if it says -EAGAIN. What is to be answered
 * to the core: a state or SAMPLE_GONE.
 */
int memory_job_run(const struct memory_job *self, int (*read)(void *context, int directory),
	void *context);

#endif

/*
 * The fake's table REGION, whose rows workers find: tests say which regions there are when the
 * worker looks, and what it answers.
 */
#ifndef TESTS_FAKE_MAPPINGS_H
#define TESTS_FAKE_MAPPINGS_H

#include "platform.h"

enum {
	FAKE_MAP,   /* start, end, size */
	FAKE_PAGES, /* mem.resident */
	FAKE_REGION_SOURCES
};

enum { FAKE_REGIONS_MAX = 65536 + 64 };

struct fake_map {
	uint64_t start, end, size;
};
struct fake_pages {
	uint64_t resident;
};

/* Its start is its identity, and below FAKE_REGIONS_MAX. */
struct fake_region {
	uint64_t start, size, resident;
};

struct fake_regions {
	struct fake_region regions[FAKE_REGIONS_MAX];
	uint32_t count;
	int prepare_result, run_result, list_result;
	/* So far. */
	uint32_t prepared, run, released, reads;
	uint32_t sought; /* bit mask: of the latest job */
};

/* The only ones; all zero until a test says more. */
extern struct fake_regions fake_regions;
extern const struct provider fake_regions_provider;

/* Forgets all. */
void fake_regions_clear(void);
void fake_region_add(uint64_t start, uint64_t size, uint64_t resident);
/* Takes the latest one away. */
void fake_region_drop(void);

#endif

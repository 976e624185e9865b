/*
 * What is different in a later listing of the mappings of a process.
 *
 * A mapping is the same one if the server says so: if it begins at the same address and is of the same
 * object. The kernel also joins neighbours, and splits what becomes different in parts: then what
 * overlaps and is of the same object is the same one, once; other parts are split or merged. So
 * mapped and unmapped are always addresses that were, or are, not mapped to that object.
 */
#ifndef CLIENT_MEMORY_DIFFERENCE_H
#define CLIENT_MEMORY_DIFFERENCE_H

#include "regions.h"

enum difference_kind {
	DIFFERENCE_MAPPED,
	DIFFERENCE_UNMAPPED,
	DIFFERENCE_GREW,
	DIFFERENCE_SHRANK,
	DIFFERENCE_SPLIT,
	DIFFERENCE_MERGED,
	DIFFERENCE_CHANGED, /* protection, category, file */
	DIFFERENCE_PAGES,   /* nothing but what is in memory */
	DIFFERENCE_KINDS,
};

enum { DIFFERENCE_NO_ROW = -1 };

struct difference_event {
	enum difference_kind kind;
	long before, after; /* rows; DIFFERENCE_NO_ROW: it is not there */
};

struct difference_side {
	const struct regions *regions;
	size_t count;
	long *matches; /* rows of the other side, or DIFFERENCE_NO_ROW */
};

struct difference {
	struct difference_side before, after;
	struct difference_event *events; /* in the order of addresses */
	size_t event_count;
	size_t counts[DIFFERENCE_KINDS];
};

/* Both listings are borrowed, and in the order of their addresses. */
void difference_init(
	struct difference *self, const struct regions *before, const struct regions *after);
void difference_finish(struct difference *self);

const char *difference_kind_name(enum difference_kind kind);

/* Of what is gone, as it was. */
const struct procmon_value *difference_value(const struct difference *self,
	const struct difference_event *event, enum regions_column column);
/* By how much it has grown, a signed number; what is not there has nothing. */
struct procmon_value difference_growth(const struct difference *self,
	const struct difference_event *event, enum regions_column column);

#endif

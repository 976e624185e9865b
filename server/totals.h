/*
 * Totals: the sums of the counters of devices, which do not step back when a device goes.
 *
 * What a device had counted when it was first seen counts whole; after that, its growth. A
 * device that goes leaves what it has counted, and one that comes (again) is a new one. So the
 * sums grow as long as the table is open; one that is opened anew begins anew.
 */
#ifndef SERVER_TOTALS_H
#define SERVER_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

enum { TOTALS_MAX = 8, TOTALS_NAME_MAX = 32 };

struct total_part {
	char name[TOTALS_NAME_MAX];
	uint64_t round; /* in which it was met last */
	int rank;       /* the caller's: what kind of device it is; 0 in a new part */
	uint64_t last[TOTALS_MAX];
};

struct totals {
	struct total_part *parts;
	uint32_t count, capacity, next;
	uint64_t round;
	uint64_t sums[TOTALS_MAX];
};

/* A look at all devices begins; totals_part() for each that there is; it ends. */
void totals_begin(struct totals *self);
/* The part of that device, good until the next call; NULL: the name is too long. */
struct total_part *totals_part(struct totals *self, const char *name, bool *ret_new);
/* The counters of the device now; `counts`: their growth is part of the sums. */
void totals_add(struct totals *self, struct total_part *part, const uint64_t *values,
	uint32_t count, bool counts);
void totals_end(struct totals *self);
void totals_finish(struct totals *self);

#endif

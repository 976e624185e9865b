/*
 * Peaks: the largest of the values that were added, since the beginning and of late. Time is
 * the caller's. A zeroed struct has seen nothing.
 */
#ifndef LINUX_PEAKS_H
#define LINUX_PEAKS_H

#include <stdbool.h>
#include <stdint.h>

/* The last 60 seconds are six buckets and the one that is being filled. */
#define PEAKS_BUCKET_NS (10 * UINT64_C(1000000000))
enum { PEAKS_BUCKETS = 7 };

/* Of values + 1, so that 0 is for none. */
struct peaks {
	uint64_t ever;
	uint64_t recent[PEAKS_BUCKETS];
	uint64_t bucket; /* time / PEAKS_BUCKET_NS */
};

/* It is now that late; never earlier than before. Forgets what is older than 60..70 s. */
void peaks_advance(struct peaks *self, uint64_t now_ns);
void peaks_add(struct peaks *self, uint64_t value);
/* The largest of all, and of the last 60..70 s; false: there was none. */
bool peaks_ever(const struct peaks *self, uint64_t *ret_value);
bool peaks_recent(const struct peaks *self, uint64_t *ret_value);

#endif

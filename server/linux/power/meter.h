/*
 * Meter: the energy that a counter tells of, which wraps around. Pure: the time is the caller's.
 * A zeroed struct has read nothing.
 */
#ifndef LINUX_METER_H
#define LINUX_METER_H

#include <stdint.h>

struct meter {
	uint64_t read_ns; /* when; 0: never */
	uint64_t counter; /* µJ, as it was read */
	uint64_t total;   /* µJ: the first reading, and what was added since */
};

/*
 * Takes a reading in µJ of a counter that wraps around behind `range` (0: it does not), at a time
 * that never goes back. Returns 0; -ERANGE: so long after the last one that it may have wrapped
 * unseen, and the growth since then is the least that it can be; or -EBADMSG: that is no reading,
 * and nothing has changed.
 */
int meter_add(struct meter *self, uint64_t counter, uint64_t range, uint64_t now_ns);

#endif

/*
 * A meter of RAPL counts to 262 kJ on most processors, to 66 kJ on some of servers, which take a
 * few minutes for that. It begins anew when the machine has slept.
 */
#include "meter.h"

#include <errno.h>
#include <stdbool.h>

/* No processor draws more than a kilowatt, which is a µJ each ns. */
static uint64_t most(uint64_t elapsed_ns)
{
	return elapsed_ns;
}

static uint64_t growth(
	const struct meter *self, uint64_t counter, uint64_t range, uint64_t elapsed_ns)
{
	if (counter >= self->counter)
		return counter - self->counter;
	uint64_t wrapped = range - self->counter + counter;
	return range && wrapped <= most(elapsed_ns) ? wrapped : counter;
}

int meter_add(struct meter *self, uint64_t counter, uint64_t range, uint64_t now_ns)
{
	uint64_t elapsed_ns = now_ns - self->read_ns;
	bool first = self->read_ns == 0;

	if (range && counter > range)
		return -EBADMSG;
	self->total += first ? counter : growth(self, counter, range, elapsed_ns);
	self->counter = counter;
	self->read_ns = now_ns;
	return !first && range && most(elapsed_ns) > range ? -ERANGE : 0;
}

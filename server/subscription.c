#include "subscription.h"

uint64_t subscription_round_interval(uint64_t interval_ns)
{
	uint64_t steps = interval_ns / GRID_NS + (interval_ns % GRID_NS != 0);

	return steps > NEVER / GRID_NS ? NEVER / GRID_NS * GRID_NS : steps * GRID_NS;
}

/* Everybody's due times lie on the multiples of their interval, so that equal intervals meet
 * however late each one joined. */
uint64_t subscription_next_due(uint64_t interval_ns, uint64_t now_ns)
{
	uint64_t step = now_ns / interval_ns + 1;

	return step > (NEVER - 1) / interval_ns ? NEVER : step * interval_ns;
}

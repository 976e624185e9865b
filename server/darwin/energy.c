#include "energy.h"

/* default.plist: kqos_*, kcpu_wakeups, kdiskio_*. One ns of CPU time is 100. */
static const uint64_t weights[ENERGY_CLASSES] = {
	[ENERGY_DEFAULT] = 100,
	[ENERGY_MAINTENANCE] = 100, /* it has no coefficient of its own */
	[ENERGY_BACKGROUND] = 80,
	[ENERGY_UTILITY] = 100,
	[ENERGY_LEGACY] = 100,
	[ENERGY_USER_INITIATED] = 100,
	[ENERGY_USER_INTERACTIVE] = 100,
};
enum {
	WEIGHT_CPU = 100,
	WEIGHT_WAKEUP = 20000000, /* 2e-4 s */
	WEIGHT_READ = 45,         /* 4.5e-10 s */
	WEIGHT_WRITTEN = 24,
	WEIGHT_TOP_WAKEUP = 50000000,
};

bool energy_is_measured(const struct host *host)
{
	return host->is_arm && !host->is_virtual;
}

static uint64_t to_ns(const struct host *host, uint64_t ticks)
{
	return ticks * host->tick.numerator / host->tick.denominator;
}

static uint64_t weigh_cpu(const struct host *host, const struct energy_use *use)
{
	uint64_t score = 0, known = 0;

	for (int i = 0; i < ENERGY_CLASSES; i++) {
		score += to_ns(host, use->classes[i]) * weights[i];
		known += use->classes[i];
	}
	/* the parts are read one after the other, while they grow */
	if (use->cpu > known)
		score += to_ns(host, use->cpu - known) * WEIGHT_CPU;
	return score;
}

uint64_t energy_score(const struct host *host, const struct energy_use *use)
{
	if (energy_is_measured(host))
		return use->energy_nj;
	return weigh_cpu(host, use) + use->idle_wakeups * WEIGHT_WAKEUP +
	       use->read * WEIGHT_READ + use->written * WEIGHT_WRITTEN;
}

uint64_t energy_top_score(const struct host *host, const struct energy_use *use)
{
	return to_ns(host, use->cpu) * WEIGHT_CPU + use->idle_wakeups * WEIGHT_TOP_WAKEUP;
}

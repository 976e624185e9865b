#include "daemon.h"

#include <sys/resource.h>

/* Others of our user need our task port to read our memory, and the system asks the user first. */
void daemon_harden_more(bool debug)
{
	(void)debug;
}

void daemon_peak_memory(uint64_t *ret_bytes)
{
	struct rusage self;

	if (getrusage(RUSAGE_SELF, &self) == 0)
		*ret_bytes = (uint64_t)self.ru_maxrss; /* bytes, where Linux has KiB */
}

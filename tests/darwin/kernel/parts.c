#include "parts.h"

sim_sysctl *const sim_sysctls[] = {
	NULL,
};

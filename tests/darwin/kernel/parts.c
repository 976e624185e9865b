#include "parts.h"

sim_sysctl *const sim_sysctls[] = {
	NULL,
};

const struct sim_service *const sim_services[] = {
	NULL,
};

#include "parts.h"

sim_sysctl *const sim_sysctls[] = {
	NULL,
};

const struct sim_service *const sim_services[] = {
	&sim_smc,
	NULL,
};

const struct sim_library *const sim_libraries[] = {
	&sim_hid,
	NULL,
};

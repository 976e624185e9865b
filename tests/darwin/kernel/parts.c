#include "parts.h"

sim_sysctl *const sim_sysctls[] = {
	sim_sysctl_ifmib,
	sim_sysctl_iflist,
	NULL,
};

const struct sim_service *const sim_services[] = {
	&sim_smc,
	NULL,
};

const struct sim_library *const sim_libraries[] = {
	&sim_hid,
	&sim_ioreport,
	NULL,
};

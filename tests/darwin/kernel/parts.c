#include "parts.h"

sim_sysctl *const sim_sysctls[] = {
	sim_sysctl_ifmib,
	sim_sysctl_iflist,
	sim_sysctl_proc,
	sim_sysctl_arguments,
	NULL,
};

const struct sim_service *const sim_services[] = {
	&sim_smc,
	NULL,
};

const struct sim_library *const sim_libraries[] = {
	&sim_hid,
	&sim_xpc,
	&sim_ioreport,
	NULL,
};

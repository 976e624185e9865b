/* Parts: where the files of the simulated kernel meet that answer one call together. Uses Apple's
 * headers. */
#ifndef TESTS_DARWIN_KERNEL_PARTS_H
#define TESTS_DARWIN_KERNEL_PARTS_H

#include <stddef.h>

/* Answers a sysctl by number: 0, -1 with errno, or this. */
#define SIM_NOT_MINE 1
typedef int sim_sysctl(const int *name, unsigned count, void *old, size_t *length);

/* All of them; NULL ends them. */
extern sim_sysctl *const sim_sysctls[];
sim_sysctl sim_sysctl_ifmib, sim_sysctl_iflist, sim_sysctl_proc, sim_sysctl_arguments;

/* What a driver answers to those who open a service of its class. */
struct sim_section;
struct sim_service {
	const char *class_name;
	/* NULL: everybody may. An IOReturn. */
	int (*open)(const struct sim_section *entry, unsigned type);
	/* IOConnectCallStructMethod(); the entry is NULL when it has gone. */
	int (*call)(const struct sim_section *entry, unsigned selector, const void *input,
		size_t input_size, void *output, size_t *output_size);
};

/* All of them; NULL ends them. */
extern const struct sim_service *const sim_services[];

extern const struct sim_service sim_smc;

/* What dlsym() finds in the library of that path. A name that is NULL ends them. */
struct sim_symbol {
	const char *name;
	void *address;
};
struct sim_library {
	const char *path;
	const struct sim_symbol *symbols;
};

/* All of them; NULL ends them. */
extern const struct sim_library *const sim_libraries[];
extern const struct sim_library sim_hid, sim_xpc, sim_ioreport;

/* Copies an answer as sysctl(3) does: 0, or -1 with ENOMEM when it is cut. */
int sim_answer(const void *value, size_t length, void *old, size_t *old_length);

#endif

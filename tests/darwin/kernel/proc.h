/* Processes of the simulated kernel: where the files meet that answer proc_info. Uses Apple's
 * headers. */
#ifndef TESTS_DARWIN_KERNEL_PROC_H
#define TESTS_DARWIN_KERNEL_PROC_H

#include <stdint.h>

#include "store.h"

/* What a flavor of proc_pidinfo() answers. */
struct sim_flavor {
	int number; /* 0 ends a list of them */
	int size;   /* that it takes at least */
	bool for_all;
	bool of_zombies; /* if the argument is not 0 */
	/* What was written, in bytes; or a negative errno. */
	int (*fill)(const struct sim_section *process, int pid, uint64_t argument, void *buffer,
		int size);
};

/* All of them, in lists; NULL ends these. */
extern const struct sim_flavor *const sim_flavors[];
extern const struct sim_flavor sim_bsd_flavors[], sim_task_flavors[], sim_file_flavors[],
	sim_thread_flavors[], sim_region_flavors[];

/* By its pid; NULL: there is none, or it is a zombie and these are not meant. */
const struct sim_section *sim_process(int pid, bool zombies);
bool sim_is_zombie(const struct sim_section *process);
/* proc_security_policy() with the check of the user: same effective user id, or root. */
bool sim_may_see(const struct sim_section *process);
uint64_t sim_unique_id(const struct sim_section *process);
uint32_t sim_u32(const struct sim_section *process, const char *key);

#endif

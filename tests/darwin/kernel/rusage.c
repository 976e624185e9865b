/*
 * proc_pid_rusage(), the part of versions 0 to 5 of which the tables about memory have need.
 *
 *	[process PID]
 *	phys_footprint = BYTES        rusage_flags = NUMBER (1: RU_PROC_RUNS_RESLIDE)
 */
#include <errno.h>
#include <libproc.h>
#include <string.h>
#include <sys/resource.h>

#include "store.h"

/* By version, up to the one that we have. */
static const size_t sizes[] = {sizeof(struct rusage_info_v0), sizeof(struct rusage_info_v1),
	sizeof(struct rusage_info_v2), sizeof(struct rusage_info_v3),
	sizeof(struct rusage_info_v4), sizeof(struct rusage_info_v5)};

int proc_pid_rusage(int pid, int flavor, rusage_info_t *buffer)
{
	const struct sim_section *process = sim_numbered("process", pid);
	uint64_t caller = sim_u64(sim_section("caller", ""), "uid", 0);
	int error = sim_enter("proc_pid_rusage", flavor, pid);
	struct rusage_info_v5 usage = {
		.ri_phys_footprint = sim_u64(process, "phys_footprint", 0),
		.ri_flags = sim_u64(process, "rusage_flags", 0)};

	if (!error && !process)
		error = ESRCH;
	else if (!error && caller && caller != sim_u64(process, "uid", 0))
		error = EPERM;
	else if (!error && (flavor < 0 || flavor > RUSAGE_INFO_V5))
		error = EINVAL;
	if (error) {
		sim_set_errno(error);
		return -1;
	}
	memcpy(buffer, &usage, sizes[flavor]);
	return 0;
}

/*
 * libproc(3): which processes there are, and who may know what.
 *
 *	[caller]
 *	uid = 501           effective user id of the backend; 0 without
 *
 *	[process PID]
 *	uid = NUMBER        effective; 0 without
 *	status = NUMBER     2 without: SRUN; 5 is a zombie
 *	uniqueid = NUMBER   its pid without
 *	short = 1           what it answers to its user is a byte too short
 *
 * What else a process has is said by the files that answer it: proc_bsd.c, proc_task.c,
 * proc_files.c, proc_threads.c. Who may read what is decided as the kernel does: proc_pidinfo() and
 * proc_security_policy() of bsd/kern/proc_info.c.
 */
#include <errno.h>
#include <libproc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private/libproc.h"
#include "proc.h"

const struct sim_flavor *const sim_flavors[] = {
	sim_bsd_flavors,
	sim_task_flavors,
	sim_file_flavors,
	sim_thread_flavors,
	sim_region_flavors,
	NULL,
};

/* --------------------------------------------------------------------------- processes */

uint32_t sim_u32(const struct sim_section *process, const char *key)
{
	return (uint32_t)sim_u64(process, key, 0);
}

bool sim_is_zombie(const struct sim_section *process)
{
	return sim_u64(process, "status", 2) == 5;
}

const struct sim_section *sim_process(int pid, bool zombies)
{
	const struct sim_section *process = sim_numbered("process", pid);

	return process && (zombies || !sim_is_zombie(process)) ? process : NULL;
}

bool sim_may_see(const struct sim_section *process)
{
	uint64_t caller = sim_u64(sim_section("caller", ""), "uid", 0);

	return caller == 0 || caller == sim_u64(process, "uid", 0);
}

uint64_t sim_unique_id(const struct sim_section *process)
{
	return sim_u64(process, "uniqueid", strtoull(sim_name(process), NULL, 10));
}

/* ------------------------------------------------------------------------------- lists */

static int fail(int number)
{
	sim_set_errno(number);
	return 0;
}

/* The living first, then the zombies; no more than there were, and 20. */
int proc_listpids(uint32_t type, uint32_t info, void *buffer, int size)
{
	int error = sim_enter("proc_listpids", type, -1), count = 0, used = 0, most;

	(void)info;
	if (error)
		return fail(error);
	if (type != PROC_ALL_PIDS)
		sim_panic("proc_listpids() of type %u", type);
	for (struct sim_section *i = sim_next("process", NULL); i; i = sim_next("process", i))
		count++;
	most = (count + 20) * (int)sizeof(int);
	if (!buffer)
		return most;
	if (size < (int)sizeof(int))
		return fail(ENOMEM);
	for (int zombies = 0; zombies < 2; zombies++)
		for (struct sim_section *i = sim_next("process", NULL);
			i && used + (int)sizeof(int) <= (size < most ? size : most);
			i = sim_next("process", i)) {
			int pid = atoi(sim_name(i));
			if (sim_is_zombie(i) != zombies)
				continue;
			memcpy((char *)buffer + used, &pid, sizeof pid);
			used += (int)sizeof(int);
		}
	return used;
}

pid_t getsid(pid_t pid)
{
	int error = sim_enter("getsid", 0, pid);
	const struct sim_section *process = sim_process(pid, false);

	if (error || !process) {
		sim_set_errno(error ? error : ESRCH);
		return -1;
	}
	return (pid_t)sim_u64(process, "sid", sim_u64(process, "pgid", 0));
}

int responsibility_get_pid_responsible_for_pid(int pid)
{
	const struct sim_section *process = sim_process(pid, false);

	if (sim_enter("responsibility_pid", 0, pid) || !process || !sim_may_see(process))
		return -1;
	return (int)sim_u64(process, "responsible", (uint64_t)pid);
}

uint64_t responsibility_get_uniqueid_responsible_for_pid(int pid)
{
	const struct sim_section *process = sim_process(pid, false);

	if (sim_enter("responsibility_uniqueid", 0, pid) || !process || !sim_may_see(process))
		return 0;
	return sim_unique_id(sim_numbered(
		"process", (int64_t)sim_u64(process, "responsible", (uint64_t)pid)));
}

/* ------------------------------------------------------------------------ proc_pidinfo */

static const struct sim_flavor *find_flavor(int number)
{
	for (size_t i = 0; sim_flavors[i]; i++)
		for (const struct sim_flavor *j = sim_flavors[i]; j->number; j++)
			if (j->number == number)
				return j;
	return NULL;
}

/* Of the kernel's own process: some are refused before anything is looked at. A report of a crash
 * is written then, so that nobody may ask. */
static int check_kernel(int flavor)
{
	switch (flavor) {
	case PROC_PIDWORKQUEUEINFO:
		return EINVAL;
	case PROC_PIDREGIONINFO:
	case PROC_PIDREGIONPATHINFO:
		sim_panic("flavor %d of pid 0 makes the kernel write a report", flavor);
	default:
		return 0;
	}
}

/* Bytes, or a negative errno. NULL: of whoever has the pid. */
static int answer(int pid, const uint64_t *unique_id, int number, uint64_t argument,
	void *buffer, int size)
{
	int error = sim_enter("proc_pidinfo", number, pid);
	const struct sim_flavor *flavor = find_flavor(number);
	const struct sim_section *process;

	if (!error && pid == 0)
		error = check_kernel(number);
	if (error)
		return -error;
	if (!flavor)
		return -EINVAL;
	if (size < flavor->size)
		return -ENOMEM;
	process = sim_process(pid, flavor->of_zombies && argument);
	if (!process || (unique_id && *unique_id != sim_unique_id(process)))
		return -ESRCH;
	if (!flavor->for_all && !sim_may_see(process))
		return -EPERM;
	return flavor->fill(process, pid, argument, buffer, size) -
	       (!flavor->for_all && sim_u64(process, "short", 0) != 0);
}

int proc_pidinfo(int pid, int number, uint64_t argument, void *buffer, int size)
{
	int used = answer(pid, NULL, number, argument, buffer, size);

	return used < 0 ? fail(-used) : used;
}

int __proc_info_extended_id(int call, int pid, int flavor, uint32_t flags, uint64_t id,
	uint64_t argument, void *buffer, int size)
{
	int used;

	if (call != PROC_INFO_CALL_PIDINFO || flags != PIF_COMPARE_UNIQUEID)
		sim_panic("__proc_info_extended_id(%d, .., %u)", call, flags);
	used = answer(pid, &id, flavor, argument, buffer, size);
	if (used >= 0)
		return used;
	sim_set_errno(-used);
	return -1;
}

/*
 * libproc(3): processes.
 *
 *	[caller]
 *	uid = 501           effective user id of the backend; 0 without
 *
 *	[process PID]
 *	ppid uid gid ruid rgid svuid svgid pgid = NUMBER     0 without
 *	comm = TEXT         status = NUMBER (2: SRUN)        flags = NUMBER
 *	uniqueid parent_uniqueid = NUMBER     their pids without        uuid = HEX
 *
 * Who may read what is decided as the kernel does: section 2.2 of bsd/kern/proc_info.c.
 */
#include <errno.h>
#include <libproc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/proc_info.h>

#include "private/libproc.h"
#include "store.h"

static int fail(int number)
{
	sim_set_errno(number);
	return 0;
}

int proc_listpids(uint32_t type, uint32_t info, void *buffer, int size)
{
	int error = sim_enter("proc_listpids", type, -1), count = 0, used = 0;

	(void)info;
	if (error)
		return fail(error);
	for (struct sim_section *i = sim_next("process", NULL); i; i = sim_next("process", i))
		count++;
	if (!buffer)
		return (count + 20) * (int)sizeof(int);
	for (struct sim_section *i = sim_next("process", NULL);
		i && used + (int)sizeof(int) <= size; i = sim_next("process", i)) {
		int pid = atoi(sim_name(i));
		memcpy((char *)buffer + used, &pid, sizeof pid);
		used += (int)sizeof(int);
	}
	return used;
}

/* proc_security_policy() with the check of the user. */
static int may_see(const struct sim_section *process)
{
	uint64_t caller = sim_u64(sim_section("caller", ""), "uid", 0);

	return caller == 0 || caller == sim_u64(process, "uid", 0);
}

static uint32_t u32(const struct sim_section *process, const char *key)
{
	return (uint32_t)sim_u64(process, key, 0);
}

static int fill_short(const struct sim_section *process, int pid, void *buffer)
{
	struct proc_bsdshortinfo info = {
		.pbsi_pid = (uint32_t)pid,
		.pbsi_ppid = u32(process, "ppid"),
		.pbsi_pgid = u32(process, "pgid"),
		.pbsi_status = (uint32_t)sim_u64(process, "status", 2),
		.pbsi_flags = u32(process, "flags"),
		.pbsi_uid = u32(process, "uid"),
		.pbsi_gid = u32(process, "gid"),
		.pbsi_ruid = u32(process, "ruid"),
		.pbsi_rgid = u32(process, "rgid"),
		.pbsi_svuid = u32(process, "svuid"),
		.pbsi_svgid = u32(process, "svgid"),
	};

	strncpy(info.pbsi_comm, sim_text(process, "comm", ""), sizeof info.pbsi_comm - 1);
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

static int fill_identifiers(const struct sim_section *process, int pid, void *buffer)
{
	struct proc_uniqidentifierinfo info = {
		.p_uniqueid = sim_u64(process, "uniqueid", (uint64_t)pid),
		.p_puniqueid = sim_u64(process, "parent_uniqueid", sim_u64(process, "ppid", 0)),
		.p_idversion = (int32_t)sim_u64(process, "idversion", 1),
	};

	sim_bytes(process, "uuid", info.p_uuid, sizeof info.p_uuid);
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

/* What each flavor fills, and whether it is for everybody. */
static const struct flavor {
	int number, size, for_all;
	int (*fill)(const struct sim_section *process, int pid, void *buffer);
} flavors[] = {
	{PROC_PIDT_SHORTBSDINFO, sizeof(struct proc_bsdshortinfo), 1, fill_short},
	{PROC_PIDUNIQIDENTIFIERINFO, sizeof(struct proc_uniqidentifierinfo), 1,
		fill_identifiers},
};

int proc_pidinfo(int pid, int number, uint64_t argument, void *buffer, int size)
{
	int error = sim_enter("proc_pidinfo", number, pid);
	const struct sim_section *process = sim_numbered("process", pid);

	if (error)
		return fail(error);
	/* those that are for everybody find zombies, too, when they are told to */
	if (!process || (!argument && sim_u64(process, "status", 2) == 5))
		return fail(ESRCH);
	for (size_t i = 0; i < sizeof flavors / sizeof *flavors; i++) {
		if (flavors[i].number != number)
			continue;
		if (size < flavors[i].size)
			return fail(ENOMEM);
		if (!flavors[i].for_all && !may_see(process))
			return fail(EPERM);
		return flavors[i].fill(process, pid, buffer);
	}
	return fail(EINVAL);
}

/*
 * What BSD knows of a process: some flavors of proc_pidinfo(), and sysctl kern.proc.
 *
 *	[process PID]
 *	ppid gid ruid rgid svuid svgid pgid nfiles jobc tpgid = NUMBER     0 without
 *	comm name = TEXT    flags = NUMBER (PROC_FLAG_*)    nice = NUMBER
 *	tdev = NUMBER       none without        xstatus = NUMBER, of a zombie
 *	start = SECONDS MICROSECONDS            0 0 without
 *	parent_uniqueid = NUMBER    the ppid without
 *	idversion = NUMBER  1 without           uuid = HEX
 *	coalition = NUMBER  of resources; its number plus 1000 is that of jetsam
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>

#include "parts.h"
#include "private/libproc.h"
#include "proc.h"

static void fill_start(const struct sim_section *process, uint64_t *seconds, uint64_t *micro)
{
	const char *text = sim_text(process, "start", "0 0");
	char *end;

	*seconds = strtoull(text, &end, 10);
	*micro = strtoull(end, NULL, 10);
}

static void fill_bsd(const struct sim_section *process, int pid, struct proc_bsdinfo *info)
{
	*info = (struct proc_bsdinfo){
		.pbi_flags = sim_u32(process, "flags"),
		.pbi_status = (uint32_t)sim_u64(process, "status", 2),
		.pbi_xstatus = sim_u32(process, "xstatus"),
		.pbi_pid = (uint32_t)pid,
		.pbi_ppid = sim_u32(process, "ppid"),
		.pbi_uid = sim_u32(process, "uid"),
		.pbi_gid = sim_u32(process, "gid"),
		.pbi_ruid = sim_u32(process, "ruid"),
		.pbi_rgid = sim_u32(process, "rgid"),
		.pbi_svuid = sim_u32(process, "svuid"),
		.pbi_svgid = sim_u32(process, "svgid"),
		.pbi_nfiles = sim_is_zombie(process) ? 0 : sim_u32(process, "nfiles"),
		.pbi_pgid = sim_u32(process, "pgid"),
		.pbi_pjobc = sim_u32(process, "jobc"),
		.e_tdev = (uint32_t)sim_u64(process, "tdev", UINT32_MAX),
		.e_tpgid = sim_u32(process, "tpgid"),
		.pbi_nice = (int32_t)sim_i64(process, "nice", 0),
	};
	fill_start(process, &info->pbi_start_tvsec, &info->pbi_start_tvusec);
	strncpy(info->pbi_comm, sim_text(process, "comm", ""), sizeof info->pbi_comm - 1);
	strncpy(info->pbi_name, sim_text(process, "name", ""), sizeof info->pbi_name - 1);
}

static int fill_whole(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	struct proc_bsdinfo info;

	(void)argument, (void)size;
	fill_bsd(process, pid, &info);
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

/* It does not say who leads a session, nor whether that has a terminal. */
static int fill_short(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	struct proc_bsdinfo whole;
	struct proc_bsdshortinfo info;

	(void)argument, (void)size;
	fill_bsd(process, pid, &whole);
	info = (struct proc_bsdshortinfo){
		.pbsi_pid = whole.pbi_pid,
		.pbsi_ppid = whole.pbi_ppid,
		.pbsi_pgid = whole.pbi_pgid,
		.pbsi_status = whole.pbi_status,
		.pbsi_flags = whole.pbi_flags & ~(uint32_t)(PROC_FLAG_SLEADER | PROC_FLAG_CTTY),
		.pbsi_uid = whole.pbi_uid,
		.pbsi_gid = whole.pbi_gid,
		.pbsi_ruid = whole.pbi_ruid,
		.pbsi_rgid = whole.pbi_rgid,
		.pbsi_svuid = whole.pbi_svuid,
		.pbsi_svgid = whole.pbi_svgid,
	};
	memcpy(info.pbsi_comm, whole.pbi_comm, sizeof info.pbsi_comm);
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

static int fill_identifiers(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	struct proc_uniqidentifierinfo info = {
		.p_uniqueid = sim_unique_id(process),
		.p_puniqueid = sim_u64(process, "parent_uniqueid", sim_u64(process, "ppid", 0)),
		.p_idversion = (int32_t)sim_u64(process, "idversion", 1),
	};

	(void)pid, (void)argument, (void)size;
	sim_bytes(process, "uuid", info.p_uuid, sizeof info.p_uuid);
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

static int fill_coalition(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	uint64_t id = sim_u64(process, "coalition", 1);
	struct proc_pidcoalitioninfo info = {.coalition_id = {id, id + 1000}};

	(void)pid, (void)argument, (void)size;
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

const struct sim_flavor sim_bsd_flavors[] = {
	{PROC_PIDTBSDINFO, sizeof(struct proc_bsdinfo), false, true, fill_whole},
	{PROC_PIDT_SHORTBSDINFO, sizeof(struct proc_bsdshortinfo), true, true, fill_short},
	{PROC_PIDUNIQIDENTIFIERINFO, sizeof(struct proc_uniqidentifierinfo), true, true,
		fill_identifiers},
	{PROC_PIDCOALITIONINFO, sizeof(struct proc_pidcoalitioninfo), true, false,
		fill_coalition},
	{0},
};

/* ------------------------------------------------------------------ sysctl kern.proc */

/* fill_user64_proc() of bsd/kern/kern_sysctl.c. */
static void fill_kinfo(const struct sim_section *process, struct kinfo_proc *out)
{
	struct proc_bsdinfo info;

	memset(out, 0, sizeof *out);
	fill_bsd(process, atoi(sim_name(process)), &info);
	out->kp_proc.p_starttime.tv_sec = (long)info.pbi_start_tvsec;
	out->kp_proc.p_starttime.tv_usec = (int)info.pbi_start_tvusec;
	out->kp_proc.p_stat = (char)info.pbi_status;
	out->kp_proc.p_pid = (int)info.pbi_pid;
	out->kp_proc.p_nice = (char)info.pbi_nice;
	out->kp_proc.p_xstat = (unsigned short)info.pbi_xstatus;
	memcpy(out->kp_proc.p_comm, info.pbi_comm, MAXCOMLEN);
	out->kp_eproc.e_ppid = (int)info.pbi_ppid;
	out->kp_eproc.e_pgid = (int)info.pbi_pgid;
	out->kp_eproc.e_jobc = (short)info.pbi_pjobc;
	out->kp_eproc.e_tdev = (int)info.e_tdev;
	out->kp_eproc.e_tpgid = (int)info.e_tpgid;
	out->kp_eproc.e_ucred.cr_uid = info.pbi_uid;
	if (info.pbi_flags & PROC_FLAG_CTTY)
		out->kp_eproc.e_flag |= EPROC_CTTY;
	if (info.pbi_flags & PROC_FLAG_SLEADER)
		out->kp_eproc.e_flag |= EPROC_SLEADER;
}

/* As many as fit, and ENOMEM if these are not all. Zombies are among them. */
int sim_sysctl_proc(const int *name, unsigned count, void *old, size_t *length)
{
	size_t room = old ? *length : 0, used = 0, needed = 0;

	if (count < 3 || name[0] != CTL_KERN || name[1] != KERN_PROC ||
		(name[2] != KERN_PROC_ALL && name[2] != KERN_PROC_PID))
		return SIM_NOT_MINE;
	for (struct sim_section *i = sim_next("process", NULL); i; i = sim_next("process", i)) {
		struct kinfo_proc info;
		if (name[2] == KERN_PROC_PID && atoi(sim_name(i)) != name[3])
			continue;
		needed += sizeof info;
		if (room - used < sizeof info)
			continue;
		fill_kinfo(i, &info);
		memcpy((char *)old + used, &info, sizeof info);
		used += sizeof info;
	}
	*length = old ? used : needed + 5 * sizeof(struct kinfo_proc);
	if (!old || needed <= used)
		return 0;
	sim_set_errno(ENOMEM);
	return -1;
}

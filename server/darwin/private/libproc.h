/*
 * libproc: what the kernel answers and the public header does not declare.
 * xnu: bsd/sys/proc_info_private.h, libsyscall/wrappers/libproc/libproc.c, bsd/kern/proc_info.c.
 */
#ifndef DARWIN_LIBPROC_H
#define DARWIN_LIBPROC_H

#include <libproc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <sys/sysctl.h>

/*
 * The system call behind proc_pidinfo(3), with the id of the process that is meant: if another one
 * has the pid, it fails with ESRCH. Returns bytes, or -1 with errno. Since macOS 11.
 */
int __proc_info_extended_id(int call, int pid, int flavor, uint32_t flags, uint64_t id,
	uint64_t argument, void *buffer, int size);

#define PROC_INFO_CALL_PIDINFO 2
#define PIF_COMPARE_UNIQUEID   2

/* Of any process of any user. With an argument that is not 0, of zombies too. */
#define PROC_PIDUNIQIDENTIFIERINFO 17

struct proc_uniqidentifierinfo {
	uint8_t p_uuid[16];   /* of the executable */
	uint64_t p_uniqueid;  /* given out at fork, never used again until the next boot */
	uint64_t p_puniqueid; /* of who started it, whoever is its parent now */
	int32_t p_idversion;  /* another one after exec */
	uint32_t p_orig_ppidversion;
	uint64_t p_reserve2, p_reserve3;
};

/* Of any living process of any user. */
#define PROC_PIDCOALITIONINFO 20

struct proc_pidcoalitioninfo {
	uint64_t coalition_id[2]; /* of resources, of memory pressure (jetsam) */
	uint64_t reserved1, reserved2, reserved3;
};

/* The ids of threads, which no other one gets until the next boot: 8 bytes each. */
#define PROC_PIDLISTTHREADIDS 28

/* Since macOS 10.15. One entry of the table is never a port. */
#define PROC_PIDIPCTABLEINFO 32

struct proc_ipctableinfo {
	uint32_t table_size, table_free;
};

/* Bits of pbi_flags and pbsi_flags. */
#define PROC_FLAG_DARWINBG         0x8000
#define PROC_FLAG_EXT_DARWINBG     0x10000
#define PROC_FLAG_IMPORTANCE_DONOR 0x400000
#define PROC_FLAG_SUPPRESSED       0x800000 /* App Nap */
#define PROC_FLAG_APPLICATION      0x1000000
#define PROC_FLAG_ROSETTA          0x2000000

/* struct rusage_info_v6 with the names that the end of it has got: the first two in macOS 14.3, the
 * others in 15.0. Before, the kernel wrote zeros there. xnu: bsd/sys/resource.h. */
struct rusage_info_named {
	struct rusage_info_v5 v5;
	uint64_t ri_user_ptime, ri_system_ptime; /* on cores for performance */
	uint64_t ri_pinstructions, ri_pcycles;
	uint64_t ri_energy_nj, ri_penergy_nj;
	uint64_t ri_secure_time_in_system, ri_secure_ptime_in_system;
	uint64_t ri_neural_footprint, ri_lifetime_max_neural_footprint;
	uint64_t ri_interval_max_neural_footprint;
	uint64_t ri_reserved[9];
};

/*
 * The application that a process works for; -1 and 0 if that is not told, as of other users'
 * processes. libsystem_sandbox.
 */
int responsibility_get_pid_responsible_for_pid(int pid);
uint64_t responsibility_get_uniqueid_responsible_for_pid(int pid);

_Static_assert(sizeof(struct proc_uniqidentifierinfo) == 56, "proc_uniqidentifierinfo");
_Static_assert(offsetof(struct proc_uniqidentifierinfo, p_uniqueid) == 16, "p_uniqueid");
_Static_assert(offsetof(struct proc_uniqidentifierinfo, p_idversion) == 32, "p_idversion");
_Static_assert(sizeof(struct proc_bsdshortinfo) == 64, "proc_bsdshortinfo");
_Static_assert(offsetof(struct proc_bsdshortinfo, pbsi_flags) == 32, "pbsi_flags");
_Static_assert(sizeof(struct proc_bsdinfo) == 136, "proc_bsdinfo");
_Static_assert(offsetof(struct proc_bsdinfo, pbi_name) == 64, "pbi_name");
_Static_assert(offsetof(struct proc_bsdinfo, pbi_start_tvsec) == 120, "pbi_start_tvsec");
_Static_assert(sizeof(struct proc_taskinfo) == 96, "proc_taskinfo");
_Static_assert(offsetof(struct proc_taskinfo, pti_csw) == 80, "pti_csw");
_Static_assert(sizeof(struct proc_threadinfo) == 112, "proc_threadinfo");
_Static_assert(offsetof(struct proc_threadinfo, pth_name) == 48, "pth_name");
_Static_assert(sizeof(struct proc_workqueueinfo) == 16, "proc_workqueueinfo");
_Static_assert(sizeof(struct proc_vnodepathinfo) == 2352, "proc_vnodepathinfo");
_Static_assert(sizeof(struct proc_fdinfo) == 8, "proc_fdinfo");
_Static_assert(sizeof(struct proc_pidcoalitioninfo) == 40, "proc_pidcoalitioninfo");
_Static_assert(sizeof(struct proc_ipctableinfo) == 8, "proc_ipctableinfo");
_Static_assert(sizeof(struct rusage_info_v2) == 160, "rusage_info_v2");
_Static_assert(sizeof(struct rusage_info_v4) == 296, "rusage_info_v4");
_Static_assert(sizeof(struct rusage_info_v6) == 464, "rusage_info_v6");
_Static_assert(sizeof(struct rusage_info_named) == 464, "rusage_info_named");
_Static_assert(offsetof(struct rusage_info_named, ri_user_ptime) == 304, "ri_user_ptime");
_Static_assert(offsetof(struct rusage_info_named, ri_energy_nj) == 336, "ri_energy_nj");
_Static_assert(offsetof(struct rusage_info_named, ri_secure_time_in_system) == 352, "secure");
_Static_assert(offsetof(struct rusage_info_named, ri_neural_footprint) == 368, "neural");
_Static_assert(sizeof(struct kinfo_proc) == 648, "kinfo_proc");
_Static_assert(offsetof(struct kinfo_proc, kp_proc.p_pid) == 40, "p_pid");
_Static_assert(offsetof(struct kinfo_proc, kp_eproc.e_ppid) == 560, "e_ppid");

#endif

/* What libproc and sysctl tell of processes. What the SDK does not declare is in the backend. */
#include "layout.h"

#include <libproc.h>
#include <sys/param.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <sys/sysctl.h>

/* libproc structures: public ones from SDK headers, private ones replicated. */

SIZE(struct proc_bsdinfo, 136);
SIZE(struct proc_bsdshortinfo, 64);
SIZE(struct proc_taskinfo, 96);
SIZE(struct proc_taskallinfo, 232);
SIZE(struct proc_threadinfo, 112);
SIZE(struct proc_regioninfo, 96);
SIZE(struct vinfo_stat, 136);
SIZE(struct vnode_info, 152);
SIZE(struct vnode_info_path, 1176);
SIZE(struct proc_regionwithpathinfo, 1272);
SIZE(struct proc_workqueueinfo, 16);
SIZE(struct proc_vnodepathinfo, 2352);
SIZE(struct proc_fdinfo, 8);
OFFSET(struct proc_regionwithpathinfo, prp_vip, 96);
OFFSET(struct vnode_info_path, vip_path, 152);

/* proc_bsdinfo */
OFFSET(struct proc_bsdinfo, pbi_flags, 0);
OFFSET(struct proc_bsdinfo, pbi_status, 4);
OFFSET(struct proc_bsdinfo, pbi_xstatus, 8);
OFFSET(struct proc_bsdinfo, pbi_pid, 12);
OFFSET(struct proc_bsdinfo, pbi_ppid, 16);
OFFSET(struct proc_bsdinfo, pbi_uid, 20);
OFFSET(struct proc_bsdinfo, pbi_gid, 24);
OFFSET(struct proc_bsdinfo, pbi_ruid, 28);
OFFSET(struct proc_bsdinfo, pbi_rgid, 32);
OFFSET(struct proc_bsdinfo, pbi_svuid, 36);
OFFSET(struct proc_bsdinfo, pbi_svgid, 40);
OFFSET(struct proc_bsdinfo, rfu_1, 44);
OFFSET(struct proc_bsdinfo, pbi_comm, 48);
OFFSET(struct proc_bsdinfo, pbi_name, 64);
OFFSET(struct proc_bsdinfo, pbi_nfiles, 96);
OFFSET(struct proc_bsdinfo, pbi_pgid, 100);
OFFSET(struct proc_bsdinfo, pbi_pjobc, 104);
OFFSET(struct proc_bsdinfo, e_tdev, 108);
OFFSET(struct proc_bsdinfo, e_tpgid, 112);
OFFSET(struct proc_bsdinfo, pbi_nice, 116);
OFFSET(struct proc_bsdinfo, pbi_start_tvsec, 120);
OFFSET(struct proc_bsdinfo, pbi_start_tvusec, 128);

/* short */
OFFSET(struct proc_bsdshortinfo, pbsi_pid, 0);
OFFSET(struct proc_bsdshortinfo, pbsi_ppid, 4);
OFFSET(struct proc_bsdshortinfo, pbsi_pgid, 8);
OFFSET(struct proc_bsdshortinfo, pbsi_status, 12);
OFFSET(struct proc_bsdshortinfo, pbsi_comm, 16);
OFFSET(struct proc_bsdshortinfo, pbsi_flags, 32);
OFFSET(struct proc_bsdshortinfo, pbsi_uid, 36);
OFFSET(struct proc_bsdshortinfo, pbsi_svgid, 56);

/* taskinfo */
OFFSET(struct proc_taskinfo, pti_virtual_size, 0);
OFFSET(struct proc_taskinfo, pti_resident_size, 8);
OFFSET(struct proc_taskinfo, pti_total_user, 16);
OFFSET(struct proc_taskinfo, pti_total_system, 24);
OFFSET(struct proc_taskinfo, pti_threads_user, 32);
OFFSET(struct proc_taskinfo, pti_threads_system, 40);
OFFSET(struct proc_taskinfo, pti_policy, 48);
OFFSET(struct proc_taskinfo, pti_faults, 52);
OFFSET(struct proc_taskinfo, pti_pageins, 56);
OFFSET(struct proc_taskinfo, pti_cow_faults, 60);
OFFSET(struct proc_taskinfo, pti_messages_sent, 64);
OFFSET(struct proc_taskinfo, pti_messages_received, 68);
OFFSET(struct proc_taskinfo, pti_syscalls_mach, 72);
OFFSET(struct proc_taskinfo, pti_syscalls_unix, 76);
OFFSET(struct proc_taskinfo, pti_csw, 80);
OFFSET(struct proc_taskinfo, pti_threadnum, 84);
OFFSET(struct proc_taskinfo, pti_numrunning, 88);
OFFSET(struct proc_taskinfo, pti_priority, 92);

/* regioninfo */
OFFSET(struct proc_regioninfo, pri_protection, 0);
OFFSET(struct proc_regioninfo, pri_max_protection, 4);
OFFSET(struct proc_regioninfo, pri_inheritance, 8);
OFFSET(struct proc_regioninfo, pri_flags, 12);
OFFSET(struct proc_regioninfo, pri_offset, 16);
OFFSET(struct proc_regioninfo, pri_behavior, 24);
OFFSET(struct proc_regioninfo, pri_user_wired_count, 28);
OFFSET(struct proc_regioninfo, pri_user_tag, 32);
OFFSET(struct proc_regioninfo, pri_pages_resident, 36);
OFFSET(struct proc_regioninfo, pri_pages_shared_now_private, 40);
OFFSET(struct proc_regioninfo, pri_pages_swapped_out, 44);
OFFSET(struct proc_regioninfo, pri_pages_dirtied, 48);
OFFSET(struct proc_regioninfo, pri_ref_count, 52);
OFFSET(struct proc_regioninfo, pri_shadow_depth, 56);
OFFSET(struct proc_regioninfo, pri_share_mode, 60);
OFFSET(struct proc_regioninfo, pri_private_pages_resident, 64);
OFFSET(struct proc_regioninfo, pri_shared_pages_resident, 68);
OFFSET(struct proc_regioninfo, pri_obj_id, 72);
OFFSET(struct proc_regioninfo, pri_depth, 76);
OFFSET(struct proc_regioninfo, pri_address, 80);
OFFSET(struct proc_regioninfo, pri_size, 88);
VALUE(PROC_REGION_SUBMAP, 1);
VALUE(PROC_REGION_SHARED, 2);
VALUE(SM_COW, 1);
VALUE(SM_PRIVATE, 2);
VALUE(SM_EMPTY, 3);
VALUE(SM_SHARED, 4);
VALUE(SM_TRUESHARED, 5);
VALUE(SM_PRIVATE_ALIASED, 6);
VALUE(SM_SHARED_ALIASED, 7);
VALUE(SM_LARGE_PAGE, 8);

/* flavors */
VALUE(PROC_PIDLISTFDS, 1);
VALUE(PROC_PIDTASKALLINFO, 2);
VALUE(PROC_PIDTBSDINFO, 3);
VALUE(PROC_PIDTASKINFO, 4);
VALUE(PROC_PIDTHREADINFO, 5);
VALUE(PROC_PIDLISTTHREADS, 6);
VALUE(PROC_PIDREGIONINFO, 7);
VALUE(PROC_PIDREGIONPATHINFO, 8);
VALUE(PROC_PIDVNODEPATHINFO, 9);
VALUE(PROC_PIDTHREADPATHINFO, 10);
VALUE(PROC_PIDPATHINFO, 11);
VALUE(PROC_PIDWORKQUEUEINFO, 12);
VALUE(PROC_PIDT_SHORTBSDINFO, 13);
VALUE(PROC_PIDLISTFILEPORTS, 14);
VALUE(PROC_PIDTHREADID64INFO, 15);
VALUE(PROC_PIDPATHINFO_MAXSIZE, 4096);
VALUE(MAXPATHLEN, 1024);
VALUE(MAXCOMLEN, 16);
VALUE(PROC_ALL_PIDS, 1);
VALUE(PROC_PGRP_ONLY, 2);
VALUE(PROC_TTY_ONLY, 3);
VALUE(PROC_UID_ONLY, 4);
VALUE(PROC_RUID_ONLY, 5);
VALUE(PROC_PPID_ONLY, 6);
VALUE(PROC_FLAG_SYSTEM, 1);
VALUE(PROC_FLAG_TRACED, 2);
VALUE(PROC_FLAG_INEXIT, 4);
VALUE(PROC_FLAG_LP64, 0x10);
VALUE(PROC_FLAG_PSUGID, 0x2000);
VALUE(PROC_FLAG_EXEC, 0x4000);
VALUE(PROC_FLAG_SLEADER, 0x20);
VALUE(PROC_FLAG_CTTY, 0x40);
VALUE(PROC_FLAG_CONTROLT, 0x80);
VALUE(PROC_FLAG_THCWD, 0x100);
VALUE(CTL_KERN, 1);
VALUE(KERN_PROC, 14);
VALUE(KERN_PROC_ALL, 0);
VALUE(KERN_PROCARGS2, 49);
VALUE(KERN_ARGMAX, 8);

/* private: replicated from xnu-11417 bsd/sys/proc_info_private.h */
struct p_uniqid {
	uint8_t uuid[16];
	uint64_t uniqueid, puniqueid;
	int32_t idversion, orig_ppidversion;
	uint64_t r2, r3;
};
struct p_bsd_uniq {
	struct proc_bsdinfo b;
	struct p_uniqid u;
};
struct p_coal {
	uint64_t id[2], r1, r2, r3;
};
struct p_ipctab {
	uint32_t size, free;
};
struct p_tc {
	uint64_t instr, cycles, user_mach, system_mach, energy_nj;
};
struct p_tch {
	uint16_t len, r0;
	uint32_t r1;
	struct p_tc c[];
};
struct p_arch {
	int cputype, cpusubtype;
};
struct p_coalinfo {
	uint64_t id;
	uint32_t type, tasks;
};
SIZE(struct p_uniqid, 56);
OFFSET(struct p_uniqid, uniqueid, 16);
OFFSET(struct p_uniqid, puniqueid, 24);
OFFSET(struct p_uniqid, idversion, 32);
OFFSET(struct p_uniqid, orig_ppidversion, 36);
SIZE(struct p_bsd_uniq, 192);
OFFSET(struct p_bsd_uniq, u, 136);
SIZE(struct p_coal, 40);
SIZE(struct p_ipctab, 8);
SIZE(struct p_tch, 8);
SIZE(struct p_tc, 40);
SIZE(struct p_coalinfo, 16);

/* rusage */
SIZE(struct rusage_info_v0, 96);
SIZE(struct rusage_info_v1, 144);
SIZE(struct rusage_info_v2, 160);
SIZE(struct rusage_info_v3, 232);
SIZE(struct rusage_info_v4, 296);
SIZE(struct rusage_info_v5, 304);
SIZE(struct rusage_info_v6, 464);
OFFSET(struct rusage_info_v6, ri_uuid, 0);
OFFSET(struct rusage_info_v6, ri_user_time, 16);
OFFSET(struct rusage_info_v6, ri_system_time, 24);
OFFSET(struct rusage_info_v6, ri_pkg_idle_wkups, 32);
OFFSET(struct rusage_info_v6, ri_interrupt_wkups, 40);
OFFSET(struct rusage_info_v6, ri_pageins, 48);
OFFSET(struct rusage_info_v6, ri_wired_size, 56);
OFFSET(struct rusage_info_v6, ri_resident_size, 64);
OFFSET(struct rusage_info_v6, ri_phys_footprint, 72);
OFFSET(struct rusage_info_v6, ri_proc_start_abstime, 80);
OFFSET(struct rusage_info_v6, ri_proc_exit_abstime, 88);
OFFSET(struct rusage_info_v6, ri_child_user_time, 96);
OFFSET(struct rusage_info_v6, ri_child_system_time, 104);
OFFSET(struct rusage_info_v6, ri_child_pkg_idle_wkups, 112);
OFFSET(struct rusage_info_v6, ri_child_interrupt_wkups, 120);
OFFSET(struct rusage_info_v6, ri_child_pageins, 128);
OFFSET(struct rusage_info_v6, ri_child_elapsed_abstime, 136);
OFFSET(struct rusage_info_v6, ri_diskio_bytesread, 144);
OFFSET(struct rusage_info_v6, ri_diskio_byteswritten, 152);
OFFSET(struct rusage_info_v6, ri_cpu_time_qos_default, 160);
OFFSET(struct rusage_info_v6, ri_cpu_time_qos_maintenance, 168);
OFFSET(struct rusage_info_v6, ri_cpu_time_qos_background, 176);
OFFSET(struct rusage_info_v6, ri_cpu_time_qos_utility, 184);
OFFSET(struct rusage_info_v6, ri_cpu_time_qos_legacy, 192);
OFFSET(struct rusage_info_v6, ri_cpu_time_qos_user_initiated, 200);
OFFSET(struct rusage_info_v6, ri_cpu_time_qos_user_interactive, 208);
OFFSET(struct rusage_info_v6, ri_billed_system_time, 216);
OFFSET(struct rusage_info_v6, ri_serviced_system_time, 224);
OFFSET(struct rusage_info_v6, ri_logical_writes, 232);
OFFSET(struct rusage_info_v6, ri_lifetime_max_phys_footprint, 240);
OFFSET(struct rusage_info_v6, ri_instructions, 248);
OFFSET(struct rusage_info_v6, ri_cycles, 256);
OFFSET(struct rusage_info_v6, ri_billed_energy, 264);
OFFSET(struct rusage_info_v6, ri_serviced_energy, 272);
OFFSET(struct rusage_info_v6, ri_interval_max_phys_footprint, 280);
OFFSET(struct rusage_info_v6, ri_runnable_time, 288);
OFFSET(struct rusage_info_v6, ri_flags, 296);
OFFSET(struct rusage_info_v6, ri_user_ptime, 304);
OFFSET(struct rusage_info_v6, ri_system_ptime, 312);
OFFSET(struct rusage_info_v6, ri_pinstructions, 320);
OFFSET(struct rusage_info_v6, ri_pcycles, 328);
OFFSET(struct rusage_info_v6, ri_energy_nj, 336);
OFFSET(struct rusage_info_v6, ri_penergy_nj, 344);
VALUE(RUSAGE_INFO_V0, 0);
VALUE(RUSAGE_INFO_V4, 4);
VALUE(RUSAGE_INFO_V5, 5);
VALUE(RUSAGE_INFO_V6, 6);
VALUE(RU_PROC_RUNS_RESLIDE, 1);

/* V6 tail as of xnu-11417 (macOS 15) */
struct r6tail {
	uint8_t head[352];
	uint64_t secure_time, secure_ptime, neural_footprint, lifetime_max_neural,
		interval_max_neural, reserved[9];
};
SIZE(struct r6tail, 464);
OFFSET(struct r6tail, secure_time, 352);
OFFSET(struct r6tail, neural_footprint, 368);
OFFSET(struct r6tail, reserved, 392);

/* kinfo_proc */
SIZE(struct kinfo_proc, 648);
OFFSET(struct kinfo_proc, kp_proc.p_starttime, 0);
OFFSET(struct kinfo_proc, kp_proc.p_pid, 40);
OFFSET(struct kinfo_proc, kp_eproc, 296);
OFFSET(struct kinfo_proc, kp_proc.p_stat, 36);
OFFSET(struct kinfo_proc, kp_proc.p_comm, 243);
OFFSET(struct kinfo_proc, kp_eproc.e_ucred.cr_uid, 420);
OFFSET(struct kinfo_proc, kp_eproc.e_ppid, 560);

/* Sockets, network, swap, and what the kernel has no public header for. */
#include "layout.h"

#include <launch.h>
#include <mach/mach.h>
#include <net/if.h>
#include <net/route.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <sys/types.h>
#include <sys/ucred.h>
#include <sys/un.h>
#include <unistd.h>

/* unix sockets */
SIZE(struct sockaddr_un, 106);
OFFSET(struct sockaddr_un, sun_path, 2);
SIZE(((struct sockaddr_un *)0)->sun_path, 104);
VALUE(SOL_LOCAL, 0);
VALUE(LOCAL_PEERCRED, 1);
VALUE(LOCAL_PEERPID, 2);
VALUE(LOCAL_PEEREPID, 3);
VALUE(LOCAL_PEERUUID, 4);
VALUE(LOCAL_PEEREUUID, 5);
VALUE(LOCAL_PEERTOKEN, 6);
SIZE(struct xucred, 76);
OFFSET(struct xucred, cr_version, 0);
OFFSET(struct xucred, cr_uid, 4);
OFFSET(struct xucred, cr_ngroups, 8);
OFFSET(struct xucred, cr_groups, 12);
VALUE(XUCRED_VERSION, 0);
VALUE(_CS_DARWIN_USER_DIR, 65536);
VALUE(_CS_DARWIN_USER_TEMP_DIR, 65537);
VALUE(_CS_DARWIN_USER_CACHE_DIR, 65538);

/* network */
VALUE(NET_RT_IFLIST2, 6);
VALUE(RTM_IFINFO2, 0x12);
VALUE(CTL_NET, 4);
VALUE(PF_ROUTE, 17);
OFFSET(struct if_msghdr2, ifm_data, 32);
OFFSET(struct if_msghdr2, ifm_data.ifi_ipackets, 56);
OFFSET(struct if_msghdr2, ifm_data.ifi_opackets, 72);
OFFSET(struct if_msghdr2, ifm_data.ifi_ibytes, 96);
OFFSET(struct if_msghdr2, ifm_data.ifi_obytes, 104);
OFFSET(struct if_msghdr2, ifm_msglen, 0);
OFFSET(struct if_msghdr2, ifm_type, 3);
OFFSET(struct if_msghdr2, ifm_flags, 8);
OFFSET(struct if_msghdr2, ifm_index, 12);
OFFSET(struct if_msghdr2, ifm_data.ifi_type, 32);
VALUE(IFF_LOOPBACK, 8);

/* swap / load */
SIZE(struct xsw_usage, 32);
OFFSET(struct xsw_usage, xsu_total, 0);
OFFSET(struct xsw_usage, xsu_avail, 8);
OFFSET(struct xsw_usage, xsu_used, 16);
OFFSET(struct xsw_usage, xsu_pagesize, 24);
OFFSET(struct xsw_usage, xsu_encrypted, 28);
SIZE(struct loadavg, 24);
OFFSET(struct loadavg, ldavg, 0);
OFFSET(struct loadavg, fscale, 16);

/* ledger (replicated from xnu-11417 osfmk/kern/ledger.h) */
struct l_info {
	char name[32];
	int64_t id, entries;
};
struct l_entry {
	int64_t balance, credit, debit;
	uint64_t limit, refill_period, last_refill;
};
struct l_tmpl {
	char name[32], group[32], units[32];
};
SIZE(struct l_info, 48);
SIZE(struct l_entry, 48);
SIZE(struct l_tmpl, 96);
OFFSET(struct l_entry, limit, 24);

/* coalition_resource_usage (xnu-11417) */
struct coal {
	uint64_t tasks_started, tasks_exited, time_nonempty, cpu_time, interrupt_wakeups,
		platform_idle_wakeups, bytesread, byteswritten, gpu_time, cpu_billed_me,
		cpu_billed_others, energy, log_imm, log_def, log_inv, log_meta, xlog_imm,
		xlog_def, xlog_inv, xlog_meta, energy_billed_me, energy_billed_others,
		cpu_ptime, eqos_len, eqos[7], instr, cycles, fs_meta, pm_writes, pinstr,
		pcycles, conclave, ane_mach, ane_nj, footprint, gpu_nj, gpu_nj_me,
		gpu_nj_others;
};
SIZE(struct coal, 352);
OFFSET(struct coal, gpu_time, 64);
OFFSET(struct coal, energy, 88);
OFFSET(struct coal, cpu_ptime, 176);
OFFSET(struct coal, eqos_len, 184);
OFFSET(struct coal, eqos, 192);
OFFSET(struct coal, instr, 248);
OFFSET(struct coal, ane_mach, 304);
OFFSET(struct coal, footprint, 320);
OFFSET(struct coal, gpu_nj, 328);

/* SMC user-client structure, 80 bytes */
struct smc_vers {
	uint8_t major, minor, build, reserved;
	uint16_t release;
};
struct smc_plimit {
	uint16_t version, length;
	uint32_t cpu, gpu, mem;
};
struct smc_keyinfo {
	uint32_t size, type;
	uint8_t attr;
};
struct smc_param {
	uint32_t key;
	struct smc_vers vers;
	struct smc_plimit plimit;
	struct smc_keyinfo info;
	uint8_t result, status, data8;
	uint32_t data32;
	uint8_t bytes[32];
};
SIZE(struct smc_vers, 6);
SIZE(struct smc_plimit, 16);
SIZE(struct smc_keyinfo, 12);
SIZE(struct smc_param, 80);
OFFSET(struct smc_param, vers, 4);
OFFSET(struct smc_param, plimit, 12);
OFFSET(struct smc_param, info, 28);
OFFSET(struct smc_param, result, 40);
OFFSET(struct smc_param, status, 41);
OFFSET(struct smc_param, data8, 42);
OFFSET(struct smc_param, data32, 44);
OFFSET(struct smc_param, bytes, 48);
VALUE(sizeof(LAUNCH_JOBSOCKETKEY_PATHNAME), 13);

/* newer vm_statistics64 tails (field list from rust-lang/libc src/unix/bsd/apple/mod.rs) */
struct vms64_head {
	uint32_t a[4];
	uint64_t b[9];
	uint32_t c[2];
	uint64_t d[4];
	uint32_t e[4];
	uint64_t f;
};
struct vms64_rev2 {
	struct vms64_head h;
	uint64_t swapped_count;
};
struct vms64_rev3 {
	struct vms64_head h;
	uint64_t swapped_count, total_tag_storage_pages, nontag_pageable_ts, nontag_wired_ts,
		free_ts, tag_storing_ts, total_tagged, resident_tagged, compressed_tagged,
		tagged_compr, tagged_decompr, compressed_ts_bytes;
};
struct vms64_27 {
	struct vms64_rev3 r;
	uint64_t spec_created, spec_activated, swap_count, empty_ts, executable_count,
		shared_region_count, boot_stolen, secluded, act_int, inact_int, act_ext,
		inact_ext, purg_pageable, purg_wired, bg_int, bg_ext, donated, realtime,
		max_mem, ghosts_found, ghosts_added;
};
SIZE(struct vms64_head, 152);
VALUE(sizeof(struct vms64_rev2) / 4, 40);
VALUE(sizeof(struct vms64_rev3) / 4, 62);
VALUE(sizeof(struct vms64_27) / 4, 104);

/* struct ifmibdata (net/if_mib.h is absent in the header subset; replica of xnu-11417 bsd/net/if_mib.h) */
struct ifmib_rep {
	char name[16];
	unsigned pcount, flags, snd_len, snd_maxlen, snd_drops, filler[4];
	struct if_data64 data;
};
OFFSET(struct ifmib_rep, data, 52);
OFFSET(struct ifmib_rep, data.ifi_ipackets, 76);
OFFSET(struct ifmib_rep, data.ifi_opackets, 92);
OFFSET(struct ifmib_rep, data.ifi_ibytes, 116);
OFFSET(struct ifmib_rep, data.ifi_obytes, 124);
SIZE(struct if_data64, 128);
SIZE(struct ifmib_rep, 180);
VALUE(PF_LINK, 18);

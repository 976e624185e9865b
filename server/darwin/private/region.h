/* The map of a process, by proc_pidinfo(): what the public header leaves to the reader.
 * xnu: bsd/kern/proc_info.c (proc_pidregionpathinfo), osfmk/vm/bsd_vm.c (fill_procregioninfo). */
#ifndef DARWIN_PRIVATE_REGION_H
#define DARWIN_PRIVATE_REGION_H

#include <libproc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/proc_info.h>

_Static_assert(PROC_PIDREGIONINFO == 7 && PROC_PIDREGIONPATHINFO == 8, "flavors");
_Static_assert(sizeof(struct proc_regioninfo) == 96, "proc_regioninfo");
_Static_assert(offsetof(struct proc_regioninfo, pri_user_tag) == 32, "pri_user_tag");
_Static_assert(offsetof(struct proc_regioninfo, pri_address) == 80, "pri_address");
_Static_assert(sizeof(struct proc_regionwithpathinfo) == 1272, "proc_regionwithpathinfo");
_Static_assert(
	offsetof(struct proc_regionwithpathinfo, prp_vip.vip_path) == 248, "path of a region");

/* The tag of the region that is made up behind the last one while counts are by footprint: what
 * the process owns and does not map. */
#define REGION_TAG_OWNED UINT32_MAX

/* 1: the counts of our own calls about regions are by footprint from now on (any user). */
#define REGION_FOOTPRINT_SYSCTL "vm.self_region_footprint"

/* In pbi_flags and pbsi_flags: translated by Rosetta, whose pages have 4 KiB. */
#define PROC_FLAG_ROSETTA 0x2000000

#endif

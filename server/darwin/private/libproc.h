/*
 * libproc: what the kernel answers and the public header does not declare.
 * xnu: bsd/sys/proc_info_private.h.
 */
#ifndef DARWIN_LIBPROC_H
#define DARWIN_LIBPROC_H

#include <libproc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/proc_info.h>

/* Of any process of any user. */
#define PROC_PIDUNIQIDENTIFIERINFO 17

struct proc_uniqidentifierinfo {
	uint8_t p_uuid[16];   /* of the executable */
	uint64_t p_uniqueid;  /* given out at fork, never used again until the next boot */
	uint64_t p_puniqueid; /* of the parent */
	int32_t p_idversion;  /* another one after exec */
	uint32_t p_orig_ppidversion;
	uint64_t p_reserve2, p_reserve3;
};

_Static_assert(sizeof(struct proc_uniqidentifierinfo) == 56, "proc_uniqidentifierinfo");
_Static_assert(offsetof(struct proc_uniqidentifierinfo, p_uniqueid) == 16, "p_uniqueid");
_Static_assert(offsetof(struct proc_uniqidentifierinfo, p_idversion) == 32, "p_idversion");
_Static_assert(sizeof(struct proc_bsdshortinfo) == 64, "proc_bsdshortinfo");
_Static_assert(offsetof(struct proc_bsdshortinfo, pbsi_flags) == 32, "pbsi_flags");

#endif

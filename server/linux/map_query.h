/*
 * Map query: asks the kernel about one mapping of a process, through an open /proc/PID/maps,
 * since Linux 6.11 (PROCMAP_QUERY; include/uapi/linux/fs.h, which may be older than the kernel).
 */
#ifndef LINUX_MAP_QUERY_H
#define LINUX_MAP_QUERY_H

#include <stddef.h>
#include <stdint.h>

struct mapping {
	uint64_t end;         /* the address behind it */
	uint32_t id_length;   /* 0: no build id was found */
	uint32_t name_length; /* of the path */
	char id[20];          /* the kernel knows no longer ones */
	char name[4096];
};

/* The first mapping of a file at this address or behind it. Returns 0, -ENOENT when there is
 * none, -ENOTTY when the kernel does not answer such questions, or another negative errno. */
int map_query(int maps, uint64_t address, struct mapping *ret_mapping);

#endif

/*
 * Map: the mappings of a process, from /proc/PID/maps, or from /proc/PID/smaps, which also says
 * how much of each is in memory. For that the kernel walks page tables, and both may wait for
 * the memory lock of the process: for workers only.
 *
 * Mappings are visited one by one, so that a process with a million of them needs no memory here.
 */
#ifndef LINUX_MAP_H
#define LINUX_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages.h"

struct mapping {
	uint64_t start, end;
	uint64_t offset, inode;
	uint32_t device_major, device_minor;
	bool readable, writable, executable;
	bool is_shared;   /* what is written is seen by others */
	bool is_file;     /* of a file that has, or had, a path: else `text` is a name */
	bool is_memory;   /* shared memory: its pages belong to no file, whoever maps them */
	bool is_huge;     /* of reserved huge pages */
	bool is_deleted;  /* the file has no path any more */
	bool is_named;    /* `text` is a name that the program gave it */
	const char *text; /* path or name, "" for none; until the visit ends */
	uint32_t text_length;
	const char *category; /* until the visit ends */
	uint32_t category_length;
	/* Only of smaps. */
	struct map_pages pages;
	uint64_t page_size;
	const char *flags; /* two letters each, with spaces between; until the visit ends */
	uint32_t flags_length;
};

/* false: that is enough. */
typedef bool map_visit(void *context, const struct mapping *mapping);

/*
 * Visits the mappings of the process of this directory, in the order of their addresses. Returns
 * 0; -ESRCH: it has none (a kernel thread, a zombie, a process whose first thread has ended);
 * -ENOENT: there is no such file, or no process any more; or another negative errno.
 */
int map_walk(int directory, bool with_pages, map_visit *visit, void *context);
/* The same of bytes that such a file had. `mounts`: those of mountinfo, which say what is in
 * tmpfs. Returns 0, -ESRCH or -EBADMSG. */
int map_parse(const char *bytes, size_t length, const char *mounts, size_t mounts_length,
	map_visit *visit, void *context);

/* Does its path or name begin so? */
bool mapping_begins(const struct mapping *mapping, const char *start);

#endif

/*
 * Walk: the map of a process, region by region, with what is in memory of each. No port of the
 * task is needed, and it goes on meanwhile: regions may be divided, joined or told twice. For each
 * the kernel looks at all its pages: for workers only.
 */
#ifndef DARWIN_WALK_H
#define DARWIN_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "../host.h"

/* Bytes, or ABSENT_U64(): not told. */
struct walk_pages {
	uint64_t resident;
	uint64_t dirty; /* of the footprint; swap is a part of it */
	uint64_t swap;
	uint64_t clean;
	uint64_t anonymous, shared;
	uint64_t resident_private, resident_shared;
};

/* All of it has no value, and that is why. */
void walk_pages_clear(struct walk_pages *self, enum cell_state state);
/* A sum with something unknown in it is unknown. */
void walk_pages_add(struct walk_pages *sum, const struct walk_pages *more);

struct walk_region {
	uint64_t start, end;
	uint32_t protection, protection_max; /* VM_PROT_.. */
	uint32_t tag, wirings;
	const char *share_mode; /* a word */
	bool is_private;        /* what is written there nobody else sees */
	bool is_shared_cache; /* where all programs have the same libraries, or a piece of that */
	bool is_nested;       /* the cache itself: of what is in there we are told nothing */
	bool is_owned;        /* no region, but what the process owns and does not map */
	bool is_file;
	bool is_deleted; /* the file has no name any more */
	bool has_offset; /* no copy lies between it and the file */
	uint64_t offset, inode;
	uint32_t device;
	const char *path; /* "" for none; until the visit ends */
	const char *name; /* that of the tag, or NULL */
	const char *category;
	struct walk_pages pages;
};

/* false: that is enough. */
typedef bool walk_visit(void *context, const struct walk_region *region);

struct walk {
	int pid;
	bool by_footprint;
	/* In which the kernel counts for us: of our pages and its, the smaller. */
	uint64_t page_size;
	uint64_t kernel_page_size; /* in which it counts memory objects, whoever asks */
	uint64_t target_page_size;
	uint64_t cache_start, cache_end; /* of our own process; set by the caller */
	bool is_our_cache;               /* the process has the same one, at the same place */
	uint32_t program_device;         /* the file whose code was met last */
	uint64_t program_inode;
};

/*
 * From now on counts are by footprint, as those of footprint(1), of all calls of ours: that can be
 * said of a whole process only, so it is never taken back. false: the kernel cannot do that.
 */
bool walk_by_footprint(void);

/* Of one that is zeroed. 0, or a negative errno. */
int walk_begin(struct walk *self, const struct host *host, int pid, bool by_footprint);
/* Visits all regions in the order of their addresses. 0, or a negative errno. */
int walk_run(struct walk *self, walk_visit *visit, void *context);

struct walk_sums {
	uint64_t resident_private, resident_shared;
	uint64_t regions;      /* number */
	uint64_t private_size; /* of those that are its own */
};

/* The same, without files and kinds. */
int walk_sum(struct walk *self, struct walk_sums *ret_sums);

#endif

/* Pages: how much of a mapping, or of several, is where. From the lines of smaps about it. */
#ifndef LINUX_PAGES_H
#define LINUX_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "../parse.h"
#include "attribute.h"

/* Bytes, or ABSENT_U64(): the kernel does not tell. */
struct map_pages {
	uint64_t resident;
	uint64_t dirty; /* of the footprint; swap is a part of it */
	uint64_t swap;
	uint64_t clean;
	uint64_t reclaimable;
	uint64_t wired;
	uint64_t pss, unique, common, swap_pss;
	uint64_t anonymous, shared;
	uint64_t huge, hugetlb, merged, referenced;
};

/* All of it has no value, and that is why. */
void map_pages_clear(struct map_pages *self, enum cell_state state);
/* A sum with something unknown in it is unknown. */
void map_pages_add(struct map_pages *sum, const struct map_pages *more);

/* ------------------------------------------------------------------------------ lines */

enum { PAGE_LINES = 19 };

/* The lines of one mapping. */
struct page_lines {
	uint64_t kib[PAGE_LINES];
	uint32_t seen; /* bit mask */
	uint32_t next; /* the kernel keeps an order: what is looked for first */
};

void page_lines_begin(struct page_lines *self);
/* "Rss:    12 kB". Lines that are none of ours do not matter. */
void page_lines_take(struct page_lines *self, struct scan line);
/* `is_memory`: what is mapped are no pages of a file. */
void page_lines_finish(
	const struct page_lines *self, bool is_memory, struct map_pages *ret_pages);
/* Size of the mapping's pages, or ABSENT_U64(). */
uint64_t page_lines_size(const struct page_lines *self);

#endif

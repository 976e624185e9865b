/*
 * Cache: where in the shared cache of our own process which library is. All processes of one
 * architecture have it at the same place until the next boot, but those that the kernel was told to
 * give another (RU_PROC_RUNS_RESLIDE).
 */
#ifndef DARWIN_CACHE_H
#define DARWIN_CACHE_H

#include <stdint.h>

struct cache_image {
	uint64_t start, end; /* of its code; the data of all of them is elsewhere */
	const char *path;
};

struct cache {
	uint32_t references; /* counted by threads, too */
	uint32_t count;
	uint64_t start, end;
	struct cache_image *images; /* by address */
	char *texts;
};

/* With one reference; NULL: we have none. */
struct cache *cache_create(void);
struct cache *cache_retain(struct cache *self);
void cache_release(struct cache *self); /* NULL is fine */

#endif

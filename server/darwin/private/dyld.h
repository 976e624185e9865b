/*
 * dyld: what it tells of the shared cache that our own process has mapped. libSystem exports it
 * since macOS 10.11. dyld: include/mach-o/dyld_priv.h.
 */
#ifndef DARWIN_PRIVATE_DYLD_H
#define DARWIN_PRIVATE_DYLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dyld_shared_cache_dylib_text_info {
	uint64_t version; /* from 2 on there is the last field */
	uint64_t loadAddressUnslid;
	uint64_t textSegmentSize;
	uint8_t dylibUuid[16];
	const char *path;           /* not any more when the iteration has ended */
	uint64_t textSegmentOffset; /* from the beginning of the cache */
};

_Static_assert(
	offsetof(struct dyld_shared_cache_dylib_text_info, textSegmentOffset) == 48, "offset");

/* NULL: we have none. */
const void *_dyld_get_shared_cache_range(size_t *length);
bool _dyld_get_shared_cache_uuid(uint8_t uuid[16]);
const char *dyld_shared_cache_file_path(void); /* NULL, too; since macOS 11 */

/* A block as the compiler would make it: nothing that it holds needs to be copied. */
struct dyld_text_block {
	void *isa;
	int flags, reserved;
	void (*invoke)(struct dyld_text_block *self,
		const struct dyld_shared_cache_dylib_text_info *info);
	const struct dyld_block_descriptor *descriptor;
	void *context;
};

struct dyld_block_descriptor {
	unsigned long reserved, size;
};

extern void *_NSConcreteStackBlock[32];

/* 0 when it has called the block for each image of the cache. */
int dyld_shared_cache_iterate_text(const uint8_t uuid[16], struct dyld_text_block *block);

#endif

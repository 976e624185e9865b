/*
 * dyld: the shared cache of our own process.
 *
 *	[shared_cache]
 *	base size = NUMBER        where it is; no section: there is none
 *	file = PATH               nothing is told without
 *	version = NUMBER          of what is told of an image; 2 without
 *	images = denied           dyld does not find it again
 *	OFFSET = SIZE PATH        an image: where its code is from the base on
 */
#include <stdlib.h>
#include <string.h>

#include "private/dyld.h"
#include "store.h"

void *_NSConcreteStackBlock[32];

static const struct sim_section *cache(void)
{
	return sim_section("shared_cache", "");
}

const void *_dyld_get_shared_cache_range(size_t *length)
{
	sim_enter("_dyld_get_shared_cache_range", 0, -1);
	*length = (size_t)sim_u64(cache(), "size", 0);
	return (const void *)(uintptr_t)sim_u64(cache(), "base", 0);
}

bool _dyld_get_shared_cache_uuid(uint8_t uuid[16])
{
	sim_enter("_dyld_get_shared_cache_uuid", 0, -1);
	memset(uuid, 7, 16);
	return cache() != NULL;
}

const char *dyld_shared_cache_file_path(void)
{
	sim_enter("dyld_shared_cache_file_path", 0, -1);
	return sim_text(cache(), "file", NULL);
}

/* What is told lives no longer than the call. */
int dyld_shared_cache_iterate_text(const uint8_t uuid[16], struct dyld_text_block *block)
{
	const struct sim_section *section = cache();
	const char *key;

	(void)uuid;
	sim_enter("dyld_shared_cache_iterate_text", 0, -1);
	if (!section || sim_has(section, "images"))
		return -1;
	for (size_t i = 0; (key = sim_key(section, i)) != NULL; i++) {
		struct dyld_shared_cache_dylib_text_info info = {
			.version = sim_u64(section, "version", 2)};
		char *end, *path;
		if (key[0] < '0' || key[0] > '9')
			continue;
		info.textSegmentOffset = strtoull(key, NULL, 0);
		info.loadAddressUnslid = 0x180000000 + info.textSegmentOffset;
		info.textSegmentSize = strtoull(sim_text(section, key, ""), &end, 0);
		path = strdup(end + 1);
		info.path = path;
		block->invoke(block, &info);
		memset(path, 'x', strlen(path));
		free(path);
	}
	return 0;
}

#include "cache.h"

#include <stdlib.h>
#include <string.h>

#include "../private/dyld.h"
#include "alloc.h"

/* What was told: texts are offsets until all of them are there. */
struct finding {
	struct cache *cache;
	uint32_t room;
	size_t length, texts_room;
};

static size_t keep_text(struct finding *self, const char *text)
{
	size_t size = strlen(text) + 1, at = self->length;

	while (self->length + size > self->texts_room) {
		self->texts_room = self->texts_room ? self->texts_room * 2 : 4096;
		self->cache->texts = xreallocarray(self->cache->texts, self->texts_room, 1);
	}
	memcpy(self->cache->texts + at, text, size);
	self->length += size;
	return at;
}

static void take_image(
	struct dyld_text_block *block, const struct dyld_shared_cache_dylib_text_info *info)
{
	struct finding *self = block->context;
	struct cache *cache = self->cache;
	uint64_t start = cache->start + info->textSegmentOffset;

	if (info->version < 2 || !info->path || start + info->textSegmentSize > cache->end)
		return;
	if (cache->count == self->room) {
		self->room = self->room ? self->room * 2 : 64;
		cache->images = xreallocarray(cache->images, self->room, sizeof *cache->images);
	}
	cache->images[cache->count++] = (struct cache_image){.start = start,
		.end = start + info->textSegmentSize,
		.path = (const char *)keep_text(self, info->path)};
}

static int compare(const void *left, const void *right)
{
	const struct cache_image *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static void find_images(struct cache *self)
{
	static const struct dyld_block_descriptor descriptor = {
		.size = sizeof(struct dyld_text_block)};
	struct finding finding = {.cache = self};
	struct dyld_text_block block = {.isa = _NSConcreteStackBlock,
		.invoke = take_image,
		.descriptor = &descriptor,
		.context = &finding};
	uint8_t uuid[16];

	if (!_dyld_get_shared_cache_uuid(uuid) ||
		dyld_shared_cache_iterate_text(uuid, &block) != 0)
		self->count = 0;
	for (uint32_t i = 0; i < self->count; i++)
		self->images[i].path = self->texts + (size_t)self->images[i].path;
	if (self->count)
		qsort(self->images, self->count, sizeof *self->images, compare);
}

struct cache *cache_create(void)
{
	size_t length = 0;
	const void *start = _dyld_get_shared_cache_range(&length);
	struct cache *self;

	if (!start || !length)
		return NULL;
	self = xcalloc(1, sizeof *self);
	self->references = 1;
	self->start = (uint64_t)(uintptr_t)start;
	self->end = self->start + length;
	find_images(self);
	return self;
}

struct cache *cache_retain(struct cache *self)
{
	if (self)
		__atomic_add_fetch(&self->references, 1, __ATOMIC_RELAXED);
	return self;
}

void cache_release(struct cache *self)
{
	if (!self || __atomic_sub_fetch(&self->references, 1, __ATOMIC_ACQ_REL))
		return;
	free(self->images);
	free(self->texts);
	free(self);
}

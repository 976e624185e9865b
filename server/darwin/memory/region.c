/*
 * Table REGION: the map of a process. Sources: map and pages, which one walk reads.
 *
 * A row is known by where it begins and what it maps. In place of the shared cache, of which
 * nothing is told, there are the libraries in it, where it is our own, too.
 */
#include <mach/vm_prot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../private/libproc.h"
#include "alloc.h"
#include "cache.h"
#include "hash.h"
#include "memory.h"

/* More of them than a table has rows are of no use. */
enum { REGIONS_MAX = 65536 + 1 };

/* The path is in `texts` of the list. */
struct region {
	struct walk_region walked;
	size_t path, path_length;
	uint64_t activity; /* of all that */
};

struct region_list {
	struct region *items;
	uint32_t count, room;
	char *texts;
	size_t texts_length, texts_room;
	uint64_t page_size;
};

struct region_job {
	struct memory_job job;
	const struct host *host;
	struct cache *cache;
	bool by_footprint;
	struct region_list found;
};

struct regions {
	struct memory_table table;
	struct cache *cache;
	bool by_footprint;
	struct region_list found;
	/* Of samples, each until its source is read again. */
	char protection[3], protection_max[3], device[24];
};

struct region_row {
	uint32_t index; /* of what was found */
};

static struct regions *regions_of(struct devices *devices)
{
	return (struct regions *)(void *)devices;
}

/* ----------------------------------------------------------------------------- finding */

static size_t keep_path(struct region_list *self, const char *path, size_t length)
{
	size_t at = self->texts_length;

	while (at + length > self->texts_room) {
		self->texts_room = self->texts_room ? self->texts_room * 2 : 4096;
		self->texts = xreallocarray(self->texts, self->texts_room, 1);
	}
	if (length)
		memcpy(self->texts + at, path, length);
	self->texts_length += length;
	return at;
}

/* Two looks at a region that give the same number have found the same. Words are told by where
 * they are. */
static uint64_t activity_of(const struct walk_region *region)
{
	uint64_t what[] = {region->start, region->end, region->offset, region->inode,
		(uint64_t)region->protection << 32 | region->protection_max,
		(uint64_t)region->device << 32 | region->tag,
		region->is_file | region->is_deleted << 1 | region->has_offset << 2 |
			region->is_nested << 3,
		(uint64_t)(uintptr_t)region->share_mode, (uint64_t)(uintptr_t)region->category,
		hash_words((const uint64_t *)(const void *)&region->pages,
			sizeof region->pages / sizeof(uint64_t)),
		hash_bytes(region->path, strlen(region->path))};

	return hash_words(what, sizeof what / sizeof *what) >> 1 | 1; /* no ACTIVITY_.. */
}

static bool add_region(struct region_list *self, const struct walk_region *walked)
{
	struct region *region;

	if (self->count == self->room) {
		self->room = self->room ? self->room * 2 : 64;
		self->items = xreallocarray(self->items, self->room, sizeof *self->items);
	}
	region = &self->items[self->count++];
	region->walked = *walked;
	region->activity = activity_of(walked);
	region->path_length = strlen(walked->path);
	region->path = keep_path(self, walked->path, region->path_length);
	return self->count < REGIONS_MAX;
}

static bool add_part(struct region_list *self, const struct walk_region *cache, uint64_t start,
	uint64_t end, const char *path)
{
	struct walk_region part = *cache;

	if (start >= end)
		return true;
	part.start = start;
	part.end = end;
	if (path) {
		part.path = path;
		part.is_file = true;
		part.has_offset = false;
		part.protection = part.protection_max = VM_PROT_READ | VM_PROT_EXECUTE;
	}
	return add_region(self, &part);
}

/* A part of the cache by the libraries in it, and what lies between them. */
static bool add_images(
	struct region_list *self, const struct cache *cache, const struct walk_region *region)
{
	uint64_t at = region->start;
	bool more = true;

	for (uint32_t i = 0; i < cache->count && more; i++) {
		const struct cache_image *image = &cache->images[i];
		if (image->start < at || image->end > region->end)
			continue;
		more = add_part(self, region, at, image->start, NULL) &&
		       add_part(self, region, image->start, image->end, image->path);
		at = image->end;
	}
	return more && add_part(self, region, at, region->end, NULL);
}

/* What is not mapped is for table FOOTPRINT. */
static bool take_region(void *context, const struct walk_region *region)
{
	struct region_job *job = context;

	if (region->is_owned)
		return true;
	if (region->is_nested && job->cache && region->start < job->cache->end &&
		region->end > job->cache->start)
		return add_images(&job->found, job->cache, region);
	return add_region(&job->found, region);
}

/* Has it the cache where we have ours? */
static bool has_own_place(int pid)
{
	struct rusage_info_v5 usage;

	return proc_pid_rusage(pid, RUSAGE_INFO_V5, (rusage_info_t *)(void *)&usage) != 0 ||
	       usage.ri_flags & RU_PROC_RUNS_RESLIDE;
}

static int read_all(struct memory_job *job)
{
	struct region_job *self = (struct region_job *)(void *)job;
	struct walk walk = {0};
	int result = walk_begin(&walk, self->host, job->target.pid, self->by_footprint);

	self->found.count = 0;
	self->found.texts_length = 0;
	if (result)
		return result;
	self->found.page_size = walk.target_page_size;
	if (self->cache && has_own_place(job->target.pid)) {
		cache_release(self->cache);
		self->cache = NULL;
	}
	if (self->cache) {
		walk.cache_start = self->cache->start;
		walk.cache_end = self->cache->end;
	}
	return walk_run(&walk, take_region, self);
}

static int prepare(struct devices *devices, void **ret_job)
{
	const struct regions *self = regions_of(devices);
	int state = memory_job_create(devices, sizeof(struct region_job), read_all, ret_job);
	struct region_job *job = *ret_job;

	job->host = devices->host;
	job->cache = cache_retain(self->cache);
	job->by_footprint = self->by_footprint;
	return state;
}

static void free_list(struct region_list *self)
{
	free(self->items);
	free(self->texts);
}

static void release(void *data)
{
	struct region_job *job = data;

	free_list(&job->found);
	cache_release(job->cache);
	free(job);
}

/* The job gets the old one, and frees it. */
static void take(struct devices *devices, void *data)
{
	struct regions *self = regions_of(devices);
	struct region_job *job = data;
	struct region_list found = job->found;

	job->found = self->found;
	self->found = found;
}

static int open_table(struct devices *devices, const struct target *target)
{
	struct regions *self = regions_of(devices);
	int result = memory_table_open(devices, target);

	if (result)
		return result;
	self->by_footprint = walk_by_footprint();
	self->cache = cache_create();
	return 0;
}

static void close_table(struct devices *devices)
{
	free_list(&regions_of(devices)->found);
	cache_release(regions_of(devices)->cache);
}

static int find(struct devices *devices)
{
	struct regions *self = regions_of(devices);

	for (uint32_t i = 0; i < self->found.count; i++) {
		const struct walk_region *region = &self->found.items[i].walked;
		uint64_t what[] = {region->start, region->inode, region->device, region->tag};
		bool is_new;
		struct region_row *row = devices_found_number(devices,
			memory_table_identify(&self->table, what, sizeof what / sizeof *what),
			(uint64_t)self->table.target.pid, &is_new);
		if (row) /* else the table is full, but for those that are in it */
			row->index = i;
	}
	return 0;
}

static uint64_t activity(struct devices *devices, void *row)
{
	return regions_of(devices)->found.items[((struct region_row *)row)->index].activity;
}

static const struct device_listing listing = {
	.prepare = prepare,
	.run = memory_job_run,
	.release = release,
	.take = take,
	.activity = activity,
};

/* -------------------------------------------------------------------------- source map */

static struct sample_text rights(char out[3], uint32_t protection)
{
	out[0] = protection & VM_PROT_READ ? 'r' : '-';
	out[1] = protection & VM_PROT_WRITE ? 'w' : '-';
	out[2] = protection & VM_PROT_EXECUTE ? 'x' : '-';
	return (struct sample_text){out, 3, STATE_OK};
}

static struct sample_text path_of(const struct regions *self, const struct region *region)
{
	if (!region->path_length)
		return (struct sample_text){.state = STATE_NONE};
	return (struct sample_text){
		self->found.texts + region->path, (uint32_t)region->path_length, STATE_OK};
}

/* The name of a file is the end of its path; of what has none, that of the tag. */
static struct sample_text name_of(const struct regions *self, const struct region *region)
{
	struct sample_text text = path_of(self, region);

	if (!text.bytes)
		return device_text(region->walked.name);
	for (uint32_t i = text.length; i > 0; i--)
		if (text.bytes[i - 1] == '/' && i < text.length)
			return (struct sample_text){text.bytes + i, text.length - i, STATE_OK};
	return text;
}

/* A device number is major and minor, 8 and 24 bits: sys/types.h. */
static struct sample_text device_of(struct regions *self, const struct walk_region *region)
{
	int length;

	if (!region->inode)
		return (struct sample_text){.state = STATE_NONE};
	length = snprintf(self->device, sizeof self->device, "%u:%u", region->device >> 24,
		region->device & 0xFFFFFF);
	return (struct sample_text){self->device, (uint32_t)length, STATE_OK};
}

static int read_map(struct devices *devices, void *row, void *memory)
{
	struct regions *self = regions_of(devices);
	const struct region *region = &self->found.items[((struct region_row *)row)->index];
	const struct walk_region *walked = &region->walked;
	static const uint64_t none = ABSENT_U64(STATE_NONE);

	*(struct darwin_region_map *)memory = (struct darwin_region_map){
		.start = walked->start,
		.end = walked->end,
		.size = walked->end - walked->start,
		.protection = rights(self->protection, walked->protection),
		.protection_max = rights(self->protection_max, walked->protection_max),
		.share_mode = device_text(walked->share_mode),
		.category = device_text(walked->category),
		.name = name_of(self, region),
		.path = path_of(self, region),
		.offset = walked->has_offset ? walked->offset : none,
		.inode = walked->inode ? walked->inode : none,
		.device = device_of(self, walked),
		.deleted = walked->inode ? walked->is_deleted : none,
		.page_size = self->found.page_size,
	};
	return STATE_OK;
}

static int read_pages(struct devices *devices, void *row, void *memory)
{
	const struct regions *self = regions_of(devices);

	*(struct darwin_region_pages *)memory = (struct darwin_region_pages){
		self->found.items[((struct region_row *)row)->index].walked.pages};
	return STATE_OK;
}

static const struct device_source region_map_source = {
	.source = {.name = "map",
		.sample_size = sizeof(struct darwin_region_map),
		.lane = LANE_LISTED,
		.gated = true,
		.remedy = REMEDY_MAPPED},
	.read = read_map,
};

static const struct device_source region_pages_source = {
	.source = {.name = "pages",
		.sample_size = sizeof(struct darwin_region_pages),
		.lane = LANE_LISTED,
		.gated = true,
		.remedy = REMEDY_MAPPED},
	.read = read_pages,
};

static const struct device_source *const sources[REGION_SOURCE_COUNT] = {
	[SOURCE_region_map] = &region_map_source,
	[SOURCE_region_pages] = &region_pages_source,
};

const struct device_table region_table = {
	.id = TABLE_REGION,
	.listing = &listing,
	.sources = sources,
	.source_count = REGION_SOURCE_COUNT,
	.size = sizeof(struct regions),
	.row_size = sizeof(struct region_row),
	.targeted = true,
	.open = open_table,
	.close = close_table,
	.has_target = memory_table_has_target,
	.find = find,
};

/*
 * Table REGION: the mappings of a process. Sources: map, which is /proc/PID/maps, and pages,
 * for which smaps is read instead.
 *
 * A row is known by where it begins and what it maps. What replaces a mapping by another one just
 * like it, between two looks, has not changed anything that can be seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../process/process.h"
#include "alloc.h"
#include "hash.h"
#include "memory.h"

/* More of them than a table has rows are of no use. */
enum { REGIONS_MAX = 65536 + 1 };

/* A mapping with its texts, which are in `texts` of the listing. */
struct region {
	struct mapping mapping;
	size_t text, category, flags;
	uint64_t activity; /* of all that */
};

struct region_list {
	struct region *items;
	uint32_t count, room;
	char *texts;
	size_t texts_length, texts_room;
};

struct region_job {
	struct memory_job job;
	bool with_pages;
	struct region_list found;
};

struct regions {
	struct memory_table table;
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

static size_t keep_text(struct region_list *self, const char *text, size_t length)
{
	size_t at = self->texts_length;

	while (at + length > self->texts_room) {
		self->texts_room = self->texts_room ? self->texts_room * 2 : 4096;
		self->texts = xreallocarray(self->texts, self->texts_room, 1);
	}
	if (length)
		memcpy(self->texts + at, text, length);
	self->texts_length += length;
	return at;
}

static uint64_t hash_text(uint64_t hash, const char *text, uint32_t length)
{
	for (uint32_t at = 0; at < length; at += 8) {
		uint64_t words[] = {hash, 0};
		memcpy(&words[1], text + at, length - at < 8 ? length - at : 8);
		hash = hash_words(words, 2);
	}
	return hash;
}

/* Two looks at a mapping that give the same number have found the same. */
static uint64_t activity_of(const struct mapping *mapping, bool with_pages)
{
	const struct map_pages *pages = &mapping->pages;
	uint64_t what[] = {mapping->start, mapping->end, mapping->offset, mapping->inode,
		(uint64_t)mapping->device_major << 32 | mapping->device_minor,
		mapping->readable | mapping->writable << 1 | mapping->executable << 2 |
			mapping->is_shared << 3 | mapping->is_file << 4 |
			mapping->is_memory << 5 | mapping->is_huge << 6 |
			mapping->is_deleted << 7,
		with_pages ? mapping->page_size : 0,
		with_pages ? hash_words((const uint64_t *)(const void *)pages,
				     sizeof *pages / sizeof(uint64_t))
			   : 0};
	uint64_t hash = hash_words(what, sizeof what / sizeof *what);

	hash = hash_text(hash, mapping->text, mapping->text_length);
	hash = hash_text(hash, mapping->category, mapping->category_length);
	if (with_pages)
		hash = hash_text(hash, mapping->flags, mapping->flags_length);
	return hash >> 1 | 1; /* neither of ACTIVITY_.. */
}

static bool add_region(void *context, const struct mapping *mapping)
{
	struct region_job *job = context;
	struct region_list *self = &job->found;
	struct region *region;

	if (self->count == self->room) {
		self->room = self->room ? self->room * 2 : 64;
		self->items = xreallocarray(self->items, self->room, sizeof *self->items);
	}
	region = &self->items[self->count++];
	region->mapping = *mapping;
	region->activity = activity_of(mapping, job->with_pages);
	region->text = keep_text(self, mapping->text, mapping->text_length);
	region->category = keep_text(self, mapping->category, mapping->category_length);
	region->flags = keep_text(self, mapping->flags, mapping->flags_length);
	return self->count < REGIONS_MAX;
}

static int read_all(struct memory_job *job, int directory)
{
	struct region_job *self = (struct region_job *)(void *)job;

	self->found.count = 0;
	self->found.texts_length = 0;
	return map_walk(directory, self->with_pages, add_region, self);
}

static int prepare(struct devices *devices, void **ret_job)
{
	int state = memory_job_create(devices, sizeof(struct region_job), read_all, ret_job);

	if (state == STATE_OK)
		((struct region_job *)*ret_job)->with_pages =
			devices->sought >> SOURCE_region_pages & 1;
	return state;
}

static void free_list(struct region_list *self)
{
	free(self->items);
	free(self->texts);
}

static void release(void *job)
{
	free_list(&((struct region_job *)job)->found);
	memory_job_destroy(job);
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

static void close_table(struct devices *devices)
{
	free_list(&regions_of(devices)->found);
	memory_table_close(devices);
}

/* A stack grows down: of one by that name not the beginning counts, but the end. */
static uint64_t identify(const struct regions *self, const struct region *region)
{
	const struct mapping *mapping = &region->mapping;
	const char *text = self->found.texts + region->text;
	bool is_stack = !mapping->is_file && !mapping->is_named && mapping->text_length == 5 &&
			memcmp(text, "stack", 5) == 0;
	uint64_t what[] = {
		is_stack,
		is_stack ? mapping->end : mapping->start,
		mapping->inode,
		(uint64_t)mapping->device_major << 32 | mapping->device_minor,
	};

	return memory_table_identify(&self->table, what, sizeof what / sizeof *what);
}

static int find(struct devices *devices)
{
	struct regions *self = regions_of(devices);

	for (uint32_t i = 0; i < self->found.count; i++) {
		bool is_new;
		struct region_row *row = devices_found_number(devices,
			identify(self, &self->found.items[i]), self->table.pid, &is_new);
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

static struct sample_text text_at(const struct regions *self, size_t at, uint32_t length)
{
	if (!length)
		return (struct sample_text){.state = STATE_NONE};
	return (struct sample_text){self->found.texts + at, length, STATE_OK};
}

static struct sample_text rights(char out[3], bool read, bool write, bool execute)
{
	out[0] = read ? 'r' : '-';
	out[1] = write ? 'w' : '-';
	out[2] = execute ? 'x' : '-';
	return (struct sample_text){out, 3, STATE_OK};
}

static struct sample_text share_mode(const struct mapping *mapping)
{
	return device_text(mapping->is_shared ? "shared"
			   : mapping->is_file ? "cow"
					      : "private");
}

/* The name of a file is the end of its path; that of a program's part says which. */
static struct sample_text name_at(const struct regions *self, const struct region *region)
{
	const struct mapping *mapping = &region->mapping;
	struct sample_text text = text_at(self, region->text, mapping->text_length);
	const char *slash = text.bytes && mapping->is_file
				    ? memrchr(text.bytes, '/', mapping->text_length)
				    : NULL;

	if (slash && slash + 1 < text.bytes + text.length) {
		text.length -= (uint32_t)(slash + 1 - text.bytes);
		text.bytes = slash + 1;
	}
	return text;
}

static int read_map(struct devices *devices, void *row, void *memory)
{
	struct regions *self = regions_of(devices);
	const struct region *region = &self->found.items[((struct region_row *)row)->index];
	const struct mapping *mapping = &region->mapping;
	struct linux_region_map *sample = memory;
	bool is_object = mapping->is_file || mapping->inode;

	sample->start = mapping->start;
	sample->end = mapping->end;
	sample->size = mapping->end - mapping->start;
	sample->protection = rights(
		self->protection, mapping->readable, mapping->writable, mapping->executable);
	sample->share_mode = share_mode(mapping);
	sample->category = text_at(self, region->category, mapping->category_length);
	sample->name = name_at(self, region);
	sample->path = mapping->is_file ? text_at(self, region->text, mapping->text_length)
					: (struct sample_text){.state = STATE_NONE};
	sample->offset = is_object ? mapping->offset : ABSENT_U64(STATE_NONE);
	sample->inode = is_object ? mapping->inode : ABSENT_U64(STATE_NONE);
	sample->device = (struct sample_text){.state = STATE_NONE};
	if (is_object) {
		int length = snprintf(self->device, sizeof self->device, "%u:%u",
			(unsigned)mapping->device_major, (unsigned)mapping->device_minor);
		sample->device = (struct sample_text){self->device, (uint32_t)length, STATE_OK};
	}
	sample->deleted = mapping->is_file ? mapping->is_deleted : ABSENT_U64(STATE_NONE);
	return STATE_OK;
}

static const struct device_source region_map_source = {
	.source = {.name = "map",
		.sample_size = sizeof(struct linux_region_map),
		.lane = LANE_LISTED,
		.gated = true,
		.remedy = REMEDY_MAPPED},
	.read = read_map,
};

/* ------------------------------------------------------------------------ source pages */

static bool has_flag(struct sample_text flags, const char *flag)
{
	for (uint32_t i = 0; flags.bytes && i + 1 < flags.length; i += 3)
		if (memcmp(flags.bytes + i, flag, 2) == 0)
			return true;
	return false;
}

static int read_pages(struct devices *devices, void *row, void *memory)
{
	struct regions *self = regions_of(devices);
	const struct region *region = &self->found.items[((struct region_row *)row)->index];
	struct linux_region_pages *sample = memory;

	sample->flags = text_at(self, region->flags, region->mapping.flags_length);
	sample->protection_max = sample->flags;
	if (sample->flags.bytes)
		sample->protection_max =
			rights(self->protection_max, has_flag(sample->flags, "mr"),
				has_flag(sample->flags, "mw"), has_flag(sample->flags, "me"));
	sample->page_size = region->mapping.page_size;
	sample->pages = region->mapping.pages;
	return STATE_OK;
}

static const struct device_source region_pages_source = {
	.source = {.name = "pages",
		.sample_size = sizeof(struct linux_region_pages),
		.lane = LANE_LISTED,
		.gated = true,
		.remedy = REMEDY_MAPPED},
	.unsupported = smaps_unsupported,
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
	.open = memory_table_open,
	.close = close_table,
	.has_target = memory_table_has_target,
	.descriptors = memory_table_descriptors,
	.find = find,
};

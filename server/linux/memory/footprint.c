/*
 * Table FOOTPRINT: the memory of a process by what it is for. The mappings in smaps are summed up
 * while they are read; what no mapping shows has a row of its own.
 *
 * mem.dirty and mem.reclaimable of all rows but that of the GPU are mem.footprint and mem.shared of
 * the process together, but for what is in motion meanwhile, and shared memory that is swapped
 * out: status does not count that.
 */
#include <stdlib.h>
#include <string.h>

#include "../parse.h"
#include "../process/gpu/gpu_device.h"
#include "../process/process.h"
#include "../read.h"
#include "alloc.h"
#include "buffers.h"
#include "hash.h"
#include "memory.h"

enum {
	/* A program can give each of its mappings another name. So many are told apart; what is
	 * no name of its own is told apart always, and there is not much of that. */
	OWN_NAMES_MAX = 255,
	/* The kernel's ANON_VMA_NAME_MAX_LEN. */
	CATEGORY_SIZE = 80,
	INDEX_SIZE = 1024, /* a power of 2, much more than there are categories */
};

static const char other_names[] = "anonymous, other names";

struct category {
	char text[CATEGORY_SIZE];
	uint32_t length;
	bool is_mapped; /* else it is an amount that no mapping shows: pages.dirty */
	uint64_t regions, size;
	struct map_pages pages;
};

struct category_list {
	struct category *items;
	uint32_t count, room;
	uint32_t own_names;
	/* A hash table of those that are mapped: 1 + number. */
	uint16_t index[INDEX_SIZE];
};

struct footprint_job {
	struct memory_job job;
	char *sysfs; /* NULL: there is no GPU that could tell anything */
	struct category_list found;
};

struct footprints {
	struct memory_table table;
	struct category_list found;
};

struct footprint_row {
	uint32_t index; /* of what was found */
};

static struct footprints *footprints_of(struct devices *devices)
{
	return (struct footprints *)(void *)devices;
}

/* --------------------------------------------------------------------------- categories */

static struct category *add_category(
	struct category_list *self, const char *text, uint32_t length, bool is_mapped)
{
	struct category *category;

	if (self->count == self->room) {
		self->room = self->room ? self->room * 2 : 16;
		self->items = xreallocarray(self->items, self->room, sizeof *self->items);
	}
	category = &self->items[self->count++];
	*category = (struct category){.length = length, .is_mapped = is_mapped};
	memcpy(category->text, text, length);
	return category;
}

static struct category *find_category(
	struct category_list *self, const char *text, uint32_t length, bool is_own_name)
{
	uint32_t at;

	if (length > CATEGORY_SIZE)
		length = CATEGORY_SIZE;
	for (at = (uint32_t)hash_bytes(text, length) & (INDEX_SIZE - 1); self->index[at];
		at = (at + 1) & (INDEX_SIZE - 1)) {
		struct category *category = &self->items[self->index[at] - 1];
		if (category->length == length && memcmp(category->text, text, length) == 0)
			return category;
	}
	if (is_own_name && self->own_names == OWN_NAMES_MAX)
		return find_category(self, other_names, sizeof other_names - 1, false);
	self->own_names += is_own_name;
	self->index[at] = (uint16_t)(self->count + 1);
	return add_category(self, text, length, true);
}

static bool add_mapping(void *context, const struct mapping *mapping)
{
	struct category *category = find_category(context, mapping->category,
		mapping->category_length, mapping->category == mapping->text);

	category->regions++;
	category->size += mapping->end - mapping->start;
	map_pages_add(&category->pages, &mapping->pages);
	return true;
}

static void add_amount(struct category_list *self, const char *name, uint64_t bytes)
{
	add_category(self, name, (uint32_t)strlen(name), false)->pages.dirty = bytes;
}

/* ----------------------------------------------------------------------------- finding */

static int add_page_tables(struct category_list *found, int directory)
{
	static const struct pair pairs[] = {PAIR("VmPTE", 0, 1)};
	char *bytes;
	ssize_t length = read_file_text(directory, "status", &bytes);
	struct scan scan = {bytes, bytes + (length > 0 ? length : 0)};
	int64_t kib = 0;

	if (length >= 0 && scan_pairs(&scan, pairs, 1, &kib) && kib >= 0)
		add_amount(found, "page tables", (uint64_t)kib * 1024);
	free(bytes);
	return length < 0 ? (int)length : 0;
}

static void add_buffers(struct category_list *found, int directory, const char *sysfs)
{
	uint64_t bytes = gpu_buffers_read(directory, sysfs);

	if (bytes != ABSENT_U64(STATE_NONE))
		add_amount(found, "GPU memory", bytes);
}

static int read_all(struct memory_job *job, int directory)
{
	struct footprint_job *self = (struct footprint_job *)(void *)job;
	struct category_list *found = &self->found;
	int result;

	found->count = found->own_names = 0;
	memset(found->index, 0, sizeof found->index);
	result = map_walk(directory, true, add_mapping, found);
	if (!result)
		result = add_page_tables(found, directory);
	if (!result && self->sysfs)
		add_buffers(found, directory, self->sysfs);
	return result;
}

static int prepare(struct devices *devices, void **ret_job)
{
	const char *sysfs = devices->host->sysfs;
	int state = memory_job_create(devices, sizeof(struct footprint_job), read_all, ret_job);

	if (state == STATE_OK && gpu_devices_any(sysfs))
		((struct footprint_job *)*ret_job)->sysfs = xstrdup(sysfs);
	return state;
}

static void release(void *job)
{
	struct footprint_job *self = job;

	free(self->found.items);
	free(self->sysfs);
	memory_job_destroy(&self->job);
}

/* The job gets the old ones, and frees them. */
static void take(struct devices *devices, void *data)
{
	struct footprints *self = footprints_of(devices);
	struct footprint_job *job = data;
	struct category *before = self->found.items;

	self->found = job->found;
	job->found.items = before;
}

static uint64_t identify(const struct footprints *self, const struct category *category)
{
	uint64_t what[] = {category->is_mapped, hash_bytes(category->text, category->length)};

	return memory_table_identify(&self->table, what, sizeof what / sizeof *what);
}

static int find(struct devices *devices)
{
	struct footprints *self = footprints_of(devices);

	for (uint32_t i = 0; i < self->found.count; i++) {
		bool is_new;
		struct footprint_row *row = devices_found_number(devices,
			identify(self, &self->found.items[i]), self->table.pid, &is_new);
		if (row)
			row->index = i;
	}
	return 0;
}

static void close_table(struct devices *devices)
{
	free(footprints_of(devices)->found.items);
	memory_table_close(devices);
}

static const struct device_listing listing = {
	.prepare = prepare,
	.run = memory_job_run,
	.release = release,
	.take = take,
};

/* ---------------------------------------------------------------------- the one source */

static int read_footprint(struct devices *devices, void *row, void *memory)
{
	const struct category *category =
		&footprints_of(devices)->found.items[((struct footprint_row *)row)->index];
	struct linux_footprint *sample = memory;

	*sample = (struct linux_footprint){
		.category = {category->text, category->length, STATE_OK},
		.regions = category->regions,
		.size = category->size,
		.pages = category->pages,
	};
	if (!category->is_mapped) {
		sample->regions = sample->size = ABSENT_U64(STATE_NONE);
		map_pages_clear(&sample->pages, STATE_NONE);
		sample->pages.dirty = category->pages.dirty;
	}
	return STATE_OK;
}

static const struct device_source footprint_source = {
	.source = {.name = "footprint",
		.sample_size = sizeof(struct linux_footprint),
		.lane = LANE_LISTED,
		.remedy = REMEDY_MAPPED},
	.unsupported = smaps_unsupported,
	.read = read_footprint,
};

static const struct device_source *const sources[FOOTPRINT_SOURCE_COUNT] = {
	[SOURCE_footprint] = &footprint_source,
};

const struct device_table footprint_table = {
	.id = TABLE_FOOTPRINT,
	.listing = &listing,
	.sources = sources,
	.source_count = FOOTPRINT_SOURCE_COUNT,
	.size = sizeof(struct footprints),
	.row_size = sizeof(struct footprint_row),
	.targeted = true,
	.open = memory_table_open,
	.close = close_table,
	.has_target = memory_table_has_target,
	.descriptors = memory_table_descriptors,
	.find = find,
};

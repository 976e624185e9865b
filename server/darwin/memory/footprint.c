/*
 * Table FOOTPRINT: the memory of a process by what it is for. The regions of its map are summed up
 * while they are walked; what no region shows has a row of its own, up to what the kernel itself
 * says is the footprint: page tables, and what drivers have mapped.
 *
 * mem.dirty of all rows together is mem.footprint of the process, but for what is in motion
 * meanwhile; where the regions have more than that, there is no row for the rest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../private/libproc.h"
#include "alloc.h"
#include "hash.h"
#include "memory.h"

/* There are not more words for categories than that. */
enum { CATEGORIES_MAX = 80 };

struct category {
	const char *text; /* static */
	bool is_mapped;   /* else it is an amount that no region shows: pages.dirty */
	uint64_t regions, size;
	struct walk_pages pages;
};

struct category_list {
	struct category items[CATEGORIES_MAX];
	uint32_t count;
};

struct footprint_job {
	struct memory_job job;
	const struct host *host;
	bool by_footprint;
	struct category_list found;
};

struct footprints {
	struct memory_table table;
	bool by_footprint;
	struct category_list found;
};

struct footprint_row {
	uint32_t index; /* of what was found */
};

static struct footprints *footprints_of(struct devices *devices)
{
	return (struct footprints *)(void *)devices;
}

/* ----------------------------------------------------------------------------- finding */

static struct category *find_category(
	struct category_list *self, const char *text, bool is_mapped)
{
	uint32_t i = 0;

	while (i < self->count && strcmp(self->items[i].text, text) != 0)
		i++;
	if (i == self->count) {
		if (i == CATEGORIES_MAX)
			return NULL;
		self->count++;
		self->items[i] = (struct category){.text = text, .is_mapped = is_mapped};
	}
	return &self->items[i];
}

static void add_amount(struct category_list *self, const char *text, uint64_t bytes)
{
	struct category *category = find_category(self, text, false);

	if (category)
		category->pages.dirty = bytes;
}

/* Of the shared cache itself nothing is told, which is no reason to have no sum. */
static bool add_region(void *context, const struct walk_region *region)
{
	struct category_list *self = context;
	struct category *category;

	if (region->is_owned) {
		if (region->pages.dirty)
			add_amount(self, region->category, region->pages.dirty);
		return true;
	}
	category = find_category(self, region->category, true);
	if (!category)
		return false;
	category->regions++;
	category->size += region->end - region->start;
	if (!region->is_nested)
		walk_pages_add(&category->pages, &region->pages);
	return true;
}

/* Of any version of the answer that has it. */
static int read_footprint_total(int pid, uint64_t *ret_bytes)
{
	struct rusage_info_v0 usage;

	if (proc_pid_rusage(pid, RUSAGE_INFO_V0, (rusage_info_t *)(void *)&usage) != 0)
		return errno ? -errno : -EIO;
	*ret_bytes = usage.ri_phys_footprint;
	return 0;
}

static int add_rest(struct category_list *self, int pid)
{
	uint64_t total = 0, sum = 0;
	int result = read_footprint_total(pid, &total);

	if (result)
		return result;
	for (uint32_t i = 0; i < self->count; i++)
		sum += self->items[i].pages.dirty;
	if (total > sum)
		add_amount(self, "page tables and drivers", total - sum);
	return 0;
}

static int read_all(struct memory_job *job)
{
	struct footprint_job *self = (struct footprint_job *)(void *)job;
	struct walk walk = {0};
	int result = walk_begin(&walk, self->host, job->target.pid, self->by_footprint);

	self->found.count = 0;
	if (!result)
		result = walk_run(&walk, add_region, &self->found);
	if (!result && self->by_footprint)
		result = add_rest(&self->found, job->target.pid);
	return result;
}

static int prepare(struct devices *devices, void **ret_job)
{
	int state = memory_job_create(devices, sizeof(struct footprint_job), read_all, ret_job);
	struct footprint_job *job = *ret_job;

	job->host = devices->host;
	job->by_footprint = footprints_of(devices)->by_footprint;
	return state;
}

static void take(struct devices *devices, void *data)
{
	footprints_of(devices)->found = ((struct footprint_job *)data)->found;
}

static int open_table(struct devices *devices, const struct target *target)
{
	int result = memory_table_open(devices, target);

	if (!result)
		footprints_of(devices)->by_footprint = walk_by_footprint();
	return result;
}

static int find(struct devices *devices)
{
	struct footprints *self = footprints_of(devices);

	for (uint32_t i = 0; i < self->found.count; i++) {
		const struct category *category = &self->found.items[i];
		uint64_t what[] = {category->is_mapped,
			hash_bytes(category->text, strlen(category->text))};
		bool is_new;
		struct footprint_row *row = devices_found_number(devices,
			memory_table_identify(&self->table, what, sizeof what / sizeof *what),
			(uint64_t)self->table.target.pid, &is_new);
		if (row)
			row->index = i;
	}
	return 0;
}

static const struct device_listing listing = {
	.prepare = prepare,
	.run = memory_job_run,
	.release = free,
	.take = take,
};

/* ---------------------------------------------------------------------- the one source */

static int read_footprint(struct devices *devices, void *row, void *memory)
{
	const struct category *category =
		&footprints_of(devices)->found.items[((struct footprint_row *)row)->index];
	struct darwin_footprint *sample = memory;

	*sample = (struct darwin_footprint){
		.category = device_text(category->text),
		.regions = category->regions,
		.size = category->size,
		.pages = category->pages,
	};
	if (!category->is_mapped) {
		sample->regions = sample->size = ABSENT_U64(STATE_NONE);
		walk_pages_clear(&sample->pages, STATE_NONE);
		sample->pages.dirty = category->pages.dirty;
	}
	return STATE_OK;
}

static const struct device_source footprint_source = {
	.source = {.name = "footprint",
		.sample_size = sizeof(struct darwin_footprint),
		.lane = LANE_LISTED,
		.remedy = REMEDY_MAPPED},
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
	.open = open_table,
	.has_target = memory_table_has_target,
	.find = find,
};

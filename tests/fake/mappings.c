#include "mappings.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "fake.h"

struct fake_regions fake_regions;

/* What a worker has found, or is to find. */
struct found {
	struct fake_region *regions;
	uint32_t count, sought;
};

/* An open table. */
struct regions {
	struct found found;
	uint32_t *slots; /* by start: 1 + slot; 0: there is no such row */
	uint32_t *at;    /* by slot: where in `found` */
};

static const struct source sources[FAKE_REGION_SOURCES] = {
	[FAKE_MAP] = {.name = "map",
		.sample_size = sizeof(struct fake_map),
		.lane = LANE_LISTED,
		.gated = true},
	[FAKE_PAGES] = {.name = "pages",
		.sample_size = sizeof(struct fake_pages),
		.lane = LANE_LISTED,
		.gated = true},
};

void fake_regions_clear(void)
{
	memset(&fake_regions, 0, sizeof fake_regions);
}

void fake_region_add(uint64_t start, uint64_t size, uint64_t resident)
{
	fake_regions.regions[fake_regions.count++] =
		(struct fake_region){start, size, resident};
}

void fake_region_drop(void)
{
	fake_regions.count--;
}

static int open_regions(void *context, const struct target *target, void **ret_self)
{
	struct regions *self = xcalloc(1, sizeof *self);

	(void)context;
	(void)target;
	fake->opens++;
	self->at = xcalloc(FAKE_REGIONS_MAX, sizeof *self->at);
	self->slots = xcalloc(FAKE_REGIONS_MAX, sizeof *self->slots);
	*ret_self = self;
	return 0;
}

static void close_regions(void *context)
{
	struct regions *self = context;

	fake->closes++;
	free(self->found.regions);
	free(self->at);
	free(self->slots);
	free(self);
}

static bool has_target(void *self)
{
	(void)self;
	return true;
}

static int prepare(void *self, struct job *job)
{
	struct found *found = (struct found *)(void *)job->context;

	(void)self;
	if (job->source != SOURCE_LISTING)
		abort();
	fake_regions.prepared++;
	fake_regions.sought = job->sources;
	*found = (struct found){.sought = job->sources};
	return fake_regions.prepare_result;
}

static int run(struct job *job)
{
	struct found *found = (struct found *)(void *)job->context;

	fake_regions.run++;
	found->count = fake_regions.count;
	found->regions = xcalloc(found->count, sizeof *found->regions);
	memcpy(found->regions, fake_regions.regions, found->count * sizeof *found->regions);
	return fake_regions.run_result;
}

static void release(struct job *job)
{
	fake_regions.released++;
	free(((struct found *)(void *)job->context)->regions);
}

static int finish(void *context, struct job *job, int result)
{
	struct regions *self = context;
	struct found *found = (struct found *)(void *)job->context, before = self->found;

	if (result != STATE_OK && result != STATE_NONE)
		return result;
	self->found = *found;
	*found = before; /* released with the job */
	return result;
}

static int list(void *context, struct roster *roster, const struct row_scope *scope)
{
	struct regions *self = context;
	bool *met = xcalloc(FAKE_REGIONS_MAX, sizeof *met); /* by start */

	if (!scope->all)
		abort();
	for (uint32_t i = 0; !fake_regions.list_result && i < self->found.count; i++) {
		uint64_t start = self->found.regions[i].start;
		if (!self->slots[start])
			self->slots[start] = roster->ops->born(roster, start, 0) + 1;
		if (self->slots[start])
			self->at[self->slots[start] - 1] = i;
		met[start] = true;
	}
	for (uint32_t start = 0; !fake_regions.list_result && start < FAKE_REGIONS_MAX;
		start++) {
		if (!self->slots[start] || met[start])
			continue;
		roster->ops->died(roster, self->slots[start] - 1);
		self->slots[start] = 0;
	}
	free(met);
	return fake_regions.list_result;
}

static void gate(void *context, const uint32_t *slots, uint32_t count, uint64_t *ret_activity)
{
	struct regions *self = context;

	for (uint32_t i = 0; i < count; i++) {
		const struct fake_region *region = &self->found.regions[self->at[slots[i]]];
		ret_activity[i] = 1 + (region->size << 32 | region->resident);
	}
}

/* What was not sought is not there. */
static int read_region(void *context, uint32_t slot, uint32_t source, void *sample)
{
	struct regions *self = context;
	const struct fake_region *region = &self->found.regions[self->at[slot]];

	if (!(self->found.sought >> source & 1))
		abort();
	fake_regions.reads++;
	if (source == FAKE_MAP)
		*(struct fake_map *)sample = (struct fake_map){
			region->start, region->start + region->size, region->size};
	else
		*(struct fake_pages *)sample = (struct fake_pages){region->resident};
	return STATE_OK;
}

const struct provider fake_regions_provider = {
	.table = TABLE_REGION,
	.targeted = true,
	.sources = sources,
	.source_count = FAKE_REGION_SOURCES,
	.open = open_regions,
	.close = close_regions,
	.has_target = has_target,
	.list = list,
	.gate = gate,
	.read = read_region,
	.job_prepare = prepare,
	.job_run = run,
	.job_release = release,
	.job_finish = finish,
};

#include "account.h"

#include <string.h>

static const struct account_amount zero = {PROCMON_OK, 0}, uncounted = {PROCMON_NONE, 0};

static const struct {
	const char *name, *label;
} part_names[ACCOUNT_PARTS] = {
	[PART_ANONYMOUS] = {"anonymous", "anonymous memory"},
	[PART_FILE] = {"file", "files"},
	[PART_SHARED] = {"shared", "shared memory"},
	[PART_EITHER] = {"anonymous_or_file", "one of these"},
	[PART_SWAP] = {"swap", "swapped out"},
	[PART_SHARED_SWAP] = {"shared_swap", "shared, swapped"},
	[PART_PAGE_TABLES] = {"page_tables", "page tables"},
	[PART_HUGETLB] = {"hugetlb", "hugetlb pages"},
	[PART_UNTOUCHED] = {"untouched", "never written"},
	[PART_UNREAD] = {"unread", "files, not read"},
	[PART_SHARED_UNTOUCHED] = {"shared_untouched", "shared, untouched"},
	[PART_RESERVED] = {"reserved", "reserved"},
	[PART_UNCOUNTED] = {"uncounted", "kernel, devices"},
};

static const struct {
	const char *name, *attribute;
} measure_names[ACCOUNT_MEASURES] = {
	[MEASURE_VIRTUAL] = {"virtual", "mem.virtual"},
	[MEASURE_RESIDENT] = {"resident", "mem.resident"},
	[MEASURE_FOOTPRINT] = {"footprint", "mem.footprint"},
	[MEASURE_PSS] = {"pss", "mem.pss"},
	[MEASURE_UNIQUE] = {"unique", "mem.unique"},
};

const char *account_part_name(enum account_part part)
{
	return part_names[part].name;
}

const char *account_part_label(enum account_part part)
{
	return part_names[part].label;
}

const char *account_measure_name(enum account_measure measure)
{
	return measure_names[measure].name;
}

const char *account_measure_attribute(enum account_measure measure)
{
	return measure_names[measure].attribute;
}

/* Which parts the regions make up; all others are told by status or smaps_rollup. */
static const bool of_regions[ACCOUNT_PARTS][ACCOUNT_MEASURES] = {
	[PART_ANONYMOUS] = {[MEASURE_VIRTUAL] = true, [MEASURE_UNIQUE] = true},
	[PART_FILE] = {[MEASURE_VIRTUAL] = true, [MEASURE_UNIQUE] = true},
	[PART_SHARED] = {[MEASURE_VIRTUAL] = true, [MEASURE_UNIQUE] = true},
	[PART_EITHER] = {[MEASURE_UNIQUE] = true},
	[PART_SWAP] = {[MEASURE_VIRTUAL] = true},
	[PART_SHARED_SWAP] = {[MEASURE_VIRTUAL] = true},
	[PART_HUGETLB] = {[MEASURE_VIRTUAL] = true, [MEASURE_UNIQUE] = true},
	[PART_UNTOUCHED] = {[MEASURE_VIRTUAL] = true},
	[PART_UNREAD] = {[MEASURE_VIRTUAL] = true},
	[PART_SHARED_UNTOUCHED] = {[MEASURE_VIRTUAL] = true},
	[PART_RESERVED] = {[MEASURE_VIRTUAL] = true},
	[PART_UNCOUNTED] = {[MEASURE_VIRTUAL] = true},
};

void account_init(struct account *self, const struct account_process *process,
	enum procmon_state regions_state)
{
	const struct account_amount region_amount = {regions_state, 0};

	*self = (struct account){0};
	for (int part = 0; part < ACCOUNT_PARTS; part++)
		for (int measure = 0; measure < ACCOUNT_MEASURES; measure++)
			self->parts[part][measure] =
				of_regions[part][measure] ? region_amount : uncounted;
	self->total[MEASURE_VIRTUAL] = process->virtual;
	self->total[MEASURE_RESIDENT] = process->resident;
	self->total[MEASURE_FOOTPRINT] = process->footprint;
	self->total[MEASURE_PSS] = process->pss;
	self->total[MEASURE_UNIQUE] = process->unique;
	self->parts[PART_ANONYMOUS][MEASURE_RESIDENT] = process->anonymous;
	self->parts[PART_FILE][MEASURE_RESIDENT] = process->file;
	self->parts[PART_SHARED][MEASURE_RESIDENT] = process->shared;
	self->parts[PART_ANONYMOUS][MEASURE_FOOTPRINT] = process->anonymous;
	self->parts[PART_SWAP][MEASURE_FOOTPRINT] = process->swap;
	self->parts[PART_PAGE_TABLES][MEASURE_FOOTPRINT] = process->page_tables;
	self->parts[PART_HUGETLB][MEASURE_FOOTPRINT] = process->hugetlb;
	self->parts[PART_ANONYMOUS][MEASURE_PSS] = process->pss_anonymous;
	self->parts[PART_FILE][MEASURE_PSS] = process->pss_file;
	self->parts[PART_SHARED][MEASURE_PSS] = process->pss_shared;
	self->facts[FACT_COMMON_ANONYMOUS] = region_amount;
	self->facts[FACT_MERGED] = region_amount;
	self->facts[FACT_HUGE] = region_amount;
	self->facts[FACT_LAZY_FREE] = process->lazy_free;
	self->facts[FACT_LOCKED] = process->locked;
	self->facts[FACT_PINNED] = process->pinned;
}

static bool is(const char *text, const char *other)
{
	return strcmp(text, other) == 0;
}

/* smaps lists flags with spaces between. */
static bool has_flag(const struct account_region *region, const char *flag)
{
	for (const char *at = region->flags; *at && at[1]; at += at[2] ? 3 : 2)
		if (at[0] == flag[0] && at[1] == flag[1])
			return true;
	return false;
}

/* What address space without a page is. */
static enum account_part find_empty_part(const struct account_region *region)
{
	bool shared = is(region->share_mode, "shared");

	if (is(region->category, "kernel") || has_flag(region, "pf") || has_flag(region, "io"))
		return PART_UNCOUNTED;
	if (is(region->protection, "---"))
		return PART_RESERVED;
	if (is(region->category, "shared memory") || (shared && !*region->path))
		return PART_SHARED_UNTOUCHED;
	return *region->path ? PART_UNREAD : PART_UNTOUCHED;
}

static uint64_t above(uint64_t number, uint64_t limit)
{
	return number > limit ? number - limit : 0;
}

static void add(struct account *self, enum account_part part, enum account_measure measure,
	uint64_t bytes)
{
	self->parts[part][measure].bytes += (int64_t)bytes;
}

/*
 * Of a mapping only is told how many of its pages are its own, not of which kind they are. Where
 * it has pages of several kinds, that many at least are of each; the others may be of any.
 */
static void add_unique(struct account *self, const struct account_region *region, uint64_t file)
{
	const uint64_t kinds[] = {region->anonymous, file, region->shared};
	static const enum account_part parts[] = {PART_ANONYMOUS, PART_FILE, PART_SHARED};
	uint64_t left = region->unique;

	if (region->hugetlb) {
		add(self, PART_HUGETLB, MEASURE_UNIQUE, left);
		return;
	}
	for (int i = 0; i < 3; i++) {
		uint64_t surely = above(region->unique, region->resident - kinds[i]);
		add(self, parts[i], MEASURE_UNIQUE, surely);
		left -= surely;
	}
	add(self, PART_EITHER, MEASURE_UNIQUE, left);
}

void account_add_region(struct account *self, const struct account_region *region)
{
	bool shared = is(region->share_mode, "shared");
	uint64_t file = above(region->resident, region->anonymous + region->shared);
	uint64_t used = region->resident + region->swap + region->hugetlb;

	/* a page of the kernel that every process has, and that none is said to have */
	if (is(region->name, "vsyscall"))
		return;
	add(self, PART_ANONYMOUS, MEASURE_VIRTUAL, region->anonymous);
	add(self, PART_FILE, MEASURE_VIRTUAL, file);
	add(self, PART_SHARED, MEASURE_VIRTUAL, region->shared);
	add(self, shared ? PART_SHARED_SWAP : PART_SWAP, MEASURE_VIRTUAL, region->swap);
	add(self, PART_HUGETLB, MEASURE_VIRTUAL, region->hugetlb);
	add(self, find_empty_part(region), MEASURE_VIRTUAL, above(region->size, used));
	add_unique(self, region, file);
	self->facts[FACT_COMMON_ANONYMOUS].bytes +=
		(int64_t)above(region->common, region->resident - region->anonymous);
	self->facts[FACT_MERGED].bytes += (int64_t)region->merged;
	self->facts[FACT_HUGE].bytes += (int64_t)region->huge;
}

static void close_measure(struct account *self, int measure)
{
	struct account_amount rest = self->total[measure];

	for (int part = 0; part < ACCOUNT_PARTS && rest.state == PROCMON_OK; part++) {
		const struct account_amount *amount = &self->parts[part][measure];
		if (amount->state == PROCMON_OK)
			rest.bytes -= amount->bytes;
		else if (amount->state != PROCMON_NONE)
			rest = (struct account_amount){amount->state, 0};
	}
	self->rest[measure] = rest;
}

void account_close(struct account *self)
{
	struct account_amount *common = &self->facts[FACT_COMMON_ANONYMOUS];
	const struct account_amount *merged = &self->facts[FACT_MERGED];

	/* what was merged is mapped elsewhere, too, and is told apart */
	*common =
		common->bytes > merged->bytes
			? (struct account_amount){common->state, common->bytes - merged->bytes}
			: (struct account_amount){common->state, zero.bytes};
	for (int measure = 0; measure < ACCOUNT_MEASURES; measure++)
		close_measure(self, measure);
}

bool account_is_empty(const struct account *self)
{
	return self->total[MEASURE_RESIDENT].state == PROCMON_NONE;
}

#include "footprint_rows.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* ------------------------------------------------------------------------ columns */

#define AMOUNT_ATTRIBUTES "mem.dirty,mem.swap,mem.clean,mem.reclaimable,mem.wired"

/* Amounts are first, in the order of enum amount. */
enum category_column { CATEGORY_REGIONS = AMOUNT_REGIONS, CATEGORY_NAME, CATEGORY_PSS };
const char footprint_category_attributes[] = AMOUNT_ATTRIBUTES ",regions,category,mem.pss";

enum region_column {
	REGION_START = AMOUNT_REGIONS,
	REGION_END,
	REGION_PROTECTION,
	REGION_SHARE_MODE,
	REGION_CATEGORY,
	REGION_NAME,
	REGION_PATH,
	REGION_OFFSET,
	REGION_INODE,
	REGION_DEVICE,
	REGION_PSS,
	REGION_UNIQUE,
	REGION_COMMON,
	REGION_SWAP_PSS,
	REGION_ANONYMOUS,
	REGION_SHARED,
	REGION_HUGETLB,
};
const char footprint_region_attributes[] =
	AMOUNT_ATTRIBUTES ",start,end,protection,share_mode,category,name,path,file.offset,"
			  "file.inode,file.device,mem.pss,mem.unique,mem.common,mem.swap_pss,"
			  "mem.anonymous,mem.shared,mem.hugetlb";

/* The last one is not shown. */
enum process_column {
	PROCESS_FOOTPRINT,
	PROCESS_VALUES = 6,
	PROCESS_ANONYMOUS = PROCESS_VALUES
};
const char footprint_process_attributes[] =
	"mem.footprint,mem.footprint_peak,mem.resident,mem.peak,mem.shared,mem.page_tables,"
	"mem.pss_anonymous";

enum { SYSTEM_VALUES = 7 };
const char footprint_system_attributes[] =
	"mem.total,mem.used,mem.available,mem.anonymous,mem.shared,swap.total,swap.used";

const char footprint_activity_attributes[] = "mem.virtual,cpu.total";

struct procmon_value footprint_value(
	const struct subject *subject, const struct procmon_row *row, size_t column)
{
	struct procmon_value value = {.state = PROCMON_NONE};

	procmon_row_get_value(row, subject->columns.items[column]->id, &value);
	return value;
}

/* 0 where there is none. */
static uint64_t get_number(
	const struct subject *subject, const struct procmon_row *row, size_t column)
{
	struct procmon_value value = footprint_value(subject, row, column);

	return value.state == PROCMON_OK ? value.u64 : 0;
}

/* "" where there is none. */
static const char *get_text(
	const struct subject *subject, const struct procmon_row *row, size_t column)
{
	struct procmon_value value = footprint_value(subject, row, column);

	return value.state == PROCMON_OK ? value.text : "";
}

static void read_amounts(struct amounts *self, const struct subject *subject,
	const struct procmon_row *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct procmon_value value = footprint_value(subject, row, i);
		self->known[i] = value.state == PROCMON_OK;
		self->of[i] = self->known[i] ? value.u64 : 0;
	}
}

/* Is there an amount that could be had, but was not? */
static bool lacks_amount(const struct subject *subject, const struct procmon_row *row)
{
	for (size_t i = 0; i < subject->columns.count; i++) {
		enum procmon_state state = footprint_value(subject, row, i).state;
		if (state == PROCMON_PENDING || state == PROCMON_DENIED ||
			state == PROCMON_FAILED)
			return true;
	}
	return false;
}

/* ----------------------------------------------------------------------- categories */

/* Of what has no mapping nobody else has a part. */
void footprint_read_categories(struct footprint_process *self, const struct subject *subject,
	struct procmon_table *table)
{
	size_t count = procmon_table_get_count(table);

	self->pss = (struct procmon_value){.state = PROCMON_NONE, .type = PROCMON_U64};
	self->categories_table = procmon_retain(table);
	self->incomplete |= procmon_table_is_incomplete(table);
	self->categories = xcalloc(count + 1, sizeof *self->categories);
	for (size_t i = 0; i < count; i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i);
		struct footprint_category *category = &self->categories[self->category_count++];

		category->name = get_text(subject, row, CATEGORY_NAME);
		read_amounts(&category->amounts, subject, row, AMOUNTS);
		self->incomplete |= lacks_amount(subject, row);
		for (size_t j = 0; j < AMOUNTS; j++) {
			self->total.of[j] += category->amounts.of[j];
			self->total.known[j] |= category->amounts.known[j];
		}
		if (!category->amounts.known[AMOUNT_REGIONS])
			self->unmapped += category->amounts.of[AMOUNT_DIRTY];
		struct procmon_value part = footprint_value(subject, row, CATEGORY_PSS);
		if (part.state == PROCMON_OK) {
			self->pss.state = PROCMON_OK;
			self->pss.u64 += part.u64;
		}
	}
}

/* -------------------------------------------------------------------------- regions */

void footprint_read_regions(struct footprint_process *self, const struct subject *subject,
	struct procmon_table *table)
{
	size_t count = procmon_table_get_count(table);

	self->regions_table = procmon_retain(table);
	self->regions = xcalloc(count + 1, sizeof *self->regions);
	for (size_t i = 0; i < count; i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i);
		struct footprint_region *region = &self->regions[self->region_count++];

		read_amounts(&region->amounts, subject, row, AMOUNT_REGIONS);
		region->start = get_number(subject, row, REGION_START);
		region->end = get_number(subject, row, REGION_END);
		region->protection = get_text(subject, row, REGION_PROTECTION);
		region->share_mode = get_text(subject, row, REGION_SHARE_MODE);
		region->category = get_text(subject, row, REGION_CATEGORY);
		region->name = get_text(subject, row, REGION_PATH);
		if (!*region->name)
			region->name = get_text(subject, row, REGION_NAME);
	}
}

/* ----------------------------------------------------------------------------- uses */

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static const char *keep_text(struct footprint *self, const char *text)
{
	if (self->text_count % 256 == 0)
		self->texts =
			xreallocarray(self->texts, self->text_count + 256, sizeof *self->texts);
	return self->texts[self->text_count++] = xstrdup(text);
}

/* The mappings of a file come one after the other: its texts are kept once for all of them. */
static void name_use(struct footprint *self, struct sharing_use *use,
	const struct sharing_use *before, const struct subject *subject,
	const struct procmon_row *row)
{
	const char *device = get_text(subject, row, REGION_DEVICE);
	const char *name = get_text(subject, row, REGION_PATH);

	if (before && before->process == use->process && before->inode == use->inode &&
		strcmp(before->device, device) == 0) {
		use->device = before->device;
		use->name = before->name;
		return;
	}
	use->device = keep_text(self, device);
	use->name = keep_text(self, *name ? name : get_text(subject, row, REGION_NAME));
}

/*
 * The pages of the object in a mapping, without those of no file: what a private mapping has
 * changed is the process' own. Of pages of both sorts in one mapping the kernel does not tell
 * which ones are unique: those of no file mostly are. Returns what of a private mapping of huge
 * pages is unique: that is the process' own.
 */
static uint64_t read_use(
	struct sharing_use *use, const struct subject *subject, const struct procmon_row *row)
{
	uint64_t anonymous = get_number(subject, row, REGION_ANONYMOUS);
	uint64_t shared = get_number(subject, row, REGION_SHARED);
	uint64_t huge = get_number(subject, row, REGION_HUGETLB);
	uint64_t clean = get_number(subject, row, AMOUNT_CLEAN);
	uint64_t unique = get_number(subject, row, REGION_UNIQUE);
	bool is_private = strcmp(get_text(subject, row, REGION_SHARE_MODE), "shared") != 0;

	use->is_memory = shared > 0 || huge > 0 || (!is_private && clean == 0);
	use->resident = use->is_memory ? shared + huge : clean;
	use->pss = less(get_number(subject, row, REGION_PSS), anonymous);
	use->unique = less(unique, anonymous);
	if (use->unique > use->resident)
		use->unique = use->resident;
	use->common = use->resident - use->unique;
	uint64_t own = is_private && huge > 0 ? use->unique : 0;
	use->resident -= own;
	use->unique -= own;
	use->swap = is_private ? 0 : get_number(subject, row, AMOUNT_SWAPPED);
	use->start = get_number(subject, row, REGION_OFFSET);
	use->end = use->start + get_number(subject, row, REGION_END) -
		   get_number(subject, row, REGION_START);
	return own;
}

static struct sharing_use *add_use(struct footprint_uses *self)
{
	if (self->count == self->capacity) {
		self->capacity = self->capacity ? self->capacity * 2 : 256;
		self->items = xreallocarray(self->items, self->capacity, sizeof *self->items);
	}
	self->items[self->count] = (struct sharing_use){0};
	return &self->items[self->count++];
}

void footprint_read_uses(struct footprint *self, struct footprint_process *process,
	const struct subject *subject, struct procmon_table *table, struct footprint_uses *uses)
{
	process->incomplete |= procmon_table_is_incomplete(table);
	for (size_t i = 0; i < procmon_table_get_count(table); i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i);
		uint64_t inode = get_number(subject, row, REGION_INODE);

		process->incomplete |= lacks_amount(subject, row);
		process->anonymous += less(get_number(subject, row, REGION_ANONYMOUS),
			get_number(subject, row, AMOUNT_RECLAIMABLE));
		process->anonymous += get_number(subject, row, REGION_SWAP_PSS);
		process->anonymous_resident += get_number(subject, row, REGION_ANONYMOUS);
		if (inode == 0)
			continue;
		struct sharing_use *use = add_use(uses);
		use->process = process->pid;
		use->inode = inode;
		name_use(self, use, uses->count > 1 ? use - 1 : NULL, subject, row);
		process->anonymous += read_use(use, subject, row);
		if (use->resident == 0 && use->swap == 0)
			uses->count--;
	}
}

/* ------------------------------------------------------------- a process, the machine */

static void add_value(
	struct footprint_process *self, const char *name, struct procmon_value value)
{
	self->values[self->value_count++] = (struct footprint_value){name, value};
}

/* Here the kernel tells the sum of the shares of those pages; of one mapping it does not. */
void footprint_read_process(struct footprint_process *self, const struct subject *subject,
	const struct procmon_row *row)
{
	struct procmon_value shares = footprint_value(subject, row, PROCESS_ANONYMOUS);

	self->footprint = footprint_value(subject, row, PROCESS_FOOTPRINT);
	for (size_t i = 0; i < PROCESS_VALUES; i++)
		add_value(self, subject->columns.items[i]->name,
			footprint_value(subject, row, i));
	add_value(self, "mem.pss", self->pss);
	self->divided = shares.state == PROCMON_OK;
	if (self->divided)
		self->anonymous =
			less(self->anonymous, less(self->anonymous_resident, shares.u64));
}

void footprint_read_system(
	struct footprint *self, const struct subject *subject, struct procmon_table *table)
{
	const struct procmon_row *row = procmon_table_get_row(table, 0);

	for (size_t i = 0; row && i < SYSTEM_VALUES; i++)
		self->system[self->system_count++] = (struct footprint_value){
			subject->columns.items[i]->name, footprint_value(subject, row, i)};
}

#include "footprint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "command.h"
#include "footprint_rows.h"

const char *const amount_labels[AMOUNTS] = {
	"Dirty", "Swapped", "Clean", "Reclaimable", "Wired", "Regions"};
const char *const amount_names[AMOUNTS] = {
	"mem.dirty", "mem.swap", "mem.clean", "mem.reclaimable", "mem.wired", "regions"};

/* ------------------------------------------------------------------------ questions */

static const struct {
	const char *table, *attributes;
} questions[QUESTIONS] = {
	[ASK_PROCESSES] = {"process", footprint_process_attributes},
	[ASK_CATEGORIES] = {"footprint", footprint_category_attributes},
	[ASK_REGIONS] = {"region", footprint_region_attributes},
	[ASK_SYSTEM] = {"system", footprint_system_attributes},
	[ASK_ACTIVITY] = {"process", footprint_activity_attributes},
};

int footprint_source_init(struct footprint_source *self, struct procmon_connection *connection)
{
	int code = EXIT_DONE;

	*self = (struct footprint_source){.connection = connection};
	for (size_t i = 0; code == EXIT_DONE && i < QUESTIONS; i++) {
		char *list = xstrdup(questions[i].attributes);
		self->options[i].table = questions[i].table;
		code = subject_init_exact(
			&self->subjects[i], connection, &self->options[i], &list, 1);
		free(list);
	}
	return code;
}

void footprint_source_finish(struct footprint_source *self)
{
	for (size_t i = 0; i < QUESTIONS; i++)
		subject_finish(&self->subjects[i]);
}

/* ----------------------------------------------------------------------------- sums */

uint64_t footprint_sum(const struct footprint *self)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < self->count; i++)
		sum += self->processes[i].total.of[AMOUNT_DIRTY];
	return sum;
}

uint64_t footprint_sum_anonymous(const struct footprint *self)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < self->count; i++)
		sum += self->processes[i].anonymous;
	return sum;
}

uint64_t footprint_sum_unmapped(const struct footprint *self)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < self->count; i++)
		sum += self->processes[i].unmapped;
	return sum;
}

bool footprint_is_divided(const struct footprint *self)
{
	for (size_t i = 0; i < self->count; i++)
		if (!self->processes[i].divided)
			return false;
	return true;
}

bool footprint_is_incomplete(const struct footprint *self)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->processes[i].incomplete)
			return true;
	return false;
}

uint64_t footprint_total(const struct footprint *self)
{
	if (self->count < 2)
		return footprint_sum(self);
	return footprint_sum_anonymous(self) + footprint_sum_unmapped(self) +
	       sharing_sum_once(&self->sharing, true);
}

/* --------------------------------------------------------------------------- orders */

/* From high to low. */
static int compare_amounts(const struct amounts *a, const struct amounts *b, enum amount by)
{
	return (a->of[by] < b->of[by]) - (a->of[by] > b->of[by]);
}

/* qsort has no context. Each has its own order by name that decides among equals. */
static enum amount order;

static int compare_categories(const void *left, const void *right)
{
	const struct footprint_category *a = left, *b = right;
	int result = order < AMOUNTS ? compare_amounts(&a->amounts, &b->amounts, order) : 0;

	return result ? result : strcasecmp(a->name, b->name);
}

static int compare_regions(const void *left, const void *right)
{
	const struct footprint_region *a = left, *b = right;
	int result =
		order < AMOUNT_REGIONS ? compare_amounts(&a->amounts, &b->amounts, order) : 0;

	return result ? result : (a->start > b->start) - (a->start < b->start);
}

static int compare_footprints(const void *left, const void *right)
{
	const struct footprint_process *a = left, *b = right;
	int result = compare_amounts(&a->total, &b->total, AMOUNT_DIRTY);

	return result ? result : (a->pid > b->pid) - (a->pid < b->pid);
}

/* What the most is to be had of comes first. */
static int compare_objects(const void *left, const void *right)
{
	const struct sharing_object *a = left, *b = right;

	if (a->uses->is_memory != b->uses->is_memory)
		return a->uses->is_memory ? -1 : 1;
	if (a->once != b->once)
		return a->once > b->once ? -1 : 1;
	return strcmp(a->uses->name, b->uses->name);
}

void footprint_arrange(struct footprint *self, enum amount by)
{
	order = by;
	for (size_t i = 0; i < self->count; i++) {
		struct footprint_process *process = &self->processes[i];
		qsort(process->categories, process->category_count, sizeof *process->categories,
			compare_categories);
		if (process->regions)
			qsort(process->regions, process->region_count, sizeof *process->regions,
				compare_regions);
	}
	qsort(self->processes, self->count, sizeof *self->processes, compare_footprints);
	qsort(self->sharing.objects, self->sharing.count, sizeof *self->sharing.objects,
		compare_objects);
}

/* --------------------------------------------------------------------------- ending */

void footprint_process_finish(struct footprint_process *self)
{
	free(self->categories);
	free(self->regions);
	procmon_release(self->categories_table);
	procmon_release(self->regions_table);
	*self = (struct footprint_process){0};
}

void footprint_finish(struct footprint *self)
{
	for (size_t i = 0; i < self->count; i++)
		footprint_process_finish(&self->processes[i]);
	free(self->processes);
	sharing_finish(&self->sharing);
	for (size_t i = 0; i < self->text_count; i++)
		free(self->texts[i]);
	free(self->texts);
	*self = (struct footprint){0};
}

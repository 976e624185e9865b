/*
 * Table LEDGER: the accounts that the kernel keeps of a process, each with a row, in the kernel's
 * order. Which there are, a template says that is the same for all processes; they come and go
 * with versions and machines, so they are known by name.
 *
 * The open kernel tells them of any process of any user; whether Apple's policies do, host.c finds
 * out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../ledger.h"
#include "accounts.h"
#include "alloc.h"
#include "hash.h"
#include "memory.h"

struct ledger_job {
	struct memory_job job;
	struct scale tick;
	uint32_t known; /* entries of the template that the table has; 0: none yet */
	struct ledger_list found;
};

struct ledger_table {
	struct memory_table table;
	struct ledger_list found;
};

struct ledger_row {
	uint32_t index; /* of its account */
};

static struct ledger_table *ledger_of(struct devices *devices)
{
	return (struct ledger_table *)(void *)devices;
}

/* ------------------------------------------------------------------------------ reading */

/* What is too large to be a time has no value. */
static int64_t in_ns(int64_t ticks, const struct scale *tick)
{
	int64_t by = (int64_t)tick->numerator, of = (int64_t)tick->denominator;
	int64_t most = INT64_MAX / by / 2;

	if (ticks / of > most || ticks / of < -most)
		return ABSENT_I64(STATE_FAILED);
	return ticks / of * by + ticks % of * by / of;
}

static void convert(struct ledger_list *self, const struct scale *tick)
{
	for (uint32_t i = 0; i < self->count; i++) {
		struct ledger_entry_info *entry = &self->entries[i];
		if (!account_is_ticks(&self->templates[i]))
			continue;
		entry->balance = in_ns(entry->balance, tick);
		entry->credit = in_ns(entry->credit, tick);
		entry->debit = in_ns(entry->debit, tick);
		if (entry->limit < LEDGER_LIMIT_INFINITY)
			entry->limit = (uint64_t)in_ns((int64_t)entry->limit, tick);
	}
}

/* The template is read again when there are not as many entries as it has. */
static int read_all(struct memory_job *job)
{
	struct ledger_job *self = (struct ledger_job *)(void *)job;
	int result = ledger_list_read(&self->found, job->target.pid);

	if (!result && self->found.count != self->known) {
		result = ledger_list_read_templates(&self->found);
		self->known = self->found.count;
	}
	return result;
}

static int prepare(struct devices *devices, void **ret_job)
{
	const struct ledger_table *self = ledger_of(devices);
	struct ledger_job *job;
	int state = memory_job_create(devices, sizeof(struct ledger_job), read_all, ret_job);

	job = *ret_job;
	job->tick = devices->host->tick;
	job->known = self->found.templates ? self->found.count : 0;
	return state;
}

static void release(void *job)
{
	ledger_list_finish(&((struct ledger_job *)job)->found);
	free(job);
}

/* The job gets the old ones, and frees them. */
static void take(struct devices *devices, void *data)
{
	struct ledger_table *self = ledger_of(devices);
	struct ledger_job *job = data;
	struct ledger_list before = self->found;

	if (!job->found.templates) {
		job->found.templates = before.templates;
		before.templates = NULL;
	}
	convert(&job->found, &job->tick);
	self->found = job->found;
	job->found = before;
}

static void close_table(struct devices *devices)
{
	ledger_list_finish(&ledger_of(devices)->found);
}

static const struct device_listing listing = {
	.prepare = prepare,
	.run = memory_job_run,
	.release = release,
	.take = take,
};

/* -------------------------------------------------------------------------------- rows */

static int find(struct devices *devices)
{
	struct ledger_table *self = ledger_of(devices);

	for (uint32_t i = 0; i < self->found.count; i++) {
		const char *name = self->found.templates[i].name;
		uint64_t what = hash_bytes(name, strlen(name));
		bool is_new;
		struct ledger_row *row = devices_found_number(devices,
			memory_table_identify(&self->table, &what, 1),
			(uint64_t)self->table.target.pid, &is_new);
		if (row)
			row->index = i;
	}
	return 0;
}

static int read_ledger(struct devices *devices, void *row, void *memory)
{
	struct ledger_table *self = ledger_of(devices);
	uint32_t index = ((struct ledger_row *)row)->index;
	const struct ledger_template_info *template = &self->found.templates[index];
	const struct ledger_entry_info *entry = &self->found.entries[index];
	struct darwin_ledger *sample = memory;

	*sample = (struct darwin_ledger){
		.group = device_text(template->group),
		.name = device_text(template->name),
		.units = device_text(account_units(template)),
		.meaning = device_text(account_meaning(template->name)),
		.balance = entry->balance,
		.credit = entry->credit,
		.debit = entry->debit,
		.limit = entry->limit >= LEDGER_LIMIT_INFINITY ? ABSENT_I64(STATE_NONE)
							       : (int64_t)entry->limit,
	};
	return STATE_OK;
}

static const struct device_source ledger_source = {
	.source = {.name = "ledger",
		.sample_size = sizeof(struct darwin_ledger),
		.lane = LANE_LISTED,
		.remedy = "run the server as root"},
	.read = read_ledger,
};

static const struct device_source *const sources[LEDGER_SOURCE_COUNT] = {
	[SOURCE_ledger] = &ledger_source,
};

const struct device_table ledger_table = {
	.id = TABLE_LEDGER,
	.listing = &listing,
	.sources = sources,
	.source_count = LEDGER_SOURCE_COUNT,
	.size = sizeof(struct ledger_table),
	.row_size = sizeof(struct ledger_row),
	.targeted = true,
	.open = memory_table_open,
	.close = close_table,
	.has_target = memory_table_has_target,
	.find = find,
};

/*
 * Source accounts: the ledger of a process, as far as nothing else tells it. The ledger is all that
 * is told of other users' processes, if that is allowed (host.has_foreign_ledgers): see task_vm.c and
 * rusage.c. It goes by the pid alone, so whose it is is asked afterwards.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../ledger.h"
#include "alloc.h"
#include "process.h"

static const char *const names[ACCOUNTS] = {
	[ACCOUNT_FOOTPRINT] = "phys_footprint",
	[ACCOUNT_RESIDENT] = "phys_mem",
	[ACCOUNT_WIRED] = "wired_mem",
	[ACCOUNT_INTERNAL] = "internal",
	[ACCOUNT_EXTERNAL] = "external",
	[ACCOUNT_REUSABLE] = "reusable",
	[ACCOUNT_COMPRESSED] = "internal_compressed",
	[ACCOUNT_PAGE_TABLES] = "page_table",
	[ACCOUNT_KERNEL_PRIVATE] = "tkm_private",
	[ACCOUNT_KERNEL_SHARED] = "tkm_shared",
	[ACCOUNT_DRIVERS] = "iokit_mapped",
	[ACCOUNT_CPU] = "cpu_time",
	[ACCOUNT_BILLED_TO_ME] = "cpu_time_billed_to_me",
	[ACCOUNT_BILLED_TO_OTHERS] = "cpu_time_billed_to_others",
	[ACCOUNT_WAKEUPS_IDLE] = "platform_idle_wakeups",
	[ACCOUNT_WAKEUPS_INTERRUPT] = "interrupt_wakeups",
	[ACCOUNT_SWAPINS] = "swapins",
	[ACCOUNT_GRAPHICS] = "graphics_footprint",
	[ACCOUNT_GRAPHICS + 1] = "graphics_footprint_compressed",
	[ACCOUNT_GRAPHICS + 2] = "graphics_nofootprint",
	[ACCOUNT_GRAPHICS_LAST] = "graphics_nofootprint_compressed",
};

/* The ledger that was read last. */
struct process_accounts {
	struct ledger_list list;
	uint32_t known;            /* entries of the template; 0: not read yet */
	uint32_t places[ACCOUNTS]; /* in it; UINT32_MAX: there is none */
	uint32_t slot;
	uint64_t round;
	int result;
};

static void find_places(struct process_accounts *self)
{
	for (int i = 0; i < ACCOUNTS; i++) {
		self->places[i] = UINT32_MAX;
		for (uint32_t j = 0; j < self->list.count; j++)
			if (strcmp(self->list.templates[j].name, names[i]) == 0)
				self->places[i] = j;
	}
	self->known = self->list.count;
}

static int read_ledger(struct process_accounts *self, int pid)
{
	int result = ledger_list_read(&self->list, pid);

	if (!result && self->list.count != self->known) {
		self->known = 0;
		result = ledger_list_read_templates(&self->list);
		if (!result)
			find_places(self);
	}
	return result;
}

static int read_row(struct processes *self, uint32_t slot)
{
	struct process_accounts *accounts = self->accounts;
	int error = read_ledger(accounts, (int)self->rows[slot].pid);

	/* A policy's refusal says nothing about other calls. */
	if (error == -EPERM || error == -EACCES)
		return STATE_DENIED;
	if (error)
		return row_state_of(self, slot, -error);
	if (!row_is_there(self, slot))
		return SAMPLE_GONE;
	return accounts->known ? STATE_OK : STATE_UNSUPPORTED;
}

int row_accounts(struct processes *self, uint32_t slot)
{
	struct process_accounts *accounts = self->accounts;

	if (self->rows[slot].flags & ROW_ZOMBIE)
		return STATE_NONE;
	if (row_is_denied(self, slot) && !self->host->has_foreign_ledgers)
		return STATE_DENIED;
	if (!accounts)
		accounts = self->accounts = xcalloc(1, sizeof *accounts);
	if (accounts->round != self->round || accounts->slot != slot) {
		accounts->result = read_row(self, slot);
		accounts->round = self->round;
		accounts->slot = slot;
	}
	return accounts->result;
}

void accounts_finish(struct processes *self)
{
	if (self->accounts)
		ledger_list_finish(&self->accounts->list);
	free(self->accounts);
	self->accounts = NULL;
}

static const struct ledger_entry_info *entry_of(
	const struct processes *self, enum account_index index)
{
	uint32_t place = self->accounts->places[index];

	return place == UINT32_MAX ? NULL : &self->accounts->list.entries[place];
}

static uint64_t amount_of(const struct ledger_entry_info *entry, int64_t amount)
{
	if (!entry)
		return ABSENT_U64(STATE_UNSUPPORTED);
	return amount < 0 ? ABSENT_U64(STATE_FAILED) : (uint64_t)amount;
}

uint64_t account_amount(const struct processes *self, enum account_index index)
{
	const struct ledger_entry_info *entry = entry_of(self, index);

	return amount_of(entry, entry ? entry->balance : 0);
}

uint64_t account_total(const struct processes *self, enum account_index index)
{
	const struct ledger_entry_info *entry = entry_of(self, index);

	return amount_of(entry, entry ? entry->credit : 0);
}

/* What has the tag of graphics: no driver tells more of one process, and not all of what a
 * program makes through Metal has it. */
static uint64_t graphics_of(const struct processes *self)
{
	uint64_t bytes = 0;

	for (int i = ACCOUNT_GRAPHICS; i <= ACCOUNT_GRAPHICS_LAST; i++) {
		uint64_t amount = account_amount(self, (enum account_index)i);
		if (amount > INT64_MAX)
			return amount;
		bytes += amount;
	}
	return bytes;
}

static int accounts_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_accounts *sample = memory;
	int result = row_accounts(self, slot);

	if (result != STATE_OK)
		return result;
	sample->page_tables = account_amount(self, ACCOUNT_PAGE_TABLES);
	sample->kernel_private = account_amount(self, ACCOUNT_KERNEL_PRIVATE);
	sample->kernel_shared = account_amount(self, ACCOUNT_KERNEL_SHARED);
	sample->drivers = account_amount(self, ACCOUNT_DRIVERS);
	sample->billed_to_me = account_total(self, ACCOUNT_BILLED_TO_ME);
	sample->billed_to_others = account_total(self, ACCOUNT_BILLED_TO_OTHERS);
	sample->graphics = graphics_of(self);
	return STATE_OK;
}

const struct process_source accounts_source = {
	.source = {.name = "accounts",
		.sample_size = sizeof(struct darwin_accounts),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = accounts_read,
};

/*
 * ledger(2): the accounts that the kernel keeps of a task. libSystem exports it, no header
 * declares it. xnu: bsd/kern/sys_generic.c (the call), osfmk/kern/ledger.h (the structures),
 * osfmk/kern/task.c (init_task_ledgers: which accounts there are).
 */
#ifndef DARWIN_PRIVATE_LEDGER_H
#define DARWIN_PRIVATE_LEDGER_H

#include <stddef.h>
#include <stdint.h>

enum {
	LEDGER_INFO = 0,          /* pid, struct ledger_info * */
	LEDGER_ENTRY_INFO = 1,    /* pid, struct ledger_entry_info *, int *count */
	LEDGER_TEMPLATE_INFO = 2, /* struct ledger_template_info *, int *count */
};

/* A count is the room when it goes in, and what was filled when it comes out: what does not fit
 * is left out without a word. */
int ledger(int command, void *first, void *second, void *third);

struct ledger_info {
	char name[32];
	int64_t id, entries;
};

struct ledger_entry_info {
	int64_t balance, credit, debit;
	uint64_t limit, refill_period, last_refill;
};

struct ledger_template_info {
	char name[32], group[32], units[32];
};

#ifndef LEDGER_LIMIT_INFINITY /* mach/mach_types.h has it too */
#define LEDGER_LIMIT_INFINITY INT64_MAX
#endif

_Static_assert(sizeof(struct ledger_info) == 48, "ledger_info");
_Static_assert(sizeof(struct ledger_entry_info) == 48, "ledger_entry_info");
_Static_assert(offsetof(struct ledger_entry_info, limit) == 24, "limit");
_Static_assert(sizeof(struct ledger_template_info) == 96, "ledger_template_info");

#endif

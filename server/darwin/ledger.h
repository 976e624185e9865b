/* Ledger: the kernel's accounts of one task, with what says which they are. */
#ifndef DARWIN_LEDGER_H
#define DARWIN_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "private/ledger.h"

/* Zeroed it is empty. Both arrays have `count` members, in the kernel's order. */
struct ledger_list {
	struct ledger_entry_info *entries;
	struct ledger_template_info *templates; /* NULL: not read; names end with a NUL */
	uint32_t count, room;
};

/* The entries of a process, one call; or a negative errno. Zombies have none: -ESRCH. */
int ledger_list_read(struct ledger_list *self, int pid);
/* The template, as many as there are entries. */
int ledger_list_read_templates(struct ledger_list *self);
void ledger_list_finish(struct ledger_list *self);

/* May we read those of that process? */
bool ledger_is_open(int pid);

#endif

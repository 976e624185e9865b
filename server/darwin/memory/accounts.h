/* Accounts: what is known of the entries of the kernel's ledgers, by name. */
#ifndef DARWIN_ACCOUNTS_H
#define DARWIN_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../private/ledger.h"

/* A sentence, or NULL: an entry that was not there yet when this was written. */
const char *account_meaning(const char *name);
/* Are its amounts in ticks of the kernel's clock, whatever its label says? */
bool account_is_ticks(const struct ledger_template_info *entry);
/* Its unit by our names; what we have no other name for is as the kernel says. */
const char *account_units(const struct ledger_template_info *entry);

#endif

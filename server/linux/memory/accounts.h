/* Accounts: what table LEDGER has a row for, and from which lines of which file. */
#ifndef LINUX_ACCOUNTS_H
#define LINUX_ACCOUNTS_H

#include <stddef.h>
#include <stdint.h>

/* In the directory of the process, of its first thread or of one that lives; or in its cgroup. */
enum account_file {
	ACCOUNTS_STAT,
	ACCOUNTS_IO,
	ACCOUNTS_STATUS,
	ACCOUNTS_ROLLUP,
	ACCOUNTS_CGROUP_USAGE,
	ACCOUNTS_CGROUP_MEMORY,
	ACCOUNTS_CGROUP_SWAP,
	ACCOUNTS_CGROUP_TASKS,
	ACCOUNT_FILES,
};

enum account_unit { ACCOUNTS_BYTES, ACCOUNTS_NS, ACCOUNTS_COUNT };

enum { ACCOUNT_KEYS = 4 };

struct account {
	const char *group, *name;
	enum account_unit unit;
	enum account_file file;
	/*
	 * The balance is the sum of the numbers behind these keys, in the order of the file: the
	 * first word of a line, or of stat the number of the field. "": the file is one number.
	 * "?KEY": not all kernels have it, and where it is missing there is nothing to count.
	 */
	const char *keys[ACCOUNT_KEYS];
	const char *older_key; /* in an older hierarchy of cgroups; NULL: none */
	const char *meaning;
};

enum { ACCOUNTS = 38 };

extern const struct account accounts[ACCOUNTS];

const char *account_unit_name(enum account_unit unit);
/* Balance from the text of its file; `key` as above, or NULL for all of the account's. `factor`
 * is that of the file's numbers. ABSENT_I64(STATE_UNSUPPORTED): it is not in there. */
int64_t account_balance(const struct account *self, const char *older_key, const char *bytes,
	size_t length, uint64_t factor);

#endif

/*
 * ledger(2).
 *
 *	[ledger_template]         the entries, in this order
 *	NAME = GROUP UNITS        UNITS may have blanks
 *
 *	[ledger PID]
 *	NAME = CREDIT [DEBIT [LIMIT]]     0, 0 and infinity without; a small entry has no debit
 *
 *	[ledger_policy]
 *	foreign = denied          Apple's closed policies refuse the processes of other users
 *
 * There is no check of the user in the open kernel: bsd/kern/sys_generic.c.
 */
#include "private/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static int fail(int number)
{
	sim_set_errno(number);
	return -1;
}

/* proc_find(), which zombies are hidden from, and mac_proc_check_ledger(). */
static int check(int pid)
{
	const struct sim_section *process = sim_numbered("process", pid);
	uint64_t caller = sim_u64(sim_section("caller", ""), "uid", 0);
	const char *foreign = sim_text(sim_section("ledger_policy", ""), "foreign", "allowed");

	if (!process || sim_u64(process, "status", 2) == 5)
		return ESRCH;
	if (strcmp(foreign, "denied") == 0 && caller && caller != sim_u64(process, "uid", 0))
		return EPERM;
	return 0;
}

static int count_entries(void)
{
	const struct sim_section *template = sim_section("ledger_template", "");
	int count = 0;

	while (template && sim_key(template, (size_t)count))
		count++;
	return count;
}

static void fill_template(const char *name, const char *value, struct ledger_template_info *out)
{
	size_t group = strcspn(value, " ");

	memset(out, 0, sizeof *out);
	strlcpy(out->name, name, sizeof out->name);
	strlcpy(out->units, value + group + (value[group] == ' '), sizeof out->units);
	if (group >= sizeof out->group)
		group = sizeof out->group - 1;
	memcpy(out->group, value, group);
}

static void fill_entry(const char *value, struct ledger_entry_info *out)
{
	char *end;

	*out = (struct ledger_entry_info){.limit = LEDGER_LIMIT_INFINITY};
	out->credit = strtoll(value, &end, 0);
	out->debit = strtoll(end, &end, 0);
	out->balance = out->credit - out->debit;
	while (*end == ' ')
		end++;
	if (*end)
		out->limit = strtoull(end, NULL, 0);
}

static int template_info(struct ledger_template_info *out, int *count)
{
	const struct sim_section *template = sim_section("ledger_template", "");
	int entries = count_entries();

	if (*count < 0)
		return fail(EINVAL);
	if (*count > entries)
		*count = entries;
	for (int i = 0; i < *count; i++) {
		const char *name = sim_key(template, (size_t)i);
		fill_template(name, sim_text(template, name, ""), &out[i]);
	}
	return 0;
}

static int entry_info(int pid, struct ledger_entry_info *out, int *count)
{
	const struct sim_section *template = sim_section("ledger_template", "");
	const struct sim_section *ledger = sim_numbered("ledger", pid);
	int entries = count_entries();

	if (*count < 0)
		return fail(EINVAL);
	if (*count > entries)
		*count = entries;
	for (int i = 0; i < *count; i++)
		fill_entry(sim_text(ledger, sim_key(template, (size_t)i), "0"), &out[i]);
	return 0;
}

int ledger(int command, void *first, void *second, void *third)
{
	int pid = command == LEDGER_TEMPLATE_INFO ? -1 : (int)(intptr_t)first;
	int error = sim_enter("ledger", command, pid);

	if (!error && command != LEDGER_TEMPLATE_INFO)
		error = check(pid);
	if (error)
		return fail(error);
	switch (command) {
	case LEDGER_INFO:
		*(struct ledger_info *)second = (struct ledger_info){
			.name = "Per-task ledgers", .id = pid, .entries = count_entries()};
		return 0;
	case LEDGER_ENTRY_INFO:
		return entry_info(pid, second, third);
	case LEDGER_TEMPLATE_INFO:
		return template_info(first, second);
	default:
		return fail(EINVAL);
	}
}

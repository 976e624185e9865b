/*
 * Coalitions, and what libxpc knows of them.
 *
 *	[coalitions]
 *	words = 44           how many words the kernel's struct has
 *
 *	[coalition ID]
 *	type = NUMBER        0: of resources; 1: jetsam
 *	corpse = 1           the one of which nobody is told
 *	FIELD = NUMBER       of struct coalition_resource_usage, by its name; 0 without. Those of
 *	                     the classes of service are cpu_time_eqos.0 to .6, other words word.N
 *	tasks = NUMBER       living processes; without it those are counted that are said to be in it
 *	name bundle = TEXT   what launchd says; without any of them: nothing
 *
 * Everybody may ask for all of it: bsd/kern/sys_coalition.c.
 */
#include "private/coalition.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "store.h"

enum { WORDS_MOST = 64 };

static const struct word {
	const char *name;
	size_t offset;
} words[] = {
#define WORD(name)                                                                             \
	{                                                                                      \
#name, offsetof(struct coalition_resource_usage, name)                         \
	}
	WORD(tasks_started),
	WORD(tasks_exited),
	WORD(time_nonempty),
	WORD(cpu_time),
	WORD(interrupt_wakeups),
	WORD(platform_idle_wakeups),
	WORD(bytesread),
	WORD(byteswritten),
	WORD(gpu_time),
	WORD(energy),
	WORD(cpu_ptime),
	WORD(cpu_instructions),
	WORD(cpu_cycles),
	WORD(ane_mach_time),
	WORD(ane_energy_nj),
	WORD(phys_footprint),
	WORD(gpu_energy_nj),
#undef WORD
};

static uint32_t tasks_of(const struct sim_section *coalition)
{
	uint64_t id = strtoull(sim_name(coalition), NULL, 10);
	uint32_t tasks = 0;

	if (sim_has(coalition, "tasks"))
		return (uint32_t)sim_u64(coalition, "tasks", 0);
	for (struct sim_section *i = sim_next("process", NULL); i; i = sim_next("process", i))
		tasks += sim_u64(i, "coalition", 0) == id && sim_u64(i, "status", 2) != 5;
	return tasks;
}

int proc_listcoalitions(int flavor, int type, void *buffer, int size)
{
	int error = sim_enter("proc_listcoalitions", flavor, -1), used = 0;

	for (struct sim_section *i = sim_next("coalition", NULL); i && !error;
		i = sim_next("coalition", i)) {
		struct procinfo_coalinfo info = {
			.coalition_id = strtoull(sim_name(i), NULL, 10),
			.coalition_type = (uint32_t)sim_u64(i, "type", 0),
			.coalition_tasks = tasks_of(i)};
		if (flavor == LISTCOALITIONS_SINGLE_TYPE && (int)info.coalition_type != type)
			continue;
		if (buffer && used + (int)sizeof info > size)
			break;
		if (buffer)
			memcpy((char *)buffer + used, &info, sizeof info);
		used += (int)sizeof info;
	}
	if (error)
		sim_set_errno(error);
	return error ? 0 : used;
}

static void fill_usage(const struct sim_section *coalition, uint64_t *all)
{
	char key[32];

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		all[words[i].offset / sizeof *all] = sim_u64(coalition, words[i].name, 0);
	all[23] = COALITION_NUM_THREAD_QOS_TYPES;
	for (int i = 0; i < COALITION_NUM_THREAD_QOS_TYPES; i++) {
		snprintf(key, sizeof key, "cpu_time_eqos.%d", i);
		all[24 + i] = sim_u64(coalition, key, 0);
	}
	for (int i = 0; i < WORDS_MOST; i++) {
		snprintf(key, sizeof key, "word.%d", i);
		all[i] = sim_u64(coalition, key, all[i]);
	}
}

int coalition_info_resource_usage(
	uint64_t id, struct coalition_resource_usage *usage, size_t size)
{
	const struct sim_section *coalition = sim_numbered("coalition", (int64_t)id);
	int error = sim_enter("coalition_info", 1, (int64_t)id);
	size_t have = sim_u64(sim_section("coalitions", ""), "words", 44) * sizeof(uint64_t);
	uint64_t all[WORDS_MOST] = {0};

	if (!error && !coalition)
		error = ESRCH;
	else if (!error && (sim_u64(coalition, "type", 0) || sim_u64(coalition, "corpse", 0)))
		error = EINVAL;
	if (error) {
		sim_set_errno(error);
		return -1;
	}
	fill_usage(coalition, all);
	memcpy(usage, all, size < have ? size : have);
	return 0;
}

/* ------------------------------------------------------------------------------- libxpc */

static int dictionary_type, other_type;
static const char *name_key = "name", *bundle_key = "bundle_identifier";

static void *copy_info(uint64_t id)
{
	const struct sim_section *coalition = sim_numbered("coalition", (int64_t)id);

	if (sim_enter("xpc_coalition_copy_info", 0, (int64_t)id) || !coalition ||
		(!sim_has(coalition, "name") && !sim_has(coalition, "bundle")))
		return NULL;
	sim_hold(1);
	return (void *)coalition;
}

static void *get_type(void *object)
{
	return sim_has(object, "not_a_dictionary") ? &other_type : &dictionary_type;
}

static const char *get_string(void *object, const char *key)
{
	return sim_text(object, strcmp(key, name_key) == 0 ? "name" : "bundle", NULL);
}

static void release(void *object)
{
	(void)object;
	sim_hold(-1);
}

static const struct sim_symbol symbols[] = {
	{"xpc_coalition_copy_info", (void *)copy_info},
	{"xpc_get_type", (void *)get_type},
	{"xpc_dictionary_get_string", (void *)get_string},
	{"xpc_release", (void *)release},
	{"_xpc_type_dictionary", &dictionary_type},
	{"XPC_COALITION_INFO_KEY_NAME", &name_key},
	{"XPC_COALITION_INFO_KEY_BUNDLE_IDENTIFIER", &bundle_key},
	{NULL, NULL},
};
const struct sim_library sim_xpc = {XPC_LIBRARY, symbols};

/*
 * Threads of a process.
 *
 *	[thread PID ID]
 *	user system = NS        CPU time, which the kernel tells to the microsecond
 *	policy run_state flags sleep_time curpri priority maxpriority cpu_usage = NUMBER
 *	name = TEXT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private/libproc.h"
#include "proc.h"

/* Is it one of that process? Then *ret_id is its number. */
static bool is_of(const struct sim_section *thread, int pid, uint64_t *ret_id)
{
	char *end;
	long owner = strtol(sim_name(thread), &end, 10);

	*ret_id = strtoull(end, NULL, 10);
	return owner == pid;
}

/* As many as fit, and 10 more than there were: the kernel cuts silently. */
static int fill_ids(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	int used = 0;
	uint64_t id;

	(void)process, (void)argument;
	for (struct sim_section *i = sim_next("thread", NULL);
		i && used + (int)sizeof id <= size; i = sim_next("thread", i)) {
		if (!is_of(i, pid, &id))
			continue;
		memcpy((char *)buffer + used, &id, sizeof id);
		used += (int)sizeof id;
	}
	return used;
}

static uint64_t microseconds(const struct sim_section *thread, const char *key)
{
	return sim_u64(thread, key, 0) / 1000 * 1000;
}

static int fill_thread(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	const struct sim_section *thread = sim_next("thread", NULL);
	struct proc_threadinfo info;
	uint64_t id;

	(void)process, (void)size;
	while (thread && !(is_of(thread, pid, &id) && id == argument))
		thread = sim_next("thread", thread);
	if (!thread)
		return -ESRCH;
	info = (struct proc_threadinfo){
		.pth_user_time = microseconds(thread, "user"),
		.pth_system_time = microseconds(thread, "system"),
		.pth_cpu_usage = (int32_t)sim_u64(thread, "cpu_usage", 0),
		.pth_policy = (int32_t)sim_u64(thread, "policy", 1),
		.pth_run_state = (int32_t)sim_u64(thread, "run_state", 3),
		.pth_flags = (int32_t)sim_u64(thread, "flags", 0),
		.pth_sleep_time = (int32_t)sim_u64(thread, "sleep_time", 0),
		.pth_curpri = (int32_t)sim_u64(thread, "curpri", 31),
		.pth_priority = (int32_t)sim_u64(thread, "priority", 31),
		.pth_maxpriority = (int32_t)sim_u64(thread, "maxpriority", 63),
	};
	strlcpy(info.pth_name, sim_text(thread, "name", ""), sizeof info.pth_name);
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

const struct sim_flavor sim_thread_flavors[] = {
	{PROC_PIDLISTTHREADIDS, 8, false, false, fill_ids},
	{PROC_PIDTHREADID64INFO, sizeof(struct proc_threadinfo), false, false, fill_thread},
	{0},
};

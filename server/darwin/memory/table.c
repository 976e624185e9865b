/* What the tables about the memory of a process have in common: whose they are, and the jobs
 * that find their rows. */
#include <errno.h>
#include <stdlib.h>

#include "../private/libproc.h"
#include "alloc.h"
#include "hash.h"
#include "memory.h"

/* Of any process of any user. Argument 0: not of zombies, which have no memory. */
static int identify(int pid, struct proc_uniqidentifierinfo *ret_info)
{
	if (proc_pidinfo(pid, PROC_PIDUNIQIDENTIFIERINFO, 0, ret_info, sizeof *ret_info) ==
		(int)sizeof *ret_info)
		return 0;
	return errno ? -errno : -EIO;
}

/* ------------------------------------------------------------------------------- tables */

static struct memory_table *table_of(struct devices *devices)
{
	return (struct memory_table *)(void *)devices;
}

/* The kernel's own task is closed to everybody, and who asks for its map is written into the log. */
int memory_table_open(struct devices *devices, const struct target *target)
{
	struct memory_table *self = table_of(devices);
	struct proc_uniqidentifierinfo info;
	int result;

	if (target->pid == 0 || target->pid > INT32_MAX)
		return -ESRCH;
	result = identify((int)target->pid, &info);
	if (!result)
		self->target = (struct memory_target){(int)target->pid, info.p_uniqueid};
	return result;
}

static bool is_there(const struct memory_target *target)
{
	struct proc_uniqidentifierinfo info;

	return identify(target->pid, &info) == 0 && info.p_uniqueid == target->unique_id;
}

bool memory_table_has_target(struct devices *devices)
{
	return is_there(&table_of(devices)->target);
}

uint64_t memory_table_identify(
	const struct memory_table *self, const uint64_t *numbers, size_t count)
{
	uint64_t what[] = {self->target.unique_id, hash_words(numbers, count)};

	return hash_words(what, sizeof what / sizeof *what);
}

/* --------------------------------------------------------------------------------- jobs */

int memory_job_create(struct devices *devices, size_t size,
	int (*read)(struct memory_job *self), void **ret_job)
{
	struct memory_job *self = xcalloc(1, size);

	*self = (struct memory_job){table_of(devices)->target, read};
	*ret_job = self;
	return STATE_OK;
}

/* What was read of two programs, or of a half of one, is worth nothing. */
static int read_once(struct memory_job *self, bool *ret_again)
{
	struct proc_uniqidentifierinfo before, after;
	int result = identify(self->target.pid, &before), end;

	*ret_again = false;
	if (!result && before.p_uniqueid != self->target.unique_id)
		return -ESRCH;
	if (!result)
		result = self->read(self);
	if (result)
		return result;
	end = identify(self->target.pid, &after);
	*ret_again = !end && before.p_idversion != after.p_idversion;
	return *ret_again ? -EAGAIN : end;
}

int memory_job_run(void *job)
{
	enum { ATTEMPTS = 5 };
	struct memory_job *self = job;
	bool again = true;
	int result = 0;

	for (int i = 0; i < ATTEMPTS && again; i++)
		result = read_once(self, &again);
	return result == 0 ? STATE_OK : host_state_of(-result);
}

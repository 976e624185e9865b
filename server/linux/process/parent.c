/*
 * Source parent: the identity of the parent.
 *
 * First who the parent is, by pid, and then which process has that pid. If it is a row, and
 * that row has its pid still, it had it at the first question, too. Otherwise the pid is
 * looked up, and the first question is asked again: the same answer is the same process, for
 * a parent that exits leaves its children to a process that was there before, and that has
 * another pid.
 */
#include <errno.h>

#include "pidfd_info.h"
#include "process.h"

enum { ATTEMPTS = 3 };

/* Its pid, 0 when it is outside our namespace. */
static int read_ppid(struct processes *self, uint32_t slot, uint32_t *ret_ppid)
{
	int pidfd = self->rows[slot].pidfd;
	struct pidfd_answer answer;

	if (pidfd < 0 || !host_has(self->host, FEATURE_PIDFD_INFO) ||
		pidfd_ask(pidfd, PIDFD_ANSWER_PID, &answer) < 0)
		return stat_read_ppid(self, slot, ret_ppid);
	*ret_ppid = answer.ppid;
	self->ppids[slot] = answer.ppid; /* by which it is found when the parent exits */
	return STATE_OK;
}

/* STATE_PENDING: it has another parent by now. */
static int identify(
	struct processes *self, uint32_t slot, uint32_t ppid, uint64_t *ret_identity)
{
	uint32_t parent = pid_map_get(&self->slots, ppid), again;
	int error, result;

	if (parent != NONE && row_has_pid(self, parent)) {
		*ret_identity = self->rows[parent].identity;
		return STATE_OK;
	}
	error = process_identify(self, ppid, ret_identity);
	result = read_ppid(self, slot, &again);
	if (result != STATE_OK)
		return result;
	if (again != ppid)
		return STATE_PENDING;
	if (error == -ENOENT || error == -ESRCH) /* it is there, but hidden (hidepid) */
		return self->host->real ? STATE_DENIED : STATE_NONE;
	return error ? STATE_FAILED : STATE_OK;
}

static int parent_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_parent *sample = memory;
	uint32_t ppid;

	for (int i = 0; i < ATTEMPTS; i++) {
		int result = read_ppid(self, slot, &ppid);
		if (result != STATE_OK)
			return result;
		if (!ppid)
			return STATE_NONE;
		result = identify(self, slot, ppid, &sample->unique_id);
		if (result != STATE_PENDING)
			return result;
	}
	return STATE_FAILED;
}

const struct process_source parent_source = {
	.source = {.name = "parent",
		.sample_size = sizeof(struct linux_parent),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.read = parent_read,
};

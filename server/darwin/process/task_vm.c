/*
 * Source task_vm: TASK_VM_INFO by a name port. Such a port is given for a process of which both users
 * are ours; of others the ledger tells some of it, if it may be read.
 */
#include <errno.h>

#include "process.h"

/* Of another user, a zombie or gone: what is told the same user says which. If that is told, the real
 * user is not ours. */
static int state_without_port(struct processes *self, uint32_t slot)
{
	struct proc_taskinfo info;
	int result = row_info(self, slot, PROC_PIDTASKINFO, 0, &info, sizeof info);

	return result == STATE_OK ? STATE_DENIED : result;
}

int row_port_state(struct processes *self, uint32_t slot, int error)
{
	switch (error) {
	case 0:
		return row_is_there(self, slot) ? STATE_OK : SAMPLE_GONE;
	case -EPERM:
		return state_without_port(self, slot);
	case -EINVAL:
		return STATE_UNSUPPORTED;
	default:
		return row_state_of(self, slot, -error);
	}
}

bool row_has_no_port(const struct processes *self, uint32_t slot, int *ret_state)
{
	if (self->rows[slot].flags & ROW_ZOMBIE)
		*ret_state = STATE_NONE;
	else if (row_is_denied(self, slot))
		*ret_state = STATE_DENIED;
	else
		return false;
	return true;
}

static int by_ledger(struct processes *self, uint32_t slot, struct task_vm *vm)
{
	int result = row_accounts(self, slot);

	if (result != STATE_OK)
		return result == SAMPLE_GONE ? result : STATE_DENIED;
	for (size_t i = 0; i < sizeof *vm / sizeof(uint64_t); i++)
		((uint64_t *)vm)[i] = ABSENT_U64(STATE_DENIED);
	vm->internal = account_amount(self, ACCOUNT_INTERNAL);
	vm->external = account_amount(self, ACCOUNT_EXTERNAL);
	vm->reusable = account_amount(self, ACCOUNT_REUSABLE);
	vm->compressed = account_amount(self, ACCOUNT_COMPRESSED);
	vm->swapins = account_total(self, ACCOUNT_SWAPINS);
	return STATE_OK;
}

static int task_vm_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_task_vm *sample = memory;
	int result;

	if (!row_has_no_port(self, slot, &result))
		result = row_port_state(self, slot,
			task_read_vm(self->rows[slot].pid, &self->task_words, &sample->vm));
	return result == STATE_DENIED ? by_ledger(self, slot, &sample->vm) : result;
}

const struct process_source task_vm_source = {
	.source = {.name = "task_vm",
		.sample_size = sizeof(struct darwin_task_vm),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OTHERS},
	.read = task_vm_read,
};

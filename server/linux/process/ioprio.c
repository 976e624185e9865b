/*
 * Source ioprio: the scheduling class of the first thread for block devices, ioprio_get(2).
 *
 * It is asked by pid, so the row is looked at afterwards: if it is still there it had the pid
 * all the time.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

/* linux/ioprio.h */
enum { WHO_PROCESS = 1, CLASS_SHIFT = 13, LEVEL_MASK = 7 };

enum { CLASS_NONE, CLASS_REALTIME, CLASS_BEST_EFFORT, CLASS_IDLE, CLASSES };

static const char *const class_names[CLASSES] = {"none", "realtime", "best-effort", "idle"};

int ioprio_parse(uint32_t priority, struct linux_ioprio *ret_ioprio)
{
	uint32_t class = priority >> CLASS_SHIFT;

	if (class >= CLASSES)
		return -EBADMSG;
	ret_ioprio->class = (struct sample_text){
		.bytes = class_names[class], .length = (uint32_t)strlen(class_names[class])};
	/* The other two have no levels. Above the level there are hints about deadlines. */
	ret_ioprio->priority = class == CLASS_REALTIME || class == CLASS_BEST_EFFORT
				       ? priority & LEVEL_MASK
				       : ABSENT_U64(STATE_NONE);
	return 0;
}

static int ioprio_read(struct processes *self, uint32_t slot, void *memory)
{
	long priority = syscall(SYS_ioprio_get, WHO_PROCESS, self->pids[slot]);
	int error = errno;

	if (!row_has_pid(self, slot))
		return SAMPLE_GONE;
	if (priority < 0)
		return row_state_of(self, slot, error);
	return ioprio_parse((uint32_t)priority, memory) < 0 ? STATE_FAILED : STATE_OK;
}

static const char *ioprio_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return host->native ? NULL
			    : "it takes a system call by process id, so only the procfs of our "
			      "own pid namespace will do, not the one that --procfs names";
}

const struct process_source ioprio_source = {
	.source = {.name = "ioprio",
		.sample_size = sizeof(struct linux_ioprio),
		.lane = LANE_FAST,
		.gated = true},
	.unsupported = ioprio_unsupported,
	.read = ioprio_read,
};

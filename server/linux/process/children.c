/*
 * Source children: /proc/PID/task/TID/children lists those that the thread has made, zombies
 * included, on one line of any length.
 */
#include <errno.h>
#include <unistd.h>

#include "process.h"

/* It may be read in pieces; *inside says whether the last one ended within a number. */
uint64_t children_count(const char *bytes, size_t length, bool *inside)
{
	uint64_t count = 0;

	for (size_t i = 0; i < length; i++) {
		bool digit = bytes[i] >= '0' && bytes[i] <= '9';
		count += digit && !*inside;
		*inside = digit;
	}
	return count;
}

struct sum {
	uint64_t count;
	uint32_t threads;
	int error;
};

static bool add_thread(void *context, int tasks, uint32_t tid)
{
	struct sum *sum = context;
	char bytes[4096];
	bool inside = false;
	ssize_t length;
	int file = task_open(tasks, tid, "children");

	if (file == -ENOENT || file == -ESRCH) /* it has ended since it was listed */
		return true;
	sum->error = file < 0 ? -file : 0;
	if (file < 0)
		return false;
	while ((length = read_fully(file, bytes, sizeof bytes)) > 0)
		sum->count += children_count(bytes, (size_t)length, &inside);
	close(file);
	sum->error = (int)-length;
	sum->threads++;
	return length == 0;
}

static int children_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_children *sample = memory;
	struct sum sum = {0};
	int result = row_each_task(self, slot, add_thread, &sum);

	if (result != STATE_OK)
		return result;
	if (sum.error || !sum.threads)
		return row_state_of(self, slot, sum.error ? sum.error : ESRCH);
	sample->count = sum.count;
	return STATE_OK;
}

static const char *children_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return host_has(host, FEATURE_CHILDREN)
		       ? NULL
		       : "the kernel was built without CONFIG_PROC_CHILDREN";
}

const struct process_source children_source = {
	.source = {.name = "children",
		.sample_size = sizeof(struct linux_children),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.unsupported = children_unsupported,
	.read = children_read,
};

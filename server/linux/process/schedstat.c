/*
 * Source schedstat: how long threads were ready to run, with a core and without one.
 * /proc/PID/schedstat is about the first thread only, so the living threads are summed up,
 * unless there is but one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "process.h"

int schedstat_parse(const char *bytes, size_t length, struct linux_schedstat *schedstat)
{
	struct scan scan = {bytes, bytes + length};
	int64_t on_cpu, delay;

	if (!scan_number(&scan, &on_cpu) || !scan_number(&scan, &delay) || on_cpu < 0 ||
		delay < 0)
		return -EBADMSG;
	schedstat->run_delay_ns += (uint64_t)delay;
	schedstat->runnable_ns += (uint64_t)on_cpu + (uint64_t)delay;
	return 0;
}

/* The third number counts the times that a thread was given a core, which whoever reads its own
 * file was: all are 0 where they are not counted. */
bool schedstat_counts(const char *bytes, size_t length)
{
	struct scan scan = {bytes, bytes + length};
	int64_t on_cpu, delay, slices;

	return scan_number(&scan, &on_cpu) && scan_number(&scan, &delay) &&
	       scan_number(&scan, &slices) && slices > 0;
}

const char *schedstat_unsupported(const struct host *host, enum cell_state *ret_state)
{
	char path[4096], bytes[128];
	ssize_t length = -1;

	*ret_state = STATE_UNSUPPORTED;
	if (host_lacks_file(host, "schedstat"))
		return "this kernel does not count it: it was built without CONFIG_SCHEDSTATS "
		       "and CONFIG_TASK_DELAY_ACCT";
	snprintf(path, sizeof path, "%s/self/schedstat", host->procfs);
	if (host->native)
		length = read_file(AT_FDCWD, path, bytes, sizeof bytes);
	return length > 0 && !schedstat_counts(bytes, (size_t)length)
		       ? "this kernel counts it only when told: \"sysctl "
			 "kernel.task_delayacct=1\", or built with CONFIG_SCHEDSTATS"
		       : NULL;
}

static int add_thread(void *context, const char *bytes, size_t length)
{
	return schedstat_parse(bytes, length, context);
}

static int schedstat_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_schedstat *sample = memory;
	bool single;
	size_t length;
	int result = row_has_one_thread(self, slot, &single);

	if (result != STATE_OK)
		return result;
	*sample = (struct linux_schedstat){0};
	if (!single)
		return row_add_task_files(self, slot, "schedstat", add_thread, sample);
	result = row_read(self, slot, FILE_SCHEDSTAT, &length);
	if (result != STATE_OK)
		return result;
	return schedstat_parse(self->buffer, length, sample) < 0 ? STATE_FAILED : STATE_OK;
}

const struct process_source schedstat_source = {
	.source = {.name = "schedstat",
		.sample_size = sizeof(struct linux_schedstat),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.unsupported = schedstat_unsupported,
	.read = schedstat_read,
};

/*
 * Source switches: context switches. /proc/PID/status counts those of the first thread only,
 * so the living threads are summed up, unless there is but one.
 */
#include <errno.h>

#include "process.h"

static const struct pair pairs[] = {
	PAIR("voluntary_ctxt_switches", 0, 1),
	PAIR("nonvoluntary_ctxt_switches", 1, 1),
};

int switches_parse(const char *bytes, size_t length, struct linux_switches *switches)
{
	struct scan scan = {bytes, bytes + length};
	int64_t value[2] = {0};

	if (scan_pairs(&scan, pairs, 2, value) != 3 || value[0] < 0 || value[1] < 0)
		return -EBADMSG;
	switches->voluntary += (uint64_t)value[0];
	switches->forced += (uint64_t)value[1];
	switches->total = switches->voluntary + switches->forced;
	return 0;
}

static int add_thread(void *context, const char *bytes, size_t length)
{
	return switches_parse(bytes, length, context);
}

static int switches_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_switches *sample = memory;
	bool single;
	size_t length;
	int result = row_has_one_thread(self, slot, &single);

	if (result != STATE_OK)
		return result;
	*sample = (struct linux_switches){0};
	if (!single)
		return row_add_task_files(self, slot, "status", add_thread, sample);
	result = row_read(self, slot, FILE_STATUS, &length);
	if (result != STATE_OK)
		return result;
	return switches_parse(self->buffer, length, sample) < 0 ? STATE_FAILED : STATE_OK;
}

const struct process_source switches_source = {
	.source = {.name = "switches",
		.sample_size = sizeof(struct linux_switches),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.read = switches_read,
};

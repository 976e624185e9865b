/*
 * Source control: what others may change in a process while it sleeps, and nothing but
 * /proc/PID/status shows: who traces it, which cores it may run on. It is a source of its own
 * because source status spares itself the reading of sleepers.
 */
#include <errno.h>
#include <string.h>

#include "process.h"

/* The number of cores in "0-3,8"; -EBADMSG: that is no such list. */
static int count_cores(const char *text, const char *end, uint64_t *ret_count)
{
	struct scan scan = {text, end};
	uint64_t count = 0;

	for (;;) {
		int64_t first, last;
		if (!scan_number(&scan, &first))
			return -EBADMSG;
		last = first;
		if (scan.at < scan.end && *scan.at == '-') {
			scan.at++;
			if (!scan_number(&scan, &last))
				return -EBADMSG;
		}
		if (first < 0 || last < first || last > INT32_MAX)
			return -EBADMSG;
		count += (uint64_t)(last - first) + 1;
		if (scan.at == scan.end)
			break;
		if (*scan.at++ != ',')
			return -EBADMSG;
	}
	*ret_count = count;
	return 0;
}

/* Goes behind a key, and the blank after it. */
static bool take_key(struct scan *line, const char *key)
{
	size_t length = strlen(key);

	if ((size_t)(line->end - line->at) <= length || memcmp(line->at, key, length) != 0)
		return false;
	line->at += length;
	while (line->at < line->end && (*line->at == '\t' || *line->at == ' '))
		line->at++;
	return true;
}

int control_parse(const char *bytes, size_t length, struct linux_control *ret_control)
{
	struct scan scan = {bytes, bytes + length}, line;
	bool has_tracer = false, has_cores = false;
	int64_t tracer;

	while (!has_cores && scan_line(&scan, &line)) {
		if (take_key(&line, "TracerPid:")) {
			if (!scan_number(&line, &tracer) || tracer < 0)
				return -EBADMSG;
			has_tracer = true;
			ret_control->tracer =
				tracer ? (uint64_t)tracer : ABSENT_U64(STATE_NONE);
		} else if (take_key(&line, "Cpus_allowed_list:")) {
			if (count_cores(line.at, line.end, &ret_control->affinity_count) < 0)
				return -EBADMSG;
			has_cores = true;
			ret_control->affinity = (struct sample_text){
				.bytes = line.at, .length = (uint32_t)(line.end - line.at)};
		}
	}
	return has_tracer && has_cores ? 0 : -EBADMSG;
}

static int control_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_control *sample = memory;
	size_t length;
	int result = row_read(self, slot, FILE_STATUS, &length);

	if (result != STATE_OK)
		return result;
	if (control_parse(self->buffer, length, sample) < 0)
		return STATE_FAILED;
	if (sample->affinity.length > sizeof self->affinity) /* half of it would be wrong */
		sample->affinity = (struct sample_text){.state = STATE_FAILED};
	else
		sample->affinity.bytes =
			memcpy(self->affinity, sample->affinity.bytes, sample->affinity.length);
	return STATE_OK;
}

const struct process_source control_source = {
	.source = {.name = "control",
		.sample_size = sizeof(struct linux_control),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.read = control_read,
};

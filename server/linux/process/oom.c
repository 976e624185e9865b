/* Sources oom_score and oom_adjust: a file with one number each. */
#include <errno.h>

#include "process.h"

int number_parse(const char *bytes, size_t length, int64_t *ret_number)
{
	struct scan scan = {bytes, bytes + length};

	return scan_number(&scan, ret_number) ? 0 : -EBADMSG;
}

static int read_number(
	struct processes *self, uint32_t slot, enum row_file file, int64_t *ret_number)
{
	size_t length;
	int result = row_read(self, slot, file, &length);

	if (result != STATE_OK)
		return result;
	return number_parse(self->buffer, length, ret_number) < 0 ? STATE_FAILED : STATE_OK;
}

static int score_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_oom_score *sample = memory;
	int64_t number = 0;
	int result = read_number(self, slot, FILE_OOM_SCORE, &number);

	sample->score = number >= 0 ? (uint64_t)number : ABSENT_U64(STATE_NONE);
	return result;
}

static int adjust_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_oom_adjust *sample = memory;

	return read_number(self, slot, FILE_OOM_SCORE_ADJ, &sample->adjust);
}

const struct process_source oom_score_source = {
	.source = {.name = "oom_score",
		.sample_size = sizeof(struct linux_oom_score),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.read = score_read,
};

const struct process_source oom_adjust_source = {
	.source = {.name = "oom_adjust",
		.sample_size = sizeof(struct linux_oom_adjust),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.read = adjust_read,
};

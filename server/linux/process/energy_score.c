/*
 * Source energy_score: CPU time and bytes of storage, weighed and added up. A process is in the
 * background while its first thread has a policy that yields to all others.
 */
#include "energy_score.h"

#include <sched.h>
#include <stdlib.h>

#include "alloc.h"
#include "process.h"

struct energy_scores {
	struct energy_score *scores; /* by slot */
	uint32_t capacity;
};

static uint64_t advance(uint64_t *seen, uint64_t now)
{
	uint64_t growth = now > *seen ? now - *seen : 0;

	*seen += growth;
	return growth;
}

static void add_disk(struct energy_score *self, const struct energy_use *use, bool own)
{
	uint64_t read = advance(&self->read, use->read);
	uint64_t written = advance(&self->written, use->written);

	if (own && (self->disk_known || !self->begun))
		self->score += read * SCORE_READ + written * SCORE_WRITTEN;
	self->disk_known = true;
}

void energy_score_add(struct energy_score *self, const struct energy_use *use)
{
	uint64_t weight = use->background ? SCORE_BACKGROUND : SCORE_CPU;
	bool waited = use->children != self->children;

	self->score += advance(&self->cpu_ns, use->cpu_ns) * weight;
	if (use->disk_known)
		add_disk(self, use, !waited && !self->unsure);
	self->unsure = waited;
	self->children = use->children;
	self->begun = true;
}

/* ----------------------------------------------------------------------------- source */

static struct energy_score *score_of(struct processes *self, uint32_t slot)
{
	struct energy_scores *scores = self->scores;

	if (!scores)
		scores = self->scores = xcalloc(1, sizeof *scores);
	if (slot >= scores->capacity) {
		scores->scores =
			xreallocarray(scores->scores, self->capacity, sizeof *scores->scores);
		while (scores->capacity < self->capacity)
			scores->scores[scores->capacity++] = (struct energy_score){0};
	}
	return &scores->scores[slot];
}

static int read_use(struct processes *self, uint32_t slot, struct energy_use *ret_use)
{
	struct linux_io io;
	struct stat_brief brief;
	size_t length;
	int result = row_read(self, slot, FILE_IO, &length);

	if (result == SAMPLE_GONE)
		return SAMPLE_GONE;
	if (result == STATE_OK && io_parse(self->buffer, length, &io) == 0) {
		ret_use->disk_known = true;
		ret_use->read = io.disk_read;
		ret_use->written = io.disk_written;
	}
	result = stat_read_brief(self, slot, &brief);
	if (result != STATE_OK)
		return result;
	ret_use->cpu_ns = self->flags[slot] & ROW_CLOCKED
				  ? self->clocks[slot]
				  : saturating_multiply(brief.ticks, self->host->tick_ns);
	ret_use->background = brief.policy == SCHED_BATCH || brief.policy == SCHED_IDLE;
	ret_use->children = brief.children_faults;
	return STATE_OK;
}

static int score_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_energy_score *sample = memory;
	struct energy_use use = {0};
	int result = read_use(self, slot, &use);
	struct energy_score *score;

	if (result != STATE_OK)
		return result;
	score = score_of(self, slot);
	energy_score_add(score, &use);
	sample->score = score->score;
	return STATE_OK;
}

static void score_want(struct processes *self, bool wanted)
{
	if (wanted || !self->scores)
		return;
	free(self->scores->scores);
	free(self->scores);
	self->scores = NULL;
}

static void score_forget(struct processes *self, uint32_t slot)
{
	if (self->scores && slot < self->scores->capacity)
		self->scores->scores[slot] = (struct energy_score){0};
}

const struct process_source energy_score_source = {
	.source = {.name = "energy_score",
		.sample_size = sizeof(struct linux_energy_score),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.read = score_read,
	.want = score_want,
	.forget = score_forget,
};

#include "slow.h"

#include "apply.h"

/* What is up with the slow read of a cell. A late one is still under way, but nobody waits
 * for it any more. */
enum slow_mark { SLOW_IDLE, SLOW_WANTED, SLOW_RUNNING, SLOW_LATE };

static uint8_t *mark_of(struct instance *self, uint32_t slot, uint32_t index)
{
	return &self->slow[slot * self->provider->source_count + index];
}

bool slow_want(struct instance *self, uint32_t index, uint32_t slot)
{
	uint8_t *mark = mark_of(self, slot, index);

	if (*mark != SLOW_IDLE)
		return false;
	*mark = SLOW_WANTED;
	self->slow_wanted++;
	return true;
}

bool slow_expired(const struct instance *self, uint32_t index, uint32_t slot, uint64_t now_ns)
{
	const struct instance_source *source = &self->sources[index];

	return source->drifts &&
	       now_ns >= source->live[0].column->sampled_ns[slot] + REFRESH_NS;
}

/* Gives a slow read up. It is tried again when it has rested. */
static void fail_slow(struct instance *self, uint32_t slot, uint32_t index, uint64_t now_ns)
{
	self->sources[index].failures++;
	self->seen[slot * self->provider->source_count + index] = ACTIVITY_UNKNOWN;
	apply_sample(self, index, slot, NULL, STATE_FAILED, now_ns);
}

/* Prepares and submits one slow read. False: the lane takes no more for now. */
static bool submit(struct instance *self, struct lane *lane, uint32_t slot, uint32_t index,
	uint64_t now_ns)
{
	uint8_t *mark = mark_of(self, slot, index);
	struct lane_job *job = lane_job_create(lane, now_ns, self->provider, index);
	int result;

	if (!job && !lane_stuck(lane, now_ns))
		return false;
	*mark = SLOW_IDLE;
	self->slow_wanted--;
	if (!job) { /* for which the row can do nothing: it need not rest */
		fail_slow(self, slot, index, now_ns);
		return true;
	}
	job->job.slot = slot;
	job->instance = self->id;
	job->generation = self->table.rows[slot].generation;
	self->sources[index].reads++;
	result = self->provider->job_prepare(self->handle, &job->job);
	if (result == STATE_OK) {
		*mark = SLOW_RUNNING;
		self->slow_running++;
		lane_submit(lane, job);
		return true;
	}
	if (result != SAMPLE_GONE) /* a dead row is found dead by the next list */
		apply_sample(self, index, slot, NULL, (enum cell_state)result, now_ns);
	if (result == STATE_FAILED)
		self->seen[slot * self->provider->source_count + index] = ACTIVITY_UNKNOWN;
	pace_end(self, index, slot, result == STATE_FAILED, now_ns);
	lane_job_destroy(lane, job);
	return true;
}

void slow_pump(struct instance *self, struct lane *lane, uint64_t now_ns)
{
	uint32_t count = self->provider->source_count;
	uint32_t cells = self->table.slot_count * count;

	for (uint32_t i = 0; i < cells && self->slow_wanted; i++) {
		uint32_t cell = (self->slow_cursor + i) % cells;
		if (self->slow[cell] != SLOW_WANTED)
			continue;
		if (!submit(self, lane, cell / count, cell % count, now_ns)) {
			self->slow_cursor = cell;
			return;
		}
	}
}

void slow_apply(struct instance *self, struct lane_job *job, bool late, uint64_t now_ns)
{
	int result = job->result;
	uint32_t slot = job->job.slot, index = job->job.source;
	const struct row *row = &self->table.rows[slot];
	uint8_t *mark = mark_of(self, slot, index);

	if (!row->alive || row->ended || row->generation != job->generation)
		return;
	self->slow_running -= *mark == SLOW_RUNNING;
	*mark = late ? SLOW_LATE : SLOW_IDLE;
	if (!late && self->provider->job_finish)
		result = self->provider->job_finish(self->handle, &job->job, result);
	/* What came after all was late nevertheless: it goes on resting. */
	if (!job->returned && (late || !job->late))
		pace_end(self, index, slot, late || result == STATE_FAILED, now_ns);
	if (late || result == STATE_FAILED)
		fail_slow(self, slot, index, now_ns);
	else if (result != SAMPLE_GONE) /* a dead row is found dead by the next list */
		apply_sample(self, index, slot, job->job.sample, (enum cell_state)result,
			job->finished_ns);
}

bool slow_pending(const struct instance *self, uint32_t sources)
{
	for (uint32_t mask = sources; mask; mask &= mask - 1)
		if (self->provider->sources[__builtin_ctz(mask)].lane != LANE_FAST)
			return self->slow_wanted || self->slow_running;
	return false;
}

void slow_forget_row(struct instance *self, uint32_t slot)
{
	for (uint32_t index = 0; index < self->provider->source_count; index++) {
		uint8_t *mark = mark_of(self, slot, index);
		self->slow_wanted -= *mark == SLOW_WANTED;
		self->slow_running -= *mark == SLOW_RUNNING;
		*mark = SLOW_IDLE;
	}
}

void slow_forget_source(struct instance *self, uint32_t index)
{
	for (uint32_t slot = 0; slot < self->seen_capacity; slot++) {
		uint8_t *mark = mark_of(self, slot, index);
		self->slow_wanted -= *mark == SLOW_WANTED;
		if (*mark == SLOW_WANTED)
			*mark = SLOW_IDLE;
	}
}

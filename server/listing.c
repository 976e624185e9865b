#include "listing.h"

#include <errno.h>

#include "apply.h"

/* Those that somebody wants. */
static uint32_t live_sources(const struct instance *self)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < self->provider->source_count; i++)
		if (self->sources[i].live_count)
			mask |= UINT32_C(1) << i;
	return mask;
}

/* What is there stays, as of its time. It is tried again when it is wanted again. */
static void fail(struct instance *self)
{
	self->listing.given_up = true;
	for (uint32_t mask = self->listing.covered; mask; mask &= mask - 1) {
		self->sources[__builtin_ctz(mask)].failures++;
		pace_report(self, (uint32_t)__builtin_ctz(mask));
	}
}

void listing_pump(struct instance *self, struct lane *lane, uint64_t now_ns)
{
	struct listing *listing = &self->listing;
	struct lane_job *job;
	int result;

	if (!listing->awaited || listing->running || listing->given_up)
		return;
	listing->covered = live_sources(self);
	job = lane_job_create(lane, now_ns, self->provider, SOURCE_LISTING);
	if (!job) {
		if (lane_stuck(lane, now_ns))
			fail(self);
		return;
	}
	job->job.slot = NO_SLOT;
	job->instance = self->id;
	for (uint32_t mask = listing->covered; mask; mask &= mask - 1)
		self->sources[__builtin_ctz(mask)].reads++;
	result = self->provider->job_prepare(self->handle, &job->job);
	if (result == STATE_OK) {
		listing->running = true;
		lane_submit(lane, job);
		return;
	}
	fail(self);
	lane_job_destroy(lane, job);
}

void listing_want(struct instance *self, uint32_t sources, struct lane *lane, uint64_t now_ns)
{
	self->listing.awaited |= sources;
	if (!self->listing.running)
		self->listing.given_up = false;
	listing_pump(self, lane, now_ns);
}

/* All cells of all rows, of the sources that the worker has looked at. */
static void read_rows(struct instance *self, uint64_t finished_ns)
{
	for (uint32_t slot = 0; slot < self->table.slot_count; slot++) {
		if (!row_is_running(&self->table.rows[slot]))
			continue;
		for (uint32_t mask = self->listing.covered; mask; mask &= mask - 1) {
			uint32_t index = (uint32_t)__builtin_ctz(mask);
			int state =
				self->provider->read(self->handle, slot, index, self->sample);
			apply_sample(self, index, slot, self->sample, (enum cell_state)state,
				finished_ns);
		}
	}
}

int listing_apply(struct instance *self, struct lane_job *job, bool late, uint64_t now_ns)
{
	struct listing *listing = &self->listing;
	struct row_scope scope = {.all = true};
	int result, error;

	if (late) {
		fail(self);
		return 0;
	}
	listing->running = false;
	result = job->returned
			 ? STATE_FAILED
			 : self->provider->job_finish(self->handle, &job->job, job->result);
	if (result == SAMPLE_GONE)
		return -ESRCH;
	if (result == STATE_DENIED)
		return -EACCES;
	error = result == STATE_OK || result == STATE_NONE ? instance_list(self, &scope, now_ns)
							   : -EIO;
	if (error == -ESRCH)
		return error;
	if (error) {
		fail(self);
		return 0;
	}
	read_rows(self, job->finished_ns);
	listing->given_up = false;
	listing->finished_ns = job->finished_ns;
	for (uint32_t mask = listing->covered; mask; mask &= mask - 1)
		self->sources[__builtin_ctz(mask)].sampled_ns = job->finished_ns;
	listing->awaited &= ~listing->covered;
	return 0;
}

bool listing_pending(const struct instance *self, uint32_t sources)
{
	return (self->listing.awaited & sources) && !self->listing.given_up;
}

bool listing_is_incomplete(const struct instance *self)
{
	return self->overflowed || (instance_lists_slowly(self) && !self->listing.finished_ns);
}

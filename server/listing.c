#include "listing.h"

#include <errno.h>

#include "apply.h"
#include "log.h"

/* Those that somebody wants. With the first one come the rows. */
static uint32_t live_sources(const struct instance *self)
{
	uint32_t mask = LISTING_ROWS;

	for (uint32_t i = 0; i < self->provider->source_count; i++)
		if (self->sources[i].live_count)
			mask |= UINT32_C(1) << i;
	return mask;
}

/* What is there stays, as of its time. It is tried again when it is wanted again. */
static void fail(struct instance *self)
{
	self->listing.given_up = true;
	for (uint32_t mask = self->listing.covered; mask; mask &= mask - 1)
		self->sources[__builtin_ctz(mask)].failures++;
	if (self->listing.reported)
		return;
	self->listing.reported = true;
	if (self->target.pid)
		log_info("%s: the rows of process %llu cannot be read, or not in time (said "
			 "once)",
			table_name(self->table_id), (unsigned long long)self->target.pid);
	else
		log_info("%s: the rows cannot be read, or not in time (said once)",
			table_name(self->table_id));
}

/* What becomes of the requests when a job has answered that. */
static int end_of(int result)
{
	return result == SAMPLE_GONE ? -ESRCH : result == STATE_DENIED ? -EACCES : 0;
}

static int submit(struct instance *self, struct lane *lane, struct lane_job *job)
{
	int result;

	job->job.slot = NO_SLOT;
	job->job.sources = self->listing.covered;
	job->instance = self->id;
	for (uint32_t mask = self->listing.covered; mask; mask &= mask - 1)
		self->sources[__builtin_ctz(mask)].reads++;
	result = self->provider->job_prepare(self->handle, &job->job);
	if (result == STATE_OK) {
		self->listing.running = true;
		lane_submit(lane, job);
		return 0;
	}
	lane_job_destroy(lane, job);
	if (!end_of(result))
		fail(self);
	return end_of(result);
}

int listing_pump(struct instance *self, struct lane *lane, uint64_t now_ns)
{
	struct listing *listing = &self->listing;
	struct lane_job *job;

	if (listing->running)
		return 0;
	listing->awaited &= live_sources(self); /* nobody waits for the others any more */
	if (!listing->awaited || listing->given_up)
		return 0;
	/* Whatever is awaited: it finds new rows, and old ones that are not as they were. */
	listing->covered = listing->awaited | LISTING_ROWS;
	job = lane_job_create(lane, now_ns, self->provider, SOURCE_LISTING);
	if (job)
		return submit(self, lane, job);
	if (lane_stuck(lane, now_ns))
		fail(self);
	return 0;
}

int listing_want(struct instance *self, uint32_t sources, struct lane *lane, uint64_t now_ns)
{
	if (!sources)
		return 0;
	self->listing.awaited |= sources;
	if (!self->listing.running)
		self->listing.given_up = false;
	return listing_pump(self, lane, now_ns);
}

/* A row that is as it was need not be looked at. */
static bool is_known(struct instance *self, uint32_t index, uint32_t slot, uint64_t activity)
{
	uint64_t *seen = &self->seen[slot * self->provider->source_count + index];
	bool known = self->provider->sources[index].gated && activity != ACTIVITY_UNKNOWN &&
		     *seen == activity;

	*seen = activity;
	self->sources[index].skips += known;
	return known;
}

/* All cells of a row, of the sources that the worker has looked at. */
static void read_row(struct instance *self, uint32_t slot)
{
	const struct provider *provider = self->provider;
	uint64_t activity = ACTIVITY_UNKNOWN;

	if (provider->gate)
		provider->gate(self->handle, &slot, 1, &activity);
	for (uint32_t mask = self->listing.covered; mask; mask &= mask - 1) {
		uint32_t index = (uint32_t)__builtin_ctz(mask);
		if (is_known(self, index, slot, activity))
			continue;
		int state = provider->read(self->handle, slot, index, self->sample);
		apply_sample(self, index, slot, self->sample, (enum cell_state)state,
			self->listing.found_ns);
	}
}

static void finish(struct instance *self)
{
	struct listing *listing = &self->listing;

	listing->running = false;
	listing->finished_ns = listing->found_ns;
	listing->found_ns = 0;
	listing->awaited &= ~listing->covered;
	listing->finished = listing->covered;
	listing->finished_tick = self->table.tick;
	for (uint32_t mask = listing->covered & ~listing->missed; mask; mask &= mask - 1)
		self->sources[__builtin_ctz(mask)].sampled_ns = listing->finished_ns;
}

bool listing_is_reading(const struct instance *self)
{
	return self->listing.found_ns != 0;
}

void listing_read_again(struct instance *self, uint32_t source)
{
	struct listing *listing = &self->listing;

	if (!listing_is_reading(self) || listing->cursor == 0)
		return;
	if (listing->restarts == LISTING_RESTARTS_MAX) {
		listing->missed |= UINT32_C(1) << source;
		return;
	}
	listing->restarts++;
	listing->cursor = 0;
}

static void read_some(struct instance *self)
{
	struct listing *listing = &self->listing;
	uint32_t room = LISTING_ROWS_AT_ONCE;

	for (; listing->cursor < self->table.slot_count && room; listing->cursor++) {
		if (!row_is_running(&self->table.rows[listing->cursor]))
			continue;
		read_row(self, listing->cursor);
		room--;
	}
	if (listing->cursor >= self->table.slot_count)
		finish(self);
}

void listing_read(struct instance *first)
{
	struct instance *i = first;

	while (i && !listing_is_reading(i))
		i = i->next;
	if (i)
		read_some(i);
}

/* Its rows into the table. Returns 0 or a negative errno; then the table is as it was. */
static int take_over(struct instance *self, struct lane_job *job, uint64_t now_ns)
{
	struct row_scope scope = {.all = true};
	int result, error;

	if (job->returned)
		return -EIO;
	result = self->provider->job_finish(self->handle, &job->job, job->result);
	if (result != STATE_OK && result != STATE_NONE)
		return end_of(result) ? end_of(result) : -EIO;
	error = instance_list(self, &scope, now_ns);
	if (error)
		return error;
	self->listing.given_up = false;
	self->listing.found_ns = job->finished_ns;
	self->listing.cursor = 0;
	self->listing.restarts = 0;
	self->listing.missed = 0;
	return 0;
}

void listing_limit(struct instance *self, const struct instance *first)
{
	uint32_t left = LISTING_ROWS_MAX;

	for (const struct instance *i = first; i; i = i->next)
		if (i != self && instance_lists_slowly(i))
			left -= i->table.row_count < left ? i->table.row_count : left;
	self->rows_max = left < TABLE_ROWS_MAX ? left : TABLE_ROWS_MAX;
}

int listing_apply(struct instance *self, struct lane_job *job, bool late, uint64_t now_ns)
{
	int error = late ? -ETIMEDOUT : take_over(self, job, now_ns);

	self->listing.running = late || !error;
	if (error == -ESRCH || error == -EACCES)
		return error;
	if (error)
		fail(self);
	return 0;
}

bool listing_pending(const struct instance *self, uint32_t sources)
{
	return listing_is_reading(self) ||
	       ((self->listing.awaited & sources) && !self->listing.given_up);
}

uint32_t listing_unsampled(const struct instance *self)
{
	const struct listing *listing = &self->listing;

	return listing->awaited &
	       ~(listing->finished_tick == self->table.tick ? listing->finished : 0);
}

bool listing_is_incomplete(const struct instance *self)
{
	return self->overflowed || (instance_lists_slowly(self) && !self->listing.finished_ns);
}

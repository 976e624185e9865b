#include "devices.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "clock.h"
#include "hash.h"

/* Where a row stands. */
struct device_place {
	uint64_t identity;
	uint64_t finding; /* the find that met it last; 0: nobody is here */
};

/* What a worker has: freed with the job, whatever became of the table. */
struct device_job {
	const struct device_source *source; /* or */
	const struct device_listing *listing;
	void *data;
};

/* ------------------------------------------------------------------------------ rows */

void *devices_row(struct devices *self, uint32_t slot)
{
	return self->rows ? self->rows + slot * self->table->row_size : NULL;
}

void *devices_next(struct devices *self, uint32_t *slot)
{
	while (*slot < self->capacity) {
		uint32_t at = (*slot)++;
		if (self->places[at].finding)
			return devices_row(self, at);
	}
	return NULL;
}

static void make_room(struct devices *self, uint32_t slot)
{
	size_t row_size = self->table->row_size;
	uint32_t before = self->capacity;

	if (slot < before)
		return;
	self->capacity = slot + 1 > before * 2 ? slot + 1 : before * 2;
	self->places = xreallocarray(self->places, self->capacity, sizeof *self->places);
	memset(self->places + before, 0, (self->capacity - before) * sizeof *self->places);
	if (row_size)
		self->rows = xreallocarray(self->rows, self->capacity, row_size);
}

static void let_go(struct devices *self, uint32_t slot)
{
	if (self->table->forget)
		self->table->forget(self, devices_row(self, slot));
	self->places[slot].finding = 0;
}

static bool is_at(const struct devices *self, uint32_t slot, uint64_t identity)
{
	return slot < self->capacity && self->places[slot].finding &&
	       self->places[slot].identity == identity;
}

/* Rows that have gone stay in the index until it is made anew. */
static void index_put(struct devices *self, uint32_t slot)
{
	uint32_t at = (uint32_t)self->places[slot].identity & (self->index_size - 1);

	while (self->index[at])
		at = (at + 1) & (self->index_size - 1);
	self->index[at] = slot + 1;
	self->index_used++;
}

static void index_make(struct devices *self)
{
	self->index_size = 16;
	while (self->index_size < 4 * self->capacity)
		self->index_size *= 2;
	free(self->index);
	self->index = xcalloc(self->index_size, sizeof *self->index);
	self->index_used = 0;
	for (uint32_t slot = 0; slot < self->capacity; slot++)
		if (self->places[slot].finding)
			index_put(self, slot);
}

static uint32_t place_of(const struct devices *self, uint64_t identity)
{
	uint32_t at = (uint32_t)identity & (self->index_size - 1);

	if (is_at(self, self->next, identity))
		return self->next;
	for (; self->index_size && self->index[at]; at = (at + 1) & (self->index_size - 1))
		if (is_at(self, self->index[at] - 1, identity))
			return self->index[at] - 1;
	return UINT32_MAX;
}

void *devices_found_number(struct devices *self, uint64_t identity, uint64_t pid, bool *ret_new)
{
	uint32_t slot = place_of(self, identity);

	*ret_new = slot == UINT32_MAX;
	if (*ret_new) {
		slot = self->roster->ops->born(self->roster, identity, pid);
		if (slot == UINT32_MAX)
			return NULL;
		make_room(self, slot);
		void *row = devices_row(self, slot);
		if (row)
			memset(row, 0, self->table->row_size);
		self->places[slot] = (struct device_place){identity, self->finding};
		if (2 * (self->index_used + 1) > self->index_size)
			index_make(self);
		else
			index_put(self, slot);
	}
	self->places[slot].finding = self->finding;
	self->next = slot + 1;
	return devices_row(self, slot);
}

void *devices_found(struct devices *self, const char *key, bool *ret_new)
{
	return devices_found_number(self, hash_bytes(key, strlen(key)), 0, ret_new);
}

/* ---------------------------------------------------------------------- the provider */

static const struct device_source *source_of(const struct devices *self, uint32_t source)
{
	return self->table->sources[source];
}

static const char *unsupported(void *context, uint32_t source, enum cell_state *ret_state)
{
	const struct devices_provider *self = context;
	const struct device_source *own = self->table->sources[source];

	*ret_state = STATE_UNSUPPORTED;
	return own->unsupported ? own->unsupported(self->host, ret_state) : NULL;
}

static int open_table(void *context, const struct target *target, void **ret_self)
{
	const struct devices_provider *provider = context;
	const struct device_table *table = provider->table;
	struct devices *self = xcalloc(1, table->size);
	int error;

	self->table = table;
	self->host = provider->host;
	error = table->open ? table->open(self, target) : 0;
	if (error) {
		free(self);
		return error;
	}
	*ret_self = self;
	return 0;
}

static void close_table(void *context)
{
	struct devices *self = context;

	for (uint32_t slot = 0; slot < self->capacity; slot++)
		if (self->places[slot].finding)
			let_go(self, slot);
	if (self->table->close)
		self->table->close(self);
	free(self->places);
	free(self->index);
	free(self->rows);
	free(self);
}

static bool has_target(void *context)
{
	struct devices *self = context;

	return self->table->has_target(self);
}

static uint64_t descriptors(void *context)
{
	struct devices *self = context;

	return self->table->descriptors(self);
}

static void want(void *context, uint32_t sources)
{
	struct devices *self = context;

	self->wanted = sources;
}

static int list(void *context, struct roster *roster, const struct row_scope *scope)
{
	struct devices *self = context;
	uint64_t period_ns = self->table->find_period_ns;
	int error;

	(void)scope;
	self->now_ns = clock_now_ns();
	self->round++;
	if (self->found_ns && period_ns && self->now_ns - self->found_ns < period_ns)
		return 0;
	self->found_ns = self->now_ns;
	self->finding++;
	self->roster = roster;
	self->next = 0;
	error = self->table->find(self);
	if (error)
		self->found_ns = 0; /* tried again at the next sampling */
	for (uint32_t slot = 0; slot < self->capacity; slot++) {
		struct device_place *place = &self->places[slot];
		if (error && place->finding)
			place->finding = self->finding; /* for all that we know */
		if (!place->finding || place->finding == self->finding)
			continue;
		let_go(self, slot);
		roster->ops->died(roster, slot);
	}
	self->roster = NULL;
	return error;
}

static void gate(void *context, const uint32_t *slots, uint32_t count, uint64_t *ret_activity)
{
	struct devices *self = context;

	for (uint32_t i = 0; i < count; i++)
		ret_activity[i] =
			self->table->listing->activity(self, devices_row(self, slots[i]));
}

static int read_source(void *context, uint32_t slot, uint32_t source, void *sample)
{
	struct devices *self = context;
	int result = source_of(self, source)->read(self, devices_row(self, slot), sample);

	if (result == SAMPLE_GONE)
		let_go(self, slot);
	return result;
}

/* ----------------------------------------------------------------------------- jobs */

static int prepare(void *context, struct job *job)
{
	struct devices *self = context;
	struct device_job *own = (struct device_job *)(void *)job->context;

	if (job->source == SOURCE_LISTING) {
		*own = (struct device_job){.listing = self->table->listing};
		self->sought = job->sources;
		return own->listing->prepare(self, &own->data);
	}
	*own = (struct device_job){.source = source_of(self, job->source)};
	return own->source->prepare(self, devices_row(self, job->slot), &own->data);
}

static int run(struct job *job)
{
	const struct device_job *own = (const struct device_job *)(const void *)job->context;

	return own->listing ? own->listing->run(own->data) : own->source->run(own->data, job);
}

static void release(struct job *job)
{
	const struct device_job *own = (const struct device_job *)(const void *)job->context;

	if (own->listing)
		own->listing->release(own->data);
	else if (own->source->release)
		own->source->release(own->data);
	else
		free(own->data);
}

static int finish(void *context, struct job *job, int result)
{
	struct devices *self = context;
	const struct device_job *own = (const struct device_job *)(const void *)job->context;

	if (own->listing) {
		if (result == STATE_OK || result == STATE_NONE)
			own->listing->take(self, own->data);
		return result;
	}
	if (!own->source->finish)
		return result;
	return own->source->finish(self, devices_row(self, job->slot), own->data, job, result);
}

void devices_provider_init(struct devices_provider *self, const struct device_table *table,
	const struct host *host)
{
	assert(table->source_count <= DEVICE_SOURCES_MAX);
	self->table = table;
	self->host = host;
	for (uint32_t i = 0; i < table->source_count; i++)
		self->sources[i] = table->sources[i]->source;
	self->provider = (struct provider){
		.table = table->id,
		.targeted = table->targeted,
		.sources = self->sources,
		.source_count = table->source_count,
		.context = self,
		.unsupported = unsupported,
		.open = open_table,
		.close = close_table,
		.has_target = table->has_target ? has_target : NULL,
		.want = want,
		.list = list,
		.gate = table->listing && table->listing->activity ? gate : NULL,
		.read = read_source,
		.job_prepare = prepare,
		.job_run = run,
		.job_release = release,
		.job_finish = finish,
		.descriptors = table->descriptors ? descriptors : NULL,
	};
}

/* --------------------------------------------------------------------------- samples */

struct sample_text device_text(const char *text)
{
	if (!text || !*text)
		return (struct sample_text){.state = STATE_NONE};
	return (struct sample_text){text, (uint32_t)strlen(text), STATE_OK};
}

void device_fill(uint64_t *first, const uint64_t *last, enum cell_state state)
{
	while (first <= last)
		*first++ = ABSENT_U64(state);
}

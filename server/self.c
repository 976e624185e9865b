#include "self.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "sampler_state.h"

enum { NAME_MAX_BYTES = 64, ATTRIBUTES_MAX_BYTES = 1024 };

/* What the rows of SERVER and SESSION are filled from: see CORE() in attributes.def. */
struct core_server {
	struct sample_text name, exits, features;
	uint64_t reads, skips, failures, read_time_ns, ticks, cpu_ns, tick_cpu_ns, rows, frames;
	uint64_t encodes, held_back, sessions, subscriptions, memory, descriptors,
		workers_stuck, stretched, slow_stretched, exits_dropped;
	double budget;
};

struct core_session {
	struct sample_text client, table, attributes;
	uint64_t session, client_pid, client_uid, request, interval_ns;
	uint64_t frames, bytes, held_back, encode_time_ns;
};

enum { CORE_server, CORE_session, CORE_SOURCES };

static const struct source core_sources[CORE_SOURCES] = {
	[CORE_server] = {.name = "server", .sample_size = sizeof(struct core_server)},
	[CORE_session] = {.name = "session", .sample_size = sizeof(struct core_session)},
};

static const struct binding core_bindings[ATTRIBUTE_COUNT] = {
#define CORE(source_, field_)                                                                  \
	{                                                                                      \
		.bound = true, .source = CORE_##source_,                                       \
		.offset = offsetof(struct core_##source_, field_),                             \
	}
#define LINUX(...)                                                                             \
	{                                                                                      \
		.bound = false                                                                 \
	}
#define DRIFTS(...)                                                                            \
	{                                                                                      \
		.bound = false                                                                 \
	}
#define SUM(...)                                                                               \
	{                                                                                      \
		.bound = false                                                                 \
	}
#define NOT(...)                                                                               \
	{                                                                                      \
		.bound = false                                                                 \
	}
#define NOT_YET                                                                                \
	{                                                                                      \
		.bound = false                                                                 \
	}
#define ATTRIBUTE(table, id, symbol, name, type, unit, kind, cost, linux, darwin, sentence)    \
	[ATTRIBUTE_##table##_##symbol] = linux,
#define DERIVED(table, id, symbol, ...) [ATTRIBUTE_##table##_##symbol] = {.bound = false},
#include "attributes.def"
#undef CORE
#undef LINUX
#undef DRIFTS
#undef NOT
#undef SUM
#undef NOT_YET
#undef ATTRIBUTE
#undef DERIVED
};

static const struct scale core_scales[] = {{1, 1}};

/*
 * Both tables list things that come and go, and a client may make ten thousand of them: each tick
 * the provider writes down who is there now, in the order of their identities, and goes
 * through that and through the rows of the tick before side by side.
 */
struct self_row {
	uint64_t identity;
	uint32_t slot;
	/* What it is about, from the list on until the sampling ends. */
	const void *what; /* an instance, a subscription, a subscriber; NULL: the total */
	uint32_t source;  /* of an instance */
};

struct self_table {
	struct sampler *sampler;
	struct self_row *rows, *before; /* in the order of identities */
	uint32_t count, before_count, capacity, before_capacity;
	uint32_t *row_of; /* index of a slot's row */
	uint32_t slots;
	char name[NAME_MAX_BYTES]; /* texts of the latest sample */
	char attributes[ATTRIBUTES_MAX_BYTES];
};

static int self_open(void *context, const struct target *target, void **ret_self)
{
	struct self_table *self = xcalloc(1, sizeof *self);

	(void)target;
	self->sampler = context;
	*ret_self = self;
	return 0;
}

static void self_close(void *handle)
{
	struct self_table *self = handle;

	free(self->rows);
	free(self->before);
	free(self->row_of);
	free(self);
}

static void begin_list(struct self_table *self)
{
	struct self_table last = *self;

	self->rows = last.before;
	self->capacity = last.before_capacity;
	self->count = 0;
	self->before = last.rows;
	self->before_capacity = last.capacity;
	self->before_count = last.count;
}

static void note_row(
	struct self_table *self, uint64_t identity, const void *what, uint32_t source)
{
	if (self->count == self->capacity) {
		self->capacity = self->capacity * 2 + 16;
		self->rows = xreallocarray(self->rows, self->capacity, sizeof *self->rows);
	}
	self->rows[self->count++] = (struct self_row){identity, UINT32_MAX, what, source};
}

static int by_identity(const void *a, const void *b)
{
	uint64_t one = ((const struct self_row *)a)->identity;
	uint64_t other = ((const struct self_row *)b)->identity;

	return (one > other) - (one < other);
}

static void note_slot(struct self_table *self, uint32_t slot, uint32_t index)
{
	if (slot >= self->slots) {
		self->slots = slot * 2 + 16;
		self->row_of = xreallocarray(self->row_of, self->slots, sizeof *self->row_of);
	}
	self->row_of[slot] = index;
}

/* Those that find no room in the table are left out. */
static void end_list(struct self_table *self, struct roster *roster)
{
	uint32_t old = 0, kept = 0;

	if (self->count)
		qsort(self->rows, self->count, sizeof *self->rows, by_identity);
	for (uint32_t i = 0; i < self->count; i++) {
		struct self_row row = self->rows[i];

		while (old < self->before_count && self->before[old].identity < row.identity)
			roster->ops->died(roster, self->before[old++].slot);
		row.slot =
			old < self->before_count && self->before[old].identity == row.identity
				? self->before[old++].slot
				: roster->ops->born(roster, row.identity, 0);
		if (row.slot == UINT32_MAX)
			continue;
		note_slot(self, row.slot, kept);
		self->rows[kept++] = row;
	}
	while (old < self->before_count)
		roster->ops->died(roster, self->before[old++].slot);
	self->count = kept;
}

static const struct self_row *row_at(const struct self_table *self, uint32_t slot)
{
	return &self->rows[self->row_of[slot]];
}

static struct sample_text text_of(const char *text)
{
	return (struct sample_text){text, (uint32_t)strlen(text), STATE_OK};
}

static struct sample_text no_text(void)
{
	return (struct sample_text){NULL, 0, STATE_NONE};
}

/* -------------------------------------------------------------------------- SERVER */

enum { TOTAL_ROW = 1 }; /* identity; a source's is made of its instance and index */

static uint64_t source_identity(const struct instance *instance, uint32_t index)
{
	return instance->id << 8 | (index + 2);
}

static int server_list(void *handle, struct roster *roster, const struct row_scope *scope)
{
	struct self_table *self = handle;

	(void)scope;
	begin_list(self);
	note_row(self, TOTAL_ROW, NULL, 0);
	for (const struct instance *i = self->sampler->instances; i; i = i->next)
		for (uint32_t s = 0; s < i->provider->source_count; s++)
			if (i->sources[s].reads)
				note_row(self, source_identity(i, s), i, s);
	end_list(self, roster);
	return 0;
}

static void fill_source(struct self_table *self, const struct instance *instance,
	uint32_t index, struct core_server *sample)
{
	const struct instance_source *source = &instance->sources[index];
	struct work work = {0};

	/* All that is said of the server as a whole is of no concern to a source. */
	for (uint64_t *field = &sample->reads; field <= &sample->exits_dropped; field++)
		*field = ABSENT_U64(STATE_NONE);
	snprintf(self->name, sizeof self->name, "%s.%s", table_name(instance->table_id),
		instance->provider->sources[index].name);
	sample->name = text_of(self->name);
	sample->exits = sample->features = no_text();
	sample->budget = NAN;
	sampler_add_work(&work, source);
	sample->reads = work.reads;
	sample->skips = work.skips;
	sample->failures = work.failures;
	/* The slow lane is not timed by the loop. */
	if (instance->provider->sources[index].lane == LANE_FAST)
		sample->read_time_ns = work.read_time_ns;
}

static void fill_total(const struct sampler *sampler, struct core_server *sample)
{
	struct work work = sampler->closed;

	*sample = (struct core_server){.name = text_of("total"), .exits = no_text()};
	sample->features = text_of(platform_describe(sampler->platforms[PLATFORM_GIVEN]));
	sample->exits_dropped = sampler->exits_dropped;
	for (const struct instance *i = sampler->instances; i; i = i->next) {
		sample->rows += i->table.row_count;
		sample->exits_dropped += i->exits.dropped;
		if (i->exit_views && i->provider->describe_exits)
			sample->exits = text_of(i->provider->describe_exits(i->handle));
		if (i->provider->descriptors)
			sample->descriptors += i->provider->descriptors(i->handle);
		for (uint32_t s = 0; s < i->provider->source_count; s++)
			sampler_add_work(&work, &i->sources[s]);
	}
	sample->reads = work.reads;
	sample->skips = work.skips;
	sample->failures = work.failures;
	sample->read_time_ns = work.read_time_ns;
	sample->cpu_ns = sample->memory = ABSENT_U64(STATE_UNSUPPORTED);
	if (sampler->config.usage)
		sampler->config.usage(
			sampler->config.clock_context, &sample->cpu_ns, &sample->memory);
	sample->ticks = sampler->counters.ticks;
	sample->tick_cpu_ns = sampler->counters.tick_cpu_ns;
	sample->frames = sampler->counters.frames;
	sample->encodes = sampler->counters.encodes;
	sample->held_back = sampler->counters.held_back;
	sample->stretched = sampler->counters.stretched;
	sample->slow_stretched = sampler->counters.slow_stretched;
	sample->budget = sampler->budget.percent ? sampler->budget.percent / 100.0 : NAN;
	sample->sessions = sampler->session_count;
	sample->subscriptions = sampler->subscription_count;
	sample->workers_stuck = lane_late_workers(sampler->lane, sampler->now_ns);
}

static int server_read(void *handle, uint32_t slot, uint32_t source, void *sample)
{
	struct self_table *self = handle;
	const struct self_row *row = row_at(self, slot);

	(void)source;
	if (row->what)
		fill_source(self, row->what, row->source, sample);
	else
		fill_total(self->sampler, sample);
	return STATE_OK;
}

/* ------------------------------------------------------------------------- SESSION */

/* A request's row is known by its serial number; that of a session without request by the
 * session's, and this bit. */
#define IDLE_SESSION (UINT64_C(1) << 63)

static int session_list(void *handle, struct roster *roster, const struct row_scope *scope)
{
	struct self_table *self = handle;
	const struct sampler *sampler = self->sampler;

	(void)scope;
	begin_list(self);
	for (uint32_t i = 0; i < sampler->subscription_count; i++)
		note_row(self, sampler->subscriptions[i]->serial, sampler->subscriptions[i], 0);
	for (uint32_t i = 0; i < sampler->session_count; i++)
		if (!sampler->sessions[i]->subscriptions)
			note_row(self, sampler->sessions[i]->session | IDLE_SESSION,
				sampler->sessions[i], 0);
	end_list(self, roster);
	return 0;
}

/* The names in the order of the registry, as many as fit. */
static void write_attributes(struct self_table *self, const struct view *view)
{
	size_t used = 0;

	self->attributes[0] = '\0';
	for (uint32_t i = 0; i < view->attribute_count; i++) {
		const char *name = attributes[view->attributes[i]].name;
		size_t room = sizeof self->attributes - used;
		int length =
			snprintf(self->attributes + used, room, "%s%s", i ? "," : "", name);
		if (length < 0 || (size_t)length >= room) {
			self->attributes[used] = '\0';
			return;
		}
		used += (size_t)length;
	}
}

static void fill_subscription(
	struct self_table *self, const struct subscription *from, struct core_session *sample)
{
	write_attributes(self, from->view);
	sample->request = from->request;
	sample->table = text_of(table_name(from->view->instance->table_id));
	sample->attributes = text_of(self->attributes);
	sample->interval_ns = from->interval_ns;
	sample->frames = from->frames;
	sample->bytes = from->bytes;
	sample->held_back = from->held_back;
	sample->encode_time_ns = from->encode_time_ns;
}

static void fill_session(const struct subscriber *from, struct core_session *sample)
{
	sample->session = from->session;
	sample->client = text_of(from->client);
	sample->client_pid = from->pid;
	sample->client_uid = from->uid;
}

static int session_read(void *handle, uint32_t slot, uint32_t source, void *to)
{
	struct self_table *self = handle;
	const struct self_row *row = row_at(self, slot);
	struct core_session *sample = to;

	(void)source;
	*sample = (struct core_session){.table = no_text(), .attributes = no_text()};
	for (uint64_t *field = &sample->request; field <= &sample->encode_time_ns; field++)
		*field = ABSENT_U64(STATE_NONE);
	if (row->identity & IDLE_SESSION) {
		fill_session(row->what, sample);
	} else {
		const struct subscription *subscription = row->what;
		fill_session(subscription->subscriber, sample);
		fill_subscription(self, subscription, sample);
	}
	return STATE_OK;
}

/* ------------------------------------------------------------------------ platform */

static const struct provider server_provider = {
	.table = TABLE_SERVER,
	.sources = core_sources,
	.source_count = CORE_SOURCES,
	.open = self_open,
	.close = self_close,
	.list = server_list,
	.read = server_read,
};

static const struct provider session_provider = {
	.table = TABLE_SESSION,
	.sources = core_sources,
	.source_count = CORE_SOURCES,
	.open = self_open,
	.close = self_close,
	.list = session_list,
	.read = session_read,
};

void self_platform_init(struct self_platform *self, struct sampler *sampler)
{
	self->server = server_provider;
	self->session = session_provider;
	self->server.context = self->session.context = sampler;
	self->providers[0] = &self->server;
	self->providers[1] = &self->session;
	self->platform = (struct platform){
		.name = "self",
		.providers = self->providers,
		.provider_count = sizeof self->providers / sizeof *self->providers,
		.bindings = core_bindings,
		.scales = core_scales,
		.context = sampler,
	};
}

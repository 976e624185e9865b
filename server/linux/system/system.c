#include "system.h"

#include <stdlib.h>

#include "alloc.h"

const struct system_source *const system_sources[SYSTEM_SOURCE_COUNT] = {
	[SOURCE_ended] = &ended_source,
};

enum { MACHINE = 1 }; /* the row's identity */

static const char *unsupported(void *context, uint32_t source, enum cell_state *ret_state)
{
	return system_sources[source]->unsupported(context, ret_state);
}

static int system_open(void *context, const struct target *target, void **ret_self)
{
	struct system *self = xcalloc(1, sizeof *self);

	(void)target; /* this table has none */
	self->host = context;
	*ret_self = self;
	return 0;
}

static int system_list(void *context, struct roster *roster, const struct row_scope *scope)
{
	struct system *self = context;

	(void)scope;
	if (!self->listed)
		self->slot = roster->ops->born(roster, MACHINE, 0);
	self->listed = true;
	return 0;
}

static int system_read(void *context, uint32_t slot, uint32_t source, void *sample)
{
	(void)slot;
	return system_sources[source]->read(context, sample);
}

const struct provider system_provider = {
	.table = TABLE_SYSTEM,
	.source_count = SYSTEM_SOURCE_COUNT,
	.unsupported = unsupported,
	.open = system_open,
	.close = free,
	.list = system_list,
	.read = system_read,
};

#include "system.h"

static const struct device_source *const sources[SYSTEM_SOURCE_COUNT] = {
	[SOURCE_ended] = &ended_source,
};

static int find(struct devices *self)
{
	bool is_new;

	devices_found(self, "machine", &is_new);
	return 0;
}

const struct device_table system_table = {
	.id = TABLE_SYSTEM,
	.sources = sources,
	.source_count = SYSTEM_SOURCE_COUNT,
	.size = sizeof(struct devices),
	.find = find,
};

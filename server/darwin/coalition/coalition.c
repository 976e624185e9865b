/* The table, and source coalition_members: proc_listcoalitions(). */
#include "coalition.h"

#include <errno.h>
#include <stdlib.h>

#include "alloc.h"

enum { ROOM_FIRST = 1024, ROOM_MOST = 65536 };

/* The kernel cuts the list at the end of the room. Entries, or a negative errno. */
static int list_all(struct coalitions *self)
{
	for (;;) {
		int size = self->room * (int)sizeof *self->list, used;
		if (size) {
			errno = 0;
			used = proc_listcoalitions(LISTCOALITIONS_SINGLE_TYPE,
				COALITION_TYPE_RESOURCE, self->list, size);
			if (used <= 0)
				return errno ? -errno : -EIO;
			if (used < size || self->room >= ROOM_MOST)
				return used / (int)sizeof *self->list;
		}
		self->room = self->room ? self->room * 2 : ROOM_FIRST;
		self->list = xreallocarray(self->list, (size_t)self->room, sizeof *self->list);
	}
}

static int find(struct devices *devices)
{
	struct coalitions *self = (struct coalitions *)devices;
	int count = list_all(self);

	for (int i = 0; i < count; i++) {
		const struct procinfo_coalinfo *found = &self->list[i];
		struct coalition *row;
		bool is_new;
		if (found->coalition_type != COALITION_TYPE_RESOURCE)
			continue;
		row = devices_found_number(devices, found->coalition_id, 0, &is_new);
		if (!row)
			continue;
		row->id = found->coalition_id;
		row->processes = found->coalition_tasks;
	}
	return count < 0 ? count : 0;
}

static void close_table(struct devices *devices)
{
	struct coalitions *self = (struct coalitions *)devices;

	free(self->list);
	free(self->oldest);
}

static int members_read(struct devices *devices, void *memory, void *out)
{
	const struct coalition *row = memory;

	(void)devices;
	*(struct darwin_coalition_members *)out = (struct darwin_coalition_members){
		.id = row->id, .processes = row->processes, .populated = row->processes != 0};
	return STATE_OK;
}

const struct device_source coalition_members_source = {
	.source = {.name = "coalition_members",
		.sample_size = sizeof(struct darwin_coalition_members),
		.lane = LANE_FAST},
	.read = members_read,
};

static const struct device_source *const sources[COALITION_SOURCE_COUNT] = {
	[SOURCE_coalition_members] = &coalition_members_source,
	[SOURCE_coalition_identity] = &coalition_identity_source,
	[SOURCE_coalition_usage] = &coalition_usage_source,
};

const struct device_table coalition_table = {
	.id = TABLE_COALITION,
	.sources = sources,
	.source_count = COALITION_SOURCE_COUNT,
	.size = sizeof(struct coalitions),
	.row_size = sizeof(struct coalition),
	.close = close_table,
	.find = find,
};

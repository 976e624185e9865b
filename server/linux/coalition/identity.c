/*
 * Source identity: what was found out when the row was. Its id is the row's identity, and what
 * PROCESS's attribute coalition says of the processes in it.
 */
#include <string.h>

#include "coalition.h"

static uint64_t known(uint64_t number, uint64_t nothing)
{
	return number == nothing ? ABSENT_U64(STATE_NONE) : number;
}

static int identity_read(struct devices *devices, void *memory, void *result)
{
	const struct coalition *row = memory;
	struct linux_coalition_identity *sample = result;

	(void)devices;
	sample->id = row->id;
	sample->parent = known(row->parent, 0);
	sample->user = known(row->label.user, UINT64_MAX);
	sample->name = device_text(row->label.name);
	sample->kind = device_text(label_kind_name(row->label.kind));
	sample->path = device_text(row->path);
	sample->app = device_text(row->label.app);
	sample->container = device_text(row->label.container);
	sample->runtime = device_text(row->label.runtime);
	sample->pod = device_text(row->label.pod);
	return STATE_OK;
}

const struct device_source coalition_identity_source = {
	.source = {.name = "coalition_identity",
		.sample_size = sizeof(struct linux_coalition_identity),
		.lane = LANE_FAST},
	.unsupported = coalition_unsupported,
	.read = identity_read,
};

/*
 * Ioreport account: what the samples have told so far. Only who samples may look at it.
 */
#ifndef DARWIN_IOREPORT_ACCOUNT_H
#define DARWIN_IOREPORT_ACCOUNT_H

#include "cores.h"
#include "ioreport.h"
#include "ioreport_library.h"
#include "rails.h"
#include "residency.h"

enum channel_use { CHANNEL_UNUSED, CHANNEL_RAIL, CHANNEL_CORE, CHANNEL_GPU };

/* A channel of the subscription, in the order of the samples. */
struct report_channel {
	enum channel_use use;
	uint32_t group;
	char name[RAIL_NAME], unit[UNIT_NAME];
	struct rail_channel rail;
	uint32_t core; /* index of account.cores */
	uint32_t state_count;
	uint8_t roles[STATES_MAX];
};

/* What has states. */
struct report_unit {
	char name[RAIL_NAME];
	struct core_name place; /* of a core */
	struct residency residency;
	struct dvfs dvfs;
	uint32_t steps; /* active states */
};

struct report_account {
	struct report_channel *channels;
	uint32_t channel_count;
	struct rails rails;
	struct report_unit *cores; /* by speed, then by place */
	uint32_t core_count;
	struct report_unit gpu;
	bool has_gpu;
};

void report_account_finish(struct report_account *self);
/* Takes what came since the sample before, for both times in ns. */
void report_account_add(struct report_account *self, const struct report_library *library,
	CFDictionaryRef growth, uint64_t now_ns);
/* The core at a place, or NULL: there is none, or the tier has another size. */
const struct report_unit *report_account_core(
	const struct report_account *self, const struct report_core *core);

/* What the channels of a copy or of a sample would be; for the names of rails. */
void report_account_plan_rails(
	struct rails *ret_rails, const struct report_library *library, CFArrayRef channels);

/* The frequencies of all cores and of the GPU, from the registry. */
void report_account_find_steps(struct report_account *self);

#endif

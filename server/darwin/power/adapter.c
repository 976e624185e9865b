/*
 * Source adapter_state: whether power comes in, and what the adapter said it can give. What it gives is
 * measured by the SMC. Where there is no battery power comes in for sure, and there is no adapter.
 */
#include <string.h>

#include "battery.h"
#include "board.h"
#include "power.h"

enum { NAME_SIZE = 64, WATTS_MAX = 10000 };

int power_draw_adapter(struct power_job *job, struct darwin_power_draw *sample)
{
	return board_power(job->board, BOARD_DC_INPUT, &sample->now);
}

static uint64_t rating_of(CFDictionaryRef details)
{
	uint64_t watts;

	if (!property_u64(property_get(details, "Watts"), &watts) || watts == 0 ||
		watts > WATTS_MAX)
		return ABSENT_U64(STATE_NONE);
	return watts * 1000000;
}

/* Apple's have a name; of others there is what kind they are ("pd charger"). */
static struct sample_text name_of(CFDictionaryRef details, char *text)
{
	if (!property_text(property_get(details, "Name"), text, NAME_SIZE) || !*text)
		property_text(property_get(details, "Description"), text, NAME_SIZE);
	return device_text(text);
}

static void fill_state(
	CFDictionaryRef properties, struct darwin_adapter_state *sample, char *text)
{
	CFDictionaryRef details =
		property_dictionary(property_get(properties, "AdapterDetails"));
	bool online = false;

	if (property_bool(property_get(properties, "ExternalConnected"), &online))
		sample->online = online;
	else
		sample->online = ABSENT_U64(STATE_NONE);
	sample->rating = online ? rating_of(details) : ABSENT_U64(STATE_NONE);
	sample->model = online ? name_of(details, text) : device_text(NULL);
}

static const char *without_adapter(const struct host *host, enum cell_state *ret_state)
{
	(void)host;
	(void)ret_state;
	return battery_find() ? NULL : "this machine has no battery, and is always plugged in";
}

static int state_prepare(struct devices *self, void *row, void **ret_data)
{
	return power_job_prepare(self, row, POWER_IS(ADAPTER), ret_data);
}

static int state_run(void *data, struct job *job)
{
	CFDictionaryRef properties = battery_properties(((struct power_job *)data)->number);

	if (!properties)
		return STATE_NONE;
	fill_state(properties, job->sample, job->text);
	property_release(properties);
	return STATE_OK;
}

const struct device_source adapter_state_source = {
	.source = {.name = "adapter",
		.sample_size = sizeof(struct darwin_adapter_state),
		.text_size = NAME_SIZE,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(2000000000)},
	.unsupported = without_adapter,
	.prepare = state_prepare,
	.run = state_run,
	.release = power_job_release,
};

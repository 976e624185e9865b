/* Source adapter: whether power comes in. */
#include "../sysfs.h"
#include "power.h"

static const char *adapter_unsupported(const struct host *host, enum cell_state *ret_state)
{
	(void)ret_state;
	return power_host_has(host, POWER_IS(ADAPTER))
		       ? NULL
		       : "no adapter found on this host (none in class/power_supply)";
}

static int adapter_prepare(struct devices *self, void *row, void **ret_data)
{
	(void)self;
	return power_job_prepare(row, POWER_IS(ADAPTER), ret_data);
}

/* 2 is "programmable", of USB: it is online, and the voltage was agreed upon. */
static int adapter_run(void *data, struct job *job)
{
	struct linux_adapter_state *sample = job->sample;
	const struct power_job *own = data;
	int64_t online = 0;
	int error = sysfs_number(own->directory, "online", &online);

	if (error)
		return sysfs_state(error);
	if (online < 0 || online > 2)
		return STATE_FAILED;
	sample->online = online != 0;
	return STATE_OK;
}

const struct device_source adapter_state_source = {
	.source = {.name = "adapter",
		.sample_size = sizeof(struct linux_adapter_state),
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(2000000000)},
	.unsupported = adapter_unsupported,
	.prepare = adapter_prepare,
	.run = adapter_run,
	.release = power_job_release,
};

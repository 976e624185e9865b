/*
 * Source limits: how much power a zone or sensor is held to. RAPL has several such constraints of
 * a zone, each with a name, and a switch for all of them.
 */
#include <stdio.h>
#include <string.h>

#include "../sysfs.h"
#include "power.h"

enum { KINDS = POWER_IS(RAPL) | POWER_IS(HWMON_POWER), CONSTRAINTS = 4 };

static uint64_t number_of(int directory, const char *path)
{
	int64_t number = 0;
	int error = sysfs_number(directory, path, &number);

	if (error)
		return ABSENT_U64(sysfs_state(error));
	return number == 0 ? ABSENT_U64(STATE_NONE) : power_of_sensor(number);
}

static void read_constraint(int directory, int index, struct linux_power_limits *sample)
{
	char path[48], name[32];

	snprintf(path, sizeof path, "constraint_%d_name", index);
	if (sysfs_text(directory, path, name, sizeof name) < 0)
		return;
	snprintf(path, sizeof path, "constraint_%d_power_limit_uw", index);
	if (strcmp(name, "long_term") == 0)
		sample->limit_uw = number_of(directory, path);
	else if (strcmp(name, "short_term") == 0)
		sample->short_uw = number_of(directory, path);
}

static void read_zone(int directory, struct linux_power_limits *sample)
{
	int64_t enabled;

	if (sysfs_number(directory, "enabled", &enabled) == 0 && enabled == 0)
		return;
	for (int i = 0; i < CONSTRAINTS; i++)
		read_constraint(directory, i, sample);
}

static const char *limits_unsupported(const struct host *host, enum cell_state *ret_state)
{
	(void)ret_state;
	return power_host_has(host, KINDS)
		       ? NULL
		       : "nothing with a limit of power found on this host (no RAPL zone in "
			 "class/powercap, no power sensor in class/hwmon)";
}

static int limits_prepare(struct devices *self, void *row, void **ret_data)
{
	(void)self;
	return power_job_prepare(row, KINDS, ret_data);
}

static int limits_run(void *data, struct job *job)
{
	struct linux_power_limits *sample = job->sample;
	const struct power_job *own = data;

	if (power_job_asleep(own))
		return STATE_ASLEEP;
	sample->limit_uw = sample->short_uw = ABSENT_U64(STATE_NONE);
	if (own->kind == POWER_RAPL)
		read_zone(own->directory, sample);
	else
		sample->limit_uw =
			number_of(own->directory, power_channel_file(own, "_cap").name);
	return STATE_OK;
}

const struct device_source power_limits_source = {
	.source = {.name = "limits",
		.sample_size = sizeof(struct linux_power_limits),
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(5000000000)},
	.unsupported = limits_unsupported,
	.prepare = limits_prepare,
	.run = limits_run,
	.release = power_job_release,
};

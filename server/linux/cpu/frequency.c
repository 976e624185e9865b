/*
 * Sources frequency and policy: how fast a core runs, and within which limits it may
 * (Documentation/admin-guide/pm/cpufreq.rst). Some drivers ask the core itself, which interrupts
 * it, or wait for a policy that is being changed: that is for workers.
 *
 * Each core is a job. Two or four of them are read at a time, and all of them no more often than
 * their period, so that 128 cores are 64 short interrupts a second.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "cpu.h"

enum { TEXT_SIZE = 64, TEXTS = 3 };

/* No core runs at 1 THz; 0 is said by drivers that do not know. */
#define FREQUENCY_MAX_KHZ UINT64_C(1000000000)

static uint64_t frequency(int directory, const char *name)
{
	uint64_t khz = sysfs_natural(directory, name);

	if (khz > ABSENT_U64(STATE_END))
		return khz;
	return khz == 0 || khz > FREQUENCY_MAX_KHZ ? ABSENT_U64(STATE_FAILED) : khz;
}

static int prepare(struct devices *devices, void *row, void **ret_data)
{
	const struct cpu *cpu = row;

	*ret_data = xasprintf(
		"%s/devices/system/cpu/cpu%u", devices->host->sysfs, (unsigned)cpu->number);
	return STATE_OK;
}

/* The core's directory, if its frequency can be told; or a negative errno. */
static int open_core(const char *path)
{
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (directory < 0)
		return -errno;
	if (faccessat(directory, "cpufreq", F_OK, 0) == 0)
		return directory;
	error = -errno;
	close(directory);
	return error;
}

static int frequency_run(void *data, struct job *job)
{
	struct linux_cpu_frequency *sample = job->sample;
	int directory = open_core(data);

	if (directory < 0)
		return (int)sysfs_state(directory);
	sample->now = frequency(directory, "cpufreq/scaling_cur_freq");
	/* Since Linux 6.15; -EAGAIN from a core that has slept for a while. */
	sample->average = frequency(directory, "cpufreq/cpuinfo_avg_freq");
	close(directory);
	return STATE_OK;
}

static struct sample_text text(int directory, const char *name, struct job *job, int index)
{
	char *bytes = job->text + (ptrdiff_t)index * TEXT_SIZE;
	ssize_t length = sysfs_text(directory, name, bytes, TEXT_SIZE);

	if (length < 0)
		return (struct sample_text){.state = (uint32_t)sysfs_state((int)length)};
	return device_text(bytes);
}

/* Intel's driver knows it; else the firmware may tell, in MHz, 0 for "not". */
static uint64_t base_frequency(int directory)
{
	uint64_t khz = frequency(directory, "cpufreq/base_frequency"), mhz;

	if (khz != ABSENT_U64(STATE_NONE))
		return khz;
	mhz = sysfs_natural(directory, "acpi_cppc/nominal_freq");
	return mhz > 0 && mhz < FREQUENCY_MAX_KHZ / 1000 ? mhz * 1000 : khz;
}

static int policy_run(void *data, struct job *job)
{
	struct linux_cpu_policy *sample = job->sample;
	int directory = open_core(data);

	if (directory < 0)
		return (int)sysfs_state(directory);
	sample->min = frequency(directory, "cpufreq/scaling_min_freq");
	sample->max = frequency(directory, "cpufreq/scaling_max_freq");
	sample->hardware_min = frequency(directory, "cpufreq/cpuinfo_min_freq");
	sample->hardware_max = frequency(directory, "cpufreq/cpuinfo_max_freq");
	sample->base = base_frequency(directory);
	sample->governor = text(directory, "cpufreq/scaling_governor", job, 0);
	sample->driver = text(directory, "cpufreq/scaling_driver", job, 1);
	sample->preference = text(directory, "cpufreq/energy_performance_preference", job, 2);
	close(directory);
	return STATE_OK;
}

static const char *no_driver(const struct host *host, enum cell_state *ret_state)
{
	const char *why = cpus_hidden(host, ret_state);

	if (why || cpus_have(host, "cpufreq"))
		return why;
	return "the kernel has no cpufreq driver for these cores, so that it neither sets nor "
	       "knows their frequency; most virtual machines have none";
}

const struct device_source cpu_frequency_source = {
	.source = {.name = "frequency",
		.sample_size = sizeof(struct linux_cpu_frequency),
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(2000000000),
		.remedy = REMEDY_CPU},
	.unsupported = no_driver,
	.prepare = prepare,
	.run = frequency_run,
};

const struct device_source cpu_policy_source = {
	.source = {.name = "policy",
		.sample_size = sizeof(struct linux_cpu_policy),
		.text_size = TEXTS * TEXT_SIZE,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(10000000000),
		.remedy = REMEDY_CPU},
	.unsupported = no_driver,
	.prepare = prepare,
	.run = policy_run,
};

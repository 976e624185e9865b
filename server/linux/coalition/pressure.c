/*
 * Sources pressure_cpu, pressure_memory and pressure_io: pressure stall information;
 * Documentation/accounting/psi.rst.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../read.h"
#include "coalition.h"

/* The samples are alike: nothing but this struct. */
static int read_pressure(struct devices *devices, struct coalition *row, const char *file,
	enum kept_file kept, struct coalition_pressure *result)
{
	struct coalitions *table = coalitions_of(devices);
	ssize_t length = coalition_read(table, row, file, kept);

	if (length < 0)
		return coalition_state_of(length);
	flat_pressure(table->buffer, (size_t)length, "some", &result->some, &result->some_10s);
	flat_pressure(table->buffer, (size_t)length, "full", &result->full, &result->full_10s);
	return STATE_OK;
}

/* By what the uppermost cgroup has, which may be none of the machine's. */
static const char *why_not(const struct host *host, const char *file)
{
	struct hierarchies hierarchies;
	enum cell_state state;
	const char *reason = coalition_unsupported(host, &state);
	char path[4096], line[256];

	if (reason)
		return reason;
	hierarchies_find(&hierarchies, host);
	if (!hierarchies_unified(&hierarchies)) {
		reason = "pressure is counted by cgroup version 2 only: mount -t cgroup2 none "
			 "/sys/fs/cgroup/unified";
	} else {
		snprintf(path, sizeof path, "%s/%s", hierarchies.meant.point, file);
		if (read_file_line(AT_FDCWD, path, line, sizeof line) <= 0)
			reason = "the kernel was built without pressure stall information "
				 "(CONFIG_PSI), or booted without: psi=1";
	}
	hierarchies_release(&hierarchies);
	return reason;
}

static int cpu_read(struct devices *devices, void *row, void *sample)
{
	return read_pressure(devices, row, "cpu.pressure", KEPT_PRESSURE_CPU, sample);
}

static const char *cpu_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return why_not(host, "cpu.pressure");
}

const struct device_source coalition_pressure_cpu_source = {
	.source = {.name = "coalition_pressure_cpu",
		.sample_size = sizeof(struct linux_coalition_pressure_cpu),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = cpu_unsupported,
	.read = cpu_read,
};

static int memory_read(struct devices *devices, void *row, void *sample)
{
	return read_pressure(devices, row, "memory.pressure", KEPT_PRESSURE_MEMORY, sample);
}

static const char *memory_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return why_not(host, "memory.pressure");
}

const struct device_source coalition_pressure_memory_source = {
	.source = {.name = "coalition_pressure_memory",
		.sample_size = sizeof(struct linux_coalition_pressure_memory),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = memory_unsupported,
	.read = memory_read,
};

static int io_read(struct devices *devices, void *row, void *sample)
{
	return read_pressure(devices, row, "io.pressure", KEPT_PRESSURE_IO, sample);
}

static const char *io_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return why_not(host, "io.pressure");
}

const struct device_source coalition_pressure_io_source = {
	.source = {.name = "coalition_pressure_io",
		.sample_size = sizeof(struct linux_coalition_pressure_io),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = io_unsupported,
	.read = io_read,
};

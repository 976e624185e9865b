/*
 * Sources pressure_cpu, pressure_memory and pressure_io: pressure stall information;
 * Documentation/accounting/psi.rst.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../read.h"
#include "coalition.h"

static int read_pressure(struct devices *devices, const struct coalition *row, const char *file,
	struct coalition_pressure *result)
{
	struct coalitions *table = coalitions_of(devices);
	ssize_t length = coalition_read(table, row, file);

	if (length < 0)
		return coalition_state_of(length);
	flat_pressure(table->buffer, (size_t)length, "some", &result->some, &result->some_10s);
	flat_pressure(table->buffer, (size_t)length, "full", &result->full, &result->full_10s);
	return STATE_OK;
}

/* By what the uppermost cgroup has, which may be none of the machine's. */
static const char *why_not(const struct linux_host *host, const char *file)
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

#define PRESSURE(resource)                                                                     \
	static int resource##_read(struct devices *devices, void *row, void *result)           \
	{                                                                                      \
		struct linux_coalition_pressure_##resource *sample = result;                   \
                                                                                               \
		return read_pressure(devices, row, #resource ".pressure", &sample->value);     \
	}                                                                                      \
	static const char *resource##_unsupported(                                             \
		const struct linux_host *host, enum cell_state *ret_state)                     \
	{                                                                                      \
		*ret_state = STATE_UNSUPPORTED;                                                \
		return why_not(host, #resource ".pressure");                                   \
	}                                                                                      \
	const struct device_source coalition_pressure_##resource##_source = {                  \
		.source = {.name = "coalition_pressure_" #resource,                            \
			.sample_size = sizeof(struct linux_coalition_pressure_##resource),     \
			.lane = LANE_FAST,                                                     \
			.remedy = REMEDY_CGROUP},                                              \
		.unsupported = resource##_unsupported,                                         \
		.read = resource##_read,                                                       \
	}

PRESSURE(cpu);
PRESSURE(memory);
PRESSURE(io);

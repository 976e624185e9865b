/*
 * Sources pressure_cpu and its like: the files of /proc/pressure, the time that was lost because
 * CPU, memory or storage was short (Documentation/accounting/psi.rst of the kernel).
 *
 * For the machine as a whole the kernel does not define the line full of cpu, and writes zeros.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../read.h"
#include "fields.h"
#include "system.h"

static bool skip(struct scan *scan, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, text, length) != 0)
		return false;
	scan->at += length;
	return true;
}

static bool scan_average(struct scan *scan, const char *name, double *ret_ratio)
{
	int64_t hundredths;

	if (!skip(scan, name) || !scan_hundredths(scan, &hundredths) || hundredths > 10000)
		return false;
	*ret_ratio = (double)hundredths / 10000;
	return true;
}

/* What follows "some" or "full". */
static bool scan_pressure(struct scan *line, struct pressure *ret)
{
	int64_t total;

	if (!scan_average(line, " avg10=", &ret->average10) ||
		!scan_average(line, " avg60=", &ret->average60) ||
		!scan_average(line, " avg300=", &ret->average300) || !skip(line, " total=") ||
		!scan_number(line, &total) || total < 0 || total >= NUMBER_LIMIT)
		return false;
	ret->total = (uint64_t)total;
	return true;
}

int pressure_parse(
	const char *bytes, size_t length, struct pressure *ret_some, struct pressure *ret_full)
{
	static const struct pressure absent = {NAN, NAN, NAN, ABSENT_U64(STATE_NONE)};
	struct scan scan = {bytes, bytes + length}, line;
	bool found = false;

	*ret_some = *ret_full = absent;
	while (scan_line(&scan, &line)) {
		struct pressure *ret = skip(&line, "some")   ? ret_some
				       : skip(&line, "full") ? ret_full
							     : NULL;
		if (!ret || !scan_pressure(&line, ret))
			return -EBADMSG;
		found = true;
	}
	return found ? 0 : -EBADMSG;
}

static int read_pressure(
	struct devices *self, const char *path, struct pressure *some, struct pressure *full)
{
	struct scan text;
	int result = system_file(self, PROC, path, &text);

	if (result < 0)
		return (int)system_state(result);
	result = pressure_parse(text.at, (size_t)(text.end - text.at), some, full);
	return result < 0 ? STATE_FAILED : STATE_OK;
}

/* It can be built in and yet be off: then the files are there, and cannot be read. */
static const char *why_not(const struct host *host, const char *name, const char *lacking)
{
	char path[4096], bytes[256];
	ssize_t length;

	snprintf(path, sizeof path, "%s/%s", host->procfs, name);
	length = read_file(AT_FDCWD, path, bytes, sizeof bytes);
	if (length == -EOPNOTSUPP)
		return "pressure stall information is switched off: start the kernel with "
		       "psi=1";
	return length == -ENOENT ? lacking : NULL;
}

#define NO_PSI                                                                                 \
	"this kernel has no pressure stall information: it is older than 4.20, or was built "  \
	"without CONFIG_PSI"
#define NO_IRQ_PSI                                                                             \
	"this kernel does not tell the pressure of interrupts: it is older than 6.1, or was "  \
	"built without CONFIG_PSI and CONFIG_IRQ_TIME_ACCOUNTING"

#define PRESSURE_SOURCE(resource, lacking)                                                     \
	static int resource##_read(struct devices *self, void *row, void *memory)              \
	{                                                                                      \
		struct linux_pressure_##resource *sample = memory;                             \
		(void)row;                                                                     \
		return read_pressure(                                                          \
			self, "pressure/" #resource, &sample->some, &sample->full);            \
	}                                                                                      \
	static const char *resource##_unsupported(                                             \
		const struct host *host, enum cell_state *ret_state)                           \
	{                                                                                      \
		(void)ret_state;                                                               \
		return why_not(host, "pressure/" #resource, lacking);                          \
	}                                                                                      \
	const struct device_source pressure_##resource##_source = {                            \
		.source = {.name = "pressure_" #resource,                                      \
			.sample_size = sizeof(struct linux_pressure_##resource),               \
			.lane = LANE_FAST},                                                    \
		.unsupported = resource##_unsupported,                                         \
		.read = resource##_read,                                                       \
	}

PRESSURE_SOURCE(cpu, NO_PSI);
PRESSURE_SOURCE(memory, NO_PSI);
PRESSURE_SOURCE(io, NO_PSI);
PRESSURE_SOURCE(irq, NO_IRQ_PSI);

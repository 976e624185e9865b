/* Source loadavg: "0.20 0.18 0.12 1/80 11206", the load and how many threads there are. */
#include <errno.h>

#include "fields.h"
#include "system.h"

static bool scan_load(struct scan *scan, double *ret_load)
{
	int64_t hundredths;

	if (!scan_hundredths(scan, &hundredths))
		return false;
	*ret_load = (double)hundredths / 100;
	return true;
}

int loadavg_parse(const char *bytes, size_t length, struct linux_loadavg *ret)
{
	struct scan scan = {bytes, bytes + length};
	int64_t running, total;

	if (!scan_load(&scan, &ret->load1) || !scan_load(&scan, &ret->load5) ||
		!scan_load(&scan, &ret->load15) || !scan_number(&scan, &running) ||
		scan.at == scan.end || *scan.at != '/')
		return -EBADMSG;
	scan.at++;
	if (!scan_number(&scan, &total) || running < 0 || total < running)
		return -EBADMSG;
	ret->running = (uint64_t)running;
	ret->total = (uint64_t)total;
	return 0;
}

static int loadavg_read(struct devices *self, void *row, void *memory)
{
	struct scan text;
	int result = system_file(self, PROC, "loadavg", &text);

	(void)row;
	if (result < 0)
		return (int)system_state(result);
	result = loadavg_parse(text.at, (size_t)(text.end - text.at), memory);
	return result < 0 ? STATE_FAILED : STATE_OK;
}

static const char *loadavg_unsupported(const struct host *host, enum cell_state *ret_state)
{
	return system_lacks(host, PROC, "loadavg", NO_FILE, ret_state);
}

const struct device_source loadavg_source = {
	.source = {.name = "loadavg",
		.sample_size = sizeof(struct linux_loadavg),
		.lane = LANE_FAST},
	.unsupported = loadavg_unsupported,
	.read = loadavg_read,
};

/* Source net_io: /proc/net/dev, which find() has read for all rows. */
#include <string.h>

#include "network.h"

static uint64_t next_count(struct scan *line)
{
	uint64_t count;

	return scan_count(scan_word(line), &count) ? count : ABSENT_U64(STATE_FAILED);
}

/* "  eth0: 1 2 ..", or "eth0:1 2 .." of old kernels. The two lines of titles have no colon. */
bool net_line_parse(struct scan line, struct net_line *ret_line)
{
	const char *colon;
	size_t length;

	line.at = scan_word(&(struct scan){line.at, line.end}).at; /* behind the blanks */
	colon = memchr(line.at, ':', (size_t)(line.end - line.at));
	length = colon ? (size_t)(colon - line.at) : 0;
	memset(ret_line, 0, sizeof *ret_line);
	if (length == 0 || length >= NET_NAME_SIZE || memchr(line.at, '/', length) ||
		memchr(line.at, '\0', length))
		return false;
	memcpy(ret_line->name, line.at, length);
	line.at = colon + 1;
	for (int i = 0; i < NET_COUNTS; i++)
		ret_line->counts[i] = next_count(&line);
	return true;
}

static int io_read(struct devices *self, void *memory, void *out)
{
	const struct interface *row = memory;

	(void)self;
	_Static_assert(sizeof row->counts == sizeof(struct linux_net_io), "all of them");
	memcpy(out, row->counts, sizeof row->counts);
	return STATE_OK;
}

const struct device_source net_io_source = {
	.source = {.name = "net_io",
		.sample_size = sizeof(struct linux_net_io),
		.lane = LANE_FAST},
	.read = io_read,
};

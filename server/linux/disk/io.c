/* Source disk_io: /proc/diskstats, which find() has read for all rows. */
#include <string.h>

#include "disk.h"

/* A kernel that lost count of requests says some four billion. */
enum { IN_FLIGHT_MAX = 1 << 30 };
/* How many numbers there are at least, and up to where the later groups go. */
enum { COUNTS_BEFORE_DISCARD = 11, COUNTS_BEFORE_FLUSH = 15 };

static uint64_t count_of(struct scan word)
{
	uint64_t count;

	return scan_count(word, &count) ? count : ABSENT_U64(STATE_FAILED);
}

static bool parse_number(struct scan *line, uint32_t *ret_number)
{
	uint64_t number = count_of(scan_word(line));

	*ret_number = (uint32_t)number;
	return number <= UINT32_MAX;
}

/* Kernels of before 4.18 and 5.5 have fewer of them. */
static void say_what_is_missing(uint64_t *counts, int there)
{
	int first = there;

	if (there <= COUNTS_BEFORE_DISCARD)
		first = COUNTS_BEFORE_DISCARD;
	else if (there <= COUNTS_BEFORE_FLUSH)
		first = COUNTS_BEFORE_FLUSH;
	else if (there < DISK_COUNTS)
		first = DISK_COUNTS;
	for (int i = there; i < DISK_COUNTS; i++)
		counts[i] = ABSENT_U64(i < first ? STATE_FAILED : STATE_NONE);
}

bool disk_line_parse(struct scan line, struct disk_line *ret_line)
{
	enum { IN_FLIGHT = offsetof(struct linux_disk_io, in_flight) / sizeof(uint64_t) };
	uint64_t *counts = ret_line->counts;
	struct scan word;
	int there = 0;

	memset(ret_line, 0, sizeof *ret_line);
	if (!parse_number(&line, &ret_line->major) || !parse_number(&line, &ret_line->minor))
		return false;
	word = scan_word(&line);
	if (word.at == word.end || word.end - word.at >= DISK_NAME_SIZE)
		return false;
	memcpy(ret_line->name, word.at, (size_t)(word.end - word.at));
	for (; there < DISK_COUNTS; there++) {
		word = scan_word(&line);
		if (word.at == word.end)
			break;
		counts[there] = count_of(word);
	}
	say_what_is_missing(counts, there);
	if (counts[IN_FLIGHT] > IN_FLIGHT_MAX && counts[IN_FLIGHT] < ABSENT_U64(STATE_END))
		counts[IN_FLIGHT] = ABSENT_U64(STATE_FAILED);
	return true;
}

static int io_read(struct devices *self, void *memory, void *out)
{
	const struct disk *row = memory;

	(void)self;
	_Static_assert(sizeof row->counts == sizeof(struct linux_disk_io), "all of them");
	memcpy(out, row->counts, sizeof row->counts);
	return STATE_OK;
}

const struct device_source disk_io_source = {
	.source = {.name = "disk_io",
		.sample_size = sizeof(struct linux_disk_io),
		.lane = LANE_FAST},
	.read = io_read,
};

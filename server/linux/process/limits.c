/*
 * Source limits: /proc/PID/limits, a line for each limit: its name, what is in force, how far
 * the process may raise it, and perhaps a unit.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "process.h"

/* In the order of the file. */
static const struct limit_line {
	const char *name;
	size_t offset;
} lines[] = {
	{"Max cpu time", offsetof(struct linux_limits, cpu)},
	{"Max file size", offsetof(struct linux_limits, file_size)},
	{"Max data size", offsetof(struct linux_limits, data)},
	{"Max stack size", offsetof(struct linux_limits, stack)},
	{"Max core file size", offsetof(struct linux_limits, core)},
	{"Max resident set", offsetof(struct linux_limits, resident)},
	{"Max processes", offsetof(struct linux_limits, processes)},
	{"Max open files", offsetof(struct linux_limits, files)},
	{"Max locked memory", offsetof(struct linux_limits, locked)},
	{"Max address space", offsetof(struct linux_limits, address_space)},
	{"Max file locks", offsetof(struct linux_limits, file_locks)},
	{"Max pending signals", offsetof(struct linux_limits, signals)},
	{"Max msgqueue size", offsetof(struct linux_limits, message_queues)},
	{"Max nice priority", offsetof(struct linux_limits, nice)},
	{"Max realtime priority", offsetof(struct linux_limits, realtime_priority)},
	{"Max realtime timeout", offsetof(struct linux_limits, realtime_time)},
};

enum { LINES = sizeof lines / sizeof *lines };

_Static_assert(sizeof(struct linux_limits) == LINES * sizeof(struct limit), "a line for each");

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end && *scan->at == ' ')
		scan->at++;
}

/* A number or "unlimited". Not scan_number(), which cuts large ones: 2^63 - 1 is in use. */
static bool take_value(struct scan *scan, uint64_t *ret_value)
{
	static const char unlimited[] = "unlimited";
	size_t length = sizeof unlimited - 1;
	uint64_t value = 0;
	const char *start;

	skip_blanks(scan);
	if ((size_t)(scan->end - scan->at) >= length &&
		memcmp(scan->at, unlimited, length) == 0) {
		scan->at += length;
		*ret_value = ABSENT_U64(STATE_NONE);
		return true;
	}
	for (start = scan->at; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
		scan->at++)
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
			__builtin_add_overflow(value, (uint64_t)(*scan->at - '0'), &value))
			return false;
	/* The last few numbers stand for states; as limits they are none. */
	*ret_value = value > UINT64_MAX - 16 ? ABSENT_U64(STATE_NONE) : value;
	return scan->at > start;
}

/* All of the line, or nothing. */
static bool take_line(struct scan line, const char *name, struct limit *ret_limit)
{
	size_t length = strlen(name);
	struct limit limit;

	if ((size_t)(line.end - line.at) <= length || memcmp(line.at, name, length) != 0 ||
		line.at[length] != ' ')
		return false;
	line.at += length;
	if (!take_value(&line, &limit.now) || !take_value(&line, &limit.max))
		return false;
	*ret_limit = limit;
	return true;
}

static struct limit *limit_at(struct linux_limits *limits, int index)
{
	return (struct limit *)(void *)((char *)limits + lines[index].offset);
}

int limits_parse(const char *bytes, size_t length, struct linux_limits *ret_limits)
{
	struct scan scan = {bytes, bytes + length}, line;
	int next = 0;

	for (int i = 0; i < LINES; i++)
		*limit_at(ret_limits, i) = (struct limit){
			ABSENT_U64(STATE_UNSUPPORTED), ABSENT_U64(STATE_UNSUPPORTED)};
	while (scan_line(&scan, &line))
		for (int i = next; i < LINES; i++)
			if (take_line(line, lines[i].name, limit_at(ret_limits, i))) {
				next = i + 1;
				break;
			}
	return next ? 0 : -EBADMSG;
}

static int limits_read(struct processes *self, uint32_t slot, void *memory)
{
	size_t length;
	int result = row_read(self, slot, FILE_LIMITS, &length);

	if (result != STATE_OK)
		return result;
	if (!length) /* a zombie has none any more */
		return STATE_NONE;
	return limits_parse(self->buffer, length, memory) < 0 ? STATE_FAILED : STATE_OK;
}

const struct process_source limits_source = {
	.source = {.name = "limits",
		.sample_size = sizeof(struct linux_limits),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.read = limits_read,
};

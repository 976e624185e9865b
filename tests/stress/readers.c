/*
 * Many readers of one table, in one process and as quick as can be:
 *
 *   readers [--awake N] [--asleep N] [--uneven N] [--seconds N] HEX
 *
 * Each says these bytes, a Hello and a Request. Those awake take what comes at once; those asleep never read;
 * the uneven ones take what has come every 0.1 to 5 s, each at a pace of its own. Prints "ready"
 * when each has its first table (those asleep have not read it). After so many seconds the
 * uneven ones take all, too; a second later there is a line of JSON:
 *
 *   frames, bytes   that came for what was sampled in these seconds; of one frame, on average
 *   ticks, pause    in which there were any; the longest time between two of them
 *   lost            of those awake: frames that others got
 *   holes           frames that begin after what their reader has
 *   behind          readers that did not get the newest table in the last second
 *   refused, closed messages that were no frame; sessions that the server ended
 *   p50 .. worst    ms from sampling to arrival, of those awake
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MS_NS UINT64_C(1000000)

enum {
	TICKS_MAX = 100000,
	QUESTIONS_MAX = 2048,
	MESSAGE_MAX = 1024 * 1024,
	EVENTS_MAX = 256,
	PACE_MIN_MS = 100, /* of the uneven */
	PACE_MAX_MS = 5000,
	SETTLE_MS = 1000, /* after what is measured, until it has arrived */
};

struct reader {
	enum { AWAKE, ASLEEP, UNEVEN } kind;
	int fd;        /* -1: the server ended it */
	uint8_t *rest; /* of a message that has not come whole */
	size_t rest_size;
	uint64_t tick; /* of the table that it has; 0: none */
	uint64_t wake_ns, pace_ns;
};

/* What came of a tick. */
struct tick {
	uint64_t sampled_ns;
	uint32_t awake; /* readers that got it */
};

struct frame {
	uint64_t tick, since, sampled_ns, last;
};

static struct reader *readers;
static unsigned numbers[128] = {['s'] = 5};
static unsigned count, ready;
static int poll_fd;
static uint64_t begin_ns, end_ns; /* what was sampled in between is measured */

static struct tick ticks[TICKS_MAX];
static uint64_t first_tick, newest_tick;
static uint32_t *late_us; /* of each frame that is measured */
static size_t late_count, late_capacity;
static uint64_t frames, frame_bytes, holes, refused, closed;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "readers: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 * MS_NS + (uint64_t)now.tv_nsec;
}

/* ----------------------------------------------------------------------- what is said */

static size_t parse_hex(const char *text, uint8_t *to)
{
	size_t size = 0;

	while (size < QUESTIONS_MAX && sscanf(text + 2 * size, "%2hhx", &to[size]) == 1)
		size++;
	return size;
}

static int open_session(const uint8_t *questions, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("PROCMON_SOCKET");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path ? path : "");
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		fail("connect");
	if (write(fd, questions, size) != (ssize_t)size || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		fail("ask");
	return fd;
}

/* ---------------------------------------------------------------------- what is heard */

static uint64_t get_varint(const uint8_t **at)
{
	uint64_t value = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7F) << shift;
		if (byte < 0x80)
			return value;
	}
}

/* The numbers of a message, by their fields; `ret_inner` gets the place of field `inner`. */
static void get_fields(const uint8_t *at, const uint8_t *end, uint64_t *values, unsigned limit,
	unsigned inner, const uint8_t **ret_inner)
{
	while (at < end) {
		uint64_t key = get_varint(&at), value = 0;
		switch (key & 7) {
		case 0:
			value = get_varint(&at);
			break;
		case 1:
			at += sizeof(uint64_t);
			break;
		default:
			value = get_varint(&at);
			if (key >> 3 == inner)
				*ret_inner = at;
			at += value;
		}
		if (key >> 3 < limit)
			values[key >> 3] = value;
	}
}

static void note_late(uint64_t late_ns)
{
	if (late_count == late_capacity) {
		late_capacity = late_capacity * 2 + 1024;
		late_us = realloc(late_us, late_capacity * sizeof *late_us);
		if (!late_us)
			fail("figures");
	}
	late_us[late_count++] = (uint32_t)(late_ns / 1000);
}

static void take_frame(
	struct reader *reader, const struct frame *frame, size_t size, uint64_t arrived_ns)
{
	if (!first_tick)
		first_tick = frame->tick;
	if (frame->tick - first_tick >= TICKS_MAX) {
		errno = E2BIG;
		fail("ticks");
	}
	holes += frame->since > reader->tick;
	ready += reader->tick == 0;
	reader->tick = frame->tick;
	if (newest_tick < frame->tick)
		newest_tick = frame->tick;
	if (frame->sampled_ns <= begin_ns || frame->sampled_ns > end_ns)
		return;
	frames++;
	frame_bytes += size;
	if (reader->kind != AWAKE)
		return;
	ticks[frame->tick - first_tick].sampled_ns = frame->sampled_ns;
	ticks[frame->tick - first_tick].awake++;
	note_late(arrived_ns - frame->sampled_ns);
}

static void take_message(
	struct reader *reader, const uint8_t *bytes, size_t size, uint64_t arrived_ns)
{
	enum { WELCOME = 2, FRAME = 5, TICK = 1, SINCE = 2, SAMPLED = 3, LAST = 6, FIELDS = 7 };
	uint64_t outer[FIELDS] = {0}, inner[FIELDS] = {0};
	const uint8_t *body = NULL, *nothing = NULL;

	get_fields(bytes, bytes + size, outer, FIELDS, FRAME, &body);
	if (!body) {
		refused += outer[WELCOME] == 0;
		return;
	}
	get_fields(body, body + outer[FRAME], inner, FIELDS, 0, &nothing);
	struct frame frame = {inner[TICK], inner[SINCE], inner[SAMPLED], inner[LAST]};
	if (frame.last)
		take_frame(reader, &frame, size, arrived_ns);
}

static void end_session(struct reader *reader)
{
	close(reader->fd);
	reader->fd = -1;
	closed++;
}

/* The length of its prefix, if there is a whole message; else 0. */
static size_t is_whole(const uint8_t *bytes, size_t used, size_t *ret_size)
{
	size_t prefix = 0, size = 0;

	do {
		if (prefix == used)
			return 0;
		size |= (size_t)(bytes[prefix] & 0x7F) << (7 * prefix);
	} while (bytes[prefix++] >= 0x80);
	if (size > MESSAGE_MAX) {
		errno = EMSGSIZE;
		fail("message");
	}
	*ret_size = size;
	return size <= used - prefix ? prefix : 0;
}

/* Takes what has come. */
static void take(struct reader *reader)
{
	static uint8_t bytes[2 * MESSAGE_MAX];
	size_t used = reader->rest_size, at = 0, prefix, size;
	ssize_t got;

	memcpy(bytes, reader->rest, used);
	got = read(reader->fd, bytes + used, sizeof bytes - used);
	if (got <= 0) {
		if (got == 0 || errno != EAGAIN)
			end_session(reader);
		return;
	}
	uint64_t arrived_ns = now_ns();
	used += (size_t)got;
	while ((prefix = is_whole(bytes + at, used - at, &size))) {
		take_message(reader, bytes + at + prefix, size, arrived_ns);
		at += prefix + size;
	}
	reader->rest_size = used - at;
	reader->rest = realloc(reader->rest, reader->rest_size + 1);
	if (!reader->rest)
		fail("rest");
	memcpy(reader->rest, bytes + at, reader->rest_size);
}

/* ------------------------------------------------------------------------------ the run */

static void start_reader(struct reader *reader, unsigned number, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = reader};
	unsigned awake = numbers['r'], asleep = numbers['a'];

	reader->fd = fd;
	reader->rest = malloc(1);
	if (!reader->rest)
		fail("reader");
	reader->kind = number < awake ? AWAKE : number < awake + asleep ? ASLEEP : UNEVEN;
	reader->pace_ns =
		(PACE_MIN_MS + (PACE_MAX_MS - PACE_MIN_MS) * (uint64_t)number / count) * MS_NS;
	if (reader->kind == ASLEEP)
		ready++;
	else if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		fail("epoll");
}

/* Those awake read when there is something, and the uneven ones too unless they keep their pace. */
static void read_until(uint64_t until_ns, bool all_ready)
{
	struct epoll_event events[EVENTS_MAX];

	for (;;) {
		uint64_t now = now_ns();
		if (now >= until_ns || (all_ready && ready == count))
			return;
		int got = epoll_wait(poll_fd, events, EVENTS_MAX, 20);
		for (int i = 0; i < got; i++)
			take(events[i].data.ptr);
		for (unsigned i = 0; i < count && numbers['u']; i++) {
			struct reader *reader = &readers[i];
			if (reader->wake_ns == 0 || reader->wake_ns > now || reader->fd < 0)
				continue;
			reader->wake_ns += reader->pace_ns;
			take(reader);
		}
	}
}

/* The uneven ones begin, or end, to keep their pace. */
static void set_pace(bool kept)
{
	uint64_t now = now_ns();

	for (unsigned i = 0; i < count; i++) {
		struct reader *reader = &readers[i];
		struct epoll_event event = {.events = kept ? 0 : EPOLLIN, .data.ptr = reader};
		if (reader->kind != UNEVEN || reader->fd < 0)
			continue;
		reader->wake_ns = kept ? now + reader->pace_ns : 0;
		if (epoll_ctl(poll_fd, EPOLL_CTL_MOD, reader->fd, &event) < 0)
			fail("epoll");
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static double late_ms(double share)
{
	return late_count ? late_us[(size_t)((double)(late_count - 1) * share)] / 1000.0 : 0;
}

static void report(uint64_t newest_by_then)
{
	uint64_t pause_ns = 0, before_ns = 0, lost = 0, behind = 0, seen = 0;

	for (uint64_t i = 0; i < TICKS_MAX; i++) {
		if (ticks[i].awake == 0)
			continue;
		seen++;
		lost += numbers['r'] - ticks[i].awake;
		if (before_ns && ticks[i].sampled_ns - before_ns > pause_ns)
			pause_ns = ticks[i].sampled_ns - before_ns;
		before_ns = ticks[i].sampled_ns;
	}
	for (unsigned i = 0; i < count; i++)
		behind += readers[i].kind != ASLEEP && readers[i].tick <= newest_by_then;
	qsort(late_us, late_count, sizeof *late_us, compare);
	printf("{\"frames\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"ticks\": %" PRIu64
	       ", \"pause\": %.1f, \"lost\": %" PRIu64 ", \"holes\": %" PRIu64
	       ", \"behind\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"closed\": %" PRIu64,
		frames, frames ? frame_bytes / frames : 0, seen, (double)pause_ns / MS_NS, lost,
		holes, behind, refused, closed);
	printf(", \"p50\": %.2f, \"p99\": %.2f, \"p999\": %.2f, \"worst\": %.2f}\n",
		late_ms(0.5), late_ms(0.99), late_ms(0.999), late_ms(1));
}

static void parse(int argc, char **argv)
{
	static const struct option names[] = {{"awake", required_argument, NULL, 'r'},
		{"asleep", required_argument, NULL, 'a'},
		{"uneven", required_argument, NULL, 'u'},
		{"table", required_argument, NULL, 't'},
		{"interval", required_argument, NULL, 'i'},
		{"seconds", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == '?')
			exit(2);
		numbers[option] = (unsigned)strtoul(optarg, NULL, 10);
	}
	count = numbers['r'] + numbers['a'] + numbers['u'];
	if (count == 0 || optind != argc - 1) {
		fprintf(stderr, "usage: readers --awake N HEX\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	uint8_t questions[QUESTIONS_MAX];
	struct rlimit limit;
	size_t size;

	parse(argc, argv);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	readers = calloc(count, sizeof *readers);
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!readers || poll_fd < 0)
		fail("start");
	size = parse_hex(argv[optind], questions);
	begin_ns = end_ns = UINT64_MAX;
	for (unsigned i = 0; i < count; i++)
		start_reader(&readers[i], i, open_session(questions, size));
	read_until(UINT64_MAX, true);
	puts("ready");
	fflush(stdout);

	begin_ns = now_ns();
	end_ns = begin_ns + numbers['s'] * 1000 * MS_NS;
	set_pace(true);
	read_until(end_ns, false);
	set_pace(false);
	uint64_t newest_by_then = newest_tick;
	read_until(end_ns + SETTLE_MS * MS_NS, false);
	report(newest_by_then);
	return 0;
}

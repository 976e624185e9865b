/*
 * A process with many mappings, and what the kernel makes a reader of them pay.
 *
 *   mappings COUNT            has so many, besides those of its program, each of one page that is
 * in memory. Prints "ready" and lives until its standard input ends or a signal ends it.
 *   mappings read PID TIMES   reads and parses /proc/PID/maps so often, every 100 ms as a client
 * of the server would, with all fields as numbers and the names kept, and prints the median CPU
 * time of that in ns, and how many mappings there were.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 65536, LINES_MAX = 65536 };

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "mappings: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the process */

/* Neighbours with different rights stay mappings of their own. */
static void make_mappings(unsigned count)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(
		NULL, count * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap");
	for (unsigned i = 0; i < count; i++) {
		memory[i * page] = 1;
		if (i % 2 && mprotect(memory + i * page, page, PROT_READ) < 0)
			fail("mprotect");
	}
}

static int hold(unsigned count)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	make_mappings(count);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

/* ---- the bare loop */

struct line {
	uint64_t start, end, offset, inode;
	uint32_t major, minor;
	bool rights[4];
	const char *name;
	size_t length;
};

static struct line lines[LINES_MAX];

static uint64_t hexadecimal(const char **at)
{
	uint64_t value = 0;

	for (;; (*at)++) {
		unsigned digit = (unsigned char)(**at - '0');
		if (digit > 9) {
			digit = (unsigned char)(**at - 'a');
			if (digit > 5)
				return value;
			digit += 10;
		}
		value = value << 4 | digit;
	}
}

/* Moves `at` behind the line. */
static void parse(struct line *line, const char **at, const char *end)
{
	line->start = hexadecimal(at);
	++*at;
	line->end = hexadecimal(at);
	++*at;
	for (int i = 0; i < 4; i++)
		line->rights[i] = *(*at)++ != '-';
	++*at;
	line->offset = hexadecimal(at);
	++*at;
	line->major = (uint32_t)hexadecimal(at);
	++*at;
	line->minor = (uint32_t)hexadecimal(at);
	++*at;
	for (line->inode = 0; **at >= '0' && **at <= '9'; (*at)++)
		line->inode = line->inode * 10 + (uint64_t)(**at - '0');
	while (**at == ' ')
		++*at;
	line->name = *at;
	*at = memchr(*at, '\n', (size_t)(end - *at));
	line->length = (size_t)(*at - line->name);
	++*at;
}

static char *read_all(const char *path, size_t *ret_length)
{
	static char *text;
	static size_t room;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	for (*ret_length = 0;; *ret_length += (size_t)n) {
		if (room < *ret_length + BUFFER) {
			room = 2 * room + 2 * BUFFER;
			text = realloc(text, room);
		}
		n = text ? read(fd, text + *ret_length, BUFFER) : -1;
		if (n < 0)
			fail(path);
		if (n == 0)
			break;
	}
	close(fd);
	return text;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static int read_often(const char *pid, unsigned times)
{
	uint64_t *costs = calloc(times, sizeof *costs);
	unsigned count = 0;
	char path[64];

	snprintf(path, sizeof path, "/proc/%s/maps", pid);
	for (unsigned i = 0; costs && i < times; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
		uint64_t start_ns = cpu_ns();
		size_t length;
		const char *text = read_all(path, &length), *at = text;
		for (count = 0; at < text + length && count < LINES_MAX; count++)
			parse(&lines[count], &at, text + length);
		costs[i] = cpu_ns() - start_ns;
	}
	if (!costs)
		fail("memory");
	qsort(costs, times, sizeof *costs, compare);
	printf("%llu %u\n", (unsigned long long)costs[times / 2], count);
	free(costs);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned number = argc > 1 ? (unsigned)strtoul(argv[argc - 1], NULL, 10) : 0;

	if (argc == 4 && strcmp(argv[1], "read") == 0 && number)
		return read_often(argv[2], number);
	if (argc == 2 && number)
		return hold(number);
	fprintf(stderr, "usage: mappings COUNT | read PID TIMES\n");
	return 2;
}

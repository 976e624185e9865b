/*
 * What forkers.c writes down of each process that it forks, in a file that others map: the record
 * of a process is there before it has its name. And what these helpers share besides.
 */
#ifndef TESTS_STRESS_RECORDS_H
#define TESTS_STRESS_RECORDS_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

enum { RECORDS_MAX = 1 << 19 };

struct record {
	uint32_t pid, ppid;
	uint64_t start_ticks; /* see start_of() */
};

/* The first one is of the forker itself. */
#define RECORDS_SIZE (RECORDS_MAX * sizeof(struct record))

/* To be called with what failed; errno says why. */
static inline _Noreturn void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static inline uint64_t read_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

/* When a process started: field 22 of /proc/PID/stat, in ticks of CLOCK_BOOTTIME. */
static inline uint64_t start_of(pid_t pid)
{
	char path[64], text[1024], *at;
	ssize_t length;
	int file;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = open(path, O_RDONLY);
	length = file < 0 ? -1 : read(file, text, sizeof text - 1);
	if (length <= 0)
		fail(path);
	close(file);
	text[length] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

#endif

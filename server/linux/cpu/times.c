/*
 * Source times: what each core spent its time on, the lines cpuN of /proc/stat (proc(5)). They
 * are read once for all rows.
 *
 * The kernel counts what guests ran under "user" and "nice" as well; here each time is counted
 * once. A core that was offline may count idle and iowait from 0 again (before Linux 6.8).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"
#include "cpu.h"

enum { FIELDS = 10, FIELDS_MIN = 4, STEP_SECONDS = 2 };

/* ----------------------------------------------------------------------------- parser */

/* Fields that an old kernel does not have yet are 0: what it does not count does not happen to
 * be in the others either. */
static void parse_line(struct scan *line, struct cpu_line *ret_line)
{
	int64_t field[FIELDS] = {0}, number;
	int count = 0;

	ret_line->good = false;
	if (!scan_number(line, &number) || number < 0 || number > UINT32_MAX) {
		ret_line->number = UINT32_MAX;
		return;
	}
	ret_line->number = (uint32_t)number;
	while (count < FIELDS && scan_number(line, &field[count]) && field[count] >= 0)
		count++;
	ret_line->good = count == FIELDS || (count >= FIELDS_MIN && line->at == line->end);
	ret_line->times = (struct linux_cpu_times){
		.user = (uint64_t)field[0],
		.nice = (uint64_t)field[1],
		.system = (uint64_t)field[2],
		.idle = (uint64_t)field[3],
		.iowait = (uint64_t)field[4],
		.irq = (uint64_t)field[5],
		.softirq = (uint64_t)field[6],
		.steal = (uint64_t)field[7],
		.guest = (uint64_t)field[8],
		.guest_nice = (uint64_t)field[9],
	};
}

int64_t cpu_lines_parse(const char *bytes, size_t length, struct cpu_line *lines,
	uint32_t capacity, bool *ret_more)
{
	struct scan scan = {bytes, bytes + length}, line;
	int64_t count = 0;

	*ret_more = false;
	while (scan_line(&scan, &line)) {
		size_t size = (size_t)(line.end - line.at);
		struct cpu_line parsed;
		if (size >= 3 && memcmp(line.at, "cpu", 3) != 0)
			return count;
		if (size < 4)
			break;
		if (line.at[3] == ' ') /* all of them together */
			continue;
		line.at += 3;
		parse_line(&line, &parsed);
		if (parsed.number == UINT32_MAX)
			continue;
		if (count < capacity)
			lines[count] = parsed;
		count++;
	}
	*ret_more = true;
	return count;
}

static uint64_t less(uint64_t whole, uint64_t part)
{
	return whole > part ? whole - part : 0;
}

bool cpu_times_of(const struct cpu_line *line, struct linux_cpu_times *ret_times)
{
	const struct linux_cpu_times *told = &line->times;

	*ret_times = *told;
	ret_times->user = less(told->user, told->guest);
	ret_times->nice = less(told->nice, told->guest_nice);
	ret_times->busy = told->user + told->nice + told->system + told->irq + told->softirq;
	return ret_times->busy || told->idle || told->iowait || told->steal;
}

uint64_t cpu_counter_follow(struct cpu_counter *self, uint64_t value, uint64_t step)
{
	if (value + step < self->seen)
		self->base += self->seen;
	self->seen = value;
	return self->base + value;
}

/* ------------------------------------------------------------------------- /proc/stat */

static void parse_beginning(struct cpus *self, size_t length, bool *ret_more)
{
	int64_t count = cpu_lines_parse(
		self->buffer, length, self->lines, self->line_capacity, ret_more);

	if (count > self->line_capacity) {
		self->line_capacity = (uint32_t)count;
		self->lines =
			xreallocarray(self->lines, self->line_capacity, sizeof *self->lines);
		cpu_lines_parse(
			self->buffer, length, self->lines, self->line_capacity, ret_more);
	}
	self->line_count = (uint32_t)count;
}

/* Reads as much of the file as it takes to see all lines of cores: those of interrupts may be a
 * hundred times as long. */
static int read_beginning(struct cpus *self, int file)
{
	enum { SIZE = 8192, LIMIT = 8 << 20 };
	size_t length = 0;
	bool more = true;

	while (more) {
		if (length == self->buffer_size) {
			if (self->buffer_size >= LIMIT)
				return -EBADMSG;
			self->buffer_size = self->buffer_size ? self->buffer_size * 2 : SIZE;
			self->buffer = xreallocarray(self->buffer, self->buffer_size, 1);
		}
		ssize_t got =
			read_fully(file, self->buffer + length, self->buffer_size - length);
		if (got < 0)
			return (int)got;
		length += (size_t)got;
		parse_beginning(self, length, &more);
		if (more && length < self->buffer_size) /* that is all of it */
			return length && self->buffer[length - 1] == '\n' ? 0 : -EBADMSG;
	}
	return 0;
}

int cpus_read_lines(struct cpus *self)
{
	char path[4096];
	int file;

	if (self->lines_round == self->devices.round)
		return self->lines_error;
	self->lines_round = self->devices.round;
	self->line_count = 0;
	snprintf(path, sizeof path, "%s/stat", self->devices.host->procfs);
	file = open(path, READ_FLAGS);
	self->lines_error = file < 0 ? -errno : read_beginning(self, file);
	if (file >= 0)
		close(file);
	return self->lines_error;
}

static int by_number(const void *key, const void *line)
{
	uint32_t number = *(const uint32_t *)key,
		 other = ((const struct cpu_line *)line)->number;

	return (number > other) - (number < other);
}

static int times_read(struct devices *devices, void *row, void *memory)
{
	struct cpus *self = cpus_of(devices);
	struct cpu *cpu = row;
	struct linux_cpu_times *sample = memory;
	uint64_t step = STEP_SECONDS * UINT64_C(1000000000) / devices->host->tick_ns;
	int error = cpus_read_lines(self);
	const struct cpu_line *line;

	if (error)
		return (int)sysfs_state(error);
	/* The kernel writes them in the order of their numbers. */
	line = self->line_count ? bsearch(&cpu->number, self->lines, self->line_count,
					  sizeof *self->lines, by_number)
				: NULL;
	if (!line)
		return STATE_NONE; /* it has just gone offline */
	if (!line->good)
		return STATE_FAILED;
	if (!cpu_times_of(line, sample))
		return STATE_UNSUPPORTED;
	sample->idle = cpu_counter_follow(&cpu->idle, sample->idle, step);
	sample->iowait = cpu_counter_follow(&cpu->iowait, sample->iowait, step);
	return STATE_OK;
}

const struct device_source cpu_times_source = {
	.source = {.name = "times",
		.sample_size = sizeof(struct linux_cpu_times),
		.lane = LANE_FAST,
		.remedy = REMEDY_CPU},
	.read = times_read,
};
